"""Pending payments and the ERP's: what a sync brings is matched, once and for good."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from application.handling import Consulted, Request
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.pending_payment import (
    PENDING_PAYMENT,
    Processor,
    RecordPendingPayment,
    UndoReconciliation,
)
from domain.site_options import SITE_OPTIONS, ChangeSiteOptions
from projections.site_options import SITE
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import load, write_csv
from tests.projections.running import append, fold

ON = date(2026, 3, 10)
PAYMENTS = "company_id,payment_id,cust_id,pmt_date,amount,curr_id,reference"


class Shop:
    """A tenant whose customers pay online."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database, self.tenant, self.folder = database, tenant, folder
        rows = ["1,A,Acme", "1,B,Beta"]
        write_csv(folder / "customers.csv", "company_id,cust_id,cust_name", rows)
        self.sync()

    def pays(
        self, pending: str, amount: str, *, cust_id: str = "A", ref: str | None = None
    ) -> None:
        """A customer pays online."""
        command = RecordPendingPayment(
            pending, "1", cust_id, Decimal(amount), "EUR", ON, processor=Processor(proc_ref_no=ref)
        )
        account = Consulted(ACCOUNT, ("1", cust_id), account_facts)
        request = Request(
            PENDING_PAYMENT, (pending,), command, "t", ON, "t", "t", consults=(account,)
        )
        append(self.database, self.tenant, request)
        fold(self.database, self.tenant)

    def sync(self, *payments: str, on: date = ON) -> int:
        """Sync what the ERP has by now; how many events that led to."""
        write_csv(self.folder / "payments.csv", PAYMENTS, payments)
        synced = load(self.database, self.tenant, self.folder, business_date=on)
        assert synced.outcome.rejected == []
        return synced.outcome.events

    def seen(self) -> dict[str, tuple[str | None, str | None]]:
        """The ERP's payment of each pending one, and how it was found."""
        with self.database.connect("worker") as connection:
            rows = connection.execute(
                "SELECT pending_payment_id, payment_id, reconciled_by FROM"
                " read_models.pending_payments WHERE tenant = %s",
                (self.tenant.id,),
            ).fetchall()
        return {pending: (payment, how) for pending, payment, how in rows}


@pytest.fixture
def shop(database: Database, tenant: Tenant, tmp_path: Path) -> Shop:
    return Shop(database, tenant, tmp_path)


def test_a_payment_is_found_by_its_reference_else_by_account_amount_and_date(shop: Shop) -> None:
    shop.pays("by-ref", "60", ref=" R-1 ")
    shop.pays("by-amount", "60")
    shop.pays("other-amount", "61")
    shop.pays("no-ref", "999", ref=" ")
    rows = [
        "1,P1,A,2026-03-12,60.00,EUR,",
        "1,P2,A,2025-12-01,59.10,EUR,R-1",
        "1,P3,B,2026-03-10,61,EUR,",
        "1,P4,A,2026-03-10,61,USD,",
        "1,P5,A,2026-03-18,61,EUR,",
        "1,P6,A,2026-03-02,61,EUR,",
    ]
    assert shop.sync(*rows) > len(rows)

    assert shop.seen() == {
        "by-ref": ("P2", "reference"),
        "by-amount": ("P1", "amount_and_date"),
        "other-amount": (None, None),
        "no-ref": (None, None),
    }
    assert shop.sync(*rows) == 0  # the same again changes nothing


def test_the_window_of_days_is_an_option(shop: Shop) -> None:
    shop.pays("a", "60")
    row = "1,P1,A,2026-03-20,60,EUR,"
    shop.sync(row)
    assert shop.seen() == {"a": (None, None)}
    command = ChangeSiteOptions(pending_payment_match_days=10)
    append(
        shop.database,
        shop.tenant,
        Request(SITE_OPTIONS, (SITE,), command, "t", ON, "t", "t"),
    )
    fold(shop.database, shop.tenant)
    assert shop.sync(row) == 1
    assert shop.seen() == {"a": ("P1", "amount_and_date")}


def test_each_payment_of_the_erp_is_taken_once(shop: Shop) -> None:
    shop.pays("a", "60")
    shop.pays("b", "60")
    shop.sync("1,P1,A,2026-03-10,60,EUR,")
    assert shop.seen() == {"a": ("P1", "amount_and_date"), "b": (None, None)}
    shop.sync("1,P1,A,2026-03-10,60,EUR,", "1,P2,A,2026-03-13,60,EUR,")
    assert shop.seen() == {"a": ("P1", "amount_and_date"), "b": ("P2", "amount_and_date")}


def test_what_was_undone_is_not_found_again_but_another_is(shop: Shop) -> None:
    shop.pays("a", "60")
    first, second = "1,P1,A,2026-03-10,60,EUR,", "1,P2,A,2026-03-14,60,EUR,"
    shop.sync(first)
    request = Request(PENDING_PAYMENT, ("a",), UndoReconciliation(), "t", ON, "t", "t")
    append(shop.database, shop.tenant, request)
    fold(shop.database, shop.tenant)
    assert shop.sync(first) == 0
    assert shop.seen() == {"a": (None, None)}
    shop.sync(first, second)
    assert shop.seen() == {"a": ("P2", "amount_and_date")}


def test_the_day_of_the_sync_is_the_day_of_the_reconciliation(shop: Shop) -> None:
    shop.pays("a", "60")
    shop.sync("1,P1,A,2026-03-10,60,EUR,", on=date(2026, 3, 11))
    with shop.database.connect("worker") as connection:
        rows = connection.execute(
            "SELECT p.reconcile_date, e.effective_on, e.cause, e.correlation LIKE 'sync/%%'"
            " FROM read_models.pending_payments p JOIN events e ON e.tenant = p.tenant"
            " AND e.type = 'PendingPaymentReconciled' WHERE p.tenant = %s",
            (shop.tenant.id,),
        ).fetchall()
    day = date(2026, 3, 11)
    assert rows == [(day, day, "process/match_pending_payments", True)]
