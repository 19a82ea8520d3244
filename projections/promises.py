"""Read model: expected payments and promises, their invoices and what was received towards them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct

from domain.promise import (
    ExpectedPaymentMissed,
    ExpectedPaymentRecorded,
    PromiseBroken,
    PromiseConfirmed,
    PromiseKept,
    PromiseOutcomeContradicted,
    PromiseOutcomeUpheld,
    PromiseReceiptCounted,
    PromiseReceiptDropped,
    PromiseWithdrawn,
)
from domain.receipts import Receipt, total
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class PromiseRow(Row, frozen=True, array_like=True, gc=False):
    """An expected payment as known, in its own currency.

    `promise` says that it is a promise to pay, since `promised_on`. `status` is open, kept,
    broken, missed or withdrawn, the latter four since `settled_on`.
    """

    tenant: int
    promise_id: str
    company_id: str
    cust_id: str
    amount: Decimal
    curr_id: str
    expect_date: date
    made_on: date
    promise: bool
    promised_on: date | None
    note: str | None
    user_id: str | None
    activity_id: str | None
    actual_amt: Decimal
    actual_date: date | None
    status: str
    settled_on: date | None
    broken_on: date | None
    contradicted: bool
    withdrawn_reason: str | None
    known_from: datetime


class PromiseInvoiceRow(Row, frozen=True, array_like=True, gc=False):
    """An invoice that is to be paid."""

    tenant: int
    promise_id: str
    company_id: str
    tran_id: str
    known_from: datetime


class PromiseReceiptRow(Row, frozen=True, array_like=True, gc=False):
    """Money received that counts towards an expected payment."""

    tenant: int
    promise_id: str
    receipt_id: str
    company_id: str
    tran_id: str | None
    payment_id: str | None
    amount: Decimal
    dated: date
    known_from: datetime


class PromiseState(Struct, gc=False):
    """An expected payment while its events are folded."""

    recorded: ExpectedPaymentRecorded
    promised_on: date | None
    receipts: dict[str, Receipt]
    status: str = "open"
    settled_on: date | None = None
    contradicted: bool = False
    withdrawn_reason: str | None = None


def evolve(state: PromiseState | None, recorded: Recorded) -> PromiseState:
    """Remember an event, in place."""
    event = recorded.event
    if isinstance(event, ExpectedPaymentRecorded):
        return PromiseState(event, event.made_on if event.promise else None, {})
    if state is None:
        raise LookupError(f"{recorded.stream} is not recorded.")
    match event:
        case PromiseReceiptCounted(receipt):
            state.receipts[receipt.receipt_id] = receipt
        case PromiseReceiptDropped(receipt):
            del state.receipts[receipt.receipt_id]
        case PromiseConfirmed(confirmed_on):
            state.promised_on = confirmed_on
        case PromiseWithdrawn(reason, withdrawn_on):
            state.status, state.settled_on = "withdrawn", withdrawn_on
            state.withdrawn_reason = reason
        case PromiseKept(kept_on):
            state.status, state.settled_on = "kept", kept_on
        case PromiseBroken(broken_on):
            state.status, state.settled_on = "broken", broken_on
        case ExpectedPaymentMissed(missed_on):
            state.status, state.settled_on = "missed", missed_on
        case _:
            state.contradicted = isinstance(event, PromiseOutcomeContradicted)
    return state


def rows(state: PromiseState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the row of the expected payment, of its invoices and of its receipts."""
    told = state.recorded
    received = state.receipts.values()
    row = PromiseRow(
        tenant,
        told.promise_id,
        told.company_id,
        told.cust_id,
        told.amount,
        told.curr_id,
        told.expect_date,
        told.made_on,
        state.promised_on is not None,
        state.promised_on,
        told.note,
        told.user_id,
        told.activity_id,
        total(received),
        max((one.dated for one in received), default=None),
        state.status,
        state.settled_on,
        state.settled_on if state.status == "broken" else None,
        state.contradicted,
        state.withdrawn_reason,
        known_from,
    )
    invoices = [
        PromiseInvoiceRow(tenant, told.promise_id, told.company_id, tran_id, known_from)
        for tran_id in told.tran_ids
    ]
    receipts = [
        PromiseReceiptRow(
            tenant,
            told.promise_id,
            receipt_id,
            told.company_id,
            one.tran_id,
            one.payment_id,
            one.amount,
            one.dated,
            known_from,
        )
        for receipt_id, one in state.receipts.items()
    ]
    return (row,), invoices, receipts


def restore(stored: EntityRows) -> PromiseState:
    """Return the state that an expected payment's stored rows stand for."""
    row = cast("PromiseRow", stored[0][0])
    recorded = ExpectedPaymentRecorded(
        row.promise_id,
        row.company_id,
        row.cust_id,
        row.amount,
        row.curr_id,
        row.expect_date,
        row.made_on,
        tuple(one.tran_id for one in cast("list[PromiseInvoiceRow]", stored[1])),
        row.promised_on == row.made_on,
        row.note,
        row.user_id,
        row.activity_id,
    )
    receipts = {
        one.receipt_id: Receipt(one.dated, one.amount, one.payment_id, one.tran_id)
        for one in cast("list[PromiseReceiptRow]", stored[2])
    }
    return PromiseState(
        recorded,
        row.promised_on,
        receipts,
        row.status,
        row.settled_on,
        row.contradicted,
        row.withdrawn_reason,
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the expected payment that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("promise_id",)

PROMISES: ReadModel[Any, PromiseState] = ReadModel(
    name="promises",
    tables=(
        Table("promises", PromiseRow, _KEY, _KEY),
        Table("promise_invoices", PromiseInvoiceRow, _KEY, (*_KEY, "company_id", "tran_id")),
        Table("promise_receipts", PromiseReceiptRow, _KEY, (*_KEY, "receipt_id")),
    ),
    handles=(
        ExpectedPaymentRecorded,
        PromiseConfirmed,
        PromiseWithdrawn,
        PromiseReceiptCounted,
        PromiseReceiptDropped,
        PromiseKept,
        PromiseBroken,
        ExpectedPaymentMissed,
        PromiseOutcomeContradicted,
        PromiseOutcomeUpheld,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
