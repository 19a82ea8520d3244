"""GraphQL: lines of the ERP's documents."""

from typing import Annotated

import strawberry

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
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from domain.invoice_line import INVOICE_LINE
from domain.shared.streams import stream_name
from projections.invoice_line_view import INVOICE_LINE_VIEW


@strawberry.type(description="A line of a document, as the ERP knows one.")
class InvoiceLine(Node, object_of(INVOICE_LINE_VIEW)):
    """A line of a document."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(INVOICE_LINE.category, *self.values("company_id", "tran_id", "line_no"))

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))


@strawberry.input(description="Which lines; all that is given must hold.")
class InvoiceLineFilter(filter_of(INVOICE_LINE_VIEW, "api.invoice_lines", "InvoiceLineFilter")):
    """Which lines."""


@strawberry.input(description="An order of lines by one field.")
class InvoiceLineOrder(order_of(INVOICE_LINE_VIEW, "InvoiceLineOrder")):
    """An order of lines."""


INVOICE_LINES = offer(Capability(INVOICE_LINE_VIEW, InvoiceLine))


@strawberry.type
class InvoiceLineQuery:
    """Lines of documents."""

    @strawberry.field(description="Lines of documents; by default by company, document and line.")
    async def invoice_lines(
        self,
        info: Info,
        where: Annotated[
            InvoiceLineFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[InvoiceLineOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[InvoiceLine]:
        """Return lines."""
        return await connection(
            info,
            INVOICE_LINES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )
