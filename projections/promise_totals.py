"""What the accounts of a list promised, and what became of it (PRM-12, PRM-13).

Amounts are those promised, in the currency of the promise, and never mix currencies. The counts
are those of the accounts view, added up.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from projections.account_work import IS_PROMISE, UNSETTLED, WINDOWS, within
from projections.listing import Listing, keys_of
from projections.promises import PROMISES
from projections.query import Query, sql

_PROMISES = PROMISES.tables[0]

_KEPT = f"{IS_PROMISE} AND x.status = 'kept'"


_CONDITIONS: Mapping[str, str] = {
    "promises_open": f"{UNSETTLED} AND {IS_PROMISE}",
    "promises_kept": f"{_KEPT} AND x.settled_on <= %(as_of)s",
    "promises_broken": "x.broken_on <= %(as_of)s",
    **{
        f"promises_{state}_{interval.replace(' ', '_')}": condition
        for interval, _ in WINDOWS.values()
        for state, condition in (
            ("kept", f"{_KEPT} AND {within('x.settled_on', interval)}"),
            ("broken", within("x.broken_on", interval)),
        )
    },
}

PROMISE_FIGURES = tuple(_CONDITIONS)
"""What is told of promises, each as a count and an amount: open ones, kept and broken ones ever,
and kept and broken ones within each window."""


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
    members, parameters = keys_of(listing, "home_curr_id")
    figures = ",\n".join(f"{_count(one)}, {_amount(one)}" for one in _CONDITIONS.values())
    statement = f"""
        SELECT m.home_curr_id, x.curr_id, {figures}
        {_promises_of(listing, members)}
        GROUP BY 1, 2
        ORDER BY 1, 2"""
    return Query(sql(statement), parameters, _totals)


def promises_one_by_one(
    listing: Listing, name: str, *, counted: bool
) -> tuple[str, dict[str, Any]]:
    """Return the SQL of what each promise adds to one of `PROMISE_FIGURES`, and its parameters.

    Its columns are company_id, cust_id, home_curr_id, curr_id, promise_id, and `contribution`: 1
    for each that is `counted`, else what it promised.
    """
    members, parameters = keys_of(listing, "home_curr_id")
    condition = _CONDITIONS[name]
    figure = _count(condition) if counted else _amount(condition)
    statement = f"""
        SELECT x.company_id, x.cust_id, m.home_curr_id, x.curr_id, x.promise_id,
               {figure} AS contribution
        {_promises_of(listing, members)}
        GROUP BY 1, 2, 3, 4, 5"""
    return statement, parameters


def figure_of(totals: PromiseTotals, name: str) -> Counted:
    """Return the one of `PROMISE_FIGURES` that is called `name`."""
    places = list(_CONDITIONS)
    told = [totals.open, totals.kept, totals.broken]
    for window in totals.windows:
        told += [window.kept, window.broken]
    return told[places.index(name)]


def _count(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


def _amount(condition: str) -> str:
    return f"coalesce(sum(x.amount) FILTER (WHERE {condition}), 0)"


def _promises_of(listing: Listing, members: str) -> str:
    """Return FROM and WHERE of the promises (`x`) of the accounts `members` (`m`)."""
    return f"""FROM {listing.asked.rows(_PROMISES)} x
        JOIN ({members}) AS m (company_id, cust_id, home_curr_id)
          ON m.company_id = x.company_id AND m.cust_id = x.cust_id
        WHERE x.tenant = %(tenant)s AND x.made_on <= %(as_of)s
          AND ({IS_PROMISE} OR x.broken_on <= %(as_of)s)"""


def _totals(home_curr_id: str, curr_id: str, *figures: Any) -> PromiseTotals:
    """Return the totals of a row: pairs of a count and an amount, in the order of the question."""
    pairs = [Counted(*pair) for pair in zip(figures[::2], figures[1::2], strict=True)]
    windows = [
        PromiseWindow(label, kept, broken)
        for (label, _), kept, broken in zip(WINDOWS.values(), pairs[3::2], pairs[4::2], strict=True)
    ]
    return PromiseTotals(home_curr_id, curr_id, pairs[0], pairs[1], pairs[2], windows)
