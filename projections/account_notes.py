"""Read model: notes on accounts, for colleagues only (ACC-30)."""

from datetime import date, datetime
from typing import Any, cast

from domain.account import AccountNoteAdded
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table


class AccountNoteRow(Row, frozen=True, array_like=True, gc=False):
    """A note on an account."""

    tenant: int
    company_id: str
    cust_id: str
    note_id: str
    text: str
    noted_on: date
    known_from: datetime


def evolve(state: AccountNoteAdded | None, recorded: Recorded) -> AccountNoteAdded:  # noqa: ARG001
    """Remember the note."""
    return cast("AccountNoteAdded", recorded.event)


def rows(state: AccountNoteAdded, tenant: int, known_from: datetime) -> EntityRows:
    """Return the note's row."""
    return (
        (
            AccountNoteRow(
                tenant,
                state.company_id,
                state.cust_id,
                state.note_id,
                state.text,
                state.noted_on,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> AccountNoteAdded:
    """Return the note of a stored row."""
    row = cast("AccountNoteRow", stored[0][0])
    return AccountNoteAdded(row.company_id, row.cust_id, row.note_id, row.text, row.noted_on)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the note that an event is about."""
    note = cast("AccountNoteAdded", recorded.event)
    return note.company_id, note.cust_id, note.note_id


def begins(recorded: Recorded) -> bool:  # noqa: ARG001
    """Whether nothing can be known before: a note is added once and never changes."""
    return True


_KEY = ("company_id", "cust_id", "note_id")

ACCOUNT_NOTES: ReadModel[Any, AccountNoteAdded] = ReadModel(
    name="account_notes",
    tables=(Table("account_notes", AccountNoteRow, _KEY, _KEY, history=False),),
    handles=(AccountNoteAdded,),
    key=key,
    begins=begins,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
