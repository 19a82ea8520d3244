"""Read model: activities with their follow-ups, and the documents tagged to them.

One completion and one follow-up are kept, the last: when an activity is reopened, the completion
before was none, and a follow-up that is set takes the place of another. A result that is noted
on completion takes the place of the note.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple

from domain.activity import (
    ActivityCompleted,
    ActivityReassigned,
    ActivityRecorded,
    ActivityReopened,
    ActivityWithdrawn,
    InvoicesTagged,
    InvoicesUntagged,
    Tag,
)
from domain.follow_up import FollowUpCompleted, FollowUpSet
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class ActivityRow(Row, frozen=True, array_like=True, gc=False):
    """An activity as known; `activity_no` is the position of its recording in the log.

    `respond_by`, whether days were counted until then, and `duration_minutes` are those of its
    follow-up, if it has one.
    """

    tenant: int
    activity_id: str
    activity_no: int
    company_id: str
    cust_id: str
    activity_type: str
    standard_type: str
    entered_on: date
    issue_id: str | None
    note: str | None
    due_on: date | None
    respond_by: date | None
    duration_minutes: int | None
    assigned_user_id: str | None
    user_id: str | None
    action_code: str | None
    priority: int | None
    completed_on: date | None
    successful: bool | None
    follow_up_on: date | None
    follow_up_entered_on: date | None
    follow_up_desc: str | None
    follow_up_completed_on: date | None
    follow_up_user_id: str | None
    days_counted: bool | None
    withdrawn_on: date | None
    withdrawn_reason: str | None
    known_from: datetime


class ActivityTagRow(Row, frozen=True, array_like=True, gc=False):
    """A document tagged to an activity; `balance_hc` is what was open of it then (G14)."""

    tenant: int
    activity_id: str
    company_id: str
    tran_id: str
    tagged_on: date
    balance_hc: Decimal
    home_curr_id: str
    standard_type: str
    entered_on: date
    completed_on: date | None
    known_from: datetime


class ActivityState(Struct, gc=False):
    """An activity while its events are folded: its row's values in order, and its tags."""

    activity_id: str
    activity_no: int
    company_id: str
    cust_id: str
    activity_type: str
    standard_type: str
    entered_on: date
    issue_id: str | None
    note: str | None
    due_on: date | None
    respond_by: date | None
    duration_minutes: int | None
    assigned_user_id: str | None
    user_id: str | None
    action_code: str | None
    priority: int | None
    completed_on: date | None = None
    successful: bool | None = None
    follow_up_on: date | None = None
    follow_up_entered_on: date | None = None
    follow_up_desc: str | None = None
    follow_up_completed_on: date | None = None
    follow_up_user_id: str | None = None
    days_counted: bool | None = None
    withdrawn_on: date | None = None
    withdrawn_reason: str | None = None
    tags: dict[str, tuple[date, Tag]] = {}


def evolve(state: ActivityState | None, recorded: Recorded) -> ActivityState:
    """Remember an event, in place."""
    event = recorded.event
    if isinstance(event, ActivityRecorded):
        return _began(event, recorded.position)
    if state is None:
        raise LookupError(f"{recorded.stream} was not recorded.")
    match event:
        case ActivityCompleted():
            state.completed_on = event.completed_on
            state.successful = event.successful
            state.note = event.note or state.note
        case ActivityReopened():
            state.completed_on = state.successful = None
        case ActivityWithdrawn(withdrawn_on, reason):
            state.withdrawn_on, state.withdrawn_reason = withdrawn_on, reason
        case ActivityReassigned(assigned_user_id):
            state.assigned_user_id = assigned_user_id
        case InvoicesTagged(tagged_on, tags):
            state.tags.update((tag.tran_id, (tagged_on, tag)) for tag in tags)
        case InvoicesUntagged(tran_ids):
            for tran_id in tran_ids:
                del state.tags[tran_id]
        case FollowUpSet():
            state.follow_up_on = event.follow_up_on
            state.follow_up_entered_on = event.entered_on
            state.follow_up_desc = event.follow_up_desc
            state.follow_up_completed_on = None
            state.respond_by = event.respond_by
            state.duration_minutes = event.duration_minutes
            state.follow_up_user_id = event.user_id
            state.days_counted = _counted(event.days_counted, event.respond_by, event.follow_up_on)
        case FollowUpCompleted(completed_on):
            state.follow_up_completed_on = completed_on
        case _:
            raise LookupError(f"{event} is none of an activity.")
    return state


def _began(event: ActivityRecorded, position: int) -> ActivityState:
    return ActivityState(
        event.activity_id,
        position,
        event.company_id,
        event.cust_id,
        event.activity_type,
        event.standard_type.value,
        event.entered_on,
        event.issue_id,
        event.note,
        event.due_on,
        event.respond_by,
        event.duration_minutes,
        event.assigned_user_id,
        event.user_id,
        event.action_code,
        event.priority,
        days_counted=_counted(event.days_counted, event.respond_by, event.entered_on),
    )


def _counted(told: bool | None, respond_by: date | None, since: date) -> bool | None:
    """Return whether days to respond were given; where it is not told, a later date says so."""
    if told is None and respond_by is not None:
        return respond_by > since
    return told


def rows(state: ActivityState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the activity's row, and one of each of its tags."""
    *values, tags = astuple(state)
    tag_rows = [
        ActivityTagRow(
            tenant,
            state.activity_id,
            state.company_id,
            tag.tran_id,
            tagged_on,
            tag.balance_hc,
            tag.home_curr_id,
            state.standard_type,
            state.entered_on,
            state.completed_on,
            known_from,
        )
        for tagged_on, tag in tags.values()
    ]
    return (build(ActivityRow, tenant, *values, known_from),), tag_rows


def restore(stored: EntityRows) -> ActivityState:
    """Return the state that an entity's stored rows stand for."""
    tags = {
        one.tran_id: (one.tagged_on, Tag(one.tran_id, one.balance_hc, one.home_curr_id))
        for one in cast("list[ActivityTagRow]", stored[1])
    }
    return build(ActivityState, *astuple(stored[0][0])[1:-1], tags)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the activity that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("activity_id",)

ACTIVITIES: ReadModel[Any, ActivityState] = ReadModel(
    name="activities",
    tables=(
        Table("activities", ActivityRow, _KEY, _KEY),
        Table("activity_tags", ActivityTagRow, _KEY, (*_KEY, "company_id", "tran_id")),
    ),
    handles=(
        ActivityRecorded,
        ActivityCompleted,
        ActivityReopened,
        ActivityWithdrawn,
        ActivityReassigned,
        InvoicesTagged,
        InvoicesUntagged,
        FollowUpSet,
        FollowUpCompleted,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
