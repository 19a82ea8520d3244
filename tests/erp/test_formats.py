"""Dates and amounts as foreign files write them: read exactly, or rejected, never guessed."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.documents import BadValue, Column, amount, iso_date
from erp.formats import FileFormat, read_as

MARKS = [(".", ""), (".", ","), (",", "."), (",", " "), (",", "\u00a0"), (".", "'"), (",", "")]

amounts = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12
)


def amounts_in(decimal_mark: str, thousands_mark: str) -> Column:
    told = FileFormat("f.csv", decimal_mark=decimal_mark, thousands_mark=thousands_mark)
    return read_as(Column("amount", amount), told, "%Y-%m-%d")


def dates_in(form: str) -> Column:
    return read_as(Column("due_date", iso_date), FileFormat("f.csv"), form)


def one_by_one(column: Column, texts: Sequence[str]) -> list[Any] | None:
    """What parsing each text gives, None in the place of one that says nothing; None if bad."""
    try:
        values = [column.parse(text) for text in texts]
    except BadValue:
        return None
    return [None if value == "" else value for value in values]


def at_once(column: Column, texts: Sequence[str]) -> list[Any] | None:
    try:
        return column.parse_all(list(texts))
    except BadValue:
        return None


@given(st.sampled_from(MARKS), st.lists(amounts, min_size=1), st.booleans())
def test_an_amount_is_read_as_it_was_written(
    marks: tuple[str, str], told: list[Decimal], grouped: bool
) -> None:
    decimal_mark, thousands_mark = marks
    plain = [f"{one:,.2f}" if grouped and thousands_mark else f"{one:.2f}" for one in told]
    swap = {ord(","): thousands_mark, ord("."): decimal_mark}
    texts = [one.translate(swap) for one in plain]
    column = amounts_in(decimal_mark, thousands_mark)
    assert column.parse_all(texts) == told
    assert one_by_one(column, texts) == told


@given(
    st.sampled_from(MARKS),
    st.lists(st.text(alphabet="0123456789.,- +()'\u00a0\n", max_size=12), min_size=1, max_size=6),
)
def test_many_amounts_at_once_are_read_as_one_by_one(
    marks: tuple[str, str], texts: list[str]
) -> None:
    column = amounts_in(*marks)
    assert at_once(column, texts) == one_by_one(column, texts)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.190,00", Decimal(1190)),
        (" 1.234.567,8 ", Decimal("1234567.8")),
        ("1190", Decimal(1190)),
        ("12.34.567,00", Decimal(1234567)),
        ("119,50-", Decimal("-119.5")),
        ("(1.190)", Decimal(-1190)),
        ("-0,00", Decimal(0)),
        (",5", Decimal("0.5")),
        (" ", ""),
        ("", ""),
    ],
)
def test_an_amount_may_be_written(text: str, value: Decimal | str) -> None:
    column = amounts_in(",", ".")
    assert column.parse(text) == value
    assert column.parse_all([text]) == [None if value == "" else value]


@pytest.mark.parametrize(
    "text",
    [
        "1.19",
        "1.1900",
        ".190",
        "1,190.00",
        "1..190",
        "1,2,3",
        "--1",
        "-1-",
        "(-1)",
        "-",
        "()",
        "1e5",
        "NaN",
        "1 190",
        "٣",
        "€5",
        "1\n2",
        "9" * 25,
    ],
)
def test_no_amount_is_guessed(text: str) -> None:
    column = amounts_in(",", ".")
    assert one_by_one(column, [text]) is None
    assert at_once(column, ["1,00", text]) is None


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_a_date_is_read_as_it_was_written(told: date) -> None:
    for form in ("%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S", "%d-%b-%Y", "%Y-%m-%d"):
        column = dates_in(form)
        text = f"{told:%d-%b-}{told.year}" if "%b" in form else told.strftime(form)
        assert column.parse(f" {text} ") == told
        assert column.parse_all([text, "", " "]) == [told, None, None]


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ("%d.%m.%Y", "31.02.2026", "'31.02.2026' is no date; dates are written %d.%m.%Y"),
        ("%d.%m.%Y", "2026-01-01", "'2026-01-01' is no date; dates are written %d.%m.%Y"),
        ("%d.%m.%Y", "01.01.1800", "'01.01.1800' lies outside of the years 1900 to 2999"),
        ("%Y-%m-%d", "2026-1-1", "'2026-1-1' is no date; dates are written YYYY-MM-DD"),
    ],
)
def test_what_is_no_date_is_told_with_how_dates_are_written(
    form: str, text: str, reason: str
) -> None:
    column = dates_in(form)
    with pytest.raises(BadValue) as bad:
        column.parse(text)
    assert str(bad.value) == reason
    assert at_once(column, [text]) is None
