"""GraphQL: the calendar of a user's follow-ups, day by day (FUP-13)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import strawberry

from api.activities import ACTIVITIES, Activity
from api.connections import AsOf, AtLeast, KnownAt
from api.context import Info, Reading
from api.errors import ApiError, Code
from api.selection import fields_below
from api.view_types import values_of
from api.work_calendars import calendars, check_span, of_company
from domain.conditions import AllOf, Compared, Operator
from projections.listing import Cut, Listing, Order, page

DAYS_MAX = 92
"""Days of one calendar at most: a quarter."""

FOLLOW_UPS_MAX = 1_000
"""Follow-ups of one calendar at most."""


@strawberry.type(description="A day of a calendar of follow-ups.")
class FollowUpDay:
    """A day of a calendar of follow-ups."""

    on: date = strawberry.field(description="The day.")
    day_off: str | None = strawberry.field(
        description="What the day is called if nobody of the site works on it; null if people do."
    )
    activities: list[Activity] = strawberry.field(
        description="The activities to follow up on the day; the most urgent first."
    )


@strawberry.type
class FollowUpQuery:
    """Calendars of follow-ups."""

    @strawberry.field(
        description="What a user is to follow up from one day to another, day by day;"
        f" {DAYS_MAX} days and {FOLLOW_UPS_MAX} follow-ups at most."
    )
    async def follow_ups(
        self,
        info: Info,
        user_id: Annotated[str, strawberry.argument(description="Who follows up.")],
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day.")],
        done: Annotated[
            bool, strawberry.argument(description="Whether to tell those that are done, too.")
        ] = False,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> list[FollowUpDay]:
        """Return the days."""
        check_span(from_, to, DAYS_MAX)
        reading = await info.context.reading(as_of, known_at)
        asked_for = fields_below(info, "activities")
        found = await _by_day(reading, asked_for, (user_id, from_, to), done=done)
        calendar = of_company(await calendars(reading), None).calendar
        return [
            FollowUpDay(on=on, day_off=calendar.why_not(on), activities=found[on])
            for on in (date.fromordinal(n) for n in range(from_.toordinal(), to.toordinal() + 1))
        ]


async def _by_day(
    reading: Reading, asked_for: frozenset[str], asked: tuple[str, date, date], *, done: bool
) -> Mapping[date, list[Any]]:
    """Return a user's follow-ups from one day to another, by day.

    Raises:
        ApiError: if there are too many.
    """
    user_id, first, last = asked
    conditions = [
        Compared("follow_up_user_id", Operator.EQ, user_id),
        Compared("follow_up_on", Operator.GTE, first),
        Compared("follow_up_on", Operator.LTE, last),
        Compared("follow_up_indicator", Operator.IS_NULL, value=False),
    ]
    if not done:
        conditions.append(Compared("follow_up_open", Operator.EQ, value=True))
    listing = Listing(
        ACTIVITIES.view,
        reading.asked,
        ACTIVITIES.select(asked_for),
        AllOf(conditions),
        (Order("follow_up_on"), Order("priority"), Order("activity_no")),
    )
    records = await reading.fetch(page(listing, Cut(FOLLOW_UPS_MAX + 1)))
    if len(records) > FOLLOW_UPS_MAX:
        raise ApiError(
            Code.BAD_USER_INPUT,
            f"There are more than {FOLLOW_UPS_MAX} follow-ups; ask for fewer days.",
        )
    values = values_of(ACTIVITIES.view, listing.columns)
    found: dict[date, list[Any]] = defaultdict(list)
    for record in records:
        told = values(record)
        found[told["follow_up_on"]].append(ACTIVITIES.node.of(told, reading))
    return found
