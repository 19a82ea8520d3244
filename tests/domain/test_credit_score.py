"""Ranges of credit scores ..."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credit_score import (
    BUREAUS_MAX,
    RANGES_MAX,
    CreditScoreRange,
    checked_bureaus,
    checked_ranges,
    is_number,
    range_of,
)
from domain.shared.decider import Refused
from domain.site_options import SITE_OPTIONS, ChangeSiteOptions, SiteOptions, SiteOptionsChanged
from tests.story import Story

RED, GREEN = "#d0021b", "#7ed321"
POOR = CreditScoreRange("0", "59.5", RED, "poor")
GOOD = CreditScoreRange("60", "100", GREEN, "good")
LETTERS = (CreditScoreRange("A", "BZ", GREEN, "good"), CreditScoreRange("C", "D", RED, "poor"))


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("0", POOR),
        ("59.50", POOR),
        ("59.6", None),
        ("60", GOOD),
        ("9", POOR),  # though "9" follows "60" as text
        ("0100", GOOD),
        ("100.01", None),
        ("-1", None),
        ("A", None),
        (None, None),
    ],
)
def test_are_compared_as_numbers_where_all_are(
    score: str | None, expected: CreditScoreRange | None
) -> None:
    assert range_of(score, (POOR, GOOD)) == expected


@pytest.mark.parametrize(
    ("score", "expected"),
    [("A", "good"), ("a+", "good"), ("bz", "good"), ("Bza", None), ("cc", "poor"), ("7", None)],
)
def test_are_compared_as_text_where_one_is_none(score: str, expected: str | None) -> None:
    found = range_of(score, LETTERS)
    assert (found.name if found else None) == expected


def test_are_none_where_none_are_kept() -> None:
    assert range_of("50", ()) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", True),
        ("-1.50", True),
        ("1.", False),
        (".5", False),
        ("1e3", False),
        ("1\n", False),
        ("٣", False),
        ("", False),
        ("9" * 31, False),
    ],
)
def test_know_what_is_a_number(text: str, expected: bool) -> None:
    assert is_number(text) is expected


def test_are_kept_without_the_space_around_them() -> None:
    said = CreditScoreRange(" 0", "59.5 ", " #D0021B", " poor ")
    assert checked_ranges([said, GOOD]) == (POOR, GOOD)
    assert checked_bureaus([" One ", "Two"]) == ("One", "Two")


def bad(low: str = "0", high: str = "1", color: str = RED, name: str = "x") -> Any:
    return (CreditScoreRange(low, high, color, name),)


@pytest.mark.parametrize(
    ("ranges", "code"),
    [
        (bad(low=" "), "credit_score_range_invalid"),
        (bad(high="x" * 51), "credit_score_range_invalid"),
        (bad(name=""), "credit_score_range_invalid"),
        (bad(name="a\0b"), "credit_score_range_invalid"),
        (bad(low="10", high="9"), "credit_score_range_invalid"),
        (bad(low="b", high="A"), "credit_score_range_invalid"),
        (bad(color="red"), "credit_score_color_invalid"),
        (bad(color="#d0021"), "credit_score_color_invalid"),
        (bad(color="#d0021b;"), "credit_score_color_invalid"),
        ((POOR, CreditScoreRange("59.50", "70", GREEN, "x")), "credit_score_ranges_overlap"),
        ((GOOD, POOR), "credit_score_ranges_overlap"),
        ((LETTERS[1], LETTERS[0]), "credit_score_ranges_overlap"),
        ((POOR,) * (RANGES_MAX + 1), "credit_score_ranges_too_many"),
    ],
)
def test_that_cannot_be_are_refused(ranges: tuple[CreditScoreRange, ...], code: str) -> None:
    options = Story(SITE_OPTIONS)
    command = ChangeSiteOptions(credit_score_ranges=ranges)
    options.given().when(command).then_refused(code, "creditScoreRanges")


@pytest.mark.parametrize(
    ("bureaus", "code"),
    [
        (("a",) * (BUREAUS_MAX + 1), "credit_bureaus_too_many"),
        (("a", "a "), "credit_bureau_invalid"),
        (("a", " "), "credit_bureau_invalid"),
        (("x" * 51,), "credit_bureau_invalid"),
    ],
)
def test_bureaus_that_cannot_be_are_refused(bureaus: tuple[str, ...], code: str) -> None:
    command = ChangeSiteOptions(credit_bureaus=bureaus)
    Story(SITE_OPTIONS).given().when(command).then_refused(code, "creditBureaus")


def test_are_options_of_the_site() -> None:
    command = ChangeSiteOptions(credit_bureaus=("One",), credit_score_ranges=(POOR, GOOD))
    changed = SiteOptions(credit_bureaus=("One",), credit_score_ranges=(POOR, GOOD))
    Story(SITE_OPTIONS).given().when(command).then(SiteOptionsChanged(changed))


TEXTS = st.text(st.sampled_from("0123456789.-ABab"), min_size=1, max_size=4)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), TEXTS)
def test_a_score_is_in_one_range_of_a_kind_at_most(
    bounds: list[tuple[str, str]], score: str
) -> None:
    ranges = [CreditScoreRange(low, high, RED, str(n)) for n, (low, high) in enumerate(bounds)]
    try:
        kept = checked_ranges(ranges)
    except Refused:
        return
    numbers = [one for one in kept if is_number(one.low) and is_number(one.high)]
    if is_number(score):
        assert len([one for one in numbers if range_of(score, [one])]) <= 1
    found = range_of(score, kept)
    assert found is None or range_of(score, [found]) == found
