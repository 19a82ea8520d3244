"""Who sits at the command line."""

import os
import pwd


def operator() -> str:
    """Return who sits at the command line, as the log names them."""
    number = os.getuid()
    try:
        return f"cli/{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"cli/{number}"
