"""Read model: the ERP's companies, their home currencies and time zones."""

from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple

from domain.company import CompanyAmended, CompanyDocument, CompanyRegistered
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class CompanyRow(Row, frozen=True, array_like=True, gc=False):
    """A company as known."""

    tenant: int
    company_id: str
    home_currency: str
    name: str | None
    time_zone: str
    known_from: datetime


def evolve(state: CompanyDocument | None, recorded: Recorded) -> CompanyDocument:  # noqa: ARG001
    """Remember the newest document."""
    return cast("CompanyRegistered | CompanyAmended", recorded.event).document


def rows(state: CompanyDocument, tenant: int, known_from: datetime) -> EntityRows:
    """Return the company's row."""
    return ((build(CompanyRow, tenant, *astuple(state), known_from),),)


def restore(stored: EntityRows) -> CompanyDocument:
    """Return the document of a stored row."""
    return CompanyDocument(*astuple(stored[0][0])[1:-1])


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the company that an event is about."""
    return stream_key(recorded.stream)


COMPANIES: ReadModel[Any, CompanyDocument] = ReadModel(
    name="companies",
    tables=(Table("companies", CompanyRow, ("company_id",), ("company_id",)),),
    handles=(CompanyRegistered, CompanyAmended),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
