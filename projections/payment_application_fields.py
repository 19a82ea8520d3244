"""Read model: the ERP's user-defined fields of applications, of those that have any."""

from datetime import datetime
from typing import Any

from domain.payment_application import PaymentApplicationDescribed, PaymentApplicationDocument
from projections.newest_document import newest_document
from projections.projection import ReadModel, Row, Table


class PaymentApplicationFieldsRow(Row, frozen=True, array_like=True, gc=False):
    """The user-defined fields of an application as known."""

    tenant: int
    company_id: str
    tran_id: str
    payment_id: str
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    known_from: datetime


_KEY = ("company_id", "tran_id", "payment_id")

PAYMENT_APPLICATION_FIELDS: ReadModel[Any, PaymentApplicationDocument] = newest_document(
    Table("payment_application_fields", PaymentApplicationFieldsRow, _KEY, _KEY),
    PaymentApplicationDocument,
    (PaymentApplicationDescribed,),
)
