"""Jobs: what is done unattended, and when it is due (RULE-22, SYN-01, ALR-01, FUP-08).

A job follows from what it is about: a credit class, an alert or an ERP's export with a schedule,
or the days of a time zone. It is due at the moments of its schedules and fired once for each; of
those that were missed only the last is fired, as whoever does the work knows how to catch up.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.schedule import Schedule, due_moment
from domain.shared.decider import Refused

_DAYS_LOOKED_AT = 9
"""Every schedule has a day within a week; the rest is for zones that leave days out."""


class JobKind(StrEnum):
    """What a job does."""

    RULES = "rules"
    """Runs the rules of a credit class, for dates that were missed first (RULE-22)."""
    DAY_ROLL = "day_roll"
    """Judges promises and raises user actions where a business day begins (FUP-08, G12), and signs
    how far the log is (DESIGN section 2)."""
    SYNC = "sync"
    """Loads an ERP's export (SYN-01)."""
    GRID_ALERT = "grid_alert"
    """Tells users of records (ALR-01)."""


EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)

MIDNIGHT = "00:00"


class Job(Struct, frozen=True):
    """A job about a `subject`: a class, an alert, a source of exports, or a time zone.

    Schedules without a time zone are of `site_zone`; without schedules it is fired by hand. It has
    not been due before `since`.
    """

    kind: JobKind
    subject: str
    title: str
    schedules: tuple[Schedule, ...]
    site_zone: str
    since: datetime

    @property
    def name(self) -> str:
        """What tells it from the other jobs of its tenant."""
        return f"{self.kind.value}/{self.subject}"


class Due(Struct, frozen=True):
    """A moment at which a job is due, and the local date of its schedule then."""

    at: datetime
    business_date: date


def last_due(job: Job, now: datetime) -> Due | None:
    """Return when the job was due last, up to `now`; None if it has not been since it is there."""
    past = [one for one in _around(job, now) if job.since < one.at <= now]
    return max(past, key=lambda one: one.at, default=None)


def next_due(job: Job, now: datetime) -> Due | None:
    """Return when the job is due next, after `now`."""
    coming = [one for one in _around(job, now) if one.at > max(now, job.since)]
    return min(coming, key=lambda one: one.at, default=None)


def _around(job: Job, now: datetime) -> Iterator[Due]:
    """Yield the moments near `now` at which the job is due."""
    moment = max(now, job.since)
    for schedule in job.schedules:
        today = moment.astimezone(ZoneInfo(schedule.time_zone or job.site_zone)).date()
        for days in range(-_DAYS_LOOKED_AT, _DAYS_LOOKED_AT + 1):
            day = today + timedelta(days)
            at = due_moment(schedule, day, job.site_zone)
            if at is not None:
                yield Due(at.astimezone(UTC), day)


def by_hand_date(job: Job, now: datetime, wished: date | None) -> date:
    """Return the date for which a job is fired by hand: by default today, where its schedules are.

    Raises:
        Refused: if the day has not begun; rules, for one, are run for no date before it later.
    """
    zones = {one.time_zone or job.site_zone for one in job.schedules} or {job.site_zone}
    today = max(now.astimezone(ZoneInfo(zone)).date() for zone in zones)
    if wished is not None and wished > today:
        raise Refused("business_date_ahead", f"The day {wished} has not begun.", "businessDate")
    return wished or today


def in_words(job: Job) -> str:
    """Return when a job is due in words: "Mon, Thu at 06:00 Europe/Berlin"."""
    return "; ".join(_in_words(one, job.site_zone) for one in job.schedules) or "by hand"


def _in_words(schedule: Schedule, site_zone: str) -> str:
    days = (
        "every day" if schedule.days == EVERY_DAY else ", ".join(_NAMES[d] for d in schedule.days)
    )
    return f"{days} at {schedule.at} {schedule.time_zone or site_zone}"


_NAMES = ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
