"""Text that can be kept: in the log, in read models and in files."""

import re


def can_be_kept(text: str) -> bool:
    """Whether text holds neither a NUL nor half of a character, which no database keeps."""
    return "\0" not in text and (text.isascii() or _HALF.search(text) is None)


_HALF = re.compile("[\ud800-\udfff]")
