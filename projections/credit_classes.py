"""Read model: credit classes as defined; one that was deleted has no row (RULE-01)."""

from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from domain.credit_class import (
    CreditClassChanged,
    CreditClassDefined,
    CreditClassDeleted,
    CreditClassDocument,
)
from domain.schedule import Schedule
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class CreditClassRow(Row, frozen=True, array_like=True, gc=False):
    """A class as defined; `schedule` is JSON."""

    tenant: int
    class_id: str
    name: str
    description: str | None
    frequency_days: int
    schedule: str | None
    known_from: datetime


class CreditClassState(Struct, gc=False):
    """A class while its events are folded; None while there is none."""

    document: CreditClassDocument | None


def evolve(state: CreditClassState | None, recorded: Recorded) -> CreditClassState:  # noqa: ARG001
    """Remember the newest definition, or that there is none."""
    event = recorded.event
    if isinstance(event, CreditClassDeleted):
        return CreditClassState(None)
    return CreditClassState(cast("CreditClassDefined | CreditClassChanged", event).document)


def rows(state: CreditClassState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the class's row, if there is such a class."""
    document = state.document
    if document is None:
        return ((),)
    row = CreditClassRow(
        tenant,
        document.class_id,
        document.name,
        document.description,
        document.frequency_days,
        None if document.schedule is None else msgspec.json.encode(document.schedule).decode(),
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> CreditClassState:
    """Return the definition of a stored row."""
    return CreditClassState(document_of(cast("CreditClassRow", stored[0][0])))


def document_of(row: CreditClassRow) -> CreditClassDocument:
    """Return what a row says of a class."""
    return CreditClassDocument(
        row.class_id,
        row.name,
        row.description,
        row.frequency_days,
        None if row.schedule is None else msgspec.json.decode(row.schedule, type=Schedule),
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the class that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("class_id",)

CREDIT_CLASSES: ReadModel[Any, CreditClassState] = ReadModel(
    name="credit_classes",
    tables=(Table("credit_classes", CreditClassRow, _KEY, _KEY),),
    handles=(CreditClassDefined, CreditClassChanged, CreditClassDeleted),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
