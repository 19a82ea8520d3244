"""The views of invoices, accounts and payments against plain arithmetic on the events."""

import random
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.aging import Basis, bucket
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.invoice import INVOICE, ImportInvoice, InvoiceDocument
from domain.payment import PAYMENT, ImportPayment, PaymentDocument
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Cut, Listing, page, total
from projections.payment_view import PAYMENT_VIEW
from projections.query import fetch
from projections.view import Asked, View
from runtime.database import Database
from runtime.tenants import Tenant
from tests.histories import DAYS, day
from tests.projections.ledger import Document, Item, documents, fill, open_items, request, streams
from tests.projections.running import append, fold
from tests.projections.test_aging import OPTIONS

Records = dict[tuple[Any, ...], dict[str, Any]]
"""Fields by name of each record, by key."""


def ask(
    database: Database, view: View, asked: Asked, fields: Iterable[str] | None = None
) -> Records:
    """All records of a view, with all fields or some."""
    select = tuple(field.name for field in view.fields) if fields is None else tuple(fields)
    listing = Listing(view, asked, select)
    with database.connect("worker") as connection:
        found = fetch(connection, page(listing, Cut(1_000)))
        assert fetch(connection, total(listing)) == [len(found)]
    told = [dict(zip(listing.columns, one.values, strict=True)) for one in found]
    return {tuple(one[name] for name in view.key): one for one in told}


def aged(items: Iterable[Item], as_of: date, options: SiteOptions) -> dict[str, Any]:
    """The aging fields of some amounts."""
    by_age, by_due = [], []
    for item in items:
        dates = (as_of, item.tran_date, item.late_from)
        unit = options.age_unit
        age = bucket(*dates, Basis.INVOICE, options.aging_boundaries_invoice, unit)
        due = bucket(*dates, Basis.DUE, options.aging_boundaries_due, unit)
        by_age.append((age, item.amount))
        by_due.append((due, item.amount))

    def summed(buckets: list[tuple[int, Decimal]], holds: Callable[[int], bool]) -> Decimal:
        return sum((amount for number, amount in buckets if holds(number)), Decimal(0))

    shown = by_age if options.aging_basis is Basis.INVOICE else by_due
    ages = ("age_future", "age_current", "age1", "age2", "age3", "age4")
    dues = ("due_age_future", "due_age_current", *(f"due_age{number}" for number in range(1, 6)))
    return {
        **{name: summed(by_age, lambda one, n=n: one == n) for n, name in enumerate(ages)},
        **{name: summed(by_due, lambda one, n=n: one == n) for n, name in enumerate(dues)},
        **{f"over{n}": summed(by_age, lambda one, n=n: one > n) for n in range(1, 5)},
        **{f"late_over{n}": summed(by_due, lambda one, n=n: one > n + 1) for n in range(1, 5)},
        "total_age": summed(by_age, lambda _: True),
        "total_past_due": summed(by_due, lambda one: one > 1),
        "over_current": summed(shown, lambda one: one > 1),
        "due_now": summed(by_due, lambda one: one > 0),
        "due_future": summed(by_due, lambda one: one == 0),
        "due_total": summed(by_due, lambda _: True),
    }


def invoice_plainly(one: Document, as_of: date, options: SiteOptions) -> dict[str, Any]:
    """The derived fields of a document on a date."""
    document, closed_on = one.plain.document, one.state.closed_on
    due = document.due_date or document.tran_date
    own, home = one.plain.open_on(as_of)
    counted = home if options.age_unapplied else max(home, Decimal(0))
    late_from = document.tran_date if home < 0 else due
    item = Item(document.company_id, document.cust_id, document.tran_date, late_from, counted)
    applied = [use.applied_on for use in one.state.applications.values() if use.applied_on <= as_of]
    closed_on = closed_on if closed_on is not None and closed_on <= as_of else None
    paid = round((document.amount - own) / document.amount * 100, 2) if document.amount else None
    return {
        "cust_id": document.cust_id,
        "balance": own,
        "balance_hc": home,
        "percent_paid": paid,
        "due_date_days": (as_of - due).days,
        "tran_date_days": (as_of - document.tran_date).days,
        "closing_tran_date": closed_on,
        "days_due_to_pay": (closed_on - due).days if closed_on else None,
        "pmt_count": len(applied),
        "last_pmt_date": max(applied, default=None),
        **aged([item], as_of, options),
    }


def account_plainly(items: list[Item], as_of: date, options: SiteOptions) -> dict[str, Any]:
    """The derived fields of an account on a date."""
    owed = [one for one in items if one.amount > 0]
    late = [one for one in owed if one.tran_date <= as_of and one.late_from < as_of]
    first = min((one.tran_date for one in owed), default=None)
    return {
        **aged(items, as_of, options),
        "no_over_due_inv": len(late),
        "open_documents": len(items),
        "oldest_tran_date_days": None if first is None else (as_of - first).days,
    }


def payments_plainly(
    events: list[Recorded], as_of: date, known_at: datetime | None
) -> dict[tuple[str, str], dict[str, Any]]:
    """The derived fields of payments on a date."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    known = documents(events, known_at)
    for stream, told in streams(events, known_at).items():
        if not stream.startswith("payment/") or told[-1].document.pmt_date > as_of:
            continue
        payment: PaymentDocument = told[-1].document
        uses = [
            one.state.applications[payment.payment_id]
            for one in known
            if one.plain.document.company_id == payment.company_id
            and payment.payment_id in one.state.applications
        ]
        by_then = sum((use.amount for use in uses if use.applied_on <= as_of), Decimal(0))
        later = sum((use.amount for use in uses if use.applied_on > as_of), Decimal(0))
        rest = payment.unapplied_amt
        found[payment.company_id, payment.payment_id] = {
            "pmt_date_days": (as_of - payment.pmt_date).days,
            "applied_amt": by_then,
            "unapplied_amt": payment.amount - by_then if rest is None else rest + later,
        }
    return found


def moments(rng: random.Random, events: list[Recorded]) -> list[datetime | None]:
    """Now, and some moments past."""
    return [None, *rng.sample(sorted({one.recorded_at for one in events}), 3)]


@pytest.mark.parametrize("seed", [11, 12])
def test_every_derived_field_agrees_with_plain_arithmetic_on_both_axes(
    database: Database, tenant: Tenant, seed: int
) -> None:
    rng = random.Random(seed)
    events = fill(database, tenant, rng)
    compared = 0
    for options in OPTIONS:
        for known_at in moments(rng, events):
            as_of = day(rng.randrange(50, DAYS + 20))
            asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)

            expected: Records = {
                one.key: invoice_plainly(one, as_of, options)
                for one in documents(events, known_at)
                if one.plain.effective_from <= as_of
            }
            found = ask(database, INVOICE_VIEW, asked)
            assert {key: only(one, expected[key]) for key, one in found.items()} == expected

            items = open_items(events, as_of, known_at, options)
            accounts = ask(database, ACCOUNT_VIEW, asked)
            assert {
                key: only(one, account_plainly([], as_of, options)) for key, one in accounts.items()
            } == {
                key: account_plainly(
                    [one for one in items if (one.company_id, one.cust_id) == key], as_of, options
                )
                for key in accounts
            }
            paid = payments_plainly(events, as_of, known_at)
            payments = ask(database, PAYMENT_VIEW, asked)
            assert {key: only(one, paid[key]) for key, one in payments.items()} == paid
            compared += len(found) + len(accounts) + len(paid)
    assert compared > 300


def only(record: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Some fields of a record."""
    return {name: record[name] for name in fields}


def invoiced(database: Database, tenant: Tenant, tran_date: date, *due: date | None) -> None:
    """Take over documents of a date, one for each due date: I0, I1 …"""
    for number, due_date in enumerate(due):
        document = InvoiceDocument(
            "1",
            f"I{number}",
            "A",
            tran_date,
            Decimal(10),
            "EUR",
            Decimal(10),
            "EUR",
            due_date=due_date,
        )
        command = ImportInvoice(document, tran_date)
        append(database, tenant, request(INVOICE, ("1", f"I{number}"), command))
    fold(database, tenant)


def days(database: Database, tenant: Tenant, as_of: date, field: str) -> list[int]:
    """A day count of each document on a date."""
    asked = Asked(tenant.id, SiteOptions(), as_of)
    found = ask(database, INVOICE_VIEW, asked, [field])
    return [found[key][field] for key in sorted(found)]


def test_v1_days_past_due_are_negative_before_the_due_date(
    database: Database, tenant: Tenant
) -> None:
    invoiced(database, tenant, date(2015, 1, 1), date(2015, 1, 10), date(2015, 1, 15))
    assert days(database, tenant, date(2015, 1, 7), "due_date_days") == [-3, -8]
    assert days(database, tenant, date(2015, 1, 10), "due_date_days") == [0, -5]
    assert days(database, tenant, date(2015, 1, 20), "due_date_days") == [10, 5]


def test_v2_terms_of_ten_and_of_thirty_days_are_ten_days_late_and_ten_early_after_twenty(
    database: Database, tenant: Tenant
) -> None:
    invoiced(database, tenant, date(2015, 1, 1), date(2015, 1, 11), date(2015, 1, 31))
    assert days(database, tenant, date(2015, 1, 21), "due_date_days") == [10, -10]


def test_v3_days_since_the_documents_date_are_calendar_days(
    database: Database, tenant: Tenant
) -> None:
    invoiced(database, tenant, date(2015, 1, 2), None)
    assert days(database, tenant, date(2015, 1, 15), "tran_date_days") == [13]


def test_v4_and_v5_and_v6_an_invoice_ages_from_future_to_late_in_both_sets(
    database: Database, tenant: Tenant
) -> None:
    invoiced(database, tenant, date(2015, 1, 1), date(2015, 3, 2), date(2015, 1, 31))
    ten, nothing = Decimal(10), Decimal(0)

    def fields(as_of: date, *names: str) -> list[list[Decimal]]:
        found = ask(database, INVOICE_VIEW, Asked(tenant.id, SiteOptions(), as_of), names)
        return [[found["1", number][name] for name in names] for number in ("I0", "I1")]

    late = fields(date(2015, 3, 15), "age2", "due_age1", "due_age2")
    assert late == [[ten, ten, nothing], [ten, nothing, ten]]
    for on in (date(2015, 1, 1), date(2015, 1, 31)):
        assert fields(on, "age_current", "due_age_current") == [[ten, ten], [ten, ten]]
    assert fields(date(2015, 2, 1), "age1", "due_age1") == [[ten, nothing], [ten, ten]]
    ahead = fields(date(2014, 6, 1), "age_future", "due_age_future", "due_now", "due_future")
    assert ahead == [[nothing] * 4] * 2  # nobody knew of it, and it did not count


def test_v6_an_invoice_dated_ahead_is_future_from_the_day_it_is_known(
    database: Database, tenant: Tenant
) -> None:
    document = InvoiceDocument(
        "1", "I1", "A", date(2015, 6, 1), Decimal(10), "EUR", Decimal(10), "EUR"
    )
    command = ImportInvoice(document, date(2015, 1, 1))
    append(database, tenant, request(INVOICE, ("1", "I1"), command))
    fold(database, tenant)
    names = ("age_future", "due_age_future", "due_future", "due_now", "total_past_due")
    asked = Asked(tenant.id, SiteOptions(), date(2015, 1, 1))
    (found,) = ask(database, INVOICE_VIEW, asked, names).values()
    assert [found[name] for name in names] == [10, 10, 10, 0, 0]


def test_of_a_document_that_is_posted_later_nothing_is_paid_yet(
    database: Database, tenant: Tenant
) -> None:
    document = InvoiceDocument(
        "1", "I1", "A", day(0), Decimal(10), "EUR", Decimal(10), "EUR", post_date=day(3)
    )
    imported = ImportInvoice(document, day(0), balance=Decimal(4))
    append(database, tenant, request(INVOICE, ("1", "I1"), imported))
    fold(database, tenant)
    for as_of, percent in ((day(2), None), (day(3), 60)):
        asked = Asked(tenant.id, SiteOptions(), as_of)
        (found,) = ask(database, INVOICE_VIEW, asked, ["percent_paid"]).values()
        assert found["percent_paid"] == percent


def test_v10_a_payment_of_yesterday_is_one_day_old_and_two_tomorrow(
    database: Database, tenant: Tenant
) -> None:
    payment = PaymentDocument("1", "P1", "A", date(2015, 1, 14), Decimal(10), "EUR")
    append(database, tenant, request(PAYMENT, ("1", "P1"), ImportPayment(payment)))
    append(database, tenant, request(COMPANY, ("1",), ImportCompany(CompanyDocument("1", "EUR"))))
    fold(database, tenant)
    for as_of, expected in ((date(2015, 1, 15), 1), (date(2015, 1, 16), 2)):
        asked = Asked(tenant.id, SiteOptions(), as_of)
        (found,) = ask(database, PAYMENT_VIEW, asked, ["pmt_date_days"]).values()
        assert found["pmt_date_days"] == expected


def test_an_account_is_listed_whatever_is_asked_of_it_though_nobody_told_of_its_company(
    database: Database, tenant: Tenant
) -> None:
    document = AccountDocument("1", "A", "Acme", credit_limit=Decimal(5))
    append(database, tenant, request(ACCOUNT, ("1", "A"), ImportAccount(document)))
    fold(database, tenant)
    asked = Asked(tenant.id, SiteOptions(), day(0))
    names = ["cust_name", "credit_limit", "total_age"]
    assert ask(database, ACCOUNT_VIEW, asked, names) == {
        ("1", "A"): {
            "company_id": "1",
            "cust_id": "A",
            "cust_name": "Acme",
            "credit_limit": 5,
            "home_curr_id": "USD",
            "total_age": 0,
        }
    }
