"""The log in memory, for tests of what stands on it."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from eventstore.codec import decode, encode
from eventstore.encryption import person_in
from eventstore.log import (
    NO_VERSIONS,
    Appended,
    CommandResult,
    Head,
    History,
    NewEvent,
    NewResult,
    Recorded,
    StreamMoved,
)

TICK = timedelta(microseconds=1)


class MemoryLog:
    """An honest twin of the PostgreSQL log: events go through the same stored form."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime(2026, 1, 1, tzinfo=UTC))
        self._recorded: list[Recorded] = []
        self._streams: dict[str, list[Recorded]] = {}
        self._results: dict[str, CommandResult] = {}

    def load(
        self, streams: Sequence[str], after: Mapping[str, int] = NO_VERSIONS
    ) -> dict[str, History]:
        """Return the histories of `streams`, each after the version `after` says."""
        found: dict[str, History] = {}
        for stream in streams:
            known = self._streams.get(stream, [])
            if news := known[after.get(stream, 0) :]:
                found[stream] = History([one.event for one in news], len(known))
        return found

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        """Append `batch` as a whole or not at all, with the results of its commands."""
        for stream, version in unmoved.items():
            if len(self._streams.get(stream, ())) != version:
                raise StreamMoved(stream)
        versions = {new.stream: len(self._streams.get(new.stream, ())) for new in batch}
        for new in batch:
            versions[new.stream] += 1
            if new.version != versions[new.stream]:
                raise StreamMoved(new.stream)
        taken: set[str] = set()
        for result in results:
            if result.idempotency_key in self._results or result.idempotency_key in taken:
                raise StreamMoved(result.idempotency_key)
            taken.add(result.idempotency_key)
        now = self._clock()
        if self._recorded:
            now = max(now, self._recorded[-1].recorded_at + TICK)
        first = len(self._recorded) + 1
        for position, new in enumerate(batch, first):
            event = decode(type(new.event).__name__, encode(new.event))
            one = Recorded(position, new.stream, new.version, event, now)
            self._recorded.append(one)
            self._streams.setdefault(new.stream, []).append(one)
        for result in results:
            start = first + result.start
            self._results[result.idempotency_key] = CommandResult(
                result.idempotency_key, result.request_digest, start, start + result.count - 1
            )
        return Appended(first, first + len(batch) - 1, now)

    def results(self, idempotency_keys: Sequence[str]) -> dict[str, CommandResult]:
        """Return the results stored under these keys."""
        return {key: self._results[key] for key in idempotency_keys if key in self._results}

    def page(self, after: int, limit: int) -> list[Recorded]:
        """Return up to `limit` events after the position `after`, in order."""
        return self._recorded[after : after + limit]

    def tells_of(self, person: str) -> bool:
        """Whether events told of a person, erased or not; they are named by their stream."""
        return any(person_in(one.stream, one.event) == person for one in self._recorded)

    def head(self) -> Head:
        """Return the end of the log."""
        if not self._recorded:
            return Head(0, None)
        return Head(len(self._recorded), self._recorded[-1].recorded_at)

    def position_at(self, moment: datetime) -> int:
        """Return the last position recorded at or before `moment` (0 if none)."""
        return bisect_right(self._recorded, moment, key=lambda one: one.recorded_at)
