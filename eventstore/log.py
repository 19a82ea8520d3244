"""The port: what a log of one tenant offers, whatever keeps it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from domain.shared.event import Event

APPEND_EVENTS_MAX = 5_000
"""Events in one append at most, so that a person's command is not kept waiting by an import."""


NO_VERSIONS: Mapping[str, int] = MappingProxyType({})
"""That nothing is known of any stream."""


class StreamMoved(Exception):
    """Somebody else appended to the stream first; decide anew on what it says now."""


class LogUnavailable(Exception):
    """The log does not answer. What was to be appended was not."""


class Unconfirmed(LogUnavailable):
    """The log was lost before it answered. Whether the batch was appended is not known."""


class NewEvent(Struct, frozen=True, gc=False):
    """An event to be appended as the stream's `version` (from 1)."""

    stream: str
    version: int
    event: Event
    effective_on: date
    actor: str
    cause: str
    correlation: str


class Recorded(Struct, frozen=True, gc=False):
    """An event of the log; positions are the tenant's, from 1, without gaps."""

    position: int
    stream: str
    version: int
    event: Event
    recorded_at: datetime


class History(Struct, frozen=True, gc=False):
    """A stream's events in order, and the version of the last (0 if there are none)."""

    events: Sequence[Event]
    version: int


class CommandResult(Struct, frozen=True):
    """What a command with an idempotency key led to: the events at these positions.

    A command that led to none has a `last_position` before its `first_position`.
    """

    idempotency_key: str
    request_digest: bytes
    first_position: int
    last_position: int


class NewResult(Struct, frozen=True):
    """The result of a command of a batch: `count` events from offset `start` on."""

    idempotency_key: str
    request_digest: bytes
    start: int
    count: int


class Appended(Struct, frozen=True):
    """Where a batch went. An empty batch has a `last_position` before its `first_position`."""

    first_position: int
    last_position: int
    recorded_at: datetime


class Head(Struct, frozen=True):
    """The end of the log: its last position (0 if empty) and when that was recorded."""

    position: int
    recorded_at: datetime | None


class Log(Protocol):
    """A tenant's log."""

    def load(
        self, streams: Sequence[str], after: Mapping[str, int] = NO_VERSIONS
    ) -> dict[str, History]:
        """Return the histories of `streams`, each after the version `after` says.

        One that has no events there is left out.
        """
        ...

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        """Append `batch` as a whole or not at all, with the results of its commands.

        `unmoved` are other streams that must still be at these versions.

        Raises:
            StreamMoved: if a version of the batch is taken or does not follow what is stored, if
                an idempotency key is taken, or if one of `unmoved` moved.
            LogUnavailable: if the log does not answer.
        """
        ...

    def results(self, idempotency_keys: Sequence[str]) -> dict[str, CommandResult]:
        """Return the results stored under these keys."""
        ...

    def page(self, after: int, limit: int) -> list[Recorded]:
        """Return up to `limit` events after the position `after`, in order."""
        ...

    def tells_of(self, person: str) -> bool:
        """Whether events told of a person, erased or not; they are named by their stream."""
        ...

    def head(self) -> Head:
        """Return the end of the log."""
        ...

    def position_at(self, moment: datetime) -> int:
        """Return the last position recorded at or before `moment` (0 if none)."""
        ...
