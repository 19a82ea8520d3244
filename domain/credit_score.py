"""Ranges of credit scores, each with a colour: which of them a score falls in (ACC-10, ACC-11).

Scores and bounds are text. Where a score and both bounds of a range are numbers they are compared
as numbers, else as text in the order of code points, the letters A to Z like a to z.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from domain.shared.decider import Refused

SCORE_CHARACTERS_MAX = 50
"""Characters of a score, of a bound and of a name at most."""

BUREAUS_MAX = 3
"""Credit bureaus whose scores are kept of an account (ACC-11)."""

RANGES_MAX = 50

NUMBER = "-?[0-9]{1,30}([.][0-9]{1,30})?"
"""Regular expression of texts that are numbers, for Python and for PostgreSQL alike."""

_NUMBER = re.compile(NUMBER)
_COLOR = re.compile("#[0-9a-f]{6}")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class CreditScoreRange(Struct, frozen=True):
    """Scores from `low` to `high`, both included, with a colour (#rrggbb) and a name."""

    low: str
    high: str
    color: str
    name: str


def is_number(text: str) -> bool:
    """Whether a score or a bound is a number."""
    return _NUMBER.fullmatch(text) is not None


def range_of(score: str | None, ranges: Sequence[CreditScoreRange]) -> CreditScoreRange | None:
    """Return the first range that a score falls in; None if there is none."""
    if score is None:
        return None
    return next((one for one in ranges if _holds(one, score)), None)


def checked_ranges(ranges: Sequence[CreditScoreRange]) -> tuple[CreditScoreRange, ...]:
    """Return ranges as they are kept.

    Raises:
        Refused: if one of them is none, or they overlap or do not rise.
    """
    field = "creditScoreRanges"
    if len(ranges) > RANGES_MAX:
        raise Refused(
            "credit_score_ranges_too_many", f"There are at most {RANGES_MAX} ranges.", field
        )
    kept = tuple(_checked(one, field) for one in ranges)
    for before, after in pairwise(kept):
        if not _less(before.high, after.low):
            raise Refused(
                "credit_score_ranges_overlap",
                f"The range from {after.low} does not begin above {before.high}, where the one"
                " before it ends; ranges rise and do not overlap.",
                field,
            )
    return kept


def checked_bureaus(bureaus: Sequence[str]) -> tuple[str, ...]:
    """Return the names of credit bureaus as they are kept.

    Raises:
        Refused: if there are too many, or one has no name of its own.
    """
    field = "creditBureaus"
    kept = tuple(name.strip() for name in bureaus)
    if len(kept) > BUREAUS_MAX:
        raise Refused(
            "credit_bureaus_too_many", f"At most {BUREAUS_MAX} credit bureaus are kept.", field
        )
    if len(set(kept)) < len(kept) or not all(_is_short_text(name) for name in kept):
        raise Refused(
            "credit_bureau_invalid",
            f"A credit bureau has a name of its own of 1 to {SCORE_CHARACTERS_MAX} characters.",
            field,
        )
    return kept


def checked_score(score: str | None, field: str) -> str | None:
    """Return a score as it is kept; None if it says nothing.

    Raises:
        Refused: if it is none.
    """
    kept = (score or "").strip()
    if kept and not _is_short_text(kept):
        raise Refused(
            "credit_score_invalid",
            f"A credit score is plain text of at most {SCORE_CHARACTERS_MAX} characters.",
            field,
        )
    return kept or None


def _checked(given: CreditScoreRange, field: str) -> CreditScoreRange:
    one = CreditScoreRange(
        given.low.strip(), given.high.strip(), given.color.strip().lower(), given.name.strip()
    )
    if not all(_is_short_text(text) for text in (one.low, one.high, one.name)):
        raise Refused(
            "credit_score_range_invalid",
            f"A range has two bounds and a name, each of 1 to {SCORE_CHARACTERS_MAX} characters.",
            field,
        )
    if _COLOR.fullmatch(one.color) is None:
        raise Refused(
            "credit_score_color_invalid",
            f"{given.color!r} is no colour; colours are written #rrggbb, such as #d0021b.",
            field,
        )
    if _less(one.high, one.low):
        raise Refused(
            "credit_score_range_invalid",
            f"The range from {one.low} to {one.high} ends before it begins.",
            field,
        )
    return one


def _is_short_text(text: str) -> bool:
    return 0 < len(text) <= SCORE_CHARACTERS_MAX and text.isprintable()


def _holds(one: CreditScoreRange, score: str) -> bool:
    if is_number(score) and is_number(one.low) and is_number(one.high):
        return Decimal(one.low) <= Decimal(score) <= Decimal(one.high)
    return _folded(one.low) <= _folded(score) <= _folded(one.high)


def _less(one: str, other: str) -> bool:
    if is_number(one) and is_number(other):
        return Decimal(one) < Decimal(other)
    return _folded(one) < _folded(other)


def _folded(text: str) -> str:
    """Return a text with A to Z in lower case, as every collation and language agrees on."""
    return text.translate(_LOWER)
