"""Read model: lines of the ERP's documents."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.invoice_line import (
    InvoiceLineAmended,
    InvoiceLineDocument,
    InvoiceLineRecorded,
)
from projections.newest_document import newest_document
from projections.projection import ReadModel, Row, Table


class InvoiceLineRow(Row, frozen=True, array_like=True, gc=False):
    """A line as known; `amount` is in the document's currency."""

    tenant: int
    company_id: str
    tran_id: str
    line_no: str
    item: str | None
    description: str | None
    quantity: Decimal | None
    amount: Decimal | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    known_from: datetime


_KEY = ("company_id", "tran_id", "line_no")

INVOICE_LINES: ReadModel[Any, InvoiceLineDocument] = newest_document(
    Table("invoice_lines", InvoiceLineRow, _KEY, _KEY),
    InvoiceLineDocument,
    (InvoiceLineAmended, InvoiceLineRecorded),
)
