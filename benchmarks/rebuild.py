"""Rebuild of all read models. Limit: COPY of the log out, and decoding it."""

import resource

from benchmarks.measure import Bench, Result, rate, timed
from eventstore.codec import decode
from projections.catalogue import READ_MODELS
from projections.runner import Runner
from runtime import read_models


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure a rebuild of one tenant's read models into empty tables with their indexes."""
    tenant = bench.tenants[size]
    bench.log(f"rebuild of the read models of {size:,} invoices")
    schema = "read_models_bench"
    with bench.database.connect("owner") as owner, bench.database.connect("worker") as worker:
        with timed() as rebuilt:
            read_models.make_schema(owner, schema, READ_MODELS)
            runner = Runner(worker, tenant.id, READ_MODELS, schema)
            events = 0
            while advanced := runner.advance():
                events += advanced
            read_models.make_indexes(owner, schema, READ_MODELS)
        owner.execute(f"DROP SCHEMA {schema} CASCADE".encode())
        bench.log("limit: COPY of the log out, and decoding it")
        decoded = 0
        with (
            timed() as read,
            owner.cursor().copy(
                "COPY (SELECT type, data FROM events WHERE tenant = "
                f"{tenant.id:d} ORDER BY position) TO STDOUT (FORMAT binary)".encode()
            ) as copy,
        ):
            copy.set_types(["text", "bytea"])
            for type_name, data in copy.rows():
                decode(type_name, data)
                decoded += 1
    assert decoded == events
    bench.note("rebuild", size, rebuilt[0] / size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Result(
            "rebuild of all read models",
            size,
            rate(events, rebuilt[0], "events"),
            f"COPY out and decode: {rate(events, read[0], 'events')}",
            read[0] / rebuilt[0],
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
