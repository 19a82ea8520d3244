"""The one way a command becomes events: repeated commands, moved streams, merged batches."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import date

import pytest
from msgspec import Struct
from msgspec.structs import replace

from application.handling import (
    ATTEMPTS_MAX,
    CommandQueue,
    Consulted,
    Handled,
    Request,
    States,
    handle,
    handle_all,
)
from domain.account import (
    ACCOUNT,
    AccountDocument,
    AccountNoteAdded,
    AccountOpened,
    AddAccountNote,
    ImportAccount,
)
from domain.shared.decider import Decider, Refused
from eventstore.log import (
    NO_VERSIONS,
    Appended,
    LogUnavailable,
    NewEvent,
    NewResult,
    StreamMoved,
    Unconfirmed,
)
from eventstore.memory import MemoryLog

TODAY = date(2026, 3, 2)


def answered(told: str) -> AccountNoteAdded:
    return AccountNoteAdded("1", "W", "n", told, TODAY)


class Ask(Struct, frozen=True):
    """Ask another stream."""

    told: str = ""

    def knowing(self, facts: Sequence[str]) -> "Ask":
        return Ask(facts[0])


WITNESS: Decider[None, Ask, AccountNoteAdded] = Decider(
    category="witness",
    events=(AccountNoteAdded,),
    initial=None,
    evolve=lambda _state, _event: None,
    decide=lambda command, _state: [answered(command.told)],
)


def request(command: object, *, cust_id: str = "ACME", key: str | None = None) -> Request:
    return Request(ACCOUNT, ("1", cust_id), command, "dana", TODAY, "test", "c-1", key)  # type: ignore[arg-type]


def opening(cust_id: str = "ACME", name: str | None = None, key: str | None = None) -> Request:
    return request(ImportAccount(AccountDocument("1", cust_id, name)), cust_id=cust_id, key=key)


def noting(note: str, key: str | None = None) -> Request:
    return request(AddAccountNote(note, f"text {note}", TODAY), key=key)


def note(note_id: str) -> AccountNoteAdded:
    return AccountNoteAdded("1", "ACME", note_id, f"text {note_id}", TODAY)


OPENED = AccountOpened(AccountDocument("1", "ACME"))


def events(log: MemoryLog) -> list[tuple[int, object]]:
    return [(one.position, one.event) for one in log.page(0, 1_000)]


def test_a_command_becomes_events_at_a_position() -> None:
    log = MemoryLog()

    assert handle(log, opening()) == Handled([OPENED], 1)
    assert handle(log, noting("n1")) == Handled([note("n1")], 2)
    assert handle(log, opening()) == Handled([], 2)  # its wish is true already
    assert events(log) == [(1, OPENED), (2, note("n1"))]


def test_a_refused_command_changes_nothing_and_holds_up_no_other() -> None:
    log = MemoryLog()
    unknown = request(AddAccountNote("n", "text", TODAY), cust_id="NOBODY")

    outcomes = handle_all(log, [opening(), unknown, noting("n1")])

    assert [type(one) for one in outcomes] == [Handled, Refused, Handled]
    assert events(log) == [(1, OPENED), (2, note("n1"))]


def test_a_command_sent_again_answers_with_its_first_result() -> None:
    log = MemoryLog()
    handle(log, opening())
    first = handle(log, noting("n1", key="k"))
    handle(log, noting("n2"))

    again = handle(log, noting("n1", key="k"))

    assert (first.position, first.repeated) == (2, False)
    assert (again.position, again.repeated, list(again.events)) == (2, True, [])
    assert len(events(log)) == 3


def test_a_command_sent_again_on_another_day_is_the_same_command() -> None:
    log = MemoryLog()
    handle(log, opening())
    first = request(AddAccountNote("n1", "text", TODAY), key="k")
    handle(log, first)

    tomorrow = AddAccountNote("n1", "text", date(2026, 3, 3))
    assert handle(log, replace(first, command=tomorrow)).repeated
    assert len(events(log)) == 2


def test_a_decision_knows_what_the_streams_say_that_it_consults() -> None:
    log = MemoryLog()
    limits = Consulted(ACCOUNT, ("1", "ACME"), lambda account: type(account).__name__)
    asking = Request(WITNESS, ("w",), Ask(), "t", TODAY, "t", "t", consults=(limits,))
    states = States()

    assert handle_all(log, [asking], states) == [Handled([answered("NotOpened")], 1)]
    handle(log, opening())  # by another process, behind the back of what is remembered
    assert handle_all(log, [asking], states) == [Handled([answered("Opened")], 3)]
    later = request(ImportAccount(AccountDocument("1", "B")), cust_id="B")
    about_b = replace(limits, key=("1", "B"))
    first_of_batch = replace(asking, consults=(about_b,))
    assert handle_all(log, [later, first_of_batch], states)[1] == Handled([answered("Opened")], 5)


def test_a_command_sent_twice_in_one_batch_is_carried_out_once() -> None:
    log = MemoryLog()
    handle(log, opening())

    outcomes = handle_all(
        log, [noting("n0"), noting("n1", key="k"), noting("n2"), noting("n1", key="k")]
    )

    assert outcomes == [
        Handled([note("n0")], 2),
        Handled([note("n1")], 3),
        Handled([note("n2")], 4),
        Handled((), 3, repeated=True),
    ]
    assert [position for position, _ in events(log)] == [1, 2, 3, 4]


def test_a_key_used_for_another_request_is_refused_in_a_batch_and_later() -> None:
    log = MemoryLog()
    handle(log, opening())

    outcomes = handle_all(log, [noting("n1", key="k"), noting("n2", key="k")])
    later = handle_all(log, [noting("n3", key="k")])

    assert [one.code for one in [*outcomes, *later] if isinstance(one, Refused)] == [
        "idempotency_key_reused",
        "idempotency_key_reused",
    ]
    assert events(log) == [(1, OPENED), (2, note("n1"))]


def test_a_command_that_led_to_nothing_leads_to_nothing_again() -> None:
    log = MemoryLog()
    handle(log, opening())

    first = handle(log, opening(key="k"))
    handle(log, opening(name="Acme"))
    again = handle(log, opening(key="k"))

    assert (first.position, again.position, again.repeated) == (1, 1, True)
    assert len(events(log)) == 2


def test_commands_of_one_batch_see_what_those_before_them_did() -> None:
    log = MemoryLog()

    outcomes = handle_all(log, [opening(), opening(), noting("n1"), noting("n1")])

    assert [one.position for one in outcomes if isinstance(one, Handled)] == [1, 1, 2, 2]
    assert events(log) == [(1, OPENED), (2, note("n1"))]


class MovingLog(MemoryLog):
    """A log on which somebody else appends first, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.attempts = 0

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        self.attempts += 1
        if self.times:
            self.times -= 1
            version = len(self.load(["account/1/ACME"])["account/1/ACME"].events) + 1
            theirs = AccountNoteAdded("1", "ACME", f"theirs{version}", "text", TODAY)
            super().append([NewEvent("account/1/ACME", version, theirs, TODAY, "x", "x", "x")])
        return super().append(batch, results, unmoved)


def test_a_stream_that_moved_is_decided_anew() -> None:
    log = MovingLog(0)
    handle(log, opening())
    log.times = 3

    handled = handle(log, noting("n1"))

    assert handled == Handled([note("n1")], 5)
    assert [one.version for one in log.page(0, 10)] == [1, 2, 3, 4, 5]


def test_a_stream_that_keeps_moving_is_given_up() -> None:
    log = MovingLog(0)
    handle(log, opening())
    log.times, log.attempts = 1_000, 0

    with pytest.raises(StreamMoved):
        handle(log, noting("n1"))

    assert log.attempts == ATTEMPTS_MAX


class OvertakenLog(MemoryLog):
    """A log on which somebody else carries out `theirs` just before the next append."""

    theirs: Request | None = None

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        theirs, self.theirs = self.theirs, None
        if theirs is not None:
            handle(self, theirs)
        return super().append(batch, results, unmoved)


def test_a_decision_taken_anew_may_be_another() -> None:
    log = OvertakenLog()
    handle(log, opening())
    log.theirs = noting("n1")

    assert handle(log, noting("n1")) == Handled([], 2)  # its wish has come true meanwhile
    assert events(log) == [(1, OPENED), (2, note("n1"))]


def test_a_command_that_is_sent_to_two_at_once_is_carried_out_once() -> None:
    log = OvertakenLog()
    handle(log, opening())
    log.theirs = noting("n1", key="k")

    assert handle(log, noting("n1", key="k")) == Handled((), 2, repeated=True)
    assert events(log) == [(1, OPENED), (2, note("n1"))]


def test_a_key_that_another_request_takes_meanwhile_is_refused() -> None:
    log = OvertakenLog()
    handle(log, opening())
    log.theirs = noting("n1", key="k")

    with pytest.raises(Refused, match="used for another request"):
        handle(log, noting("n2", key="k"))
    assert events(log) == [(1, OPENED), (2, note("n1"))]


def test_what_is_remembered_of_a_stream_is_checked_before_anything_stands_on_it() -> None:
    log, states = MemoryLog(), States()
    handle_all(log, [opening()], states)
    handle(log, noting("n1"))  # by somebody else

    outcomes = [handle_all(log, [noting("n1")], states), handle_all(log, [noting("n2")], states)]

    assert outcomes == [[Handled([], 2)], [Handled([note("n2")], 3)]]
    assert events(log) == [(1, OPENED), (2, note("n1")), (3, note("n2"))]


def test_what_is_remembered_but_lost_with_a_backup_is_not_built_on() -> None:
    states = States()
    handle_all(MemoryLog(), [opening(), noting("n1"), noting("n2")], states)
    put_back = MemoryLog()
    handle_all(put_back, [opening(), noting("n1")])

    outcomes = handle_all(put_back, [noting("n3")], states)

    assert outcomes == [Handled([note("n3")], 3)]
    assert [one.version for one in put_back.page(0, 10)] == [1, 2, 3]


class GatedLog(MemoryLog):
    """A log whose first append waits until it is let go, and which counts its appends."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.appends: list[int] = []

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        self.entered.set()
        self.gate.wait()
        self.appends.append(len(batch))
        return super().append(batch, results, unmoved)


def test_commands_that_wait_are_appended_together() -> None:
    log = GatedLog()
    queue = CommandQueue(log)
    first = queue.submit(opening())
    log.entered.wait()
    waiting = [queue.submit(noting(f"n{number}")) for number in range(50)]
    refused = queue.submit(request(AddAccountNote("n", "text", TODAY), cust_id="NOBODY"))
    log.gate.set()

    positions = [future.result(10).position for future in [first, *waiting]]
    with pytest.raises(Refused, match="no such account"):
        refused.result(10)
    queue.close()

    assert positions == list(range(1, 52))
    assert log.appends == [1, 50]


def test_a_defect_of_one_command_is_told_to_its_sender_alone() -> None:
    log = GatedLog()
    queue = CommandQueue(log)
    first = queue.submit(opening())
    log.entered.wait()
    good = queue.submit(noting("n1"))
    bad: Future[Handled] = queue.submit(request(object()))
    late = queue.submit(noting("n2"))
    log.gate.set()

    assert first.result(10).position == 1
    assert (good.result(10).position, late.result(10).position) == (2, 3)
    assert bad.exception(10) is not None
    queue.close()


def test_a_command_cancelled_while_it_waits_is_not_carried_out_and_holds_up_no_other() -> None:
    log = GatedLog()
    queue = CommandQueue(log)
    first = queue.submit(opening())
    log.entered.wait()
    cancelled = queue.submit(noting("n1"))
    alone = queue.submit(noting("n2"))
    assert cancelled.cancel()
    log.gate.set()

    assert (first.result(10).position, alone.result(10).position) == (1, 2)
    assert queue.submit(noting("n3")).result(10).position == 3
    queue.close()
    assert events(log) == [(1, OPENED), (2, note("n2")), (3, note("n3"))]


def test_a_command_taken_up_can_no_longer_be_cancelled() -> None:
    log = GatedLog()
    queue = CommandQueue(log)
    first = queue.submit(opening())
    log.entered.wait()

    assert not first.cancel()
    log.gate.set()
    assert first.result(10) == Handled([OPENED], 1)
    queue.close()


class FailingLog(GatedLog):
    """A log that fails so many times, having appended or not."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[tuple[bool, LogUnavailable]] = []

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        if not self.failures or self.failures[0][0]:
            appended = super().append(batch, results, unmoved)
            if not self.failures:
                return appended
        raise self.failures.pop(0)[1]


@pytest.mark.parametrize(
    ("appended", "failure"),
    [(True, Unconfirmed("lost before the answer")), (False, LogUnavailable("no answer"))],
)
def test_what_may_have_been_appended_is_not_carried_out_again(
    appended: bool, failure: LogUnavailable
) -> None:
    log = FailingLog()
    queue = CommandQueue(log)
    first = queue.submit(opening())
    log.entered.wait()
    waiting = [queue.submit(opening(name=name)) for name in ("Acme", None, "Acme Corp.")]
    log.failures = [(True, Unconfirmed("lost")), (appended, failure)]
    log.gate.set()

    assert isinstance(first.exception(10), Unconfirmed)
    assert [one.exception(10) for one in waiting] == [failure] * 3
    assert log.appends == ([1, 3] if appended else [1])
    later = queue.submit(noting("n1")).result(10)
    queue.close()
    assert (later.position, events(log)[-1]) == (len(events(log)), (later.position, note("n1")))
    assert [one.version for one in log.page(0, 10)] == list(range(1, later.position + 1))


def test_a_closed_queue_carries_out_what_waits_and_takes_no_more() -> None:
    log = MemoryLog()
    queue = CommandQueue(log)
    futures = [queue.submit(opening(cust_id=str(number))) for number in range(20)]
    queue.close()

    assert sorted(future.result(0).position for future in futures) == list(range(1, 21))
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(opening())
