"""Records of a CSV file, page by page in bounded memory, whatever the file holds.

A record is one line, or several if a quoted field holds line breaks (RFC 4180). What cannot be
read as a record is told as a fault with its line; the records around it still come.
"""

import csv
from collections.abc import Generator
from pathlib import Path

from msgspec import Struct

RECORD_BYTES_MAX = 1 << 20
"""A longer record is a fault: no ERP field is that long."""

_BLOCK_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"

csv.field_size_limit(RECORD_BYTES_MAX)


class Fault(Struct, frozen=True):
    """Why a row cannot be taken over: file, line (the header is line 1), column and reason."""

    file: str
    line: int
    column: str | None
    reason: str


class RecordPage(Struct, gc=False):
    """Some records in order: their first line, their bytes and their fields."""

    lines: list[int]
    raws: list[bytes]
    fields: list[list[str]]
    faults: list[Fault]
    bytes_read: int


class Header(Struct, frozen=True):
    """The names of a file's columns."""

    columns: tuple[str, ...]
    raw: bytes


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the fault says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def read_records(
    path: Path, delimiter: str = ",", encoding: str = "utf-8"
) -> Generator[Header | RecordPage]:
    """Yield the header of the file, then its records in pages of about a mebibyte.

    Raises:
        UnreadableFile: if there is no header to go by, or the file cannot be opened.
    """
    name = path.name
    try:
        pages = _raw_pages(path)
        first = next(pages, None)
        if first is None or not first.raws:
            raise UnreadableFile(Fault(name, 1, None, "The file is empty; it needs a header row."))
        header_raw = first.raws.pop(0).removeprefix(_BOM)
        first.lines.pop(0)
        header = _header(name, header_raw, delimiter, encoding)
        yield header
        yield _parsed(name, first, header, delimiter, encoding)
        for page in pages:
            yield _parsed(name, page, header, delimiter, encoding)
    except OSError as failure:
        reason = f"The file cannot be read: {failure.strerror or failure}."
        raise UnreadableFile(Fault(name, 1, None, reason)) from failure


def _header(name: str, raw: bytes, delimiter: str, encoding: str) -> Header:
    try:
        text = raw.decode(encoding)
        columns = [
            column for row in csv.reader([text], delimiter=delimiter, strict=True) for column in row
        ]
    except UnicodeDecodeError as failure:
        fault = Fault(name, 1, None, f"The header is not {encoding.upper()} text.")
        raise UnreadableFile(fault) from failure
    except csv.Error as failure:
        raise UnreadableFile(Fault(name, 1, None, f"The header is no CSV: {failure}.")) from failure
    names = tuple(column.strip() for column in columns)
    if "\0" in text or not any(names):
        raise UnreadableFile(Fault(name, 1, None, "The first line holds no column names."))
    for number, column in enumerate(names):
        if column and column in names[:number]:
            reason = f"The header names the column {column} twice."
            raise UnreadableFile(Fault(name, 1, column, reason))
    return Header(names, raw)


def _raw_pages(path: Path) -> Generator[RecordPage]:
    """Yield the records' bytes in pages, `fields` still empty."""
    with path.open("rb") as file:
        rest = b""
        line = 1
        while block := file.read(_BLOCK_BYTES):
            data = rest + block
            end = data.rfind(b"\n") + 1
            if not end and len(data) <= RECORD_BYTES_MAX:
                rest = data
                continue
            if not end:  # a line longer than any record: skip it
                line = yield from _skip_line(path.name, file, line, len(data))
                rest = b""
                continue
            page = RecordPage([], [], [], [], len(block))
            open_record = _split(path.name, data[:end], line, page)
            line += data.count(b"\n", 0, end - len(open_record))
            rest = open_record + data[end:]
            yield page
        if rest:
            page = RecordPage([], [], [], [], 0)
            if open_record := _split(path.name, rest + b"\n", line, page):
                page.faults.append(
                    Fault(path.name, line, None, "A quotation mark is opened and never closed.")
                )
                _retry_after_first_line(path.name, open_record, line, page)
            yield page


def _skip_line(
    name: str, file: "object", line: int, length: int
) -> Generator[RecordPage, None, int]:
    reason = f"The row is longer than {RECORD_BYTES_MAX} bytes."
    yield RecordPage([], [], [], [Fault(name, line, None, reason)], length)
    read = getattr(file, "readline")  # noqa: B009
    while (more := read(_BLOCK_BYTES)) and not more.endswith(b"\n"):
        pass
    return line + 1


def _split(name: str, data: bytes, line: int, page: RecordPage) -> bytes:
    """Add the records of whole lines to the page; return an unfinished quoted record's bytes."""
    lines = data.split(b"\n")
    lines.pop()  # after the last line break there is nothing
    if b'"' not in data:
        if b"" in lines or b"\r" in data:
            for number, raw in enumerate(lines, line):
                if stripped := raw.rstrip(b"\r"):
                    page.lines.append(number)
                    page.raws.append(stripped)
        else:
            page.lines.extend(range(line, line + len(lines)))
            page.raws.extend(lines)
        return b""
    parts: list[bytes] = []
    begun = line
    size = 0
    for number, raw in enumerate(lines, line):
        if parts or raw.count(b'"') % 2:
            if not parts:
                begun, size = number, 0
            parts.append(raw)
            size += len(raw) + 1
            closes = len(parts) > 1 and raw.count(b'"') % 2
            if size > RECORD_BYTES_MAX:
                whole = b"\n".join(parts)
                page.faults.append(
                    Fault(name, begun, None, "A quotation mark is opened and never closed.")
                )
                parts = []
                _retry_after_first_line(name, whole + b"\n", begun, page)
            elif closes:
                page.lines.append(begun)
                page.raws.append(b"\n".join(parts).rstrip(b"\r"))
                parts = []
        elif stripped := raw.rstrip(b"\r"):
            page.lines.append(number)
            page.raws.append(stripped)
    return b"\n".join(parts) + b"\n" if parts else b""


def _retry_after_first_line(name: str, data: bytes, line: int, page: RecordPage) -> None:
    """Read on behind a line with a stray quotation mark, each later line by itself."""
    for number, raw in enumerate(data.split(b"\n")[1:-1], line + 1):
        if raw.count(b'"') % 2:
            page.faults.append(
                Fault(name, number, None, "A quotation mark is opened and never closed.")
            )
        elif stripped := raw.rstrip(b"\r"):
            page.lines.append(number)
            page.raws.append(stripped)


def _parsed(
    name: str, page: RecordPage, header: Header, delimiter: str, encoding: str
) -> RecordPage:
    """Fill in the fields of a page; records that do not parse become faults."""
    width = len(header.columns)
    raws = page.raws
    try:
        text = b"\n".join(raws).decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        lines = text.split("\n")
        if len(lines) == len(raws):
            try:
                fields = list(csv.reader(lines, delimiter=delimiter, strict=True))
            except csv.Error:
                fields = []
            if len(fields) == len(raws) and all(len(row) == width for row in fields):
                page.fields = fields
                return page
    _parse_one_by_one(name, page, width, delimiter, encoding)
    return page


def _parse_one_by_one(
    name: str, page: RecordPage, width: int, delimiter: str, encoding: str
) -> None:
    lines: list[int] = []
    raws: list[bytes] = []
    for line, raw in zip(page.lines, page.raws, strict=True):
        try:
            text = raw.decode(encoding)
            if "\0" in text:
                raise csv.Error("it holds a NUL character")
            row = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
        except UnicodeDecodeError as failure:
            column = raw[: failure.start].count(delimiter.encode()) + 1
            reason = f"Field {column} is not {encoding.upper()} text."
            page.faults.append(Fault(name, line, None, reason))
            continue
        except csv.Error as failure:
            page.faults.append(Fault(name, line, None, f"The row is no CSV: {failure}."))
            continue
        if len(row) != width:
            reason = f"The row has {len(row)} fields, the header {width}."
            page.faults.append(Fault(name, line, None, reason))
            continue
        lines.append(line)
        raws.append(raw)
        page.fields.append(row)
    page.lines, page.raws = lines, raws
