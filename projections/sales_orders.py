"""Read model: sales orders of the ERP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.sales_order import (
    SalesOrderAmended,
    SalesOrderDocument,
    SalesOrderRecorded,
)
from projections.newest_document import newest_document
from projections.projection import ReadModel, Row, Table


class SalesOrderRow(Row, frozen=True, array_like=True, gc=False):
    """A sales order as known; `amount` is in the currency `curr_id`."""

    tenant: int
    company_id: str
    order_id: str
    cust_id: str
    order_date: date
    amount: Decimal | None
    curr_id: str
    status: str | None
    cust_po_no: str | None
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    known_from: datetime


_KEY = ("company_id", "order_id")

SALES_ORDERS: ReadModel[Any, SalesOrderDocument] = newest_document(
    Table("sales_orders", SalesOrderRow, _KEY, _KEY),
    SalesOrderDocument,
    (SalesOrderAmended, SalesOrderRecorded),
)
