"""Our events as the library's, and deciders as its projector functions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from eventsourcing.persistence import (
    Cipher,
    Compressor,
    Mapper,
    ProgrammingError,
    StoredEvent,
    Transcoder,
)
from msgspec import Struct

from domain.shared.decider import Decider
from domain.shared.event import Event
from eventstore.codec import decode, encode
from eventstore.encryption import PERSONAL_TYPES, is_sealed, opened, person_in


class Filed(Struct, frozen=True):
    """An event as the library handles it: with its stream, its version and its date."""

    originator_id: str
    originator_version: int
    event: Event
    effective_on: date | None = None


@dataclass(frozen=True)
class DatedEvent(StoredEvent):
    """A stored event that says on which date it is effective."""

    effective_on: date | None = None


class EventMapper(Mapper[str]):
    """Events to stored events and back, by our own codec and names.

    Programs built on the library are told nothing of persons: what is personal reads as if they
    were erased, and only our own log, which has their keys, appends it.
    """

    def __init__(
        self,
        transcoder: Transcoder | None = None,
        compressor: Compressor | None = None,
        cipher: Cipher | None = None,
    ) -> None:
        """Make a mapper; our codec stands in for a transcoder.

        Raises:
            OSError: if a compressor or a cipher is set, which the rest of us could not read.
        """
        if compressor is not None or cipher is not None:
            raise OSError("Events of this log are neither compressed nor encrypted as a whole.")
        self.transcoder = transcoder  # pyright: ignore[reportAttributeAccessIssue]
        self.compressor = None
        self.cipher = None

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return an event as it is stored.

        Raises:
            ProgrammingError: if it tells of a person.
        """
        filed: Filed = domain_event
        event = filed.event
        if event.erases or person_in(filed.originator_id, event) is not None:
            raise ProgrammingError(
                f"{type(event).__name__} is about a person, and appended by the product alone."
            )
        return DatedEvent(
            originator_id=filed.originator_id,
            originator_version=filed.originator_version,
            topic=type(filed.event).__name__,
            state=encode(filed.event),
            effective_on=filed.effective_on,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the event that was stored."""
        return Filed(
            str(stored_event.originator_id),
            stored_event.originator_version,
            _without_persons(stored_event.topic, stored_event.state),
            getattr(stored_event, "effective_on", None),
        )


def _without_persons(type_name: str, data: bytes) -> Event:
    if type_name not in PERSONAL_TYPES:
        return decode(type_name, data)
    fields: dict[str, Any] = msgspec.json.decode(data)
    if is_sealed(fields):
        opened(fields, type_name, None, b"")
    return decode(type_name, msgspec.json.encode(fields))


class Projected(Struct, frozen=True):
    """What a stream's events led to."""

    id: str
    version: int
    state: Any


def projector(
    decider: Decider[Any, Any, Any],
) -> Callable[[Projected | None, Iterable[Any]], Projected | None]:
    """Return the library's projector function of a decider."""

    def project(initial: Projected | None, events: Iterable[Any]) -> Projected | None:
        projected = initial
        for filed in events:
            state = decider.initial if projected is None else projected.state
            state = decider.evolve(state, filed.event)
            projected = Projected(filed.originator_id, filed.originator_version, state)
        return projected

    return project
