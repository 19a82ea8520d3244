"""GraphQL: notes on documents, and adding them (ACT-30)."""

from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, NOTE_WRITERS, Payload, answer, new_id
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
    records_of,
)
from api.context import Info
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.selection import fields_below
from api.view_types import filter_of, object_of, order_of
from application.handling import Consulted
from domain.invoice import INVOICE
from domain.invoice import facts as document_facts
from domain.invoice_note import INVOICE_NOTE, NOTE_INVOICES_MAX, AddInvoiceNote
from domain.shared.streams import stream_name
from projections.invoice_note_view import INVOICE_NOTE_VIEW


@strawberry.type(
    description="A note on a document, for colleagues only. A note on several documents is told"
    " once for each."
)
class InvoiceNote(Node, object_of(INVOICE_NOTE_VIEW)):
    """A note on a document."""

    @strawberry.field(description="The name of the note's stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(INVOICE_NOTE.category, *self.values("note_id"))

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))


@strawberry.input(description="Which notes; all that is given must hold.")
class InvoiceNoteFilter(filter_of(INVOICE_NOTE_VIEW, "api.invoice_notes", "InvoiceNoteFilter")):
    """Which notes."""


@strawberry.input(description="An order of notes by one field.")
class InvoiceNoteOrder(order_of(INVOICE_NOTE_VIEW, "InvoiceNoteOrder")):
    """An order of notes."""


INVOICE_NOTES = offer(Capability(INVOICE_NOTE_VIEW, InvoiceNote))


@strawberry.type
class InvoiceNoteQuery:
    """Notes on documents."""

    @strawberry.field(description="Notes on documents; by default by company, document and note.")
    async def invoice_notes(
        self,
        info: Info,
        where: Annotated[
            InvoiceNoteFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[InvoiceNoteOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[InvoiceNote]:
        """Return notes."""
        return await connection(
            info,
            INVOICE_NOTES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="A note to add to documents of one company.")
class AddInvoiceNoteInput:
    """A note to add."""

    company_id: str = strawberry.field(description="The ERP company of the documents.")
    tran_ids: list[str] = strawberry.field(
        description=f"The documents, {NOTE_INVOICES_MAX} at most."
    )
    text: str = strawberry.field(description="What to note.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What adding a note led to.")
class AddInvoiceNotePayload(Payload):
    """What adding a note led to."""

    tran_ids: strawberry.Private[tuple[str, ...]] = ()
    company_id: strawberry.Private[str] = ""

    @strawberry.field(
        description="The note, once for each of its documents in the order in which they were"
        " given; empty if it was refused or the read models did not follow in time."
    )
    async def invoice_notes(self, info: Info) -> list[InvoiceNote]:
        """Return the note."""
        if self.reading is None:
            return []
        (note_id,) = self.key
        keys = [(self.company_id, tran_id, note_id) for tran_id in dict.fromkeys(self.tran_ids)]
        return await records_of(INVOICE_NOTES, self.reading, keys, fields_below(info), None)


@strawberry.type
class InvoiceNoteMutation:
    """Adding notes to documents."""

    @strawberry.mutation(
        description="Add a note to one or several documents of a company. Needs any role but"
        " auditor."
    )
    async def add_invoice_note(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AddInvoiceNoteInput, strawberry.argument(description="The note.")
        ],
    ) -> AddInvoiceNotePayload:
        """Add a note."""
        context = info.context
        context.require(*NOTE_WRITERS)
        note_id, company_id = new_id(input.idempotency_key), input.company_id
        tran_ids = tuple(input.tran_ids)
        asked = tran_ids[: NOTE_INVOICES_MAX + 1]  # one too many is enough to be refused
        payload = await answer(
            context,
            AddInvoiceNotePayload,
            INVOICE_NOTE,
            (note_id,),
            AddInvoiceNote(note_id, company_id, asked, input.text, await context.today()),
            mutation="addInvoiceNote",
            idempotency_key=input.idempotency_key,
            consults=tuple(
                Consulted(INVOICE, (company_id, tran_id), document_facts) for tran_id in asked
            ),
        )
        payload.company_id, payload.tran_ids = company_id, tran_ids
        return payload
