"""Classes of ranges by length, four to an octave, for finding what was open on a date.

A range of a class began at most `longest(class)` days before any date on which it is open, and
is at least some four fifths as long as that. So looking, class by class, at the ranges that
began within that many days finds all that are open and few that are not.
"""

from datetime import date

OPEN_ENDED = 99
"""The class of ranges without an end."""

FOREVER = date(9999, 12, 31)
"""The end of a range that has none."""

DAYS_MAX = 3_652_059
"""No range is longer: the days of the calendar."""


def duration_class(days: int) -> int:
    """Return the class of a range of `days` (1 or more)."""
    octave = days.bit_length() - 1
    return 4 * octave + ((days << 2) >> octave) - 4


def longest(duration: int) -> int:
    """Return the most days that a range of the class has."""
    octave, quarter = divmod(duration, 4)
    return max(1, (((5 + quarter) << octave) - 1) // 4)


CLASSES = (
    *((duration, longest(duration)) for duration in range(duration_class(DAYS_MAX) + 1)),
    (OPEN_ENDED, DAYS_MAX),
)
"""Every class with the most days its ranges have."""
