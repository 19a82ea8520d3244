"""Read model: disputes of documents (DSP-01 to DSP-06).

A row tells a dispute as it is known to be: its amount, its exclusion from aging and its note hold
from `dispute_date` on, its reason code from `code_date`, its closing from `closed_on`. A closing
that was taken back leaves no trace but in what was known before, so a dispute that was closed and
reopened counts as open on the dates between.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from domain.dispute import (
    DisputeAmountChanged,
    DisputeClosed,
    DisputeExclusionChanged,
    DisputeNoteChanged,
    DisputeOpened,
    DisputeReasonSet,
    DisputeReopened,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class DisputeRow(Row, frozen=True, array_like=True, gc=False):
    """A dispute as known; `amount` is in the document's currency, `amount_hc` in home currency.

    `code_date` is when the reason code was given, `opened_on` when the dispute was told, and
    `closed_on`, `outcome` and `closing_note` tell how it ended.
    """

    tenant: int
    dispute_id: str
    company_id: str
    cust_id: str
    tran_id: str
    amount: Decimal
    amount_hc: Decimal
    curr_id: str
    home_curr_id: str
    dispute_date: date
    reason_code: str | None
    code_date: date | None
    exclude_aging: bool
    note: str | None
    activity_id: str | None
    user_id: str
    opened_on: date
    closed_on: date | None
    outcome: str | None
    closing_note: str | None
    known_from: datetime


class DisputeState(Struct, gc=False):
    """A dispute while its events are folded."""

    dispute_id: str
    company_id: str
    cust_id: str
    tran_id: str
    amount: Decimal
    amount_hc: Decimal
    curr_id: str
    home_curr_id: str
    dispute_date: date
    reason_code: str | None
    code_date: date | None
    exclude_aging: bool
    note: str | None
    activity_id: str | None
    user_id: str
    opened_on: date
    closed_on: date | None = None
    outcome: str | None = None
    closing_note: str | None = None


def evolve(state: DisputeState | None, recorded: Recorded) -> DisputeState:
    """Remember the dispute and what changed of it."""
    event = recorded.event
    if isinstance(event, DisputeOpened):
        return _opened(event)
    if state is None:
        raise LookupError(f"{recorded.stream} was not opened before")
    match event:
        case DisputeAmountChanged(amount, amount_hc):
            state.amount, state.amount_hc = amount, amount_hc
        case DisputeReasonSet(reason_code, code_date):
            state.reason_code, state.code_date = reason_code, code_date
        case DisputeExclusionChanged(exclude_aging):
            state.exclude_aging = exclude_aging
        case DisputeNoteChanged(note):
            state.note = note
        case DisputeClosed(closed_on, outcome, note):
            state.closed_on, state.outcome, state.closing_note = closed_on, outcome, note
        case _:
            state.closed_on = state.outcome = state.closing_note = None
    return state


def _opened(event: DisputeOpened) -> DisputeState:
    return DisputeState(
        event.dispute_id,
        event.company_id,
        event.cust_id,
        event.tran_id,
        event.amount,
        event.amount_hc,
        event.curr_id,
        event.home_curr_id,
        event.dispute_date,
        event.reason_code,
        event.code_date,
        event.exclude_aging,
        event.note,
        event.activity_id,
        event.user_id,
        event.opened_on,
    )


def rows(state: DisputeState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the dispute's row."""
    return ((build(DisputeRow, tenant, *astuple(state), known_from),),)


def restore(stored: EntityRows) -> DisputeState:
    """Return the state of a stored row."""
    return DisputeState(*astuple(stored[0][0])[1:-1])


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the dispute that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("dispute_id",)

DISPUTES: ReadModel[Any, DisputeState] = ReadModel(
    name="disputes",
    tables=(Table("disputes", DisputeRow, _KEY, _KEY),),
    handles=(
        DisputeOpened,
        DisputeAmountChanged,
        DisputeReasonSet,
        DisputeExclusionChanged,
        DisputeNoteChanged,
        DisputeClosed,
        DisputeReopened,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
