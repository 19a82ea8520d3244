"""Pending payments over HTTP: recorded, reconciled, undone, exported, and refused."""

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
from tests.loading import load, recorded_at

ClientOf = Callable[[Tenant, Role], Client]


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def collector(worked: Tenant, client_of: ClientOf) -> Client:
    return client_of(worked, Role.CREDIT_USER)


FIELDS = """pendingPaymentId pendPmtId status isPendPmt createDate createDateDays
    amount {amount currency} entryUserName exportBatch exportDate reconcileDate reconciledBy
    procRefNo procStatusMsg payment {paymentId tenderType} account {custName}
    invoices {nodes {tranId amount {amount} invoice {balance {amount}}}}"""
RECORD = f"""mutation($input: RecordPendingPaymentInput!) {{recordPendingPayment(input: $input) {{
    pendingPayment {{{FIELDS}}} userErrors {{code field message}} position}}}}"""
RECONCILE = f"""mutation($input: ReconcilePendingPaymentInput!) {{
    reconcilePendingPayment(input: $input) {{
    pendingPayment {{{FIELDS}}} userErrors {{code field}} position}}}}"""
UNDO = f"""mutation($input: UndoReconciliationInput!) {{undoReconciliation(input: $input) {{
    pendingPayment {{{FIELDS}}} userErrors {{code field}} position}}}}"""
EXPORT = """mutation($input: ExportPendingPaymentsInput!) {exportPendingPayments(input: $input) {
    count csv exportBatch userErrors {code field} position}}"""
ONE = f"""query($id: String!, $asOf: Date, $knownAt: DateTime) {{
    pendingPayment(pendingPaymentId: $id, asOf: $asOf, knownAt: $knownAt) {{{FIELDS}}}}}"""
LIST = """query($filter: PendingPaymentFilter, $all: Boolean) {
    pendingPayments(filter: $filter, includeReconciled: $all, orderBy: [{field: PEND_PMT_ID}]) {
        totalCount nodes {pendingPaymentId}}}"""

OF_ACCOUNT = """query($filter: PendingPaymentFilter, $all: Boolean! = false) {
    account(companyId: "1", custId: "ACME") {
        pendingPayments(filter: $filter, includeReconciled: $all,
                        orderBy: [{field: PEND_PMT_ID}]) {
            totalCount nodes {pendingPaymentId}}}}"""


def payment(amount: str = "60.00", **others: Any) -> dict[str, Any]:
    return {"companyId": "1", "custId": "ACME", "amount": amount, "currId": "EUR"} | others


def record(client: Client, amount: str = "60.00", **others: Any) -> dict[str, Any]:
    """Record a pending payment that must be taken."""
    told = client.ask(RECORD, input=payment(amount, **others))["recordPendingPayment"]
    assert told["userErrors"] == []
    return told["pendingPayment"]


def ids(client: Client, **variables: Any) -> list[str]:
    found = client.ask(LIST, **({"all": False} | variables))["pendingPayments"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["pendingPaymentId"] for one in found["nodes"]]


def today_of(client: Client) -> date:
    return date.fromisoformat(client.ask("{viewer {businessDate}}")["viewer"]["businessDate"])


def test_a_payment_is_pending_when_its_mutation_answers(collector: Client) -> None:
    position = collector.ask("{viewer {position}}")["viewer"]["position"]
    told = record(
        collector,
        invoices=[{"tranId": "I1", "amount": "40"}],
        procRefNo=" R-1 ",
        procStatusMsg="Approved",
        idempotencyKey="k/1",
    )
    again = record(
        collector,
        invoices=[{"tranId": "I1", "amount": "40"}],
        procRefNo=" R-1 ",
        procStatusMsg="Approved",
        idempotencyKey="k/1",
    )

    assert again == told
    assert told == {
        "pendingPaymentId": "k/1",
        "pendPmtId": position + 1,
        "status": "no_response",
        "isPendPmt": True,
        "createDate": today_of(collector).isoformat(),
        "createDateDays": 0,
        "amount": {"amount": "60.00", "currency": "EUR"},
        "entryUserName": "Dana",
        "exportBatch": None,
        "exportDate": None,
        "reconcileDate": None,
        "reconciledBy": None,
        "procRefNo": " R-1 ",
        "procStatusMsg": "Approved",
        "payment": None,
        "account": {"custName": "Acme Corp"},
        "invoices": {
            "nodes": [
                {
                    "tranId": "I1",
                    "amount": {"amount": "40.00"},
                    "invoice": {"balance": {"amount": "40.00"}},
                }
            ]
        },
    }
    found = collector.ask("""{pendingPayments {nodes {id stream entryUserId}}}""")
    (node,) = found["pendingPayments"]["nodes"]
    assert node["stream"] == "pending_payment/k%2F1"
    same = collector.ask("query($id: ID!) {node(id: $id) {id}}", id=node["id"])["node"]
    assert same == {"id": node["id"]}


def test_what_the_processor_says_is_kept_verbatim(collector: Client) -> None:
    said = {
        "procAcctId": " 00123 ",
        "procAcctName": "Main shop",
        "procAcctType": "ACH",
        "procStatus": "E-91",
        "procStatusMsg": "Timed out  after 30 s",
        "procRefNo": "R/2",
    }
    failed = record(collector, declined=True, **said)
    query = "query($id: String!) {pendingPayment(pendingPaymentId: $id) {status isPendPmt %s}}"
    told = collector.ask(query % " ".join(said), id=failed["pendingPaymentId"])["pendingPayment"]
    assert told == {"status": "declined", "isPendPmt": False} | said


def test_v9_days_are_counted_from_the_day_on_which_it_was_made(collector: Client) -> None:
    told = record(collector)
    today = today_of(collector)
    key = {"id": told["pendingPaymentId"]}
    later = collector.ask(ONE, **key, asOf=(today + timedelta(days=3)).isoformat())
    assert later["pendingPayment"]["createDateDays"] == 3
    earlier = collector.ask(ONE, **key, asOf=(today - timedelta(days=1)).isoformat())
    assert earlier["pendingPayment"] is None


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        (payment(custId="NOBODY"), "account_unknown", "custId"),
        (payment(companyId="9"), "account_unknown", "custId"),
        (payment("0"), "payment_not_positive", "amount"),
        (payment("0.001"), "payment_too_fine", "amount"),
        (payment(currId="EURO"), "currency_unknown", "currId"),
        (payment(invoices=[{"tranId": "?", "amount": "1"}]), "invoice_unknown", "invoices"),
        (
            payment(invoices=[{"tranId": "I5", "amount": "1"}]),
            "invoices_of_another_account",
            "invoices",
        ),
        (
            payment(invoices=[{"tranId": "I1", "amount": "61"}]),
            "invoices_amounts_exceed_payment",
            "invoices",
        ),
        (payment(procAcctName="a\x00b"), "processor_text_invalid", "procAcctName"),
    ],
)
def test_a_refusal_is_told_and_changes_nothing(
    collector: Client, given: dict[str, Any], code: str, field: str
) -> None:
    before = collector.ask("{auditTrail {totalCount}}")
    told = collector.ask(RECORD, input=given)["recordPendingPayment"]
    assert [(one["code"], one["field"]) for one in told["userErrors"]] == [(code, field)]
    assert (told["pendingPayment"], told["position"]) == (None, None)
    assert collector.ask("{auditTrail {totalCount}}") == before


def test_reconciled_ones_are_hidden_unless_they_are_asked_for(collector: Client) -> None:
    first, second = (record(collector, amount)["pendingPaymentId"] for amount in ("1", "2"))
    failed = record(collector, "3", declined=True, procStatusMsg="Timeout")
    assert (failed["status"], failed["isPendPmt"]) == ("declined", False)
    third = failed["pendingPaymentId"]
    given = {"pendingPaymentId": first, "paymentId": "P1", "idempotencyKey": "r"}
    told = collector.ask(RECONCILE, input=given)["reconcilePendingPayment"]

    assert told["userErrors"] == []
    now = told["pendingPayment"]
    assert (now["status"], now["isPendPmt"]) == ("reconciled", False)
    assert (now["reconciledBy"], now["payment"]["tenderType"]) == ("by_hand", "check")
    assert now["reconcileDate"] == today_of(collector).isoformat()
    assert collector.ask(RECONCILE, input=given)["reconcilePendingPayment"] == told
    assert ids(collector) == [second, third]
    assert ids(collector, all=True) == [first, second, third]
    assert ids(collector, filter={"status": {"eq": "reconciled"}}) == [first]
    asked = {"or": [{"not": {"status": {"ne": "reconciled"}}}, {"amount": {"eq": "2"}}]}
    assert ids(collector, filter=asked) == [first, second]
    assert ids(collector, filter={"isPendPmt": {"eq": True}}) == [second]
    assert ids(collector, filter={"paymentId": {"eq": "P1"}}) == [first]
    assert ids(collector, filter={"reconcileDate": {"isNull": False}}) == [first]


def test_the_list_of_an_account_hides_reconciled_ones_as_the_list_of_all_does(
    collector: Client,
) -> None:
    first, second = (record(collector, amount)["pendingPaymentId"] for amount in ("1", "2"))
    told = collector.ask(RECONCILE, input={"pendingPaymentId": first, "paymentId": "P1"})
    assert told["reconcilePendingPayment"]["userErrors"] == []

    def listed(**asked: Any) -> tuple[list[str], int]:
        found = collector.ask(OF_ACCOUNT, **asked)["account"]["pendingPayments"]
        return [one["pendingPaymentId"] for one in found["nodes"]], found["totalCount"]

    for asked, shown in (
        ({}, [second]),
        ({"all": True}, [first, second]),
        ({"filter": {"status": {"eq": "reconciled"}}}, [first]),
        ({"filter": {"not": {"paymentId": {"isNull": True}}}}, [first]),
        ({"filter": {"amount": {"gt": "0"}}}, [second]),
    ):
        assert listed(**asked) == (shown, len(shown))
        assert ids(collector, **asked) == shown


def test_a_reconciliation_is_undone_as_if_it_had_never_been(
    collector: Client, database: Database, worked: Tenant
) -> None:
    key = {"pendingPaymentId": record(collector)["pendingPaymentId"]}
    collector.ask(RECONCILE, input=key | {"paymentId": "P1"})
    known = recorded_at(database, worked)
    told = collector.ask(UNDO, input=key)["undoReconciliation"]

    assert told["userErrors"] == []
    assert (told["pendingPayment"]["status"], told["pendingPayment"]["payment"]) == (
        "no_response",
        None,
    )
    asked = {"id": key["pendingPaymentId"]}
    then = collector.ask(ONE, **asked, knownAt=known.isoformat())["pendingPayment"]
    assert (then["status"], then["payment"]["paymentId"]) == ("reconciled", "P1")


def test_what_cannot_be_reconciled_is_refused(collector: Client) -> None:
    def refused(mutation: str, **given: str) -> tuple[str, str]:
        (payload,) = collector.ask(mutation, input=given).values()
        ((told),) = payload["userErrors"]
        assert payload["pendingPayment"] is None
        return told["code"], told["field"]

    first, second = (record(collector)["pendingPaymentId"] for _ in range(2))
    failed = record(collector, declined=True)["pendingPaymentId"]

    def reconciling(pending: str, payment_id: str) -> tuple[str, str]:
        return refused(RECONCILE, pendingPaymentId=pending, paymentId=payment_id)

    assert reconciling("?", "P1") == ("pending_payment_unknown", "pendingPaymentId")
    assert reconciling(first, "?") == ("payment_unknown", "paymentId")
    assert reconciling(failed, "P1") == ("pending_payment_declined", "pendingPaymentId")
    collector.ask(RECONCILE, input={"pendingPaymentId": first, "paymentId": "P1"})
    assert reconciling(first, "P2") == ("pending_payment_reconciled", "pendingPaymentId")
    assert reconciling(second, "P1") == ("payment_taken", "paymentId")
    for pending in (second, failed):
        code = ("pending_payment_not_reconciled", "pendingPaymentId")
        assert refused(UNDO, pendingPaymentId=pending) == code


def test_what_waits_is_exported_once(collector: Client) -> None:
    first = record(
        collector,
        "60",
        procRefNo='R,"1"',
        invoices=[{"tranId": "I2", "amount": "19.5"}, {"tranId": "I1", "amount": "40"}],
    )
    second = record(collector, "7")
    record(collector, "8", declined=True)
    elsewhere = {"companyId": "2", "custId": "ACME", "amount": "9", "currId": "USD"}
    collector.ask(RECORD, input=elsewhere)
    given = {"companyId": "1", "idempotencyKey": "batch"}
    told = collector.ask(EXPORT, input=given)["exportPendingPayments"]

    on = first["createDate"]
    line = f"{first['pendPmtId']},{first['pendingPaymentId']},1,ACME,{on},60.00,EUR"
    columns = "pend_pmt_id,pending_payment_id,company_id,cust_id,create_date,amount,curr_id"
    assert told["csv"].splitlines() == [
        f"{columns},proc_ref_no,tran_id,tran_amount",
        f'{line},"R,""1""",I1,40.00',
        f'{line},"R,""1""",I2,19.50',
        f"{second['pendPmtId']},{second['pendingPaymentId']},1,ACME,{on},7.00,EUR,,,",
    ]
    assert (told["count"], told["exportBatch"], told["userErrors"]) == (2, "batch", [])
    seen = collector.ask(ONE, id=second["pendingPaymentId"])["pendingPayment"]
    assert (seen["exportBatch"], seen["exportDate"]) == ("batch", on)

    third = record(collector, "11")
    assert collector.ask(EXPORT, input=given)["exportPendingPayments"] == told
    news = collector.ask(EXPORT, input={"companyId": "1"})["exportPendingPayments"]
    assert (news["count"], third["pendingPaymentId"] in news["csv"]) == (1, True)
    none = {"companyId": "1", "idempotencyKey": "none"}
    empty = collector.ask(EXPORT, input=none)["exportPendingPayments"]
    assert (empty["count"], len(empty["csv"].splitlines())) == (0, 1)
    record(collector, "12")
    assert collector.ask(EXPORT, input=none)["exportPendingPayments"] == empty
    unknown = collector.ask(EXPORT, input={"companyId": "9"})["exportPendingPayments"]
    assert unknown["userErrors"] == [{"code": "company_unknown", "field": "companyId"}]
    assert unknown["csv"] is None


def test_only_collectors_touch_pending_payments(worked: Tenant, client_of: ClientOf) -> None:
    inputs = (
        (RECORD, payment()),
        (RECONCILE, {"pendingPaymentId": "?", "paymentId": "?"}),
        (UNDO, {"pendingPaymentId": "?"}),
        (EXPORT, {"companyId": "1"}),
    )
    for role in (Role.INQUIRY_USER, Role.AUDITOR):
        other = client_of(worked, role)
        for mutation, given in inputs:
            assert other.error(mutation, input=given)[0] == "FORBIDDEN"
        assert ids(other) == []


def test_options_of_online_payments_are_changed_and_told(
    worked: Tenant, client_of: ClientOf
) -> None:
    admin = client_of(worked, Role.ADMIN)
    change = """mutation($input: ChangeSiteOptionsInput!) {changeSiteOptions(input: $input) {
        siteOptions {onlinePayments pendingPaymentMatchDays} userErrors {code}}}"""
    given = {"onlinePayments": True, "pendingPaymentMatchDays": 3}
    told = admin.ask(change, input=given)["changeSiteOptions"]
    assert told == {"siteOptions": given, "userErrors": []}
    refused = admin.ask(change, input={"pendingPaymentMatchDays": 366})["changeSiteOptions"]
    assert refused["userErrors"] == [{"code": "match_days_invalid"}]
