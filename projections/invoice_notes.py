"""Read model: notes on documents, a row for each document that a note is on (ACT-30)."""

from datetime import date, datetime
from typing import Any, cast

from domain.invoice_note import InvoiceNoteAdded
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class InvoiceNoteRow(Row, frozen=True, array_like=True, gc=False):
    """A note on a document."""

    tenant: int
    note_id: str
    company_id: str
    tran_id: str
    text: str
    noted_on: date
    known_from: datetime


def evolve(state: InvoiceNoteAdded | None, recorded: Recorded) -> InvoiceNoteAdded:  # noqa: ARG001
    """Remember the note."""
    return cast("InvoiceNoteAdded", recorded.event)


def rows(state: InvoiceNoteAdded, tenant: int, known_from: datetime) -> EntityRows:
    """Return a row for each document of the note."""
    return (
        [
            InvoiceNoteRow(
                tenant,
                state.note_id,
                state.company_id,
                tran_id,
                state.text,
                state.noted_on,
                known_from,
            )
            for tran_id in state.tran_ids
        ],
    )


def restore(stored: EntityRows) -> InvoiceNoteAdded:
    """Return the note of its stored rows."""
    notes = cast("list[InvoiceNoteRow]", stored[0])
    first = notes[0]
    tran_ids = tuple(one.tran_id for one in notes)
    return InvoiceNoteAdded(first.note_id, first.company_id, tran_ids, first.text, first.noted_on)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the note that an event is about."""
    return stream_key(recorded.stream)


INVOICE_NOTES: ReadModel[Any, InvoiceNoteAdded] = ReadModel(
    name="invoice_notes",
    tables=(
        Table(
            "invoice_notes",
            InvoiceNoteRow,
            ("note_id",),
            ("note_id", "company_id", "tran_id"),
            history=False,
        ),
    ),
    handles=(InvoiceNoteAdded,),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
