"""Aging arithmetic: which bucket an open amount falls in (AGE-01 to AGE-15, AGE-22).

Two sets are kept side by side. The invoice set counts days since the invoice date, the due set
days since the due date; the same index means a different range in each [C3]. Boundaries are
inclusive at the top, the last bucket is open-ended, and a document dated after the as-of date
is future in both (AGE-08). The unit may be whole calendar months elapsed (AGE-03, G17).
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise

from domain.shared.decider import Refused

BOUNDARIES = (30, 60, 90, 120)
"""Default boundaries of both sets, in days."""

BOUNDARIES_COUNT = 4
BOUNDARY_MAX = 36_500
"""A hundred years of days."""


class Basis(StrEnum):
    """Which date an amount ages from."""

    DUE = "due"
    INVOICE = "invoice"


class AgeUnit(StrEnum):
    """In what age is counted."""

    DAYS = "days"
    MONTHS = "months"


def labels(basis: Basis, boundaries: Sequence[int] = BOUNDARIES) -> list[str]:
    """Return the labels of a set's buckets, from future to the oldest (AGE-15).

    The due set has a bucket from 1 to the first boundary; in the invoice set that is current.
    """
    lows = [1, *(boundary + 1 for boundary in boundaries)]
    ranges = [
        f"{low}-{high}" if low < high else f"{low}"
        for low, high in zip(lows, boundaries, strict=False)
    ]
    if basis is Basis.INVOICE:
        ranges = ranges[1:]
    return ["future", "current", *ranges, f"{lows[-1]}+"]


def bucket(
    as_of: date,
    tran_date: date,
    due_date: date | None,
    basis: Basis,
    boundaries: Sequence[int] = BOUNDARIES,
    unit: AgeUnit = AgeUnit.DAYS,
) -> int:
    """Return the index into `labels` of a document's bucket on `as_of`.

    A document without a due date is due on its invoice date.
    """
    if tran_date > as_of:
        return 0
    base = tran_date if basis is Basis.INVOICE else due_date or tran_date
    if basis is Basis.DUE and as_of <= base:
        return 1
    age = elapsed(base, as_of, unit)
    first = 1 if basis is Basis.INVOICE else 2
    return first + sum(age > boundary for boundary in boundaries)


def elapsed(since: date, until: date, unit: AgeUnit) -> int:
    """Return the days, or the whole calendar months, from `since` to `until`."""
    if unit is AgeUnit.DAYS:
        return (until - since).days
    months = (until.year - since.year) * 12 + until.month - since.month
    return months - (1 if until.day < since.day else 0)


def checked_boundaries(boundaries: Sequence[int], field: str) -> tuple[int, ...]:
    """Return the boundaries if they are four rising numbers from 1 to `BOUNDARY_MAX` (AGE-02).

    :raises Refused: otherwise.
    """
    rising = all(low < high for low, high in pairwise(boundaries))
    if (
        len(boundaries) != BOUNDARIES_COUNT
        or not rising
        or boundaries[0] < 1
        or boundaries[-1] > BOUNDARY_MAX
    ):
        raise Refused(
            "aging_boundaries_invalid",
            "Aging needs four boundaries above zero, each larger than the one before and none"
            f" above {BOUNDARY_MAX}.",
            field,
        )
    return tuple(boundaries)
