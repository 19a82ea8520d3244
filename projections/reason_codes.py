"""Read model: the site's reason codes (DSP-05)."""

from datetime import datetime
from typing import Any, cast

from domain.reason_code import ReasonCodeChanged, ReasonCodeDefined, ReasonCodeRetired
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class ReasonCodeRow(Row, frozen=True, array_like=True, gc=False):
    """A reason code as known; `severity` 1 is the most severe, null unrated (DSP-08)."""

    tenant: int
    code: str
    description: str
    severity: int | None
    active: bool
    known_from: datetime


State = tuple[str, str, int | None, bool]
"""Code, description, severity, and whether it is given."""


def evolve(state: State | None, recorded: Recorded) -> State:
    """Remember what the code means, and whether it is given."""
    match recorded.event:
        case ReasonCodeDefined(code, description, severity) | ReasonCodeChanged(
            code, description, severity
        ):
            return code, description, severity, True
        case _ if state is not None:
            return *state[:3], False
        case _:
            raise LookupError(f"{recorded.stream} was not defined before")


def rows(state: State, tenant: int, known_from: datetime) -> EntityRows:
    """Return the code's row."""
    return ((ReasonCodeRow(tenant, *state, known_from),),)


def restore(stored: EntityRows) -> State:
    """Return the state of a stored row."""
    row = cast("ReasonCodeRow", stored[0][0])
    return row.code, row.description, row.severity, row.active


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the code that an event is about."""
    return stream_key(recorded.stream)


REASON_CODES: ReadModel[Any, State] = ReadModel(
    name="reason_codes",
    tables=(Table("reason_codes", ReasonCodeRow, ("code",), ("code",)),),
    handles=(ReasonCodeDefined, ReasonCodeChanged, ReasonCodeRetired),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
