"""When work is to be done and when it is done: dates that can be, and by when to respond."""

from datetime import date, timedelta

from msgspec import Struct

from domain.shared.decider import Refused
from domain.working_days import EVERY_DAY, WorkCalendar

DAYS_TO_RESPOND_MAX = 3_650
"""Ten years of days."""

SCHEDULED_DAYS_MAX = 3_650
"""How far ahead something can be scheduled: a date beyond is mistyped."""

DURATION_MINUTES_MAX = 1_440
"""A day."""


class FollowUp(Struct, frozen=True, gc=False):
    """When to follow up (FUP-01), by when to respond, and how long it takes (FUP-15).

    `user_id` follows it up (FUP-17); None: who the activity is assigned to.
    """

    follow_up_on: date | None = None
    follow_up_desc: str | None = None
    respond_by: date | None = None
    days_to_respond: int | None = None
    duration_minutes: int | None = None
    user_id: str | None = None


def scheduled(on: date, since: date, called: str, field: str) -> date:
    """Return a date for which something is scheduled on the date `since`.

    Raises:
        Refused: if it is past, or too far ahead; `called` says which date it is.
    """
    code = called.replace(" ", "_").replace("-", "_")
    if on < since:
        raise Refused(f"{code}_past", f"The {called} is before {since}.", field)
    if on > since + timedelta(SCHEDULED_DAYS_MAX):
        raise Refused(f"{code}_too_far", f"The {called} is more than ten years ahead.", field)
    return on


def days_to_respond(*told: int | None) -> int:
    """Return the first of some days to respond that is set; zero means not set (FUP-04, C14)."""
    return next((days for days in told if days), 0)


def respond_by(
    follow_up: FollowUp,
    entered_on: date,
    *others: int | None,
    calendar: WorkCalendar = EVERY_DAY,
) -> date | None:
    """Return the date by which to respond, or None if there is none (FUP-04, FUP-07, FUP-09).

    It is the one that is given; else so many working days after the follow-up date, or after the
    entry where nothing is followed up; else, when no days are set (zero says so), the follow-up
    date itself. `others` are the days of the account and of the site, in this order, where they
    count: they do if no days are given. It is always a working day (FUP-11).

    Raises:
        Refused: if it is before the date it is counted from, or the days are out of range.
    """
    since, days = follow_up.follow_up_on or entered_on, follow_up.days_to_respond
    if follow_up.respond_by is not None:
        given = scheduled(follow_up.respond_by, since, "respond-by date", "respondBy")
        return calendar.next_working_day(given)
    if days is not None and not 0 <= days <= DAYS_TO_RESPOND_MAX:
        raise Refused(
            "days_to_respond_invalid",
            f"Days to respond are from 0, which means not set, to {DAYS_TO_RESPOND_MAX}.",
            "daysToRespond",
        )
    counted = days_to_respond(days, *others)
    if follow_up.follow_up_on is None and not counted:
        return None
    return calendar.add_working_days(since, counted)


def past_due(due: date, business_date: date, *, days_counted: bool) -> bool:
    """Return whether something that is still open is past due (FUP-08).

    Who was given days to respond is late on the last of them [C15]; who was given none is late the
    day after. `projections/activity_view.py` says the same in SQL.
    """
    return business_date >= due if days_counted else business_date > due


def completion_date(given: date | None, business_date: date, entered_on: date) -> date:
    """Return the date on which something that was entered on a date is complete.

    Raises:
        Refused: if it is before the entry, or after the business date.
    """
    on = given or business_date
    if on < entered_on:
        raise Refused(
            "completed_before_entered",
            f"It was entered on {entered_on}, and cannot be complete earlier.",
            "completedOn",
        )
    if on > business_date:
        raise Refused("completed_ahead", "It cannot be complete ahead of time.", "completedOn")
    return on


def checked_duration(minutes: int | None) -> int | None:
    """Return how long something takes.

    Raises:
        Refused: if it can take no such time.
    """
    if minutes is not None and not 1 <= minutes <= DURATION_MINUTES_MAX:
        raise Refused(
            "duration_invalid",
            f"A duration is from 1 to {DURATION_MINUTES_MAX} minutes.",
            "durationMinutes",
        )
    return minutes
