"""Who may do what in the database: roles, row-level security and the one way into the log."""

from datetime import date
from hashlib import sha256
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection, errors, sql

from domain.account import AccountDocument, AccountOpened
from eventstore.appending import StoredForm, append_parameters
from eventstore.log import NewEvent, NewResult
from eventstore.postgres import PostgresLog
from examples.sample_ledger import write_next_export, write_sample_ledger
from runtime.database import Database
from runtime.tenants import Tenant, create_tenant
from tests.loading import load

TODAY = date(2026, 3, 2)
EVENT = AccountOpened(AccountDocument("1", "ACME"))


@pytest.fixture
def other(database: Database, tenant: Tenant) -> Tenant:
    """Another tenant, with an event in its log as the first tenant has."""
    other = create_tenant(database, f"{tenant.name}-o"[-60:])
    with database.pool("app", size=1) as pool:
        for one in (tenant, other):
            new = NewEvent("account/1/ACME", 1, EVENT, date(2026, 1, 1), "a", "b", "c")
            PostgresLog(pool, one.id).append([new])
    return other


def session(database: Database, role: str, tenant: Tenant | None) -> Connection[Any]:
    return psycopg.connect(database.url(role, tenant.id if tenant else None), autocommit=True)


@pytest.mark.parametrize("role", ["owner", "app", "worker", "auditor"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET actor = 'x'", "DELETE FROM events", "TRUNCATE events"],
)
def test_nobody_changes_or_deletes_events(
    database: Database, tenant: Tenant, other: Tenant, role: str, statement: str
) -> None:
    with (
        session(database, role, tenant) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_not_even_a_session_that_replays_changes_may_change_events(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    with session(database, "owner", None) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
            connection.execute("DELETE FROM events")


@pytest.mark.parametrize("role", ["app", "auditor"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events SELECT * FROM events",
        "UPDATE heads SET position = 99",
        "INSERT INTO command_results SELECT * FROM command_results",
        "SELECT begin_append({tenant}, 5)",
        "SELECT create_tenant('mine')",
        "CALL fence_by_tenant('events')",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE public.mine (x integer)",
        "CREATE SCHEMA mine",
        "SET session_replication_role = replica",
        "SET ROLE tallystick_worker",
    ],
)
def test_the_only_way_into_the_log_is_its_function(
    database: Database, tenant: Tenant, other: Tenant, role: str, statement: str
) -> None:
    with (
        session(database, role, tenant) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.format(tenant=tenant.id).encode())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE heads SET position = 0",
        "DELETE FROM heads",
        "UPDATE command_results SET first_position = 0",
        "SELECT create_tenant('mine')",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "CREATE TABLE public.mine (x integer)",
    ],
)
def test_the_worker_numbers_events_by_the_function_alone(
    database: Database, tenant: Tenant, statement: str
) -> None:
    with session(database, "worker", tenant) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())
        with pytest.raises(errors.InvalidParameterValue, match="cannot have -1 events"):
            connection.execute("SELECT begin_append(%s, -1)", (tenant.id,))


def test_the_auditor_may_not_append(database: Database, tenant: Tenant, other: Tenant) -> None:
    with (
        session(database, "auditor", tenant) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        append(connection, tenant)


def test_a_session_appends_to_the_log_of_its_own_tenant_only(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    with session(database, "app", tenant) as connection:
        with pytest.raises(errors.InsufficientPrivilege, match="may not append to the log"):
            append(connection, other)
        append(connection, tenant)
    with (
        session(database, "app", None) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        append(connection, tenant)


SOME_EVENT = StoredForm("s/1", 1, "T", b"x", date(2026, 1, 1), "a", "b", "c")


def append(
    connection: Connection[Any],
    tenant: Tenant,
    *results: NewResult,
    function: str = "append_events",
) -> None:
    statement = f"SELECT {function}(%s, %s, %s)"
    parameters = append_parameters(tenant.id, [SOME_EVENT], results)
    connection.execute(statement.encode(), parameters)


@pytest.fixture(scope="module")
def furnished(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tenant, Tenant]:
    """Two tenants with rows in every table that a sync, a command or a program fills."""
    folder, later = tmp_path_factory.mktemp("ledger"), tmp_path_factory.mktemp("later")
    write_sample_ledger(folder, invoices=60, last_date=TODAY)
    write_next_export(folder, later, business_date=TODAY, share=0.5)
    first, second = (create_tenant(database, f"t-{uuid4().hex}") for _ in range(2))
    for one in (first, second):
        load(database, one, folder, business_date=TODAY)
        load(database, one, later, business_date=TODAY)  # what changes leaves a history
    for one in (first, second):
        with session(database, "app", one) as connection:
            append(connection, one, NewResult("k", b"x", 0, 1))
            connection.execute("INSERT INTO tracking VALUES (%s, 'program', 1)", (one.id,))
    return first, second


FURNISHED = {
    "accounts",
    "balances",
    "balances_history",
    "command_results",
    "companies",
    "contacts",
    "cursors",
    "events",
    "heads",
    "invoices",
    "invoices_history",
    "payment_applications",
    "payments",
    "sync_manifests",
    "sync_runs",
    "tracking",
}


def tables(connection: Connection[Any]) -> dict[str, sql.Composable]:
    """Every table that holds rows of tenants, and how to write its name."""
    found = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'read_models')"
        " AND c.relname NOT IN ('tenants', 'schema_migrations', 'master_keys',"
        "  'master_key_changes')"
    ).fetchall()
    return {table: sql.Identifier(schema, table) for schema, table in found}


def contents(owner: Connection[Any], tenant: Tenant) -> dict[str, tuple[int, str]]:
    """How many rows of a tenant each table has, and a digest of them."""
    return {
        name: owner.execute(
            sql.SQL(
                "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
                " WHERE tenant = %s"
            ).format(table),
            (tenant.id,),
        ).fetchone()
        or (0, "")
        for name, table in tables(owner).items()
    }


@pytest.mark.parametrize("role", ["app", "auditor"])
def test_a_session_sees_its_own_tenants_rows_and_no_others(
    database: Database,
    owner: Connection[Any],
    furnished: tuple[Tenant, Tenant],
    role: str,
) -> None:
    tenant, other = furnished
    held = {name for name, (count, _) in contents(owner, other).items() if count}
    assert held >= FURNISHED

    shown: set[str] = set()
    with session(database, role, tenant) as own, session(database, role, None) as nobody:
        for name, table in tables(owner).items():
            tenants = sql.SQL("SELECT DISTINCT tenant FROM {}").format(table)
            try:
                seen = own.execute(tenants).fetchall()
            except errors.InsufficientPrivilege:
                continue
            assert seen in ([], [(tenant.id,)]), name
            assert nobody.execute(tenants).fetchall() == [], name
            if seen:
                shown.add(name)
        assert own.execute(
            "SELECT position_at(%s, 'infinity'), position_at(%s, 'infinity') > 0",
            (other.id, tenant.id),
        ).fetchone() == (0, True)
    assert shown >= FURNISHED - {"sync_manifests"}


@pytest.mark.parametrize("role", ["app", "auditor"])
def test_a_session_writes_no_row_of_another_tenant_in_any_table(
    database: Database,
    owner: Connection[Any],
    furnished: tuple[Tenant, Tenant],
    role: str,
) -> None:
    tenant, other = furnished
    before = contents(owner, other)
    attempts = {
        "INSERT INTO {table} (tenant) VALUES ({other})": False,
        "UPDATE {table} SET tenant = {other} WHERE tenant = {own}": False,
        "UPDATE {table} SET tenant = {own} WHERE tenant = {other}": True,
        "UPDATE {table} SET tenant = {own}": True,
        "DELETE FROM {table} WHERE tenant = {other}": True,
        "TRUNCATE {table}": False,
    }
    with session(database, role, tenant) as own:
        for name, table in tables(owner).items():
            for attempt, may_find_nothing in attempts.items():
                statement = sql.SQL(attempt).format(table=table, own=tenant.id, other=other.id)
                try:
                    own.execute(statement)
                except errors.InsufficientPrivilege:
                    continue
                assert may_find_nothing, f"{name}: {attempt}"

    assert contents(owner, other) == before


def test_every_table_is_fenced_in_the_same_way(owner: Connection[Any]) -> None:
    unfenced = owner.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE relkind IN ('r', 'p', 'f') AND nspname IN ('public', 'read_models')"
        " AND NOT relrowsecurity ORDER BY 1"
    ).fetchall()
    assert unfenced == [
        ("master_key_changes",),
        ("master_keys",),
        ("schema_migrations",),
        ("tenants",),
    ]

    policies = owner.execute(
        "SELECT tablename, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname IN ('public', 'read_models')"
    ).fetchall()
    fences = [one for one in policies if one[1] == "PERMISSIVE"]
    assert {name for name, *_ in fences} == set(tables(owner))
    assert len(fences) == len(tables(owner))
    assert {(roles, cmd, check) for _, _, roles, cmd, _, check in fences} == {
        ("{public}", "ALL", None)
    }
    assert {" ".join(row[4].split()) for row in fences} == {
        "(tenant = ( SELECT session_tenant() AS session_tenant))"
    }


def test_no_view_looks_over_the_fences(owner: Connection[Any]) -> None:
    views = owner.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE relkind IN ('v', 'm') AND nspname IN ('public', 'read_models')"
        " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
    ).fetchall()
    assert views == []


def test_the_app_may_write_no_table_but_for_programs_and_the_auditor_none(
    owner: Connection[Any],
) -> None:
    granted = owner.execute(
        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema IN ('public', 'read_models') AND privilege_type <> 'SELECT'"
        " AND grantee IN ('tallystick_app', 'tallystick_auditor', 'PUBLIC') ORDER BY 1, 2, 3"
    ).fetchall()
    assert granted == [
        ("tallystick_app", "tracking", "INSERT"),
        ("tallystick_app", "tracking", "UPDATE"),
    ]


def test_files_are_added_by_a_function_for_the_sessions_own_tenant(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    with session(database, "app", tenant) as connection:
        stored = connection.execute(
            "SELECT public.store_file(%s, 'x'), public.store_file(%s, 'x')", (tenant.id, tenant.id)
        ).fetchone()
        digest = sha256(b"x").hexdigest()
        assert stored == (digest, digest)
        assert connection.execute("SELECT sha256, content FROM public.stored_files").fetchall() == [
            (digest, b"x")
        ]
        with pytest.raises(errors.InsufficientPrivilege, match="may not store files"):
            connection.execute("SELECT public.store_file(%s, 'x')", (other.id,))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("DELETE FROM public.stored_files")


def test_no_role_but_the_owner_may_make_anything_that_stays(owner: Connection[Any]) -> None:
    makers = owner.execute(
        "SELECT r, s FROM unnest(ARRAY['app', 'worker', 'auditor']) r, pg_namespace n,"
        " LATERAL (SELECT nspname::text) names (s)"
        " WHERE nspname IN ('public', 'read_models')"
        " AND (has_schema_privilege('tallystick_' || r, s, 'CREATE')"
        "  OR has_database_privilege('tallystick_' || r, current_database(), 'CREATE'))"
    ).fetchall()
    assert makers == []


def test_functions_with_the_owners_rights_are_few_and_have_a_fixed_search_path(
    owner: Connection[Any],
) -> None:
    found = owner.execute(
        "SELECT proname, proconfig, (SELECT array_agg(r ORDER BY r) FROM"
        "  unnest(ARRAY['app', 'worker', 'auditor']) r"
        "  WHERE has_function_privilege('tallystick_' || r, p.oid, 'EXECUTE'))"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE prosecdef AND nspname IN ('public', 'read_models') ORDER BY 1"
    ).fetchall()
    assert {name: roles for name, _, roles in found} == {
        "append_events": ["app", "worker"],
        "append_sealed": ["app", "worker"],
        "authenticate": ["app"],
        "begin_append": ["worker"],
        "drop_replays": ["worker"],
        "record_personal_read": ["app"],
        "schema_shape": ["app", "auditor", "worker"],
        "store_file": ["app"],
    }
    for name, settings, _ in found:
        (path,) = [one for one in settings if one.startswith("search_path=")]
        assert path.endswith("public, pg_temp"), name


def test_a_session_cannot_slip_tables_of_its_own_under_the_log(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    with session(database, "app", tenant) as connection:
        for name in ("events", "heads", "command_results"):
            connection.execute(f"CREATE TEMPORARY TABLE {name} (LIKE public.{name})".encode())
        connection.execute("INSERT INTO pg_temp.heads VALUES (%s, 99, now())", (tenant.id,))
        connection.execute(
            "CREATE FUNCTION pg_temp.session_tenant() RETURNS integer LANGUAGE sql"
            f" AS 'SELECT {other.id}'".encode()
        )
        connection.execute("SET search_path = pg_temp, public")
        with pytest.raises(errors.InsufficientPrivilege, match="may not append to the log"):
            append(connection, other, function="public.append_events")

        append(connection, tenant, function="public.append_events")

        assert connection.execute("SELECT count(*) FROM pg_temp.events").fetchone() == (0,)
        assert connection.execute(
            "SELECT tenant, position, stream FROM public.events ORDER BY position"
        ).fetchall() == [(tenant.id, 1, "account/1/ACME"), (tenant.id, 2, "s/1")]
