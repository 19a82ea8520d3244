"""GraphQL: reason codes on documents, and tagging them (DSP-07)."""

from typing import Annotated

import strawberry

from api.commands import COLLECTORS, IDEMPOTENCY_KEY, Payload, answer
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
from application.handling import Consulted
from domain import invoice, reason_code
from domain.invoice_reason import INVOICE_REASON, ClearInvoiceReason, SetInvoiceReason
from domain.shared.streams import stream_name
from projections.invoice_reason_view import INVOICE_REASON_VIEW

_KEY = ("company_id", "tran_id")


@strawberry.type(description="A reason code on a document, which need not be disputed.")
class InvoiceReason(Node, object_of(INVOICE_REASON_VIEW)):
    """A reason code on a document."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(INVOICE_REASON.category, *self.values(*_KEY))

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values(*_KEY))


@strawberry.input(description="Which reason codes on documents; all that is given must hold.")
class InvoiceReasonFilter(
    filter_of(INVOICE_REASON_VIEW, "api.invoice_reasons", "InvoiceReasonFilter")
):
    """Which reason codes on documents."""


@strawberry.input(description="An order of reason codes on documents by one field.")
class InvoiceReasonOrder(order_of(INVOICE_REASON_VIEW, "InvoiceReasonOrder")):
    """An order of reason codes on documents."""


INVOICE_REASONS = offer(Capability(INVOICE_REASON_VIEW, InvoiceReason))


@strawberry.type
class InvoiceReasonQuery:
    """Reason codes on documents."""

    @strawberry.field(
        description="Reason codes on documents, disputed or not; by default by company and number."
    )
    async def invoice_reasons(
        self,
        info: Info,
        where: Annotated[
            InvoiceReasonFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[InvoiceReasonOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[InvoiceReason]:
        """Return reason codes on documents."""
        return await connection(
            info,
            INVOICE_REASONS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="A document, and the reason code to put on it.")
class SetInvoiceReasonInput:
    """A document, and the reason code to put on it."""

    company_id: str = strawberry.field(description="The ERP company of the document.")
    tran_id: str = strawberry.field(description="The document.")
    reason_code: str | None = strawberry.field(
        description="The reason code; null takes off the one that is on it."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What tagging a document led to.")
class SetInvoiceReasonPayload(Payload):
    """What tagging a document led to."""

    @strawberry.field(
        description="The reason code on the document; null if there is none any more, if it was"
        " refused or the read models did not follow in time."
    )
    async def invoice_reason(self, info: Info) -> InvoiceReason | None:
        """Return the tag."""
        return await self.record(info, INVOICE_REASONS)

    @strawberry.field(
        description="The document; null if it was refused or the read models did not follow in"
        " time."
    )
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await self.record(info, INVOICES)


@strawberry.type
class InvoiceReasonMutation:
    """Tagging documents."""

    @strawberry.mutation(
        description="Put a reason code on a document, disputed or not, in place of the one on it;"
        " or take it off. Needs one of the roles admin, credit_manager and credit_user."
    )
    async def set_invoice_reason(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetInvoiceReasonInput, strawberry.argument(description="The document and the code.")
        ],
    ) -> SetInvoiceReasonPayload:
        """Tag a document."""
        context, code, key = info.context, input.reason_code, (input.company_id, input.tran_id)
        context.require(*COLLECTORS)
        today = await context.today()
        consults = (Consulted(invoice.INVOICE, key, invoice.facts),)
        if code is not None:
            consults += (Consulted(reason_code.REASON_CODE, (code,), reason_code.facts),)
        return await answer(
            context,
            SetInvoiceReasonPayload,
            INVOICE_REASON,
            key,
            ClearInvoiceReason(today) if code is None else SetInvoiceReason(code, today),
            mutation="setInvoiceReason",
            idempotency_key=input.idempotency_key,
            consults=consults,
        )
