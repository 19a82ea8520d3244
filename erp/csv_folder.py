"""A folder of CSV files as the contract has them (DESIGN section 7)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xxhash import xxh3_64_intdigest

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.documents import KINDS, Kind, Parser
from erp.records import (
    Fault,
    Header,
    RecordPage,
    UnreadableFile,
    parse_records,
    read_records,
)

READING_VERSION = 1
"""Raised when rows come to mean something else, so that every row is looked at again."""


class FolderPage:
    """Rows of a file of the contract; they are parsed when they are asked for."""

    def __init__(self, page: RecordPage, header: Header, parser: Parser, salt: int) -> None:
        self.lines: Sequence[int] = page.lines
        self.faults: Sequence[Fault] = page.faults
        self.size = page.bytes_read
        self._page = page
        self._header = header
        self._parser = parser
        self._salt = salt
        self._fields: list[list[str] | None] = [None] * len(page.lines)

    @property
    def contents(self) -> list[int]:
        """A hash of each row and of the header it stands under."""
        salt = self._salt
        return [xxh3_64_intdigest(raw, salt) for raw in self._page.raws]

    def keys(self, numbers: Sequence[int]) -> list[str | None]:
        """Return the keys of rows, their parts joined; None for one that becomes a fault."""
        rows = self._parsed(numbers)
        places = self._parser.key_places
        if len(places) == 2:  # noqa: PLR2004  (by far the most rows)
            one, two = places
            return [
                f"{row[one].strip()}{KEY_SEPARATOR}{row[two].strip()}" if row else None
                for row in rows
            ]
        join = KEY_SEPARATOR.join
        return [join([row[place].strip() for place in places]) if row else None for row in rows]

    def companies(self) -> set[str]:
        """Return the companies that the rows are of, without parsing rows that hold no quotes."""
        place, raws, header = self._parser.key_places[0], self._page.raws, self._header
        mark, quote = header.delimiter.encode(), header.quote.encode()
        quoted = [number for number, raw in enumerate(raws) if quote and quote in raw]
        found = {row[place].strip() for row in self._parsed(quoted) if row}
        split = {
            b"".join(raw.split(mark, place + 1)[place : place + 1])
            for raw in raws
            if not quote or quote not in raw
        }
        return found | {one.decode(header.encoding, "replace").strip() for one in split}

    def values(self, numbers: Sequence[int]) -> list[Sequence[Any] | BadRow]:
        """Return the values of rows by column of their kind, or what is bad about a row."""
        return self._parser.parse_all(self._parsed(numbers))

    def _parsed(self, numbers: Sequence[int]) -> list[list[str]]:
        """Return the fields of records; one that is none has no fields and becomes a fault."""
        fields, page = self._fields, self._page
        unread = [number for number in numbers if fields[number] is None]
        parsed = self._read(
            [page.lines[number] for number in unread], [page.raws[number] for number in unread]
        )
        for number, told in zip(unread, parsed, strict=True):
            if isinstance(told, Fault):
                page.faults.append(told)
                fields[number] = []
            else:
                fields[number] = told
        return [fields[number] or [] for number in numbers]

    def _read(self, lines: Sequence[int], raws: Sequence[bytes]) -> Sequence[list[str] | Fault]:
        """Return the fields of records by the columns of the parser, or why one is none."""
        return parse_records(lines, raws, self._header)


class FolderFile:
    """A file of the contract in a folder."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.kind = kind.name
        self.file = path.name
        self.columns: Mapping[str, str] = {}
        self._path = path
        self._kind = kind

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._path.stat().st_size

    def pages(self) -> Iterator[FolderPage]:
        """Yield the rows in pages; what cannot be read at all is one fault."""
        try:
            records = read_records(self._path)
            header = next(records)
            assert isinstance(header, Header)
            parser = Parser(self._kind, header.columns)
            if parser.missing:
                reason = f"The header lacks the column {parser.missing[0]}."
                raise UnreadableFile(Fault(self.file, 1, parser.missing[0], reason))
            salt = xxh3_64_intdigest(header.raw, READING_VERSION)
            for page in records:
                assert isinstance(page, RecordPage)
                yield FolderPage(page, header, parser, salt)
        except UnreadableFile as unreadable:
            yield unread(unreadable, self._kind)


def unread(unreadable: UnreadableFile, kind: Kind) -> FolderPage:
    """Return the page of a file that cannot be read: no row, and why."""
    empty = RecordPage([], [], [unreadable.fault], 0)
    nothing = Header(unreadable.fault.file, (), b"", ",", "utf-8")
    return FolderPage(empty, nothing, Parser(kind, ()), 0)


def folder_files(folder: Path) -> list[FolderFile]:
    """Return the files of the contract that `folder` holds, in the order a sync reads them."""
    files = ((folder / kind.file, kind) for kind in KINDS)
    return [FolderFile(path, kind) for path, kind in files if path.is_file()]
