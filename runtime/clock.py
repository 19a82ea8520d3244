"""The only place that reads the clock; everything else takes the time as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def business_date(moment: datetime, time_zone: str) -> date:
    """Return the date on which `moment` falls in a time zone (G12)."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
