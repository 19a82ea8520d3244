"""Read model: erasures of persons, asked for, withdrawn and done."""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct

from domain.erasure import ErasureAsked, ErasureWithdrawn, PersonErased
from domain.shared.streams import stream_category
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream

ASKED = "asked"
WITHDRAWN = "withdrawn"
ERASED = "erased"


class ErasureRow(Row, frozen=True, array_like=True, gc=False):
    """An erasure as known; `decided_on` is when it was withdrawn or done."""

    tenant: int
    person: str
    state: str
    reason: str
    asked_by: str
    asked_on: date
    approved_by: str | None
    decided_on: date | None
    known_from: datetime


class ErasureState(Struct, gc=False):
    """An erasure while its events are folded."""

    person: str
    reason: str
    asked_by: str
    asked_on: date
    state: str = ASKED
    approved_by: str | None = None
    decided_on: date | None = None


def evolve(state: ErasureState | None, recorded: Recorded) -> ErasureState:
    """Remember an event."""
    event = recorded.event
    if isinstance(event, ErasureAsked):
        return ErasureState(event.person, event.reason, event.asked_by, event.asked_on)
    if isinstance(event, PersonErased):
        asked_on = event.erased_on
        if state is not None and event.approved_by is not None:
            asked_on = state.asked_on
        return ErasureState(
            event.person,
            event.reason,
            event.asked_by,
            asked_on,
            ERASED,
            event.approved_by,
            event.erased_on,
        )
    if state is None:
        raise LookupError(f"{recorded.stream} is not known.")
    state.state = WITHDRAWN
    state.decided_on = cast("ErasureWithdrawn", event).withdrawn_on
    return state


def rows(state: ErasureState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the erasure's row."""
    return (
        (
            ErasureRow(
                tenant,
                state.person,
                state.state,
                state.reason,
                state.asked_by,
                state.asked_on,
                state.approved_by,
                state.decided_on,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> ErasureState:
    """Return the state of a stored row."""
    row = cast("ErasureRow", stored[0][0])
    return ErasureState(
        row.person,
        row.reason,
        row.asked_by,
        row.asked_on,
        row.state,
        row.approved_by,
        row.decided_on,
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the person whom an event is about."""
    return (recorded.stream.removeprefix(f"{stream_category(recorded.stream)}/"),)


ERASURES: ReadModel[Any, ErasureState] = ReadModel(
    name="erasures",
    tables=(Table("erasures", ErasureRow, ("person",), ("person",)),),
    handles=(ErasureAsked, ErasureWithdrawn, PersonErased),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
