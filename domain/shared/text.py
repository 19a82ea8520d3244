"""Text that can be kept: in the log, in read models and in files."""

import re

from domain.shared.decider import Refused


def can_be_kept(text: str) -> bool:
    """Whether text holds neither a NUL nor half of a character, which no database keeps."""
    return "\0" not in text and (text.isascii() or _HALF.search(text) is None)


def kept(text: str) -> str:
    """Return text with what no database keeps replaced by the sign for it, U+FFFD."""
    return text if can_be_kept(text) else _HALF.sub("\ufffd", text).replace("\0", "\ufffd")


def cleaned(text: str, name: str, field: str, characters_max: int) -> str:
    """Return text without the space around it; `name` says in codes what the text is.

    Raises:
        Refused: if it cannot be kept or is longer than `characters_max`.
    """
    words = name.replace("_", " ").capitalize()
    if not can_be_kept(text):
        raise Refused(f"{name}_not_text", f"{words}: this is no plain text.", field)
    text = text.strip()
    if len(text) > characters_max:
        raise Refused(
            f"{name}_too_long", f"{words}: at most {characters_max} characters, please.", field
        )
    return text


_HALF = re.compile("[\ud800-\udfff]")


def camel(name: str) -> str:
    """Return the name by which people's programs call a field: cntctName of cntct_name."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def entered(text: str | None, code: str, field: str, characters_max: int) -> str | None:
    """Return what a person entered in a field, without the space around it; None if nothing.

    Raises:
        Refused: with `code` and what is wrong with it, if it cannot be kept or is too long.
    """
    told = (text or "").strip()
    name = camel(field)
    if not can_be_kept(told):
        raise Refused(f"{code}_not_text", f"{name} is plain text.", name)
    if len(told) > characters_max:
        message = f"{name} has at most {characters_max:,} characters."
        raise Refused(f"{code}_too_long", message, name)
    return told or None
