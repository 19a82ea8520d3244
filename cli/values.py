"""Options that are dates and moments."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

import click

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class DateType(click.ParamType[date]):
    """A date written YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date, or fail as wrong usage."""
        if isinstance(value, date):
            return value
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; dates are written YYYY-MM-DD.", param, ctx)


class MomentType(click.ParamType[datetime]):
    """A moment in ISO 8601; without an offset it is UTC, and a date alone is its end."""

    name = "timestamp"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment, or fail as wrong usage."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            if _DATE.fullmatch(value):
                moment = datetime.combine(moment, time.max)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC)
            moment.astimezone(UTC)  # which moments at the calendar's ends do not have
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no moment, such as 2026-03-31T17:00:00Z.", param, ctx)
        return moment


DATE = DateType()
MOMENT = MomentType()
