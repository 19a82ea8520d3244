"""Replays of a log. Limit: COPY of it out up to the same position, and decoding it."""

import tempfile
from pathlib import Path

from benchmarks.measure import Bench, Result, rate, timed
from benchmarks.reading import read_log
from runtime.replay_files import Form, write_replay
from runtime.replaying import drop_replay, make_replay, replayed
from runtime.tenants import Tenant


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure replays at the end of a tenant's log and at its middle, and writing one out."""
    tenant = bench.tenants[size]
    with bench.database.connect("owner") as owner:
        row = owner.execute("SELECT position FROM heads WHERE tenant = %s", (tenant.id,)).fetchone()
    assert row is not None
    events: int = row[0]
    results: list[Result] = []
    for place, position in (("its end", events), ("its middle", events // 2)):
        bench.log(f"replay of the log of {size:,} invoices at {place}")
        with timed() as replaying:
            make_replay(bench.database, tenant, position, "bench")
        reading = read_log(bench, tenant, position)
        if position == events:
            bench.note("replay", size, replaying[0] / size)
            results += [
                _replayed(size, place, position, replaying[0], reading, must=0.25, want=0.5),
                _written(bench, tenant, size),
            ]
        else:
            results.append(_replayed(size, place, position, replaying[0], reading))
        drop_replay(bench.database, tenant, "bench")
    return results


def _replayed(
    size: int,
    place: str,
    events: int,
    ours: float,
    limit: float,
    *,
    must: float | None = None,
    want: float | None = None,
) -> Result:
    return Result(
        f"replay of the log at {place}",
        size,
        rate(events, ours, "events"),
        f"COPY out and decode: {rate(events, limit, 'events')}",
        limit / ours,
        must,
        want,
    )


def _written(bench: Bench, tenant: Tenant, size: int) -> Result:
    """Measure writing a replay as Parquet, beside writing it as CSV."""
    past = replayed(bench.database, tenant, "bench")
    with tempfile.TemporaryDirectory(dir=bench.folder) as at:
        bench.log("the replay as Parquet, and as CSV")
        with timed() as parquet:
            rows = sum(write_replay(past, Path(at) / "parquet", Form.PARQUET).values())
        with timed() as csv:
            write_replay(past, Path(at) / "csv", Form.CSV)
    return Result(
        "replay written as Parquet",
        size,
        rate(rows, parquet[0], "rows"),
        f"COPY out as CSV: {rate(rows, csv[0], 'rows')}",
        csv[0] / parquet[0],
    )
