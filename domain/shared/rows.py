"""What readers of exports and the sync that takes their rows over say to each other."""

KEY_SEPARATOR = "\x1f"
"""Between the parts of a row's key, as no key may hold it."""


class BadRow(Exception):
    """A row cannot be taken over; the reason is fit to show, `column` says where, if anywhere."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
