"""Aging at past dates. Limit: the hand-written GROUP BY over a table of just the open documents."""

from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection

from benchmarks.measure import Bench, Result, best
from domain.aging import Basis
from domain.site_options import SiteOptions
from projections.aging import AgingBy, aging_cells
from projections.query import fetch
from runtime.clock import business_date, now

BUDGET_SIZE = 1_000_000
"""Invoices in history from which on the budget binds; below, the row only informs."""

_OPEN = """
    CREATE TEMP TABLE limit_open AS
    SELECT company_id, cust_id, tran_date, due_date, balance_hc FROM read_models.balances
    WHERE tenant = %s AND effective_from <= %s AND effective_to > %s AND balance_hc > 0
"""

_LIMIT = """
    SELECT company_id, CASE WHEN tran_date > %(on)s THEN 0
        WHEN %(on)s::date <= {base} THEN 1 WHEN %(on)s::date - {base} <= 30 THEN 2
        WHEN %(on)s::date - {base} <= 60 THEN 3 WHEN %(on)s::date - {base} <= 90 THEN 4
        WHEN %(on)s::date - {base} <= 120 THEN 5 ELSE 6 END AS bucket,
        sum(balance_hc), count(*)
    FROM limit_open GROUP BY 1, 2
"""


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure the report at the present date and at two past ones, known now and known then."""
    tenant = bench.tenants[size]
    today = business_date(now(), "UTC")
    with bench.database.connect("worker") as connection:
        connection.execute("VACUUM (ANALYZE) read_models.balances, read_models.balances_history")
        moment = connection.execute(
            "SELECT max(recorded_at) FROM events WHERE tenant = %s", (tenant.id,)
        ).fetchone()
        assert moment is not None
        past = today - timedelta(days=182)
        return [
            *(
                _one(bench, connection, tenant.id, size, today - timedelta(days), basis, None)
                for days in (0, 182, 365)
                for basis in Basis
            ),
            _one(bench, connection, tenant.id, size, past, Basis.DUE, moment[0]),
        ]


def _one(
    bench: Bench,
    connection: Connection[Any],
    tenant: int,
    size: int,
    on: date,
    basis: Basis,
    known_at: datetime | None,
) -> Result:
    query = aging_cells(
        tenant, SiteOptions(), as_of=on, basis=basis, by=AgingBy.COMPANY, known_at=known_at
    )
    bench.log(f"aging on {on} by {basis}{' as known at a moment' if known_at else ''}")
    connection.execute(_OPEN.encode(), (tenant, on, on))
    connection.execute("ANALYZE limit_open")
    row = connection.execute("SELECT count(*) FROM limit_open").fetchone()
    assert row is not None
    base = "due_date" if basis is Basis.DUE else "tran_date"
    statement = _LIMIT.format(base=base).encode()
    seconds, limit = best(
        lambda: fetch(connection, query),
        lambda: connection.execute(statement, {"on": on}).fetchall(),
    )
    connection.execute("DROP TABLE limit_open")
    known = ", as known at a moment" if known_at else ""
    return Result(
        f"aging on {on} by {basis} date{known}, {row[0]:,} open",
        size,
        f"{seconds * 1000:.1f} ms",
        f"GROUP BY over just those: {limit * 1000:.1f} ms",
        seconds / limit,
        2.0 if size >= BUDGET_SIZE else None,
        1.2 if size >= BUDGET_SIZE else None,
        times=True,
    )
