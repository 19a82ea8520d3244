"""A foreign CSV file that a mapping makes into a file of the contract."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.documents import Kind, Parser, amount, iso_date
from erp.records import Fault, Header, RecordPage, UnreadableFile, parse_page, read_records

Translate = Callable[[str], str]


class MappingError(Exception):
    """A mapping file cannot be used; the message says where and why."""


class FileFormat(Struct, forbid_unknown_fields=True, frozen=True):
    """A foreign CSV file: its name in the folder, its delimiter and its encoding."""

    file: str
    delimiter: str = ","
    encoding: str = "utf-8"


class FileMapping(FileFormat, forbid_unknown_fields=True, frozen=True):
    """How a foreign file stands for a file of the contract.

    `columns` gives our column the foreign one, `constants` a fixed text, `values` what its texts
    mean. `dates` is the format of dates (as of strptime), `decimal_mark` and `thousands_mark` how
    amounts are written. `where` keeps the rows that have one of the given texts in a foreign
    column.
    """

    columns: Mapping[str, str] = {}
    constants: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    dates: str = "%Y-%m-%d"
    decimal_mark: str = "."
    thousands_mark: str = ""
    where: Mapping[str, Sequence[str]] = {}


class MappedPage:
    """Rows of the contract, made of a page of foreign records."""

    def __init__(
        self, page: RecordPage, rows: "_Rows", parser: Parser, salt: int, names: Mapping[str, str]
    ) -> None:
        self.lines: Sequence[int] = rows.lines
        self.faults: Sequence[Fault] = page.faults
        self.size = page.bytes_read
        self.contents: Sequence[int] = [xxh3_64_intdigest(raw, salt) for raw in rows.raws]
        self._rows = rows
        self._parser = parser
        self._names = names

    def keys(self, numbers: Sequence[int]) -> list[str | None]:
        """Return the keys of rows, their parts joined."""
        places, texts = self._parser.key_places, self._rows.texts
        return [
            KEY_SEPARATOR.join([texts[number][place].strip() for place in places])
            for number in numbers
        ]

    def companies(self) -> set[str]:
        """Return the companies that the rows are of."""
        place = self._parser.key_places[0]
        return {row[place].strip() for row in self._rows.texts}

    def values(self, numbers: Sequence[int]) -> list[Sequence[Any] | BadRow]:
        """Return the values of rows by column of their kind, or what is bad about a row."""
        parsed = self._parser.parse_all([self._rows.texts[number] for number in numbers])
        return [
            self._rows.bad.get(number) or self._told(values)
            for number, values in zip(numbers, parsed, strict=True)
        ]

    def _told(self, values: Sequence[Any] | BadRow) -> Sequence[Any] | BadRow:
        """Return what is bad about a row in the words of the foreign file."""
        if isinstance(values, BadRow) and values.column is not None:
            name = self._names.get(values.column, values.column)
            return BadRow(name, name + values.reason.removeprefix(values.column))
        return values


class _Rows(Struct):
    """Texts by column of the contract; `bad` are rows with a text that could not be translated."""

    lines: list[int]
    raws: list[bytes]
    texts: list[list[str]]
    bad: dict[int, BadRow]


class MappedFile:
    """A foreign file as a file of the contract."""

    def __init__(self, path: Path, kind: Kind, mapping: FileMapping, version: int) -> None:
        self.kind = kind.name
        self.file = path.name
        self._path = path
        self._mapping = mapping
        self._version = version
        self._ours = [*mapping.columns, *mapping.constants]
        self._parser = Parser(kind, self._ours)
        self._translators = _translators(kind, mapping)

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._path.stat().st_size

    def pages(self) -> Iterator[MappedPage]:
        """Yield the rows in pages; what cannot be read at all is one fault."""
        mapping = self._mapping
        try:
            records = read_records(self._path, mapping.delimiter, mapping.encoding)
            header = next(records)
            assert isinstance(header, Header)
            for foreign in (*mapping.columns.values(), *mapping.where):
                if foreign not in header.columns:
                    reason = f"The header lacks the column {foreign}, which the mapping names."
                    raise UnreadableFile(Fault(self.file, 1, foreign, reason))
            salt = xxh3_64_intdigest(header.raw, self._version)
            for page in records:
                assert isinstance(page, RecordPage)
                yield self._page(page, self._rows(page, header), salt)
        except UnreadableFile as unreadable:
            empty = RecordPage([], [], [unreadable.fault], 0)
            yield self._page(empty, _Rows([], [], [], {}), 0)

    def _page(self, page: RecordPage, rows: _Rows, salt: int) -> MappedPage:
        return MappedPage(page, rows, self._parser, salt, self._mapping.columns)

    def _rows(self, page: RecordPage, header: Header) -> _Rows:
        mapping = self._mapping
        places = {name: place for place, name in enumerate(header.columns)}
        fields = parse_page(page, header)
        lines, raws = page.lines, page.raws
        for foreign, wanted in mapping.where.items():
            place, texts = places[foreign], frozenset(wanted)
            kept = [number for number, row in enumerate(fields) if row[place].strip() in texts]
            lines, raws = [lines[n] for n in kept], [raws[n] for n in kept]
            fields = [fields[n] for n in kept]
        constants = list(mapping.constants.values())
        chosen = [places[foreign] for foreign in mapping.columns.values()]
        texts = [[*(row[place] for place in chosen), *constants] for row in fields]
        bad: dict[int, BadRow] = {}
        for column, (ours, foreign) in enumerate(mapping.columns.items()):
            translate = self._translators.get(ours)
            if translate is None:
                continue
            for number, row in enumerate(texts):
                if row[column]:
                    try:
                        row[column] = translate(row[column].strip())
                    except ValueError as failure:
                        bad.setdefault(number, BadRow(foreign, f"{foreign} {failure}."))
        return _Rows(lines, raws, texts, bad)


def _translators(kind: Kind, mapping: FileMapping) -> dict[str, Translate]:
    """Return what makes foreign texts into those of the contract, by our column."""
    found: dict[str, Translate] = {}
    for column in kind.columns:
        if column.name in mapping.values:
            found[column.name] = _value_translator(mapping.values[column.name])
        elif column.parse is iso_date and mapping.dates != "%Y-%m-%d":
            found[column.name] = _date_translator(mapping.dates)
        elif column.parse is amount and (mapping.decimal_mark, mapping.thousands_mark) != (".", ""):
            found[column.name] = _amount_translator(mapping.decimal_mark, mapping.thousands_mark)
    return found


def _value_translator(values: Mapping[str, str]) -> Translate:
    def translated(text: str) -> str:
        if text not in values:
            raise ValueError(f"{text[:40]!r} is none of the values that the mapping knows")
        return values[text]

    return translated


def _date_translator(form: str) -> Translate:
    @lru_cache(maxsize=65_536)
    def translated(text: str) -> str:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007
        except ValueError:
            raise ValueError(f"{text[:40]!r} is no date; dates are written {form}") from None

    return translated


def _amount_translator(decimal_mark: str, thousands_mark: str) -> Translate:
    def translated(text: str) -> str:
        if thousands_mark:
            text = text.replace(thousands_mark, "")
        elif decimal_mark != "." and "." in text:
            raise ValueError(f"{text[:40]!r} is no amount; the decimal mark is {decimal_mark}")
        return text.replace(decimal_mark, ".")

    return translated
