"""Sealing a log, verifying all of it, and proving one event.

Limits: the sync that wrote the log, of which sealing is to cost a small part; reading the same rows
in the same pages, without hashing them.
"""

from typing import Any

from psycopg import Connection

from benchmarks.measure import Bench, Result, rate, timed
from eventstore.proofs.tiles import Tree
from eventstore.proofs.verifying import PAGE_EVENTS, verify
from runtime.audit_keys import audit_keys
from runtime.auditing import make_checkpoint, prove_event, seal_all
from runtime.settings import Settings

PROOFS = 200

COLUMNS = (
    "position, stream, version, type, data, effective_on, recorded_at, actor, cause, correlation"
)


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure all of it on the log of the first sync."""
    tenant = bench.tenants[size]
    settings = Settings(home=bench.folder)
    synced = bench.per_item["sync"][size] * size
    bench.log(f"sealing the log of {size:,} invoices")
    with bench.database.connect("owner") as owner, bench.database.connect("worker") as connection:
        for table in ("tree_tiles", "trees"):
            owner.execute(f"DELETE FROM {table} WHERE tenant = %s".encode(), (tenant.id,))
        with timed() as sealed:
            events = seal_all(connection, tenant.id)
        bench.log("verifying it")
        with timed() as read:
            assert _read(connection, tenant.id) == events
        with timed() as verified:
            found = verify(connection, tenant.id, tenant.name)
        assert (found.size, found.finding) == (events, None)
        signed = make_checkpoint(connection, settings, tenant, audit_keys(settings))
        with timed() as proven:
            for number in range(PROOFS):
                prove_event(connection, tenant, 1 + number * (events - 1) // PROOFS, signed)
        assert found.root == Tree(connection, tenant.id).root(events)
    return [
        Result(
            f"sealing {events:,} events",
            size,
            rate(events, sealed[0], "events"),
            f"the sync that wrote them: {synced:.2f} s",
            sealed[0] / synced,
            0.15,
            times=True,
        ),
        Result(
            "verifying the whole log",
            size,
            rate(events, verified[0], "events"),
            f"reading it: {rate(events, read[0], 'events')}",
            read[0] / verified[0],
            0.5,
        ),
        Result(
            "proving one event",
            size,
            f"{proven[0] / PROOFS * 1000:.2f} ms",
            f"reading the whole log: {read[0]:.2f} s",
            proven[0] / PROOFS / read[0],
            times=True,
        ),
    ]


def _read(connection: Connection[Any], tenant: int) -> int:
    """Read the rows of the log in pages, and return how many there are."""
    statement = (
        f"SELECT {COLUMNS} FROM public.events"
        " WHERE tenant = %s AND position > %s ORDER BY position LIMIT %s".encode()
    )
    after = 0
    while page := connection.execute(
        statement, (tenant, after, PAGE_EVENTS), binary=True
    ).fetchall():
        after = page[-1][0]
    return after
