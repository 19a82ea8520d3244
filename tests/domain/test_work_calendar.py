"""A work calendar ..."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.shared.decider import ImpossibleHistory
from domain.work_calendar import (
    DAYS_MAX,
    WORK_CALENDAR,
    ClearWorkCalendar,
    NotSet,
    Set,
    SetWorkCalendar,
    WorkCalendarCleared,
    WorkCalendarSet,
    calendar_of,
    key_of,
)
from domain.working_days import DayOff, WorkCalendar
from tests.domain.work import TODAY
from tests.story import Story

work_calendar = Story(WORK_CALENDAR)

OFFICE = WorkCalendar(weekend=(6, 7))
EASTER, OUTING = DayOff(date(2015, 4, 6), "Easter"), DayOff(date(2015, 5, 6), "Outing")
DAYS = [TODAY + timedelta(days) for days in range(1_000)]

site = WorkCalendarSet(OFFICE)


def test_is_set_for_the_site_and_told_twice_stays() -> None:
    work_calendar.given().when(SetWorkCalendar(OFFICE, TODAY)).then(site)
    work_calendar.given(site).when(SetWorkCalendar(OFFICE, TODAY)).then_nothing()
    assert key_of(None) == ("site",)


def test_is_set_for_a_company_that_is_known() -> None:
    told = SetWorkCalendar(OFFICE, TODAY, "1")
    work_calendar.given().when(told).then_refused("company_unknown", "companyId")
    assert told.knowing([True]) == replace(told, company_known=True)
    work_calendar.given().when(told.knowing([True])).then(WorkCalendarSet(OFFICE, "1"))
    assert key_of("1") == ("company", "1")


def test_is_told_with_its_days_in_order() -> None:
    told = WorkCalendar(
        (7, 6, 7),
        " de ",
        "BY",
        (replace(OUTING, name=" Outing "), EASTER),
        (date(2015, 5, 10), date(2015, 5, 9), date(2015, 5, 10)),
    )
    work_calendar.given(site).when(SetWorkCalendar(told, TODAY)).then(
        WorkCalendarSet(
            WorkCalendar(
                (6, 7), "DE", "BY", (EASTER, OUTING), (date(2015, 5, 9), date(2015, 5, 10))
            )
        )
    )


def test_is_cleared_and_set_again() -> None:
    work_calendar.given(site).when(ClearWorkCalendar()).then(WorkCalendarCleared())
    work_calendar.given().when(ClearWorkCalendar()).then_nothing()
    cleared = work_calendar.given(site, WorkCalendarCleared())
    cleared.when(ClearWorkCalendar()).then_nothing()
    cleared.when(SetWorkCalendar(OFFICE, TODAY)).then(site)
    assert (calendar_of(NotSet()), calendar_of(Set(OFFICE))) == (None, OFFICE)


@pytest.mark.parametrize(
    ("calendar", "code", "field"),
    [
        (WorkCalendar((1, 2, 3, 4, 5, 6, 7)), "calendar_never_works", "weekend"),
        (
            WorkCalendar((1, 2, 3, 4, 5, 6, 7), working_days=(TODAY,)),
            "calendar_never_works",
            "weekend",
        ),
        (
            WorkCalendar(days_off=tuple(DayOff(day, "Closed") for day in DAYS[:366])),
            "calendar_never_works",
            "weekend",
        ),
        (WorkCalendar((0,)), "weekend_invalid", "weekend"),
        (WorkCalendar((8,)), "weekend_invalid", "weekend"),
        (WorkCalendar(country="XX"), "country_unknown", "country"),
        (WorkCalendar(country="DE", subdivision="XX"), "subdivision_unknown", "subdivision"),
        (WorkCalendar(subdivision="BY"), "subdivision_unknown", "subdivision"),
        (WorkCalendar(days_off=(EASTER, EASTER)), "day_off_repeated", "daysOff"),
        (WorkCalendar(days_off=(replace(EASTER, name=" "),)), "name_empty", "daysOff"),
        (
            WorkCalendar(days_off=(EASTER,), working_days=(EASTER.on,)),
            "day_off_worked",
            "workingDays",
        ),
        (
            WorkCalendar(days_off=tuple(DayOff(day, "x") for day in DAYS[: DAYS_MAX + 1])),
            "too_many_days_off",
            "daysOff",
        ),
        (
            WorkCalendar(working_days=tuple(DAYS[: DAYS_MAX + 1])),
            "too_many_working_days",
            "workingDays",
        ),
    ],
)
def test_is_refused_that_cannot_be(calendar: WorkCalendar, code: str, field: str) -> None:
    work_calendar.given().when(SetWorkCalendar(calendar, TODAY)).then_refused(code, field)


@pytest.mark.parametrize("history", [[WorkCalendarCleared()], [site, *[WorkCalendarCleared()] * 2]])
def test_refuses_a_history_that_cannot_be(history: list[Any]) -> None:
    with pytest.raises(ImpossibleHistory):
        WORK_CALENDAR.replay(history)
