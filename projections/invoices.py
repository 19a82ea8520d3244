"""Read model: documents (invoices, credit memos …), what was applied to them and their balance.

The balance is kept as a step function of the effective date, a row of `balances` for each range
in which something was open; with `known_from` and the history these are rectangles on both axes
of time (DESIGN section 3).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from domain.durations import FOREVER, OPEN_ENDED, duration_class
from domain.invoice import (
    InvoiceAmended,
    InvoiceBalanceReconciled,
    InvoiceClosed,
    InvoiceDocument,
    InvoiceRegistered,
    InvoiceReopened,
    InvoiceStatusChanged,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build

ZERO = Decimal(0)


class InvoiceRow(Row, frozen=True, array_like=True, gc=False):
    """A document as known; amounts are signed, `_hc` is home currency.

    `balance_since` is the date of the last change: from it on, `balance` is what is open.
    """

    tenant: int
    company_id: str
    tran_id: str
    cust_id: str
    tran_date: date
    amount: Decimal
    curr_id: str
    amount_hc: Decimal
    home_curr_id: str
    type: str
    due_date: date | None
    post_date: date | None
    cust_po_no: str | None
    sold_to_id: str | None
    disc_amt: Decimal | None
    invoice_cmnt: str | None
    comment: str | None
    pmt_terms_id: str | None
    statistical_pmt_date: date | None
    project_code: str | None
    job_code: str | None
    sper_id: str | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    effective_from: date
    first_seen_on: date
    status: str | None
    balance: Decimal
    balance_hc: Decimal
    balance_since: date
    closing_tran_date: date | None
    pmt_count: int
    last_pmt_date: date | None
    unexplained: str | None
    known_from: datetime


class PaymentApplicationRow(Row, frozen=True, array_like=True, gc=False):
    """A payment or credit memo applied to a document."""

    tenant: int
    company_id: str
    tran_id: str
    payment_id: str
    amount: Decimal
    amount_hc: Decimal
    applied_date: date
    known_from: datetime


class BalanceRow(Row, frozen=True, array_like=True, gc=False):
    """What was open of a document from a date up to, and without, another."""

    tenant: int
    company_id: str
    tran_id: str
    effective_from: date
    effective_to: date
    duration_class: int
    cust_id: str
    tran_date: date
    due_date: date
    curr_id: str
    balance: Decimal
    balance_hc: Decimal
    known_from: datetime


class Application(Struct, gc=False):
    """What one payment paid of the document."""

    amount: Decimal
    amount_hc: Decimal
    applied_date: date


class InvoiceState(Struct, gc=False):
    """A document while its events are folded."""

    document: InvoiceDocument
    effective_from: date
    first_seen_on: date
    status: str | None
    closing_tran_date: date | None
    applications: dict[str, Application] | None
    unexplained: tuple[tuple[date, Decimal, Decimal], ...]


def evolve(state: InvoiceState | None, recorded: Recorded) -> InvoiceState:
    """Remember an event, in place."""
    event = recorded.event
    if isinstance(event, InvoiceRegistered):
        return InvoiceState(
            event.document, event.effective_from, event.first_seen_on, event.status, None, None, ()
        )
    if state is None:
        raise LookupError(f"{recorded.stream} is not registered.")
    if isinstance(event, PaymentApplied):
        if state.applications is None:
            state.applications = {}
        state.applications[event.payment_id] = Application(
            event.amount, event.amount_hc, event.applied_on
        )
    elif isinstance(event, InvoiceClosed):
        state.closing_tran_date = event.closed_on
    elif isinstance(event, InvoiceBalanceReconciled):
        state.unexplained = tuple(
            (entry.effective_on, entry.amount, entry.amount_hc) for entry in event.unexplained
        )
    elif isinstance(event, InvoiceStatusChanged):
        state.status = event.status
    elif isinstance(event, InvoiceAmended):
        state.document = event.document
        state.effective_from = event.effective_from
    elif isinstance(event, PaymentUnapplied):
        del cast("dict[str, Application]", state.applications)[event.payment_id]
    elif isinstance(event, InvoiceReopened):
        state.closing_tran_date = None
    return state


def rows(state: InvoiceState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the document's row, its applications and the steps of its balance."""
    document = state.document
    company_id, tran_id = document.company_id, document.tran_id
    balance, balance_hc = document.amount, document.amount_hc
    start = state.effective_from
    pmt_count = 0
    last_pmt_date: date | None = None
    changes: dict[date, tuple[Decimal, Decimal]] = {}
    applications: list[Row] = []
    if state.applications:
        for payment_id, one in state.applications.items():
            on = one.applied_date
            pmt_count += 1
            if last_pmt_date is None or on > last_pmt_date:
                last_pmt_date = on
            _change(changes, max(on, start), one.amount, one.amount_hc)
            applications.append(
                PaymentApplicationRow(
                    tenant,
                    company_id,
                    tran_id,
                    payment_id,
                    one.amount,
                    one.amount_hc,
                    on,
                    known_from,
                )
            )
    for on, amount, amount_hc in state.unexplained:
        _change(changes, max(on, start), amount, amount_hc)
    steps: list[Row] = []
    due_date = document.due_date or document.tran_date
    since = start
    for until in (*sorted(changes), FOREVER) if changes else (FOREVER,):
        if until > since and (balance or balance_hc):
            steps.append(
                BalanceRow(
                    tenant,
                    company_id,
                    tran_id,
                    since,
                    until,
                    OPEN_ENDED if until is FOREVER else duration_class((until - since).days),
                    document.cust_id,
                    document.tran_date,
                    due_date,
                    document.curr_id,
                    balance,
                    balance_hc,
                    known_from,
                )
            )
        if until is not FOREVER:
            amount, amount_hc = changes[until]
            balance -= amount
            balance_hc -= amount_hc
            since = until
    row = build(
        InvoiceRow,
        tenant,
        *astuple(document),
        start,
        state.first_seen_on,
        state.status,
        balance,
        balance_hc,
        since,
        state.closing_tran_date,
        pmt_count,
        last_pmt_date,
        msgspec.json.encode(state.unexplained).decode() if state.unexplained else None,
        known_from,
    )
    return (row,), applications, steps


def _change(
    changes: dict[date, tuple[Decimal, Decimal]], on: date, amount: Decimal, amount_hc: Decimal
) -> None:
    before, before_hc = changes.get(on, (ZERO, ZERO))
    changes[on] = before + amount, before_hc + amount_hc


_DOCUMENT_FIELDS = len(InvoiceDocument.__struct_fields__)


def restore(stored: EntityRows) -> InvoiceState:
    """Return the state that an entity's stored rows stand for."""
    row = cast("InvoiceRow", stored[0][0])
    unexplained: tuple[tuple[date, Decimal, Decimal], ...] = ()
    if row.unexplained is not None:
        unexplained = msgspec.json.decode(
            row.unexplained, type=tuple[tuple[date, Decimal, Decimal], ...]
        )
    applications = {
        one.payment_id: Application(one.amount, one.amount_hc, one.applied_date)
        for one in cast("list[PaymentApplicationRow]", stored[1])
    }
    return InvoiceState(
        InvoiceDocument(*astuple(row)[1 : _DOCUMENT_FIELDS + 1]),
        row.effective_from,
        row.first_seen_on,
        row.status,
        row.closing_tran_date,
        applications,
        unexplained,
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the company and number of the document that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "tran_id")

INVOICES: ReadModel[Any, InvoiceState] = ReadModel(
    name="invoices",
    tables=(
        Table("invoices", InvoiceRow, _KEY, _KEY),
        Table("payment_applications", PaymentApplicationRow, _KEY, (*_KEY, "payment_id")),
        Table("balances", BalanceRow, _KEY, (*_KEY, "effective_from")),
    ),
    handles=(
        InvoiceRegistered,
        InvoiceAmended,
        InvoiceStatusChanged,
        PaymentApplied,
        PaymentUnapplied,
        InvoiceBalanceReconciled,
        InvoiceClosed,
        InvoiceReopened,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
