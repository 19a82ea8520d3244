"""View: notes on accounts."""

from projections.account_notes import ACCOUNT_NOTES
from projections.view import Asked, Field, Kind, View, plain

(_NOTES,) = ACCOUNT_NOTES.tables


def _source(asked: Asked) -> str:  # noqa: ARG001
    return f"{_NOTES.name} n"


def _where(asked: Asked) -> str:
    known = " AND n.known_from <= %(known_at)s" if asked.known_at is not None else ""
    return f"n.tenant = %(tenant)s AND {asked.begun('n.noted_on')}{known}"


ACCOUNT_NOTE_VIEW = View(
    name="account_notes",
    description="Notes on accounts, for colleagues only.",
    key=("company_id", "cust_id", "note_id"),
    source=_source,
    where=_where,
    fields=(
        *plain(
            "n",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the account.",
                "cust_id": "The account.",
                "note_id": "The note's id.",
                "text": "What was noted.",
            },
            source="ACC-30",
            nullable=False,
        ),
        Field(
            "noted_on",
            Kind.DATE,
            "The business date of the note.",
            "n.noted_on",
            source="ACC-30",
        ),
        Field("known_from", Kind.MOMENT, "When it was noted.", "n.known_from", source="ACC-30"),
    ),
)
