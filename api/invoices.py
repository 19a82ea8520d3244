"""GraphQL: documents of the ERP (invoices, credit memos …) and what was paid of them."""

from typing import TYPE_CHECKING, Annotated

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
    offered,
    one,
)
from api.context import Info
from api.invoice_work import InvoiceWork
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of, summary_of
from domain.invoice import INVOICE
from domain.shared.streams import stream_name
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Order

if TYPE_CHECKING:
    from api.payments import PaymentApplication

_KEY = ("company_id", "tran_id")


@strawberry.type(description="A document of the ERP on an account: an invoice, a credit memo …")
class Invoice(Node, InvoiceWork, object_of(INVOICE_VIEW)):
    """A document."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(INVOICE.category, *self.values(*_KEY))

    @strawberry.field(description="The account it is on: who pays.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(
        description="The account that bought, where its parent pays; null if the ERP names none."
    )
    async def sold_to(self, info: Info) -> Account | None:
        """Return the account that bought."""
        company_id, sold_to_id = self.values("company_id", "sold_to_id")
        if sold_to_id is None:
            return None
        return await one(info, ACCOUNTS, self.reading, (company_id, sold_to_id))

    @strawberry.field(
        description="What payments and credit memos paid of it; by default the earliest first."
    )
    async def applications(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["PaymentApplication", strawberry.lazy("api.payments")]]:
        """Return applications, earliest first."""
        return await connection_of_parent(
            info,
            offered("payment_applications"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("applied_date"),),
        )


@strawberry.input(description="Which documents; all that is given must hold.")
class InvoiceFilter(filter_of(INVOICE_VIEW, "api.invoices", "InvoiceFilter")):
    """Which documents."""


@strawberry.input(description="An order of documents by one field.")
class InvoiceOrder(order_of(INVOICE_VIEW, "InvoiceOrder")):
    """An order of documents."""


@strawberry.type(description="Totals of a list of documents in one pair of currencies.")
class InvoiceSummary(summary_of(INVOICE_VIEW)):
    """Totals of a list of documents."""


@strawberry.type(description="A page of a list of documents.")
class InvoiceConnection(Connection[Invoice]):
    """A page of a list of documents."""

    @strawberry.field(
        description="Totals of the whole list, by customer's and home currency: sums never mix"
        " currencies."
    )
    async def summary(self, info: Info) -> list[InvoiceSummary]:
        """Return the totals (KPI-25)."""
        return await self.summaries(info, INVOICE_VIEW, InvoiceSummary)


INVOICES = offer(
    Capability(
        INVOICE_VIEW,
        Invoice,
        links={"account": ("cust_id",), "soldTo": ("sold_to_id",)},
        connection=InvoiceConnection,
    )
)


@strawberry.type
class InvoiceQuery:
    """Documents."""

    @strawberry.field(
        description="Documents: invoices, credit memos and the ERP's other types; by default by"
        " company and number."
    )
    async def invoices(
        self,
        info: Info,
        where: Annotated[
            InvoiceFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[InvoiceOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> InvoiceConnection:
        """Return documents."""
        return await connection(
            info,
            INVOICES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(description="The document of a company and number; null if there is none.")
    async def invoice(
        self,
        info: Info,
        company_id: Annotated[str, strawberry.argument(description="The ERP company.")],
        tran_id: Annotated[str, strawberry.argument(description="The number in the ERP.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Invoice | None:
        """Return a document."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, INVOICES, reading, (company_id, tran_id))
