"""Mapping files: how to read an export that is not written as the contract has it.

A mapping is a TOML file with a table for each file of the contract. A table names the foreign
file, which of its columns stands for which of ours, constants, and how dates, decimals and coded
values are written. Where rows must be reshaped, a query in SQL makes them of foreign files
instead. docs/how-to/map-an-export.md is the reference.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from erp.csv_folder import READING_VERSION, FolderFile, folder_files
from erp.documents import KINDS, Kind
from erp.mapped_file import FileFormat, FileMapping, MappedFile, MappingError
from erp.query_source import QueryDatabase, QuerySource

ExportFile: TypeAlias = FolderFile | MappedFile | QuerySource
"""A file of an export, however it is read."""

Converted = TypeVar("Converted")

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class QueryMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """Rows of the contract made by a query over the files that `tables` names."""

    query: str


def export_files(folder: Path, mapping: Path | None) -> Sequence[ExportFile]:
    """Return the files of an export, in the order in which a sync reads them.

    Raises:
        MappingError: if the mapping cannot be used for the folder.
    """
    if mapping is None:
        return folder_files(folder)
    return _Reader(folder, mapping).sources()


class _Reader:
    def __init__(self, folder: Path, mapping: Path) -> None:
        self._folder = folder
        self._name = mapping.name
        try:
            raw = mapping.read_bytes()
            self._told = msgspec.toml.decode(raw, type=dict[str, dict[str, object]])
        except OSError as failure:
            raise MappingError(f"{mapping} cannot be read: {failure.strerror}.") from failure
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as failure:
            raise MappingError(f"{mapping} is no TOML of tables: {failure}.") from failure
        self._version = xxh3_64_intdigest(raw, READING_VERSION)
        tables = self._converted("tables", self._told.pop("tables", {}), dict[str, FileFormat])
        for name, table in tables.items():
            if _NAME.fullmatch(name) is None:
                raise self._error(f"tables.{name}", "names have small letters, digits and _")
            self._check_file(f"tables.{name}", table)
        self._database = QueryDatabase(folder, tables)
        known = {kind.name for kind in KINDS}
        for name in self._told:
            if name not in known:
                raise self._error(name, f"there is no such file; there are {', '.join(known)}")

    def sources(self) -> list[ExportFile]:
        """Return the sources that the mapping describes."""
        found: list[ExportFile] = []
        for kind in KINDS:
            told = self._told.get(kind.name)
            if told is None:
                continue
            if "query" in told:
                query = self._converted(kind.name, told, QueryMapping).query
                source = QuerySource(self._database, kind, query, self._version)
                source.check(self._name)
                found.append(source)
            else:
                mapping = self._converted(kind.name, told, FileMapping)
                self._check_file(kind.name, mapping)
                self._check_columns(kind, mapping)
                path = self._folder / mapping.file
                found.append(MappedFile(path, kind, mapping, self._version))
        return found

    def _converted(self, place: str, told: object, to: type[Converted]) -> Converted:
        try:
            return msgspec.convert(told, to)
        except msgspec.ValidationError as failure:
            raise self._error(place, str(failure)) from failure

    def _check_file(self, place: str, told: FileFormat) -> None:
        if not (self._folder / told.file).is_file():
            raise self._error(place, f"{self._folder} holds no file {told.file}")
        if len(told.delimiter) != 1 or not told.delimiter.isascii():
            raise self._error(place, "a delimiter is one ASCII character")
        try:
            "".encode(told.encoding)
        except LookupError as unknown:
            raise self._error(place, f"there is no encoding {told.encoding}") from unknown

    def _check_columns(self, kind: Kind, mapping: FileMapping) -> None:
        ours = {column.name for column in kind.columns}
        for group, names in (
            ("columns", mapping.columns),
            ("constants", mapping.constants),
            ("values", mapping.values),
        ):
            for name in names:
                if name not in ours:
                    raise self._error(f"{kind.name}.{group}.{name}", "there is no such column")
        for name in mapping.constants:
            if name in mapping.columns:
                raise self._error(f"{kind.name}.constants.{name}", "columns has it, too")
        for column in kind.columns:
            given = column.name in mapping.columns or column.name in mapping.constants
            if column.required and not given:
                raise self._error(kind.name, f"the column {column.name} is missing")

    def _error(self, place: str, reason: str) -> MappingError:
        return MappingError(f"{self._name}, {place}: {reason}.")
