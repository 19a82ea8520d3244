"""Read model: issues, and the documents that they are about.

One resolution is kept, the last: when an issue is reopened, the one before was no resolution.
"""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple

from domain.issue import (
    IssueExtended,
    IssueOpened,
    IssueReassigned,
    IssueReopened,
    IssueResolved,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class IssueRow(Row, frozen=True, array_like=True, gc=False):
    """An issue as known; `issue_no` is the position of its opening in the log (ISS-02)."""

    tenant: int
    issue_id: str
    issue_no: int
    company_id: str
    cust_id: str
    subject: str
    priority: int | None
    action_code: str | None
    assigned_user_id: str | None
    note: str | None
    opened_on: date
    resolved_on: date | None
    resolved_by: str | None
    resolution: str | None
    reason: str | None
    rule_id: str | None
    known_from: datetime


class IssueInvoiceRow(Row, frozen=True, array_like=True, gc=False):
    """A document that an issue is about since `opened_on`, its opening or an extension."""

    tenant: int
    issue_id: str
    company_id: str
    tran_id: str
    opened_on: date
    known_from: datetime


class IssueState(Struct, gc=False):
    """An issue while its events are folded: its row's values in order, and its documents."""

    issue_id: str
    issue_no: int
    company_id: str
    cust_id: str
    subject: str
    priority: int | None
    action_code: str | None
    assigned_user_id: str | None
    note: str | None
    opened_on: date
    resolved_on: date | None
    resolved_by: str | None
    resolution: str | None
    reason: str | None
    rule_id: str | None
    tran_ids: dict[str, date]


def evolve(state: IssueState | None, recorded: Recorded) -> IssueState:
    """Remember an event, in place."""
    event = recorded.event
    if isinstance(event, IssueOpened):
        return IssueState(
            event.issue_id,
            recorded.position,
            event.company_id,
            event.cust_id,
            event.subject,
            event.priority,
            event.action_code,
            event.assigned_user_id,
            event.note,
            event.opened_on,
            None,
            None,
            None,
            event.reason,
            None if event.origin is None else event.origin.rule_id,
            dict.fromkeys(event.tran_ids, event.opened_on),
        )
    if state is None:
        raise LookupError(f"{recorded.stream} was not opened.")
    if isinstance(event, IssueReassigned):
        state.assigned_user_id = event.assigned_user_id
    elif isinstance(event, IssueExtended):
        state.tran_ids.update(dict.fromkeys(event.tran_ids, event.extended_on))
    elif isinstance(event, IssueResolved):
        state.resolved_on = event.resolved_on
        state.resolved_by = event.resolved_by.value
        state.resolution = event.resolution
    elif isinstance(event, IssueReopened):
        state.resolved_on = state.resolved_by = state.resolution = None
    return state


def rows(state: IssueState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the issue's row, and one of each of its documents."""
    *values, tran_ids = astuple(state)
    documents = [
        IssueInvoiceRow(tenant, state.issue_id, state.company_id, tran_id, since, known_from)
        for tran_id, since in tran_ids.items()
    ]
    return (build(IssueRow, tenant, *values, known_from),), documents


def restore(stored: EntityRows) -> IssueState:
    """Return the state that an entity's stored rows stand for."""
    tran_ids = {one.tran_id: one.opened_on for one in cast("list[IssueInvoiceRow]", stored[1])}
    return build(IssueState, *astuple(stored[0][0])[1:-1], tran_ids)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the issue that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("issue_id",)

ISSUES: ReadModel[Any, IssueState] = ReadModel(
    name="issues",
    tables=(
        Table("issues", IssueRow, _KEY, _KEY),
        Table("issue_invoices", IssueInvoiceRow, _KEY, (*_KEY, "company_id", "tran_id")),
    ),
    handles=(IssueOpened, IssueExtended, IssueReassigned, IssueResolved, IssueReopened),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
