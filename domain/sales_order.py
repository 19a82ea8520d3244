"""A sales order, as the ERP knows one (UDF-01). It owes nothing: only documents do."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from domain.shared.event import Event
from domain.shared.imported import imported


class SalesOrderDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a sales order; `amount` is in the currency `curr_id`."""

    company_id: str
    order_id: str
    cust_id: str
    order_date: date
    amount: Decimal | None
    curr_id: str
    status: str | None = None
    cust_po_no: str | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


class SalesOrderRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's sales order became known."""

    document: SalesOrderDocument

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the order."""
        return self.document.order_date


class SalesOrderAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the sales order."""

    document: SalesOrderDocument


SALES_ORDER = imported("sales_order", SalesOrderRecorded, SalesOrderAmended)
