"""Commands at random to erasures of persons and legal holds."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from domain.erasure import ERASURE, ApproveErasure, AskErasure, WithdrawErasure
from domain.legal_hold import LEGAL_HOLD, LiftLegalHold, PlaceLegalHold
from domain.shared.decider import Decider

ON = date(2025, 1, 1)

Parts = tuple[Decider[Any, Any, Any], tuple[str, ...], Any]
"""A decider, a key and a command."""


@st.composite
def erasing_and_holding(draw: st.DrawFn, category: str, one: str) -> Parts:
    """A command to a stream of one of the categories here."""
    by, flag = draw(st.sampled_from(["max", "ida"])), draw(st.booleans())
    if category == "erasure":
        key = ("contact", "1", "A", one)
        asking = AskErasure("/".join(key), "r", by, ON, there=True, two_needed=flag)
        approving = ApproveErasure(by, ON, there=True)
        return ERASURE, key, draw(st.sampled_from([asking, approving, WithdrawErasure(by, ON)]))
    assert category == "legal_hold"
    key = ("account", "1", one)
    placing = PlaceLegalHold("/".join(key), "r", by, ON, known=True)
    return LEGAL_HOLD, key, draw(st.sampled_from([placing, LiftLegalHold("r", by, ON)]))


CATEGORIES = frozenset({"erasure", "legal_hold"})
