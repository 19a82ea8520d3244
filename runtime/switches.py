"""How soon a thread goes on that waited for the database, beside one that is always busy."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

SWITCH_SECONDS = 0.0001


@contextmanager
def prompt_switches() -> Generator[None]:
    """Let the thread that appends go on as soon as the server has answered it.

    The one that reads and decides is always busy, and Python would let it keep the interpreter
    for 5 ms each time: with several answers an append, a tenth of the time of a sync or of a run
    of rules.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
