"""The dashboard of all accounts, over HTTP. Limit: SQL by hand of its figures, one after another.

The query is that of examples/queries/dashboard.graphql, asked by one client. The statements by
hand know nothing of options that are not set, and sum up by company first, as each has one home
currency. All figures of both are compared.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from psycopg import Connection

from benchmarks.account_questions import OPEN, PAID, projected, sold
from benchmarks.measure import Bench, Result, best
from benchmarks.serving import Client, served
from domain.site_options import SiteOptions
from domain.size_ranges import SIZE_RANGES
from projections.account_joins import PROJECTED_DAYS
from projections.query import sql
from projections.trends import month_ends
from runtime.tenants import Tenant

REPEATS = 5
MUST = 3.0

QUERY = Path(__file__).parent.parent / "examples" / "queries" / "dashboard.graphql"

_BOUNDARIES = (30, 60, 90, 120)
_WINDOWS = ("90 days", "6 months", "1 year", "2 years")

Parameters = Mapping[str, Any]
Row = Sequence[Any]


def measured(
    bench: Bench, connection: Connection[Any], tenant: Tenant, on: date, accounts: int
) -> Result:
    """Measure the dashboard of all accounts of a tenant; `connection` is for the SQL by hand."""
    statements = [
        (name, sql(text), {"tenant": tenant.id, **parameters})
        for name, text, parameters in _by_hand(SiteOptions(), on)
    ]

    def by_hand() -> dict[str, list[Row]]:
        return {
            name: connection.execute(statement, parameters).fetchall()
            for name, statement, parameters in statements
        }

    with (
        served(bench.database, tenant) as api,
        api.client(QUERY.read_text(), {"scope": "ALL"}) as client,
    ):
        expected = by_hand()
        _compare(_told(client), expected)
        seconds, limit = best(client.ask, by_hand, REPEATS)
    return Result(
        "GraphQL dashboard of all accounts over HTTP, one client",
        accounts,
        f"{seconds * 1000:,.0f} ms",
        f"SQL by hand: {limit * 1000:,.0f} ms",
        seconds / limit,
        MUST,
        times=True,
    )


def _by_hand(options: SiteOptions, on: date) -> Iterator[tuple[str, str, Parameters]]:
    """Yield the statements by name, with the parameters that they have beside the tenant."""
    today = {"on": on, "apr": options.credit_apr}
    sizes = "ARRAY[{}]::numeric[]".format(", ".join(f"{one:f}" for one in SIZE_RANGES))
    yield "open", _open(), today
    yield "paid", _paid(sizes), today
    yield "projected", _projected(sizes), today
    yield "promises", _promises(), today
    yield "days late", _days_late(), today | {"first": month_ends(on)[0].replace(day=1)}
    for end in month_ends(on):
        yield f"dso {end}", _dso(), {"on": end}


def _by_currency(figures: str, names: Sequence[str], key: str = "") -> str:
    """Return the SQL of sums by company, added up by home currency and the columns `key`."""
    also = f", {key}" if key else ""
    sums = ", ".join(f"sum({name})" for name in names)
    return f"""
        SELECT h.home_currency{also}, {sums} FROM companies h
        JOIN ({figures}) f USING (company_id)
        WHERE h.tenant = %(tenant)s GROUP BY h.home_currency{also} ORDER BY h.home_currency{also}"""


def _open() -> str:
    """Return the SQL of what is open: how much, what of it is late, the buckets, what it costs."""
    buckets = [
        f"coalesce(sum(balance_hc) FILTER (WHERE due_date < %(on)s::date - {after}"
        f" AND due_date >= %(on)s::date - {until}), 0) AS late_{number}"
        for number, (after, until) in enumerate(pairwise((0, *_BOUNDARIES, 100_000)))
    ]
    figures = f"""
        SELECT company_id, sum(balance_hc) AS total,
               sum(balance_hc) FILTER (WHERE due_date < %(on)s) AS past_due,
               coalesce(sum(balance_hc) FILTER (WHERE tran_date > %(on)s), 0) AS future,
               sum(balance_hc) FILTER (WHERE tran_date <= %(on)s AND due_date >= %(on)s)
                   AS current,
               {", ".join(buckets)},
               sum(whole * (%(on)s::date - tran_date)) * %(apr)s / 100 / 365 AS cost
        FROM ({OPEN}) o GROUP BY 1"""
    late = [f"late_{number}" for number in range(len(buckets))]
    return _by_currency(figures, ("total", "past_due", "cost", "future", "current", *late))


def _paid(sizes: str) -> str:
    """Return the SQL of the sums of days late, plain and weighted, by range of size."""
    figures = f"""
        SELECT company_id, width_bucket(amount_hc, {sizes}) AS size, count(*) AS documents,
               sum(days_late) AS days, sum(amount_hc) AS amount,
               sum(days_late * amount_hc) AS weighted
        FROM ({PAID}) p GROUP BY 1, 2"""
    return _by_currency(figures, ("documents", "days", "amount", "weighted"), "size")


def _projected(sizes: str) -> str:
    names = [f"within_{days}" for days in PROJECTED_DAYS]
    return _by_currency(projected(sizes, "company_id", PROJECTED_DAYS), names)


def _promises() -> str:
    """Return the SQL of promises that are open, and of those kept and broken by window."""
    conditions = ["promised_on <= %(on)s AND (settled_on IS NULL OR settled_on > %(on)s)"]
    for window in _WINDOWS:
        within = f"<= %(on)s AND {{0}} > %(on)s::date - interval '{window}'"
        kept = within.format("settled_on")
        conditions.append(f"promised_on <= %(on)s AND status = 'kept' AND settled_on {kept}")
        conditions.append(f"broken_on {within.format('broken_on')}")
    names = [f"promises_{number}" for number in range(len(conditions))]
    counts = ", ".join(
        f"count(*) FILTER (WHERE {one}) AS {name}"
        for one, name in zip(conditions, names, strict=True)
    )
    figures = f"""
        SELECT company_id, curr_id, {counts} FROM promises
        WHERE tenant = %(tenant)s AND made_on <= %(on)s GROUP BY 1, 2"""
    return _by_currency(figures, names, "curr_id")


def _days_late() -> str:
    """Return the SQL of the sums of days late, plain and weighted, by month."""
    figures = f"""
        SELECT company_id, date_trunc('month', closed_on)::date AS month, count(*) AS documents,
               sum(days_late) AS days, sum(amount_hc) AS amount,
               sum(days_late * amount_hc) AS weighted
        FROM ({PAID}) p WHERE closed_on >= %(first)s GROUP BY 1, 2"""
    return _by_currency(figures, ("documents", "days", "amount", "weighted"), "month")


def _dso() -> str:
    """Return the SQL of what was open on a date, and what was sold in the year before."""
    figures = f"""
        SELECT company_id, total, sales
        FROM (SELECT company_id, sum(balance_hc) AS total FROM ({OPEN}) o GROUP BY 1) o
        JOIN ({sold("company_id")}) s USING (company_id)"""
    return _by_currency(figures, ("total", "sales"))


_AVERAGES = ("avgDaysLate", "avgDaysLateWeighted")


def _compare(told: Mapping[str, Any], by_hand: Mapping[str, Sequence[Row]]) -> None:
    """Hold the figures of each home currency to those of the SQL by hand.

    What is open costs as much but for the cents, to which the API rounds it account by account.
    """
    assert list(told) == [currency for currency, *_ in by_hand["open"]]
    for currency, (cost, figures) in told.items():
        rows = {
            name: [row for first, *row in found if first == currency]
            for name, found in by_hand.items()
        }
        expected_cost, expected = _expected(rows)
        assert abs(cost - expected_cost) < expected_cost / 1000, (cost, expected_cost)
        assert figures == expected, (currency, figures, expected)


def _told(client: Client) -> dict[str, tuple[Decimal, dict[str, Any]]]:
    """Return what is open costs and the other figures of the API, by home currency."""
    answer = json.loads(client.ask(), parse_float=Decimal)
    assert "errors" not in answer, answer["errors"]
    groups = answer["data"]["dashboard"]["groups"]
    return {one["homeCurrId"]: (Decimal(_cost(one)), _figures(one)) for one in groups}


def _cost(group: Mapping[str, Any]) -> str:
    return group["totals"]["cocBalance"]["amount"]


def _figures(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a group of the API."""

    def number(value: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def amount(value: Mapping[str, str]) -> Decimal:
        return Decimal(value["amount"])

    totals = group["totals"]
    return {
        "open": [amount(totals[name]) for name in ("totalAge", "totalPastDue")],
        "aging": [amount(one["amount"]) for one in group["aging"]],
        "paid": [number(totals[name]) for name in (*_AVERAGES, "avgDaysToPayTotal")],
        "sizes": [number(one["avgDaysToPay"]) for one in group["daysToPayBySize"]],
        "projected": [amount(one["amount"]) for one in group["projectedPayments"]],
        "promises": {
            one["currId"]: [
                one["open"]["count"],
                *(
                    window[kind]["count"]
                    for window in one["windows"]
                    for kind in ("kept", "broken")
                ),
            ]
            for one in group["promises"]
        },
        "days late": [
            [one["documents"], *(number(one[name]) for name in _AVERAGES)]
            for one in group["daysLateTrend"]
        ],
        "dso now": number(totals["dso"]),
        "dso": [number(one["dso"]) for one in group["priorSixMonths"]["dso"]],
    }


def _expected(rows: Mapping[str, Sequence[Row]]) -> tuple[Decimal, dict[str, Any]]:
    """Return what is open costs and the same figures, made of the sums of the SQL by hand."""
    ((total, past_due, cost, *aging),) = rows["open"]
    documents, days, amount, weighted = map(sum, list(zip(*rows["paid"], strict=True))[1:])
    late = _rounded(days / documents)
    by_size = {size: _rounded(days / documents) for size, documents, days, *_ in rows["paid"]}
    dso = [
        _rounded(total * 365 / sales)
        for name, found in rows.items()
        if name.startswith("dso")
        for total, sales in found
    ]
    return cost, {
        "open": [total, past_due],
        "aging": aging,
        "paid": [late, _rounded(weighted / amount), late],
        "sizes": [by_size.get(size) for size in range(len(SIZE_RANGES) + 1)],
        "projected": rows["projected"][0],
        "promises": {currency: counts for currency, *counts in rows["promises"]},
        "days late": [
            [documents, _rounded(days / documents), _rounded(weighted / amount)]
            for _, documents, days, amount, weighted in rows["days late"]
        ],
        "dso now": dso[-1],
        "dso": dso,
    }


def _rounded(number: Any) -> Decimal:
    return Decimal(number).quantize(Decimal("0.01"), ROUND_HALF_UP)
