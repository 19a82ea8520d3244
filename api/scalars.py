"""Scalars: how dates, moments, amounts and JSON are written."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

DIGITS_MAX = 100
"""Digits before or after the point of a decimal in a request, at most."""

Json = NewType("Json", object)
"""Any JSON value."""


def _parsed_date(value: object) -> date:
    if not isinstance(value, str):
        raise TypeError("A date is text, such as 2026-03-31.")
    try:
        return date.fromisoformat(value)
    except ValueError as bad:
        raise ValueError(f"{value!r} is no date, such as 2026-03-31.") from bad


def _parsed_moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError("A moment is text, such as 2026-03-31T17:00:00Z.")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as bad:
        raise ValueError(f"{value!r} is no moment, such as 2026-03-31T17:00:00Z.") from bad
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _parsed_decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError("A decimal is text, such as '1234.50', or a number.")
    try:
        number = Decimal(str(value))
    except InvalidOperation as bad:
        raise ValueError(f"{value!r} is no decimal, such as '1234.50'.") from bad
    if not number.is_finite() or abs(number.adjusted()) > DIGITS_MAX:
        raise ValueError(f"{value!r} is no amount of money there could be.")
    return number


def _decimal_text(value: Decimal) -> str:
    return f"{value:f}"


def _same(value: Any) -> Any:
    return value


def _scalar(
    name: str, description: str, serialize: Callable[[Any], Any], parse: Callable[[Any], Any]
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, serialize=serialize, parse_value=parse
    )


SCALARS: Mapping[object, ScalarDefinition] = {
    date: _scalar("Date", "A date: ISO 8601, YYYY-MM-DD.", date.isoformat, _parsed_date),
    datetime: _scalar(
        "DateTime",
        "A moment: ISO 8601 with its offset from UTC; without one it is taken as UTC.",
        datetime.isoformat,
        _parsed_moment,
    ),
    Decimal: _scalar(
        "Decimal",
        "A decimal number, exact: written as text, so that no program makes it a binary fraction.",
        _decimal_text,
        _parsed_decimal,
    ),
    Json: _scalar("JSON", "Any JSON value.", _same, _same),
}
