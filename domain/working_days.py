"""Working days: on which days people work, and dates counted in such days (FUP-10 to FUP-12).

Without a calendar every day is a working day (V13, V14, the first reading of each). A calendar
that is changed later moves no date that was set before.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import holidays
from msgspec import Struct

ONE_DAY = timedelta(1)

WEEKEND = "Weekend"
"""What a day of the weekend is called that has no other name."""

LANGUAGE = "en_US"
"""In which the names of holidays are told, where they are known in it."""


class DayOff(Struct, frozen=True, gc=False):
    """A day on which nobody works, and what it is called."""

    on: date
    name: str


class WorkCalendar(Struct, frozen=True, omit_defaults=True, gc=False):
    """On which days people work.

    Nobody works on the `weekend` (ISO weekdays, 1 is Monday), on the public holidays of `country`
    (ISO 3166 code) and its `subdivision`, and on `days_off`; but on `working_days` people do, in
    spite of all these.
    """

    weekend: tuple[int, ...] = ()
    country: str | None = None
    subdivision: str | None = None
    days_off: tuple[DayOff, ...] = ()
    working_days: tuple[date, ...] = ()

    def is_working(self, day: date) -> bool:
        """Return whether people work on a day."""
        return self.why_not(day) is None

    def why_not(self, day: date) -> str | None:
        """Return what a day is called on which nobody works; None of a working day."""
        if day in self.working_days:
            return None
        for one in self.days_off:
            if one.on == day:
                return one.name
        if self.country is not None:
            name = public_holidays(self.country, self.subdivision, day.year).get(day)
            if name is not None:
                return name
        return WEEKEND if day.isoweekday() in self.weekend else None

    def next_working_day(self, day: date) -> date:
        """Return the day itself if people work on it, else the first working day after it."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def add_working_days(self, base: date, days: int) -> date:
        """Return the working day that is so many after a date, itself moved to a working day.

        Friday and three working days is Wednesday where weekends are off (V15).
        """
        day = self.next_working_day(base)
        for _ in range(days):
            day = self.next_working_day(day + ONE_DAY)
        return day

    def days_not_worked(self, first: date, last: date) -> Iterator[DayOff]:
        """Yield the days from `first` to `last` on which nobody works, in order."""
        for number in range((last - first).days + 1):
            day = first + timedelta(number)
            name = self.why_not(day)
            if name is not None:
                yield DayOff(day, name)


EVERY_DAY = WorkCalendar()
"""Every day is a working day."""


def in_force(company: WorkCalendar | None, site: WorkCalendar | None) -> WorkCalendar:
    """Return the calendar that holds of a company's accounts: its own, or else the site's."""
    if company is not None:
        return company
    return EVERY_DAY if site is None else site


def subdivisions_of(country: str) -> frozenset[str] | None:
    """Return the subdivisions whose holidays are known of a country; None if it is not known."""
    known = _countries().get(country)
    return None if known is None else frozenset(known)


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=1_024)
def public_holidays(country: str, subdivision: str | None, year: int) -> dict[date, str]:
    """Return the public holidays of a year by date."""
    known = holidays.country_holidays(country, subdivision, years=year, expand=False)
    language = LANGUAGE if LANGUAGE in known.supported_languages else known.default_language
    told = holidays.country_holidays(
        country, subdivision, years=year, expand=False, language=language
    )
    return dict(told.items())
