"""Options that are dates, moments and files of charts."""

import os
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
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


class ChartFileType(click.ParamType[Path]):
    """A file that a chart can be drawn to: its name says as what."""

    name = "file"
    suffixes = (".png", ".svg")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, or fail as wrong usage before any work is done."""
        path = Path(value)
        if path.suffix.lower() not in self.suffixes:
            self.fail(f"{value} ends with neither {' nor '.join(self.suffixes)}.", param, ctx)
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else f"lies in no folder: {path.parent}"
            self.fail(f"{value} {what}.", param, ctx)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            self.fail(f"{value} cannot be written.", param, ctx)
        return path


DATE = DateType()
MOMENT = MomentType()
CHART_FILE = ChartFileType()
