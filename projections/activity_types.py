"""Read model: types of activities that somebody defined; the standard ones are there anyway."""

from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple

from domain.activity_type import ActivityTypeChanged, ActivityTypeDefined, ActivityTypeDocument
from domain.shared.standard_type import StandardType
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class ActivityTypeRow(Row, frozen=True, array_like=True, gc=False):
    """A type of activities as defined."""

    tenant: int
    code: str
    standard_type: str
    name: str
    priority: int | None
    procedure: str | None
    known_from: datetime


def evolve(state: ActivityTypeDocument | None, recorded: Recorded) -> ActivityTypeDocument:  # noqa: ARG001
    """Remember the newest definition."""
    return cast("ActivityTypeDefined | ActivityTypeChanged", recorded.event).document


def rows(state: ActivityTypeDocument, tenant: int, known_from: datetime) -> EntityRows:
    """Return the type's row."""
    row = ActivityTypeRow(
        tenant,
        state.code,
        state.standard_type.value,
        state.name,
        state.priority,
        state.procedure,
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> ActivityTypeDocument:
    """Return the definition of a stored row."""
    code, standard_type, *rest = astuple(stored[0][0])[1:-1]
    return ActivityTypeDocument(code, StandardType(standard_type), *rest)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the type that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("code",)

ACTIVITY_TYPES: ReadModel[Any, ActivityTypeDocument] = ReadModel(
    name="activity_types",
    tables=(Table("activity_types", ActivityTypeRow, _KEY, _KEY),),
    handles=(ActivityTypeDefined, ActivityTypeChanged),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
