"""When something that recurs is due: on which days of the week, at which local time.

A time on a clock is no moment: where clocks are put forward some times do not exist, where they
are put back some exist twice. Each date of a schedule is due once all the same.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.shared.decider import Refused
from domain.shared.time_zones import is_time_zone

_MINUTES_OF_A_DAY = 24 * 60


class Schedule(Struct, frozen=True, omit_defaults=True, gc=False):
    """Days of the week (ISO: Monday is 1, Sunday 7) and a local time, written HH:MM.

    Without a time zone it is the site's. Without days it is never due.
    """

    days: tuple[int, ...]
    at: str
    time_zone: str | None = None


def checked_schedule(schedule: Schedule, field: str) -> Schedule:
    """Return a schedule with its days in order.

    Raises:
        Refused: if it names no days, no such time or no such time zone.
    """
    days = tuple(sorted(set(schedule.days)))
    if not days or not all(1 <= day <= 7 for day in days):  # noqa: PLR2004
        raise _refused("A schedule names days of the week from 1, Monday, to 7, Sunday.", field)
    local_time(schedule, field)
    if schedule.time_zone is not None and not is_time_zone(schedule.time_zone):
        raise Refused("time_zone_unknown", f"There is no time zone {schedule.time_zone!r}.", field)
    return Schedule(days, schedule.at, schedule.time_zone)


def local_time(schedule: Schedule, field: str = "schedule") -> time:
    """Return the time of day at which it is due.

    Raises:
        Refused: if it is none.
    """
    try:
        return datetime.strptime(schedule.at, "%H:%M").time()  # noqa: DTZ007
    except ValueError:
        raise _refused(f"A time of day is written as 06:00, not {schedule.at!r}.", field) from None


def due_moment(schedule: Schedule, day: date, site_zone: str) -> datetime | None:
    """Return the moment (in UTC) at which it is due on a local date; None on other days.

    A time that does not exist on that day is due at the first moment after the gap, one that
    exists twice the first time. A date that a zone left out altogether is due when it would begin.
    """
    if day.isoweekday() not in schedule.days:
        return None
    zone = ZoneInfo(schedule.time_zone or site_zone)
    wanted = datetime.combine(day, local_time(schedule))
    moment = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wanted:
        return moment
    for minutes in range(1, 2 * _MINUTES_OF_A_DAY):  # in a gap: no zone left out more than a day
        later = wanted + timedelta(minutes=minutes)
        moment = later.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == later:
            return moment
    raise AssertionError("unreachable: no gap is longer than a day")


def _refused(message: str, field: str) -> Refused:
    return Refused("schedule_invalid", message, field)
