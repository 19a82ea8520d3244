"""Promises from export to outcome: each sync judges them by the dates of payments (PRM-08, C13)."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from application.handling import Consulted, Request, handle
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.invoice import INVOICE
from domain.invoice import facts as invoice_facts
from domain.promise import PROMISE, RecordExpectedPayment, WithdrawPromise
from domain.site_options import SiteOptions
from eventstore.postgres import PostgresLog
from projections.listing import Cut, Listing, page
from projections.promise_view import PROMISE_RECEIPT_VIEW, PROMISE_VIEW
from projections.query import fetch
from projections.view import Asked, View
from runtime import promise_judging
from runtime.database import Database
from runtime.read_models import check
from runtime.tenants import Tenant
from tests.loading import load, recorded_at, rejects, write_csv

INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id,amount_hc"
PAYMENTS = "company_id,payment_id,cust_id,pmt_date,amount,curr_id"
APPLICATIONS = "company_id,payment_id,tran_id,amount,applied_date"
D = Decimal


def on(number: int) -> date:
    """A day of January 2015."""
    return date(2015, 1, number)


class Ledger:
    """An export of a few invoices, synced day by day, and what was promised meanwhile."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.folder = folder
        self.payments: list[str] = []
        self.applications: list[str] = []
        rows = ["1,I1,A,2015-01-01,,100,EUR,", "1,I2,A,2015-01-01,,50,EUR,"]
        rows += ["1,I3,B,2015-01-01,,100,EUR,", "1,I4,A,2015-01-01,,100,USD,90"]
        write_csv(folder / "invoices.csv", INVOICES, rows)
        assert self.sync(1) > 0

    def sync(self, number: int) -> int:
        """Sync on a day; the same again adds nothing. Return the events."""
        write_csv(self.folder / "payments.csv", PAYMENTS, self.payments)
        write_csv(self.folder / "payment_applications.csv", APPLICATIONS, self.applications)
        told = [
            load(self.database, self.tenant, self.folder, business_date=on(number))
            for _ in range(2)
        ]
        assert rejects(told[0]) == []
        assert told[1].outcome.events == 0
        return told[0].outcome.events

    def pay(self, payment_id: str, number: int, amount: int, *tran_ids: str) -> None:
        """Tell of a payment of a day, applied a day later in equal shares to invoices."""
        self.payments.append(f"1,{payment_id},A,{on(number)},{amount},EUR")
        self.applications += [
            f"1,{payment_id},{one},{amount // len(tran_ids)},{on(number + 1)}" for one in tran_ids
        ]

    def promise(
        self, promise_id: str, *tran_ids: str, amount: int = 100, by: int = 10, **others: Any
    ) -> None:
        """Record a promise on the second day, to be kept by the tenth."""
        told: dict[str, Any] = {"promise": True, "curr_id": "EUR", "cust_id": "A"} | others
        command = RecordExpectedPayment(
            promise_id,
            "1",
            amount=D(amount),
            expect_date=on(by),
            business_date=on(2),
            tran_ids=tran_ids,
            **told,
        )
        consults = (
            Consulted(ACCOUNT, ("1", command.cust_id), account_facts),
            *(Consulted(INVOICE, ("1", one), invoice_facts) for one in tran_ids),
        )
        self.handle(promise_id, command, consults)

    def handle(self, promise_id: str, command: Any, consults: tuple[Consulted, ...] = ()) -> None:
        with self.database.pool("app", size=1) as pool:
            handle(
                PostgresLog(pool, self.tenant.id),
                Request(PROMISE, (promise_id,), command, "t", on(2), "t", "t", consults=consults),
            )

    def ask(
        self,
        view: View,
        fields: Iterable[str],
        as_of: int = 31,
        known_at: datetime | None = None,
    ) -> list[tuple[Any, ...]]:
        """The records of a view: their key and some fields."""
        asked = Asked(self.tenant.id, SiteOptions(), on(as_of), in_past=True, known_at=known_at)
        listing = Listing(view, asked, (view.key[0], *fields))
        with self.database.connect("worker") as connection:
            found = fetch(connection, page(listing, Cut(100)))
        places = [listing.columns.index(name) for name in listing.select]
        return [tuple(one.values[place] for place in places) for one in found]

    def outcomes(self, as_of: int = 31, known_at: datetime | None = None) -> list[tuple[Any, ...]]:
        fields = ("status", "settled_on", "actual_amt", "actual_date", "contradicted")
        return self.ask(PROMISE_VIEW, fields, as_of, known_at)

    def receipts(self, as_of: int = 31) -> list[tuple[Any, ...]]:
        fields = ("tran_id", "payment_id", "amount", "dated", "late")
        return self.ask(PROMISE_RECEIPT_VIEW, fields, as_of)


@pytest.fixture
def ledger(database: Database, tenant: Tenant, tmp_path: Path) -> Ledger:
    return Ledger(database, tenant, tmp_path)


def test_kept_in_time_by_the_payments_own_date(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.pay("P1", 10, 100, "I1")  # applied on the day after, when it is late already
    ledger.sync(15)
    assert ledger.outcomes() == [("p", "kept", on(10), D(100), on(10), False)]
    assert ledger.receipts() == [("p", "I1", "P1", D(100), on(10), False)]


def test_short_on_time_is_broken_and_what_comes_late_is_shown(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.pay("P1", 9, 60, "I1")
    ledger.sync(10)
    assert ledger.outcomes() == [("p", "open", None, D(60), on(9), False)]
    ledger.sync(11)
    assert ledger.outcomes() == [("p", "broken", on(11), D(60), on(9), False)]
    ledger.pay("P2", 12, 40, "I1")
    ledger.sync(15)
    assert ledger.outcomes() == [("p", "broken", on(11), D(100), on(12), False)]
    assert ledger.receipts() == [
        ("p", "I1", "P1", D(60), on(9), False),
        ("p", "I1", "P2", D(40), on(12), True),
    ]


def test_c13_late_but_full_between_two_syncs_is_broken(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.sync(9)
    ledger.pay("P1", 11, 100, "I1")
    ledger.sync(13)
    assert ledger.outcomes() == [("p", "broken", on(11), D(100), on(11), False)]


def test_an_export_of_another_company_does_not_break_a_promise(
    ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger.promise("p", "I1")
    other = tmp_path_factory.mktemp("other")
    write_csv(other / "invoices.csv", INVOICES, ["2,I1,A,2015-01-01,,100,EUR,"])
    load(ledger.database, ledger.tenant, other, business_date=on(12))
    assert ledger.outcomes() == [("p", "open", None, D(0), None, False)]
    ledger.pay("P1", 10, 100, "I1")  # what company 1 was paid by then comes with its own export
    ledger.sync(12)
    assert ledger.outcomes() == [("p", "kept", on(10), D(100), on(10), False)]


def test_g15_two_payments_to_two_invoices_keep_one_promise(ledger: Ledger) -> None:
    ledger.promise("p", "I1", "I2", amount=150)
    ledger.pay("P1", 3, 100, "I1")
    ledger.sync(4)
    ledger.pay("P2", 5, 50, "I2")
    ledger.sync(6)
    assert ledger.outcomes() == [("p", "kept", on(5), D(150), on(5), False)]
    assert ledger.outcomes(as_of=4) == [("p", "open", None, D(100), on(3), False)]
    assert ledger.outcomes(as_of=2) == [("p", "open", None, D(0), None, False)]
    assert ledger.outcomes(as_of=1) == []
    assert ledger.receipts(as_of=4) == [("p", "I1", "P1", D(100), on(3), False)]


def test_a_back_dated_payment_that_becomes_known_later_contradicts(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.sync(12)
    then = recorded_at(ledger.database, ledger.tenant)
    ledger.pay("P1", 8, 100, "I1")
    ledger.sync(14)
    assert ledger.outcomes() == [("p", "broken", on(11), D(100), on(8), True)]
    assert ledger.outcomes(known_at=then) == [("p", "broken", on(11), D(0), None, False)]
    assert ledger.outcomes(as_of=10) == [("p", "open", None, D(100), on(8), False)]


def test_a_payment_that_turns_out_void_contradicts(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.pay("P1", 8, 100, "I1")
    ledger.sync(9)
    assert ledger.outcomes() == [("p", "kept", on(8), D(100), on(8), False)]
    ledger.applications = ["1,P1,I1,0,2015-01-09"]
    ledger.sync(12)
    assert ledger.outcomes() == [("p", "kept", on(8), D(0), None, True)]


def test_a_payment_whose_date_is_corrected_is_told_with_it(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.pay("P1", 12, 100, "I1")
    ledger.sync(13)
    ledger.payments = ["1,P1,A,2015-01-10,100,EUR"]
    ledger.sync(14)
    assert ledger.outcomes() == [("p", "broken", on(11), D(100), on(10), True)]


def test_without_the_flag_it_is_missed(ledger: Ledger) -> None:
    ledger.promise("p", "I1", promise=False)
    ledger.sync(11)
    assert ledger.outcomes() == [("p", "missed", on(11), D(0), None, False)]


def test_without_invoices_payments_of_the_account_in_its_currency_count(ledger: Ledger) -> None:
    ledger.promise("p")
    ledger.promise("q", curr_id="USD")
    ledger.promise("r", cust_id="B")
    ledger.pay("P1", 1, 1000, "I3")  # before it was made
    ledger.pay("P2", 5, 100, "I3")
    ledger.sync(11)
    assert ledger.outcomes() == [
        ("p", "kept", on(5), D(100), on(5), False),
        ("q", "broken", on(11), D(0), None, False),
        ("r", "broken", on(11), D(0), None, False),
    ]
    assert ledger.receipts() == [("p", None, "P2", D(100), on(5), False)]


def test_a_balance_that_is_lowered_without_a_payment_counts_as_paid(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    header = INVOICES + ",balance,closing_tran_date"
    rows = ["1,I1,A,2015-01-01,,100,EUR,,0,2015-01-09"]
    write_csv(ledger.folder / "invoices.csv", header, rows)
    ledger.sync(12)
    assert ledger.outcomes() == [("p", "kept", on(9), D(100), on(9), False)]
    assert ledger.receipts() == [("p", "I1", None, D(100), on(9), False)]


def test_payments_after_it_was_kept_change_nothing(ledger: Ledger) -> None:
    ledger.promise("p", "I1", amount=60)
    ledger.pay("P1", 5, 60, "I1")
    ledger.sync(6)
    ledger.pay("P2", 7, 40, "I1")
    ledger.sync(8)
    assert ledger.outcomes() == [("p", "kept", on(5), D(60), on(5), False)]


def test_a_sync_of_an_earlier_date_takes_nothing_back(ledger: Ledger) -> None:
    ledger.promise("p", "I1")
    ledger.pay("P1", 8, 100, "I1")
    ledger.sync(9)
    assert ledger.sync(7) == 0
    assert ledger.outcomes() == [("p", "kept", on(8), D(100), on(8), False)]


def test_many_are_judged_page_by_page_and_neighbours_are_left_alone(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promise_judging, "PROPOSALS_MAX", 2)
    for number in range(5):
        ledger.promise(f"p{number}", "I1")
    ledger.promise("later", "I2", by=20)
    ledger.promise("withdrawn", "I1")
    ledger.handle("withdrawn", WithdrawPromise("Disputed.", on(3)))
    ledger.pay("P1", 11, 100, "I1")
    ledger.sync(12)
    assert ledger.outcomes() == [
        ("later", "open", None, D(0), None, False),
        *((f"p{number}", "broken", on(11), D(100), on(11), False) for number in range(5)),
        ("withdrawn", "withdrawn", on(3), D(0), None, False),
    ]
    assert check(ledger.database, ledger.tenant.id) == []


def test_v11_and_v12_days_are_counted_from_the_expected_date(ledger: Ledger) -> None:
    ledger.promise("p", "I1", by=3)
    ledger.pay("P1", 5, 100, "I1")
    ledger.sync(6)
    fields = ("expected_pay_days", "actual_pay_days", "broken", "broken_on")
    assert ledger.ask(PROMISE_VIEW, fields, as_of=2) == [("p", 1, None, False, None)]
    assert ledger.ask(PROMISE_VIEW, fields, as_of=4) == [("p", -1, None, True, on(4))]
    assert ledger.ask(PROMISE_VIEW, fields, as_of=6) == [("p", -3, 2, True, on(4))]
