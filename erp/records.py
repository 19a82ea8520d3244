"""Records of a CSV file, page by page in bounded memory, whatever the file holds.

A record is one line, or several if a quoted field holds line breaks (RFC 4180). What cannot be
read as a record is told as a fault with its line; the records around it still come.
"""

import csv
import os
import re
from collections.abc import Generator, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

from msgspec import Struct
from msgspec.structs import replace

RECORD_BYTES_MAX = 1 << 20
"""A longer record is a fault: no ERP field is that long."""

BLOCK_BYTES = 1 << 20
"""So much of a file is read at once and makes a page."""

_BOM = b"\xef\xbb\xbf"
_NEVER_CLOSED = "A quotation mark is opened and never closed."

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
    quote: str = '"'
    """What stands around fields that hold a delimiter; empty where nothing does."""


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the fault says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def read_records(
    path: Path,
    delimiter: str = ",",
    encoding: str = "utf-8",
    quote: str = '"',
    block_bytes: int = BLOCK_BYTES,
) -> Generator[Header | RecordPage]:
    """Yield the header of the file, then its records in pages of about `block_bytes`.

    Raises:
        UnreadableFile: if there is no header to go by, or the file cannot be opened.
    """
    name = path.name
    try:
        pages = _raw_pages(path, delimiter, quote, block_bytes)
        first = next((page for page in pages if page.raws or page.faults), None)
        if first is None:
            raise UnreadableFile(Fault(name, 1, None, "The file is empty; it needs a header row."))
        if first.faults and (not first.lines or first.faults[0].line < first.lines[0]):
            raise UnreadableFile(first.faults[0])
        line = first.lines.pop(0)
        header = _header(line, first.raws.pop(0), Header(name, (), b"", delimiter, encoding, quote))
        yield header
        yield first
        yield from pages
    except OSError as failure:
        reason = f"The file cannot be read: {failure.strerror or failure}."
        raise UnreadableFile(Fault(name, 1, None, reason)) from failure


def _header(line: int, raw: bytes, written: Header) -> Header:
    """Return the header that `raw` is, in a file that is written as `written` says."""
    name = written.file
    try:
        text = raw.decode(written.encoding)
        columns = next(_fields([text], written))
    except UnicodeDecodeError as failure:
        fault = Fault(name, line, None, f"The header is not {written.encoding.upper()} text.")
        raise UnreadableFile(fault) from failure
    except csv.Error as failure:
        fault = Fault(name, line, None, f"The header is no CSV: {_told(failure)}.")
        raise UnreadableFile(fault) from failure
    names = tuple(column.strip() for column in columns)
    if "\0" in text or not any(names):
        raise UnreadableFile(Fault(name, line, None, "The first line holds no column names."))
    for number, column in enumerate(names):
        if column and column in names[:number]:
            reason = f"The header names the column {column} twice."
            raise UnreadableFile(Fault(name, line, column, reason))
    return replace(written, columns=names, raw=raw)


def _raw_pages(path: Path, delimiter: str, quote: str, block_bytes: int) -> Generator[RecordPage]:
    """Yield the file's records in pages, the header among them."""
    with path.open("rb") as file:
        start = file.read(BLOCK_BYTES)
        file.seek(len(_BOM) if start.startswith(_BOM) else 0)
        line_break = b"\r" if b"\r" in start and b"\n" not in start else b"\n"
        del start
        splitter = _Splitter(path.name, delimiter, quote, line_break)
        begun = b""
        while block := file.read(block_bytes):
            page = RecordPage([], [], [], len(block))
            whole, found, last = block.rpartition(line_break)
            if found:
                splitter.split(begun + whole, page)
                begun = last
            else:
                begun += last
            if len(begun) > RECORD_BYTES_MAX:
                page.bytes_read += _skip_line(file, block_bytes, line_break)
                splitter.split(begun, page)
                begun = b""
            yield page
        page = RecordPage([], [], [], 0)
        if begun:
            splitter.split(begun, page)
        splitter.end(page)
        yield page


def _skip_line(file: IO[bytes], block_bytes: int, line_break: bytes) -> int:
    """Read to the end of a line that is too long anyway; return how many bytes that took."""
    start = file.tell()
    while block := file.read(block_bytes):
        place = block.find(line_break)
        if place >= 0:
            file.seek(place + 1 - len(block), os.SEEK_CUR)
            break
    return file.tell() - start


@lru_cache(maxsize=8)
def _patterns(delimiter: str, quote: str) -> tuple[re.Pattern[bytes], ...]:
    """Return what a line looks like that ends a record, and one that leaves a quoted field open.

    Two for a line that begins outside of a quoted field, then two for one that begins inside.
    Repetitions give nothing back, so that no line takes longer than in proportion to its length.
    """
    mark, q = re.escape(delimiter), re.escape(quote)
    inside = rf"[^{q}]*+(?:{q}{q}[^{q}]*+)*+"
    field = rf"(?:{q}{inside}{q}|[^{q}{mark}][^{mark}]*+|)"
    opened = rf"(?:{field}{mark})*+{q}{inside}"
    told = (
        rf"{field}(?:{mark}{field})*+",
        opened,
        rf"{inside}{q}(?:{mark}{field})*+",
        rf"{inside}(?:{q}{mark}{opened})?",
    )
    return tuple(re.compile(one.encode(), re.DOTALL) for one in told)


class _Splitter:
    """Splits whole lines into records, also where a record's lines come one by one."""

    def __init__(self, file: str, delimiter: str, quote: str, line_break: bytes) -> None:
        self._file = file
        self._quote = quote.encode() or None
        self._ends, self._opens, self._closes, self._stays_open = _patterns(delimiter, quote or '"')
        self._line = 1
        self._begun = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._line_break = line_break

    def split(self, data: bytes, page: RecordPage) -> None:
        """Add the records of some lines to the page."""
        lines = data.split(self._line_break)
        first = self._line
        self._line += len(lines)
        if len(lines[0]) > RECORD_BYTES_MAX:  # only the first can be, as a block is no longer
            self.end(page)
            reason = f"The row is longer than {RECORD_BYTES_MAX} bytes."
            page.faults.append(Fault(self._file, first, None, reason))
            del lines[0]
            first += 1
        if self._quoted(data):
            for number, raw in enumerate(lines, first):
                self._add(number, raw, page)
        elif self._parts or b"" in lines or b"\r" in data:
            for number, raw in enumerate(lines, first):
                if self._parts:
                    self._add(number, raw, page)
                elif stripped := raw.rstrip(b"\r"):
                    page.lines.append(number)
                    page.raws.append(stripped)
        else:
            page.lines.extend(range(first, first + len(lines)))
            page.raws.extend(lines)

    def end(self, page: RecordPage) -> None:
        """Give up on a quoted field that is still open: its lines stand for themselves."""
        if not self._parts:
            return
        page.faults.append(Fault(self._file, self._begun, None, _NEVER_CLOSED))
        parts, self._parts = self._parts, []
        for number, raw in enumerate(parts[1:], self._begun + 1):
            if stripped := raw.rstrip(b"\r"):
                page.lines.append(number)
                page.raws.append(stripped)

    def _quoted(self, data: bytes) -> bool:
        return self._quote is not None and self._quote in data

    def _add(self, line: int, raw: bytes, page: RecordPage) -> None:
        stripped = raw.rstrip(b"\r")
        quoted = self._quoted(raw)
        if self._parts:
            self._size += len(raw) + 1
            closes = quoted and self._closes.fullmatch(stripped) is not None
            stays_open = not quoted or (not closes and self._stays_open.fullmatch(raw))
            if self._size <= RECORD_BYTES_MAX and (closes or stays_open):
                self._parts.append(raw)
                if closes:
                    page.lines.append(self._begun)
                    page.raws.append(self._line_break.join(self._parts).rstrip(b"\r"))
                    self._parts = []
                return
            self.end(page)
        if quoted and not self._ends.fullmatch(stripped) and self._opens.fullmatch(raw):
            self._begun, self._parts, self._size = line, [raw], len(raw)
        elif stripped:
            page.lines.append(line)
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
        texts = text.split("\n")
        if len(texts) != len(raws):  # some of the fields hold line breaks
            texts = [raw.decode(header.encoding) for raw in raws]
    except UnicodeDecodeError:
        text, texts = "\0", []
    if "\0" not in text:
        try:
            fields = list(_fields(texts, header))
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
        row = next(_fields([text], header))
    except UnicodeDecodeError as failure:
        column = raw[: failure.start].count(header.delimiter.encode()) + 1
        reason = f"Field {column} is not {header.encoding.upper()} text."
    except csv.Error as failure:
        reason = f"The row is no CSV: {_told(failure)}."
    else:
        if len(row) == width:
            return row
        reason = f"The row has {len(row)} fields, the header {width}."
    return Fault(header.file, line, None, reason)


def _fields(texts: Sequence[str], header: Header) -> Iterator[list[str]]:
    quoting = csv.QUOTE_MINIMAL if header.quote else csv.QUOTE_NONE
    return csv.reader(
        texts,
        delimiter=header.delimiter,
        quotechar=header.quote or None,
        quoting=quoting,
        strict=True,
    )


def _told(failure: csv.Error) -> str:
    """Return what the csv module has to say, without its advice to programmers."""
    told = str(failure)
    if told.startswith("new-line character"):
        return "it holds a line break outside of quotation marks"
    return told
