"""What whoever is given a reason code asks of it."""

from domain.shared.decider import Refused
from domain.shared.facts import ReasonCodeFacts


def usable(code: str, known: ReasonCodeFacts | None) -> str:
    """Return a code that may be given from now on (DSP-05).

    Raises:
        Refused: if there is none, or if it was retired.
    """
    if known is None or known.code != code:
        raise Refused("reason_code_unknown", "There is no such reason code.", "reasonCode")
    if not known.active:
        raise Refused(
            "reason_code_retired", f"The reason code {code} is no longer given.", "reasonCode"
        )
    return code
