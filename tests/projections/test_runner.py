"""The runner: exactly once however often it is killed, stopping loudly, one at a time."""

import random
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from application.handling import Request, handle, handle_all
from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.accounts import ACCOUNTS
from projections.catalogue import READ_MODELS
from projections.projection import ReadModel
from projections.runner import CursorMoved, Runner
from runtime import read_models
from runtime.database import Database
from runtime.read_models import RebuildBusy, check, rebuild, status
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelStopped, ReadModelWorker, wait_until
from tests.histories import day
from tests.projections.test_aging import random_import

pytestmark = pytest.mark.xdist_group("rebuilds")
"""A rebuild is of all tenants, and there is one at a time."""

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 3, 2)


def opening(cust_id: str, name: str | None = None) -> Request:
    command = ImportAccount(AccountDocument("1", cust_id, name))
    return Request(ACCOUNT, ("1", cust_id), command, "t", TODAY, "t", "t")


def append(database: Database, tenant: Tenant, *requests: Request) -> int:
    """Carry out commands; the position after them."""
    with database.pool("app", size=1) as pool:
        handle_all(PostgresLog(pool, tenant.id), requests)
        return PostgresLog(pool, tenant.id).head().position


def names(database: Database, tenant: Tenant) -> dict[str, str | None]:
    with database.connect("worker") as connection:
        return dict(
            connection.execute(
                "SELECT cust_id, cust_name FROM read_models.accounts WHERE tenant = %s",
                (tenant.id,),
            ).fetchall()
        )


def failing(at: str) -> list[ReadModel[Any, Any]]:
    """The read models, of which the one of accounts cannot fold the account `at`."""

    def evolve(state: Any, recorded: Recorded) -> Any:
        if recorded.stream == f"account/1/{at}":
            raise ValueError("no room for it")
        return ACCOUNTS.evolve(state, recorded)

    broken = replace(ACCOUNTS, evolve=evolve)
    return [broken if one is ACCOUNTS else one for one in READ_MODELS]


def test_an_event_that_cannot_be_folded_stops_its_read_model_alone(
    database: Database, tenant: Tenant
) -> None:
    neighbour = create_tenant(database, f"{tenant.name}-n"[-60:])
    for one in (tenant, neighbour):
        append(database, one, *(opening(f"C{number:02}") for number in range(40)))
    with database.connect("worker") as connection:
        for one in (tenant, neighbour):
            runner = Runner(connection, one.id, failing("C17") if one is tenant else READ_MODELS)
            assert runner.lease()
            runner.catch_up()
        found = {one.read_model: one for one in status(connection, tenant.id)}

        assert sorted(names(database, tenant)) == [f"C{number:02}" for number in range(17)]
        assert len(names(database, neighbour)) == 40
        stopped = found.pop("accounts")
        assert (stopped.position, stopped.stopped_at, stopped.error) == (
            17,
            18,
            "ValueError: no room for it",
        )
        assert {one.position for one in found.values()} == {40}
        with pytest.raises(ReadModelStopped, match="accounts is stopped at position 18"):
            wait_until(connection, tenant.id, 40)
        assert wait_until(connection, tenant.id, 17)

        # Later events pass the stopped one by; it stays where it is.
        append(database, tenant, opening("C99"))
        Runner(connection, tenant.id, failing("C17")).catch_up()
        assert "C99" not in names(database, tenant)

    assert read_models.retry(database, tenant.id) == ["accounts"]
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()
        assert len(names(database, tenant)) == 41
        assert {one.stopped_at for one in status(connection, tenant.id)} == {None}
    assert check(database, tenant.id) == []


def test_an_event_that_nobody_can_read_stops_its_tenant_and_no_other(
    database: Database, tenant: Tenant, owner: Any
) -> None:
    neighbour = create_tenant(database, f"{tenant.name}-n"[-60:])
    for one in (tenant, neighbour):
        append(database, one, opening("A"))
    owner.execute("SET tallystick.tenant = %s".replace("%s", str(tenant.id)))
    owner.execute(
        "SELECT append_events(%s, '{s/1}', '{1}', '{Eaten}', '{x}', '{2026-01-01}', '{a}', '{b}',"
        " '{c}', '{}', '{}', '{}', '{}')",
        (tenant.id,),
    )
    append(database, tenant, opening("B"))
    tenants = [tenant.id, neighbour.id]
    with (
        ReadModelWorker(database.url("worker"), lambda _: tenants),
        database.connect("worker") as connection,
    ):
        with pytest.raises(ReadModelStopped, match="UnknownEvent: No event is known by the name"):
            wait_until(connection, tenant.id, 3, 20)
        append(database, neighbour, opening("B"))
        assert wait_until(connection, neighbour.id, 2, 20)
        found = status(connection, tenant.id)
    assert {(one.position, one.stopped_at) for one in found} == {(1, 2)}
    assert names(database, tenant) == {"A": None}
    assert check(database, tenant.id) == []


def test_one_runner_at_a_time_and_the_other_takes_over(database: Database, tenant: Tenant) -> None:
    append(database, tenant, opening("A"))
    with database.connect("worker") as other:
        with database.connect("worker") as one:
            first, second = Runner(one, tenant.id), Runner(other, tenant.id)
            assert first.lease()
            assert not second.lease()
        assert second.lease()  # the first one's connection is gone, and its lease with it
        second.catch_up()
    assert names(database, tenant) == {"A": None}


def test_a_runner_whose_cursor_was_moved_stores_nothing(database: Database, tenant: Tenant) -> None:
    append(database, tenant, opening("A"))
    with database.connect("worker") as one, database.connect("worker") as other:
        slow, fast = Runner(one, tenant.id), Runner(other, tenant.id)
        slow.lease()
        cursors = {name: cursor.position for name, cursor in slow.cursors().items()}
        with database.pool("app", size=1) as pool:
            page = PostgresLog(pool, tenant.id).page(0, 10)
        fast.catch_up()
        with pytest.raises(CursorMoved):
            slow._store(page, cursors)
    assert names(database, tenant) == {"A": None}
    assert check(database, tenant.id) == []


def invoicing(rng: random.Random) -> Request:
    command = random_import(rng)
    key = (command.document.company_id, command.document.tran_id)
    return Request(INVOICE, key, command, "t", TODAY, "t", "t")


def test_a_worker_killed_again_and_again_ends_with_what_a_fresh_fold_gives(
    database: Database, tenant: Tenant
) -> None:
    rng = random.Random(7)
    command = [sys.executable, "-m", "runtime.worker", database.url("worker"), str(tenant.id)]
    stop = threading.Event()

    def write() -> None:
        with database.pool("app", size=1) as pool:
            log = PostgresLog(pool, tenant.id)
            number = 0
            while not stop.is_set():
                number += 1
                handle_all(log, [opening(f"C{number}"), *(invoicing(rng) for _ in range(40))])

    writer = threading.Thread(target=write)
    writer.start()
    kills = 0
    with database.connect("worker") as connection:
        while kills < 8:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT)
            before = position(connection, tenant)
            while position(connection, tenant) == before:
                time.sleep(0.005)
            time.sleep(rng.random() * 0.1)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
        stop.set()
        writer.join()
        with database.pool("app", size=1) as pool:
            head = PostgresLog(pool, tenant.id).head().position
        with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
            assert wait_until(connection, tenant.id, head, 60)
    assert check(database, tenant.id) == []


def position(connection: Any, tenant: Tenant) -> int:
    return min((one.position for one in status(connection, tenant.id)), default=0)


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


def test_while_read_models_are_rebuilt_readers_miss_nothing_and_writers_go_on(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, *(opening(f"C{number}") for number in range(200)))
    stop = threading.Event()
    counts: list[int] = []

    def read() -> None:
        while not stop.is_set():
            counts.append(len(names(database, tenant)))

    def write() -> None:
        number = 1_000
        with database.pool("app", size=1) as pool:
            log = PostgresLog(pool, tenant.id)
            while not stop.is_set():
                number += 1
                handle(log, opening(f"C{number}"))

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
    assert check(database, tenant.id) == []


def test_two_rebuilds_do_not_run_at_once(database: Database, tenant: Tenant, owner: Any) -> None:
    owner.execute("SELECT pg_advisory_lock(%s, 0)", (read_models._REBUILD_LOCK,))
    owner.execute("SELECT pg_advisory_lock(%s, %s)", (read_models._CHECK_LOCK, tenant.id))
    with pytest.raises(RebuildBusy, match="Another rebuild"):
        rebuild(database)
    with pytest.raises(RebuildBusy, match="Another check"):
        check(database, tenant.id)


def test_an_application_of_tomorrow_lowers_the_balance_tomorrow(
    database: Database, tenant: Tenant
) -> None:
    document = InvoiceDocument("1", "I1", "A", day(0), 100, "EUR", 100, "EUR")  # type: ignore[arg-type]
    command = ImportInvoice(document, day(5), applications=(Application("P", 40, day(10)),))  # type: ignore[arg-type]
    append(database, tenant, Request(INVOICE, ("1", "I1"), command, "t", day(5), "t", "t"))
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()
        steps = connection.execute(
            "SELECT effective_from, effective_to, balance FROM read_models.balances"
            " WHERE tenant = %s ORDER BY 1",
            (tenant.id,),
        ).fetchall()
    assert steps == [(day(0), day(10), 100), (day(10), date(9999, 12, 31), 60)]
