"""Mapping files: how to read an export that is not written as the contract has it.

A mapping is a TOML file with a table for each file of the contract. A table names the foreign
file, which of its columns stands for which of ours, constants, and how dates, decimals and coded
values are written. Where rows must be reshaped, a query in SQL makes them of foreign files
instead. docs/how-to/map-an-export.md is the reference.

Whatever can be known to be wrong with a mapping is told before anything is loaded.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from erp.csv_folder import READING_VERSION, FolderFile, folder_files
from erp.documents import KINDS, BadValue, Column, Kind, iso_date
from erp.formats import FileFormat, MappingError, is_coded, tells_a_day, trouble
from erp.mapped_file import FileMapping, MappedFile

if TYPE_CHECKING:
    from erp.query_source import QuerySource, TableMapping

    ExportFile: TypeAlias = FolderFile | MappedFile | QuerySource
    """A file of an export, however it is read."""

Told = TypeVar("Told", bound=Struct)

_ONE_ONLY = "payment_applications"
"""The kind whose rows wait for others, and are then told by line alone."""

_TABLES = "tables"
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")


def export_files(folder: Path, mapping: Path | None) -> "Sequence[ExportFile]":
    """Return the files of an export, in the order in which a sync reads them.

    Raises:
        MappingError: if the mapping cannot be used for the folder.
    """
    if mapping is None:
        return folder_files(folder)
    return _Reader(folder, mapping).sources()


class _Reader:
    """Makes sources of a folder, as one mapping file says."""

    def __init__(self, folder: Path, mapping: Path) -> None:
        self._folder = folder
        self._name = mapping.name
        try:
            raw = mapping.read_bytes()
            self._told: dict[str, Any] = msgspec.toml.decode(raw, type=dict[str, Any])
        except OSError as failure:
            raise MappingError(f"{mapping} cannot be read: {failure.strerror}.") from failure
        except (msgspec.DecodeError, UnicodeDecodeError) as failure:
            raise MappingError(f"{mapping} is no TOML: {failure}.") from failure
        self._version = xxh3_64_intdigest(raw, READING_VERSION)
        self._lines = raw.decode().splitlines()
        names = [_TABLES, *(kind.name for kind in KINDS)]
        for name in self._told:
            if name not in names:
                raise self._error(name, f"there is no such table; there are {', '.join(names)}")

    def sources(self) -> "list[ExportFile]":
        """Return the sources that the mapping describes."""
        told = [
            (kind, place, table)
            for kind in KINDS
            if kind.name in self._told
            for place, table in self._tables_of(kind.name)
        ]
        queries = [one for one in told if "query" in one[2]]
        made: dict[str, QuerySource] = {}
        if queries or _TABLES in self._told:
            made = self._made_by_queries(queries)
        if not told:
            raise MappingError(f"{self._name} maps no file of the contract.")
        return [made.get(place) or self._mapped(kind, place, table) for kind, place, table in told]

    def _tables_of(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables of a file of the contract, each with its place in messages."""
        told = self._told[name]
        tables: list[Any] = cast("list[Any]", told) if isinstance(told, list) else [told]
        for table in tables:
            if not isinstance(table, dict):
                raise self._error(name, "it is no table")
        if name == _ONE_ONLY and len(tables) > 1:
            raise self._error(name, "there can be one only; let a query read several files")
        if len(tables) == 1:
            return [(name, tables[0])]
        return [(f"{name}[{number}]", table) for number, table in enumerate(tables, 1)]

    def _mapped(self, kind: Kind, place: str, table: dict[str, Any]) -> MappedFile:
        mapping = self._converted(place, table, FileMapping)
        self._check_file(place, mapping)
        self._check_columns(kind, place, mapping)
        source = MappedFile(self._folder / mapping.file, kind, mapping, self._version)
        if lacking := source.lacking():
            raise self._error(place, f"{mapping.file} has no column {lacking}")
        return source

    def _made_by_queries(
        self, queries: Sequence[tuple[Kind, str, dict[str, Any]]]
    ) -> "dict[str, QuerySource]":
        """Run the queries and return their sources by place."""
        from erp.query_source import (  # noqa: PLC0415  (most mappings do without the engine)
            QueryDatabase,
            QueryMapping,
            QuerySource,
            TableMapping,
        )

        tables = dict(self._query_tables(TableMapping))
        database = QueryDatabase(self._folder, tables)
        for name in tables:
            with self._at(f"{_TABLES}.{name}"):
                database.fill(name)
        made: dict[str, QuerySource] = {}
        for number, (kind, place, table) in enumerate(queries):
            mapping = self._converted(place, table, QueryMapping)
            at = (self._name, self._line_of(kind.name))
            source = QuerySource(database, kind, mapping, at, number, self._version)
            with self._at(place):
                source.prepare()
            made[place] = source
        database.end_reshaping()
        return made

    def _query_tables(self, to: "type[TableMapping]") -> "Iterator[tuple[str, TableMapping]]":
        told: Any = self._told.get(_TABLES, {})
        if not isinstance(told, dict):
            raise self._error(_TABLES, "it is no table of tables")
        for name, table in cast("dict[str, Any]", told).items():
            place = f"{_TABLES}.{name}"
            if _TABLE_NAME.fullmatch(name) is None:
                raise self._error(place, "names have small letters, digits and _")
            mapping = self._converted(place, table, to)
            self._check_file(place, mapping)
            self._check_dates(f"{place}.dates", mapping.dates)
            yield name, mapping

    def _line_of(self, name: str) -> int:
        """Return the line on which a table begins."""
        heads = {f"[{name}]", f"[[{name}]]"}
        return next((n for n, line in enumerate(self._lines, 1) if line.strip() in heads), 1)

    def _converted(self, place: str, told: Any, to: type[Told]) -> Told:
        if isinstance(told, dict):
            known = to.__struct_fields__
            for key in cast("dict[str, Any]", told):
                if key not in known:
                    keys = ", ".join(known)
                    raise self._error(place, f"there is no key {key}; there are {keys}")
        try:
            return msgspec.convert(told, to)
        except msgspec.ValidationError as failure:
            raise self._error(place, str(failure)) from failure

    def _check_file(self, place: str, told: FileFormat) -> None:
        reason = trouble(self._folder, told)
        if reason is not None:
            raise self._error(place, reason)

    def _check_dates(self, place: str, dates: str | Mapping[str, str]) -> None:
        for form in [dates] if isinstance(dates, str) else dates.values():
            if not tells_a_day(form):
                raise self._error(place, f"{form} is no format that tells a day")

    def _check_columns(self, kind: Kind, place: str, mapping: FileMapping) -> None:
        ours = {column.name: column for column in kind.columns}
        self._check_names(f"{place}.columns", mapping.columns, ours)
        self._check_names(f"{place}.constants", mapping.constants, ours)
        for name in mapping.constants:
            if name in mapping.columns:
                raise self._error(f"{place}.constants.{name}", "columns has it, too")
        for column in kind.columns:
            given = column.name in mapping.columns or column.name in mapping.constants
            if column.required and not given:
                raise self._error(place, f"the column {column.name} is missing")
        mapped = {name: ours[name] for name in mapping.columns}
        coded = {name: one for name, one in mapped.items() if is_coded(one)}
        self._check_names(f"{place}.values", mapping.values, mapped)
        for name in mapping.values:
            if name not in coded:
                reason = "dates and amounts have no codes; unknown lists texts that say nothing"
                raise self._error(f"{place}.values.{name}", reason)
        self._check_dates(f"{place}.dates", mapping.dates)
        if not isinstance(mapping.dates, str):
            dates = {name: one for name, one in mapped.items() if one.parse is iso_date}
            self._check_names(f"{place}.dates", mapping.dates, dates)
        for name, told in mapping.constants.items():
            self._check_value(f"{place}.constants.{name}", ours[name], told)
        for name, codes in mapping.values.items():
            for told in codes.values():
                self._check_value(f"{place}.values.{name}", ours[name], told)

    def _check_names(self, place: str, told: Iterable[str], known: Iterable[str]) -> None:
        there_are = frozenset(known)
        for name in told:
            if name not in there_are:
                raise self._error(f"{place}.{name}", "there is no such column")

    def _check_value(self, place: str, column: Column, told: str) -> None:
        try:
            if told:
                column.parse(told)
        except BadValue as bad:
            raise self._error(place, str(bad)) from bad

    @contextmanager
    def _at(self, place: str) -> Generator[None]:
        """Tell where in the mapping it is that something cannot be used."""
        try:
            yield
        except MappingError as failure:
            raise self._error(place, str(failure)) from failure

    def _error(self, place: str, reason: str) -> MappingError:
        return MappingError(f"{self._name}, {place}: {reason}.")
