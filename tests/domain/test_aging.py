"""Aging arithmetic: the worked examples of the requirements, and what holds for all dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aging import BOUNDARIES, AgeUnit, Basis, bucket, elapsed, labels
from domain.durations import CLASSES, DAYS_MAX, OPEN_ENDED, duration_class, longest

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
FOUR = st.lists(st.integers(1, 400), min_size=4, max_size=4, unique=True).map(
    lambda found: tuple(sorted(found))
)


def label(as_of: date, tran_date: date, due_date: date | None, basis: Basis) -> str:
    return labels(basis)[bucket(as_of, tran_date, due_date, basis)]


def test_v4_seventy_three_days_old_is_age_2_and_thirteen_days_late_is_due_age_1() -> None:
    on, made, due = date(2015, 3, 15), date(2015, 1, 1), date(2015, 3, 2)
    assert ((on - made).days, (on - due).days) == (73, 13)
    assert label(on, made, due, Basis.INVOICE) == "61-90"
    assert label(on, made, due, Basis.DUE) == "1-30"


def test_v5_a_net_30_invoice_is_current_through_its_thirtieth_day() -> None:
    made, due = date(2015, 1, 1), date(2015, 1, 31)
    for basis in Basis:
        assert label(date(2015, 1, 1), made, due, basis) == "current"
        assert label(date(2015, 1, 31), made, due, basis) == "current"
        assert label(date(2015, 2, 1), made, due, basis) != "current"


def test_v6_an_invoice_dated_ahead_is_future_in_both_sets() -> None:
    for basis in Basis:
        assert label(date(2015, 1, 1), date(2015, 6, 1), date(2015, 7, 1), basis) == "future"


def test_labels_come_from_the_boundaries() -> None:
    assert labels(Basis.DUE) == ["future", "current", "1-30", "31-60", "61-90", "91-120", "121+"]
    assert labels(Basis.INVOICE) == ["future", "current", "31-60", "61-90", "91-120", "121+"]
    assert labels(Basis.DUE, (1, 2, 3, 10)) == ["future", "current", "1", "2", "3", "4-10", "11+"]


@pytest.mark.parametrize(
    ("days", "name"),
    [(0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (120, "91-120"), (121, "121+")],
)
def test_boundaries_are_inclusive_at_the_top(days: int, name: str) -> None:
    due = date(2026, 1, 1)
    assert label(due + timedelta(days=days), due, due, Basis.DUE) == name


def test_a_document_without_a_due_date_is_due_on_its_date() -> None:
    assert label(date(2026, 1, 2), date(2026, 1, 1), None, Basis.DUE) == "1-30"


def test_months_are_whole_calendar_months() -> None:
    assert elapsed(date(2026, 1, 31), date(2026, 2, 28), AgeUnit.MONTHS) == 0
    assert elapsed(date(2026, 1, 31), date(2026, 3, 31), AgeUnit.MONTHS) == 2
    assert elapsed(date(2024, 2, 29), date(2025, 2, 28), AgeUnit.MONTHS) == 11
    assert elapsed(date(2026, 1, 15), date(2026, 1, 14), AgeUnit.MONTHS) == -1


@given(DAYS, DAYS, st.integers(0, 120), st.sampled_from(Basis), FOUR, st.sampled_from(AgeUnit))
def test_every_amount_lies_in_exactly_one_bucket_and_never_gets_younger(
    as_of: date,
    tran_date: date,
    terms: int,
    basis: Basis,
    boundaries: tuple[int, ...],
    unit: AgeUnit,
) -> None:
    due = tran_date + timedelta(days=terms)
    found = bucket(as_of, tran_date, due, basis, boundaries, unit)
    assert 0 <= found < len(labels(basis, boundaries))
    assert (found == 0) == (tran_date > as_of)
    assert bucket(as_of + timedelta(days=1), tran_date, due, basis, boundaries, unit) >= found


@given(DAYS, DAYS, st.integers(0, 120))
def test_both_sets_agree_on_what_is_future(as_of: date, tran_date: date, terms: int) -> None:
    due = tran_date + timedelta(days=terms)
    future = {bucket(as_of, tran_date, due, basis, BOUNDARIES) == 0 for basis in Basis}
    assert len(future) == 1


@given(st.integers(1, DAYS_MAX))
def test_a_range_lies_in_a_class_about_as_long_as_itself(days: int) -> None:
    found = duration_class(days)
    assert days <= longest(found)
    assert days * 5 >= longest(found) * 3
    assert found < OPEN_ENDED
    assert (found, longest(found)) in CLASSES
