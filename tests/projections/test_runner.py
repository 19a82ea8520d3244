"""The runner: exactly once however often it is killed, stopping loudly, one at a time."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from application.handling import Request, handle, handle_all
from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument
from eventstore.appending import APPEND, StoredForm, append_parameters
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.accounts import ACCOUNTS
from projections.catalogue import READ_MODELS
from projections.projection import ReadModel
from projections.runner import PAGE_EVENTS_MAX, CursorMoved, Runner
from runtime import read_models
from runtime.database import Database
from runtime.read_models import RebuildBusy, check, rebuild, status
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelStopped, ReadModelWorker, WorkerLost, wait_until
from tests.histories import day
from tests.projections.ledger import random_import

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 3, 2)
TURN = 4711
UNKNOWN_EVENT = StoredForm("s/1", 1, "Eaten", b"x", date(2026, 1, 1), "a", "b", "c")


@pytest.fixture
def alone(database: Database) -> Generator[None]:
    """The turn of this test: a rebuild is of all tenants, and mends what another test damaged."""
    with database.connect("owner") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (TURN,))
        yield
        connection.execute("SELECT pg_advisory_unlock(%s)", (TURN,))


def eventually(holds: Callable[[], bool], seconds_max: float = 120) -> None:
    """Wait until something holds, and fail if it never does."""
    deadline = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)


def opening(cust_id: str, name: str | None = None) -> Request:
    command = ImportAccount(AccountDocument("1", cust_id, name))
    return Request(ACCOUNT, ("1", cust_id), command, "t", TODAY, "t", "t")


def append(database: Database, tenant: Tenant, *requests: Request) -> int:
    """Carry out commands; the position after them."""
    with database.pool("app", size=1) as pool:
        handle_all(PostgresLog(pool, tenant.id), requests)
        return PostgresLog(pool, tenant.id).head().position


def fold(database: Database, tenant: Tenant) -> None:
    """Fold what there is."""
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()


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
    owner.execute(APPEND, append_parameters(tenant.id, [UNKNOWN_EVENT]))
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


def test_a_read_model_that_was_left_behind_catches_up_and_moves_no_other_back(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, *(opening(f"C{number:02}") for number in range(10)))
    rng = random.Random(5)
    head = append(database, tenant, *(invoicing(rng) for _ in range(40)))
    with database.connect("worker") as connection:
        runner = Runner(connection, tenant.id, failing("C03"))
        runner.catch_up()
        read_models.retry(database, tenant.id)
        behind = Runner(connection, tenant.id)
        behind.catch_up(until=7)
        found = {one.read_model: one.position for one in status(connection, tenant.id)}
        assert found == {one.name: head for one in READ_MODELS} | {"accounts": 7}
        behind.catch_up()
    assert len(names(database, tenant)) == 10
    assert check(database, tenant.id) == []


def test_a_running_worker_takes_up_what_is_to_be_tried_again(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, opening("A"), opening("B"))
    with database.connect("worker") as connection:
        Runner(connection, tenant.id, failing("B")).catch_up()
        with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
            with pytest.raises(ReadModelStopped):
                wait_until(connection, tenant.id, 2, 20)
            append(database, tenant, opening("C"))
            eventually(
                lambda: (
                    {
                        one.position
                        for one in status(connection, tenant.id)
                        if one.stopped_at is None
                    }
                    == {3}
                )
            )
            assert names(database, tenant) == {"A": None}

            read_models.retry(database, tenant.id)
            assert wait_until(connection, tenant.id, 3, 20)
    assert names(database, tenant) == {"A": None, "B": None, "C": None}


@pytest.mark.usefixtures("alone")
def test_a_page_ends_where_an_append_ends(database: Database, tenant: Tenant) -> None:
    size = PAGE_EVENTS_MAX // 4 - 500
    for start in range(5):
        append(database, tenant, *(opening(f"C{start}/{number}") for number in range(size)))
    with database.connect("worker") as connection:
        runner = Runner(connection, tenant.id, [ACCOUNTS])
        assert [runner.advance() for _ in range(3)] == [4 * size, size, 0]
    assert len(names(database, tenant)) == 5 * size


def test_one_runner_at_a_time_and_the_other_takes_over(database: Database, tenant: Tenant) -> None:
    append(database, tenant, opening("A"))
    with database.connect("worker") as other:
        with database.connect("worker") as one:
            first, second = Runner(one, tenant.id), Runner(other, tenant.id)
            assert first.lease()
            assert not second.lease()
        eventually(second.lease)  # the first one's connection is gone, and its lease with it
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


def test_a_worker_that_fails_tries_again_and_says_so_if_it_keeps_failing(
    database: Database, tenant: Tenant
) -> None:
    append(database, tenant, opening("A"))
    failures: list[int] = []

    def tenants(_: Any) -> list[int]:
        if len(failures) < 3:
            failures.append(1)
            raise ValueError("a defect")
        return [tenant.id]

    def defective(_: Any) -> list[int]:
        raise ValueError("a defect")

    def is_lost() -> bool:
        try:
            lost.keep_alive()
        except WorkerLost:
            return True
        return False

    with (
        ReadModelWorker(database.url("worker"), tenants) as worker,
        database.connect("worker") as connection,
    ):
        assert wait_until(connection, tenant.id, 1, 20)
        worker.keep_alive()
    with ReadModelWorker(database.url("worker"), defective) as lost:
        eventually(is_lost)


def test_two_workers_keep_one_tenant_and_one_goes_on_when_the_other_ends(
    database: Database, tenant: Tenant
) -> None:
    rng = random.Random(9)
    first, second = (
        ReadModelWorker(database.url("worker"), lambda _: [tenant.id]) for _ in range(2)
    )
    with database.connect("worker") as connection, second:
        with first:
            for number in range(10):
                head = append(
                    database, tenant, opening(f"C{number}"), *(invoicing(rng) for _ in range(9))
                )
            assert wait_until(connection, tenant.id, head, 20)
        head = append(database, tenant, opening("D"), *(invoicing(rng) for _ in range(9)))
        assert wait_until(connection, tenant.id, head, 20)
    assert len(names(database, tenant)) == 11
    assert check(database, tenant.id) == []


def invoicing(rng: random.Random) -> Request:
    command = random_import(rng)
    key = (command.document.company_id, command.document.tran_id)
    return Request(INVOICE, key, command, "t", TODAY, "t", "t")


def test_a_worker_killed_again_and_again_ends_with_what_a_fresh_fold_gives(
    database: Database, tenant: Tenant
) -> None:
    rng = random.Random(7)
    command = [sys.executable, "-m", "runtime.worker", str(tenant.id)]
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
            assert process.stdin is not None
            process.stdin.write(f"{database.url('worker')}\n".encode())
            process.stdin.flush()
            before = position(connection, tenant)
            eventually(lambda before=before: position(connection, tenant) != before)
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
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


@pytest.mark.usefixtures("alone")
def test_two_rebuilds_do_not_run_at_once(database: Database, tenant: Tenant, owner: Any) -> None:
    owner.execute("SELECT pg_advisory_lock(%s, 0)", (read_models._REBUILD_LOCK,))
    owner.execute("SELECT pg_advisory_lock(%s, %s)", (read_models._CHECK_LOCK, tenant.id))
    with pytest.raises(RebuildBusy, match="Another rebuild"):
        rebuild(database)
    with pytest.raises(RebuildBusy, match="Another check"):
        check(database, tenant.id)
    owner.execute("SELECT pg_advisory_unlock_all()")


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
