"""A payment as the ERP knows it: money received from an account.

    NotRecorded --import--> Recorded --import--> Recorded, amended

What it is applied to stands on the documents' streams (`PaymentApplied`).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory
from domain.shared.event import Event
from domain.shared.facts import PaymentFacts


class PaymentDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a payment (PAY-01 to PAY-09).

    `amount` is in the customer's currency, `amount_hc` and `unapplied_amt_hc` in the company's
    home currency where the ERP delivers them. `tender_type` says how it was paid and
    `tran_type` how it was received; both are the ERP's words, kept verbatim [C36].
    """

    company_id: str
    payment_id: str
    cust_id: str
    pmt_date: date
    amount: Decimal
    curr_id: str
    amount_hc: Decimal | None = None
    post_date: date | None = None
    tender_type: str | None = None
    tran_type: str | None = None
    reference: str | None = None
    unapplied_amt: Decimal | None = None
    unapplied_amt_hc: Decimal | None = None
    comment: str | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


# Events: stored for ever under these names and fields. Add, never rename.


class PaymentRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's payment became known."""

    document: PaymentDocument

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the payment date."""
        return self.document.pmt_date


class PaymentAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP corrected the payment."""

    document: PaymentDocument


PaymentEvent: TypeAlias = PaymentRecorded | PaymentAmended


# Commands: what an export says.


class ImportPayment(Struct, frozen=True, gc=False):
    """Take over what the ERP says of a payment."""

    document: PaymentDocument


# State: only what decisions need.


class NotRecorded(Struct, frozen=True):
    """Nothing is known of the payment."""


class Recorded(Struct, frozen=True, gc=False):
    """The payment as known."""

    document: PaymentDocument


Payment: TypeAlias = NotRecorded | Recorded


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    """Remember `event`."""
    match payment, event:
        case NotRecorded(), PaymentRecorded(document):
            return Recorded(document)
        case Recorded(), PaymentAmended(document):
            return Recorded(document)
        case _:
            raise ImpossibleHistory(f"{event} after {payment}")


def decide(command: ImportPayment, payment: Payment) -> Sequence[PaymentEvent]:
    """Return the facts that `command` adds."""
    match payment:
        case NotRecorded():
            return [PaymentRecorded(command.document)]
        case Recorded(document) if document == command.document:
            return []  # told twice
        case Recorded():
            return [PaymentAmended(command.document)]


def facts(payment: Payment) -> PaymentFacts | None:
    """Return what other decisions may know of the payment; None if nothing is known of it."""
    if isinstance(payment, NotRecorded):
        return None
    one = payment.document
    return PaymentFacts(
        one.company_id, one.payment_id, one.cust_id, one.pmt_date, one.amount, one.curr_id
    )


def is_known(payment: Payment) -> bool:
    """Whether there is such a payment, for decisions about it elsewhere."""
    return isinstance(payment, Recorded)


PAYMENT: Decider[Payment, ImportPayment, PaymentEvent] = Decider(
    category="payment",
    events=(PaymentRecorded, PaymentAmended),
    initial=NotRecorded(),
    evolve=evolve,
    decide=decide,
)
