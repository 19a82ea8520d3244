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

from application.handling import Request, handle_all
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument
from eventstore.appending import APPEND, append_parameters
from eventstore.postgres import PostgresLog
from projections.accounts import ACCOUNTS
from projections.catalogue import READ_MODELS
from projections.runner import PAGE_EVENTS_MAX, CursorMoved, Runner
from runtime import read_models
from runtime.database import Database
from runtime.lines import write_line
from runtime.master_key import to_hand_on
from runtime.read_models import check, status
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelStopped, ReadModelWorker, WorkerLost, wait_until
from tests.histories import day
from tests.projections.running import (
    UNKNOWN_EVENT,
    append,
    eventually,
    failing,
    invoicing,
    names,
    opening,
)

ROOT = Path(__file__).parents[2]


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


def test_a_worker_killed_again_and_again_ends_with_what_a_fresh_fold_gives(
    database: Database, tenant: Tenant
) -> None:
    rng = random.Random(7)
    command = [sys.executable, "-m", "runtime.worker", str(tenant.id), "0"]
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
            write_line(process.stdin, database.url("worker"))
            write_line(process.stdin, to_hand_on())
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
