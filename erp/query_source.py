"""Rows of the contract made by SQL over foreign files, for exports that must be reshaped.

DuckDB runs the queries, in a database of its own with bounded memory that sees nothing but the
files of the mapping. These are read by the same reader as all others, so what cannot be read of
them is told with its line, and so is a row that a query made and that names its line.
"""

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from domain.shared.rows import KEY_SEPARATOR, BadRow
from erp.documents import BadValue, Column, Kind, Parser, amount, iso_date, shown, text
from erp.formats import FileFormat, MappingError, read_as
from erp.records import Fault, Header, RecordPage, UnreadableFile, parse_page, read_records

MEMORY = "256MB"
"""What DuckDB may use while it reshapes; more goes to disk."""

MEMORY_AFTERWARDS = "32MB"
"""What it may keep while the rows are loaded."""

THREADS_MAX = 4
"""Each takes memory of its own."""

PAGE_ROWS = 10_000

DECIMALS_MAX = 8
"""Of amounts in tables; no currency has as many, rates may."""

LINE = "line"
"""The column that tells which line of a foreign file a row comes from."""

_FLOATS = {"FLOAT", "DOUBLE"}
_TIMES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_MANY_DECIMALS = re.compile(r"DECIMAL\(\d+,([3-9]|\d\d)\)")
_QUERY_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_SQL_TYPES = {text: "VARCHAR", iso_date: "DATE", amount: f"DECIMAL(32, {DECIMALS_MAX})"}


class TableMapping(FileFormat, forbid_unknown_fields=True, frozen=True):
    """A foreign file as a table for queries.

    Its columns are texts, but for those of `dates` (their column = format, as of strptime) and
    of `amounts`.
    """

    dates: Mapping[str, str] = {}
    amounts: Sequence[str] = ()


class QueryMapping(Struct, forbid_unknown_fields=True, frozen=True):
    """Rows of the contract made by a query.

    `lines_of` is the table whose lines its column `line` tells, if it reads several.
    """

    query: str
    lines_of: str | None = None


class _TableColumn(Struct, frozen=True):
    """A column of a table: its name there, the file's, and how its texts are read."""

    name: str
    theirs: str
    type: Any
    column: Column

    def read(self, told: str) -> str:
        """Return a text as SQL reads its type.

        Raises:
            BadValue: if it is no value of the type.
        """
        value = self.column.parse(told) if told else ""
        if not isinstance(value, Decimal):
            return str(value)
        if -int(value.as_tuple().exponent) > DECIMALS_MAX:
            raise BadValue(f"{shown(told)} has more than {DECIMALS_MAX} decimals")
        return f"{value:f}"


class QueryDatabase:
    """The foreign files as tables, each with the column `line`."""

    def __init__(self, folder: Path, tables: Mapping[str, TableMapping]) -> None:
        self.tables = tables
        self._folder = folder
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._faults: list[Fault] = []

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the database."""
        if self._opened is None:
            scratch = Path(tempfile.mkdtemp(prefix="tallystick-mapping-"))
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": MEMORY,
                "threads": min(THREADS_MAX, os.cpu_count() or 1),
            }
            self._opened = duckdb.connect(scratch / "files.duckdb", config=config)
            for option in ("enable_external_access", "python_enable_replacements"):
                self._opened.execute(f"SET {option} = false")
            weakref.finalize(self, _remove, self._opened, scratch)
        return self._opened

    def fill(self, name: str) -> None:
        """Fill a table from its file.

        Raises:
            MappingError: if the file cannot be read, or lacks a column that the table names.
        """
        _fill(self.connection(), name, self._folder, self.tables[name], self._faults)

    def end_reshaping(self) -> None:
        """Give back what only queries need; the rows they made stay."""
        if self._opened is not None:
            for name in self.tables:
                self._opened.execute(f'DROP TABLE "{name}"')
            self._opened.execute(f"SET memory_limit = '{MEMORY_AFTERWARDS}'")

    def take_faults(self) -> list[Fault]:
        """Return what could not be read of the files, once."""
        faults, self._faults = self._faults, []
        return faults


def _remove(connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    connection.close()
    shutil.rmtree(scratch, ignore_errors=True)


def _fill(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    folder: Path,
    table: TableMapping,
    faults: list[Fault],
) -> None:
    """Make a table of a file; rows that cannot be read become faults."""
    try:
        records = read_records(folder / table.file, table.delimiter, table.encoding, table.quote)
        header = next(records)
        assert isinstance(header, Header)
        for theirs in (*table.dates, *table.amounts):
            if theirs not in header.columns:
                raise MappingError(f"{table.file} has no column {theirs}")
        columns = _columns(header, table)
        _create(connection, name, columns)
        for page in records:
            assert isinstance(page, RecordPage)
            _insert(connection, name, table, columns, page, parse_page(page, header))
            faults.extend(page.faults)
    except UnreadableFile as unreadable:
        raise MappingError(f"{table.file}: {unreadable.fault.reason.rstrip('.')}") from unreadable


def _columns(header: Header, table: TableMapping) -> list[_TableColumn]:
    """Return the columns of a table; SQL takes names for the same that differ only in case."""
    taken = {LINE}
    found: list[_TableColumn] = []
    for place, theirs in enumerate(header.columns, 1):
        name = theirs or f"column{place}"
        while name.lower() in taken:
            name += "_2"
        taken.add(name.lower())
        parse = iso_date if theirs in table.dates else amount if theirs in table.amounts else text
        column = read_as(Column(theirs, parse), table, table.dates.get(theirs, ""))
        found.append(_TableColumn(name, theirs, parse, column))
    return found


def _create(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[_TableColumn]
) -> None:
    typed = "".join(
        ', "{}" {}'.format(column.name.replace('"', '""'), _SQL_TYPES[column.type])
        for column in columns
    )
    connection.execute(f'CREATE TABLE "{name}" ({LINE} BIGINT{typed})')


def _insert(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    table: TableMapping,
    columns: Sequence[_TableColumn],
    page: RecordPage,
    fields: Sequence[Sequence[str]],
) -> None:
    """Insert the rows of a page; one with a date or an amount that is none becomes a fault."""
    unknown = frozenset(table.unknown)
    texts = [
        ["" if told.strip() in unknown else told for told in one]
        for one in zip(*fields, strict=True)
    ]
    bad: dict[int, Fault] = {}
    for column, told in zip(columns, texts, strict=bool(texts)):
        if column.type is text:
            continue
        for number, one in enumerate(told):
            try:
                told[number] = column.read(one)
            except BadValue as failure:
                told[number] = ""
                reason = f"{column.theirs} {failure}."
                bad.setdefault(number, Fault(table.file, page.lines[number], column.theirs, reason))
    page.faults.extend(bad.values())
    good = [number for number in range(len(fields)) if number not in bad]
    if not good:
        return
    arrays: dict[str, Any] = {LINE: np.array(page.lines, dtype=np.int64)[good]}
    arrays |= {f"c{place}": np.array(told, dtype=object)[good] for place, told in enumerate(texts)}
    values = "".join(
        f", CAST(nullif(c{place}, '') AS {_SQL_TYPES[column.type]})"
        for place, column in enumerate(columns)
    )
    connection.register("page", arrays)
    connection.execute(f'INSERT INTO "{name}" SELECT {LINE}{values} FROM page')
    connection.unregister("page")


class QueryPage:
    """Rows that a query made."""

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        lines: Sequence[int],
        parser: Parser,
        faults: Sequence[Fault],
        size: int,
        salt: int,
    ) -> None:
        self.lines = lines
        self.faults = faults
        self.size = size
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
    """A file of the contract whose rows a query makes.

    A row that is rejected is told with the file and the line that it comes from. If the query
    does not say, they are `told_at`: where the mapping has the query.
    """

    def __init__(
        self,
        database: QueryDatabase,
        kind: Kind,
        mapping: QueryMapping,
        told_at: tuple[str, int],
        number: int,
        version: int,
    ) -> None:
        self.kind = kind.name
        self.columns: Mapping[str, str] = {}
        self.file, self._line = told_at
        self.size = 0
        self._table = f"rows_{number}"
        self._database = database
        self._kind = kind
        self._mapping = mapping
        self._version = version
        self._names: list[str] = []
        self._count = 0

    def prepare(self) -> None:
        """Run the query; its rows are kept until they are loaded.

        Raises:
            MappingError: if it cannot be run, or does not give the columns it must.
        """
        connection = self._database.connection()
        query = self._mapping.query.strip().removesuffix(";")
        with _told():
            described = connection.execute(f"DESCRIBE ({query})").fetchall()
        types: dict[str, str] = {name: told for name, told, *_ in described}
        self._names = [name for name in types if name != LINE]
        parser = Parser(self._kind, self._names)
        if parser.missing:
            raise MappingError(f"the query gives no column {parser.missing[0]}")
        if parser.unknown:
            raise MappingError(f"there is no such column as {parser.unknown[0]}")
        if LINE in types:
            self.file = self._file_of_lines()
        columns = [
            _selected(column, types) for column in self._kind.columns if column.name in types
        ]
        self._names = [column.name for column in self._kind.columns if column.name in types]
        line = f'coalesce("{LINE}", 1)' if LINE in types else str(self._line)
        size = " + ".join(f'strlen("{name}")' for name in self._names)
        with _told():
            connection.execute(
                f"CREATE TABLE {self._table} AS"  # noqa: ISC003
                + f" SELECT CAST({line} AS BIGINT) AS {LINE}, {', '.join(columns)} FROM ({query})"
            )
            told = connection.execute(f"SELECT count(*), sum({size}) FROM {self._table}").fetchone()
        assert told is not None
        self._count, self.size = told[0], int(told[1] or 0)

    def _file_of_lines(self) -> str:
        """Return the file whose lines the column `line` tells."""
        tables, lines_of = self._database.tables, self._mapping.lines_of
        if lines_of is None:
            words = set(re.findall(r"\w+", self._mapping.query.lower()))
            named = [name for name in tables if name in words]
            if len(named) != 1:
                raise MappingError(
                    "the query does not read one table alone; lines_of must name the one that its"
                    " column line is of"
                )
            (lines_of,) = named
        if lines_of not in tables:
            raise MappingError(f"lines_of: there is no table {lines_of}")
        return tables[lines_of].file

    def pages(self) -> Iterator[QueryPage]:
        """Yield the rows in pages."""
        connection = self._database.connection()
        parser = Parser(self._kind, self._names)
        salt = xxh3_64_intdigest(",".join(self._names).encode(), self._version)
        faults = self._database.take_faults()
        if faults and not self._count:
            yield QueryPage([], [], parser, faults, 0, salt)
        for start in range(0, self._count, PAGE_ROWS):
            end = min(start + PAGE_ROWS, self._count)
            found: list[tuple[Any, ...]] = connection.execute(
                f"SELECT * FROM {self._table} WHERE rowid >= ? AND rowid < ? ORDER BY rowid",
                [start, end],
            ).fetchall()
            lines, rows = [row[0] for row in found], [row[1:] for row in found]
            size = self.size * end // self._count - self.size * start // self._count
            yield QueryPage(rows, lines, parser, faults, size, salt)
            faults = []


def _selected(column: Column, types: Mapping[str, str]) -> str:
    """Return the SQL of a result's column as text of the contract."""
    name, told = f'"{column.name}"', types[column.name]
    if column.parse is amount and told in _FLOATS:
        raise MappingError(f"{column.name} is a {told}, which is not exact; cast it to DECIMAL")
    if column.parse is iso_date and told in _TIMES:
        name = f"CAST({name} AS DATE)"
    as_text = f"coalesce(CAST({name} AS VARCHAR), '')"
    if column.parse is amount and _MANY_DECIMALS.fullmatch(told):
        as_text = f"rtrim(rtrim({as_text}, '0'), '.')"
    return f'{as_text} AS "{column.name}"'


@contextmanager
def _told() -> Generator[None]:
    """Tell what DuckDB has against a query, and in which of its lines."""
    try:
        yield
    except duckdb.Error as failure:
        told = str(failure).strip()
        where = _QUERY_LINE.search(told)
        line = f" (line {where[1]} of the query)" if where else ""
        raise MappingError(
            f"the query cannot be run: {told.splitlines()[0].rstrip('.')}{line}"
        ) from failure
