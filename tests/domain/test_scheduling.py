"""Dates of work: by when to respond, and which dates can be."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.scheduling import (
    DAYS_TO_RESPOND_MAX,
    DURATION_MINUTES_MAX,
    SCHEDULED_DAYS_MAX,
    FollowUp,
    checked_duration,
    completion_date,
    days_to_respond,
    past_due,
    respond_by,
    scheduled,
)
from domain.shared.decider import Refused
from domain.working_days import WorkCalendar

ENTERED = date(2015, 1, 1)
DATES = st.dates(ENTERED, ENTERED + timedelta(SCHEDULED_DAYS_MAX))


def test_v13_four_days_after_the_first_of_january_is_the_fifth() -> None:
    assert respond_by(FollowUp(date(2015, 1, 1), days_to_respond=4), ENTERED) == date(2015, 1, 5)


def test_v13_and_with_weekends_off_it_is_the_seventh() -> None:
    told = FollowUp(date(2015, 1, 1), days_to_respond=4)
    assert respond_by(told, ENTERED, calendar=WorkCalendar((6, 7))) == date(2015, 1, 7)


@pytest.mark.parametrize(
    ("days_counted", "on_the_day_before", "on_the_day", "on_the_day_after"),
    [(True, False, True, True), (False, False, False, True)],
)
def test_who_was_given_days_is_late_on_the_last_and_else_the_day_after(
    *, days_counted: bool, on_the_day_before: bool, on_the_day: bool, on_the_day_after: bool
) -> None:
    due = date(2015, 1, 12)
    found = [past_due(due, due + timedelta(days), days_counted=days_counted) for days in (-1, 0, 1)]
    assert found == [on_the_day_before, on_the_day, on_the_day_after]


def test_what_is_not_followed_up_is_counted_from_its_entry() -> None:
    assert respond_by(FollowUp(days_to_respond=3), date(2015, 1, 9)) == date(2015, 1, 12)
    assert respond_by(FollowUp(), ENTERED) is None


@given(DATES, st.none() | st.integers(0, DAYS_TO_RESPOND_MAX))
def test_days_are_calendar_days_and_zero_days_are_not_set(on: date, days: int | None) -> None:
    found = respond_by(FollowUp(on, days_to_respond=days), ENTERED)
    assert found is not None
    assert (found - on).days == (days or 0)


@given(DATES, st.integers(0, SCHEDULED_DAYS_MAX), st.none() | st.integers(0, 9))
def test_what_is_given_is_what_holds(on: date, later: int, days: int | None) -> None:
    given_date = on + timedelta(later)
    assert respond_by(FollowUp(on, None, given_date, days), ENTERED) == given_date


@pytest.mark.parametrize(
    ("told", "days"),
    [((2, 3, 4), 2), ((0, 3, 4), 3), ((None, 0, 4), 4), ((None, None, 0), 0), ((), 0)],
)
def test_the_first_days_to_respond_that_are_set_count(
    told: tuple[int | None, ...], days: int
) -> None:
    assert days_to_respond(*told) == days
    on = date(2015, 1, 1)
    given_days, *others = told or (None,)
    found = respond_by(FollowUp(on, days_to_respond=given_days), ENTERED, *others)
    assert found == on + timedelta(days)
    made = respond_by(FollowUp(days_to_respond=given_days), ENTERED, *others)
    assert made == (None if days == 0 else ENTERED + timedelta(days))


@pytest.mark.parametrize(
    ("follow_up", "code", "field"),
    [
        (FollowUp(date(2015, 1, 9), None, date(2015, 1, 8)), "respond_by_date_past", "respondBy"),
        (FollowUp(None, None, date(2014, 12, 31)), "respond_by_date_past", "respondBy"),
        (FollowUp(None, None, date(2115, 1, 1)), "respond_by_date_too_far", "respondBy"),
        (FollowUp(days_to_respond=-1), "days_to_respond_invalid", "daysToRespond"),
        (
            FollowUp(days_to_respond=DAYS_TO_RESPOND_MAX + 1),
            "days_to_respond_invalid",
            "daysToRespond",
        ),
    ],
)
def test_a_date_to_respond_by_that_cannot_be_is_refused(
    follow_up: FollowUp, code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        respond_by(follow_up, ENTERED)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_something_is_scheduled_from_today_to_ten_years_ahead() -> None:
    last = ENTERED + timedelta(SCHEDULED_DAYS_MAX)
    for on in (ENTERED, last):
        assert scheduled(on, ENTERED, "due date", "dueOn") == on
    for on, code in ((date(2014, 12, 31), "due_date_past"), (date(2026, 1, 1), "due_date_too_far")):
        with pytest.raises(Refused) as refused:
            scheduled(on, ENTERED, "due date", "dueOn")
        assert (refused.value.code, refused.value.field) == (code, "dueOn")


def test_something_is_complete_from_its_entry_to_today() -> None:
    today = date(2015, 1, 3)
    assert completion_date(None, today, ENTERED) == today
    for on in (ENTERED, today):
        assert completion_date(on, today, ENTERED) == on
    for on, code in (
        (date(2014, 12, 31), "completed_before_entered"),
        (date(2015, 1, 4), "completed_ahead"),
    ):
        with pytest.raises(Refused) as refused:
            completion_date(on, today, ENTERED)
        assert (refused.value.code, refused.value.field) == (code, "completedOn")


def test_something_takes_from_a_minute_to_a_day() -> None:
    for minutes in (None, 1, DURATION_MINUTES_MAX):
        assert checked_duration(minutes) == minutes
    for minutes in (0, DURATION_MINUTES_MAX + 1):
        with pytest.raises(Refused) as refused:
            checked_duration(minutes)
        assert (refused.value.code, refused.value.field) == ("duration_invalid", "durationMinutes")
