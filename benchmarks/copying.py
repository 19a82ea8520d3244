"""What PostgreSQL alone does with an export: COPY of the same bytes into one table.

The table has a column for every column of every file, of its type, and the same indexes as the
read model of invoices: a primary key over what tells the rows apart, documents by account and
date, open documents by due date.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from psycopg import Connection

from benchmarks.measure import timed
from erp.documents import KINDS, amount, boolean, iso_date

_BLOCK_BYTES = 1 << 20
_TYPES: dict[Callable[[str], Any], str] = {
    amount: "numeric",
    iso_date: "date",
    boolean: "boolean",
}

_INDEXES = """
    ALTER TABLE limit_rows
        ADD PRIMARY KEY (tenant, company_id, tran_id, payment_id, cust_id, cntct_id);
    CREATE INDEX ON limit_rows (tenant, company_id, cust_id, tran_date);
    CREATE INDEX ON limit_rows (tenant, due_date, company_id, tran_id) WHERE balance <> 0;
"""


def copy_indexed(connection: Connection[Any], folder: Path) -> float:
    """Return the seconds that COPY of a folder's files into the indexed table takes."""
    connection.execute("DROP TABLE IF EXISTS limit_rows")
    connection.execute(f"CREATE TABLE limit_rows ({_columns()})".encode())
    connection.execute(_INDEXES.encode())
    seconds = _copy(connection, folder)
    connection.execute("DROP TABLE limit_rows")
    return seconds


def copy_temporary(connection: Connection[Any], folder: Path) -> float:
    """Return the seconds that COPY of a folder's files into a bare temporary table takes."""
    connection.execute(f"CREATE TEMPORARY TABLE limit_rows ({_columns()})".encode())
    seconds = _copy(connection, folder)
    connection.execute("DROP TABLE limit_rows")
    return seconds


def _columns() -> str:
    """Return the table's columns; a part of a key that a file does not have is empty."""
    keys = {name for kind in KINDS for name in kind.key}
    types = {
        column.name: _TYPES.get(column.parse, 'text COLLATE "C"')
        for kind in KINDS
        for column in kind.columns
    }
    columns = [
        f'"{name}" {kind}' + (" NOT NULL DEFAULT ''" if name in keys else "")
        for name, kind in types.items()
    ]
    return ", ".join(["tenant integer NOT NULL DEFAULT 1", *columns])


def _copy(connection: Connection[Any], folder: Path) -> float:
    """Copy the files as they are, in one transaction, and return the seconds."""
    with timed() as spent, connection.transaction():
        for kind in KINDS:
            path = folder / kind.file
            if not path.exists():
                continue
            with path.open("rb") as file:
                names = ", ".join(
                    f'"{name}"' for name in file.readline().decode().strip().split(",")
                )
                statement = f"COPY limit_rows ({names}) FROM STDIN (FORMAT csv)"
                with connection.cursor().copy(statement.encode()) as copy:
                    while block := file.read(_BLOCK_BYTES):
                        copy.write(block)
    return spent[0]
