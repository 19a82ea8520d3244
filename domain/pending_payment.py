"""A pending payment: paid online, and not yet seen among the payments of the ERP (PND-01).

    NotRecorded --record--> Waiting --reconcile--> Reconciled
                    |          ^                       |
                    |          +---------undo----------+
                    +-----> Declined

What the source calls "no response" is the normal state of a payment that succeeded and waits for
its match [C29]; an attempt that failed is kept with what the processor said of it (PND-13).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict, replace

from domain.shared.currency import is_currency, iso_code, money_text, rounded
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import AccountFacts, DocumentFacts, PaymentFacts, PendingPaymentFacts
from domain.shared.personal import Named
from domain.shared.text import can_be_kept

INVOICES_MAX = 500
"""Invoices that one payment may name."""

PROCESSOR_CHARACTERS_MAX = 2_000
"""Characters of each text of the processor."""

ZERO = Decimal(0)


class Status(StrEnum):
    """Where a pending payment stands (PND-04)."""

    NO_RESPONSE = "no_response"
    """It succeeded and waits for the ERP's payment."""
    DECLINED = "declined"
    """It failed."""
    RECONCILED = "reconciled"
    """The ERP's payment is found."""


class ReconciledBy(StrEnum):
    """How the ERP's payment was found (G2)."""

    REFERENCE = "reference"
    """It carries the processor's reference number."""
    AMOUNT_AND_DATE = "amount_and_date"
    """It is of the same account and amount, and of about the same date."""
    BY_HAND = "by_hand"
    """Somebody said so."""


class PaidInvoice(Struct, frozen=True, gc=False):
    """What is meant to be paid of an invoice, in the currency of both."""

    tran_id: str
    amount: Decimal


class Processor(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the payment processor says, verbatim (PND-12, PND-13).

    The merchant account's id, name and type, the processor's own status code and message, and its
    reference number of the transaction.
    """

    proc_acct_id: str | None = None
    proc_acct_name: str | None = None
    proc_acct_type: str | None = None
    proc_status: str | None = None
    proc_status_msg: str | None = None
    proc_ref_no: str | None = None


class MatchCandidate(Struct, frozen=True, gc=False):
    """A payment of the ERP that may be the one that a pending payment waits for."""

    company_id: str
    pending_payment_id: str
    payment_id: str
    by_reference: bool
    days_apart: int

    @property
    def reconciled_by(self) -> ReconciledBy:
        """What speaks for it."""
        return ReconciledBy.REFERENCE if self.by_reference else ReconciledBy.AMOUNT_AND_DATE


# Events: stored for ever under these names and fields. Add, never rename.


class PendingPaymentRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """A payment was made online on `create_date`, or tried and declined.

    `amount` is in `curr_id`. Who entered it is empty for payers who came by a guest link (PND-10);
    `entry_for` is the user for whom they did, and the name goes with them, or with the API key that
    `entry_user_id` names. What the processor calls the merchant's account is of no person.
    """

    personal: ClassVar[Mapping[str, Any]] = {"entry_user_name": None}
    names: ClassVar[Sequence[Named]] = (
        Named("user", ("entry_for",)),
        Named("api_key", ("entry_user_id",)),
    )

    pending_payment_id: str
    company_id: str
    cust_id: str
    amount: Decimal
    curr_id: str
    create_date: date
    invoices: tuple[PaidInvoice, ...] = ()
    declined: bool = False
    entry_user_id: str | None = None
    entry_user_name: str | None = None
    processor: Processor = Processor()
    entry_for: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day on which it was made."""
        return self.create_date


class PendingPaymentReconciled(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's payment was found, on `reconcile_date` (PND-06)."""

    pending_payment_id: str
    payment_id: str
    reconciled_by: ReconciledBy
    reconcile_date: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day on which it was found."""
        return self.reconcile_date


class PendingPaymentReconciliationUndone(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's payment turned out to be another one, as if it had never been found."""

    pending_payment_id: str
    payment_id: str


PendingPaymentEvent: TypeAlias = (
    PendingPaymentRecorded | PendingPaymentReconciled | PendingPaymentReconciliationUndone
)


# Commands.


class RecordPendingPayment(Struct, frozen=True, gc=False):
    """Keep a payment that was made online, or was declined.

    `account` and `documents` are what is known of the account and of each of the `invoices`.
    """

    pending_payment_id: str
    company_id: str
    cust_id: str
    amount: Decimal
    curr_id: str
    business_date: date
    invoices: tuple[PaidInvoice, ...] = ()
    declined: bool = False
    entry_user_id: str | None = None
    entry_user_name: str | None = None
    processor: Processor = Processor()
    entry_for: str | None = None
    account: AccountFacts | None = None
    documents: tuple[DocumentFacts | None, ...] = ()

    def knowing(
        self, facts: Sequence[AccountFacts | DocumentFacts | None]
    ) -> "RecordPendingPayment":
        """Return the command that knows the account and then each invoice."""
        account, *documents = facts
        return replace(self, account=account, documents=tuple(documents))


class ReconcilePendingPayment(Struct, frozen=True, gc=False):
    """Say which payment of the ERP it is.

    `taken` tells that the payment is another pending payment's already, `payment` is what is known
    of it.
    """

    payment_id: str
    reconciled_by: ReconciledBy
    business_date: date
    taken: bool = False
    payment: PaymentFacts | None = None

    def knowing(self, facts: Sequence[PaymentFacts | None]) -> "ReconcilePendingPayment":
        """Return the command that knows the payment."""
        return replace(self, payment=facts[0])


class UndoReconciliation(Struct, frozen=True, gc=False):
    """Let it wait again; the payment that it was reconciled with is not proposed any more."""


PendingPaymentCommand: TypeAlias = (
    RecordPendingPayment | ReconcilePendingPayment | UndoReconciliation
)


# State: only what decisions need.


class NotRecorded(Struct, frozen=True):
    """There is no such pending payment."""


class Declined(Struct, frozen=True, gc=False):
    """It failed."""

    recorded: PendingPaymentRecorded


class Waiting(Struct, frozen=True, gc=False):
    """It waits for the ERP's payment, which is none of `undone`."""

    recorded: PendingPaymentRecorded
    undone: frozenset[str] = frozenset()


class Reconciled(Struct, frozen=True, gc=False):
    """It is the ERP's payment `payment_id`, and none of `undone`."""

    recorded: PendingPaymentRecorded
    payment_id: str
    undone: frozenset[str] = frozenset()


PendingPayment: TypeAlias = NotRecorded | Declined | Waiting | Reconciled


def evolve(pending: PendingPayment, event: PendingPaymentEvent) -> PendingPayment:
    """Remember `event`."""
    match pending, event:
        case NotRecorded(), PendingPaymentRecorded():
            return Declined(event) if event.declined else Waiting(event)
        case Waiting(recorded, undone), PendingPaymentReconciled(payment_id=payment_id):
            return Reconciled(recorded, payment_id, undone - {payment_id})
        case Reconciled(recorded, _, undone), PendingPaymentReconciliationUndone():
            return Waiting(recorded, undone | {event.payment_id})
        case _:
            raise ImpossibleHistory(f"{event} after {pending}")


def decide(
    command: PendingPaymentCommand, pending: PendingPayment
) -> Sequence[PendingPaymentEvent]:
    """Return the facts that `command` adds."""
    match pending, command:
        case NotRecorded(), RecordPendingPayment():
            return record(command)
        case NotRecorded(), _:
            raise Refused(
                "pending_payment_unknown", "There is no such pending payment.", "pendingPaymentId"
            )
        case _, RecordPendingPayment():
            if recorded_as(command) == pending.recorded:
                return []  # told twice
            raise Refused("pending_payment_exists", "This pending payment was recorded already.")
        case Declined(), ReconcilePendingPayment():
            raise Refused(
                "pending_payment_declined",
                "The payment was declined, so there is nothing to reconcile.",
                "pendingPaymentId",
            )
        case Waiting(), ReconcilePendingPayment():
            return reconcile(command, pending)
        case Reconciled(payment_id=payment_id), ReconcilePendingPayment():
            if payment_id == command.payment_id:
                return []  # reconciled already
            raise Refused(
                "pending_payment_reconciled",
                f"It is reconciled with payment {payment_id}; undo that first.",
                "pendingPaymentId",
            )
        case Reconciled(recorded, payment_id), UndoReconciliation():
            return [PendingPaymentReconciliationUndone(recorded.pending_payment_id, payment_id)]
        case Waiting(undone=undone), UndoReconciliation() if undone:
            return []  # undone already
        case _:
            raise Refused(
                "pending_payment_not_reconciled",
                "The pending payment is not reconciled.",
                "pendingPaymentId",
            )


def record(command: RecordPendingPayment) -> Sequence[PendingPaymentEvent]:
    """Keep the payment, if it can be one."""
    if command.account is None:
        raise Refused("account_unknown", "There is no such account.", "custId")
    if not is_currency(command.curr_id):
        raise Refused("currency_unknown", f"There is no currency {command.curr_id!r}.", "currId")
    if command.amount <= 0:
        raise Refused("payment_not_positive", "A payment is more than nothing.", "amount")
    if rounded(command.amount, command.curr_id) != command.amount:
        raise Refused(
            "payment_too_fine",
            f"{command.amount:f} {iso_code(command.curr_id)} is no amount that can be paid.",
            "amount",
        )
    check_invoices(command)
    check_processor(command.processor)
    return [recorded_as(command)]


def recorded_as(command: RecordPendingPayment) -> PendingPaymentRecorded:
    """Return the fact that a command asks for."""
    return PendingPaymentRecorded(
        command.pending_payment_id,
        command.company_id,
        command.cust_id,
        command.amount,
        command.curr_id,
        command.business_date,
        command.invoices,
        command.declined,
        command.entry_user_id,
        command.entry_user_name,
        command.processor,
        command.entry_for,
    )


def check_invoices(command: RecordPendingPayment) -> None:
    """Refuse invoices that such a payment cannot pay."""
    invoices = command.invoices
    if len(invoices) > INVOICES_MAX:
        raise _no_invoice("too_many", f"A payment names at most {INVOICES_MAX} invoices.")
    if len({one.tran_id for one in invoices}) < len(invoices):
        raise _no_invoice("named_twice", "A payment names each invoice once.")
    for one, document in zip(invoices, command.documents, strict=True):
        if document is None:
            raise Refused("invoice_unknown", f"There is no invoice {one.tran_id}.", "invoices")
        if document.cust_id != command.cust_id:
            raise _no_invoice("of_another_account", f"{one.tran_id} is of another account.")
        if document.curr_id != command.curr_id:
            raise _no_invoice(
                "in_another_currency",
                f"{one.tran_id} is in {iso_code(document.curr_id)}, the payment in"
                f" {iso_code(command.curr_id)}.",
            )
        if one.amount <= 0:
            raise _no_invoice("amount_not_positive", f"Nothing is paid of {one.tran_id}.")
    paid = sum((one.amount for one in invoices), ZERO)
    if paid > command.amount:
        raise _no_invoice(
            "amounts_exceed_payment",
            f"{money_text(paid, command.curr_id)} is to be paid of invoices, more than the"
            f" payment of {money_text(command.amount, command.curr_id)}.",
        )


def _no_invoice(code: str, message: str) -> Refused:
    return Refused(f"invoices_{code}", message, "invoices")


def check_processor(processor: Processor) -> None:
    """Refuse what the processor says where it cannot be kept."""
    for name, text in asdict(processor).items():
        head, *rest = name.split("_")
        field = head + "".join(part.capitalize() for part in rest)
        if text is not None and not can_be_kept(text):
            raise Refused("processor_text_invalid", f"{field} is no plain text.", field)
        if text is not None and len(text) > PROCESSOR_CHARACTERS_MAX:
            raise Refused(
                "processor_text_too_long",
                f"{field} has more than {PROCESSOR_CHARACTERS_MAX} characters.",
                field,
            )


def reconcile(command: ReconcilePendingPayment, pending: Waiting) -> Sequence[PendingPaymentEvent]:
    """Note which payment of the ERP it is; a person may say what no rule would find."""
    payment_id = command.payment_id
    by_hand = command.reconciled_by is ReconciledBy.BY_HAND
    if payment_id in pending.undone and not by_hand:
        return []  # somebody knows better
    recorded = pending.recorded
    if command.payment is None or command.payment.company_id != recorded.company_id:
        raise Refused(
            "payment_unknown",
            f"Company {recorded.company_id} has no payment {payment_id}.",
            "paymentId",
        )
    if command.taken:
        raise Refused(
            "payment_taken",
            f"Payment {payment_id} is reconciled with another pending payment.",
            "paymentId",
        )
    return [
        PendingPaymentReconciled(
            recorded.pending_payment_id, payment_id, command.reconciled_by, command.business_date
        )
    ]


def facts(pending: PendingPayment) -> PendingPaymentFacts | None:
    """Return what other decisions may know of it; None if nothing is known of it."""
    if isinstance(pending, NotRecorded):
        return None
    recorded = pending.recorded
    return PendingPaymentFacts(
        recorded.pending_payment_id, recorded.company_id, isinstance(pending, Waiting)
    )


PENDING_PAYMENT: Decider[PendingPayment, PendingPaymentCommand, PendingPaymentEvent] = Decider(
    category="pending_payment",
    events=(PendingPaymentRecorded, PendingPaymentReconciled, PendingPaymentReconciliationUndone),
    initial=NotRecorded(),
    evolve=evolve,
    decide=decide,
)
