"""Excel files, opened again by another library: what is in a cell is what the record says."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from projections.view import Kind
from runtime import spreadsheets
from runtime.spreadsheets import TEXT_CHARACTERS_MAX, Column, TooManyRows, workbook

ON = date(2026, 3, 2)
COLUMNS = [
    Column("Customer", Kind.TEXT),
    Column("Balance", Kind.MONEY, currency=2),
    Column("Currency", Kind.TEXT),
    Column("Due", Kind.DATE),
    Column("Known", Kind.MOMENT),
    Column("Open", Kind.BOOLEAN),
    Column("Days", Kind.INTEGER),
    Column("Rate", Kind.NUMBER),
]


def opened(content: bytes) -> Worksheet:
    book = load_workbook(BytesIO(content))
    (name,) = book.sheetnames
    return book[name]


def write(*rows: Any, columns: Any = COLUMNS, sheet: str = "Rows", **more: Any) -> bytes:
    return workbook(sheet, columns, rows, created=ON, **more)


def cells(sheet: Worksheet) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]


def test_dates_and_numbers_are_real_and_formatted() -> None:
    moment = datetime(2026, 3, 2, 23, 30, 5, 999, tzinfo=UTC)
    euro = ["Acme", Decimal("1234.50"), "EUR", ON, moment, True, 7, Decimal("2.5")]
    yen = ["Beta", Decimal(1200), "JPY", None, None, False, 0, None]
    sheet = opened(write(euro, yen, time_zone="Europe/Rome"))
    local = datetime(2026, 3, 3, 0, 30, 5)  # noqa: DTZ001

    assert [cell.value for cell in sheet[1]] == [one.caption for one in COLUMNS]
    assert cells(sheet) == [
        ["Acme", 1234.5, "EUR", datetime.combine(ON, time()), local, True, 7, 2.5],
        ["Beta", 1200, "JPY", None, None, False, 0, None],
    ]
    assert [sheet.cell(row, 2).number_format for row in (2, 3)] == ["#,##0.00", "#,##0"]
    assert sheet["D2"].is_date
    assert sheet["E2"].is_date
    assert sheet["E2"].number_format == "yyyy-mm-dd hh:mm:ss"


def test_the_header_stays_in_sight_and_can_be_filtered_by() -> None:
    sheet = opened(write(["A", 1, "EUR", ON, None, True, 1, 1]))
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H2"
    assert sheet["A1"].font.bold


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "http://x", "0123", "{=1}"]
)
def test_a_text_is_never_carried_out(text: str) -> None:
    sheet = opened(write([text], columns=COLUMNS[:1]))
    cell = sheet["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_what_a_spreadsheet_cannot_hold_is_written_as_text() -> None:
    exact = Decimal("12345678901234567.89")
    columns = [Column("Amount", Kind.MONEY), Column("Day", Kind.DATE), Column("Note", Kind.TEXT)]
    sheet = opened(write([exact, date(1899, 12, 31), "x" * 40_000], columns=columns))
    assert [sheet["A2"].value, sheet["B2"].value] == ["12345678901234567.89", "1899-12-31"]
    note = str(sheet["C2"].value)
    assert (len(note), note[-1]) == (TEXT_CHARACTERS_MAX, "…")


def test_the_same_rows_give_the_same_bytes() -> None:
    row = ["A", Decimal(1), "EUR", ON, None, True, 1, None]
    assert write(row) == write(row)
    assert write(row) != write(row, row)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Disputes", "Disputes"), ("a/b: [c]*?'", "a b c"), ("", "Records"), ("x" * 40, "x" * 31)],
)
def test_a_sheet_has_a_name_that_can_be_one(name: str, shown: str) -> None:
    assert opened(write(sheet=name)).title == shown


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS_MAX", 1)
    with pytest.raises(TooManyRows):
        write(["A"], ["B"], columns=COLUMNS[:1])


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
AMOUNTS = st.decimals(-(10**12), 10**12, places=2)
DATES = st.dates(date(1900, 3, 1), date(2100, 1, 1))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(TEXTS, AMOUNTS, DATES), max_size=5))
def test_any_row_is_read_back(rows: list[tuple[str, Decimal, date]]) -> None:
    columns = [Column("T", Kind.TEXT), Column("N", Kind.NUMBER), Column("D", Kind.DATE)]
    sheet = opened(write(*rows, columns=columns))
    found = [
        (text or "", Decimal(str(number)), moment.date())
        for text, number, moment in sheet.iter_rows(min_row=2, values_only=True)
    ]
    assert found == [(text, number, on) for text, number, on in rows]
