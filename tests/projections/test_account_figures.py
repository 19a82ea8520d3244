"""The figures of accounts against plain arithmetic on the events, one by one and all at once."""

import operator
import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg.sql import SQL

from domain.aging import Basis
from domain.conditions import Compared, Operator
from domain.invoice import ImportInvoice
from domain.shared.streams import stream_name
from domain.site_options import SiteOptions
from domain.size_ranges import RANGES, size_range
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.account_joins import EACH, PROJECTED_DAYS
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Cut, Listing, Order, page, summary, total
from projections.query import fetch
from projections.view import Asked, View
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, day
from tests.projections.ledger import Document, documents, fill, invoicing, open_items, streams
from tests.projections.running import append, fold
from tests.projections.test_payment_schedule_view import change, holding
from tests.projections.test_views import Records, moments

CENT = Decimal("0.01")
OPTIONS = [
    SiteOptions(size_ranges=(Decimal(100), Decimal(200), Decimal("350.5"))),
    SiteOptions(size_ranges=(), credit_apr=8, age_unapplied=True, exclude_invoices_before=day(100)),
    SiteOptions(size_ranges_automatic=True, aging_basis=Basis.INVOICE),
]


def rounded(value: Decimal, to: Decimal = CENT) -> Decimal:
    return value.quantize(to, rounding=ROUND_HALF_UP)


def mean(values: Sequence[int]) -> Decimal | None:
    return Decimal(sum(values)) / len(values) if values else None


def rounded_mean(values: Sequence[int]) -> Decimal | None:
    found = mean(values)
    return None if found is None else rounded(found)


class Paid:
    """A document that was paid in full."""

    def __init__(self, one: Document, options: SiteOptions, planned: Sequence[Any] = ()) -> None:
        """`planned` is what is known of its payment schedules."""
        document, closed_on = one.plain.document, one.state.closed_on
        assert closed_on is not None
        due = document.due_date or document.tran_date
        schedule = holding(planned, closed_on)
        self.scheduled = schedule is not None
        if schedule is not None:
            due = schedule.instalments[-1].due_date
        base = document.tran_date if options.aging_basis is Basis.INVOICE else due
        early = options.exclude_invoices_before
        self.account = document.company_id, document.cust_id
        self.amount = document.amount_hc
        self.days_late = (closed_on - due).days
        counts = early is None or document.tran_date >= early
        self.days_to_pay = (closed_on - base).days if counts else None


def bounds_of(paid: Iterable[Paid], options: SiteOptions) -> Sequence[Decimal]:
    """The bounds of the ranges of size; worked out as the n-sevenths of the amounts in order."""
    if not options.size_ranges_automatic:
        return options.size_ranges
    amounts = sorted(one.amount for one in paid)
    if not amounts:
        return ()
    # The first amount at or beyond each share of them, as percentile_disc has it.
    cuts = {amounts[max(0, -(-part * len(amounts) // RANGES) - 1)] for part in range(1, RANGES)}
    return sorted(cuts)


def plainly(
    account: tuple[str, str],
    known: Sequence[Document],
    paid: Sequence[Paid],
    items: Decimal,
    as_of: date,
    options: SiteOptions,
) -> dict[str, Any]:
    """The figures of one account on a date; `items` is everything that ages of it."""
    bounds = bounds_of(paid, options)
    own = [one for one in paid if one.account == account]
    late = [one.days_late for one in own]
    amount = sum((one.amount for one in own), Decimal(0))
    weighted = sum((one.days_late * one.amount for one in own), Decimal(0))
    counted = [one for one in own if one.days_to_pay is not None]
    mine = [
        one
        for one in known
        if (one.plain.document.company_id, one.plain.document.cust_id) == account
    ]
    sales = sum(
        (
            one.plain.document.amount_hc
            for one in mine
            if as_of - timedelta(365) < one.plain.document.tran_date <= as_of
            and one.plain.effective_from <= as_of
        ),
        Decimal(0),
    )
    within = dict.fromkeys(PROJECTED_DAYS, Decimal(0))
    for one in mine:
        balance = one.plain.open_on(as_of)[1]
        if balance <= 0:
            continue
        document = one.plain.document
        number = size_range(document.amount_hc, bounds)
        alike = mean([o.days_late for o in own if size_range(o.amount, bounds) == number])
        habit = alike if alike is not None else mean(late)
        days = int(rounded(habit, Decimal(1))) if habit is not None else 0
        on = max(as_of, (document.due_date or document.tran_date) + timedelta(days))
        for limit in PROJECTED_DAYS:
            within[limit] += balance if on <= as_of + timedelta(limit) else 0
    plain_mean = mean(late)
    diff = None
    if plain_mean is not None and amount:
        diff = rounded(plain_mean - weighted / amount)
    return {
        "avg_days_late": rounded_mean(late),
        "avg_days_late_weighted": rounded(weighted / amount) if amount else None,
        "avg_days_late_diff": diff,
        "avg_days_count_total": len(own),
        "avg_days_sum_total": sum(late),
        "avg_days_amt_total": amount,
        "avg_days_weighted_total": weighted,
        "avg_days_to_pay_total": rounded_mean([one.days_to_pay or 0 for one in counted]),
        "days_to_pay_count": len(counted),
        "days_to_pay_sum": sum(one.days_to_pay or 0 for one in counted),
        **{
            f"avg_days_to_pay{number + 1}": rounded_mean(
                [
                    one.days_to_pay or 0
                    for one in counted
                    if size_range(one.amount, bounds) == number
                ]
            )
            for number in range(RANGES)
        },
        "sales": sales,
        "dso": rounded(items / sales * 365) if sales else None,
        "daily_carry": rounded(items * options.credit_apr / 100 / 365),
        **{f"proj_pmts{limit}_days": within[limit] for limit in PROJECTED_DAYS},
    }


def asked_for(
    database: Database, asked: Asked, select: tuple[str, ...], order: tuple[Order, ...] = ()
) -> Records:
    """All accounts, with some fields, in an order."""
    listing = Listing(ACCOUNT_VIEW, asked, select, order=order)
    with database.connect("worker") as connection:
        found = fetch(connection, page(listing, Cut(1_000)))
    told = [dict(zip(listing.columns, one.values, strict=True)) for one in found]
    return {(one["company_id"], one["cust_id"]): one for one in told}


@pytest.mark.parametrize("seed", [21, 22])
def test_figures_agree_with_plain_arithmetic_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    events = fill(database, tenant, rng)
    compared = 0
    for options in OPTIONS:
        for known_at in moments(rng, events):
            as_of = day(rng.randrange(150, DAYS + 60))
            asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)
            known = documents(events, known_at)
            paid = [
                Paid(one, options)
                for one in known
                if one.state.closed_on is not None
                and one.state.closed_on <= as_of
                and one.plain.document.amount_hc > 0
            ]
            items = open_items(events, as_of, known_at, options)
            expected = {
                key: plainly(key, known, paid, owed(items, key), as_of, options)
                for key in asked_for(database, asked, ())
            }
            names = tuple(next(iter(expected.values()), ()))
            found = asked_for(database, asked, names)
            assert {key: {n: one[n] for n in names} for key, one in found.items()} == expected
            compared += len(found)
    assert compared > 50


def events_of(database: Database, tenant: Tenant) -> Sequence[Recorded]:
    """Everything in the log."""
    with database.pool("app", size=1) as pool:
        return PostgresLog(pool, tenant.id).page(0, 100_000)


@pytest.mark.parametrize("seed", [27, 28])
def test_a_document_paid_in_instalments_was_due_with_the_last_one(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    filled = fill(database, tenant, rng)
    known = documents(filled, None)
    append(
        database, tenant, *(invoicing(ImportInvoice(one.plain.document, day(250))) for one in known)
    )
    for _ in range(4):
        known = documents(events_of(database, tenant), None)
        append(database, tenant, *(change(rng, one) for one in known))
        paying = [
            ImportInvoice(one.plain.document, day(rng.randrange(300, DAYS)), Decimal(0))
            for one in rng.sample(known, len(known) // 3)
        ]
        append(database, tenant, *map(invoicing, paying))
    fold(database, tenant)
    events = events_of(database, tenant)
    compared = 0
    for options in OPTIONS:
        for known_at in moments(rng, events[len(filled) :]):
            as_of = day(rng.randrange(350, DAYS + 20))
            asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)
            known, told = documents(events, known_at), streams(events, known_at)
            paid = [
                Paid(one, options, told.get(stream_name("payment_schedule", *one.key), ()))
                for one in known
                if one.state.closed_on is not None
                and one.state.closed_on <= as_of
                and one.plain.document.amount_hc > 0
            ]
            expected = {
                key: plainly(key, known, paid, Decimal(0), as_of, options)
                for key in asked_for(database, asked, ())
            }
            names = tuple(
                name for name in next(iter(expected.values()), ()) if name.startswith(PAID)
            )
            found = asked_for(database, asked, names)
            assert {key: {n: one[n] for n in names} for key, one in found.items()} == {
                key: {n: one[n] for n in names} for key, one in expected.items()
            }
            compared += sum(one.scheduled for one in paid)
    assert compared > 20


PAID = ("avg_days", "days_to_pay")
"""How the names of figures begin that only tell of what was paid."""


def owed(items: Iterable[Any], account: tuple[str, str]) -> Decimal:
    return sum(
        (one.amount for one in items if (one.company_id, one.cust_id) == account), Decimal(0)
    )


FIGURES = [field.name for field in ACCOUNT_VIEW.fields if set(field.needs) & set(EACH)]


def test_ordered_by_a_figure_accounts_show_what_they_show_one_by_one(
    database: Database, tenant: Tenant
) -> None:
    rng = random.Random(23)
    events = fill(database, tenant, rng)
    compared = 0
    for options in OPTIONS:
        known_at = rng.choice(moments(rng, events))
        asked = Asked(tenant.id, options, day(rng.randrange(150, DAYS + 60)), known_at=known_at)
        one_by_one = asked_for(database, asked, tuple(FIGURES))
        for name in FIGURES:
            order = (Order(name, descending=True),)
            together = asked_for(database, asked, (name,), order)
            values = [one[name] for one in together.values() if one[name] is not None]
            assert values == sorted(values, reverse=True)
            assert {key: one[name] for key, one in together.items()} == {
                key: one[name] for key, one in one_by_one.items()
            }
            compared += len(together)
    assert compared > 300


def test_comparisons_with_a_figure_hold_of_accounts_that_have_none_as_of_zero(
    database: Database, tenant: Tenant
) -> None:
    fill(database, tenant, random.Random(25))
    asked = Asked(tenant.id, OPTIONS[0], day(200), in_past=True)
    names = ("due_total", "late_over1", "no_over_due_inv", "open_documents", "open_issue_cnt")
    told = asked_for(database, asked, names).values()
    compares = {
        Operator.EQ: operator.eq,
        Operator.NE: operator.ne,
        Operator.LT: operator.lt,
        Operator.LTE: operator.le,
        Operator.GT: operator.gt,
        Operator.GTE: operator.ge,
    }
    with database.connect("worker") as connection:
        for name in names:
            assert any(one[name] == 0 for one in told)
            for value in {-1, 0, 1, *(int(one[name]) for one in told)}:
                for compared, holds in compares.items():
                    listing = Listing(ACCOUNT_VIEW, asked, (), Compared(name, compared, value))
                    expected = sum(holds(one[name], value) for one in told)
                    assert fetch(connection, total(listing)) == [expected], (name, compared, value)


@pytest.mark.parametrize("view", [ACCOUNT_VIEW, INVOICE_VIEW], ids=["accounts", "invoices"])
def test_the_whole_and_the_single_form_of_each_join_agree(
    database: Database, tenant: Tenant, view: View
) -> None:
    fill(database, tenant, random.Random(24))
    asked = Asked(tenant.id, replace(OPTIONS[0], age_unapplied=True), day(300))
    figures = [field for field in view.fields if set(field.needs) & set(view.each)]
    fields = [*(view.field(name) for name in view.key), *figures]
    columns = ", ".join(field.sql for field in fields)
    with database.connect("worker") as connection:
        rows = [
            sorted(
                map(
                    repr,
                    connection.execute(
                        f"SELECT {columns} {view.from_clause(asked, fields, few=few)}"
                        f" WHERE {view.where(asked)}".encode(),
                        asked.parameters,
                    ).fetchall(),
                )
            )
            for few in (True, False)
        ]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 1


def plans(plan: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """A plan of a statement and all plans within it."""
    yield plan
    for one in plan.get("Plans", ()):
        yield from plans(one)


@pytest.mark.parametrize(
    ("view", "name"),
    [
        (ACCOUNT_VIEW, "avg_days_to_pay7"),
        (ACCOUNT_VIEW, "proj_pmts7_days"),
        (INVOICE_VIEW, "proj_pmt_date"),
    ],
)
@pytest.mark.parametrize("ordered", [False, True], ids=["one by one", "all at once"])
def test_computed_ranges_of_size_are_worked_out_once_a_figure_not_for_every_document(
    database: Database, tenant: Tenant, view: View, name: str, *, ordered: bool
) -> None:
    fill(database, tenant, random.Random(27))
    asked = Asked(tenant.id, OPTIONS[2], day(390))
    order = (Order(name),) if ordered else ()
    query = page(Listing(view, asked, (name,), order=order), Cut(1_000))
    with database.connect("worker") as connection:
        explained = connection.execute(
            SQL("EXPLAIN (ANALYZE, VERBOSE, TIMING OFF, FORMAT JSON) ") + query.statement,
            query.parameters,
        ).fetchone()
    assert explained is not None
    ((told,),) = explained
    loops = [
        one["Actual Loops"]
        for one in plans(told["Plan"])
        if any(output.startswith("percentile_disc(") for output in one.get("Output", ()))
        and one["Node Type"] == "Aggregate"
    ]
    assert 1 <= sum(loops) <= (4 if ordered else 2)


@pytest.mark.parametrize("view", [ACCOUNT_VIEW, INVOICE_VIEW], ids=["accounts", "invoices"])
def test_a_list_is_summed_up_by_currency(database: Database, tenant: Tenant, view: View) -> None:
    fill(database, tenant, random.Random(25))
    asked = Asked(tenant.id, OPTIONS[1], day(320))
    sums = [one.name for one in view.totals if one.sql.startswith("coalesce(sum(")]
    listing = Listing(view, asked, tuple(sums), where=Compared("company_id", Operator.EQ, "2"))
    with database.connect("worker") as connection:
        (told,) = fetch(connection, summary(listing, [one.name for one in view.totals]))
        records = fetch(connection, page(listing, Cut(1_000)))
    names = [*view.summed_by, "count", *(one.name for one in view.totals)]
    found = dict(zip(names, told.values, strict=True))
    assert found["count"] == len(records)
    for name in sums:
        place = listing.columns.index(name)
        known = [one.values[place] for one in records if one.values[place] is not None]
        assert found[name] == sum(known, Decimal(0)), name
    assert {one.name for one in view.totals} - set(sums)


def test_averages_of_a_list_are_made_of_the_sums_of_its_accounts(
    database: Database, tenant: Tenant
) -> None:
    events = fill(database, tenant, random.Random(26))
    options, as_of = OPTIONS[0], day(380)
    asked = Asked(tenant.id, options, as_of)
    known = documents(events, None)
    paid = [
        Paid(one, options)
        for one in known
        if one.state.closed_on is not None
        and one.state.closed_on <= as_of
        and one.plain.document.amount_hc > 0
    ]
    late = [one.days_late for one in paid]
    amount = sum((one.amount for one in paid), Decimal(0))
    weighted = sum((one.days_late * one.amount for one in paid), Decimal(0))
    sized = [size_range(one.amount, options.size_ranges) for one in paid]
    listing = Listing(ACCOUNT_VIEW, asked, ())
    averages = ["avg_days_late", "avg_days_late_weighted", "avg_days_to_pay_total"]
    averages += [f"avg_days_to_pay{number}" for number in range(1, RANGES + 1)]
    with database.connect("worker") as connection:
        (told,) = fetch(connection, summary(listing, averages))
    assert told.values[2:] == (
        rounded_mean(late),
        rounded(weighted / amount),
        rounded_mean([one.days_to_pay or 0 for one in paid]),
        *(
            rounded_mean(
                [one.days_to_pay or 0 for one, n in zip(paid, sized, strict=True) if n == r]
            )
            for r in range(RANGES)
        ),
    )
