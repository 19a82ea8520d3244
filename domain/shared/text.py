"""Text that can be kept: in the log, in read models and in files."""


def can_be_kept(text: str) -> bool:
    """Whether text holds neither a NUL nor half of a character, which no database keeps."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
