"""A folder of CSV files as the contract has them (DESIGN section 7), or as a mapping says."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xxhash import xxh3_64_intdigest

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.documents import KINDS, Kind, Parser
from erp.records import Fault, Header, RecordPage, UnreadableFile, read_records

READING_VERSION = 1
"""Raised when rows come to mean something else, so that every row is looked at again."""


class FolderPage:
    """Rows of a file of the contract."""

    def __init__(self, page: RecordPage, parser: Parser, salt: int) -> None:
        self.lines: Sequence[int] = page.lines
        self.faults: Sequence[Fault] = page.faults
        self.size = page.bytes_read
        self._page = page
        self._parser = parser
        self._salt = salt

    @property
    def keys(self) -> list[str]:
        """The key of each row, its parts joined."""
        places = self._parser.key_places
        join = KEY_SEPARATOR.join
        if len(places) == 2:  # noqa: PLR2004  (by far the most rows)
            one, two = places
            return [
                f"{row[one].strip()}{KEY_SEPARATOR}{row[two].strip()}" for row in self._page.fields
            ]
        return [join([row[place].strip() for place in places]) for row in self._page.fields]

    @property
    def contents(self) -> list[int]:
        """A hash of each row and of the header it stands under."""
        salt = self._salt
        return [xxh3_64_intdigest(raw, salt) for raw in self._page.raws]

    def values(self, numbers: Sequence[int]) -> list[Sequence[Any] | BadRow]:
        """Return the values of rows by column of their kind, or what is bad about a row."""
        fields = self._page.fields
        return self._parser.parse_all([fields[number] for number in numbers])


class FolderFile:
    """A file of the contract in a folder."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.kind = kind.name
        self.file = path.name
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
                yield FolderPage(page, parser, salt)
        except UnreadableFile as unreadable:
            empty = RecordPage([], [], [], [unreadable.fault], 0)
            yield FolderPage(empty, Parser(self._kind, ()), 0)


def folder_files(folder: Path) -> list[FolderFile]:
    """Return the files of the contract that `folder` holds, in the order a sync reads them."""
    files = ((folder / kind.file, kind) for kind in KINDS)
    return [FolderFile(path, kind) for path, kind in files if path.is_file()]
