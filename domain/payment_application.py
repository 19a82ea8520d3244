"""User-defined fields that the ERP keeps with a payment's application to a document (UDF-01).

    nothing told --describe--> described --describe--> described otherwise

What was applied, and when, stands on the document's stream (`PaymentApplied`); these few words
are kept beside it, so that the many applications without any take no room for them.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider
from domain.shared.event import Event


class PaymentApplicationDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of an application besides its amount and date."""

    company_id: str
    tran_id: str
    payment_id: str
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


class PaymentApplicationDescribed(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP gave the application user-defined fields, or other ones."""

    document: PaymentApplicationDocument


class DescribePaymentApplication(Struct, frozen=True, gc=False):
    """Take over what the ERP says of an application."""

    document: PaymentApplicationDocument


Described: TypeAlias = PaymentApplicationDocument | None
"""What was told of the application; None if nothing was."""


def evolve(
    known: Described,  # noqa: ARG001
    event: PaymentApplicationDescribed,
) -> PaymentApplicationDocument:
    """Remember `event`."""
    return event.document


def decide(
    command: DescribePaymentApplication, known: Described
) -> Sequence[PaymentApplicationDescribed]:
    """Take over what differs; an application without any fields is not worth a fact."""
    told = command.document
    nothing = PaymentApplicationDocument(told.company_id, told.tran_id, told.payment_id)
    return [] if told == (known or nothing) else [PaymentApplicationDescribed(told)]


PAYMENT_APPLICATION: Decider[Described, DescribePaymentApplication, PaymentApplicationDescribed] = (
    Decider(
        category="payment_application",
        events=(PaymentApplicationDescribed,),
        initial=None,
        evolve=evolve,
        decide=decide,
    )
)
