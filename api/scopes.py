"""GraphQL: whose actions a list holds (LIST-03, LIST-04)."""

from enum import StrEnum
from typing import Annotated

import strawberry

from api.context import Info, Reading
from api.errors import ApiError, Code
from domain.conditions import ALWAYS, Compared, Condition, Operator
from projections.dashboard import team


class Whose(StrEnum):
    """Whose actions a list holds."""

    MINE = "mine"
    TEAM = "team"
    UNASSIGNED = "unassigned"
    ALL = "all"


strawberry.enum(
    Whose,
    name="ActionListScope",
    description="Whose actions: those of the user (MINE), of the user and everybody in the teams"
    " below (TEAM), of nobody in particular (UNASSIGNED), or ALL.",
)

Scope = Annotated[
    Whose | None,
    strawberry.argument(
        description="Whose actions; by default those of the caller's user, or all if the caller is"
        " none."
    ),
]
ScopedUser = Annotated[
    str | None,
    strawberry.argument(description="The user; by default the one that the caller is."),
]


async def scoped(
    info: Info, reading: Reading, scope: Whose | None, user_id: str | None, field: str
) -> Condition:
    """Return the condition on the user, whom a field names, that a scope stands for.

    By default it is the caller's user, or everybody if the caller is none.

    Raises:
        ApiError: if it is about a user and none is named.
    """
    named = user_id or info.context.caller.user_id
    match scope or (Whose.ALL if named is None else Whose.MINE):
        case Whose.ALL:
            return ALWAYS
        case Whose.UNASSIGNED:
            return Compared(field, Operator.IS_NULL, True)
        case _ if named is None:
            raise ApiError(Code.BAD_USER_INPUT, "Name a user: the caller is none.")
        case Whose.MINE:
            return Compared(field, Operator.EQ, named)
        case Whose.TEAM:
            members = await reading.fetch(team(reading.asked, named))
            users = [one.user_id for one in members]
            return Compared(field, Operator.IN, users)
