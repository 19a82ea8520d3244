"""What auditors ask of a ledger after a day's export: figures, differences, trails, the log itself.

Limits: SQL by hand on the same tables for just that question, and COPY of the log out to a file.
What both say is compared.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.abc import Query

from benchmarks.aging import BUDGET_SIZE
from benchmarks.loading import load
from benchmarks.measure import Bench, Result, best, rate, timed
from benchmarks.proofs import COLUMNS
from benchmarks.serving import served
from domain.aging import Basis
from domain.site_options import SiteOptions
from examples.sample_ledger import write_next_export
from projections.aging import AgingBy
from projections.aging_differences import AgingMoment, Compared
from projections.contributions import Part
from projections.query import answered
from projections.view import Asked
from runtime.aging_differences import aging_difference, changed_documents
from runtime.audit_export import Selection, export_log
from runtime.audit_keys import audit_keys
from runtime.clock import business_date, now
from runtime.figures import FigureOfAging, Measure, contributed, explained
from runtime.settings import Settings
from runtime.tenants import Tenant

REPEATS = 5
SHOWN = 50
"""Contributions, documents and events of a first page."""

COMPANY = "US10"
CHANGED_SHARE = 0.01
"""Invoices that the day's export changes, as a share of all."""

MUST = 3.0
"""How many times that of SQL by hand ours may take, from `BUDGET_SIZE` invoices on."""

_TRAIL = """query($companyId: String!, $custId: String!) {
    auditTrail(of: {account: {companyId: $companyId, custId: $custId}}, first: 50) {
        nodes { position type stream effectiveOn recordedAt actor
            changes { field before after } causes { reference type } }
        pageInfo { hasNextPage endCursor }}}"""

_OLD = """
    SELECT company_id, tran_id, balance_hc, sum(balance_hc) OVER (), count(*) OVER ()
    FROM read_models.balances
    WHERE tenant = %(tenant)s AND company_id = %(company)s AND balance_hc > 0
        AND effective_from <= %(on)s AND effective_to > %(on)s AND %(on)s::date - due_date > 120
        AND tran_date <= %(on)s
    ORDER BY balance_hc DESC, tran_id LIMIT 50"""

_EVENTS = """
    SELECT stream, version, type, data, effective_on, recorded_at, actor
    FROM public.events WHERE tenant = %(tenant)s AND stream = ANY(%(streams)s)
    ORDER BY stream, version"""

_SIDE = """
    SELECT company_id, tran_id, cust_id, balance_hc,
        CASE WHEN tran_date > %(on)s THEN 0 WHEN due_date >= %(on)s THEN 1
             ELSE 2 + least((%(on)s::date - due_date - 1) / 30, 4) END AS bucket
    FROM read_models.{table}
    WHERE tenant = %(tenant)s AND balance_hc > 0
        AND effective_from <= %(on)s AND effective_to > %(on)s AND {known}"""

_DIFFERENCE = f"""
    CREATE TEMP TABLE limit_changed ON COMMIT DROP AS
    SELECT a.company_id, a.tran_id, a.bucket AS bucket_before, b.bucket AS bucket_after,
           a.balance_hc AS before, b.balance_hc AS after
    FROM ({_SIDE.format(table="balances", known="known_from <= %(known)s")} UNION ALL
          {
    _SIDE.format(table="balances_history", known="known_from <= %(known)s AND known_to > %(known)s")
}) a
    FULL JOIN ({_SIDE.format(table="balances", known="true")}) b USING (company_id, tran_id)
    WHERE (a.cust_id, a.bucket, a.balance_hc) IS DISTINCT FROM (b.cust_id, b.bucket, b.balance_hc)
"""

_LARGEST = """
    SELECT coalesce(company_id, ''), tran_id FROM limit_changed
    ORDER BY abs(coalesce(after, 0) - coalesce(before, 0)) DESC LIMIT 50"""


def measure(bench: Bench, size: int) -> list[Result]:
    """Measure all of it, on the ledger of the first sync after one more day's export."""
    tenant = bench.tenants[size]
    with bench.database.connect("worker") as connection:
        row = connection.execute(
            "SELECT recorded_at FROM heads WHERE tenant = %s", (tenant.id,)
        ).fetchone()
        assert row is not None
        _next_day(bench, tenant, size)
        connection.execute("ANALYZE read_models.balances, read_models.balances_history")
        return [
            _figure(bench, connection, tenant, size),
            _difference(bench, connection, tenant, size, row[0]),
            _trail(bench, connection, tenant, size),
            _export(bench, connection, tenant, size),
        ]


def _next_day(bench: Bench, tenant: Tenant, size: int) -> None:
    bench.log(f"one more day's export, {CHANGED_SHARE:.0%} changed")
    assert bench.database.server is not None
    with tempfile.TemporaryDirectory(dir=bench.folder) as later:
        tomorrow = business_date(now(), "UTC") + timedelta(1)
        write_next_export(
            bench.ledger(size), Path(later), business_date=tomorrow, share=CHANGED_SHARE
        )
        load(bench.database.server.home, tenant.name, Path(later))


def _figure(bench: Bench, connection: Connection[Any], tenant: Tenant, size: int) -> Result:
    bench.log("a figure, taken apart")
    on = business_date(now(), "UTC")
    asked = Asked(tenant.id, SiteOptions(), on)
    figure = FigureOfAging(asked, "121+", Basis.DUE, COMPANY, None, Measure.AMOUNT)

    def ours() -> tuple[Decimal, int]:
        told = answered(connection, explained(figure))
        parts = answered(connection, contributed(asked, told.value.contributions, Part(SHOWN)))
        assert told.equal
        assert len(parts) == min(SHOWN, told.count)
        return told.total, told.count

    def by_hand() -> tuple[Decimal, int]:
        given = {"tenant": tenant.id, "company": COMPANY, "on": on}
        rows = _rows(connection, _OLD, given)
        _events(connection, tenant, [f"invoice/{company}/{tran}" for company, tran, *_ in rows])
        return rows[0][3], rows[0][4]

    assert ours() == by_hand()
    return _beside(
        f"a figure of {ours()[1]:,} documents explained, first page", size, ours, by_hand
    )


def _difference(
    bench: Bench, connection: Connection[Any], tenant: Tenant, size: int, known: datetime
) -> Result:
    bench.log("the difference of two agings")
    on = business_date(now(), "UTC")
    before, after = AgingMoment(on, known), AgingMoment(on, None)
    compared = Compared(tenant.id, SiteOptions(), before, after, Basis.DUE, None, None)

    def ours() -> int:
        found = answered(connection, aging_difference(compared, AgingBy.COMPANY))
        documents = answered(connection, changed_documents(found, Part(SHOWN)))
        assert len(documents) == min(SHOWN, found.count)
        return found.count

    def by_hand() -> int:
        with connection.transaction():
            given = {"tenant": tenant.id, "on": on, "known": known}
            connection.execute(_DIFFERENCE.encode(), given)
            rows = _rows(connection, _LARGEST, {})
            _events(connection, tenant, [f"invoice/{company}/{tran}" for company, tran in rows])
            return _rows(connection, "SELECT count(*) FROM limit_changed", {})[0][0]

    assert ours() == by_hand()
    return _beside(f"the difference of two agings, {ours():,} documents", size, ours, by_hand)


def _trail(bench: Bench, connection: Connection[Any], tenant: Tenant, size: int) -> Result:
    bench.log("the first page of an account's trail")
    (account,) = _rows(
        connection,
        """SELECT company_id, cust_id FROM read_models.invoices WHERE tenant = %(tenant)s
           GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT 1""",
        {"tenant": tenant.id},
    )
    given = {"tenant": tenant.id, "company": account[0], "account": account[1]}

    def by_hand() -> list[int]:
        rows = _rows(connection, _OF_ACCOUNT, given)
        _events(connection, tenant, sorted({stream for _, stream in rows}))
        return [position for position, _ in rows]

    variables = {"companyId": account[0], "custId": account[1]}
    with served(bench.database, tenant) as api, api.client(_TRAIL, variables) as client:
        told = json.loads(client.ask())["data"]["auditTrail"]["nodes"]
        assert [one["position"] for one in told] == by_hand()
        return _beside(
            "GraphQL first page of the trail of the largest account over HTTP, one client",
            size,
            client.ask,
            by_hand,
            must=None,
        )


_OF_ACCOUNT = """
    SELECT e.position, e.stream FROM (
        SELECT 'account/' || %(company)s || '/' || %(account)s AS stream
        UNION ALL SELECT 'account_care/' || %(company)s || '/' || %(account)s
        UNION ALL SELECT 'contact/' || company_id || '/' || cust_id || '/' || cntct_id
            FROM read_models.contacts
            WHERE tenant = %(tenant)s AND company_id = %(company)s AND cust_id = %(account)s
        UNION ALL SELECT 'invoice/' || company_id || '/' || tran_id FROM read_models.invoices
            WHERE tenant = %(tenant)s AND company_id = %(company)s AND cust_id = %(account)s
        UNION SELECT 'invoice/' || company_id || '/' || tran_id FROM read_models.invoices_history
            WHERE tenant = %(tenant)s AND company_id = %(company)s AND cust_id = %(account)s
        UNION SELECT 'payment/' || company_id || '/' || payment_id FROM read_models.payments
            WHERE tenant = %(tenant)s AND company_id = %(company)s AND cust_id = %(account)s
    ) s JOIN public.events e ON e.tenant = %(tenant)s AND e.stream = s.stream
    ORDER BY e.position LIMIT 50"""
"""By hand: the streams of an account in a ledger on which nobody worked yet."""


def _export(bench: Bench, connection: Connection[Any], tenant: Tenant, size: int) -> Result:
    bench.log("the whole log exported, with all that proves it")
    settings = Settings(home=bench.folder)
    with tempfile.TemporaryDirectory(dir=bench.folder) as at:
        with timed() as ours:
            exported = export_log(
                connection,
                settings,
                tenant,
                audit_keys(settings),
                Path(at) / "export",
                Selection("the whole log"),
            )
        with timed() as limit, (Path(at) / "copy").open("wb") as file:
            statement = (
                f"COPY (SELECT {COLUMNS} FROM public.events WHERE tenant = {tenant.id:d}"
                " ORDER BY position) TO STDOUT"
            )
            with connection.cursor().copy(statement.encode()) as copy:
                for part in copy:
                    file.write(part)
    return Result(
        f"audit export of {exported.events:,} events, JSON Lines and Parquet",
        size,
        rate(exported.events, ours[0], "events"),
        f"COPY out: {rate(exported.events, limit[0], 'events')}",
        limit[0] / ours[0],
    )


def _rows(connection: Connection[Any], statement: str, given: dict[str, Any]) -> list[Any]:
    told: Query = statement.encode()
    return connection.execute(told, given).fetchall()


def _events(connection: Connection[Any], tenant: Tenant, streams: Sequence[str]) -> list[Any]:
    return _rows(connection, _EVENTS, {"tenant": tenant.id, "streams": list(streams)})


def _beside(
    work: str,
    size: int,
    ours: Callable[[], Any],
    by_hand: Callable[[], Any],
    must: float | None = MUST,
) -> Result:
    if size < BUDGET_SIZE:
        must = None
    seconds, limit = best(ours, by_hand, REPEATS)
    return Result(
        work,
        size,
        f"{seconds * 1000:,.0f} ms",
        f"SQL by hand: {limit * 1000:,.0f} ms",
        seconds / limit,
        must,
        times=True,
    )
