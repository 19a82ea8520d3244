"""Read model: sales persons of the ERP; of the erased there is nothing to be read but their ids."""

from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple

from domain.sales_person import (
    SalesPersonAmended,
    SalesPersonDocument,
    SalesPersonErased,
    SalesPersonRecorded,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class SalesPersonRow(Row, frozen=True, array_like=True, gc=False):
    """A sales person as known."""

    tenant: int
    company_id: str
    sper_id: str
    sper_name: str | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    known_from: datetime


def evolve(state: SalesPersonDocument | None, recorded: Recorded) -> SalesPersonDocument:  # noqa: ARG001
    """Remember the newest document, and the ids alone once the person is erased."""
    if isinstance(recorded.event, SalesPersonErased):
        return SalesPersonDocument(*stream_key(recorded.stream))
    return cast("SalesPersonRecorded | SalesPersonAmended", recorded.event).document


def rows(state: SalesPersonDocument, tenant: int, known_from: datetime) -> EntityRows:
    """Return the sales person's row."""
    return ((build(SalesPersonRow, tenant, *astuple(state), known_from),),)


def restore(stored: EntityRows) -> SalesPersonDocument:
    """Return the document of a stored row."""
    return SalesPersonDocument(*astuple(stored[0][0])[1:-1])


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the sales person whom an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "sper_id")

SALES_PERSONS: ReadModel[Any, SalesPersonDocument] = ReadModel(
    name="sales_persons",
    tables=(Table("sales_persons", SalesPersonRow, _KEY, _KEY),),
    handles=(SalesPersonAmended, SalesPersonErased, SalesPersonRecorded),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
