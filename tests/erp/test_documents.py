"""Texts to values: strictly, never by a guess, and in columns as one by one."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.rows import BadRow
from erp.documents import (
    AMOUNT_DIGITS_MAX,
    INVOICES,
    KEY_CHARACTERS_MAX,
    KINDS,
    TEXT_CHARACTERS_MAX,
    BadValue,
    Kind,
    Parser,
    amount,
    boolean,
    currency,
    iso_date,
    key_text,
    text,
    time_zone,
)


@pytest.mark.parametrize(
    ("parse", "told", "value"),
    [
        (iso_date, "2024-02-29", date(2024, 2, 29)),
        (iso_date, "1900-01-01", date(1900, 1, 1)),
        (iso_date, "2999-12-31", date(2999, 12, 31)),
        (amount, "1234.56", Decimal("1234.56")),
        (amount, "-0.05", Decimal("-0.05")),
        (amount, "+7", Decimal(7)),
        (amount, " .5 ", Decimal("0.5")),
        (amount, "5.", Decimal(5)),
        (amount, "-0.00", Decimal(0)),
        (amount, "9" * AMOUNT_DIGITS_MAX, Decimal("9" * AMOUNT_DIGITS_MAX)),
        (boolean, "Yes", True),
        (boolean, "0", False),
        (currency, " EUR ", "EUR"),
        (time_zone, "Europe/Lisbon", "Europe/Lisbon"),
        (key_text, " 000123 ", "000123"),
        (key_text, "a/b%2F\\N'\"ä \uff11", "a/b%2F\\N'\"ä \uff11"),
        (text, " two\nlines ", "two\nlines"),
    ],
)
def test_a_text_becomes_the_value_it_says(
    parse: Callable[[str], Any], told: str, value: object
) -> None:
    assert parse(told) == value
    assert str(parse(told)) == str(value)


@pytest.mark.parametrize(
    ("parse", "told", "reason"),
    [
        (iso_date, "31/02/2023", "dates are written YYYY-MM-DD"),
        (iso_date, "2023-02-30", "is no date"),
        (iso_date, "2023-02-29", "is no date"),
        (iso_date, "20230201", "is no date"),
        (iso_date, "2023-W01-1", "is no date"),
        (iso_date, "2023-W1-10", "is no date"),
        (iso_date, "2023-1-1", "is no date"),
        (iso_date, "2023-01-01T00:00:00", "is no date"),
        (iso_date, " 2023-01-01", "is no date"),
        (iso_date, "\uff12\uff10\uff12\uff13-01-01", "is no date"),
        (iso_date, "0000-01-01", "is no date"),
        (iso_date, "0001-01-01", "outside of the years 1900 to 2999"),
        (iso_date, "9999-12-31", "outside of the years 1900 to 2999"),
        (amount, "1,000.00", "is no amount"),
        (amount, "1.000,00", "is no amount"),
        (amount, "NaN", "is no amount"),
        (amount, "sNaN", "is no amount"),
        (amount, "Infinity", "is no amount"),
        (amount, "-inf", "is no amount"),
        (amount, "1e400", "is no amount"),
        (amount, "1e-30", "is no amount"),
        (amount, "1_000", "is no amount"),
        (amount, "\uff11\uff12\uff13", "is no amount"),
        (amount, "\u0663", "is no amount"),
        (amount, "$5", "is no amount"),
        (amount, "5-", "is no amount"),
        (amount, "(5)", "is no amount"),
        (amount, "1\n2", "is no amount"),
        (amount, "\n", "is no amount"),
        (amount, ".", "is no amount"),
        (amount, "0" * (AMOUNT_DIGITS_MAX + 1), "is no amount"),
        (amount, "9" * 1_000_000, "is no amount"),
        (boolean, "maybe", "is neither true nor false"),
        (currency, "EURO", "is no currency"),
        (currency, "XYZ", "is no currency"),
        (currency, "eur", "is no currency"),
        (currency, "", "is no currency"),
        (time_zone, "Mars/Olympus", "is no time zone"),
        (time_zone, "../../etc/passwd", "is no time zone"),
        (key_text, "x" * (KEY_CHARACTERS_MAX + 1), "is longer than 200 characters"),
        (key_text, "a\nb", "holds a control character"),
        (key_text, "a\x1fb", "holds a control character"),
        (text, "x" * (TEXT_CHARACTERS_MAX + 1), "is longer than 10000 characters"),
    ],
)
def test_what_is_no_value_is_told_and_never_guessed(
    parse: Callable[[str], Any], told: str, reason: str
) -> None:
    with pytest.raises(BadValue) as bad:
        parse(told)
    assert reason in str(bad.value)
    assert len(str(bad.value)) < 120


anything = st.one_of(
    st.sampled_from(
        ["", " ", "\n", "1", "-0", "0.00", "1\n2", "1e5", "NaN", "true", "no", "EUR", "UTC"]
    ),
    st.sampled_from(["2026-01-31", "2026-02-30", "2026-W01-1", "A/1", "a\x1fb", "x" * 201]),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    st.text(max_size=8),
)


@st.composite
def records(draw: st.DrawFn) -> tuple[Kind, list[str], list[list[str]]]:
    """A kind, a header with some of its columns and a foreign one, and rows of any texts."""
    kind = draw(st.sampled_from(KINDS))
    optional = [column.name for column in kind.columns if not column.required]
    kept = draw(st.sets(st.sampled_from(optional))) if optional else set()
    names = [column.name for column in kind.columns if column.required or column.name in kept]
    header = draw(st.permutations([*names, "foreign"]))
    good = {iso_date: "2026-01-31", amount: "12.50", boolean: "yes", currency: "EUR"}
    parsers = {column.name: column.parse for column in kind.columns}

    def cell(name: str) -> st.SearchStrategy[str]:
        usual = good.get(parsers.get(name, text), "UTC")  # type: ignore[call-overload]
        return st.one_of(*[st.just(usual)] * 6, anything)

    rows = draw(st.lists(st.tuples(*map(cell, header)).map(list), min_size=1, max_size=5))
    return kind, header, rows


@settings(deadline=None)
@given(records())
def test_many_rows_at_once_are_parsed_as_one_by_one(
    told: tuple[Kind, list[str], list[list[str]]],
) -> None:
    kind, header, rows = told
    parser = Parser(kind, header)
    many = [
        (one.column, one.reason) if isinstance(one, BadRow) else list(one)
        for one in parser.parse_all(rows)
    ]

    def alone(row: list[str]) -> list[Any] | tuple[str | None, str]:
        try:
            return parser.parse(row)
        except BadRow as bad:
            return bad.column, bad.reason

    assert many == [alone(row) for row in rows]


def test_a_row_is_told_by_its_first_bad_column_and_its_neighbours_stay_good() -> None:
    parser = Parser(INVOICES, ["tran_id", "company_id", "cust_id", "amount", "tran_date"])
    good, bad, missing = parser.parse_all(
        [
            ["I1", "1", "A", "5.00", "2026-01-01"],
            ["I2", "1", "A", "5,00", "01.01.2026"],
            ["I3", "1", "A", "5.00", ""],
        ]
    )
    assert isinstance(bad, BadRow)
    assert (bad.column, bad.reason) == (
        "tran_date",
        "tran_date '01.01.2026' is no date; dates are written YYYY-MM-DD.",
    )
    assert isinstance(missing, BadRow)
    assert (missing.column, missing.reason) == ("tran_date", "tran_date is missing.")
    assert not isinstance(good, BadRow)
    assert list(good)[:5] == ["1", "I1", "A", date(2026, 1, 1), Decimal("5.00")]
    assert set(list(good)[5:]) == {None}


def test_a_header_says_what_it_lacks_and_what_is_not_known() -> None:
    parser = Parser(INVOICES, ["company_id", "tran_id", "cust_id", "colour", "", "amount"])
    assert (parser.missing, parser.unknown) == (["tran_date"], ["colour"])
