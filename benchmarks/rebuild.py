"""Rebuild of all read models. Limit: COPY of the log out, and decoding it."""

import resource

from benchmarks.measure import Bench, Result, rate, timed
from benchmarks.reading import read_log
from projections.catalogue import READ_MODELS
from runtime import read_models
from runtime.refolding import Job


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure a rebuild of one tenant's read models into empty tables with their indexes."""
    tenant = bench.tenants[size]
    bench.log(f"rebuild of the read models of {size:,} invoices")
    schema = "read_models_bench"
    names = tuple(one.name for one in READ_MODELS)
    with bench.database.connect("owner") as owner:
        row = owner.execute("SELECT position FROM heads WHERE tenant = %s", (tenant.id,)).fetchone()
        assert row is not None
        events: int = row[0]
        with timed() as rebuilt:
            read_models.make_schema(owner, schema, READ_MODELS)
            job = Job(tenant.id, names, events)
            read_models.fill(bench.database, schema, READ_MODELS, [job])
        owner.execute(f"DROP SCHEMA {schema} CASCADE".encode())
    read = read_log(bench, tenant, events)
    bench.note("rebuild", size, rebuilt[0] / size)
    peak = (
        max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        / 1024
    )
    return [
        Result(
            "rebuild of all read models",
            size,
            rate(events, rebuilt[0], "events"),
            f"COPY out and decode: {rate(events, read, 'events')}",
            read / rebuilt[0],
            0.25,
            0.5,
        ),
        Result(
            "memory of a rebuild",
            size,
            f"{peak:.0f} MiB",
            "512 MiB",
            peak / 512,
            1.0,
            times=True,
        ),
    ]
