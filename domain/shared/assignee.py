"""To whom accounts and work are assigned: users that are there and active (USR-10, ISS-13)."""

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
