"""Payment schedules and instalments in SQL against plain arithmetic on the events."""

import random
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from application.handling import Consulted, Request
from domain.invoice import INVOICE
from domain.invoice import facts as invoice_facts
from domain.payment_schedule import (
    PAYMENT_SCHEDULE,
    CancelPaymentSchedule,
    PaymentScheduleCancelled,
    PaymentsScheduled,
    PlannedInstalment,
    SchedulePayments,
    open_parts,
)
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.payment_schedule_view import INSTALMENT_VIEW, PAYMENT_SCHEDULE_VIEW
from projections.view import Asked
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, day
from tests.projections.ledger import APPENDS, documents, fill, invoicing, random_import, streams
from tests.projections.running import append, fold
from tests.projections.test_views import ask, moments

D = Decimal


def change(rng: random.Random, document: Any) -> Request:
    """Somebody schedules a document that is open, or cancels what was scheduled."""
    facts = invoice_facts(document.state)
    on = day(rng.randrange(250, DAYS))
    command: Any = CancelPaymentSchedule(None, on)
    if facts is not None and facts.balance > 0 and rng.random() < 0.8:
        first = (facts.balance * rng.randrange(1, 10) / 10).quantize(D("0.01"))
        due = facts.tran_date.toordinal() + rng.randrange(100)
        amounts = [first, facts.balance - first]
        planned = tuple(
            PlannedInstalment(date.fromordinal(due + 30 * n), amount)
            for n, amount in enumerate(amounts)
        )
        command = SchedulePayments(planned, rng.choice((None, "plan")), on)
    consults = (Consulted(INVOICE, document.key, invoice_facts),)
    if isinstance(command, CancelPaymentSchedule):
        consults = ()
    return Request(PAYMENT_SCHEDULE, document.key, command, "t", on, "t", "t", consults=consults)


def holding(told: Sequence[Any], as_of: date) -> PaymentsScheduled | None:
    """The schedule that holds on a date: whatever the last event by then says."""
    found: PaymentsScheduled | None = None
    for event in told:
        if isinstance(event, PaymentsScheduled) and event.scheduled_on <= as_of:
            found = event
        elif isinstance(event, PaymentScheduleCancelled) and event.cancelled_on <= as_of:
            found = None
    return found


def plainly(
    events: list[Recorded], as_of: date, known_at: datetime | None
) -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    """What is open of each instalment on a date as known at a moment, in both currencies."""
    known = {one.key: one for one in documents(events, known_at)}
    found: dict[tuple[Any, ...], tuple[Decimal, ...]] = {}
    for stream, told in streams(events, known_at).items():
        scheduled = holding(told, as_of) if stream.startswith("payment_schedule/") else None
        if scheduled is None:
            continue
        key = (scheduled.company_id, scheduled.tran_id)
        own, home = known[key].plain.open_on(as_of)
        parts = open_parts(own, [one.amount for one in scheduled.instalments])
        parts_hc = open_parts(home, [one.amount_hc for one in scheduled.instalments])
        for number, one in enumerate(scheduled.instalments, 1):
            left = parts[number - 1]
            paid = max(one.amount - left, D(0))
            found[*key, number] = (one.amount, paid, left, parts_hc[number - 1])
    return found


@pytest.mark.parametrize("seed", [21, 22])
def test_instalments_agree_with_plain_arithmetic_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    events = fill(database, tenant, rng)
    for _ in range(APPENDS):
        known = documents(events, None)
        append(database, tenant, *(change(rng, one) for one in rng.sample(known, 5)))
        append(database, tenant, *(invoicing(random_import(rng)) for _ in range(3)))
        with database.pool("app", size=1) as pool:
            events = PostgresLog(pool, tenant.id).page(0, 100_000)
        fold(database, tenant)
    compared = 0
    for known_at in [*moments(rng, events), *moments(rng, events)]:
        as_of = day(rng.randrange(250, DAYS + 20))
        asked = Asked(tenant.id, SiteOptions(), as_of, in_past=True, known_at=known_at)
        expected = plainly(events, as_of, known_at)
        fields = ["amount", "paid", "open", "open_hc"]
        found = ask(database, INSTALMENT_VIEW, asked, fields)
        assert {key: tuple(one[name] for name in fields) for key, one in found.items()} == expected
        schedules = ask(database, PAYMENT_SCHEDULE_VIEW, asked)
        assert set(schedules) == {key[:2] for key in expected}
        for key, one in schedules.items():
            parts = [values for other, values in expected.items() if other[:2] == key]
            assert one["amount"] == sum(values[0] for values in parts)
            assert (one["balance"], one["balance_hc"]) == (
                sum(values[2] for values in parts),
                sum(values[3] for values in parts),
            )
        compared += len(found)
    assert compared > 30
