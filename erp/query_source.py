"""Rows of the contract made by SQL over foreign files, for exports that must be reshaped.

DuckDB runs the queries, in a database of its own with bounded memory. Foreign files are read
by the same reader as all others, so what cannot be read of them is told with its line; queries
may carry on the column `line`, and then rejected rows name the line they came from.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from xxhash import xxh3_64_intdigest

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.documents import Kind, Parser
from erp.mapped_file import FileFormat, MappingError
from erp.records import Fault, Header, RecordPage, UnreadableFile, parse_page, read_records

MEMORY = "256MB"
PAGE_ROWS = 10_000

LINE = "line"
"""The column that tells which line of a foreign file a row comes from."""


class QueryDatabase:
    """The foreign files as tables of text, each with the column `line`."""

    def __init__(self, folder: Path, tables: Mapping[str, FileFormat]) -> None:
        self._folder = folder
        self._tables = tables
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._faults: list[Fault] = []

    @property
    def size(self) -> int:
        """The files' size in bytes."""
        return sum((self._folder / one.file).stat().st_size for one in self._tables.values())

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the database, with its tables filled."""
        if self._connection is None:
            scratch = Path(tempfile.mkdtemp(prefix="tallystick-mapping-"))
            self._connection = duckdb.connect(
                scratch / "files.duckdb",
                config={"memory_limit": MEMORY, "temp_directory": str(scratch)},
            )
            weakref.finalize(self, _remove, self._connection, scratch)
            for name, table in self._tables.items():
                self._fill(name, table)
        return self._connection

    def take_faults(self) -> list[Fault]:
        """Return what could not be read of the files, once."""
        faults, self._faults = self._faults, []
        return faults

    def _fill(self, name: str, table: FileFormat) -> None:
        assert self._connection is not None
        columns: Sequence[str] = ()
        try:
            records = read_records(self._folder / table.file, table.delimiter, table.encoding)
            header = next(records)
            assert isinstance(header, Header)
            columns = [column or f"column{place}" for place, column in enumerate(header.columns, 1)]
            self._create(name, columns)
            for page in records:
                assert isinstance(page, RecordPage)
                fields = parse_page(page, header)
                self._faults.extend(page.faults)
                if fields:
                    self._insert(name, page.lines, fields)
        except UnreadableFile as unreadable:
            self._faults.append(unreadable.fault)
            if not columns:
                self._create(name, ())

    def _create(self, name: str, columns: Sequence[str]) -> None:
        assert self._connection is not None
        quoted = [column.replace('"', '""') for column in columns]
        texts = "".join(f', "{column}" VARCHAR' for column in quoted)
        self._connection.execute(f"CREATE TABLE {name} ({LINE} BIGINT{texts})")

    def _insert(self, name: str, lines: Sequence[int], fields: Sequence[Sequence[str]]) -> None:
        assert self._connection is not None
        columns = {"c0": np.array(lines, dtype=np.int64)} | {
            f"c{place}": np.array(texts, dtype=object)
            for place, texts in enumerate(zip(*fields, strict=True), 1)
        }
        self._connection.register("page", columns)
        self._connection.execute(f"INSERT INTO {name} SELECT * FROM page")
        self._connection.unregister("page")


def _remove(connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    connection.close()
    shutil.rmtree(scratch, ignore_errors=True)


class QueryPage:
    """Rows that a query made."""

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        lines: Sequence[int],
        parser: Parser,
        faults: Sequence[Fault],
        salt: int,
    ) -> None:
        self.lines = lines
        self.faults = faults
        self.size = 0
        self.contents: Sequence[int] = [
            xxh3_64_intdigest("\0".join(row).encode(), salt) for row in rows
        ]
        self._rows = rows
        self._parser = parser

    def keys(self, numbers: Sequence[int]) -> list[str | None]:
        """Return the keys of rows, their parts joined."""
        places = self._parser.key_places
        return [
            KEY_SEPARATOR.join([self._rows[number][place].strip() for place in places])
            for number in numbers
        ]

    def companies(self) -> set[str]:
        """Return the companies that the rows are of."""
        place = self._parser.key_places[0]
        return {row[place].strip() for row in self._rows}

    def values(self, numbers: Sequence[int]) -> list[Sequence[Any] | BadRow]:
        """Return the values of rows by column of their kind, or what is bad about a row."""
        return self._parser.parse_all([self._rows[number] for number in numbers])


class QuerySource:
    """A file of the contract whose rows a query makes."""

    def __init__(self, database: QueryDatabase, kind: Kind, query: str, version: int) -> None:
        self.kind = kind.name
        self.file = kind.file
        self.size = 0
        self._database = database
        self._kind = kind
        self._query = query
        self._version = version

    def check(self, mapping: str) -> None:
        """Let only a query pass that can be run and gives the columns it must.

        Raises:
            MappingError: for another; `mapping` is the file's name.
        """
        place = f"{mapping}, {self.kind}"
        try:
            described = self._database.connection().execute(f"DESCRIBE ({self._query})").fetchall()
        except duckdb.Error as failure:
            raise MappingError(f"{place}: the query cannot be run: {failure}.") from failure
        parser = Parser(self._kind, [row[0] for row in described if row[0] != LINE])
        if parser.missing:
            raise MappingError(f"{place}: the query gives no column {parser.missing[0]}.")
        if parser.unknown:
            raise MappingError(f"{place}: there is no such column as {parser.unknown[0]}.")

    def pages(self) -> Iterator[QueryPage]:
        """Yield the rows in pages.

        Raises:
            MappingError: if the query fails over what the files hold.
        """
        connection = self._database.connection()
        try:
            found = connection.execute(self._query)
            names = [column[0] for column in found.description or ()]
            places = [place for place, name in enumerate(names) if name != LINE]
            parser = Parser(self._kind, [names[place] for place in places])
            line = names.index(LINE) if LINE in names else None
            salt = xxh3_64_intdigest(",".join(names).encode(), self._version)
            faults, read = self._database.take_faults(), 0
            while rows := found.fetchmany(PAGE_ROWS):
                texts = [
                    ["" if row[place] is None else str(row[place]) for place in places]
                    for row in rows
                ]
                lines = [
                    row[line] if line is not None else read + place
                    for place, row in enumerate(rows, 1)
                ]
                read += len(rows)
                yield QueryPage(texts, lines, parser, faults, salt)
                faults = []
            if faults:
                yield QueryPage([], [], parser, faults, salt)
        except duckdb.Error as failure:
            raise MappingError(f"The query of {self.kind} failed: {failure}.") from failure
