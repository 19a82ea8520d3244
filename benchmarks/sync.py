"""Sync of N invoices into log and read models, and the second sync, which finds nothing new.

Limits: COPY of the same rows, of all files, into one table with the indexes that the read model of
invoices has; and COPY of the same rows into a temporary table without any (copying.py).
"""

from pathlib import Path

from benchmarks.copying import copy_indexed, copy_temporary
from benchmarks.loading import load
from benchmarks.measure import Bench, Result, rate

MEMORY_MEBIBYTES_MAX = 512

REPEATS = 3
"""Of what is done in no time, and as often as one likes: the best counts."""


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
    seconds = [load(home, tenant.name, folder) for _ in range(REPEATS)]
    assert not any(one["events"] for one in seconds)
    second = min(seconds, key=lambda one: one["seconds"])
    bench.note("second sync", size, second["seconds"] / size)
    rows = int(first["rows"])
    bench.log("limits: COPY of the same rows")
    indexed, plain = _limits(bench, folder)
    peak = max(one["peak_mebibytes"] for one in (first, *seconds))
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
    with bench.database.connect("owner") as connection:
        copy_temporary(connection, folder)  # warms up what both read
        indexed = copy_indexed(connection, folder)
        return indexed, min(copy_temporary(connection, folder) for _ in range(REPEATS))
