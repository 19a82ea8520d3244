"""To whom accounts and work are assigned: users that are there and active (USR-10, ISS-13)."""

from collections.abc import Sequence

from domain.shared.decider import Refused
from domain.shared.facts import CareFacts, UserFacts
from domain.shared.wording import optional_text


def assignee(given: str | None, user: UserFacts | None, care: CareFacts) -> str | None:
    """Return who is to do some work: the user that is given, else the account's (ISS-09, ACT-05).

    Raises:
        Refused: if there is no such user, or the user is retired.
    """
    user_id = optional_text(given, "user", "assignedUserId")
    if user_id is None:
        return care.assigned_user_id
    check_user(user_id, user, "assignedUserId")
    return user_id


def check_user(user_id: str, user: UserFacts | None, field: str) -> None:
    """See that a user is there and active.

    Raises:
        Refused: if that is not so.
    """
    if user is None:
        raise Refused("user_unknown", f"There is no user {user_id}.", field)
    if not user.active:
        raise Refused("user_retired", f"The user {user_id} is retired.", field)


def passed_on(had: tuple[str, ...], before: str | None, user_id: str) -> tuple[str, ...]:
    """Return who had some work and passed it on, once it goes from `before` to a user.

    What is handed back to somebody is as it was when they had it.
    """
    chain = had if before is None else (*had, before)
    return chain[: chain.index(user_id)] if user_id in chain else chain


def check_not_passed_back(user_id: str, had: Sequence[str], *, hand_back: bool) -> None:
    """See that work does not go round: to somebody who had it, only if it is handed back.

    Raises:
        Refused: if that is not so.
    """
    if user_id in had and not hand_back:
        raise Refused(
            "reassignment_cycle",
            f"{user_id} had it and passed it on; say so to hand it back.",
            "handBack",
        )


def manager_of(
    assigned_user_id: str | None, asked_of: str | None, facts: Sequence[UserFacts | None]
) -> str:
    """Return the manager of the user to whom some work is assigned (ISS-13).

    `facts` are those of the user `asked_of`, and of that user's manager, as far as it was known
    whom to ask. Who asks again once it is assigned to the manager is told the same.

    Raises:
        Refused: if there is none, the manager is retired, or either changed meanwhile.
    """
    user, *above = (*facts, None)
    manager_id = None if user is None else user.manager_id
    if assigned_user_id not in {asked_of, manager_id}:
        raise Refused("assignee_moved", "It was reassigned at the same time; try again.")
    if manager_id is None:
        raise Refused("no_manager", "There is no manager of anybody it is assigned to.")
    manager = above[0]
    if manager is None or manager.user_id != manager_id:
        raise Refused("team_moved", "Teams were changed at the same time; try again.")
    check_user(manager_id, manager, "assignedUserId")
    return manager_id
