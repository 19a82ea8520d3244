"""Dates and moments as options take them."""

from datetime import UTC, date, datetime, timedelta, timezone

import click
import pytest

from cli.values import DATE, MOMENT


def test_a_date_is_written_year_month_day() -> None:
    assert DATE.convert("2024-02-29", None, None) == date(2024, 2, 29)


@pytest.mark.parametrize(
    "told",
    ["31/02/2013", "2023-02-29", "20240229", "2024-W09-4", "2024-2-9", " 2024-02-29", "", "today"],
)
def test_what_is_no_date_is_wrong_usage(told: str) -> None:
    with pytest.raises(click.UsageError, match="is no date; dates are written YYYY-MM-DD"):
        DATE.convert(told, None, None)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-03-31T17:00:00Z", datetime(2026, 3, 31, 17, tzinfo=UTC)),
        ("2026-03-31T17:00:00", datetime(2026, 3, 31, 17, tzinfo=UTC)),
        ("2026-03-31 17:00", datetime(2026, 3, 31, 17, tzinfo=UTC)),
        ("2026-03-31T17:00:00.25+02:00", datetime(2026, 3, 31, 15, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-31", datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_utc_and_a_date_alone_is_its_end(
    told: str, moment: datetime
) -> None:
    assert MOMENT.convert(told, None, None) == moment


def test_a_moment_keeps_the_offset_it_was_told_with() -> None:
    moment = MOMENT.convert("2026-03-31T17:00:00+02:00", None, None)
    assert moment.tzinfo == timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "told",
    ["yesterday", "", "2026-02-30", "2026-03-31T25:00", "17:00", "0001-01-01T00:00:00+14:00"],
)
def test_what_is_no_moment_is_wrong_usage(told: str) -> None:
    with pytest.raises(click.UsageError, match="is no moment, such as 2026-03-31T17:00:00Z"):
        MOMENT.convert(told, None, None)
