"""A note on one or several documents of one company, for colleagues only (ACT-30).

NotNoted --add--> Noted
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.text import entered

NOTE_CHARACTERS_MAX = 10_000
NOTE_INVOICES_MAX = 200


class InvoiceNoteAdded(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody noted something about the documents `tran_ids` of a company."""

    note_id: str
    company_id: str
    tran_ids: tuple[str, ...]
    text: str
    noted_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the note."""
        return self.noted_on


class AddInvoiceNote(Struct, frozen=True, gc=False):
    """Note something about documents; `known` are those of them that there are."""

    note_id: str
    company_id: str
    tran_ids: tuple[str, ...]
    text: str
    business_date: date
    known: tuple[str, ...] = ()

    def knowing(self, facts: Sequence[Any]) -> "AddInvoiceNote":
        """Return the command that knows its documents, told in the order of `tran_ids`."""
        told = zip(self.tran_ids, facts, strict=True)
        return replace(self, known=tuple(one for one, fact in told if fact is not None))


class NotNoted(Struct, frozen=True):
    """There is no such note."""


class Noted(Struct, frozen=True):
    """The note was added."""


InvoiceNote: TypeAlias = NotNoted | Noted


def evolve(note: InvoiceNote, event: InvoiceNoteAdded) -> InvoiceNote:
    """Remember `event`."""
    match note:
        case NotNoted():
            return Noted()
        case Noted():
            raise ImpossibleHistory(f"{event} after {note}")


def decide(command: AddInvoiceNote, note: InvoiceNote) -> Sequence[InvoiceNoteAdded]:
    """Add a note, once."""
    if isinstance(note, Noted):
        return []  # told twice
    tran_ids = tuple(dict.fromkeys(command.tran_ids))
    if not tran_ids:
        raise Refused("note_without_invoices", "Say on which invoices the note is.", "tranIds")
    if len(tran_ids) > NOTE_INVOICES_MAX:
        raise Refused(
            "note_on_too_many_invoices",
            f"A note is on at most {NOTE_INVOICES_MAX} invoices.",
            "tranIds",
        )
    for tran_id in tran_ids:
        if tran_id not in command.known:
            raise Refused(
                "invoice_unknown",
                f"There is no document {tran_id} of company {command.company_id}.",
                "tranIds",
            )
    text = entered(command.text, "note", "text", NOTE_CHARACTERS_MAX)
    if text is None:
        raise Refused("note_empty", "A note needs some text.", "text")
    return [
        InvoiceNoteAdded(command.note_id, command.company_id, tran_ids, text, command.business_date)
    ]


INVOICE_NOTE: Decider[InvoiceNote, AddInvoiceNote, InvoiceNoteAdded] = Decider(
    category="invoice_note",
    events=(InvoiceNoteAdded,),
    initial=NotNoted(),
    evolve=evolve,
    decide=decide,
)
