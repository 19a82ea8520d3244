"""Read model: what the site itself says of companies, beside what the ERP says (CMP-04)."""

from datetime import datetime
from typing import Any, cast

from msgspec import Struct

from domain.company_options import CompanyOptions, CompanyOptionsUpdated
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class CompanyOptionsRow(Row, frozen=True, array_like=True, gc=False):
    """The options of a company as known; one of which nothing was said has no row."""

    tenant: int
    company_id: str
    default_user_id: str | None
    online_payments: bool | None
    known_from: datetime


class CompanyOptionsState(Struct, gc=False):
    """The options of a company while its events are folded."""

    company_id: str
    options: CompanyOptions


def evolve(state: CompanyOptionsState | None, recorded: Recorded) -> CompanyOptionsState:  # noqa: ARG001
    """Remember the newest options."""
    event = cast("CompanyOptionsUpdated", recorded.event)
    return CompanyOptionsState(event.company_id, event.options)


def rows(state: CompanyOptionsState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the company's row."""
    one = state.options
    row = CompanyOptionsRow(
        tenant, state.company_id, one.default_user_id, one.online_payments, known_from
    )
    return ((row,),)


def restore(stored: EntityRows) -> CompanyOptionsState:
    """Return the options of a stored row."""
    row = cast("CompanyOptionsRow", stored[0][0])
    return CompanyOptionsState(
        row.company_id, CompanyOptions(row.default_user_id, row.online_payments)
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the company that an event is about."""
    return stream_key(recorded.stream)


COMPANY_OPTIONS: ReadModel[Any, CompanyOptionsState] = ReadModel(
    name="company_options",
    tables=(Table("company_options", CompanyOptionsRow, ("company_id",), ("company_id",)),),
    handles=(CompanyOptionsUpdated,),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
