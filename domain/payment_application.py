"""User-defined fields that the ERP keeps with a payment's application to a document (UDF-01).

What was applied, and when, stands on the document's stream (`PaymentApplied`); these few words
are kept beside it, so that the many applications without any take no room for them.
"""

from msgspec import Struct

from domain.shared.event import Event
from domain.shared.imported import imported


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
    """The ERP gave the application user-defined fields."""

    document: PaymentApplicationDocument


class PaymentApplicationRedescribed(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed the application's user-defined fields."""

    document: PaymentApplicationDocument


PAYMENT_APPLICATION = imported(
    "payment_application", PaymentApplicationDescribed, PaymentApplicationRedescribed
)
