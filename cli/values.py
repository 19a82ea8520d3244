"""Options that are dates and moments."""

from datetime import UTC, date, datetime
from typing import Any

import click


class DateType(click.ParamType[date]):
    """A date written YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date, or fail as wrong usage."""
        if isinstance(value, date):
            return value
        try:
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
        except ValueError:
            self.fail(f"{value!r} is no moment, such as 2026-03-31T17:00:00Z.", param, ctx)
        if len(value) <= len("2026-03-31"):
            moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


DATE = DateType()
MOMENT = MomentType()
