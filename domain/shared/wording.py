"""What people type: texts, trimmed and bounded, and priorities."""

from domain.shared.decider import Refused
from domain.shared.text import can_be_kept

NAME_CHARACTERS_MAX = 200
"""Of ids, codes, names and subjects."""

TEXT_CHARACTERS_MAX = 10_000
"""Of notes and descriptions."""

PRIORITY_MAX = 999
"""The least urgent; 1 is the most urgent [C6]."""


def required_text(
    text: str, called: str, field: str, characters_max: int = NAME_CHARACTERS_MAX
) -> str:
    """Return a text without the space around it.

    Raises:
        Refused: if it is empty, too long or no text; `called` says of what.
    """
    trimmed = text.strip()
    if trimmed and len(trimmed) <= characters_max and can_be_kept(trimmed):
        return trimmed
    code = called.replace(" ", "_")
    if not trimmed:
        raise Refused(f"{code}_empty", f"The {called} needs some text.", field)
    if not can_be_kept(trimmed):
        raise Refused(
            f"{code}_not_text", f"The {called} is plain text, without control characters.", field
        )
    raise Refused(
        f"{code}_too_long", f"The {called} has at most {characters_max} characters.", field
    )


def optional_text(
    text: str | None, called: str, field: str, characters_max: int = NAME_CHARACTERS_MAX
) -> str | None:
    """Return a text without the space around it; None if there is nothing but space.

    Raises:
        Refused: if it is too long or no text.
    """
    if text is None or not text.strip():
        return None
    return required_text(text, called, field, characters_max)


def checked_priority(priority: int | None, field: str = "priority") -> int | None:
    """Return a priority, if it is one.

    Raises:
        Refused: if it is out of range.
    """
    if priority is not None and not 1 <= priority <= PRIORITY_MAX:
        raise Refused(
            "priority_invalid",
            f"A priority is a number from 1, the most urgent, to {PRIORITY_MAX}.",
            field,
        )
    return priority


def number_of(count: int, noun: str) -> str:
    """Return a count with what is counted; `noun` is one of it, such as `document`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
