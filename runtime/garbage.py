"""Python's search for reference cycles, put off while work makes many objects that live briefly."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

YOUNG_OBJECTS_MAX = 100_000
"""Tracked objects that a page of rows or events may make before cycles are looked for."""


@contextmanager
def rare_collection() -> Generator[None]:
    """Look for cycles rarely while the block works through pages of rows or events.

    They hold no cycles and are freed when the page is done; looking through them again and again
    would cost a sixth of the time.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS_MAX, *thresholds[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
