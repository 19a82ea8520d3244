"""View: sales orders of the ERP."""

from domain.shared.record_types import RecordType
from projections.sales_orders import SALES_ORDERS
from projections.user_defined import USER_FIELDS_JOIN, user_defined, user_fields_join
from projections.view import Asked, Field, Kind, View, plain

(_SALES_ORDERS,) = SALES_ORDERS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_SALES_ORDERS)} p"


def _where(asked: Asked) -> str:
    return f"p.tenant = %(tenant)s AND {asked.begun('p.order_date')}"


SALES_ORDER_VIEW = View(
    name="sales_orders",
    description="Sales orders, as the ERP knows them.",
    key=("company_id", "order_id"),
    source=_source,
    where=_where,
    joins={USER_FIELDS_JOIN: user_fields_join("p", RecordType.SALES_ORDER)},
    fields=(
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company.",
                "order_id": "The order's id in the ERP; its key together with the company.",
                "cust_id": "The account that ordered.",
            },
            source="UDF-01",
            nullable=False,
        ),
        Field("order_date", Kind.DATE, "When it was ordered.", "p.order_date", source="UDF-01"),
        Field(
            "amount",
            Kind.MONEY,
            "What was ordered, in the currency of the order.",
            "p.amount",
            nullable=True,
            currency="curr_id",
            source="UDF-01",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The currency of the order, as the ERP writes it.",
            "p.curr_id",
            source="CMP-06",
        ),
        *plain(
            "p",
            Kind.TEXT,
            {
                "status": "The ERP's status.",
                "cust_po_no": "The customer's own order number.",
            },
            source="UDF-01",
        ),
        *user_defined("p"),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the order has been known to be like this.",
            "p.known_from",
        ),
    ),
)
