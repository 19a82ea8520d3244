"""When jobs are due: each date of a schedule once, whatever clocks do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.job import Due, Job, JobKind, by_hand_date, in_words, last_due, next_due
from domain.schedule import Schedule
from domain.shared.decider import Refused

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def job(*schedules: Schedule, since: datetime = LONG_AGO, zone: str = "Europe/Berlin") -> Job:
    return Job(JobKind.RULES, "A", "Class A", schedules, zone, since)


def at(told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(UTC)


WEEKDAYS = Schedule((1, 2, 3, 4, 5), "06:00")


def test_is_due_at_the_local_time_of_its_days() -> None:
    one = job(WEEKDAYS)
    assert one.name == "rules/A"
    friday = Due(at("2026-03-06T06:00+01:00"), date(2026, 3, 6))
    monday = Due(at("2026-03-09T06:00+01:00"), date(2026, 3, 9))
    assert last_due(one, friday.at) == friday
    assert last_due(one, friday.at - timedelta(seconds=1)) == Due(
        friday.at - timedelta(1), date(2026, 3, 5)
    )
    assert last_due(one, at("2026-03-08T23:00+01:00")) == friday
    assert next_due(one, friday.at) == monday


def test_was_not_due_before_it_was_there() -> None:
    since = at("2026-03-06T06:00+01:00")
    one = job(WEEKDAYS, since=since)
    assert last_due(one, at("2026-03-08T00:00+01:00")) is None
    assert next_due(one, at("2020-01-01T00:00+01:00")) == Due(
        at("2026-03-09T06:00+01:00"), date(2026, 3, 9)
    )


def test_with_several_schedules_the_newest_counts() -> None:
    one = job(Schedule((1,), "06:00"), Schedule((1,), "18:00", "America/New_York"))
    assert last_due(one, at("2026-03-03T00:00+00:00")) == Due(
        at("2026-03-02T18:00-05:00"), date(2026, 3, 2)
    )


def test_a_time_that_clocks_leave_out_or_repeat_is_due_once() -> None:
    one = job(Schedule((7,), "02:30"))
    spring = last_due(one, at("2026-03-29T12:00+02:00"))
    assert spring == Due(at("2026-03-29T03:00+02:00"), date(2026, 3, 29))
    autumn = last_due(one, at("2026-10-25T02:30+02:00"))
    assert autumn == Due(at("2026-10-25T02:30+02:00"), date(2026, 10, 25))
    assert last_due(one, at("2026-10-25T02:45+01:00")) == autumn


def test_a_day_that_a_zone_left_out_is_due_when_it_would_begin() -> None:
    one = job(Schedule((5,), "08:00"), zone="Pacific/Apia")
    assert last_due(one, at("2011-12-31T12:00+14:00")) == Due(
        at("2011-12-31T00:00+14:00"), date(2011, 12, 30)
    )


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sets(st.integers(1, 7), min_size=1),
    st.times(),
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.integers(1, 30),
)
def test_who_looks_often_enough_sees_each_date_once(
    zone: str, days: set[int], time: object, first: date, count: int
) -> None:
    told = Schedule(tuple(sorted(days)), str(time)[:5])
    one = job(told, zone=zone)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    looked = (start + timedelta(hours=6 * step) for step in range(4 * count + 1))
    seen = dict.fromkeys(due for moment in looked if (due := last_due(one, moment)))
    dates = [due.business_date for due in seen]
    assert len(set(dates)) == len(dates)
    assert [due.at for due in seen] == sorted(due.at for due in seen)
    expected = [
        dates[0] + timedelta(number)
        for number in range((dates[-1] - dates[0]).days + 1)
        if (dates[0] + timedelta(number)).isoweekday() in days
    ]
    assert dates == expected


@given(st.sampled_from(ZONES), st.integers(0, 3 * 366 * 24 * 60))
def test_what_is_due_next_is_what_was_due_last_once_it_is_time(zone: str, minutes: int) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    one = job(WEEKDAYS, zone=zone)
    coming = next_due(one, now)
    assert coming is not None
    assert coming.at > now
    assert last_due(one, coming.at) == coming


def test_schedules_are_told_in_words() -> None:
    twice_a_week = Schedule((1, 4), "06:00")
    every_day = Schedule((1, 2, 3, 4, 5, 6, 7), "00:00", "Asia/Tokyo")
    assert in_words(job(twice_a_week, zone="UTC")) == "Mon, Thu at 06:00 UTC"
    both = "Mon, Thu at 06:00 UTC; every day at 00:00 Asia/Tokyo"
    assert in_words(job(twice_a_week, every_day, zone="UTC")) == both
    assert in_words(job()) == "by hand"


def test_what_has_no_schedule_is_never_due() -> None:
    now = at("2026-03-06T06:00+01:00")
    assert (last_due(job(), now), next_due(job(), now)) == (None, None)


def test_by_hand_it_is_for_a_day_that_has_begun_where_its_schedules_are() -> None:
    evening = at("2026-03-06T20:00+00:00")
    auckland = job(Schedule((1,), "06:00", "Pacific/Auckland"), WEEKDAYS)
    friday, saturday = date(2026, 3, 6), date(2026, 3, 7)
    assert by_hand_date(job(WEEKDAYS), evening, None) == friday
    assert by_hand_date(job(), evening, None) == friday
    assert by_hand_date(auckland, evening, None) == saturday
    assert by_hand_date(auckland, evening, friday) == friday
    assert by_hand_date(auckland, evening, saturday) == saturday
    with pytest.raises(Refused) as refused:
        by_hand_date(job(WEEKDAYS), evening, saturday)
    assert (refused.value.code, refused.value.field) == ("business_date_ahead", "businessDate")
