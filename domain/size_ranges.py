"""Ranges of invoices by size, in home currency, by which average days to pay are told (KPI-13).

There are at most seven. Each begins at a bound, which belongs to it, and ends below the next.
"""

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from domain.shared.decider import Refused

RANGES = 7
"""Ranges at most; so there is one bound less."""

SIZE_RANGES = tuple(Decimal(bound) for bound in (500, 1_000, 5_000, 10_000, 50_000, 100_000))
"""The bounds by default."""

BOUND_MAX = Decimal(10) ** 15


def size_range(amount_hc: Decimal, bounds: Sequence[Decimal]) -> int:
    """Return the range of an amount, from 0."""
    return bisect_right(bounds, amount_hc)


def size_range_labels(bounds: Sequence[Decimal]) -> list[str]:
    """Return what the ranges are called, from the smallest."""
    if not bounds:
        return ["all"]
    middle = [f"{low:f} to below {high:f}" for low, high in pairwise(bounds)]
    return [f"below {bounds[0]:f}", *middle, f"{bounds[-1]:f} and more"]


def checked_size_ranges(bounds: Sequence[Decimal], field: str) -> tuple[Decimal, ...]:
    """Return the bounds if they are at most six rising amounts above zero.

    :raises Refused: otherwise.
    """
    rising = all(low < high for low, high in pairwise(bounds))
    if len(bounds) >= RANGES or not rising or not all(0 < one <= BOUND_MAX for one in bounds):
        raise Refused(
            "size_ranges_invalid",
            f"Sizes are told apart by at most {RANGES - 1} bounds above zero, each larger than the"
            " one before.",
            field,
        )
    return tuple(bounds)
