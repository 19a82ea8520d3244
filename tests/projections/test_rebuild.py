"""Checks and rebuilds of read models: they find what was altered, and put it right meanwhile."""

import random
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from application.handling import handle, handle_all
from eventstore.appending import APPEND, append_parameters
from eventstore.postgres import PostgresLog
from projections.runner import Runner
from runtime import read_models
from runtime.database import Database
from runtime.read_models import RebuildBusy, check, rebuild, status
from runtime.settings import Settings
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelWorker, wait_until
from tests.projections.running import (
    UNKNOWN_EVENT,
    append,
    eventually,
    failing,
    invoicing,
    names,
    opening,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Generator[Database]:
    """A database of these tests alone: a rebuild is of all tenants."""
    database = Database.open(Settings(home=Path(tmp_path_factory.mktemp("rebuild"))))
    yield database
    database.close()


def test_check_finds_a_row_that_was_altered_and_names_its_table(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, opening("A"), opening("B"))
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()
    assert check(database, tenant.id) == []
    with database.connect("owner") as owner:
        owner.execute(
            "UPDATE read_models.accounts SET cust_name = 'X' WHERE tenant = %s AND cust_id = 'A'",
            (tenant.id,),
        )
    (found,) = check(database, tenant.id)
    assert (found.table, found.only_stored, found.only_folded) == ("accounts", 1, 1)


def test_twins_are_indexed_when_nobody_swaps_the_live_tables(database: Database) -> None:
    chosen = [one for one in read_models.READ_MODELS if one.name == "accounts"]
    with (
        database.connect("owner") as swapping,
        database.connect("owner") as making,
        ThreadPoolExecutor(1) as pool,
    ):
        read_models.make_schema(making, "read_models_twin", chosen)
        with swapping.transaction():
            swapping.execute("LOCK TABLE read_models.cursors IN ACCESS EXCLUSIVE MODE")
            indexing = pool.submit(
                read_models._make_indexes, making, "read_models_twin", "accounts"
            )
            eventually(
                lambda: (
                    swapping.execute(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s",
                        (making.info.backend_pid,),
                    ).fetchone()
                    == (1,)
                )
            )
            assert not indexing.done()
        indexing.result()
        made = making.execute(
            "SELECT i.schemaname, count(*) FROM pg_indexes i WHERE i.tablename = 'accounts'"
            " AND i.schemaname IN ('read_models', 'read_models_twin') GROUP BY 1"
        ).fetchall()
        assert len({count for _, count in made}) == 1
        assert len(made) == 2
        read_models.drop_schema(making, "read_models_twin")


def test_check_finds_what_was_lost_or_altered_in_any_table(
    database: Database, tenant: Tenant, owner: Any
) -> None:
    rng = random.Random(3)
    for number in range(12):
        append(database, tenant, opening("A", f"A{number}"), *(invoicing(rng) for _ in range(12)))
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()
    damages = {
        "invoices": "UPDATE read_models.invoices SET balance_hc = balance_hc + 1",
        "invoices_history": "UPDATE read_models.invoices_history SET status = 'x'",
        "balances": "DELETE FROM read_models.balances",
        "balances_history": "DELETE FROM read_models.balances_history",
        "payment_applications": "UPDATE read_models.payment_applications SET amount = 0",
        "accounts_history": "UPDATE read_models.accounts_history SET known_to = now()",
    }
    expected = {}
    for table, damage in damages.items():
        broken = owner.execute(f"{damage} WHERE tenant = {tenant.id}").rowcount
        assert broken > 0, table
        expected[table] = (0 if damage.startswith("DELETE") else broken, broken)

    found = check(database, tenant.id)

    assert {one.table: (one.only_stored, one.only_folded) for one in found} == expected


def test_check_holds_read_models_to_what_they_have_read_and_no_more(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, opening("A"), opening("B"), opening("C"))
    assert check(database, tenant.id) == []  # nothing read yet
    with database.connect("worker") as connection:
        Runner(connection, tenant.id, failing("B")).catch_up()
        append(database, tenant, opening("D"))
        assert check(database, tenant.id) == []  # one stopped, the others behind
        read_models.retry(database, tenant.id)
        Runner(connection, tenant.id).catch_up()
    assert check(database, tenant.id) == []
    assert len(names(database, tenant)) == 4


def test_check_of_a_tenant_that_changes_meanwhile_finds_nothing(
    database: Database, tenant: Tenant
) -> None:
    rng = random.Random(6)
    stop = threading.Event()

    def write() -> None:
        with database.pool("app", size=1) as pool:
            log = PostgresLog(pool, tenant.id)
            while not stop.is_set():
                handle_all(log, [invoicing(rng) for _ in range(5)])

    append(database, tenant, opening("A"))
    writer = threading.Thread(target=write)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        writer.start()
        try:
            found = [check(database, tenant.id) for _ in range(3)]
        finally:
            stop.set()
            writer.join()
    assert found == [[], [], []]


def shape(owner: Any) -> list[tuple[Any, ...]]:
    """Indexes, grants and policies of the read models' tables."""
    return owner.execute(
        """
        SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'read_models'
        UNION ALL
        SELECT 'grant', table_name, grantee, privilege_type
        FROM information_schema.role_table_grants WHERE table_schema = 'read_models'
        UNION ALL
        SELECT 'policy', tablename, policyname, qual FROM pg_policies
        WHERE schemaname = 'read_models'
        UNION ALL
        SELECT 'fence', relname, relrowsecurity::text, '' FROM pg_class
        WHERE relnamespace = 'read_models'::regnamespace AND relkind = 'r'
        ORDER BY 1, 2, 3, 4
        """
    ).fetchall()


def test_a_rebuild_repairs_what_was_altered_and_leaves_everything_in_its_shape(
    database: Database, tenant: Tenant, owner: Any
) -> None:
    position = append(database, tenant, opening("A", "Acme"), opening("B"))
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()
    owner.execute("DELETE FROM read_models.accounts WHERE tenant = %s", (tenant.id,))
    before = shape(owner)

    read = rebuild(database)

    assert read >= position
    assert names(database, tenant) == {"A": "Acme", "B": None}
    assert shape(owner) == before
    assert check(database, tenant.id) == []
    assert owner.execute("SELECT to_regnamespace('read_models_next')").fetchone() == (None,)


def test_a_tenant_that_comes_while_read_models_are_rebuilt_is_not_lost(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, opening("A"))
    come: list[Tenant] = []

    def come_between(_done: int, _of: int) -> None:
        if not come:
            come.append(create_tenant(database, f"{tenant.name}-n"[-60:]))
            append(database, come[0], opening("B"))
            with database.connect("worker") as connection:
                Runner(connection, come[0].id).catch_up()

    rebuild(database, progress=come_between)

    assert names(database, tenant) == {"A": None}
    assert names(database, come[0]) == {"B": None}
    assert check(database, come[0].id) == []


def test_a_read_model_that_cannot_fold_an_event_is_rebuilt_up_to_it(
    database: Database, tenant: Tenant, owner: Any
) -> None:
    append(database, tenant, opening("A"))
    owner.execute("SET tallystick.tenant = %s".replace("%s", str(tenant.id)))
    owner.execute(APPEND, append_parameters(tenant.id, [UNKNOWN_EVENT]))
    append(database, tenant, opening("B"))

    rebuild(database, ["accounts"])

    (found,) = [one for one in status(owner, tenant.id) if one.read_model == "accounts"]
    assert (found.position, found.stopped_at) == (1, 2)
    assert names(database, tenant) == {"A": None}


def test_while_read_models_are_rebuilt_readers_miss_nothing_and_writers_go_on(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, *(opening(f"C{number}") for number in range(200)))
    stop = threading.Event()
    counts: list[int] = []
    seen: list[bool] = []
    """Whether each writer saw what it had written, after waiting for its position."""

    def read() -> None:
        while not stop.is_set():
            counts.append(len(names(database, tenant)))

    def write() -> None:
        number = 1_000
        with database.pool("app", size=1) as pool, database.connect("worker") as connection:
            log = PostgresLog(pool, tenant.id)
            while not stop.is_set():
                number += 1
                position = handle(log, opening(f"C{number}")).position
                assert wait_until(connection, tenant.id, position, 30)
                seen.append(f"C{number}" in names(database, tenant))

    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        with database.connect("worker") as connection:
            wait_until(connection, tenant.id, 200, 30)
        threads = [threading.Thread(target=work) for work in (read, write)]
        for thread in threads:
            thread.start()
        rebuild(database)
        rebuild(database, ["accounts"])
        stop.set()
        for thread in threads:
            thread.join()
        with database.pool("app", size=1) as pool:
            head = PostgresLog(pool, tenant.id).head().position
        with database.connect("worker") as connection:
            assert wait_until(connection, tenant.id, head, 30)
    assert min(counts) >= 200
    assert counts == sorted(counts)
    assert seen == [True] * len(seen)
    assert seen
    assert check(database, tenant.id) == []


def waits_for_readers(database: Database) -> bool:
    """Whether a rebuild has locked some tables and waits for others."""
    with database.connect("owner") as owner:
        waits = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
        return owner.execute(waits).fetchone() is not None


def test_a_rebuild_steps_back_for_a_reader_that_takes_long(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, opening("A"))
    with database.connect("worker") as reader, ThreadPoolExecutor() as pool:
        with reader.transaction():
            reader.execute("SELECT 1 FROM read_models.sync_runs")
            rebuilding = pool.submit(rebuild, database)
            eventually(lambda: waits_for_readers(database) or rebuilding.done())
            reader.execute("SELECT 1 FROM read_models.companies")
            assert not rebuilding.done()
        rebuilding.result(timeout=60)
    assert names(database, tenant) == {"A": None}


def test_two_rebuilds_do_not_run_at_once(database: Database, tenant: Tenant, owner: Any) -> None:
    owner.execute("SELECT pg_advisory_lock(%s, 0)", (read_models._REBUILD_LOCK,))
    owner.execute("SELECT pg_advisory_lock(%s, %s)", (read_models._CHECK_LOCK, tenant.id))
    with pytest.raises(RebuildBusy, match="Another rebuild"):
        rebuild(database)
    with pytest.raises(RebuildBusy, match="Another check"):
        check(database, tenant.id)
    owner.execute("SELECT pg_advisory_unlock_all()")
