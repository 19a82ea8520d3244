"""A foreign CSV file that a mapping makes into a file of the contract.

Its records are told to the contract's parser under our names, with parsers that know how dates
and amounts are written there. So a foreign file is read as fast as one of the contract's.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from xxhash import xxh3_64_intdigest

from domain.shared.rows import BadRow
from erp.csv_folder import FolderPage, unread
from erp.documents import BadValue, Column, Kind, Parser, shown
from erp.formats import ISO, FileFormat, MappingError, read_as
from erp.records import (
    Fault,
    Header,
    RecordPage,
    UnreadableFile,
    parse_page,
    parse_records,
    read_records,
)

_NO_CODE = "\0"
"""Stands before a text that is none of a column's codes; no file holds it."""


class FileMapping(FileFormat, forbid_unknown_fields=True, frozen=True):
    """How a foreign file stands for a file of the contract.

    `columns` gives our column the foreign one, `constants` a fixed text, `values` what its codes
    mean. `dates` is the format of dates (as of strptime), of all or by our column. Rows are kept
    that have one of the texts of `where` in a foreign column, and none of `where_not`.
    """

    columns: Mapping[str, str] = {}
    constants: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    dates: str | Mapping[str, str] = ISO
    where: Mapping[str, Sequence[str]] = {}
    where_not: Mapping[str, Sequence[str]] = {}

    def dates_of(self, column: str) -> str:
        """Return how the dates of one of our columns are written."""
        return self.dates if isinstance(self.dates, str) else self.dates.get(column, ISO)


class _Reading:
    """How the records of a file become rows of a kind, once its header is known."""

    def __init__(self, kind: Kind, mapping: FileMapping, header: Header) -> None:
        width = len(header.columns)
        self.places = {name: place for place, name in enumerate(header.columns)}
        names = [""] * width
        self._copied: list[int] = []
        for ours, theirs in mapping.columns.items():
            place = self.places[theirs]
            if names[place]:
                self._copied.append(place)
                names.append(ours)
            else:
                names[place] = ours
        self._constants = list(mapping.constants.values())
        names.extend(mapping.constants)
        ours_by_place = [place for place, name in enumerate(names) if name in mapping.columns]
        self._unknown = frozenset(mapping.unknown)
        self._emptied = ours_by_place if mapping.unknown else []
        self._coded = [(names.index(ours), codes) for ours, codes in mapping.values.items()]
        self._kept = [
            (self.places[theirs], frozenset(texts), wanted)
            for told, wanted in ((mapping.where, True), (mapping.where_not, False))
            for theirs, texts in told.items()
        ]
        self.is_partial = bool(self._kept)
        columns = tuple(_as_written(column, mapping) for column in kind.columns)
        self.parser = Parser(replace(kind, columns=columns), names)
        self.theirs = mapping.columns
        self.company = mapping.constants.get(kind.key[0])
        self._width = width

    def is_as_written(self, place: int) -> bool:
        """Whether the texts in a place are those of the file."""
        coded = (coded for coded, _ in self._coded)
        return place < self._width and place not in self._emptied and place not in coded

    def keeps(self, record: Sequence[str]) -> bool:
        """Whether the mapping wants a record's row."""
        return all(
            (record[place].strip() in texts) is wanted for place, texts, wanted in self._kept
        )

    def row(self, record: list[str]) -> list[str]:
        """Make a record a row, by the columns of the parser."""
        record.extend([record[place] for place in self._copied])
        record.extend(self._constants)
        for place in self._emptied:
            if record[place].strip() in self._unknown:
                record[place] = ""
        for place, codes in self._coded:
            text = record[place].strip()
            record[place] = codes.get(text, _NO_CODE + text if text else "")
        return record


def _as_written(column: Column, mapping: FileMapping) -> Column:
    """Return a column of the contract as the foreign file has it."""
    if column.name not in mapping.columns:
        return column
    if column.name in mapping.values:
        return _decoded(column)
    return read_as(column, mapping, mapping.dates_of(column.name))


def _decoded(column: Column) -> Column:
    """Return a column whose texts were codes: one that stands for nothing is told."""

    def parsed(text: str) -> Any:
        if text.startswith(_NO_CODE):
            raise BadValue(f"{shown(text[1:])} is none of the values that the mapping knows")
        return column.parse(text)

    def parsed_all(texts: list[str]) -> list[Any]:
        if _NO_CODE in "".join(texts):
            raise BadValue("is none of the values that the mapping knows")
        return replace(column, required=False).parse_all(texts)

    return replace(column, parse=parsed, parse_many=parsed_all)


class MappedPage(FolderPage):
    """Rows of the contract, made of a page of foreign records."""

    def __init__(self, page: RecordPage, header: Header, reading: _Reading, salt: int) -> None:
        kept: list[list[str] | None] | None = None
        if reading.is_partial:
            records = parse_page(page, header)
            numbers = [number for number, one in enumerate(records) if reading.keeps(one)]
            page.lines = [page.lines[number] for number in numbers]
            page.raws = [page.raws[number] for number in numbers]
            kept = [reading.row(records[number]) for number in numbers]
        super().__init__(page, header, reading.parser, salt)
        if kept is not None:
            self._fields = kept
        self._reading = reading

    def keys(self, numbers: Sequence[int]) -> list[str | None]:
        """Return the keys of rows, their parts joined; None for one that becomes a fault."""
        keys = super().keys(numbers)
        return [key and key.replace(_NO_CODE, "?") for key in keys]

    def companies(self) -> set[str]:
        """Return the companies that the rows are of, parsing them only if they hold codes."""
        reading, place = self._reading, self._parser.key_places[0]
        if reading.company is not None:
            return {reading.company}
        if reading.is_as_written(place):
            return super().companies()
        rows = self._parsed(range(len(self.lines)))
        return {row[place].strip() for row in rows if row}

    def values(self, numbers: Sequence[int]) -> list[Sequence[Any] | BadRow]:
        """Return the values of rows by column of their kind, or what is bad about a row."""
        return [self._told(values) for values in super().values(numbers)]

    def _told(self, values: Sequence[Any] | BadRow) -> Sequence[Any] | BadRow:
        """Return what is bad about a row in the words of the foreign file."""
        if isinstance(values, BadRow) and values.column is not None:
            name = self._reading.theirs.get(values.column, values.column)
            return BadRow(name, name + values.reason.removeprefix(values.column))
        return values

    def _read(self, lines: Sequence[int], raws: Sequence[bytes]) -> Sequence[list[str] | Fault]:
        records = parse_records(lines, raws, self._header)
        row = self._reading.row
        return [one if isinstance(one, Fault) else row(one) for one in records]


class MappedFile:
    """A foreign file as a file of the contract."""

    def __init__(self, path: Path, kind: Kind, mapping: FileMapping, version: int) -> None:
        self.kind = kind.name
        self.file = path.name
        self.columns: Mapping[str, str] = mapping.columns
        self._path = path
        self._kind = kind
        self._mapping = mapping
        self._version = version

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._path.stat().st_size

    def lacking(self) -> str | None:
        """Return a column that the mapping names and the file lacks; None if it has them all."""
        try:
            header = next(self._records())
        except UnreadableFile:
            return None
        assert isinstance(header, Header)
        return self._lacking(header)

    def pages(self) -> Iterator[FolderPage]:
        """Yield the rows in pages; what cannot be read at all is one fault.

        Raises:
            MappingError: if the file came to lack a column that the mapping names.
        """
        try:
            records = self._records()
            header = next(records)
            assert isinstance(header, Header)
            if lacking := self._lacking(header):
                raise MappingError(f"{self.file} has no column {lacking}.")
            reading = _Reading(self._kind, self._mapping, header)
            salt = xxh3_64_intdigest(header.raw, self._version)
            for page in records:
                assert isinstance(page, RecordPage)
                yield MappedPage(page, header, reading, salt)
        except UnreadableFile as unreadable:
            yield unread(unreadable, self._kind)

    def _records(self) -> Iterator[Header | RecordPage]:
        told = self._mapping
        return read_records(self._path, told.delimiter, told.encoding, told.quote)

    def _lacking(self, header: Header) -> str | None:
        return next((name for name in self._named() if name not in header.columns), None)

    def _named(self) -> tuple[str, ...]:
        told = self._mapping
        return (*told.columns.values(), *told.where, *told.where_not)
