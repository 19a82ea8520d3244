"""How days late moved from month to month, for the accounts of a list (KPI-04, KPI-09).

A document belongs to the month in which it was paid in full.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from projections.listing import Listing, keys_of
from projections.paid_documents import paid_documents
from projections.query import Query, sql

MONTHS = 6
"""Months of a trend, the last being that of the as-of date."""

_HUNDREDTH = Decimal("0.01")


class MonthPaid(Struct, frozen=True):
    """What accounts paid in full in a month: sums that averages are made of.

    `company_id` and `cust_id` are null where the whole list is summed up by home currency.
    """

    company_id: str | None
    cust_id: str | None
    home_curr_id: str
    month: date
    documents: int
    days_late: int
    amount: Decimal
    weighted: Decimal

    @property
    def avg_days_late(self) -> Decimal:
        """The plain average of days late."""
        return (Decimal(self.days_late) / self.documents).quantize(_HUNDREDTH, ROUND_HALF_UP)

    @property
    def avg_days_late_weighted(self) -> Decimal:
        """The average weighted by amounts."""
        return (self.weighted / self.amount).quantize(_HUNDREDTH, ROUND_HALF_UP)


def months_until(as_of: date) -> list[date]:
    """Return the first days of the months of a trend, the earliest first."""
    number = as_of.year * 12 + as_of.month - 1
    first = max(12, number - MONTHS + 1)  # January of year 1, before which there is no date
    return [date(one // 12, one % 12 + 1, 1) for one in range(first, number + 1)]


def month_ends(as_of: date) -> list[date]:
    """Return the last days of the months of a trend; of the last month the date itself."""
    starts = months_until(as_of)
    return [*(date.fromordinal(one.toordinal() - 1) for one in starts[1:]), as_of]


def every_month(paid: Iterable[MonthPaid], as_of: date) -> list[tuple[date, MonthPaid | None]]:
    """Return the months of a trend with what was paid in each; None where that was nothing."""
    found = {one.month: one for one in paid}
    return [(month, found.get(month)) for month in months_until(as_of)]


def paid_by_month(
    listing: Listing, accounts: Sequence[tuple[str, ...]] | None = None
) -> Query[MonthPaid]:
    """Return the question for what a list of accounts paid, by home currency and month.

    With `accounts`, for each of them by itself.
    """
    asked = listing.asked
    members, parameters = keys_of(listing)
    if accounts is None:
        own = ("NULL::text", "NULL::text")
    else:
        own = ("d.company_id", "d.cust_id")
        members = "SELECT * FROM unnest(%(companies)s::text[], %(customers)s::text[])"
        parameters["companies"] = [company_id for company_id, _ in accounts]
        parameters["customers"] = [cust_id for _, cust_id in accounts]
    parameters["first_month"] = months_until(asked.as_of)[0]
    statement = f"""
        SELECT {own[0]}, {own[1]}, d.home_curr_id, date_trunc('month', d.closed_on)::date,
               count(*), sum(d.days_late)::bigint, sum(d.amount_hc), sum(d.days_late * d.amount_hc)
        FROM ({paid_documents(asked, "doc.closing_tran_date >= %(first_month)s")}) d
        JOIN ({members}) AS m (company_id, cust_id)
          ON m.company_id = d.company_id AND m.cust_id = d.cust_id
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4"""
    return Query(sql(statement), parameters, MonthPaid)
