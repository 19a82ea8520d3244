"""On which days people work: of the site, and of a company that differs from it (FUP-10).

    NotSet --set--> Set --clear--> NotSet

A company's calendar takes the place of the site's. One that is cleared leaves a company with the
site's, and the site without any: then every day is a working day.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.wording import optional_text, required_text
from domain.working_days import DayOff, WorkCalendar, subdivisions_of

SITE = ("site",)
"""The key of the site's stream."""

SUNDAY = 7

DAYS_MAX = 400
"""Days off, and days worked all the same, of one calendar at most."""

IDLE_DAYS_MAX = 366
"""Within so many days from now on somebody works."""


def key_of(company_id: str | None) -> tuple[str, ...]:
    """Return the key of a company's stream, or of the site's."""
    return SITE if company_id is None else ("company", company_id)


# Events: stored for ever under these names and fields. Add, never rename.


class WorkCalendarSet(Event, frozen=True, omit_defaults=True, gc=False):
    """People work by this calendar from now on; `company_id` None is the site's."""

    calendar: WorkCalendar
    company_id: str | None = None


class WorkCalendarCleared(Event, frozen=True, omit_defaults=True, gc=False):
    """There is no calendar any more."""


WorkCalendarEvent: TypeAlias = WorkCalendarSet | WorkCalendarCleared


# Commands.


class SetWorkCalendar(Struct, frozen=True, gc=False):
    """Let people of the site, or of a company that is known, work by a calendar."""

    calendar: WorkCalendar
    business_date: date
    company_id: str | None = None
    company_known: bool = False

    def knowing(self, facts: Sequence[Any]) -> "SetWorkCalendar":
        """Return the command that knows whether there is the company."""
        return replace(self, company_known=facts[0])


class ClearWorkCalendar(Struct, frozen=True, gc=False):
    """Take the calendar away."""


WorkCalendarCommand: TypeAlias = SetWorkCalendar | ClearWorkCalendar


# State: only what decisions need.


class NotSet(Struct, frozen=True):
    """There is no calendar."""


class Set(Struct, frozen=True, gc=False):
    """There is one."""

    calendar: WorkCalendar


State: TypeAlias = NotSet | Set


def evolve(state: State, event: WorkCalendarEvent) -> State:
    """Remember `event`."""
    match state, event:
        case _, WorkCalendarSet(calendar):
            return Set(calendar)
        case Set(), WorkCalendarCleared():
            return NotSet()
        case _:
            raise ImpossibleHistory(f"{event} after {state}")


def decide(command: WorkCalendarCommand, state: State) -> Sequence[WorkCalendarEvent]:
    """Return the facts that `command` adds."""
    match state, command:
        case _, SetWorkCalendar():
            if command.company_id is not None and not command.company_known:
                raise Refused("company_unknown", "There is no such company.", "companyId")
            calendar = checked_calendar(command.calendar, command.business_date)
            return [] if state == Set(calendar) else [WorkCalendarSet(calendar, command.company_id)]
        case Set(), ClearWorkCalendar():
            return [WorkCalendarCleared()]
        case NotSet(), ClearWorkCalendar():
            return []  # there is none


def checked_calendar(given: WorkCalendar, today: date) -> WorkCalendar:
    """Return a calendar with its days in order.

    Raises:
        Refused: if it is none, or nobody ever works.
    """
    weekend = tuple(sorted(set(given.weekend)))
    if any(not 1 <= day <= SUNDAY for day in weekend):
        raise Refused(
            "weekend_invalid", "Days of the week are from 1, Monday, to 7, Sunday.", "weekend"
        )
    country, subdivision = checked_country(given.country, given.subdivision)
    days_off = checked_days_off(given.days_off)
    working_days = tuple(sorted(set(given.working_days)))
    if len(working_days) > DAYS_MAX:
        raise Refused(
            "too_many_working_days", f"Name at most {DAYS_MAX} working days.", "workingDays"
        )
    both = {one.on for one in days_off}.intersection(working_days)
    if both:
        raise Refused(
            "day_off_worked", f"{min(both)} is a day off and a working day.", "workingDays"
        )
    calendar = WorkCalendar(weekend, country, subdivision, days_off, working_days)
    ahead = (today + timedelta(days) for days in range(IDLE_DAYS_MAX))
    if len(weekend) == SUNDAY or not any(calendar.is_working(day) for day in ahead):
        raise Refused("calendar_never_works", "Nobody would ever work by it.", "weekend")
    return calendar


def checked_country(country: str | None, subdivision: str | None) -> tuple[str | None, str | None]:
    """Return a country and its subdivision whose holidays are known.

    Raises:
        Refused: if they are not.
    """
    country = optional_text(country, "country", "country")
    subdivision = optional_text(subdivision, "subdivision", "subdivision")
    if country is None:
        if subdivision is not None:
            raise Refused("subdivision_unknown", "A subdivision needs its country.", "subdivision")
        return None, None
    country = country.upper()
    subdivisions = subdivisions_of(country)
    if subdivisions is None:
        raise Refused(
            "country_unknown", f"The holidays of a country {country} are not known.", "country"
        )
    if subdivision is not None and subdivision not in subdivisions:
        raise Refused(
            "subdivision_unknown",
            f"The holidays of a subdivision {subdivision} of {country} are not known.",
            "subdivision",
        )
    return country, subdivision


def checked_days_off(given: Sequence[DayOff]) -> tuple[DayOff, ...]:
    """Return days off in order.

    Raises:
        Refused: if there are too many, one is named twice, or has no name.
    """
    if len(given) > DAYS_MAX:
        raise Refused("too_many_days_off", f"Name at most {DAYS_MAX} days off.", "daysOff")
    told: dict[date, DayOff] = {}
    for one in given:
        if one.on in told:
            raise Refused("day_off_repeated", f"{one.on} is named twice.", "daysOff")
        told[one.on] = DayOff(one.on, required_text(one.name, "name", "daysOff"))
    return tuple(told[on] for on in sorted(told))


def calendar_of(state: State) -> WorkCalendar | None:
    """Return the calendar, for decisions about others; None if there is none."""
    return state.calendar if isinstance(state, Set) else None


WORK_CALENDAR: Decider[State, WorkCalendarCommand, WorkCalendarEvent] = Decider(
    category="work_calendar",
    events=(WorkCalendarSet, WorkCalendarCleared),
    initial=NotSet(),
    evolve=evolve,
    decide=decide,
)
