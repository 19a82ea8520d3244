"""GraphQL: on which days people work, of the site and of companies (FUP-10)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, Payload, answer
from api.connections import AtLeast, KnownAt
from api.context import Info, Reading
from api.errors import ApiError, Code
from application.handling import Consulted
from domain.api_key import Role
from domain.company import COMPANY, is_known
from domain.work_calendar import (
    WORK_CALENDAR,
    ClearWorkCalendar,
    SetWorkCalendar,
    key_of,
)
from domain.working_days import EVERY_DAY
from domain.working_days import DayOff as Day
from domain.working_days import WorkCalendar as Calendar
from projections.work_calendars import KnownCalendar, set_calendars

SPAN_DAYS_MAX = 732
"""Days of which it is told at once on which nobody works: two years."""

_WEEKEND = "Days of the week on which nobody works, from 1, Monday, to 7, Sunday."
_COUNTRY = "The country on whose public holidays nobody works, as an ISO 3166 code of two letters."
_SUBDIVISION = "The subdivision of the country whose public holidays count, too."
_WORKING_DAYS = "Days on which people work in spite of the weekend and holidays."
_COMPANY = "The company whose calendar it is; null for the site's."
_ON, _NAME = "The day.", "What it is called."


@strawberry.type(description="A day on which nobody works.")
class DayOff:
    """A day on which nobody works."""

    on: date = strawberry.field(description=_ON)
    name: str = strawberry.field(description=_NAME)

    @classmethod
    def of(cls, day: Day) -> "DayOff":
        """Return a day as it is told."""
        return cls(on=day.on, name=day.name)


@strawberry.type(
    description="On which days people work. What is scheduled moves from another day to the next"
    " on which they do, and days to respond are counted in such days."
)
class WorkCalendar:
    """On which days people work."""

    calendar: strawberry.Private[Calendar]
    company_id: str | None = strawberry.field(description=_COMPANY)
    weekend: list[int] = strawberry.field(description=_WEEKEND)
    country: str | None = strawberry.field(description=_COUNTRY)
    subdivision: str | None = strawberry.field(description=_SUBDIVISION)
    days_off: list[DayOff] = strawberry.field(description="Further days on which nobody works.")
    working_days: list[date] = strawberry.field(description=_WORKING_DAYS)

    @strawberry.field(
        description="The days from one to another on which nobody works, weekends and holidays"
        f" among them; of {SPAN_DAYS_MAX} days at most."
    )
    def non_working_days(
        self,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day.")],
    ) -> list[DayOff]:
        """Return the days on which nobody works."""
        check_span(from_, to, SPAN_DAYS_MAX)
        return [DayOff.of(day) for day in self.calendar.days_not_worked(from_, to)]

    @classmethod
    def of(cls, known: KnownCalendar) -> "WorkCalendar":
        """Return a calendar as it is told."""
        calendar = known.calendar
        return cls(
            calendar=calendar,
            company_id=known.company_id,
            weekend=list(calendar.weekend),
            country=calendar.country,
            subdivision=calendar.subdivision,
            days_off=[DayOff.of(one) for one in calendar.days_off],
            working_days=list(calendar.working_days),
        )


def check_span(first: date, last: date, days_max: int) -> None:
    """See that days can be told one by one.

    Raises:
        ApiError: if there are too many, or none.
    """
    if not 0 <= (last - first).days < days_max:
        raise ApiError(Code.BAD_USER_INPUT, f"Ask for 1 to {days_max} days, the first one first.")


async def calendars(reading: Reading) -> list[KnownCalendar]:
    """Return the calendars that are set."""
    asked = reading.asked
    return await reading.fetch(set_calendars(asked.tenant, asked.known_at))


def of_company(known: Sequence[KnownCalendar], company_id: str | None) -> KnownCalendar:
    """Return the calendar by which people of a company, or of the site, work."""
    by_company = {one.company_id: one for one in known}
    own = by_company.get(company_id) or by_company.get(None)
    return own or KnownCalendar(None, EVERY_DAY)


@strawberry.type
class WorkCalendarQuery:
    """Work calendars."""

    @strawberry.field(
        description="The work calendars that are set: the site's first, then those of companies."
    )
    async def work_calendars(
        self,
        info: Info,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> list[WorkCalendar]:
        """Return the calendars."""
        reading = await info.context.reading(None, known_at)
        return [WorkCalendar.of(one) for one in await calendars(reading)]

    @strawberry.field(
        description="The work calendar that holds of a company's accounts: its own, else the"
        " site's, else one by which every day is a working day."
    )
    async def work_calendar(
        self,
        info: Info,
        company_id: Annotated[
            str | None, strawberry.argument(description="The company; null for the site.")
        ] = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> WorkCalendar:
        """Return the calendar that holds."""
        reading = await info.context.reading(None, known_at)
        return WorkCalendar.of(of_company(await calendars(reading), company_id))


@strawberry.input(description="A day on which nobody works.")
class DayOffInput:
    """A day on which nobody works."""

    on: date = strawberry.field(description=_ON)
    name: str = strawberry.field(description=_NAME)


@strawberry.input(description="A work calendar, in the place of the one that there was.")
class SetWorkCalendarInput:
    """A work calendar."""

    company_id: str | None = strawberry.field(default=None, description=_COMPANY)
    weekend: list[int] = strawberry.field(default_factory=list[int], description=_WEEKEND)
    country: str | None = strawberry.field(default=None, description=_COUNTRY)
    subdivision: str | None = strawberry.field(default=None, description=_SUBDIVISION)
    days_off: list[DayOffInput] = strawberry.field(
        default_factory=list[DayOffInput], description="Further days on which nobody works."
    )
    working_days: list[date] = strawberry.field(
        default_factory=list[date], description=_WORKING_DAYS
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def calendar(self) -> Calendar:
        """Return the calendar that is told."""
        return Calendar(
            tuple(self.weekend),
            self.country,
            self.subdivision,
            tuple(Day(one.on, one.name) for one in self.days_off),
            tuple(self.working_days),
        )


@strawberry.input(description="A work calendar to clear.")
class ClearWorkCalendarInput:
    """A work calendar to clear."""

    company_id: str | None = strawberry.field(default=None, description=_COMPANY)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What changing a work calendar led to.")
class WorkCalendarPayload(Payload):
    """What changing a work calendar led to."""

    @strawberry.field(
        description="The calendar that holds now of the company or the site; null if it was refused"
        " or the read models did not follow in time."
    )
    async def work_calendar(self) -> WorkCalendar | None:
        """Return the calendar that holds."""
        if self.reading is None:
            return None
        company_id = None if self.key == key_of(None) else self.key[-1]
        return WorkCalendar.of(of_company(await calendars(self.reading), company_id))


@strawberry.type
class WorkCalendarMutation:
    """Changing work calendars."""

    @strawberry.mutation(
        description="Set on which days people of the site, or of a company, work. Dates that were"
        " set before stay as they are. Needs the role admin."
    )
    async def set_work_calendar(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetWorkCalendarInput, strawberry.argument(description="The calendar.")
        ],
    ) -> WorkCalendarPayload:
        """Set a calendar."""
        context, company_id = info.context, input.company_id
        context.require(Role.ADMIN)
        consults = () if company_id is None else (Consulted(COMPANY, (company_id,), is_known),)
        return await answer(
            context,
            WorkCalendarPayload,
            WORK_CALENDAR,
            key_of(company_id),
            SetWorkCalendar(input.calendar(), await context.today(), company_id),
            mutation="setWorkCalendar",
            idempotency_key=input.idempotency_key,
            consults=consults,
        )

    @strawberry.mutation(
        description="Take a work calendar away: a company works by the site's then, and the site on"
        " every day. Needs the role admin."
    )
    async def clear_work_calendar(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ClearWorkCalendarInput, strawberry.argument(description="Whose calendar.")
        ],
    ) -> WorkCalendarPayload:
        """Clear a calendar."""
        context = info.context
        context.require(Role.ADMIN)
        return await answer(
            context,
            WorkCalendarPayload,
            WORK_CALENDAR,
            key_of(input.company_id),
            ClearWorkCalendar(),
            mutation="clearWorkCalendar",
            idempotency_key=input.idempotency_key,
        )
