"""Two agings compared: the documents that changed add up to what differs, and events say why."""

import random
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection

from domain.aging import Basis
from domain.shared.decider import Refused
from domain.site_options import SiteOptions
from projections.aging import AgingBy, aging_cells
from projections.aging_differences import AgingMoment, Compared
from projections.contributions import Part
from projections.query import answered, fetch
from runtime.aging_differences import (
    AgingDifference,
    ChangedDocument,
    aging_difference,
    changed_documents,
)
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import day
from tests.projections.test_worked_fields import OPTIONS, history, of_long_histories, some_date

PAGE = 5


def compare(connection: Connection[Any], compared: Compared, by: AgingBy) -> AgingDifference:
    return answered(connection, aging_difference(compared, by))


def pages(
    connection: Connection[Any], found: AgingDifference, *, backward: bool = False
) -> list[ChangedDocument]:
    """All documents that changed, one page after the other."""
    every: list[ChangedDocument] = []
    part = Part(PAGE, backward=backward)
    while True:
        some = answered(connection, changed_documents(found, part))
        every += reversed(some) if backward else some
        if len(some) < PAGE:
            return every
        edge = (some[0] if backward else some[-1]).record.place
        part = Part(PAGE, None, edge, backward=True) if backward else Part(PAGE, edge)


def added_up(changed: list[ChangedDocument], by: AgingBy) -> dict[Any, tuple[Decimal, int]]:
    """The differences of documents by group and bucket, without those that cancel out."""
    sums: dict[Any, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    for one in changed:
        for cell in one.record.cells:
            account = cell.cust_id if by is AgingBy.ACCOUNT else None
            key = (one.record.company_id, account, cell.bucket)
            amount, count = sums[key]
            sums[key] = (
                amount + cell.after - cell.before,
                count + cell.count_after - cell.count_before,
            )
    return {key: one for key, one in sums.items() if one != (0, 0)}


def differing(
    connection: Connection[Any], found: AgingDifference, by: AgingBy
) -> dict[Any, tuple[Decimal, int]]:
    """What differs between two agings, by group and bucket."""
    sums: dict[Any, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    compared = found.compared
    for moment, sign in ((compared.before, -1), (compared.after, 1)):
        query = aging_cells(
            compared.tenant,
            compared.options,
            as_of=moment.as_of,
            basis=compared.basis,
            by=by,
            known_at=moment.known_at,
        )
        for one in fetch(connection, query):
            key = (one.company_id, one.cust_id, one.bucket)
            amount, count = sums[key]
            sums[key] = amount + sign * one.amount, count + sign * one.count
    return {key: one for key, one in sums.items() if one != (0, 0)}


@of_long_histories(8)
@given(rng=st.randoms(use_true_random=False))
def test_documents_add_up_to_the_difference_of_any_two_agings(
    database: Database, rng: random.Random
) -> None:
    tenant, events = history(database, rng)
    check_differences(database, tenant, events, rng)


def test_differences_of_a_ledger_are_many(database: Database) -> None:
    rng = random.Random(61)
    tenant, events = history(database, rng)
    assert sum(check_differences(database, tenant, events, rng) for _ in range(6)) > 30


def check_differences(database: Database, tenant: Tenant, events: Any, rng: random.Random) -> int:
    """Compare two agings chosen at random; how many documents differ."""
    moments = sorted(rng.choice(events).recorded_at for _ in range(2))
    known: tuple[datetime, datetime | None] = (moments[0], rng.choice((moments[1], None)))
    as_of = some_date(rng, events)
    later = rng.choice((as_of, as_of, some_date(rng, events)))
    options, by, basis = rng.choice(OPTIONS), rng.choice(list(AgingBy)), rng.choice(list(Basis))
    before, after = AgingMoment(as_of, known[0]), AgingMoment(later, known[1])
    with database.connect("worker") as connection:
        found = compare(connection, Compared(tenant.id, options, before, after, basis), by)
        changed = pages(connection, found)
        backward = pages(connection, found, backward=True)
        assert added_up(changed, by) == differing(connection, found, by)
    assert [one.record for one in backward] == [one.record for one in reversed(changed)]
    assert found.equal
    assert found.count == len(changed)
    for one in changed:
        check_causes(one, found, same_date=as_of == later)
    return len(changed)


def check_causes(one: ChangedDocument, found: AgingDifference, *, same_date: bool) -> None:
    """The effects of events are the difference of the balance; between the moments if only they
    tell the agings apart.
    """
    effects = sum((event.effect or Decimal(0) for event in one.events), Decimal(0))
    assert effects == one.balance_after - one.balance_before
    first, last = found.positions
    if same_date:
        assert one.events
        assert all(first < event.position <= last for event in one.events)
    else:
        assert all(event.position <= last for event in one.events)


def test_the_same_aging_twice_differs_in_nothing(database: Database) -> None:
    rng = random.Random(62)
    tenant, events = history(database, rng)
    moment = AgingMoment(some_date(rng, events), rng.choice(events).recorded_at)
    compared = Compared(tenant.id, SiteOptions(), moment, moment, Basis.DUE)
    with database.connect("worker") as connection:
        found = compare(connection, compared, AgingBy.COMPANY)
        assert (found.groups, found.count, found.equal) == ([], 0, True)
        assert answered(connection, changed_documents(found, Part(9))) == []


@pytest.mark.parametrize("company_id", [None, "1"])
def test_one_company_is_compared_as_it_is_among_others(
    database: Database, company_id: str | None
) -> None:
    rng = random.Random(63)
    tenant, events = history(database, rng)
    early = events[len(events) // 3].recorded_at
    sides = AgingMoment(day(300), early), AgingMoment(day(320), None)
    with database.connect("worker") as connection:
        compared = Compared(tenant.id, SiteOptions(), *sides, Basis.DUE, company_id)
        found = compare(connection, compared, AgingBy.ACCOUNT)
        documents = {one.record.company_id for one in pages(connection, found)}
    assert {one.company for one in found.groups} == documents
    assert documents == ({"1", "2"} if company_id is None else {"1"})


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, datetime.fromisoformat("2026-01-01T00:00Z")), ("2026-01-02", "2026-01-01")],
)
def test_what_was_known_later_is_not_compared_the_wrong_way(
    database: Database, tenant: Tenant, before: Any, after: Any
) -> None:
    moments = [
        AgingMoment(day(1), datetime.fromisoformat(one) if isinstance(one, str) else one)
        for one in (before, after)
    ]
    compared = Compared(tenant.id, SiteOptions(), moments[0], moments[1], Basis.DUE)
    with database.connect("worker") as connection, pytest.raises(Refused) as refused:
        compare(connection, compared, AgingBy.COMPANY)
    assert refused.value.code == "known_backwards"
