"""Trends of days late: the months, and what accounts paid in each, against plain arithmetic."""

import random
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from domain.conditions import Compared, Operator
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Listing
from projections.query import fetch
from projections.trends import month_ends, months_until, paid_by_month
from projections.view import Asked
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import day
from tests.projections.ledger import documents, fill
from tests.projections.test_account_figures import OPTIONS, Paid


@pytest.mark.parametrize(
    ("as_of", "starts", "ends"),
    [
        (
            date(2026, 3, 15),
            [(2025, 10), (2025, 11), (2025, 12), (2026, 1), (2026, 2), (2026, 3)],
            date(2026, 2, 28),
        ),
        (
            date(2024, 3, 31),
            [(2023, 10), (2023, 11), (2023, 12), (2024, 1), (2024, 2), (2024, 3)],
            date(2024, 2, 29),
        ),
    ],
)
def test_a_trend_has_six_months_the_last_up_to_the_date(
    as_of: date, starts: list[tuple[int, int]], ends: date
) -> None:
    assert months_until(as_of) == [date(year, month, 1) for year, month in starts]
    assert month_ends(as_of)[-2:] == [ends, as_of]
    assert len(month_ends(as_of)) == 6


def test_the_first_months_of_all_have_none_before_them() -> None:
    assert months_until(date(1, 2, 3)) == [date(1, 1, 1), date(1, 2, 1)]
    assert month_ends(date(1, 2, 3)) == [date(1, 1, 31), date(1, 2, 3)]


def test_what_was_paid_in_a_month_agrees_with_plain_arithmetic(
    database: Database, tenant: Tenant
) -> None:
    events = fill(database, tenant, random.Random(31))
    as_of, options = day(399), OPTIONS[0]
    first = months_until(as_of)[0]
    expected: dict[tuple[str, str, date], list[Paid]] = defaultdict(list)
    for one in documents(events, None):
        closed_on = one.state.closed_on
        if closed_on and first <= closed_on <= as_of and one.plain.document.amount_hc > 0:
            paid = Paid(one, options)
            expected[*paid.account, closed_on.replace(day=1)].append(paid)

    asked = Asked(tenant.id, options, as_of)
    listing = Listing(ACCOUNT_VIEW, asked, ())
    accounts = [("1", "A"), ("1", "B"), ("2", "A"), ("2", "B")]
    only_one = Listing(ACCOUNT_VIEW, asked, (), Compared("company_id", Operator.EQ, "2"))
    with database.connect("worker") as connection:
        each = fetch(connection, paid_by_month(listing, accounts))
        together = fetch(connection, paid_by_month(only_one))

    assert {
        (one.company_id, one.cust_id, one.month): (one.documents, one.days_late, one.amount)
        for one in each
    } == {
        key: (len(paid), sum(p.days_late for p in paid), sum(p.amount for p in paid))
        for key, paid in expected.items()
    }
    for one in together:
        paid = [
            paid
            for (company_id, _, month), found in expected.items()
            for paid in found
            if company_id == "2" and month == one.month
        ]
        mean = Decimal(sum(p.days_late for p in paid)) / len(paid)
        weighted = sum((p.days_late * p.amount for p in paid), Decimal(0))
        amount = sum((p.amount for p in paid), Decimal(0))
        cent = Decimal("0.01")
        assert one.avg_days_late == mean.quantize(cent, ROUND_HALF_UP)
        assert one.avg_days_late_weighted == (weighted / amount).quantize(cent, ROUND_HALF_UP)
    assert len(together) > 1
