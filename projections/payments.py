"""Read model: payments of the ERP. What they were applied to stands with the documents."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec.structs import astuple

from domain.payment import PaymentAmended, PaymentDocument, PaymentRecorded
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class PaymentRow(Row, frozen=True, array_like=True, gc=False):
    """A payment as known; `_hc` is home currency."""

    tenant: int
    company_id: str
    payment_id: str
    cust_id: str
    pmt_date: date
    amount: Decimal
    curr_id: str
    amount_hc: Decimal | None
    post_date: date | None
    tender_type: str | None
    tran_type: str | None
    reference: str | None
    unapplied_amt: Decimal | None
    unapplied_amt_hc: Decimal | None
    comment: str | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    known_from: datetime


def evolve(state: PaymentDocument | None, recorded: Recorded) -> PaymentDocument:  # noqa: ARG001
    """Remember the newest document."""
    return cast("PaymentRecorded | PaymentAmended", recorded.event).document


def rows(state: PaymentDocument, tenant: int, known_from: datetime) -> EntityRows:
    """Return the payment's row."""
    return ((build(PaymentRow, tenant, *astuple(state), known_from),),)


def restore(stored: EntityRows) -> PaymentDocument:
    """Return the document of a stored row."""
    return PaymentDocument(*astuple(stored[0][0])[1:-1])


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the payment that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "payment_id")

PAYMENTS: ReadModel[Any, PaymentDocument] = ReadModel(
    name="payments",
    tables=(Table("payments", PaymentRow, _KEY, _KEY),),
    handles=(PaymentRecorded, PaymentAmended),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
