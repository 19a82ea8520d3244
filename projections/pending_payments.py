"""Read model: pending payments, what they are to pay, and how they were reconciled."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from domain.api_key import ApiKeyErased
from domain.pending_payment import (
    PENDING_PAYMENT,
    PaidInvoice,
    PendingPaymentReconciled,
    PendingPaymentReconciliationUndone,
    PendingPaymentRecorded,
    Processor,
    ReconciledBy,
    Status,
)
from domain.shared.streams import stream_key
from domain.user import UserErased
from eventstore.log import Recorded
from projections.projection import EntityRows, Naming, ReadModel, Row, Table, begins_stream


class PendingPaymentRow(Row, frozen=True, array_like=True, gc=False):
    """A pending payment as known; `amount` is in `curr_id`.

    `pend_pmt_id` is the position in the log at which it was recorded. `undone_payments` are
    payments that it turned out not to be, as a JSON list of ids. `entry_for` is the user for whom
    it was entered, with whom the name goes.
    """

    tenant: int
    pending_payment_id: str
    pend_pmt_id: int
    company_id: str
    cust_id: str
    amount: Decimal
    curr_id: str
    create_date: date
    status: str
    entry_user_id: str | None
    entry_user_name: str | None
    proc_acct_id: str | None
    proc_acct_name: str | None
    proc_acct_type: str | None
    proc_status: str | None
    proc_status_msg: str | None
    proc_ref_no: str | None
    reconcile_date: date | None
    reconciled_by: str | None
    payment_id: str | None
    undone_payments: str | None
    entry_for: str | None
    known_from: datetime


class PendingPaymentInvoiceRow(Row, frozen=True, array_like=True, gc=False):
    """What a pending payment is to pay of an invoice, in the currency of both."""

    tenant: int
    pending_payment_id: str
    tran_id: str
    company_id: str
    amount: Decimal
    known_from: datetime


class Reconciliation(Struct, frozen=True, gc=False):
    """Which payment of the ERP it is, since when and why that is known."""

    reconcile_date: date
    reconciled_by: ReconciledBy
    payment_id: str


class PendingPaymentState(Struct, gc=False):
    """A pending payment while its events are folded."""

    recorded: PendingPaymentRecorded
    pend_pmt_id: int
    reconciliation: Reconciliation | None
    undone: frozenset[str]


def evolve(state: PendingPaymentState | None, recorded: Recorded) -> PendingPaymentState:
    """Remember an event, in place."""
    event = recorded.event
    if isinstance(event, PendingPaymentRecorded):
        return PendingPaymentState(event, recorded.position, None, frozenset())
    if state is None:
        raise LookupError(f"{recorded.stream} is not recorded.")
    if isinstance(event, PendingPaymentReconciled):
        state.reconciliation = Reconciliation(
            event.reconcile_date, event.reconciled_by, event.payment_id
        )
        state.undone -= {event.payment_id}
    elif isinstance(event, PendingPaymentReconciliationUndone):
        state.reconciliation = None
        state.undone |= {event.payment_id}
    return state


def rows(state: PendingPaymentState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the pending payment's row, and those of what it is to pay."""
    told, reconciliation = state.recorded, state.reconciliation
    if told.declined:
        status = Status.DECLINED
    else:
        status = Status.NO_RESPONSE if reconciliation is None else Status.RECONCILED
    row = PendingPaymentRow(
        tenant,
        told.pending_payment_id,
        state.pend_pmt_id,
        told.company_id,
        told.cust_id,
        told.amount,
        told.curr_id,
        told.create_date,
        status.value,
        told.entry_user_id,
        told.entry_user_name,
        told.processor.proc_acct_id,
        told.processor.proc_acct_name,
        told.processor.proc_acct_type,
        told.processor.proc_status,
        told.processor.proc_status_msg,
        told.processor.proc_ref_no,
        reconciliation.reconcile_date if reconciliation else None,
        reconciliation.reconciled_by.value if reconciliation else None,
        reconciliation.payment_id if reconciliation else None,
        msgspec.json.encode(sorted(state.undone)).decode() if state.undone else None,
        told.entry_for,
        known_from,
    )
    invoices = [
        PendingPaymentInvoiceRow(
            tenant, told.pending_payment_id, one.tran_id, told.company_id, one.amount, known_from
        )
        for one in told.invoices
    ]
    return (row,), invoices


def restore(stored: EntityRows) -> PendingPaymentState:
    """Return the state that stored rows stand for."""
    row = cast("PendingPaymentRow", stored[0][0])
    invoices = cast("list[PendingPaymentInvoiceRow]", stored[1])
    first = PendingPaymentRow.__struct_fields__.index("proc_acct_id")
    recorded = PendingPaymentRecorded(
        row.pending_payment_id,
        row.company_id,
        row.cust_id,
        row.amount,
        row.curr_id,
        row.create_date,
        tuple(PaidInvoice(one.tran_id, one.amount) for one in invoices),
        row.status == Status.DECLINED,
        row.entry_user_id,
        row.entry_user_name,
        Processor(*astuple(row)[first : first + len(Processor.__struct_fields__)]),
        row.entry_for,
    )
    reconciliation = None
    if row.reconcile_date and row.reconciled_by and row.payment_id is not None:
        reconciliation = Reconciliation(
            row.reconcile_date, ReconciledBy(row.reconciled_by), row.payment_id
        )
    undone: frozenset[str] = frozenset()
    if row.undone_payments is not None:
        undone = msgspec.json.decode(row.undone_payments, type=frozenset[str])
    return PendingPaymentState(recorded, row.pend_pmt_id, reconciliation, undone)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the pending payment that an event is about."""
    return stream_key(recorded.stream)


def entered_for(recorded: Recorded) -> Mapping[str, str | None]:
    """Return what rows hold that were entered for the user whom an event is about."""
    return {"entry_for": stream_key(recorded.stream)[0]}


def entered_with(recorded: Recorded) -> Mapping[str, str | None]:
    """Return what rows hold that were entered with the API key that an event is about."""
    return {"entry_user_id": stream_key(recorded.stream)[0], "entry_for": None}


_KEY = ("pending_payment_id",)

PENDING_PAYMENTS: ReadModel[Any, PendingPaymentState] = ReadModel(
    name="pending_payments",
    tables=(
        Table("pending_payments", PendingPaymentRow, _KEY, _KEY),
        Table("pending_payment_invoices", PendingPaymentInvoiceRow, _KEY, (*_KEY, "tran_id")),
    ),
    handles=(PendingPaymentRecorded, PendingPaymentReconciled, PendingPaymentReconciliationUndone),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
    naming=Naming(PENDING_PAYMENT.category, {UserErased: entered_for, ApiKeyErased: entered_with}),
)
