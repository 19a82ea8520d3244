"""What nobody can mean, as collectors are told it: a stable code, a sentence, and no change."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import business_date, now
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import TODAY, Client
from tests.api.test_disputes import OPEN
from tests.api.test_payment_schedules import SCHEDULE, plan
from tests.api.test_pending_payments import RECONCILE
from tests.api.test_pending_payments import record as pay_online
from tests.api.test_promises import RECORD, expecting
from tests.loading import load, rejects, write_csv

YESTERDAY = (business_date(now(), "UTC") - timedelta(days=2)).isoformat()
CLOSED = "1,I9,ACME,2026-01-01,2026-01-31,10.00,0,EUR"

Refusal = tuple[str, str | None, str]


def everything(client: Client) -> dict[str, Any]:
    """What the log holds, and what the records in question say."""
    return client.ask(
        """{auditTrail {totalCount} promises {totalCount} disputes {totalCount}
            paymentSchedules {totalCount}
            accounts {nodes {custId parentId totalAge {amount}}}
            invoices {nodes {tranId balance {amount} dueDate}}
            payments {nodes {paymentId unappliedAmt {amount}}}
            pendingPayments(includeReconciled: true) {nodes {status payment {paymentId}}}}"""
    )


def refusals(client: Client, mutation: str, given: dict[str, Any]) -> list[Refusal]:
    """Why a mutation is refused; nothing has changed."""
    before = everything(client)
    (told,) = client.ask(mutation, input=given).values()
    assert told["position"] is None
    assert [one for name, one in told.items() if name != "userErrors" and one is not None] == []
    assert everything(client) == before
    return [(one["code"], one["field"], one["message"]) for one in told["userErrors"]]


@pytest.fixture
def closed(admin: Client, database: Database, worked: Tenant, tmp_path: Path) -> Client:
    """An administrator of the ledger with a document that is closed."""
    (tmp_path / "later").mkdir()
    header = "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id"
    write_csv(tmp_path / "later" / "invoices.csv", header, [CLOSED])
    load(database, worked, tmp_path / "later", business_date=TODAY)
    return admin


@pytest.mark.parametrize(
    ("mutation", "given", "refusal"),
    [
        (
            RECORD,
            expecting(expectDate=YESTERDAY),
            (
                "promise_date_past",
                "expectDate",
                "The date is past: a payment is expected today or later.",
            ),
        ),
        (
            RECORD,
            expecting(amount="0"),
            ("promise_amount_not_positive", "amount", "More than zero is expected."),
        ),
        (
            RECORD,
            expecting(currId="USD"),
            (
                "promise_currency_differs",
                "currId",
                "Invoice I1 is in EUR, another currency than is expected.",
            ),
        ),
        (
            RECORD,
            expecting(tranIds=["I1", "I9"]),
            ("promise_invoice_closed", "tranIds", "Invoice I9 is closed."),
        ),
        (
            SCHEDULE,
            plan("20", "19.99", tran="I1"),
            (
                "schedule_does_not_sum",
                "instalments",
                "The instalments sum to 39.99 EUR, but 40.00 EUR is open.",
            ),
        ),
        (
            OPEN,
            {"companyId": "1", "tranId": "I1", "amount": "40.01"},
            ("dispute_amount_too_large", "amount", "Of this invoice only 40.00 are open."),
        ),
    ],
    ids=[
        "a promise in the past",
        "a promise of nothing",
        "a promise in another currency than its invoices",
        "a promise on a closed invoice",
        "instalments that do not sum",
        "a dispute larger than the balance",
    ],
)
def test_it_is_refused_with_a_sentence_and_changes_nothing(
    closed: Client, mutation: str, given: dict[str, Any], refusal: Refusal
) -> None:
    assert refusals(closed, mutation, given) == [refusal]


def test_a_payment_of_the_erp_is_not_reconciled_with_two_pending_ones(admin: Client) -> None:
    first, second = (pay_online(admin)["pendingPaymentId"] for _ in range(2))
    given = {"pendingPaymentId": first, "paymentId": "P1"}
    mutation = RECONCILE.replace("{code field}", "{code field message}")
    assert admin.ask(mutation, input=given)["reconcilePendingPayment"]["userErrors"] == []
    assert refusals(admin, mutation, given | {"pendingPaymentId": second}) == [
        ("payment_taken", "paymentId", "Payment P1 is reconciled with another pending payment.")
    ]


def test_an_export_does_not_apply_a_payment_twice(
    admin: Client, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    before = everything(admin)
    header = "company_id,payment_id,tran_id,amount,applied_date"
    rows = ["1,P1,I1,60.00,2026-02-10", "1,P2,I3,100.00,2026-02-20", "1,P1,I1,30.00,2026-02-11"]
    write_csv(tmp_path / "payment_applications.csv", header, rows)
    synced = load(database, worked, tmp_path, business_date=TODAY)
    reason = "A row with the key 1, P1, I1 came before."
    assert rejects(synced) == [("payment_applications.csv", 4, None, reason)]
    assert everything(admin) == before


def test_an_export_does_not_make_an_account_its_own_grandparent(
    admin: Client, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    before = everything(admin)
    write_csv(tmp_path / "customers.csv", "company_id,cust_id,parent_id", ["1,ACME,BETA"])
    synced = load(database, worked, tmp_path, business_date=TODAY)
    reason = "The parents of account ACME lead back to it: ACME, BETA, ACME."
    assert rejects(synced) == [("customers.csv", 2, "parent_id", reason)]
    assert everything(admin) == before
