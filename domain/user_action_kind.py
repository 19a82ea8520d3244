"""What a site calls a kind of user actions, and how urgent they are (UA-03).

as it came --change--> changed --change--> changed, or as it came again
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from domain.shared.decider import Decider
from domain.shared.event import Event
from domain.shared.user_action_kinds import DEFAULTS, KindSettings, UserActionKind
from domain.shared.wording import checked_priority, required_text

# Events: stored for ever under these names and fields. Add, never rename.


class UserActionKindChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """From now on the kind is called this, and its actions are so urgent."""

    kind: UserActionKind
    description: str
    priority: int


# Commands.


class ChangeUserActionKind(Struct, frozen=True, gc=False):
    """Change what is given; None is what the kind came with."""

    kind: UserActionKind
    description: str | UnsetType | None = UNSET
    priority: int | UnsetType | None = UNSET


# State: what the site said last, if anything.

UserActionKindState: TypeAlias = UserActionKindChanged | None


def evolve(state: UserActionKindState, event: UserActionKindChanged) -> UserActionKindState:  # noqa: ARG001
    """Remember `event`."""
    return event


def decide(
    command: ChangeUserActionKind, state: UserActionKindState
) -> Sequence[UserActionKindChanged]:
    """Change what differs."""
    came = DEFAULTS[command.kind]
    known = came if state is None else KindSettings(state.description, state.priority)
    description, priority = command.description, command.priority
    if description is None:
        description = came.description
    elif not isinstance(description, UnsetType):
        description = required_text(description, "description", "description")
    else:
        description = known.description
    if priority is None:
        priority = came.priority
    elif not isinstance(priority, UnsetType):
        checked_priority(priority)
    else:
        priority = known.priority
    if KindSettings(description, priority) == known:
        return []
    return [UserActionKindChanged(command.kind, description, priority)]


USER_ACTION_KIND: Decider[UserActionKindState, ChangeUserActionKind, UserActionKindChanged] = (
    Decider(
        category="user_action_kind",
        events=(UserActionKindChanged,),
        initial=None,
        evolve=evolve,
        decide=decide,
    )
)
