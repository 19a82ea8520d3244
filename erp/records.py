"""Records of a CSV file, page by page in bounded memory, whatever the file holds.

A record is one line, or several if a quoted field holds line breaks (RFC 4180). What cannot be
read as a record is told as a fault with its line; the records around it still come.
"""

import csv
from collections.abc import Generator, Sequence
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
    """Some records in order: their first line and their bytes."""

    lines: list[int]
    raws: list[bytes]
    faults: list[Fault]
    bytes_read: int


class Header(Struct, frozen=True):
    """The names of a file's columns, and how its records are written."""

    file: str
    columns: tuple[str, ...]
    raw: bytes
    delimiter: str
    encoding: str


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
        yield first
        yield from pages
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
    return Header(name, names, raw, delimiter, encoding)


def _raw_pages(path: Path) -> Generator[RecordPage]:
    """Yield the file's records in pages, the header among them."""
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
            page = RecordPage([], [], [], len(block))
            open_record = _split(path.name, data[:end], line, page)
            line += data.count(b"\n", 0, end - len(open_record))
            rest = open_record + data[end:]
            yield page
        if rest:
            page = RecordPage([], [], [], 0)
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
    yield RecordPage([], [], [Fault(name, line, None, reason)], length)
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


def parse_page(page: RecordPage, header: Header) -> list[list[str]]:
    """Return the fields of a page's records; what is none becomes a fault and leaves the page."""
    parsed = parse_records(page.lines, page.raws, header)
    fields = [one for one in parsed if not isinstance(one, Fault)]
    if len(fields) < len(parsed):
        good = [number for number, one in enumerate(parsed) if not isinstance(one, Fault)]
        page.faults.extend(one for one in parsed if isinstance(one, Fault))
        page.lines = [page.lines[number] for number in good]
        page.raws = [page.raws[number] for number in good]
    return fields


def parse_records(
    lines: Sequence[int], raws: Sequence[bytes], header: Header
) -> Sequence[list[str] | Fault]:
    """Return the fields of records, or why one is none in its place."""
    width = len(header.columns)
    try:
        text = b"\n".join(raws).decode(header.encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        texts = text.split("\n")
        if len(texts) == len(raws):
            try:
                fields = list(csv.reader(texts, delimiter=header.delimiter, strict=True))
            except csv.Error:
                fields = []
            if len(fields) == len(raws) and all(len(row) == width for row in fields):
                return fields
    return [_parse_record(line, raw, header) for line, raw in zip(lines, raws, strict=True)]


def _parse_record(line: int, raw: bytes, header: Header) -> list[str] | Fault:
    width = len(header.columns)
    try:
        text = raw.decode(header.encoding)
        if "\0" in text:
            raise csv.Error("it holds a NUL character")
        texts = text.splitlines(keepends=True)
        row = next(csv.reader(texts, delimiter=header.delimiter, strict=True))
    except UnicodeDecodeError as failure:
        column = raw[: failure.start].count(header.delimiter.encode()) + 1
        reason = f"Field {column} is not {header.encoding.upper()} text."
    except csv.Error as failure:
        reason = f"The row is no CSV: {failure}."
    else:
        if len(row) == width:
            return row
        reason = f"The row has {len(row)} fields, the header {width}."
    return Fault(header.file, line, None, reason)
