"""Read model: reason codes on documents, disputed or not (DSP-07)."""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from domain.invoice_reason import InvoiceReasonCleared, InvoiceReasonSet
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class InvoiceReasonRow(Row, frozen=True, array_like=True, gc=False):
    """The last tag of a document: from `code_date` until `cleared_on`, if it was taken off.

    Of a tag that another replaced, only what was known before that tells.
    """

    tenant: int
    company_id: str
    tran_id: str
    reason_code: str
    code_date: date
    cleared_on: date | None
    known_from: datetime


class InvoiceReasonState(Struct, frozen=True, gc=False):
    """The last tag of a document."""

    company_id: str
    tran_id: str
    reason_code: str
    code_date: date
    cleared_on: date | None = None


def evolve(state: InvoiceReasonState | None, recorded: Recorded) -> InvoiceReasonState:
    """Remember the newest tag, and whether it was taken off."""
    match recorded.event:
        case InvoiceReasonSet(company_id, tran_id, reason_code, code_date):
            return InvoiceReasonState(company_id, tran_id, reason_code, code_date)
        case InvoiceReasonCleared(cleared_on=cleared_on) if state is not None:
            return replace(state, cleared_on=cleared_on)
        case _:
            raise LookupError(f"{recorded.stream} was not tagged before")


def rows(state: InvoiceReasonState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the tag's row."""
    return (
        (
            InvoiceReasonRow(
                tenant,
                state.company_id,
                state.tran_id,
                state.reason_code,
                state.code_date,
                state.cleared_on,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> InvoiceReasonState:
    """Return the tag of a stored row."""
    row = cast("InvoiceReasonRow", stored[0][0])
    return InvoiceReasonState(
        row.company_id, row.tran_id, row.reason_code, row.code_date, row.cleared_on
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the document that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "tran_id")

INVOICE_REASONS: ReadModel[Any, InvoiceReasonState] = ReadModel(
    name="invoice_reasons",
    tables=(Table("invoice_reasons", InvoiceReasonRow, _KEY, _KEY),),
    handles=(InvoiceReasonSet, InvoiceReasonCleared),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
