"""What the accounts of a list promised, and what became of it (PRM-12, PRM-13).

Amounts are those promised, in the currency of the promise, and never mix currencies. The counts
are those of the accounts view, added up.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from projections.account_work import IS_PROMISE, UNSETTLED, WINDOWS, within
from projections.listing import Listing, keys_of
from projections.promises import PROMISES
from projections.query import Query, sql

_PROMISES = PROMISES.tables[0]

_KEPT = f"{IS_PROMISE} AND x.status = 'kept'"


class Counted(Struct, frozen=True):
    """A number of promises and what they promised together."""

    count: int = 0
    amount: Decimal = Decimal(0)


class PromiseWindow(Struct, frozen=True):
    """Promises that were kept and broken in a time up to the date, such as 6 months."""

    label: str
    kept: Counted
    broken: Counted


class PromiseTotals(Struct, frozen=True):
    """Promises in one currency of accounts in one home currency; each window holds those before."""

    home_curr_id: str
    curr_id: str
    open: Counted
    kept: Counted
    broken: Counted
    windows: Sequence[PromiseWindow]


def promise_totals(listing: Listing) -> Query[PromiseTotals]:
    """Return the question for the promises of a list of accounts, by home and own currency."""
    asked = listing.asked
    members, parameters = keys_of(listing, "home_curr_id")
    conditions = [
        f"{UNSETTLED} AND {IS_PROMISE}",
        f"{_KEPT} AND x.settled_on <= %(as_of)s",
        "x.broken_on <= %(as_of)s",
    ]
    for interval, _ in WINDOWS.values():
        conditions.append(f"{_KEPT} AND {within('x.settled_on', interval)}")
        conditions.append(within("x.broken_on", interval))
    figures = ",\n".join(
        f"count(*) FILTER (WHERE {one}), coalesce(sum(x.amount) FILTER (WHERE {one}), 0)"
        for one in conditions
    )
    statement = f"""
        SELECT m.home_curr_id, x.curr_id, {figures}
        FROM {asked.rows(_PROMISES)} x
        JOIN ({members}) AS m (company_id, cust_id, home_curr_id)
          ON m.company_id = x.company_id AND m.cust_id = x.cust_id
        WHERE x.tenant = %(tenant)s AND x.made_on <= %(as_of)s
          AND ({IS_PROMISE} OR x.broken_on <= %(as_of)s)
        GROUP BY 1, 2
        ORDER BY 1, 2"""
    return Query(sql(statement), parameters, _totals)


def _totals(home_curr_id: str, curr_id: str, *figures: Any) -> PromiseTotals:
    """Return the totals of a row: pairs of a count and an amount, in the order of the question."""
    pairs = [Counted(*pair) for pair in zip(figures[::2], figures[1::2], strict=True)]
    windows = [
        PromiseWindow(label, kept, broken)
        for (label, _), kept, broken in zip(WINDOWS.values(), pairs[3::2], pairs[4::2], strict=True)
    ]
    return PromiseTotals(home_curr_id, curr_id, pairs[0], pairs[1], pairs[2], windows)
