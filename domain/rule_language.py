"""Rule filters as text that people write and read (RULE-05)."""

from domain.conditions import Condition


def parsed(text: str) -> Condition:
    """Return the condition that a text says.

    Raises:
        Refused: if it says none, with the line and column at fault.
    """
    raise NotImplementedError(text)


def printed(condition: Condition) -> str:
    """Return the one text by which a condition is stored; `parsed` gives the same condition back."""
    raise NotImplementedError(condition)
