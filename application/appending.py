"""Many commands, decided and appended batch by batch while the next are thought of."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any

from msgspec import Struct

from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.streams import stream_name
from eventstore.event_copy import EncodedEvents
from eventstore.importing import ImportSession
from eventstore.log import APPEND_EVENTS_MAX, History, NewEvent, StreamMoved

APPENDS_WAITING_MAX = 2
"""Batches that may wait for the database while the next is decided."""

_EVENTS_ROOM = 200
"""Room that a batch leaves for the events of its last row."""


class Task(Struct, gc=False):
    """A command on its way into the log, of a row of an export or of a run of rules.

    `known` streams are decided on their history, others at first as from nothing. A task that is
    not `counted` (an account that a document implies) is no row of its own. One that records the
    run itself names what that was begun by as its `cause`; all others were caused by the run.
    """

    decider: Decider[Any, Any, Any]
    key: tuple[str, ...]
    command: Struct
    file: str = ""
    line: int = 0
    known: bool = False
    counted: bool = True
    cause: str | None = None

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return stream_name(self.decider.category, *self.key)


class AppendedBatch(Struct):
    """What became of a batch's rows."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    events: int = 0
    refused: list[tuple[Task, Refused]] = []


class Appender:
    """Appends on a thread of its own, in batches of at most `APPEND_EVENTS_MAX` events."""

    def __init__(
        self, session: ImportSession, *, actor: str, business_date: date, cause: str
    ) -> None:
        self._session = session
        self._actor = actor
        self._business_date = business_date
        self._cause = cause
        self._executor = ThreadPoolExecutor(1, "append")
        self._waiting: list[Future[AppendedBatch]] = []
        self._tasks: list[Task] = []
        self._known = 0
        """How many tasks are about known streams; how many events they lead to is not known yet."""
        self._events: list[NewEvent] = []
        self._done: list[AppendedBatch] = []

    def add(self, *tasks: Task) -> None:
        """Queue commands; those that are given together are appended together.

        Raises:
            Refused: if one about a stream that is not known is refused; then none is queued.
        """
        decided = [
            () if task.known else task.decider.decide(task.command, task.decider.initial)
            for task in tasks
        ]
        for task, events in zip(tasks, decided, strict=True):
            self._tasks.append(task)
            self._known += task.known
            self._extend(self._events, task, 0, events)
        if (
            len(self._events) > APPEND_EVENTS_MAX - _EVENTS_ROOM
            or self._known > APPEND_EVENTS_MAX // 2
        ):
            self._flush()

    def finish(self) -> list[AppendedBatch]:
        """Append what is left and return what became of all batches since the last time.

        All of it is on disk then.
        """
        self._flush()
        while self._waiting:
            self._done.append(self._waiting.pop(0).result())
        if any(one.events for one in self._done):
            self._session.flush()
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """End the thread; what waits is given up."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _extend(
        self, events: list[NewEvent], task: Task, version: int, decided: Iterable[Event]
    ) -> None:
        stream, cause = task.stream, task.cause or self._cause
        for number, event in enumerate(decided, version + 1):
            on = event.effective_on(self._business_date)
            events.append(NewEvent(stream, number, event, on, self._actor, cause, self._cause))

    def _flush(self) -> None:
        if not self._tasks:
            return
        while len(self._waiting) >= APPENDS_WAITING_MAX:
            self._done.append(self._waiting.pop(0).result())
        tasks, events = self._tasks, self._events
        if self._known:
            appended = self._executor.submit(self._append_decided_anew, tasks)
        else:
            encoded = self._session.encode(events)
            appended = self._executor.submit(self._append, tasks, events, encoded)
        self._waiting.append(appended)
        self._tasks, self._events, self._known = [], [], 0

    def _append(
        self, tasks: list[Task], events: list[NewEvent], encoded: EncodedEvents | None
    ) -> AppendedBatch:
        """Append a batch about streams that are new; if one is not, it is decided anew."""
        try:
            self._session.append(events, encoded)
        except StreamMoved:  # an earlier sync was cut off behind these rows
            return self._append_decided_anew(tasks)
        return AppendedBatch(new=sum(task.counted for task in tasks), events=len(events))

    def _append_decided_anew(self, tasks: list[Task]) -> AppendedBatch:
        """Append what is decided on the histories of streams."""
        while True:
            batch, decided = self._decide_anew(tasks)
            try:
                if decided:
                    self._session.append(decided)
            except StreamMoved:
                continue
            return batch

    def _decide_anew(self, tasks: list[Task]) -> tuple[AppendedBatch, list[NewEvent]]:
        histories = self._session.load_for_append([task.stream for task in tasks])
        states: dict[str, tuple[Any, int]] = {}
        events: list[NewEvent] = []
        batch = AppendedBatch()
        for task in tasks:
            decider, stream = task.decider, task.stream
            if stream not in states:
                history = histories.get(stream, History((), 0))
                states[stream] = decider.replay(history.events), history.version
            state, version = states[stream]
            try:
                decided = decider.decide(task.command, state)
            except Refused as refusal:
                batch.refused.append((task, refusal))
                continue
            self._extend(events, task, version, decided)
            for event in decided:
                state = decider.evolve(state, event)
            states[stream] = state, version + len(decided)
            if task.counted:
                batch.new += bool(decided and not version)
                batch.changed += bool(decided and version)
                batch.unchanged += not decided
        batch.events = len(events)
        return batch, events
