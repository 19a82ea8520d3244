"""GraphQL: payments of the ERP, and what each paid of which document."""

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
    connection_of_parent,
    offer,
    one,
)
from api.context import Info
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from domain.payment import PAYMENT
from domain.shared.streams import stream_name
from projections.listing import Order
from projections.payment_view import PAYMENT_APPLICATION_VIEW, PAYMENT_VIEW

_KEY = ("company_id", "payment_id")


@strawberry.type(description="What a payment or credit memo paid of a document.")
class PaymentApplication(object_of(PAYMENT_APPLICATION_VIEW)):
    """What a payment paid of a document."""

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))

    @strawberry.field(
        description="The payment; null if the export names it only as something applied."
    )
    async def payment(
        self, info: Info
    ) -> Annotated["Payment", strawberry.lazy("api.payments")] | None:
        """Return the payment."""
        return await one(info, PAYMENTS, self.reading, self.values(*_KEY))


PAYMENT_APPLICATIONS = offer(Capability(PAYMENT_APPLICATION_VIEW, PaymentApplication))


@strawberry.type(description="A payment that the ERP recorded.")
class Payment(Node, object_of(PAYMENT_VIEW)):
    """A payment."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(PAYMENT.category, *self.values(*_KEY))

    @strawberry.field(description="The account that paid.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(description="What it paid of which document; the earliest first.")
    async def applications(self, info: Info, first: First = None) -> Connection[PaymentApplication]:
        """Return applications, earliest first."""
        return await connection_of_parent(
            info,
            PAYMENT_APPLICATIONS,
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("applied_date"),),
        )


@strawberry.input(description="Which payments; all that is given must hold.")
class PaymentFilter(filter_of(PAYMENT_VIEW, "api.payments", "PaymentFilter")):
    """Which payments."""


@strawberry.input(description="An order of payments by one field.")
class PaymentOrder(order_of(PAYMENT_VIEW, "PaymentOrder")):
    """An order of payments."""


PAYMENTS = offer(Capability(PAYMENT_VIEW, Payment, links={"account": ("cust_id",)}))


@strawberry.type
class PaymentQuery:
    """Payments."""

    @strawberry.field(description="Payments; by default by company and id.")
    async def payments(
        self,
        info: Info,
        where: Annotated[
            PaymentFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[PaymentOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Payment]:
        """Return payments."""
        return await connection(
            info,
            PAYMENTS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )
