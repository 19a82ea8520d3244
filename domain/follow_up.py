"""The follow-up of an activity: its events, its commands, and what is decided of it (FUP-01).

none --set--> to be done --complete--> done       (set anew, another takes its place)
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.scheduling import FollowUp, checked_duration, completion_date, respond_by, scheduled
from domain.shared.assignee import check_user
from domain.shared.decider import Refused
from domain.shared.event import Event
from domain.shared.facts import CareFacts, UserFacts
from domain.shared.wording import TEXT_CHARACTERS_MAX, optional_text
from domain.working_days import EVERY_DAY, WorkCalendar, in_force

# Events: stored for ever under these names and fields. Add, never rename.


class FollowUpSet(Event, frozen=True, omit_defaults=True, gc=False):
    """It is to be followed up; an earlier follow-up of it no longer counts.

    `days_counted` says whether days to respond were given, None that the dates tell: `respond_by`
    is then later than `follow_up_on`. `user_id` None is whoever the activity is assigned to.
    """

    follow_up_on: date
    entered_on: date
    respond_by: date
    follow_up_desc: str | None = None
    duration_minutes: int | None = None
    days_counted: bool | None = None
    user_id: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which the follow-up was set (FUP-16)."""
        return self.entered_on


class FollowUpCompleted(Event, frozen=True, omit_defaults=True, gc=False):
    """It was followed up."""

    completed_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the completion."""
        return self.completed_on


# Commands.


class SetFollowUp(Struct, frozen=True, gc=False):
    """Follow it up, in place of the follow-up that it may have, on days of `calendar`."""

    follow_up: FollowUp
    business_date: date
    site_days: int = 0
    care: CareFacts = CareFacts()
    calendar: WorkCalendar = EVERY_DAY
    user: UserFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "SetFollowUp":
        """Return the command that knows what it asks.

        That is the site's days to respond and its calendar; the user, if one is named; and the
        account's care and its company's calendar, unless the activity is unknown.
        """
        site_days, site, *rest = facts
        user = None if self.follow_up.user_id is None else rest.pop(0)
        care, company = rest or (CareFacts(), None)
        calendar = in_force(company, site)
        return replace(self, site_days=site_days, care=care, calendar=calendar, user=user)


class CompleteFollowUp(Struct, frozen=True, gc=False):
    """Have followed it up, on the business date unless `completed_on` is given."""

    business_date: date
    completed_on: date | None = None


# Decisions.


def set_follow_up(command: SetFollowUp, known: FollowUpSet | None) -> Sequence[FollowUpSet]:
    """Set a follow-up, in place of another; told twice it stays as first entered."""
    days = (command.care.days_to_respond, command.site_days)
    told = follow_up_of(
        command.follow_up, command.business_date, command.calendar, command.user, *days
    )
    if known is not None:
        same = replace(told, entered_on=known.entered_on, days_counted=known.days_counted)
        if same == known:
            return []
    return [told]


def follow_up_of(
    follow_up: FollowUp,
    entered_on: date,
    calendar: WorkCalendar,
    user: UserFacts | None,
    *days: int | None,
) -> FollowUpSet:
    """Return the fact of setting a follow-up; `days` are those of the account and of the site."""
    if follow_up.follow_up_on is None:
        raise Refused("follow_up_date_missing", "A follow-up needs a date.", "followUpOn")
    on = scheduled(follow_up.follow_up_on, entered_on, "follow-up date", "followUpOn")
    on = calendar.next_working_day(on)
    until = respond_by(follow_up, entered_on, *days, calendar=calendar) or on
    user_id = optional_text(follow_up.user_id, "user", "followUpUserId")
    if user_id is not None:
        check_user(user_id, user, "followUpUserId")
    return FollowUpSet(
        on,
        entered_on,
        until,
        optional_text(follow_up.follow_up_desc, "description", "followUpDesc", TEXT_CHARACTERS_MAX),
        checked_duration(follow_up.duration_minutes),
        until > on,
        user_id,
    )


def complete_follow_up(
    command: CompleteFollowUp, follow_up: FollowUpSet | None, done: FollowUpCompleted | None
) -> Sequence[FollowUpCompleted]:
    """Complete a follow-up, not before it was set and not ahead of time."""
    if follow_up is None:
        raise Refused("follow_up_missing", "It has no follow-up.", "activityId")
    if done is None:
        on = completion_date(command.completed_on, command.business_date, follow_up.entered_on)
        return [FollowUpCompleted(on)]
    if command.completed_on not in {None, done.completed_on}:
        raise Refused(
            "follow_up_complete",
            f"It was followed up on {done.completed_on} already.",
            "activityId",
        )
    return []
