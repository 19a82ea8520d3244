"""Action codes that work is done by: rules use them, and so do people (CODE-03)."""

from domain.shared.decider import Refused
from domain.shared.facts import ActionCodeFacts


def require_code(action_code: str | None, code: ActionCodeFacts | None) -> None:
    """See that an action code that somebody names is in force; none need be named.

    Raises:
        Refused: if there is no such code, or it was retired.
    """
    if action_code is not None and code is None:
        raise Refused(
            "action_code_unknown", f"There is no action code {action_code} in force.", "actionCode"
        )
