"""A line of a document, as the ERP knows one (UDF-01). Balances are the document's alone."""

from decimal import Decimal

from msgspec import Struct

from domain.shared.event import Event
from domain.shared.imported import imported


class InvoiceLineDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a line; `amount` is in the document's currency."""

    company_id: str
    tran_id: str
    line_no: str
    item: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


class InvoiceLineRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's line became known."""

    document: InvoiceLineDocument


class InvoiceLineAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the line."""

    document: InvoiceLineDocument


INVOICE_LINE = imported("invoice_line", InvoiceLineRecorded, InvoiceLineAmended)
