"""Aging from PostgreSQL against plain addition, at any date and as known at any moment."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.aging import AgeUnit, Basis, bucket, labels
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from projections.aging import AgingBy
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, day
from tests.loading import Cells, aging
from tests.projections.ledger import fill, open_items

OPTIONS = (
    SiteOptions(),
    SiteOptions(age_unapplied=True),
    SiteOptions((5, 10, 50, 200), (1, 2, 3, 4), AgeUnit.DAYS, age_unapplied=True),
    SiteOptions((1, 2, 3, 4), (1, 2, 6, 12), AgeUnit.MONTHS),
)


def plainly(
    events: list[Recorded],
    as_of: date,
    basis: Basis,
    by: AgingBy,
    known_at: datetime | None,
    options: SiteOptions,
) -> Cells:
    """The same aging, item by item."""
    boundaries = (
        options.aging_boundaries_invoice if basis is Basis.INVOICE else options.aging_boundaries_due
    )
    names = labels(basis, boundaries)
    cells: Cells = {}
    for item in open_items(events, as_of, known_at, options):
        account = item.cust_id if by is AgingBy.ACCOUNT else None
        number = bucket(as_of, item.tran_date, item.late_from, basis, boundaries, options.age_unit)
        key = (item.company_id, account, names[number])
        amount, count = cells.get(key, (Decimal(0), 0))
        cells[key] = amount + item.amount, count + 1
    return cells


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_aging_agrees_with_plain_addition_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    events = fill(database, tenant, rng)
    moments = [None, *rng.sample(sorted({one.recorded_at for one in events}), 4)]
    compared = 0
    for options in OPTIONS:
        for known_at in moments:
            as_of = day(rng.randrange(-10, DAYS + 20))
            for basis in Basis:
                for by in AgingBy:
                    found = aging(
                        database,
                        tenant,
                        as_of,
                        basis=basis,
                        by=by,
                        known_at=known_at,
                        options=options,
                    )
                    assert found == plainly(events, as_of, basis, by, known_at, options)
                    compared += len(found)
    assert compared > 100


def test_before_anything_was_known_nothing_was_open(database: Database, tenant: Tenant) -> None:
    fill(database, tenant, random.Random(4))
    early = datetime(2000, 1, 1, tzinfo=UTC)
    assert aging(database, tenant, day(200), known_at=early) == {}
    assert aging(database, tenant, date.min) == {}
    late = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
    assert aging(database, tenant, day(200), known_at=late) == aging(database, tenant, day(200))
