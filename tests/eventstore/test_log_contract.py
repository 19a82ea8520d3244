"""What every log does, whatever keeps it: the one in memory and the one on PostgreSQL."""

from collections.abc import Generator, Sequence
from datetime import date, timedelta

import pytest

from domain.account import AccountAmended, AccountDocument, AccountOpened
from domain.shared.event import Event
from eventstore.log import Log, NewEvent, NewResult, StreamMoved
from eventstore.memory import MemoryLog
from eventstore.postgres import PostgresLog
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
