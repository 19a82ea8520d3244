"""The dashboard of 100,000 accounts. Limit: SQL by hand for the same figures, one after another.

The statements by hand know nothing of options that are not set and sum up by company, as each has
one home currency. Both sides answer from one connection.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from psycopg import Connection

from benchmarks.account_questions import OPEN, PAID, projected
from benchmarks.measure import Result, best
from domain.conditions import ALWAYS
from domain.site_options import SiteOptions
from projections.dashboard import accounts_of
from projections.query import sql
from projections.trends import month_ends
from projections.view import Asked
from runtime.dashboards import dashboard_groups

REPEATS = 3
MUST, WANT = 3.0, 1.5

_BOUNDARIES = (30, 60, 90, 120)
_WINDOWS = ("90 days", "6 months", "1 year", "2 years")


def measured(connection: Connection[Any], tenant: int, on: date, accounts: int) -> Result:
    """Measure the dashboard of all accounts of a tenant, on a connection that reads."""
    options = SiteOptions()
    listing = accounts_of(Asked(tenant, options, on), ALWAYS)
    statements = [(sql(one), {"tenant": tenant, **more}) for one, more in _by_hand(options, on)]

    def by_hand() -> None:
        for statement, parameters in statements:
            connection.execute(statement, parameters).fetchall()

    groups = dashboard_groups(connection, listing)
    told = connection.execute(*statements[0]).fetchall()
    open_by_hand = sum(row[1] for row in told)
    assert sum(one.totals.figures["due_total"] for one in groups) == open_by_hand
    seconds = best(lambda: dashboard_groups(connection, listing), REPEATS)
    limit = best(by_hand, REPEATS)
    return Result(
        "dashboard of all accounts, every figure",
        accounts,
        f"{seconds * 1000:,.0f} ms",
        f"SQL by hand: {limit * 1000:,.0f} ms",
        seconds / limit,
        MUST,
        WANT,
        times=True,
    )


def _by_hand(options: SiteOptions, on: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements with the parameters that they have beside the tenant."""
    today = {"on": on, "apr": options.credit_apr}
    sizes = "ARRAY[{}]::numeric[]".format(", ".join(f"{one:f}" for one in options.size_ranges))
    yield _open(), today
    yield _paid(sizes), today
    yield projected(sizes, "company_id", within=(7, 14, 21, 28, 35)), today
    yield _work(), today
    yield _promises(), today
    yield _days_late(), today | {"first": month_ends(on)[0].replace(day=1)}
    for one in month_ends(on):
        yield _dso(), today | {"on": one}


def _open() -> str:
    """Return the SQL of what is open: the total, both sets of buckets, what it costs."""
    sums = [
        f"sum(balance_hc) FILTER (WHERE {column} < %(on)s::date - {after}"
        f" AND {column} >= %(on)s::date - {until})"
        for column in ("due_date", "tran_date")
        for after, until in pairwise((-100_000, 0, *_BOUNDARIES, 100_000))
    ]
    return f"""
        SELECT company_id, sum(balance_hc), {", ".join(sums)},
               count(*) FILTER (WHERE due_date < %(on)s), count(*),
               sum(whole * (%(on)s::date - tran_date)) * %(apr)s / 100 / 365
        FROM ({OPEN}) o WHERE balance_hc > 0 GROUP BY 1"""


def _paid(sizes: str) -> str:
    """Return the SQL of how late documents were paid, plainly, weighted and by range of size."""
    return f"""
        SELECT company_id, GROUPING(size), size, count(*), sum(days_late), sum(amount_hc),
               sum(days_late * amount_hc)
        FROM (SELECT *, width_bucket(amount_hc, {sizes}) AS size FROM ({PAID}) p) p
        GROUP BY GROUPING SETS ((1), (1, size))"""


def _work() -> str:
    """Return the SQL of open issues, activities, disputes and pending payments."""
    return """
        SELECT 'issues', company_id, count(*), NULL::numeric FROM issues
        WHERE tenant = %(tenant)s AND opened_on <= %(on)s
          AND (resolved_on IS NULL OR resolved_on > %(on)s) GROUP BY 2
        UNION ALL
        SELECT 'activities', company_id, count(*), NULL FROM activities
        WHERE tenant = %(tenant)s AND entered_on <= %(on)s
          AND (completed_on IS NULL OR completed_on > %(on)s)
          AND (withdrawn_on IS NULL OR withdrawn_on > %(on)s) GROUP BY 2
        UNION ALL
        SELECT 'disputes', company_id, count(*), sum(amount_hc) FROM disputes
        WHERE tenant = %(tenant)s AND dispute_date <= %(on)s
          AND (closed_on IS NULL OR closed_on > %(on)s) GROUP BY 2
        UNION ALL
        SELECT 'pending', company_id, count(*), NULL FROM pending_payments
        WHERE tenant = %(tenant)s AND status <> 'declined' AND create_date <= %(on)s
          AND (reconcile_date IS NULL OR reconcile_date > %(on)s) GROUP BY 2
        UNION ALL
        SELECT 'limits', company_id, count(*), sum(credit_limit) FROM accounts
        WHERE tenant = %(tenant)s GROUP BY 2"""


def _promises() -> str:
    """Return the SQL of promises that are open, were kept and were broken, by window."""
    conditions = ["settled_on IS NULL OR settled_on > %(on)s", "broken_on <= %(on)s"]
    for window in _WINDOWS:
        since = f"%(on)s::date - interval '{window}'"
        conditions.append(f"broken_on <= %(on)s AND broken_on > {since}")
        conditions.append(f"status = 'kept' AND settled_on <= %(on)s AND settled_on > {since}")
    figures = ", ".join(
        f"count(*) FILTER (WHERE {one}), sum(amount) FILTER (WHERE {one})" for one in conditions
    )
    return f"""
        SELECT company_id, curr_id, {figures} FROM promises
        WHERE tenant = %(tenant)s AND promised_on <= %(on)s GROUP BY 1, 2"""


def _days_late() -> str:
    """Return the SQL of how late documents were paid, by month."""
    return f"""
        SELECT company_id, date_trunc('month', closed_on), count(*), sum(days_late),
               sum(amount_hc), sum(days_late * amount_hc)
        FROM ({PAID}) p WHERE closed_on >= %(first)s GROUP BY 1, 2"""


def _dso() -> str:
    """Return the SQL of what was open on a date, and what was sold in the year before."""
    return f"""
        SELECT o.company_id, o.total / nullif(s.sales, 0) * 365
        FROM (SELECT company_id, sum(balance_hc) AS total FROM ({OPEN}) o GROUP BY 1) o
        JOIN (
            SELECT company_id, sum(amount_hc) AS sales FROM invoices
            WHERE tenant = %(tenant)s AND tran_date <= %(on)s
              AND tran_date > %(on)s::date - 365 AND effective_from <= %(on)s
            GROUP BY 1
        ) s USING (company_id)"""
