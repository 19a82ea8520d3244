"""A replay written out: a file of CSV or of Parquet for each table of the read models.

Rows are in the order of their keys and go from the server to the file as they come, so that a
replay of any size takes little memory. `replay.json` is written last and says what was written: a
folder without it is not whole.

In CSV an unknown value is empty and an empty text is `""`. In Parquet amounts and other numbers
are decimals of 38 digits, of which 10 stand behind the point; where that would lose something,
they are text.
"""

import json
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
from psycopg import Connection, sql

from projections.catalogue import READ_MODELS
from runtime.replaying import ReplayedDatabase

FORMAT = "tallystick-replay/1"
DIGITS, SCALE = 38, 10
MEMORY = "256MB"
"""What DuckDB may take of it to write Parquet."""

LINE_BYTES_MAX = 16 * 1024 * 1024
"""Bytes of one row at most."""

_KINDS = {
    "boolean": "BOOLEAN",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "date": "DATE",
    "timestamp with time zone": "TIMESTAMPTZ",
    "numeric": f"DECIMAL({DIGITS}, {SCALE})",
    "text": "VARCHAR",
}
"""Type of a column -> its type in Parquet."""


class Form(StrEnum):
    """What a replay is written as."""

    CSV = "csv"
    PARQUET = "parquet"


def write_replay(
    database: ReplayedDatabase,
    folder: Path,
    form: Form,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, int]:
    """Write the tables of a replay into an empty folder; return how many rows each has.

    `progress` is told of tables as they are written.

    Raises:
        FileExistsError: if the folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(None, "The folder is not empty", str(folder))
    replay = database.replay
    tables = [
        (name, order)
        for one in READ_MODELS
        for table in one.tables
        for name, order in zip(table.names, (table.key, (*table.key, "known_to")), strict=False)
    ]
    written: dict[str, int] = {}
    with database.connect("auditor") as connection, _parquet() as parquet:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET DateStyle = 'ISO'")
        for number, (table, order) in enumerate(tables):
            target = folder / f"{table}.{form}"
            if form is Form.CSV:
                written[table] = _copy(connection, table, order, target)
            else:
                with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part:
                    source = Path(part) / f"{table}.csv"
                    written[table] = _copy(connection, table, order, source)
                    kinds = _kinds(connection, replay.schema, table)
                    _convert(parquet, source, target, kinds)
            progress(number + 1, len(tables))
    told = {
        "format": FORMAT,
        "replay": replay.name,
        "position": replay.position,
        "moment": replay.moment.isoformat(),
        "rows": written,
    }
    (folder / "replay.json").write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
    return written


def _copy(connection: Connection[Any], table: str, order: Sequence[str], target: Path) -> int:
    """Write a table as CSV, in the order of some columns; return how many rows it has."""
    statement = sql.SQL(
        "COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')"
    ).format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, order)))
    cursor = connection.cursor()
    with target.open("wb") as file, cursor.copy(statement) as copy:
        file.writelines(copy)
    return cursor.rowcount


def _kinds(connection: Connection[Any], schema: str, table: str) -> dict[str, str]:
    """Return the types of a table's columns in Parquet."""
    columns = connection.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (f"{schema}.{table}",),
    )
    kinds = {name: _KINDS[kind] for name, kind in columns}
    numbers = [name for name, kind in kinds.items() if kind == _KINDS["numeric"]]
    if numbers:
        fits = "coalesce(bool_and(scale({0}) <= {1} AND abs({0}) < 10::numeric ^ {2}), true)"
        told = sql.SQL(", ").join(
            sql.SQL(fits).format(
                sql.Identifier(name), sql.Literal(SCALE), sql.Literal(DIGITS - SCALE)
            )
            for name in numbers
        )
        row = connection.execute(
            sql.SQL("SELECT {} FROM {}").format(told, sql.Identifier(table))
        ).fetchone()
        assert row is not None
        kinds |= {name: "VARCHAR" for name, fit in zip(numbers, row, strict=True) if not fit}
    return kinds


@contextmanager
def _parquet() -> Generator[duckdb.DuckDBPyConnection]:
    """Give what writes Parquet."""
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _convert(
    parquet: duckdb.DuckDBPyConnection, source: Path, target: Path, kinds: dict[str, str]
) -> None:
    """Turn a file of CSV into one of Parquet."""
    columns = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in kinds.items())
    parquet.execute(
        f"COPY (SELECT * FROM read_csv({_quoted(source)}, columns = {{{columns}}},"
        " header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
        " nullstr = '', allow_quoted_nulls = false, parallel = false,"
        f" max_line_size = {LINE_BYTES_MAX}))"
        f" TO {_quoted(target)} (FORMAT parquet)"
    )


def _quoted(text: str | Path) -> str:
    return "'" + str(text).replace("'", "''") + "'"
