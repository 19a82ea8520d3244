"""Read model: what a site says of kinds of user actions, where it says anything (UA-03)."""

from datetime import datetime
from typing import Any, cast

from domain.shared.streams import stream_key
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action_kind import UserActionKindChanged
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class UserActionKindRow(Row, frozen=True, array_like=True, gc=False):
    """What a kind is called, and how urgent its actions are."""

    tenant: int
    kind: str
    description: str
    priority: int
    known_from: datetime


def evolve(
    state: UserActionKindChanged | None,  # noqa: ARG001
    recorded: Recorded,
) -> UserActionKindChanged:
    """Remember the last that was said."""
    return cast("UserActionKindChanged", recorded.event)


def rows(state: UserActionKindChanged, tenant: int, known_from: datetime) -> EntityRows:
    """Return the kind's row."""
    row = UserActionKindRow(tenant, state.kind.value, state.description, state.priority, known_from)
    return ((row,),)


def restore(stored: EntityRows) -> UserActionKindChanged:
    """Return what a stored row says."""
    row = cast("UserActionKindRow", stored[0][0])
    return UserActionKindChanged(UserActionKind(row.kind), row.description, row.priority)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the kind that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("kind",)

USER_ACTION_KINDS: ReadModel[Any, UserActionKindChanged] = ReadModel(
    name="user_action_kinds",
    tables=(Table("user_action_kinds", UserActionKindRow, _KEY, _KEY),),
    handles=(UserActionKindChanged,),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
