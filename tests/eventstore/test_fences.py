"""Who may do what in the database: roles, row-level security and the one way into the log."""

from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import Connection, errors, sql

from domain.account import AccountDocument, AccountOpened
from eventstore.log import NewEvent
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.tenants import Tenant, create_tenant

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


@pytest.mark.parametrize("role", ["app", "auditor"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events SELECT * FROM events",
        "UPDATE heads SET position = 99",
        "INSERT INTO command_results SELECT * FROM command_results",
        "SELECT begin_append({tenant}, 5)",
        "SELECT create_tenant('mine')",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "CREATE TABLE public.mine (x integer)",
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


def append(connection: Connection[Any], tenant: Tenant) -> None:
    connection.execute(
        "SELECT append_events(%s, '{s/1}', '{1}', '{T}', '{x}', '{2026-01-01}', '{a}', '{b}',"
        " '{c}', '{}', '{}', '{}', '{}')",
        (tenant.id,),
    )


def tables(connection: Connection[Any]) -> list[tuple[str, str]]:
    """Every table that has a tenant column, but for the list of tenants itself."""
    return connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'"
        " WHERE c.relkind = 'r' AND n.nspname IN ('public', 'read_models')"
        " AND c.relname <> 'tenants'"
    ).fetchall()


@pytest.mark.parametrize("role", ["app", "auditor"])
def test_no_table_shows_the_rows_of_another_tenant(
    database: Database, owner: Connection[Any], tenant: Tenant, other: Tenant, role: str
) -> None:
    checked = 0
    with session(database, role, tenant) as own, session(database, role, None) as nobody:
        for schema, table in tables(owner):
            count = sql.SQL("SELECT count(*) FROM {}.{} WHERE tenant <> %s").format(
                sql.Identifier(schema), sql.Identifier(table)
            )
            try:
                assert own.execute(count, (tenant.id,)).fetchone() == (0,), table
                assert nobody.execute(count, (-1,)).fetchone() == (0,), table
            except errors.InsufficientPrivilege:
                continue
            checked += 1
    assert checked > 15


def test_every_table_with_a_tenant_is_fenced(owner: Connection[Any]) -> None:
    unfenced = owner.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE relkind = 'r' AND nspname IN ('public', 'read_models') AND NOT relrowsecurity"
    ).fetchall()
    assert sorted(name for (name,) in unfenced) == ["schema_migrations", "tenants"]


def test_the_app_and_the_auditor_may_not_write_read_models(
    database: Database, owner: Connection[Any], tenant: Tenant
) -> None:
    granted = owner.execute(
        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'read_models' AND privilege_type <> 'SELECT'"
        " AND grantee IN ('tallystick_app', 'tallystick_auditor')"
    ).fetchall()
    assert granted == []


def test_functions_with_the_owners_rights_have_a_fixed_search_path(
    owner: Connection[Any],
) -> None:
    found = owner.execute(
        "SELECT p.proname, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE prosecdef AND n.nspname = 'public' ORDER BY 1"
    ).fetchall()
    assert [name for name, _ in found] == ["append_events", "authenticate"]
    for _, settings in found:
        assert any(one.startswith("search_path=") and "pg_temp" in one for one in settings)
