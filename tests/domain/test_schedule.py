"""A schedule is due ..."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.schedule import Schedule, checked_schedule, due_moment
from domain.shared.decider import Refused

WEEKDAYS = Schedule((1, 2, 3, 4, 5), "06:00")
DAILY = (1, 2, 3, 4, 5, 6, 7)
MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_at_its_local_time_on_its_days() -> None:
    assert due_moment(WEEKDAYS, MONDAY, "Europe/Rome") == utc("2026-03-02T05:00")
    assert due_moment(WEEKDAYS, MONDAY, "America/New_York") == utc("2026-03-02T11:00")
    assert due_moment(WEEKDAYS, SATURDAY, "Europe/Rome") is None


def test_in_its_own_time_zone_before_the_sites() -> None:
    tokyo = Schedule((1,), "00:30", "Asia/Tokyo")
    assert due_moment(tokyo, MONDAY, "Europe/Rome") == utc("2026-03-01T15:30")


def test_never_without_days() -> None:
    never = Schedule((), "06:00")
    assert [due_moment(never, MONDAY + timedelta(one), "UTC") for one in range(7)] == [None] * 7


def test_after_the_gap_where_clocks_are_put_forward() -> None:
    """02:30 does not exist in Rome on 29 March 2026: 02:00 becomes 03:00."""
    night = Schedule(DAILY, "02:30")
    assert due_moment(night, date(2026, 3, 28), "Europe/Rome") == utc("2026-03-28T01:30")
    assert due_moment(night, date(2026, 3, 29), "Europe/Rome") == utc("2026-03-29T01:00")


def test_the_first_time_where_clocks_are_put_back() -> None:
    """02:30 exists twice in Rome on 25 October 2026."""
    night = Schedule(DAILY, "02:30")
    assert due_moment(night, date(2026, 10, 25), "Europe/Rome") == utc("2026-10-25T00:30")


def test_when_a_date_that_was_left_out_would_begin() -> None:
    """Samoa left out 30 December 2011."""
    noon = Schedule(DAILY, "12:00")
    assert due_moment(noon, date(2011, 12, 30), "Pacific/Apia") == utc("2011-12-30T10:00")


ZONES = ("UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2015, 1, 1), date(2035, 12, 31)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
def test_once_a_day_in_the_order_of_days(zone: str, day: date, hour: int, minute: int) -> None:
    schedule = Schedule(DAILY, f"{hour:02}:{minute:02}")
    moments = [due_moment(schedule, day + timedelta(one), zone) for one in range(3)]
    assert all(moments)
    told = [one for one in moments if one is not None]
    assert told == sorted(set(told))
    local = told[0].astimezone(ZoneInfo(zone))
    assert local.date() == day
    assert (local.hour, local.minute) >= (hour, minute)


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        (Schedule((), "06:00"), "schedule_invalid"),
        (Schedule((0,), "06:00"), "schedule_invalid"),
        (Schedule((1, 8), "06:00"), "schedule_invalid"),
        (Schedule((1,), "24:00"), "schedule_invalid"),
        (Schedule((1,), "six"), "schedule_invalid"),
        (Schedule((1,), "06:00", "Europe/Nowhere"), "time_zone_unknown"),
    ],
)
def test_that_cannot_be_is_refused(schedule: Schedule, code: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_schedule(schedule, "schedule")
    assert (refused.value.code, refused.value.field) == (code, "schedule")


def test_on_each_of_its_days_once() -> None:
    assert checked_schedule(Schedule((5, 1, 5), "06:00", "UTC"), "schedule") == Schedule(
        (1, 5), "06:00", "UTC"
    )
