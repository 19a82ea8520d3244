"""Every field of accounts and of documents against the same worked out plainly from the events.

Ledgers and what collectors do on them are made at random; the dates asked for lie anywhere, and
so do the moments as of whose knowledge it is told.
"""

import json
import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.account import AccountDocument, AccountOpened
from domain.aging import AgeUnit, Basis
from domain.credit_score import CreditScoreRange
from domain.invoice import InvoiceDocument, InvoiceRegistered
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.query import Query, fetch, sql
from projections.view import Asked, View
from runtime.database import Database
from runtime.tenants import Tenant, create_tenant
from tests.histories import day
from tests.histories_of_work import LAST, Desk
from tests.projections.running import fold
from tests.projections.test_folds import recorded
from tests.projections.worked import Figures, Key, Ledger
from tests.projections.worked_accounts import accounts
from tests.projections.worked_invoices import invoices

RANGES = (
    CreditScoreRange("0", "59", "#d0021b", "poor"),
    CreditScoreRange("60", "100", "#7ed321", "good"),
    CreditScoreRange("A", "AZ", "#4a90e2", "rated"),
)
SIZES = (110, 130, 260, 280, 920, 2_010)
OPTIONS = (
    SiteOptions(credit_score_ranges=RANGES, size_ranges=tuple(map(Decimal, SIZES))),
    SiteOptions(
        (5, 10, 50, 200),
        (1, 2, 3, 4),
        age_unapplied=True,
        aging_basis=Basis.INVOICE,
        credit_apr=8,
        size_ranges=(),
    ),
    SiteOptions(
        (1, 2, 3, 4),
        (1, 2, 6, 12),
        AgeUnit.MONTHS,
        size_ranges_automatic=True,
        exclude_invoices_before=day(200),
        credit_score_ranges=RANGES[:1],
    ),
    SiteOptions(age_unapplied=True, size_ranges_automatic=True, online_payments=True),
)
APPENDS = 24
"""Appends of nine commands that make up a history."""

VIEWS = {"accounts": (ACCOUNT_VIEW, accounts), "invoices": (INVOICE_VIEW, invoices)}


def shown(database: Database, view: View, asked: Asked, *, few: bool) -> dict[Key, Figures]:
    """All records with all fields, from joins that are made for few records or for all."""
    names = [field.name for field in view.fields]
    columns = ", ".join(field.sql for field in view.fields)
    tables = view.from_clause(asked, view.fields, few=few)
    statement = f"SELECT {columns} {tables} WHERE {view.where(asked)}"
    with database.connect("worker") as connection:
        rows = fetch(connection, Query(sql(statement), asked.parameters, lambda *values: values))
    found = [dict(zip(names, values, strict=True)) for values in rows]
    for one in found:
        if "sales_reps" in one:
            one["sales_reps"] = json.loads(one["sales_reps"])
    return {tuple(one[name] for name in view.key): one for one in found}


def differing(
    found: Mapping[Key, Figures], expected: Mapping[Key, Figures]
) -> dict[Key, dict[str, Any]]:
    """What is not the same, as pairs of what was found and what was expected."""
    return {
        key: {
            name: (found.get(key, {}).get(name), expected.get(key, {}).get(name))
            for name in {**found.get(key, {}), **expected.get(key, {})}
            if found.get(key, {}).get(name) != expected.get(key, {}).get(name)
        }
        for key in {**found, **expected}
        if found.get(key) != expected.get(key)
    }


def history(database: Database, rng: random.Random) -> tuple[Tenant, list[Recorded]]:
    """A tenant with a ledger that was worked on, folded, and its events."""
    tenant = create_tenant(database, f"t-{uuid4().hex}")
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        desk = Desk(log, rng)
        desk.open_up()
        desk.work(APPENDS)
        fold(database, tenant)
        return tenant, log.page(0, 100_000)


def some_date(rng: random.Random, events: list[Recorded]) -> date:
    """Any date; mostly one about which something happened."""
    any_date = day(rng.randrange(60, LAST + 60))
    happened = rng.choice(events).event.effective_on(any_date)
    return rng.choice((any_date, happened + timedelta(rng.randrange(-3, 9))))


def of_long_histories(examples: int) -> settings:
    """How often a property of long histories is tried."""
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.reuse, Phase.generate],  # a shorter history would take minutes to find
        suppress_health_check=[
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
            HealthCheck.too_slow,
        ],
    )


@of_long_histories(15)
@given(rng=st.randoms(use_true_random=False))
def test_every_field_is_what_the_events_say_on_both_axes(
    database: Database, rng: random.Random
) -> None:
    tenant, events = history(database, rng)
    for options in rng.sample(OPTIONS, 3):
        as_of = some_date(rng, events)
        known_at = rng.choice((None, rng.choice(events).recorded_at))
        asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)
        ledger = Ledger(events, as_of, known_at, options)
        for view, worked_out in VIEWS.values():
            expected = worked_out(ledger)
            few = rng.choice((False, True))
            assert differing(shown(database, view, asked, few=few), expected) == {}


def test_for_all_records_and_for_a_few_the_same_is_shown(database: Database) -> None:
    rng = random.Random(41)
    tenant, events = history(database, rng)
    for options in OPTIONS[:2]:
        for known_at in (None, rng.choice(events).recorded_at):
            as_of = some_date(rng, events)
            asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)
            for view, _ in VIEWS.values():
                whole = shown(database, view, asked, few=False)
                assert differing(shown(database, view, asked, few=True), whole) == {}
                assert whole or known_at is not None


@pytest.mark.parametrize("name", VIEWS)
def test_every_field_of_the_views_is_worked_out(name: str) -> None:
    told = [
        ("account/1/A", AccountOpened(AccountDocument("1", "A"))),
        (
            "invoice/1/I1",
            InvoiceRegistered(
                InvoiceDocument("1", "I1", "A", day(0), Decimal(1), "EUR", Decimal(1), "EUR"),
                day(0),
                day(0),
            ),
        ),
    ]
    view, worked_out = VIEWS[name]
    (fields,) = worked_out(Ledger(recorded([told]), day(9), None, SiteOptions())).values()
    assert set(fields) == {field.name for field in view.fields}
