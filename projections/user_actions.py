"""Read model: user actions, each with how it ended if it did (UA-01)."""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct

from domain.shared.streams import stream_key
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action import (
    UserActionDone,
    UserActionRaised,
    UserActionReassigned,
    UserActionWithdrawn,
)
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class UserActionRow(Row, frozen=True, array_like=True, gc=False):
    """A user action; `subject` is the id of what it is about."""

    tenant: int
    action_id: str
    action_no: int
    kind: str
    subject: str
    occasion: str
    company_id: str
    cust_id: str
    user_id: str | None
    raised_on: date
    text: str
    promise_id: str | None
    activity_id: str | None
    pending_payment_id: str | None
    done_on: date | None
    done_by: str | None
    withdrawn_on: date | None
    withdrawn_reason: str | None
    known_from: datetime


class UserActionState(Struct, gc=False):
    """A user action while its events are folded: how it was raised last, and what came of it."""

    action_no: int
    raised: UserActionRaised
    user_id: str | None
    done: UserActionDone | None = None
    withdrawn: UserActionWithdrawn | None = None


def evolve(state: UserActionState | None, recorded: Recorded) -> UserActionState:
    """Remember an event."""
    event = recorded.event
    if isinstance(event, UserActionRaised):
        number = recorded.position if state is None else state.action_no
        return UserActionState(number, event, event.user_id)
    if state is None:
        raise LookupError(f"{recorded.stream} was not raised.")
    match event:
        case UserActionReassigned(user_id):
            state.user_id = user_id
        case UserActionDone():
            state.done = event
        case _:
            state.withdrawn = cast("UserActionWithdrawn", event)
    return state


def rows(state: UserActionState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the action's row."""
    one, done, withdrawn = state.raised, state.done, state.withdrawn
    row = UserActionRow(
        tenant,
        one.action_id,
        state.action_no,
        one.kind.value,
        one.promise_id or one.activity_id or one.pending_payment_id or "",
        one.occasion,
        one.company_id,
        one.cust_id,
        state.user_id,
        one.raised_on,
        one.text,
        one.promise_id,
        one.activity_id,
        one.pending_payment_id,
        done and done.done_on,
        done and done.done_by,
        withdrawn and withdrawn.withdrawn_on,
        withdrawn and withdrawn.reason,
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> UserActionState:
    """Return the state of a stored row."""
    row = cast("UserActionRow", stored[0][0])
    raised = UserActionRaised(
        row.action_id,
        UserActionKind(row.kind),
        row.company_id,
        row.cust_id,
        row.raised_on,
        row.occasion,
        row.text,
        row.user_id,
        row.promise_id,
        row.activity_id,
        row.pending_payment_id,
    )
    done = withdrawn = None
    if row.done_on is not None:
        done = UserActionDone(row.done_on, row.done_by or "")
    if row.withdrawn_on is not None:
        withdrawn = UserActionWithdrawn(row.withdrawn_on, row.withdrawn_reason or "")
    return UserActionState(row.action_no, raised, row.user_id, done, withdrawn)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the action that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("action_id",)

USER_ACTIONS: ReadModel[Any, UserActionState] = ReadModel(
    name="user_actions",
    tables=(Table("user_actions", UserActionRow, _KEY, _KEY),),
    handles=(UserActionRaised, UserActionReassigned, UserActionDone, UserActionWithdrawn),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
