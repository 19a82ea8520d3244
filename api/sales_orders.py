"""GraphQL: sales orders of the ERP."""

from typing import Annotated

import strawberry

from api.accounts import ACCOUNTS, Account
from api.connections import (
    After,
    AsOf,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
    one,
)
from api.context import Info
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from domain.sales_order import SALES_ORDER
from domain.shared.streams import stream_name
from projections.sales_order_view import SALES_ORDER_VIEW


@strawberry.type(description="A sales order, as the ERP knows one.")
class SalesOrder(Node, object_of(SALES_ORDER_VIEW)):
    """A sales order."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(SALES_ORDER.category, *self.values("company_id", "order_id"))

    @strawberry.field(description="The account that ordered.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))


@strawberry.input(description="Which sales orders; all that is given must hold.")
class SalesOrderFilter(filter_of(SALES_ORDER_VIEW, "api.sales_orders", "SalesOrderFilter")):
    """Which sales orders."""


@strawberry.input(description="An order of sales orders by one field.")
class SalesOrderOrder(order_of(SALES_ORDER_VIEW, "SalesOrderOrder")):
    """An order of sales orders."""


SALES_ORDERS = offer(Capability(SALES_ORDER_VIEW, SalesOrder, links={"account": ("cust_id",)}))


@strawberry.type
class SalesOrderQuery:
    """Sales orders."""

    @strawberry.field(description="Sales orders; by default by company and id.")
    async def sales_orders(
        self,
        info: Info,
        where: Annotated[
            SalesOrderFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[SalesOrderOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[SalesOrder]:
        """Return sales orders."""
        return await connection(
            info,
            SALES_ORDERS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )
