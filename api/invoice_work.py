"""GraphQL: what is being done about a document, below it."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.connections import Connection, First, connection_of_parent, offered, one
from api.context import Info
from api.view_types import ViewObject
from projections.listing import Order

if TYPE_CHECKING:
    from api.activities import ActivityTag
    from api.disputes import Dispute, DisputeFilter, DisputeOrder
    from api.invoice_lines import InvoiceLine, InvoiceLineFilter, InvoiceLineOrder
    from api.invoice_notes import InvoiceNote, InvoiceNoteFilter, InvoiceNoteOrder
    from api.payment_schedules import PaymentSchedule
    from api.promises import PromiseInvoice

_KEY = ("company_id", "tran_id")


@strawberry.type
class InvoiceWork(ViewObject):
    """What is being done about a document."""

    @strawberry.field(description="Disputes about it; by default the newest first.")
    async def disputes(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["DisputeFilter", strawberry.lazy("api.disputes")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["DisputeOrder", strawberry.lazy("api.disputes")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["Dispute", strawberry.lazy("api.disputes")]]:
        """Return disputes, newest first."""
        return await connection_of_parent(
            info,
            offered("disputes"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("dispute_date", descending=True),),
        )

    @strawberry.field(description="Notes on it; by default the newest first.")
    async def notes(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["InvoiceNoteFilter", strawberry.lazy("api.invoice_notes")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["InvoiceNoteOrder", strawberry.lazy("api.invoice_notes")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["InvoiceNote", strawberry.lazy("api.invoice_notes")]]:
        """Return notes, newest first (ACT-30)."""
        return await connection_of_parent(
            info,
            offered("invoice_notes"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("known_from", descending=True),),
        )

    @strawberry.field(description="Its lines, as far as the ERP tells them; by number.")
    async def lines(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["InvoiceLineFilter", strawberry.lazy("api.invoice_lines")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["InvoiceLineOrder", strawberry.lazy("api.invoice_lines")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["InvoiceLine", strawberry.lazy("api.invoice_lines")]]:
        """Return lines."""
        return await connection_of_parent(
            info,
            offered("invoice_lines"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("line_no"),),
        )

    @strawberry.field(
        description="Activities of any kind that it is tagged to; the latest tags first."
    )
    async def activities(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["ActivityTag", strawberry.lazy("api.activities")]]:
        """Return activities (INV-25)."""
        return await connection_of_parent(
            info,
            offered("activity_tags"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("tagged_on", descending=True),),
        )

    @strawberry.field(description="Expected payments, promises among them, that it is named in.")
    async def promises(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["PromiseInvoice", strawberry.lazy("api.promises")]]:
        """Return expected payments."""
        return await connection_of_parent(
            info,
            offered("promise_invoices"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("promise_id"),),
        )

    @strawberry.field(
        description="The schedule in the place of its amount and due date; null without one."
    )
    async def payment_schedule(
        self, info: Info
    ) -> Annotated["PaymentSchedule", strawberry.lazy("api.payment_schedules")] | None:
        """Return the schedule (SCH-01)."""
        return await one(info, offered("payment_schedules"), self.reading, self.values(*_KEY))
