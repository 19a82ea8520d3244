"""What every log does, whatever keeps it: the one in memory and the one on PostgreSQL."""

from collections.abc import Generator, Sequence
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import Connection, errors
from psycopg_pool import ConnectionPool

from domain.account import AccountAmended, AccountDocument, AccountOpened
from domain.shared.event import Event
from eventstore.log import Log, LogUnavailable, NewEvent, NewResult, StreamMoved, Unconfirmed
from eventstore.memory import MemoryLog
from eventstore.postgres import PostgresLog, bind_tenant, copy_events
from runtime.database import Database
from runtime.tenants import Tenant

ACME, OTHER = "account/1/ACME", "account/1/OTHER"
OPENED = AccountOpened(AccountDocument("1", "ACME", 'Acme "Corp" \\ Zażółć\t\n'))
AMENDED = AccountAmended(AccountDocument("1", "ACME", "Acme"))
ELSEWHERE = AccountOpened(AccountDocument("1", "OTHER"))


@pytest.fixture(params=["memory", "postgres"])
def log(request: pytest.FixtureRequest) -> Generator[Log]:
    if request.param == "memory":
        yield MemoryLog()
        return
    database: Database = request.getfixturevalue("database")
    tenant: Tenant = request.getfixturevalue("tenant")
    with database.pool("app", size=1) as pool:
        yield PostgresLog(pool, tenant.id)


def new(stream: str, version: int, event: Event) -> NewEvent:
    return NewEvent(stream, version, event, date(2026, 3, 1), "dana", "test", "c-1")


def told(log: Log, streams: Sequence[str]) -> dict[str, list[Event]]:
    return {stream: list(history.events) for stream, history in log.load(streams).items()}


def test_an_empty_log_has_nothing_to_tell(log: Log) -> None:
    assert told(log, [ACME]) == {}
    assert log.page(0, 10) == []
    assert (log.head().position, log.head().recorded_at) == (0, None)
    assert log.results(["k"]) == {}


def test_what_stands_on_other_streams_is_refused_once_they_moved(log: Log) -> None:
    log.append([new(OTHER, 1, ELSEWHERE)], unmoved={"account/1/NOBODY": 0})
    head = log.head()
    for moved in ({OTHER: 0}, {OTHER: 2}, {OTHER: 1, "account/1/NOBODY": 1}):
        with pytest.raises(StreamMoved):
            log.append([new(ACME, 1, OPENED)], unmoved=moved)
    assert log.head() == head
    log.append([new(ACME, 1, OPENED)], unmoved={OTHER: 1, "account/1/NOBODY": 0})
    assert told(log, [ACME]) == {ACME: [OPENED]}


def test_events_come_back_as_they_were_by_stream_and_in_order(log: Log) -> None:
    first = log.append([new(ACME, 1, OPENED), new(OTHER, 1, ELSEWHERE)])
    second = log.append([new(ACME, 2, AMENDED)])

    assert (first.first_position, first.last_position) == (1, 2)
    assert (second.first_position, second.last_position) == (3, 3)
    assert told(log, [ACME, OTHER, "account/1/NOBODY"]) == {
        ACME: [OPENED, AMENDED],
        OTHER: [ELSEWHERE],
    }
    assert log.load([ACME])[ACME].version == 2
    assert [(one.position, one.stream, one.version, one.event) for one in log.page(0, 10)] == [
        (1, ACME, 1, OPENED),
        (2, OTHER, 1, ELSEWHERE),
        (3, ACME, 2, AMENDED),
    ]
    assert [one.position for one in log.page(1, 1)] == [2]
    assert log.head().position == 3


def test_a_batch_with_a_version_that_is_taken_is_refused_whole(log: Log) -> None:
    log.append([new(ACME, 1, OPENED)])

    with pytest.raises(StreamMoved):
        log.append([new(OTHER, 1, ELSEWHERE), new(ACME, 1, OPENED)])

    assert told(log, [ACME, OTHER]) == {ACME: [OPENED]}
    after = log.append([new(OTHER, 1, ELSEWHERE)])
    assert after.first_position == 2


def test_versions_that_follow_nothing_are_refused(log: Log) -> None:
    log.append([new(ACME, 1, OPENED)])

    for ahead in ([new(ACME, 3, AMENDED)], [new(ACME, 2, AMENDED), new(ACME, 4, AMENDED)]):
        with pytest.raises(StreamMoved):
            log.append([new(OTHER, 1, ELSEWHERE), *ahead])
    with pytest.raises(StreamMoved):
        log.append([new(OTHER, 2, ELSEWHERE)])

    assert told(log, [ACME, OTHER]) == {ACME: [OPENED]}
    assert log.append([new(ACME, 2, AMENDED), new(ACME, 3, AMENDED)]).first_position == 2


def test_a_history_is_told_from_a_version_on(log: Log) -> None:
    log.append([new(ACME, 1, OPENED), new(ACME, 2, AMENDED), new(OTHER, 1, ELSEWHERE)])

    news = log.load([ACME, OTHER, ACME], {ACME: 1, OTHER: 1})

    assert {stream: (list(one.events), one.version) for stream, one in news.items()} == {
        ACME: ([AMENDED], 2)
    }


def test_the_moment_of_recording_rises_from_append_to_append_and_is_shared_within(log: Log) -> None:
    for version in range(1, 21):
        log.append([new(ACME, version, AMENDED), new(OTHER, version, ELSEWHERE)])

    moments = [one.recorded_at for one in log.page(0, 100)]
    assert moments[0::2] == moments[1::2]
    assert all(low < high for low, high in zip(moments[0::2], moments[2::2], strict=False))
    assert log.head().recorded_at == moments[-1]


def test_a_moment_leads_to_the_last_position_known_then(log: Log) -> None:
    moments = [log.append([new(ACME, version, AMENDED)]).recorded_at for version in range(1, 6)]

    assert [log.position_at(moment) for moment in moments] == [1, 2, 3, 4, 5]
    assert log.position_at(moments[0] - timedelta(microseconds=1)) == 0
    assert log.position_at(moments[-1] + timedelta(days=1)) == 5


def test_the_result_of_a_command_is_found_by_its_key(log: Log) -> None:
    log.append([new(OTHER, 1, ELSEWHERE)])
    log.append(
        [new(ACME, 1, OPENED), new(ACME, 2, AMENDED)],
        [NewResult("k1", b"one", 0, 2), NewResult("k2", b"two", 2, 0)],
    )

    found = log.results(["k1", "k2", "k3"])

    assert {
        key: (one.request_digest, one.first_position, one.last_position)
        for key, one in found.items()
    } == {"k1": (b"one", 2, 3), "k2": (b"two", 4, 3)}


def test_a_command_that_led_to_nothing_leaves_the_head_as_it_is(log: Log) -> None:
    empty = log.append([], [NewResult("k1", b"one", 0, 0)])
    assert (empty.first_position, empty.last_position) == (1, 0)
    assert (log.head().position, log.head().recorded_at) == (0, None)

    log.append([new(ACME, 1, OPENED)])
    before = log.head()
    log.append([], [NewResult("k2", b"two", 0, 0)])

    assert log.head() == before
    assert log.results(["k2"])["k2"].last_position == 1


def test_a_key_that_comes_twice_in_a_batch_refuses_it_whole(log: Log) -> None:
    twice = [NewResult("k", b"one", 0, 1), NewResult("k", b"one", 0, 1)]

    with pytest.raises(StreamMoved):
        log.append([new(ACME, 1, OPENED)], twice)

    assert (log.head().position, log.results(["k"])) == (0, {})


def test_a_key_that_is_taken_refuses_the_batch_whole(log: Log) -> None:
    log.append([new(ACME, 1, OPENED)], [NewResult("k", b"one", 0, 1)])

    with pytest.raises(StreamMoved):
        log.append([new(OTHER, 1, ELSEWHERE)], [NewResult("k", b"two", 0, 1)])

    assert told(log, [OTHER]) == {}
    assert log.results(["k"])["k"].request_digest == b"one"
    assert log.head().position == 1


def test_a_large_batch_is_appended_as_one(log: Log) -> None:
    batch = [new(f"account/1/{n}", 1, ELSEWHERE) for n in range(5_000)]

    appended = log.append(batch)

    assert (appended.first_position, appended.last_position) == (1, 5_000)
    assert log.head().position == 5_000


AWKWARD = ["A\tB", "A\nB", "A\\B", "\\.", "A\\tB", "Ł\x7f\u2028\xa0'\"", "x\r"]


def stored(connection: Connection[Any], tenant: Tenant) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT stream, version, type, data, effective_on, actor, cause, correlation"
        " FROM events WHERE tenant = %s ORDER BY position",
        (tenant.id,),
    ).fetchall()


def test_what_is_copied_is_stored_as_what_is_appended_byte_for_byte(
    database: Database, tenant: Tenant
) -> None:
    awkward = [
        NewEvent(
            f"account/{text}",
            1,
            AccountOpened(AccountDocument("1", text, text)),
            date(2024, 2, 29),
            f"actor {text}",
            text,
            f"{text} correlation",
        )
        for text in AWKWARD
    ]
    again = [replace(one, stream=f"{one.stream} 2") for one in awkward]
    with database.pool("app", size=1) as pool, database.connect("worker") as worker:
        PostgresLog(pool, tenant.id).append(awkward)
        with worker.transaction():
            copied = copy_events(worker, tenant.id, again)
        rows = stored(worker, tenant)
    assert (copied.first_position, copied.last_position) == (8, 14)
    assert [row[0] for row in rows[7:]] == [f"{row[0]} 2" for row in rows[:7]]
    assert [row[1:] for row in rows[7:]] == [row[1:] for row in rows[:7]]
    assert [(row[0], row[4], *row[5:]) for row in rows[:7]] == [
        (one.stream, one.effective_on, one.actor, one.cause, one.correlation) for one in awkward
    ]


def test_a_stream_is_never_taken_for_another_row(database: Database, tenant: Tenant) -> None:
    forging = f"account/x\t1\tT\t{{}}\t2026-01-01\tnow\ta\tb\tc\n{tenant.id}\t2\tforged"
    with database.connect("worker") as worker:
        with worker.transaction():
            copy_events(worker, tenant.id, [new(forging, 1, OPENED)])
        assert [row[0] for row in stored(worker, tenant)] == [forging]


def test_a_copy_that_would_take_a_version_again_leaves_nothing(
    database: Database, tenant: Tenant
) -> None:
    with database.connect("worker") as worker:
        with worker.transaction():
            copy_events(worker, tenant.id, [new(ACME, 1, OPENED)])
        with pytest.raises(StreamMoved), worker.transaction():
            copy_events(worker, tenant.id, [new(OTHER, 1, ELSEWHERE), new(ACME, 1, OPENED)])
        with worker.transaction():
            appended = copy_events(worker, tenant.id, [new(OTHER, 1, ELSEWHERE)])
        assert [row[0] for row in stored(worker, tenant)] == [ACME, OTHER]
    assert appended.first_position == 2


def test_a_tenant_is_bound_only_where_no_rollback_can_unbind_it(
    database: Database, tenant: Tenant
) -> None:
    with database.pool("app", size=1) as pool:
        PostgresLog(pool, tenant.id).append([new(ACME, 1, OPENED)])
        with pool.connection() as connection, connection.transaction():
            with pytest.raises(AssertionError):
                bind_tenant(connection, tenant.id + 1)
            bind_tenant(connection, tenant.id)
        assert PostgresLog(pool, tenant.id).head().position == 1


class LosingConnection(psycopg.Connection[Any]):
    """A connection whose line is cut as soon as the server has done what was asked."""

    cut: int | None = None

    def execute(self, *arguments: Any, **options: Any) -> Any:
        cursor = super().execute(*arguments, **options)
        if self.cut and b"append_events" in str(arguments[0]).encode():
            type(self).cut = None
            raise psycopg.OperationalError("the line was cut")
        return cursor


def test_an_append_whose_answer_was_lost_is_unconfirmed(database: Database, tenant: Tenant) -> None:
    with ConnectionPool(
        database.url("app"),
        connection_class=LosingConnection,
        kwargs={"autocommit": True},
        open=True,
    ) as pool:
        log = PostgresLog(pool, tenant.id)
        LosingConnection.cut = 1

        with pytest.raises(Unconfirmed):
            log.append([new(ACME, 1, OPENED)])

        assert told(log, [ACME]) == {ACME: [OPENED]}


def test_an_append_that_the_server_gave_up_was_not_made(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    with database.pool("app", size=1) as pool, database.connect("owner") as other:
        log = PostgresLog(pool, tenant.id)
        with pool.connection() as connection:
            connection.execute("SET lock_timeout = 1")
        with other.transaction():
            other.execute("SELECT begin_append(%s, 0)", (tenant.id,))
            with pytest.raises(LogUnavailable) as given_up:
                log.append([new(ACME, 1, OPENED)])
        assert isinstance(given_up.value.__cause__, errors.LockNotAvailable)
        assert not isinstance(given_up.value, Unconfirmed)
        assert log.append([new(ACME, 1, OPENED)]).first_position == 1


def test_connections_that_the_server_ended_meanwhile_are_replaced(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    with database.pool("app", size=2) as pool:
        log = PostgresLog(pool, tenant.id)
        for version in range(1, 4):
            log.append([new(ACME, version, AMENDED)])
            with pool.connection() as first, pool.connection() as second:
                ended = [first.info.backend_pid, second.info.backend_pid]
            for backend in ended:
                owner.execute("SELECT pg_terminate_backend(%s, 10000)", (backend,))
        assert log.head().position == 3
