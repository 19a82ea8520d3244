"""View: notes on documents, one record for each document that a note is on."""

from projections.invoice_notes import INVOICE_NOTES
from projections.invoices import INVOICES
from projections.view import Asked, Field, Kind, View, plain

(_NOTES,) = INVOICE_NOTES.tables
_INVOICES, *_ = INVOICES.tables


def _source(asked: Asked) -> str:  # noqa: ARG001
    return f"{_NOTES.name} n"


def _where(asked: Asked) -> str:
    known = " AND n.known_from <= %(known_at)s" if asked.known_at is not None else ""
    return f"n.tenant = %(tenant)s AND {asked.begun('n.noted_on')}{known}"


def _document(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_INVOICES)} i
        ON i.tenant = n.tenant AND i.company_id = n.company_id AND i.tran_id = n.tran_id"""


INVOICE_NOTE_VIEW = View(
    name="invoice_notes",
    description="Notes on documents, for colleagues only: one for each document of a note.",
    key=("company_id", "tran_id", "note_id"),
    source=_source,
    where=_where,
    joins={"document": _document},
    fields=(
        *plain(
            "n",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the document.",
                "tran_id": "The document.",
                "note_id": "The note's id, the same for all documents that it is on.",
                "text": "What was noted.",
            },
            source="ACT-30",
            nullable=False,
        ),
        Field(
            "cust_id",
            Kind.TEXT,
            "The account that the document is on.",
            "i.cust_id",
            nullable=True,
            needs=("document",),
            source="INV-01",
        ),
        Field(
            "noted_on",
            Kind.DATE,
            "The business date of the note.",
            "n.noted_on",
            source="ACT-30",
        ),
        Field("known_from", Kind.MOMENT, "When it was noted.", "n.known_from", source="ACT-30"),
    ),
)
