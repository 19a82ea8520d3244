"""How foreign CSV files are written: their text, their dates and their amounts."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from erp.documents import AMOUNT_DIGITS_MAX, BadValue, Column, amount, in_years, iso_date, shown

ISO = "%Y-%m-%d"
"""How dates are written in the contract."""

BLANKS = " \u00a0\u202f"
"""What may group digits, besides marks that can be seen."""


class MappingError(Exception):
    """A mapping file cannot be used; the message says where and why."""


class FileFormat(Struct, forbid_unknown_fields=True, frozen=True):
    """A foreign CSV file: its name in the folder, and how it is written.

    `quote` is empty if nothing stands around fields. `unknown` are texts that say as much as an
    empty field. `decimal_mark` and `thousands_mark` are how amounts are written.
    """

    file: str
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    decimal_mark: str = "."
    thousands_mark: str = ""
    unknown: Sequence[str] = ()


def trouble(folder: Path, told: FileFormat) -> str | None:
    """Return why a file of `folder` cannot be read as told, if it cannot."""
    if Path(told.file).name != told.file:
        return f"file is the name of a file in the folder, not {told.file}"
    if not (folder / told.file).is_file():
        return f"{folder} holds no file {told.file}"
    if not _is_mark(told.delimiter):
        return "a delimiter is one character, and no letter, digit or line break"
    if told.quote and (not _is_mark(told.quote) or told.quote == told.delimiter):
        return "quote is one character other than the delimiter, or empty"
    if not _keeps_ascii(told.encoding):
        return f"{told.encoding} is no encoding that can be read; write the file as UTF-8"
    if not _is_mark(told.decimal_mark) or told.decimal_mark in "+-()":
        return "decimal_mark is one character, and no letter, digit or sign"
    if told.thousands_mark and (
        told.thousands_mark == told.decimal_mark
        or told.thousands_mark in "+-()"
        or not (_is_mark(told.thousands_mark) or told.thousands_mark in tuple(BLANKS))
    ):
        return "thousands_mark is one character other than the decimal mark, or empty"
    return None


def _is_mark(text: str) -> bool:
    return len(text) == 1 and text.isascii() and not text.isalnum() and text not in "\r\n\0"


def _keeps_ascii(encoding: str) -> bool:
    """Whether line breaks and delimiters can be found in encoded bytes."""
    ascii_bytes = bytes(range(1, 128))
    try:
        return ascii_bytes.decode(encoding) == ascii_bytes.decode()
    except (LookupError, ValueError):
        return False


def tells_a_day(form: str) -> bool:
    """Whether a format of strptime says which day is meant."""
    day = datetime(2026, 11, 23, tzinfo=UTC)
    try:
        return datetime.strptime(day.strftime(form), form).date() == day.date()  # noqa: DTZ007
    except ValueError:
        return False


def read_as(column: Column, told: FileFormat, dates: str) -> Column:
    """Return a column of the contract as it is written in a foreign file."""
    if column.parse is iso_date:
        return _dates_in(column, dates)
    if column.parse is amount:
        return _amounts_in(column, told.decimal_mark, told.thousands_mark)
    return column


def is_coded(column: Column) -> bool:
    """Whether a column's texts may be codes, being neither dates nor amounts."""
    return column.parse not in {iso_date, amount}


def _dates_in(column: Column, form: str) -> Column:
    @lru_cache(maxsize=65_536)
    def parsed(text: str) -> date | None:
        told = text.strip()
        if not told:
            return None
        if form == ISO:
            return iso_date(told)
        try:
            day = datetime.strptime(told, form).date()  # noqa: DTZ007
        except ValueError:
            raise BadValue(f"{shown(told)} is no date; dates are written {form}") from None
        return in_years(day, told)

    return _by_text(column, parsed, lambda texts: [parsed(text) for text in texts])


def _amounts_in(column: Column, decimal_mark: str, thousands_mark: str) -> Column:
    point, group = re.escape(decimal_mark), re.escape(thousands_mark)
    grouped = rf"\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}" if group else r"\d+"
    one = re.compile(rf"[+-]?(?:{grouped}|\d*)(?:{point}\d*)?", re.ASCII)
    grouped = rf"\d{{1,3}}(?:{group}\d{{3}}){{1,3}}" if group else r"\d{1,3}"
    many = re.compile(
        rf"(?:(?:-?(?:{grouped}|\d{{1,{AMOUNT_DIGITS_MAX - 10}}})(?:{point}\d{{1,8}})?)?\n)*",
        re.ASCII,
    )
    example = f"-1{thousands_mark}234{decimal_mark}56"

    def parsed(text: str) -> Decimal | None:
        told = text.strip()
        plain = told
        if told[:1] == "(" and told[-1:] == ")":
            plain = "-" + told[1:-1].strip()
        elif told[-1:] == "-" and len(told) > 1:
            plain = "-" + told[:-1].rstrip()
        if not plain:
            return None
        if one.fullmatch(plain) is not None:
            try:
                return amount(plain.replace(thousands_mark, "").replace(decimal_mark, "."))
            except BadValue:
                pass
        raise BadValue(f"{shown(told)} is no amount; amounts are written like {example}")

    def parsed_all(texts: list[str]) -> list[Decimal | None]:
        joined = "\n".join(texts)
        if (
            "-0" in joined
            or joined.count("\n") >= len(texts)  # a field that holds a line break is no amount
            or many.fullmatch(joined + "\n") is None
        ):
            return [parsed(text) for text in texts]
        if thousands_mark:
            joined = joined.replace(thousands_mark, "")
        plain = joined.replace(decimal_mark, ".").split("\n")
        return [Decimal(text) if text else None for text in plain]

    return _by_text(column, parsed, parsed_all)


def _by_text(
    column: Column,
    parsed: Callable[[str], Any],
    parsed_all: Callable[[list[str]], list[Any]],
) -> Column:
    """Return the column with other parsers; a text that says nothing is told as an empty one."""

    def parsed_or_empty(text: str) -> Any:
        value = parsed(text)
        return "" if value is None else value

    return replace(column, parse=parsed_or_empty, parse_many=parsed_all)
