"""The one way a command becomes events: load, replay, decide, append.

Commands of one tenant that wait at the same time are decided one after the other and appended
together, in one transaction: a tenant's rate is bound by commits, not by commands.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import date
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.streams import stream_name
from eventstore.log import APPEND_EVENTS_MAX, History, Log, NewEvent, NewResult, StreamMoved

ATTEMPTS_MAX = 10
"""Decisions on a stream that keeps moving, before giving up."""

BATCH_COMMANDS_MAX = 500
"""Commands merged into one append at most."""


class Request(Struct, frozen=True):
    """A command to the stream of `decider` about `key`, by whom and on which business date.

    `cause` names what led to it; `correlation` is shared by all that one request set off. A
    command with an `idempotency_key` is carried out once, however often it is sent.
    """

    decider: Decider[Any, Any, Any]
    key: tuple[str, ...]
    command: Struct
    actor: str
    business_date: date
    cause: str
    correlation: str
    idempotency_key: str | None = None

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return stream_name(self.decider.category, *self.key)

    @property
    def digest(self) -> bytes:
        """Tells requests apart that use the same idempotency key."""
        told = f"{self.stream}\n{type(self.command).__name__}\n".encode()
        return sha256(told + msgspec.json.encode(self.command)).digest()


class Handled(Struct, frozen=True):
    """A command was carried out: its events (none if its wish was true already).

    `position` is the place in the log at which its effect is complete.
    """

    events: Sequence[Event]
    position: int
    repeated: bool = False


Outcome = Handled | Refused


def handle(log: Log, request: Request) -> Handled:
    """Carry out one command.

    Raises:
        Refused: when the business says no.
        StreamMoved: when others kept appending first.
    """
    outcome = handle_all(log, [request])[0]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def handle_all(log: Log, requests: Sequence[Request]) -> list[Outcome]:
    """Carry out commands, in order, in one append; a refused one does not hold up the others.

    Raises:
        StreamMoved: when others kept appending first.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return _attempt(log, requests)
        except StreamMoved:
            if attempt == ATTEMPTS_MAX:
                raise
    raise AssertionError("unreachable: the loop returns or raises")


class _Decided(Struct, frozen=True):
    """A command's events, as a stretch of the batch."""

    start: int
    events: Sequence[Event]


class _SameAs(Struct, frozen=True):
    """A command of the batch that was sent before, as the request of this number."""

    number: int


def _attempt(log: Log, requests: Sequence[Request]) -> list[Outcome]:
    keys = [one.idempotency_key for one in requests if one.idempotency_key is not None]
    told = log.results(keys) if keys else {}
    histories = log.load(list({one.stream for one in requests}))
    states: dict[str, tuple[Any, int]] = {}
    batch: list[NewEvent] = []
    results: list[NewResult] = []
    firsts: dict[str, int] = {}
    outcomes: list[Outcome | _Decided | _SameAs] = []
    for number, one in enumerate(requests):
        key = one.idempotency_key
        if key is not None and (known := told.get(key)) is not None:
            same = known.request_digest == one.digest
            outcomes.append(Handled((), known.last_position, repeated=True) if same else _reused())
            continue
        if key is not None and key in firsts:
            first = firsts[key]
            same = requests[first].digest == one.digest
            outcomes.append(_SameAs(first) if same else _reused())
            continue
        stream = one.stream
        if stream not in states:
            history = histories.get(stream, History((), 0))
            states[stream] = one.decider.replay(history.events), history.version
        state, version = states[stream]
        try:
            events = one.decider.decide(one.command, state)
        except Refused as refusal:
            outcomes.append(refusal)
            continue
        start = len(batch)
        for event in events:
            version += 1
            state = one.decider.evolve(state, event)
            batch.append(
                NewEvent(
                    stream,
                    version,
                    event,
                    event.effective_on(one.business_date),
                    one.actor,
                    one.cause,
                    one.correlation,
                )
            )
        states[stream] = state, version
        if key is not None:
            firsts[key] = number
            results.append(NewResult(key, one.digest, start, len(events)))
        outcomes.append(_Decided(start, events))
    before = log.append(batch, results).first_position - 1 if batch or results else None
    return _answers(outcomes, before if before is not None else log.head().position)


def _answers(outcomes: Sequence[Outcome | _Decided | _SameAs], before: int) -> list[Outcome]:
    """Return the outcomes, now that it is known after which position the batch stands."""
    answers: list[Outcome] = []
    for outcome in outcomes:
        match outcome:
            case _Decided(start, events):
                answers.append(Handled(events, before + start + len(events)))
            case _SameAs(number):
                first = answers[number]
                assert isinstance(first, Handled)
                answers.append(Handled((), first.position, repeated=True))
            case _:
                answers.append(outcome)
    return answers


def _reused() -> Refused:
    """Return the refusal of a key that came with another request before."""
    return Refused(
        "idempotency_key_reused",
        "This idempotency key was used for another request.",
        "idempotencyKey",
    )


class CommandQueue:
    """Merges the waiting commands of one tenant into appends, on a thread of its own."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: deque[tuple[Request, Future[Handled]]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="commands", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> "Future[Handled]":
        """Queue a command; the future gives what `handle` would return or raise."""
        future: Future[Handled] = Future()
        with self._wake:
            if self._closed:
                raise RuntimeError("The command queue is closed.")
            self._waiting.append((request, future))
            self._wake.notify()
        return future

    def close(self) -> None:
        """Carry out what is waiting and stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if not self._waiting:
                    return
                count = min(len(self._waiting), BATCH_COMMANDS_MAX)
                taken = [self._waiting.popleft() for _ in range(count)]
            self._carry_out(taken)

    def _carry_out(self, taken: "list[tuple[Request, Future[Handled]]]") -> None:
        try:
            outcomes = handle_all(self._log, [request for request, _ in taken])
        except Exception as failure:  # noqa: BLE001  (handed to those who wait)
            if len(taken) > 1:  # one of them is at fault: find out by carrying them out one by one
                for one in taken:
                    self._carry_out([one])
                return
            taken[0][1].set_exception(failure)
            return
        for (_, future), outcome in zip(taken, outcomes, strict=True):
            if isinstance(outcome, Refused):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


assert BATCH_COMMANDS_MAX <= APPEND_EVENTS_MAX
