"""Sync of N invoices into log and read models, and the second sync, which finds nothing new.

Limits: COPY of the same rows, of all files, into one table with the indexes that the read model of
invoices has; and COPY of the same rows into a temporary table without any.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.loading import load
from benchmarks.measure import Bench, Result, rate, timed

MEMORY_MEBIBYTES_MAX = 512

_TABLE = """
    CREATE TABLE limit_rows (
        tenant integer NOT NULL, company_id text COLLATE "C" NOT NULL,
        tran_id text COLLATE "C" NOT NULL, cust_id text COLLATE "C", tran_date date,
        due_date date, balance numeric, rest text COLLATE "C",
        PRIMARY KEY (tenant, company_id, tran_id)
    );
    CREATE INDEX ON limit_rows (tenant, company_id, cust_id, tran_date);
    CREATE INDEX ON limit_rows (tenant, due_date, company_id, tran_id) WHERE balance <> 0;
"""


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure both syncs."""
    folder = bench.ledger(size)
    tenant = bench.new_tenant(f"sync-{size}")
    assert bench.database.server is not None
    home = bench.database.server.home
    bench.log(f"first sync of {size:,} invoices")
    first = load(home, tenant.name, folder)
    assert first["rejected"] == 0
    bench.tenants[size] = tenant
    bench.note("sync", size, first["seconds"] / size)
    bench.log("second sync")
    second = load(home, tenant.name, folder)
    assert second["events"] == 0
    bench.note("second sync", size, second["seconds"] / size)
    rows = int(first["rows"])
    bench.log("limits: COPY of the same rows")
    indexed, plain = _limits(bench, folder)
    peak = max(first["peak_mebibytes"], second["peak_mebibytes"])
    return [
        Result(
            "sync, CSV to log and all read models",
            size,
            rate(rows, first["seconds"], "rows"),
            f"COPY into one indexed table: {rate(rows, indexed, 'rows')}",
            indexed / first["seconds"],
            0.20,
            0.40,
        ),
        Result(
            "second sync, nothing changed",
            size,
            rate(rows, second["seconds"], "rows"),
            f"COPY into a temporary table: {rate(rows, plain, 'rows')}",
            plain / second["seconds"],
            0.5,
            0.8,
        ),
        Result(
            "memory of a sync (peak of the larger process)",
            size,
            f"{peak:.0f} MiB",
            f"{MEMORY_MEBIBYTES_MAX} MiB",
            peak / MEMORY_MEBIBYTES_MAX,
            1.0,
            times=True,
        ),
    ]


def _limits(bench: Bench, folder: Path) -> tuple[float, float]:
    """Return the seconds that COPY takes for the rows of all files: indexed, and temporary."""
    blocks = [block.encode() for block in _blocks(folder)]
    with bench.database.connect("owner") as connection:
        connection.execute(f"DROP TABLE IF EXISTS limit_rows; {_TABLE}".encode())
        with timed() as indexed, connection.cursor().copy("COPY limit_rows FROM STDIN") as copy:
            for block in blocks:
                copy.write(block)
        connection.execute("DROP TABLE limit_rows")
        connection.execute(
            "CREATE TEMP TABLE limit_rows (tenant integer, company_id text, tran_id text,"
            " cust_id text, tran_date date, due_date date, balance numeric, rest text)"
        )
        with timed() as plain, connection.cursor().copy("COPY limit_rows FROM STDIN") as copy:
            for block in blocks:
                copy.write(block)
    return indexed[0], plain[0]


def _blocks(folder: Path, rows_max: int = 20_000) -> Iterator[str]:
    """Yield the rows of all files as COPY reads them, with their keys where the table has its."""
    lines: list[str] = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            header = next(reader)
            place = {name: header.index(name) for name in header}
            keys = [
                n for n in header[:3] if n.endswith("_id") and n not in {"company_id", "cust_id"}
            ]
            for row in reader:
                told = {name: row[at] for name, at in place.items()}
                key = ":".join([path.stem, *(told[name] for name in keys), told.get("cust_id", "")])
                fields = (
                    "1",
                    told["company_id"],
                    key,
                    told.get("cust_id", ""),
                    told.get("tran_date", ""),
                    told.get("due_date", ""),
                    told.get("balance", ""),
                    "|".join(row),
                )
                lines.append("\t".join(_text(field) for field in fields))
                if len(lines) == rows_max:
                    yield "\n".join(lines) + "\n"
                    lines = []
    if lines:
        yield "\n".join(lines) + "\n"


def _text(field: str) -> str:
    if not field:
        return "\\N"
    return (
        field.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    )
