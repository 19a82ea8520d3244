"""Conditions made at random."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from domain.conditions import AllOf, AnyOf, Compared, Condition, Negated, Operator
from domain.rule_language import KEYWORDS

KEPT_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
"""Text that can be kept."""

FIELDS = st.from_regex(r"[a-z_][a-z0-9_]{0,9}(\.[a-z_][a-z0-9_]{0,9})?", fullmatch=True).filter(
    lambda name: name not in KEYWORDS
)

DECIMALS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=4)

VALUES = st.one_of(
    KEPT_TEXT,
    st.text("\"\\\n\t'abné…", max_size=6),
    st.integers(-(10**18), 10**18),
    DECIMALS,
    st.booleans(),
    st.dates(),
    st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)

LISTS = frozenset({Operator.IN, Operator.NOT_IN})
TEXTS = frozenset({Operator.CONTAINS, Operator.STARTS_WITH, Operator.MATCHES})


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    """A comparison of any field with any value."""
    operator = draw(st.sampled_from(Operator))
    value: Any
    if operator is Operator.IS_NULL:
        value = draw(st.booleans())
    elif operator in LISTS:
        value = draw(st.lists(VALUES, max_size=4).map(tuple))
    else:
        value = draw(KEPT_TEXT if operator in TEXTS else VALUES)
    return Compared(draw(FIELDS), operator, value)


def trees(
    leaves: st.SearchStrategy[Condition], *, single: bool = False, depth: int = 4
) -> st.SearchStrategy[Condition]:
    """Conditions of `leaves`; with `single`, groups may have one part."""
    found = leaves
    for _ in range(depth):
        parts = st.lists(found, max_size=4).map(tuple)
        if not single:
            parts = parts.filter(lambda told: len(told) != 1)
        found = st.one_of(
            leaves, st.builds(AllOf, parts), st.builds(AnyOf, parts), st.builds(Negated, found)
        )
    return found


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions whose groups have no part or several."""
    return trees(comparisons())


def any_conditions() -> st.SearchStrategy[Condition]:
    """Any conditions."""
    return trees(comparisons(), single=True)
