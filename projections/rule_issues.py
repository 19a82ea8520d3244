"""Read model: issues that rules opened, and of what the conditions of their rules held.

It answers which subjects a rule need not look at again: those of an issue that is open, and those
of which its condition has held ever since (RULE-09, G11).
"""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct

from domain.issue import (
    ACCOUNT,
    IssueConditionLapsed,
    IssueExtended,
    IssueOpened,
    IssueReopened,
    IssueResolved,
    Resolver,
    RuleOrigin,
    subjects_of,
)
from domain.rule_view import RuleView
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class RuleIssueRow(Row, frozen=True, array_like=True, gc=False):
    """An issue that a rule opened; `closed_on` is when the software resolved it, if it did."""

    tenant: int
    issue_id: str
    class_id: str
    rule_id: str
    rule_version: int
    view: str
    read_position: int
    company_id: str
    cust_id: str
    opened_on: date
    resolved_on: date | None
    closed_on: date | None
    known_from: datetime


class RuleSubjectRow(Row, frozen=True, array_like=True, gc=False):
    """A subject of such an issue: an account (its `tran_id` is empty), or a document.

    It lapsed on the date on which the condition was found to hold of it no longer.
    """

    tenant: int
    issue_id: str
    class_id: str
    rule_id: str
    company_id: str
    cust_id: str
    tran_id: str
    since: date
    lapsed_on: date | None
    resolved_on: date | None
    known_from: datetime


class RuleIssueState(Struct, gc=False):
    """An issue while its events are folded; without an origin, no rule opened it."""

    issue_id: str
    company_id: str
    cust_id: str
    opened_on: date
    origin: RuleOrigin | None
    resolved_on: date | None = None
    closed_on: date | None = None
    subjects: dict[str, tuple[date, date | None]] = {}
    """When each subject joined the issue, and when it lapsed."""


_OTHER = RuleIssueState("", "", "", date.min, None)
"""Any issue that no rule opened."""


def evolve(state: RuleIssueState | None, recorded: Recorded) -> RuleIssueState:
    """Remember an event, in place."""
    event = recorded.event
    if isinstance(event, IssueOpened):
        return RuleIssueState(
            event.issue_id,
            event.company_id,
            event.cust_id,
            event.opened_on,
            event.origin,
            subjects=dict.fromkeys(sorted(subjects_of(event)), (event.opened_on, None)),
        )
    if state is None or state.origin is None:
        return _OTHER
    match event:
        case IssueExtended(extended_on, tran_ids):
            state.subjects.update(dict.fromkeys(tran_ids, (extended_on, None)))
        case IssueConditionLapsed(lapsed_on, tran_ids):
            for one in tran_ids or (ACCOUNT,):
                state.subjects[one] = state.subjects[one][0], lapsed_on
        case IssueResolved():
            state.resolved_on = event.resolved_on
            by_software = event.resolved_by is Resolver.SOFTWARE
            state.closed_on = event.resolved_on if by_software else None
        case IssueReopened():
            state.resolved_on = state.closed_on = None
        case _:
            raise LookupError(f"{event} is none of an issue of a rule.")
    return state


def rows(state: RuleIssueState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the issue's row, and one of each of its subjects; none of an issue of no rule."""
    origin = state.origin
    if origin is None:
        return (), ()
    issue = RuleIssueRow(
        tenant,
        state.issue_id,
        origin.class_id,
        origin.rule_id,
        origin.rule_version,
        origin.view.value,
        origin.read_position,
        state.company_id,
        state.cust_id,
        state.opened_on,
        state.resolved_on,
        state.closed_on,
        known_from,
    )
    subjects = [
        RuleSubjectRow(
            tenant,
            state.issue_id,
            origin.class_id,
            origin.rule_id,
            state.company_id,
            state.cust_id,
            tran_id,
            since,
            lapsed_on,
            state.resolved_on,
            known_from,
        )
        for tran_id, (since, lapsed_on) in state.subjects.items()
    ]
    return (issue,), subjects


def restore(stored: EntityRows) -> RuleIssueState:
    """Return the state that an issue's stored rows stand for."""
    row = cast("RuleIssueRow", stored[0][0])
    subjects = cast("list[RuleSubjectRow]", stored[1])
    return RuleIssueState(
        row.issue_id,
        row.company_id,
        row.cust_id,
        row.opened_on,
        RuleOrigin(
            row.class_id, row.rule_id, row.rule_version, RuleView(row.view), row.read_position
        ),
        row.resolved_on,
        row.closed_on,
        {one.tran_id: (one.since, one.lapsed_on) for one in subjects},
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the issue that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("issue_id",)

RULE_ISSUES: ReadModel[Any, RuleIssueState] = ReadModel(
    name="rule_issues",
    tables=(
        Table("rule_issues", RuleIssueRow, _KEY, _KEY),
        Table("rule_subjects", RuleSubjectRow, _KEY, (*_KEY, "tran_id")),
    ),
    handles=(IssueOpened, IssueExtended, IssueConditionLapsed, IssueResolved, IssueReopened),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
