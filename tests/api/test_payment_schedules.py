"""Payment schedules over HTTP: made, replaced, paid, cancelled, and refused."""

from collections.abc import Callable, Generator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import TODAY, Client, write_ledger
from tests.api.test_reading import statements
from tests.loading import load, recorded_at, write_csv

ClientOf = Callable[[Tenant, Role], Client]


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def admin(worked: Tenant, client_of: ClientOf) -> Client:
    return client_of(worked, Role.ADMIN)


SCHEDULE = """mutation($input: SchedulePaymentsInput!) {schedulePayments(input: $input) {
    paymentSchedule {id stream tranId custName reason effectiveFrom amount {amount currency}
        amountHc {amount currency} origDueDate origTranAmt {amount} origTranAmtHc {amount}
        firstDueDate lastDueDate daysPaidLate invoice {tranId balance {amount}} account {custId}
        instalments {number dueDate amount {amount} amountHc {amount} paid {amount} open {amount}
            openHc {amount}}}
    userErrors {code field message} position}}"""

CANCEL = """mutation($input: CancelPaymentScheduleInput!) {cancelPaymentSchedule(input: $input) {
    invoice {tranId} userErrors {code field} position}}"""

ONE = """query($tran: String!, $asOf: Date, $knownAt: DateTime) {
    paymentSchedule(companyId: "1", tranId: $tran, asOf: $asOf, knownAt: $knownAt) {
        reason amount {amount} daysPaidLate
        instalments {number dueDateDays paid {amount} open {amount}}}}"""


def plan(*amounts: str, tran: str = "I3", **others: Any) -> dict[str, Any]:
    """The input of a schedule, due at the end of each month of a year from May on."""
    dates = [f"2027-{month:02}-28" for month in range(5, 5 + len(amounts))]
    instalments = [
        {"dueDate": due, "amount": amount} for due, amount in zip(dates, amounts, strict=True)
    ]
    return {"companyId": "1", "tranId": tran, "instalments": instalments} | others


def amounts_of(schedule: dict[str, Any], field: str) -> list[str]:
    return [one[field]["amount"] for one in schedule["instalments"]]


def test_what_is_open_is_scheduled_and_shown_at_once(admin: Client) -> None:
    told = admin.ask(SCHEDULE, input=plan("66.66", "66.67", "66.67", reason="plan"))
    payload = told["schedulePayments"]
    today = admin.ask("{viewer {businessDate}}")["viewer"]["businessDate"]

    assert payload["userErrors"] == []
    schedule = payload["paymentSchedule"]
    parts = schedule.pop("instalments")
    assert admin.ask("query($id: ID!) {node(id: $id) {__typename}}", id=schedule.pop("id")) == {
        "node": {"__typename": "PaymentSchedule"}
    }
    assert schedule == {
        "stream": "payment_schedule/1/I3",
        "tranId": "I3",
        "custName": "Beta_100%",
        "reason": "plan",
        "effectiveFrom": today,
        "amount": {"amount": "200.00", "currency": "USD"},
        "amountHc": {"amount": "180.00", "currency": "EUR"},
        "origDueDate": "2025-10-31",
        "origTranAmt": {"amount": "300.00"},
        "origTranAmtHc": {"amount": "270.00"},
        "firstDueDate": "2027-05-28",
        "lastDueDate": "2027-07-28",
        "daysPaidLate": None,
        "invoice": {"tranId": "I3", "balance": {"amount": "200.00"}},
        "account": {"custId": "BETA"},
    }
    assert [(one["number"], one["dueDate"]) for one in parts] == [
        (1, "2027-05-28"),
        (2, "2027-06-28"),
        (3, "2027-07-28"),
    ]
    made = {"instalments": parts}
    assert amounts_of(made, "amountHc") == ["59.99", "60.01", "60.00"]
    assert amounts_of(made, "paid") == ["0.00"] * 3
    assert amounts_of(made, "open") == amounts_of(made, "amount") == ["66.66", "66.67", "66.67"]
    assert amounts_of(made, "openHc") == amounts_of(made, "amountHc")


def test_the_same_wish_is_carried_out_once(admin: Client) -> None:
    first = admin.ask(SCHEDULE, input=plan("100", "100", idempotencyKey="k"))["schedulePayments"]
    again = admin.ask(SCHEDULE, input=plan("100", "100", idempotencyKey="k"))["schedulePayments"]
    assert again == first
    other = admin.ask(SCHEDULE, input=plan("50", "150", idempotencyKey="k"))["schedulePayments"]
    assert [one["code"] for one in other["userErrors"]] == ["idempotency_key_reused"]


def test_payments_of_the_erp_pay_the_earliest_instalment(
    admin: Client, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    admin.ask(SCHEDULE, input=plan("50", "150"))
    today = date.fromisoformat(admin.ask("{viewer {businessDate}}")["viewer"]["businessDate"])
    before = recorded_at(database, worked)
    folder = tmp_path / "paid"
    folder.mkdir()
    header = "company_id,payment_id,tran_id,amount,applied_date"
    later = today + timedelta(days=9)
    rows = [f"1,P8,I3,80.00,{today}", f"1,P9,I3,120.00,{later}"]
    write_csv(folder / "payment_applications.csv", header, rows)
    load(database, worked, folder, business_date=today)

    now = admin.ask(ONE, tran="I3")["paymentSchedule"]
    assert amounts_of(now, "paid") == ["50.00", "30.00"]
    assert amounts_of(now, "open") == ["0.00", "120.00"]
    then = admin.ask(ONE, tran="I3", knownAt=before.isoformat())["paymentSchedule"]
    assert amounts_of(then, "open") == ["50.00", "150.00"]
    closed = admin.ask(ONE, tran="I3", asOf=later.isoformat())["paymentSchedule"]
    assert amounts_of(closed, "open") == ["0.00", "0.00"]
    assert closed["daysPaidLate"] == (later - date(2027, 6, 28)).days
    assert [one["dueDateDays"] for one in closed["instalments"]] == [
        (later - date(2027, 5, 28)).days,
        (later - date(2027, 6, 28)).days,
    ]
    assert now["daysPaidLate"] is None
    refused = admin.ask(SCHEDULE, input=plan("60", "60"))["schedulePayments"]
    assert [one["code"] for one in refused["userErrors"]] == ["invoice_closed"]


def test_a_schedule_holds_from_its_day_until_it_is_replaced_or_cancelled(
    admin: Client, database: Database, worked: Tenant
) -> None:
    admin.ask(SCHEDULE, input=plan("100", "100", reason="first"))
    first_known = recorded_at(database, worked)
    admin.ask(SCHEDULE, input=plan("20", "180", reason="second"))
    second_known = recorded_at(database, worked)
    assert admin.ask(ONE, tran="I3")["paymentSchedule"]["reason"] == "second"
    today = date.fromisoformat(admin.ask("{viewer {businessDate}}")["viewer"]["businessDate"])
    yesterday = (today - timedelta(days=1)).isoformat()
    assert admin.ask(ONE, tran="I3", asOf=yesterday)["paymentSchedule"] is None

    given = {"companyId": "1", "tranId": "I3", "reason": "paid at once"}
    told = admin.ask(CANCEL, input=given)["cancelPaymentSchedule"]
    assert told["invoice"] == {"tranId": "I3"}
    assert told["userErrors"] == []
    assert admin.ask(CANCEL, input=given)["cancelPaymentSchedule"]["userErrors"] == []
    assert admin.ask(ONE, tran="I3")["paymentSchedule"] is None
    for moment, reason in ((first_known, "first"), (second_known, "second")):
        known = admin.ask(ONE, tran="I3", knownAt=moment.isoformat())["paymentSchedule"]
        assert known["reason"] == reason


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        (plan("100", "100", tran="NOWHERE"), "invoice_unknown", "tranId"),
        (plan("25", "25", tran="C4"), "schedule_nothing_to_pay", "tranId"),
        (plan("200"), "schedule_too_few", "instalments"),
        (plan("100", "99"), "schedule_does_not_sum", "instalments"),
        (plan("200", "0"), "schedule_amount_not_positive", "instalments"),
        (plan("66.666", "133.334"), "schedule_amount_too_fine", "instalments"),
        (plan("100", "100", reason="a\x00b"), "schedule_reason_not_text", "reason"),
    ],
)
def test_a_refusal_is_told_and_changes_nothing(
    admin: Client, given: dict[str, Any], code: str, field: str
) -> None:
    before = admin.ask("{auditTrail {totalCount}}")
    told = admin.ask(SCHEDULE, input=given)["schedulePayments"]
    assert [(one["code"], one["field"]) for one in told["userErrors"]] == [(code, field)]
    assert (told["paymentSchedule"], told["position"]) == (None, None)
    assert admin.ask("{auditTrail {totalCount}}") == before


def test_a_schedule_that_there_is_not_cannot_be_cancelled(admin: Client) -> None:
    told = admin.ask(CANCEL, input={"companyId": "1", "tranId": "I3"})["cancelPaymentSchedule"]
    assert told["userErrors"] == [{"code": "schedule_unknown", "field": "tranId"}]
    assert told["invoice"] is None


def test_only_administrators_schedule(worked: Tenant, client_of: ClientOf) -> None:
    for role in sorted(set(Role) - {Role.ADMIN}):
        other = client_of(worked, role)
        assert other.error(SCHEDULE, input=plan("100", "100"))[0] == "FORBIDDEN"
        cancel = {"companyId": "1", "tranId": "I3"}
        assert other.error(CANCEL, input=cancel)[0] == "FORBIDDEN"
        assert other.ask(ONE, tran="I3") == {"paymentSchedule": None}


def test_schedules_are_listed_with_a_fixed_number_of_statements(admin: Client) -> None:
    admin.ask(SCHEDULE, input=plan("100", "100"))
    query = """query($first: Int) {paymentSchedules(first: $first,
        filter: {amount: {gte: "1"}}, orderBy: [{field: LAST_DUE_DATE, direction: DESC}]) {
        totalCount nodes {tranId instalments {open {amount}} invoice {tranId}
            account {custName}}}}"""
    before = statements()
    admin.ask(query, first=10)
    one = statements() - before
    admin.ask(SCHEDULE, input=plan("20", "10", "10", tran="I1"))
    before = statements()
    found = admin.ask(query, first=10)["paymentSchedules"]
    assert statements() - before == one
    assert [
        (node["tranId"], [part["open"]["amount"] for part in node["instalments"]])
        for node in found["nodes"]
    ] == [("I1", ["20.00", "10.00", "10.00"]), ("I3", ["100.00", "100.00"])]
    assert found["totalCount"] == 2
