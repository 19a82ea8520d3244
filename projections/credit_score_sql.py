"""The range that a credit score falls in, as SQL; a test holds it to `domain/credit_score.py`.

The bounds, colours and names of the ranges are parameters of the statement, never its text.
"""

from collections.abc import Sequence

from domain.credit_score import NUMBER, CreditScoreRange, is_number


def credit_score_parameters(ranges: Sequence[CreditScoreRange]) -> dict[str, str]:
    """Return the named parameters of `credit_score_join`."""
    return {
        f"credit_score_{part}_{number}": text
        for number, one in enumerate(ranges)
        for part, text in (
            ("low", one.low),
            ("high", one.high),
            ("color", one.color),
            ("name", one.name),
        )
    }


def credit_score_join(score: str, ranges: Sequence[CreditScoreRange], alias: str) -> str:
    """Return the join whose columns `color` and `name` tell the range of a score, else are null.

    `score` is the SQL of a text that may be null.
    """
    holds = [_holds(score, one, number) for number, one in enumerate(ranges)]

    def told(part: str) -> str:
        cases = "".join(
            f" WHEN {condition} THEN %(credit_score_{part}_{number})s::text"
            for number, condition in enumerate(holds)
        )
        return f"CASE{cases} END" if cases else "NULL::text"

    return f"CROSS JOIN LATERAL (SELECT {told('color')} AS color, {told('name')} AS name) {alias}"


def _holds(score: str, one: CreditScoreRange, number: int) -> str:
    """Return the condition that a range holds a score."""
    low, high = f"%(credit_score_low_{number})s::text", f"%(credit_score_high_{number})s::text"
    as_text = f"{_folded(score)} BETWEEN {_folded(low)} AND {_folded(high)}"
    if not (is_number(one.low) and is_number(one.high)):
        return as_text
    return f"""CASE WHEN {score} COLLATE "C" ~ '^({NUMBER})$'
        THEN ({score})::numeric BETWEEN {low}::numeric AND {high}::numeric
        ELSE {as_text} END"""


def _folded(text: str) -> str:
    """Return the SQL of a text with A to Z in lower case, compared by code points."""
    return f'lower(({text}) COLLATE "C")'
