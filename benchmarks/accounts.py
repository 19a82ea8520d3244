"""Lists of 100,000 accounts by what they are asked for. Limit: SQL by hand for just that question.

For each question (account_questions.py) the first 50 accounts by the figure, largest first, and
how many there are above a value, as the view of accounts answers; the answers are compared with
those of the SQL by hand. The accounts have a ledger of five documents each on average, and much
was done about them (account_work.py). They are the same for all sizes of a run.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from psycopg import Connection

from benchmarks import dashboard
from benchmarks.account_questions import (
    Question,
    first_by_key_by_hand,
    questions,
    summary_by_hand,
)
from benchmarks.account_work import record_work
from benchmarks.loading import load
from benchmarks.measure import Bench, Result, best
from domain.conditions import ALWAYS, Compared, Condition, Operator
from domain.site_options import SiteOptions
from examples.sample_ledger import write_sample_ledger
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Cut, Listing, Order, page, summary, total
from projections.query import Query, fetch, sql
from projections.view import Asked
from runtime.clock import business_date, now
from runtime.tenants import Tenant

ACCOUNTS = 100_000
INVOICES_PER_ACCOUNT = 5
NODES = 50
REPEATS = 3
MUST, WANT = 3.0, 1.5

_SUMMARY = ("due_total", "total_past_due", "avg_days_late", "dso")
"""The totals of the summary that is measured."""


def measure(bench: Bench, size: int) -> list[Result]:  # noqa: ARG001
    """Measure the lists, their counts, a summary and the dashboard."""
    tenant = _loaded(bench)
    with bench.database.connect("worker") as connection:
        bench.log("what collectors did about the accounts")
        events = record_work(bench, connection, tenant)
        bench.log(f"{events:,} events of it are in the read models")
        connection.execute("SET search_path = read_models, public")
        connection.execute("VACUUM ANALYZE")
        today = business_date(now(), "UTC")
        return [
            *measured(connection, tenant.id, today, bench.log),
            dashboard.measured(bench, connection, tenant, today, ACCOUNTS),
        ]


def _loaded(bench: Bench) -> Tenant:
    """Return a tenant with the accounts and their documents."""
    bench.log(f"a ledger of {ACCOUNTS:,} accounts")
    folder = bench.folder / "accounts"
    write_sample_ledger(
        folder,
        invoices=ACCOUNTS * INVOICES_PER_ACCOUNT,
        last_date=business_date(now(), "UTC"),
        invoices_per_customer=INVOICES_PER_ACCOUNT,
    )
    tenant = bench.new_tenant("accounts")
    assert bench.database.server is not None
    load(bench.database.server.home, tenant.name, folder)
    return tenant


def measured(
    connection: Connection[Any], tenant: int, on: date, log: Callable[[str], None]
) -> list[Result]:
    """Measure all questions in a tenant, on a connection that reads."""
    options = SiteOptions()
    asked = Asked(tenant, options, on)
    parameters = {"tenant": tenant, "on": on, "apr": options.credit_apr}
    results: list[Result] = []

    def compare(work: str, ours: Query[Any], by_hand: str, more: Mapping[str, Any]) -> None:
        """Compare a question with its SQL by hand, whose columns the answers begin with."""
        hand = Query(sql(by_hand), {**parameters, **more}, _values)
        answers = fetch(connection, Query(ours.statement, ours.parameters, _values))
        expected = fetch(connection, hand)
        assert [one[: len(two)] for one, two in zip(answers, expected, strict=True)] == expected
        seconds, limit = best(
            lambda: fetch(connection, ours), lambda: fetch(connection, hand), REPEATS
        )
        log(f"{work}: {seconds * 1000:.0f} ms, by hand {limit * 1000:.0f} ms")
        results.append(
            Result(
                work,
                ACCOUNTS,
                f"{seconds * 1000:.1f} ms",
                f"SQL by hand: {limit * 1000:.1f} ms",
                seconds / limit,
                MUST,
                WANT,
                times=True,
            )
        )

    for one in questions(", ".join(f"{bound:f}" for bound in options.size_ranges)):
        name = f"{one.field} ({one.family})"
        listing = _listing(asked, one)
        compare(f"accounts by {name}", page(listing, Cut(NODES)), _page_by_hand(one), {})
        compare(
            f"how many accounts by {name}",
            total(_listing(asked, one, Compared(one.field, Operator.GT, one.above))),
            _count_by_hand(one),
            {"above": one.above},
        )
    whole = Listing(ACCOUNT_VIEW, asked, ())
    compare("summary of all accounts", summary(whole, _SUMMARY), summary_by_hand(), {})
    by_key = ("company_id", "cust_id", "broken_promise_count", "avg_days_late", "due_total")
    first = page(Listing(ACCOUNT_VIEW, asked, by_key), Cut(NODES))
    compare(f"first {NODES} accounts by key, 3 figures", first, first_by_key_by_hand(NODES), {})
    return results


def _listing(asked: Asked, question: Question, where: Condition = ALWAYS) -> Listing:
    select = ("company_id", "cust_id", question.field)
    return Listing(ACCOUNT_VIEW, asked, select, where, (Order(question.field, descending=True),))


def _count_by_hand(question: Question) -> str:
    """Return the SQL by hand of how many accounts there are above the value."""
    accounts = "" if question.absent is None else "JOIN accounts c USING (company_id, cust_id)"
    own = "" if question.absent is None else "c.tenant = %(tenant)s AND"
    return f"SELECT count(*) FROM ({question.by_hand}) v {accounts} WHERE {own} value > %(above)s"


def _page_by_hand(question: Question) -> str:
    """Return the SQL by hand of the first accounts by a figure, largest first."""
    figures = f"({question.by_hand}) v"
    if question.absent is not None:
        figures = f"""(
            SELECT company_id, cust_id, coalesce(v.value, {question.absent}) AS value
            FROM accounts c LEFT JOIN {figures} USING (company_id, cust_id)
            WHERE c.tenant = %(tenant)s
        ) c"""
    return f"""
        SELECT company_id, cust_id, value FROM {figures}
        ORDER BY value DESC NULLS LAST, company_id, cust_id LIMIT {NODES}"""


def _values(*values: Any) -> tuple[Any, ...]:
    """Return the values of a row."""
    return values
