"""Read model: users, as far as accounts are assigned to users and users to teams."""

from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.personal import ERASED
from domain.shared.streams import stream_key
from domain.user import (
    UserChanged,
    UserErased,
    UserKind,
    UserProfile,
    UserRegistered,
    UserReinstated,
    UserRetired,
)
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class UserRow(Row, frozen=True, array_like=True, gc=False):
    """A user as known; `manager_id` is the user whose team it is in."""

    tenant: int
    user_id: str
    name: str
    email: str | None
    kind: str
    manager_id: str | None
    active: bool
    known_from: datetime


class UserState(Struct, gc=False):
    """A user while its events are folded."""

    profile: UserProfile
    active: bool


def evolve(state: UserState | None, recorded: Recorded) -> UserState:
    """Remember what is known of the user, and whether it is active."""
    event = recorded.event
    if isinstance(event, UserRegistered):
        return UserState(event.profile, active=True)
    if state is None:
        raise LookupError(f"{recorded.stream} was not registered.")
    if isinstance(event, UserChanged):
        state.profile = event.profile
    elif isinstance(event, UserErased):
        state.profile = replace(state.profile, name=ERASED, email=None)
    else:
        state.active = isinstance(event, UserReinstated)
    return state


def rows(state: UserState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the user's row."""
    one = state.profile
    return (
        (
            UserRow(
                tenant,
                one.user_id,
                one.name,
                one.email,
                one.kind.value,
                one.manager_id,
                state.active,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> UserState:
    """Return the state of a stored row."""
    row = cast("UserRow", stored[0][0])
    profile = UserProfile(row.user_id, row.name, UserKind(row.kind), row.email, row.manager_id)
    return UserState(profile, row.active)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the user's id."""
    return stream_key(recorded.stream)


USERS: ReadModel[Any, UserState] = ReadModel(
    name="users",
    tables=(Table("users", UserRow, ("user_id",), ("user_id",)),),
    handles=(UserRegistered, UserChanged, UserRetired, UserReinstated, UserErased),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


def managers_above(tenant: int, user_id: str) -> Query[str]:
    """Return the question for the managers above a user, in no order; a circle ends it."""
    statement = """
        WITH RECURSIVE above (user_id, manager_id) AS (
            SELECT u.user_id, u.manager_id FROM users u
            WHERE u.tenant = %(tenant)s AND u.user_id = %(user_id)s
            UNION
            SELECT u.user_id, u.manager_id FROM above a
            JOIN users u ON u.tenant = %(tenant)s AND u.user_id = a.manager_id
        )
        SELECT user_id FROM above WHERE user_id <> %(user_id)s"""
    return Query(sql(statement), {"tenant": tenant, "user_id": user_id}, str)


def active_users(tenant: int) -> Query[str]:
    """Return the question for the users who are not retired."""
    statement = """
        SELECT user_id FROM users WHERE tenant = %(tenant)s AND active
        ORDER BY user_id"""
    return Query(sql(statement), {"tenant": tenant}, str)
