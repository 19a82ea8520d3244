"""Working days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.working_days import (
    EVERY_DAY,
    DayOff,
    WorkCalendar,
    in_force,
    public_holidays,
    subdivisions_of,
)

OFFICE = WorkCalendar(weekend=(6, 7))
GERMANY = WorkCalendar((6, 7), "DE", "BY")
BASES = st.dates(date(2015, 1, 1), date(2030, 12, 31))
CALENDARS = st.builds(
    WorkCalendar,
    st.sets(st.integers(1, 7), max_size=6).map(lambda days: tuple(sorted(days))),
    st.sampled_from((None, "DE", "US", "JP")),
    days_off=st.sets(BASES, max_size=5).map(lambda days: tuple(DayOff(on, "x") for on in days)),
    working_days=st.sets(BASES, max_size=5).map(tuple),
)


def test_every_day_works_without_a_calendar() -> None:
    assert EVERY_DAY.add_working_days(date(2015, 1, 9), 3) == date(2015, 1, 12)
    assert EVERY_DAY.next_working_day(date(2015, 1, 10)) == date(2015, 1, 10)


def test_v15_friday_and_three_working_days_is_wednesday() -> None:
    assert OFFICE.add_working_days(date(2015, 1, 9), 3) == date(2015, 1, 14)


def test_v14_and_v13_with_weekends_off() -> None:
    assert OFFICE.add_working_days(date(2015, 1, 1), 4) == date(2015, 1, 7)


def test_a_date_on_a_weekend_counts_from_the_monday_after() -> None:
    saturday, monday = date(2015, 1, 10), date(2015, 1, 12)
    assert OFFICE.add_working_days(saturday, 0) == monday
    assert OFFICE.add_working_days(saturday, 1) == date(2015, 1, 13)


def test_days_are_counted_over_the_ends_of_months_and_years() -> None:
    assert OFFICE.add_working_days(date(2016, 2, 26), 2) == date(2016, 3, 1)
    assert GERMANY.add_working_days(date(2015, 12, 23), 3) == date(2015, 12, 29)
    assert GERMANY.add_working_days(date(2015, 12, 31), 1) == date(2016, 1, 4)
    assert GERMANY.add_working_days(date(2015, 12, 31), 3) == date(2016, 1, 7)


def test_it_is_told_why_nobody_works() -> None:
    calendar = WorkCalendar(
        (6, 7), "DE", "BY", (DayOff(date(2015, 4, 7), "Outing"),), (date(2015, 4, 11),)
    )
    assert list(calendar.days_not_worked(date(2015, 4, 2), date(2015, 4, 12))) == [
        DayOff(date(2015, 4, 3), "Good Friday"),
        DayOff(date(2015, 4, 4), "Weekend"),
        DayOff(date(2015, 4, 5), "Weekend"),
        DayOff(date(2015, 4, 6), "Easter Monday"),
        DayOff(date(2015, 4, 7), "Outing"),
        DayOff(date(2015, 4, 12), "Weekend"),
    ]


def test_a_company_s_calendar_takes_the_place_of_the_site_s() -> None:
    assert in_force(GERMANY, OFFICE) == GERMANY
    assert in_force(None, OFFICE) == OFFICE
    assert in_force(None, None) == EVERY_DAY


def test_holidays_of_countries_are_known_and_of_others_not() -> None:
    assert subdivisions_of("XX") is None
    assert "BY" in (subdivisions_of("DE") or ())
    assert date(2026, 1, 6) in public_holidays("DE", "BY", 2026)
    assert date(2026, 1, 6) not in public_holidays("DE", None, 2026)


@given(BASES, st.integers(0, 4_000))
def test_without_days_off_working_days_are_days(base: date, days: int) -> None:
    assert EVERY_DAY.add_working_days(base, days) == base + timedelta(days)


@given(BASES, st.integers(0, 400))
def test_with_weekends_off_five_days_are_a_week(base: date, weeks: int) -> None:
    assert OFFICE.add_working_days(base, 5 * weeks) == OFFICE.next_working_day(base) + timedelta(
        7 * weeks
    )


@given(CALENDARS, BASES, st.integers(0, 30), st.integers(0, 30))
def test_days_add_up(calendar: WorkCalendar, base: date, some: int, more: int) -> None:
    there = calendar.add_working_days(base, some)
    assert calendar.is_working(there)
    assert calendar.add_working_days(there, more) == calendar.add_working_days(base, some + more)
    assert there <= calendar.add_working_days(base, some + 1) - timedelta(1)
    worked = sum(
        calendar.is_working(base + timedelta(days)) for days in range(1, (there - base).days + 1)
    )
    assert worked == some + (not calendar.is_working(base))
