"""Read model: legal holds on accounts and persons; lifted ones stay, with the date."""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct

from domain.legal_hold import LegalHoldLifted, LegalHoldPlaced
from domain.shared.streams import stream_category
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class LegalHoldRow(Row, frozen=True, array_like=True, gc=False):
    """A hold as known; `lifted_on` is null while it holds."""

    tenant: int
    subject: str
    reason: str
    placed_by: str
    placed_on: date
    lift_reason: str | None
    lifted_by: str | None
    lifted_on: date | None
    known_from: datetime


class LegalHoldState(Struct, gc=False):
    """A hold while its events are folded."""

    subject: str
    reason: str
    placed_by: str
    placed_on: date
    lift_reason: str | None = None
    lifted_by: str | None = None
    lifted_on: date | None = None


def evolve(state: LegalHoldState | None, recorded: Recorded) -> LegalHoldState:
    """Remember an event; a hold that is placed again begins anew."""
    event = recorded.event
    if isinstance(event, LegalHoldPlaced):
        return LegalHoldState(event.subject, event.reason, event.placed_by, event.placed_on)
    if state is None:
        raise LookupError(f"{recorded.stream} is not known.")
    lifted = cast("LegalHoldLifted", event)
    state.lift_reason = lifted.reason
    state.lifted_by = lifted.lifted_by
    state.lifted_on = lifted.lifted_on
    return state


def rows(state: LegalHoldState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the hold's row."""
    return (
        (
            LegalHoldRow(
                tenant,
                state.subject,
                state.reason,
                state.placed_by,
                state.placed_on,
                state.lift_reason,
                state.lifted_by,
                state.lifted_on,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> LegalHoldState:
    """Return the state of a stored row."""
    row = cast("LegalHoldRow", stored[0][0])
    return LegalHoldState(
        row.subject,
        row.reason,
        row.placed_by,
        row.placed_on,
        row.lift_reason,
        row.lifted_by,
        row.lifted_on,
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the subject that an event is about."""
    return (recorded.stream.removeprefix(f"{stream_category(recorded.stream)}/"),)


LEGAL_HOLDS: ReadModel[Any, LegalHoldState] = ReadModel(
    name="legal_holds",
    tables=(Table("legal_holds", LegalHoldRow, ("subject",), ("subject",)),),
    handles=(LegalHoldPlaced, LegalHoldLifted),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
