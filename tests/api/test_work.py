"""What is being done about accounts and documents: one query from the account down."""

from collections.abc import Callable, Generator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, write_ledger
from tests.api.strategies import define_code
from tests.loading import load


@pytest.fixture
def today() -> date:
    return business_date(now(), "UTC")


@pytest.fixture
def admin(
    database: Database,
    tenant: Tenant,
    tmp_path: Path,
    today: date,
    client_of: Callable[[Tenant, Role], Client],
) -> Generator[Client]:
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=today)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield client_of(tenant, Role.ADMIN)


def do(client: Client, mutation: str, wanted: str = "position", **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    told = client.ask(
        f"mutation($input: {name}Input!) {{{mutation}(input: $input)"
        f" {{{wanted} userErrors {{code field message}}}}}}",
        input=given,
    )[mutation]
    assert told["userErrors"] == [], told
    return told


def test_one_query_tells_what_is_being_done_about_an_account(admin: Client, today: date) -> None:
    account = {"companyId": "1", "custId": "ACME"}
    tomorrow = (today + timedelta(1)).isoformat()
    do(admin, "defineReasonCode", code="PRICE", description="Wrong price", severity=1)
    do(admin, "openIssue", **account, subject="First call", tranIds=["I1"])
    define_code(admin, "CALL1")
    do(
        admin,
        "recordActivity",
        **account,
        activityType="Phone",
        note="Will pay",
        actionCode="CALL1",
        tranIds=["I1", "I2"],
        complete=True,
        successful=True,
    )
    do(
        admin,
        "recordExpectedPayment",
        **account,
        amount="40.00",
        expectDate=tomorrow,
        tranIds=["I1"],
        promise=True,
    )
    do(
        admin,
        "openDispute",
        companyId="1",
        tranId="I2",
        amount="50.00",
        disputeDate=today.isoformat(),
        reasonCode="PRICE",
        excludeAging=True,
    )
    do(
        admin,
        "schedulePayments",
        companyId="1",
        tranId="I5",
        instalments=[
            {"dueDate": "2026-05-01", "amount": "200.00"},
            {"dueDate": "2999-01-01", "amount": "300.00"},
        ],
    )
    do(admin, "registerUser", userId="dana", name="Dana", kind="CREDIT_USER")
    do(admin, "assignAccount", **account, userId="dana")
    do(admin, "addInvoiceNote", companyId="1", tranIds=["I1"], text="Copy sent")

    told = admin.ask(
        """{account(companyId: "1", custId: "ACME") {
            assignedUserId assignedUser {name} openIssueCnt oldestIssueDescription openActivityCount
            lastActivity lastActivityDays lastActivityNote openPromiseCount nextExpectedDate
            openDisputeCount disputedAmountHc {amount} totalAge {amount} dueTotal {amount}
            availableCredit {amount}
            issues {nodes {subject}} activities {nodes {activityType}} promises {nodes {promise}}
            disputes {nodes {reasonCode}}
            invoices(orderBy: [{field: TRAN_ID}]) {nodes {
                tranId inDispute disputeAmount {amount} countedBalanceHc {amount} severity
                reasonCode tagCount paySched
                activities {nodes {activity {note}}} promises {nodes {promise {promise}}}
                notes {nodes {text}} disputes {nodes {amount {amount}}}}
                summary {currId count balance {amount}}}}}"""
    )["account"]

    assert (told["assignedUserId"], told["assignedUser"]) == ("dana", {"name": "Dana"})
    assert (told["openIssueCnt"], told["oldestIssueDescription"]) == (1, "First call")
    assert (told["lastActivity"], told["lastActivityDays"]) == ("CALL1", 0)
    assert (told["openPromiseCount"], told["nextExpectedDate"]) == (1, tomorrow)
    assert (told["openDisputeCount"], told["disputedAmountHc"]["amount"]) == (1, "50.00")
    assert told["totalAge"] == told["dueTotal"] == {"amount": "190.00"}
    assert told["availableCredit"]["amount"] == "4810.00"
    assert [one["subject"] for one in told["issues"]["nodes"]] == ["First call"]
    first, second = told["invoices"]["nodes"]
    assert (first["tranId"], first["tagCount"], first["inDispute"]) == ("I1", 1, False)
    assert first["activities"]["nodes"] == [{"activity": {"note": "Will pay"}}]
    assert first["promises"]["nodes"] == [{"promise": {"promise": True}}]
    assert first["notes"]["nodes"] == [{"text": "Copy sent"}]
    assert second["countedBalanceHc"]["amount"] == "150.00"
    assert (second["inDispute"], second["severity"], second["reasonCode"]) == (True, 1, "PRICE")
    assert told["invoices"]["summary"] == [
        {"currId": "EUR", "count": 2, "balance": {"amount": "240.00"}}
    ]

    scheduled = admin.ask(
        """{invoice(companyId: "1", tranId: "I5") {paySched dueDate origDueDate
            paymentSchedule {instalments {number open {amount}}}}}"""
    )["invoice"]
    assert (scheduled["paySched"], scheduled["dueDate"]) == (True, "2026-05-01")
    assert [one["open"]["amount"] for one in scheduled["paymentSchedule"]["instalments"]] == [
        "200.00",
        "300.00",
    ]


def test_a_page_of_accounts_tells_every_figure_at_once(
    admin: Client,
) -> None:
    fields = admin.ask(
        """{__type(name: "Account") {fields {name args {name} type {kind name
            ofType {kind name ofType {kind name}}}}}}"""
    )["__type"]["fields"]
    plain = [
        one["name"] + (" {amount}" if "Money" in str(one["type"]) else "")
        for one in fields
        if not one["args"]
        and ("SCALAR" in str(one["type"]) or "Money" in str(one["type"]))
        and one["type"]["name"] != "Node"
    ]
    query = "{accounts {nodes {" + " ".join(plain) + "}}}"
    told = admin.ask(query)["accounts"]["nodes"]
    assert len(told) == 4
    assert len(plain) > 100
    assert Decimal(told[0]["totalAge"]["amount"]) > 0


def test_an_activity_leads_to_what_was_told_in_it(admin: Client, today: date) -> None:
    account = {"companyId": "1", "custId": "ACME"}
    do(admin, "registerUser", userId="dana", name="Dana", kind="CREDIT_USER")
    for key, others in (
        ("call", {"tranIds": ["I1"], "assignedUserId": "dana"}),
        ("about I2", {"tranIds": ["I2"], "assignedUserId": "dana"}),
        ("quiet", {}),
    ):
        do(admin, "recordActivity", **account, activityType="Phone", idempotencyKey=key, **others)
    told_in = {"activityId": "call"}
    tomorrow = (today + timedelta(1)).isoformat()
    do(
        admin,
        "recordExpectedPayment",
        **account,
        **told_in,
        amount="9",
        expectDate=tomorrow,
        tranIds=["I1"],
    )
    do(admin, "openDispute", companyId="1", tranId="I2", amount="50.00", **told_in)

    found = admin.ask(
        """{activities(orderBy: [{field: ACTIVITY_NO}]) {nodes {
            activityId disputed paymentExpected assignedUser {name}
            disputes {nodes {tranId}} promises {totalCount nodes {expectAmt {amount}}}}}
        asked: activities(filter: {disputed: {eq: true}, paymentExpected: {eq: false}}) {
            nodes {activityId}}}"""
    )

    call, about, quiet = found["activities"]["nodes"]
    assert call == {
        "activityId": "call",
        "disputed": True,
        "paymentExpected": True,
        "assignedUser": {"name": "Dana"},
        "disputes": {"nodes": [{"tranId": "I2"}]},
        "promises": {"totalCount": 1, "nodes": [{"expectAmt": {"amount": "9.00"}}]},
    }
    assert (about["disputed"], about["paymentExpected"], about["disputes"]["nodes"]) == (
        True,
        False,
        [],
    )
    assert (quiet["disputed"], quiet["paymentExpected"], quiet["assignedUser"]) == (
        False,
        False,
        None,
    )
    assert found["asked"]["nodes"] == [{"activityId": "about I2"}]


def test_an_account_is_past_due_since_what_it_still_owes(admin: Client, today: date) -> None:
    since = {"ACME": "2026-01-31", "BETA": "2025-10-31", "GAMMA": "2026-05-01"}

    def days() -> dict[str, int]:
        query = '{accounts(filter: {companyId: {eq: "1"}}) {nodes {custId daysPastDue}}}'
        return {one["custId"]: one["daysPastDue"] for one in admin.ask(query)["accounts"]["nodes"]}

    def expected() -> dict[str, int]:
        return {one: (today - date.fromisoformat(on)).days for one, on in since.items()}

    assert days() == expected()

    do(admin, "openDispute", companyId="1", tranId="I1", amount="40.00", excludeAging=True)
    instalments = [
        {"dueDate": "2026-06-15", "amount": "200.00"},
        {"dueDate": "2999-01-01", "amount": "300.00"},
    ]
    do(admin, "schedulePayments", companyId="1", tranId="I5", instalments=instalments)

    since |= {"ACME": "2026-03-03", "GAMMA": "2026-06-15"}
    assert days() == expected()
    query = "{accounts(orderBy: [{field: DAYS_PAST_DUE, direction: DESC}]) {nodes {custId}}}"
    found = admin.ask(query)["accounts"]["nodes"]
    assert [one["custId"] for one in found] == ["BETA", "ACME", "ACME", "GAMMA"]
    past = '{account(companyId: "1", custId: "ACME", asOf: "2026-01-31") {daysPastDue}}'
    assert admin.ask(past) == {"account": {"daysPastDue": 0}}


@pytest.mark.parametrize(
    ("activity_id", "code"),
    [("none", "activity_unknown"), ("of BETA", "activity_of_other_account")],
)
def test_what_is_told_is_told_in_an_activity_of_its_account(
    admin: Client, today: date, activity_id: str, code: str
) -> None:
    do(
        admin,
        "recordActivity",
        companyId="1",
        custId="BETA",
        activityType="Phone",
        idempotencyKey="of BETA",
    )
    inputs = {
        "recordExpectedPayment": {
            "custId": "ACME",
            "amount": "9",
            "currId": "EUR",
            "expectDate": today.isoformat(),
        },
        "openDispute": {"tranId": "I2", "amount": "50.00"},
    }
    for mutation, given in inputs.items():
        name = mutation[0].upper() + mutation[1:]
        told = admin.ask(
            f"mutation($input: {name}Input!) {{{mutation}(input: $input)"
            " {userErrors {code field}}}",
            input={"companyId": "1", "activityId": activity_id, **given},
        )[mutation]
        assert told["userErrors"] == [{"code": code, "field": "activityId"}]
    assert admin.ask("{promises {totalCount} disputes {totalCount}}") == {
        "promises": {"totalCount": 0},
        "disputes": {"totalCount": 0},
    }
