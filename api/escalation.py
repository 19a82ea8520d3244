"""Whom an escalation asks: the user to whom work is assigned, and that user's manager (ISS-13)."""

from api.connections import Capability, records_of
from api.context import Context
from api.users import USERS
from application.consulting import user_asked
from application.handling import Consulted

_MANAGER = frozenset({"managerId"})


async def managers_asked(
    context: Context, capability: Capability, key: str
) -> tuple[str | None, tuple[Consulted, ...]]:
    """Return who some work is assigned to, and the users to consult: that one and the manager.

    As far as the read models know; the decision is taken on what the log says.
    """
    reading = await context.reading()
    asked_for = frozenset({"assignedUserId"})
    for one in await records_of(capability, reading, [(key,)], asked_for, None):
        (user_id,) = one.values("assigned_user_id")
        if user_id is not None:
            users = await records_of(USERS, reading, [(user_id,)], _MANAGER, None)
            managers = [manager_id for user in users for manager_id in user.values("manager_id")]
            return user_id, tuple(
                one for asked in (user_id, *managers) for one in user_asked(asked)
            )
    return None, ()
