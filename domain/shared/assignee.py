"""To whom accounts and work are assigned: users that are there and active (USR-10, ISS-13)."""

from domain.shared.decider import Refused
from domain.shared.facts import UserFacts


def check_user(user_id: str, user: UserFacts | None, field: str) -> None:
    """See that a user is there and active.

    Raises:
        Refused: if that is not so.
    """
    if user is None:
        raise Refused("user_unknown", f"There is no user {user_id}.", field)
    if not user.active:
        raise Refused("user_retired", f"The user {user_id} is retired.", field)
