"""Excel files of records: real dates and numbers, and nothing that a spreadsheet would carry out.

The same records give the same bytes, so that a file that is written again is stored once.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from io import BytesIO
from typing import IO, Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from xlsxwriter import Workbook

from domain.shared.currency import is_currency, smallest_unit
from projections.view import Kind

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

ROWS_MAX = 1_048_575
"""Rows of a sheet below its header, at most."""

TEXT_CHARACTERS_MAX = 32_767
"""Characters of a cell, at most; longer texts are cut, which an ellipsis tells."""

SHEET_CHARACTERS_MAX = 31
_NOT_IN_SHEET_NAMES = str.maketrans("[]:*?/\\'", "        ")
_FIRST_DATE = date(1900, 3, 1)
"""Before it, spreadsheets count a 29 February 1900 that never was."""

_WIDTHS = {
    Kind.TEXT: 24,
    Kind.JSON: 24,
    Kind.DATE: 12,
    Kind.MOMENT: 20,
    Kind.BOOLEAN: 10,
    Kind.INTEGER: 12,
    Kind.NUMBER: 14,
    Kind.MONEY: 16,
}


class Column(Struct, frozen=True):
    """A column of a sheet; one of MONEY may name the place of the column of its currency."""

    caption: str
    kind: Kind
    currency: int | None = None


class TooManyRows(Exception):
    """A sheet cannot hold as many rows."""


def workbook(
    sheet: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    created: date,
    time_zone: str = "UTC",
) -> bytes:
    """Return an Excel file as `write_workbook` writes it.

    Raises:
        TooManyRows: if there are more than a sheet can hold.
    """
    buffer = BytesIO()
    write_workbook(buffer, sheet, columns, rows, created=created, time_zone=time_zone)
    return buffer.getvalue()


def write_workbook(
    file: IO[bytes],
    sheet: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    created: date,
    time_zone: str = "UTC",
) -> None:
    """Write an Excel file of one sheet with a header that stays in sight and can be filtered by.

    Rows hold a value for each column, None where it is unknown; any number takes little memory.
    Moments are shown in a time zone, which spreadsheets know nothing of.

    Raises:
        TooManyRows: if there are more than a sheet can hold.
    """
    book: Any = Workbook(file, {"constant_memory": True})
    try:
        book.set_properties({"created": datetime(created.year, created.month, created.day)})  # noqa: DTZ001
        page: Any = book.add_worksheet(_sheet_name(sheet))
        writing = _Writing(book, page, columns, ZoneInfo(time_zone))
        last = 0
        for last, row in enumerate(rows, 1):
            if last > ROWS_MAX:
                raise TooManyRows(f"A sheet holds {ROWS_MAX:,} rows at most.")
            writing.row(last, row)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, last, len(columns) - 1)
    finally:
        book.close()


def _sheet_name(name: str) -> str:
    plain = " ".join(name.translate(_NOT_IN_SHEET_NAMES).split())
    return plain[:SHEET_CHARACTERS_MAX].strip() or "Records"


class _Writing:
    """Writes rows, one after the other, each value as what it is."""

    def __init__(self, book: Any, page: Any, columns: Sequence[Column], zone: ZoneInfo) -> None:
        self._book = book
        self._page = page
        self._columns = columns
        self._zone = zone
        self._money: dict[int, Any] = {}
        for place, column in enumerate(columns):
            page.set_column(place, place, max(_WIDTHS[column.kind], len(column.caption) + 3))
            page.write_string(0, place, column.caption, self._header)

    @cached_property
    def _header(self) -> Any:
        return self._book.add_format({"bold": True, "bottom": 1})

    @cached_property
    def _date(self) -> Any:
        return self._book.add_format({"num_format": "yyyy-mm-dd"})

    @cached_property
    def _moment(self) -> Any:
        return self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def _amount(self, currency: Any) -> Any:
        """Return the format of amounts of a currency, with as many decimals as it has."""
        unit = smallest_unit(currency) if isinstance(currency, str) and is_currency(currency) else 2
        decimals = unit if isinstance(unit, int) else -int(unit.as_tuple().exponent)
        if decimals not in self._money:
            shown = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._money[decimals] = self._book.add_format({"num_format": shown})
        return self._money[decimals]

    def row(self, number: int, values: Sequence[Any]) -> None:
        """Write a row."""
        for place, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            match value:
                case None:
                    continue
                case bool():
                    self._page.write_boolean(number, place, value)
                case datetime():
                    local = value.astimezone(self._zone).replace(tzinfo=None, microsecond=0)
                    self._page.write_datetime(number, place, local, self._moment)
                case date() if value >= _FIRST_DATE:
                    self._page.write_datetime(number, place, value, self._date)
                case int() | Decimal() if _is_exact(value):
                    shown = None
                    if column.kind is Kind.MONEY:
                        place_of = column.currency
                        shown = self._amount(None if place_of is None else values[place_of])
                    self._page.write_number(number, place, float(value), shown)
                case Decimal():
                    self._text(number, place, f"{value:f}")
                case _:
                    self._text(number, place, str(value))

    def _text(self, number: int, place: int, text: str) -> None:
        if len(text) > TEXT_CHARACTERS_MAX:
            text = text[: TEXT_CHARACTERS_MAX - 1] + "…"
        self._page.write_string(number, place, text)


def _is_exact(value: int | Decimal) -> bool:
    """Whether a spreadsheet can keep a number as it is: it knows some 15 digits."""
    return Decimal(repr(float(value))) == value
