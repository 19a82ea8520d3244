"""The one way a command becomes events: load, replay, decide, append.

Commands of one tenant that wait at the same time are decided one after the other and appended
together, in one transaction: a tenant's rate is bound by commits, not by commands.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import date
from functools import reduce
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.streams import stream_name
from eventstore.log import (
    APPEND_EVENTS_MAX,
    CommandResult,
    Log,
    LogUnavailable,
    NewEvent,
    NewResult,
    StreamMoved,
)

ATTEMPTS_MAX = 10
"""Decisions on a stream that keeps moving, before giving up."""

BATCH_COMMANDS_MAX = 500
"""Commands merged into one append at most."""

LINGER_SHARE = 0.5
"""How long a batch waits at most for more commands, as a share of what the last one took."""

STATES_MAX = 10_000
"""Streams whose state a queue remembers, at most."""

_NOT_WISHED = ("business_date", "reach", "use", "account_rules")
"""Fields of commands that say when it was wished, or what was measured then."""


class Consulted(Struct, frozen=True):
    """Another stream that a decision looks at, and what of its state the decision may know.

    The facts are as of the decision; the log does not hold them still while it is appended.
    """

    decider: Decider[Any, Any, Any]
    key: tuple[str, ...]
    facts: Callable[[Any], Any]

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return stream_name(self.decider.category, *self.key)


class Request(Struct, frozen=True):
    """A command to the stream of `decider` about `key`, by whom and on which business date.

    `cause` names what led to it; `correlation` is shared by all that one request set off. A
    command with an `idempotency_key` is carried out once, however often it is sent. A command
    that consults other streams has a method `knowing`, which takes their facts in order and
    returns the command that knows them. One that consults them firmly, as it cannot be undone, is
    decided anew if they moved before it was appended.
    """

    decider: Decider[Any, Any, Any]
    key: tuple[str, ...]
    command: Struct
    actor: str
    business_date: date
    cause: str
    correlation: str
    idempotency_key: str | None = None
    consults: tuple[Consulted, ...] = ()
    consults_firmly: bool = False

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return stream_name(self.decider.category, *self.key)

    @property
    def digest(self) -> bytes:
        """Tells requests apart that use the same idempotency key, whenever they come."""
        told = f"{self.stream}\n{type(self.command).__name__}\n".encode()
        fields = msgspec.to_builtins(self.command)
        for name in _NOT_WISHED:
            fields.pop(name, None)
        return sha256(told + msgspec.json.encode(fields)).digest()


class Handled(Struct, frozen=True):
    """A command was carried out: its events (none if its wish was true already).

    `position` is the place in the log at which its effect is complete.
    """

    events: Sequence[Event]
    position: int
    repeated: bool = False


Outcome = Handled | Refused


class States:
    """What streams led to so far, kept from command to command.

    A decision on a remembered state stands only if it leads to events, as the log refuses them
    if the stream has moved; any other is taken again on what the log says now. The streams used
    least recently are forgotten.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def remembered(self, requests: Sequence[Request]) -> dict[str, tuple[Any, int]] | None:
        """Return the states and versions of the requests' streams, if all are known.

        A request that consults others is decided on what the log says of them now.
        """
        states: dict[str, tuple[Any, int]] = {}
        for one in requests:
            found = self._known.get(one.stream)
            if found is None or one.consults:
                return None
            states[one.stream] = found
        return states

    def fresh(self, log: Log, requests: Sequence[Request]) -> dict[str, tuple[Any, int]]:
        """Return the states and versions of the requests' streams, as of now."""
        deciders = {
            one.stream: one.decider for request in requests for one in (request, *request.consults)
        }
        known = {
            stream: found for stream in deciders if (found := self._known.get(stream)) is not None
        }
        news = log.load(list(deciders), {stream: version for stream, (_, version) in known.items()})
        states: dict[str, tuple[Any, int]] = {}
        for stream, decider in deciders.items():
            state, version = known.get(stream, (decider.initial, 0))
            history = news.get(stream)
            if history is not None:
                state = reduce(decider.evolve, history.events, state)
                version = history.version
            states[stream] = state, version
        return states

    def forget(self, requests: Sequence[Request]) -> None:
        """Forget the requests' streams, to load them whole the next time."""
        for request in requests:
            for one in (request, *request.consults):
                self._known.pop(one.stream, None)

    def keep(self, states: Mapping[str, tuple[Any, int]]) -> None:
        """Keep states that the log has confirmed."""
        for stream, state in states.items():
            self._known[stream] = state
            self._known.move_to_end(stream)
        while len(self._known) > STATES_MAX:
            self._known.popitem(last=False)


def handle(log: Log, request: Request) -> Handled:
    """Carry out one command.

    Raises:
        Refused: when the business says no.
        StreamMoved: when others kept appending first.
        LogUnavailable: when the log does not answer.
    """
    outcome = handle_all(log, [request])[0]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def handle_all(
    log: Log, requests: Sequence[Request], states: States | None = None
) -> list[Outcome]:
    """Carry out commands, in order, in one append; a refused one does not hold up the others.

    `states` remembers streams from one call to the next.

    Raises:
        StreamMoved: when others kept appending first.
        LogUnavailable: when the log does not answer.
    """
    known = states if states is not None else States()
    outcomes = _optimistic(log, requests, known)
    if outcomes is not None:
        return outcomes
    keys = [one.idempotency_key for one in requests if one.idempotency_key is not None]
    for attempt in range(1, ATTEMPTS_MAX + 1):
        told = log.results(keys) if keys else {}
        batch = _Batch(requests, known.fresh(log, requests), told)
        try:
            return batch.append(log, known)
        except StreamMoved:
            if attempt == ATTEMPTS_MAX:
                raise
            if attempt > 1:  # a database put back from a backup no longer has what is remembered
                known.forget(requests)
    raise AssertionError("unreachable: the loop returns or raises")


class _Decided(Struct, frozen=True):
    """A command's events, as a stretch of the batch."""

    start: int
    events: Sequence[Event]


class _SameAs(Struct, frozen=True):
    """A command of the batch that was sent before, as the request of this number."""

    number: int


def _optimistic(log: Log, requests: Sequence[Request], known: States) -> list[Outcome] | None:
    """Decide on remembered states and append at once; None if that does not settle everything."""
    states = known.remembered(requests)
    if states is None:
        return None
    batch = _Batch(requests, states, {})
    if not batch.changes_with_every_command:
        return None
    try:
        return batch.append(log, known)
    except StreamMoved:
        return None


class _Batch:
    """Commands decided one after the other: what they lead to, and what that makes of streams.

    `told` are the results of those that were carried out before.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        states: dict[str, tuple[Any, int]],
        told: Mapping[str, CommandResult],
    ) -> None:
        self._states = states
        self._events: list[NewEvent] = []
        self._results: list[NewResult] = []
        self._outcomes: list[Outcome | _Decided | _SameAs] = []
        self._firsts: dict[str, int] = {}
        self._unmoved = {
            one.stream: states[one.stream][1]
            for request in requests
            if request.consults_firmly
            for one in request.consults
        }
        for number, request in enumerate(requests):
            key = request.idempotency_key
            if key is not None and key in told:
                before = told[key]
                same = before.request_digest == request.digest
                repeated = Handled((), before.last_position, repeated=True)
                self._outcomes.append(repeated if same else _reused())
            elif key is not None and key in self._firsts:
                first = self._firsts[key]
                same = requests[first].digest == request.digest
                self._outcomes.append(_SameAs(first) if same else _reused())
            else:
                self._decide(number, request)

    @property
    def changes_with_every_command(self) -> bool:
        """Whether each command led to events, so that the log will confirm what it stands on."""
        return all(isinstance(one, _Decided) and one.events for one in self._outcomes)

    def _decide(self, number: int, request: Request) -> None:
        stream = request.stream
        state, version = self._states[stream]
        command: Any = request.command
        if request.consults:
            command = command.knowing(
                [one.facts(self._states[one.stream][0]) for one in request.consults]
            )
        try:
            events = request.decider.decide(command, state)
        except Refused as refusal:
            self._outcomes.append(refusal)
            return
        start = len(self._events)
        for event in events:
            version += 1
            state = request.decider.evolve(state, event)
            self._events.append(
                NewEvent(
                    stream,
                    version,
                    event,
                    event.effective_on(request.business_date),
                    request.actor,
                    request.cause,
                    request.correlation,
                )
            )
        self._states[stream] = state, version
        if request.idempotency_key is not None:
            self._firsts[request.idempotency_key] = number
            result = NewResult(request.idempotency_key, request.digest, start, len(events))
            self._results.append(result)
        self._outcomes.append(_Decided(start, events))

    def append(self, log: Log, known: States) -> list[Outcome]:
        """Append what the commands led to; return their outcomes.

        Raises:
            StreamMoved: if a stream moved, or a command was carried out before.
        """
        if self._events or self._results:
            written = {new.stream for new in self._events}
            unmoved = {name: at for name, at in self._unmoved.items() if name not in written}
            before = log.append(self._events, self._results, unmoved).first_position - 1
        else:
            before = log.head().position
        known.keep(self._states)
        answers: list[Outcome] = []
        for outcome in self._outcomes:
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
    """Merges the waiting commands of one tenant into appends, on a thread of its own.

    Clients that were answered together send their next commands at about the same time. A batch
    waits for as many as there were, but not for long against what an append takes: else clients
    fall apart into two groups that wait for each other's commits.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._states = States()
        self._waiting: deque[tuple[Request, Future[Handled]]] = deque()
        self._wake = threading.Condition()
        self._enough = 1
        """Waiting commands that wake the thread."""
        self._clients = 1
        """Who waited for an answer or a turn when the last append was done."""
        self._append_seconds = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="commands", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> "Future[Handled]":
        """Queue a command; the future gives what `handle` would return or raise.

        It can be cancelled until the command is taken up.
        """
        future: Future[Handled] = Future()
        with self._wake:
            if self._closed:
                raise RuntimeError("The command queue is closed.")
            self._waiting.append((request, future))
            if len(self._waiting) >= self._enough:
                self._wake.notify()
        return future

    def close(self) -> None:
        """Carry out what is waiting and stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        while taken := self._take():
            wanted = [one for one in taken if one[1].set_running_or_notify_cancel()]
            if wanted:
                self._carry_out(wanted)

    def _take(self) -> "list[tuple[Request, Future[Handled]]]":
        """Return the next commands; none once the queue is closed."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closed)
            self._enough = min(self._clients, BATCH_COMMANDS_MAX)
            self._wake.wait_for(
                lambda: len(self._waiting) >= self._enough or self._closed,
                LINGER_SHARE * self._append_seconds,
            )
            self._enough = 1
            count = min(len(self._waiting), BATCH_COMMANDS_MAX)
            return [self._waiting.popleft() for _ in range(count)]

    def _carry_out(self, taken: "list[tuple[Request, Future[Handled]]]") -> None:
        began = time.monotonic()
        try:
            outcomes = handle_all(self._log, [request for request, _ in taken], self._states)
        except LogUnavailable as failure:
            # Nobody is at fault, and what may have been appended must not be carried out again.
            for _, future in taken:
                future.set_exception(failure)
            return
        except Exception as failure:  # noqa: BLE001  (handed to those who wait)
            if len(taken) > 1:  # one of them is at fault: find out by carrying them out one by one
                for one in taken:
                    self._carry_out([one])
                return
            taken[0][1].set_exception(failure)
            return
        self._append_seconds = time.monotonic() - began
        self._clients = len(taken) + len(self._waiting)
        for (_, future), outcome in zip(taken, outcomes, strict=True):
            if isinstance(outcome, Refused):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


assert BATCH_COMMANDS_MAX <= APPEND_EVENTS_MAX
