"""Expected payments over HTTP: recording, confirming, withdrawing, and how they are found."""

from collections.abc import Callable, Generator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import TODAY, Client, write_ledger
from tests.loading import load, write_csv

NOW = business_date(now(), "UTC")
DUE = NOW + timedelta(days=5)
"""By when payments are expected, whatever day it is."""


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def collector(worked: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    return client_of(worked, Role.CREDIT_USER)


RECORD = """mutation($input: RecordExpectedPaymentInput!) {recordExpectedPayment(input: $input) {
    promise {id promiseId stream custName account {custId} promise madeOn status broken note userId
        expectAmt {amount currency} expectDate promiseToPayAmt {amount} promiseToPayDate
        actualAmt {amount} actualDate expectedPayDays actualPayDays activityId
        invoices {nodes {tranId invoice {balance {amount}} promise {promiseId}}}}
    userErrors {code field message} position}}"""
CONFIRM = """mutation($input: ConfirmPromiseInput!) {confirmPromise(input: $input) {
    promise {promise promiseToPayDate promisedOn} userErrors {code field}}}"""
WITHDRAW = """mutation($input: WithdrawPromiseInput!) {withdrawPromise(input: $input) {
    promise {status withdrawnReason settledOn} userErrors {code field}}}"""


def expecting(**others: Any) -> dict[str, Any]:
    told = {
        "companyId": "1",
        "custId": "ACME",
        "amount": "150.00",
        "currId": "EUR",
        "expectDate": DUE.isoformat(),
        "promise": True,
        "tranIds": ["I1", "I2"],
    }
    return told | others


CALL = {"companyId": "1", "custId": "ACME", "activityType": "Phone", "idempotencyKey": "a1"}


def record(client: Client, **others: Any) -> str:
    """Record an expected payment; return its id."""
    told = client.ask(RECORD, input=expecting(**others))["recordExpectedPayment"]
    assert told["userErrors"] == []
    return told["promise"]["promiseId"]


def test_a_promise_is_there_when_its_mutation_answers(collector: Client) -> None:
    call = "mutation($input: RecordActivityInput!) {recordActivity(input: $input) {position}}"
    collector.ask(call, input=CALL)
    given = expecting(note=" By wire. ", userId="dana", activityId="a1", idempotencyKey="k1")
    told = collector.ask(RECORD, input=given)["recordExpectedPayment"]

    promise = told["promise"]
    global_id = promise.pop("id")
    assert promise == {
        "promiseId": "k1",
        "stream": "promise/k1",
        "custName": "Acme Corp",
        "account": {"custId": "ACME"},
        "promise": True,
        "madeOn": NOW.isoformat(),
        "status": "open",
        "broken": False,
        "note": "By wire.",
        "userId": "dana",
        "activityId": "a1",
        "expectAmt": {"amount": "150.00", "currency": "EUR"},
        "expectDate": DUE.isoformat(),
        "promiseToPayAmt": {"amount": "150.00"},
        "promiseToPayDate": DUE.isoformat(),
        "actualAmt": {"amount": "0.00"},
        "actualDate": None,
        "expectedPayDays": 5,
        "actualPayDays": None,
        "invoices": {
            "nodes": [
                {
                    "tranId": "I1",
                    "invoice": {"balance": {"amount": "40.00"}},
                    "promise": {"promiseId": "k1"},
                },
                {
                    "tranId": "I2",
                    "invoice": {"balance": {"amount": "200.00"}},
                    "promise": {"promiseId": "k1"},
                },
            ]
        },
    }
    node = "query($id: ID!) {node(id: $id) {... on Promise {promiseId}}}"
    assert collector.ask(node, id=global_id)["node"] == {"promiseId": "k1"}


def test_sent_again_with_its_key_it_is_carried_out_once(collector: Client) -> None:
    given = expecting(idempotencyKey="k1")
    first = collector.ask(RECORD, input=given)["recordExpectedPayment"]
    assert collector.ask(RECORD, input=given)["recordExpectedPayment"] == first
    other = collector.ask(RECORD, input=given | {"amount": "1"})["recordExpectedPayment"]
    assert [one["code"] for one in other["userErrors"]] == ["idempotency_key_reused"]
    assert collector.ask("{promises {totalCount}}")["promises"]["totalCount"] == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"custId": "NOBODY"}, "account_unknown", "custId"),
        ({"amount": "0"}, "promise_amount_not_positive", "amount"),
        ({"amount": "-5"}, "promise_amount_not_positive", "amount"),
        (
            {"expectDate": (NOW - timedelta(days=2)).isoformat()},
            "promise_date_past",
            "expectDate",
        ),
        ({"currId": "USD"}, "promise_currency_differs", "currId"),
        ({"currId": None, "tranIds": []}, "promise_currency_unknown", "currId"),
        ({"currId": "EURO", "tranIds": []}, "promise_currency_unknown", "currId"),
        ({"tranIds": ["I1", "NONE"]}, "invoice_unknown", "tranIds"),
        ({"tranIds": ["I1", "I1"]}, "promise_invoice_repeated", "tranIds"),
        ({"tranIds": ["C4"]}, "promise_invoice_of_other_account", "tranIds"),
        ({"tranIds": ["I9"]}, "promise_invoice_closed", "tranIds"),
        ({"tranIds": [str(n) for n in range(501)]}, "promise_invoices_too_many", "tranIds"),
        ({"note": "x" * 10_001}, "note_too_long", "note"),
        ({"note": "a\x00b"}, "note_not_text", "note"),
        ({"userId": "a\x00b"}, "promise_reference_not_text", "userId"),
    ],
)
def test_a_refusal_is_told_and_changes_nothing(
    collector: Client,
    database: Database,
    worked: Tenant,
    tmp_path: Path,
    change: dict[str, Any],
    code: str,
    field: str,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    header = "company_id,tran_id,cust_id,tran_date,amount,curr_id,closing_tran_date"
    write_csv(closed / "invoices.csv", header, ["1,I9,ACME,2026-01-01,9.00,EUR,2026-02-01"])
    load(database, worked, closed, business_date=TODAY)
    before = collector.ask("{auditTrail {totalCount}}")

    told = collector.ask(RECORD, input=expecting(**change))["recordExpectedPayment"]

    assert [(one["code"], one["field"]) for one in told["userErrors"]] == [(code, field)]
    assert (told["promise"], told["position"]) == (None, None)
    assert collector.ask("{auditTrail {totalCount}}") == before


def test_without_a_currency_it_is_in_that_of_its_invoices(collector: Client) -> None:
    given = expecting(custId="BETA", tranIds=["I3"], currId=None)
    told = collector.ask(RECORD, input=given)["recordExpectedPayment"]
    assert told["promise"]["expectAmt"] == {"amount": "150.00", "currency": "USD"}
    assert told["promise"]["userId"].startswith("key/")


def test_an_expected_payment_becomes_a_promise_by_being_confirmed(collector: Client) -> None:
    promise_id = record(collector, promise=False)
    query = "query($id: String!) {promise(promiseId: $id) {promise promiseToPayAmt {amount}}}"
    assert collector.ask(query, id=promise_id)["promise"] == {
        "promise": False,
        "promiseToPayAmt": None,
    }
    told = collector.ask(CONFIRM, input={"promiseId": promise_id})["confirmPromise"]
    assert told == {
        "promise": {
            "promise": True,
            "promiseToPayDate": DUE.isoformat(),
            "promisedOn": NOW.isoformat(),
        },
        "userErrors": [],
    }


def test_what_is_withdrawn_is_no_longer_open(collector: Client) -> None:
    promise_id = record(collector)
    empty = collector.ask(WITHDRAW, input={"promiseId": promise_id, "reason": " "})
    assert empty["withdrawPromise"]["userErrors"] == [{"code": "reason_empty", "field": "reason"}]
    given = {"promiseId": promise_id, "reason": "Disputed."}
    told = collector.ask(WITHDRAW, input=given)["withdrawPromise"]
    assert told["promise"] == {
        "status": "withdrawn",
        "withdrawnReason": "Disputed.",
        "settledOn": NOW.isoformat(),
    }
    assert collector.ask(WITHDRAW, input=given)["withdrawPromise"] == told
    for mutation, name, others in (
        (CONFIRM, "confirmPromise", {}),
        (WITHDRAW, "withdrawPromise", {"reason": "Other."}),
    ):
        for one, code in ((promise_id, "promise_settled"), ("none", "promise_unknown")):
            answer = collector.ask(mutation, input={"promiseId": one} | others)[name]
            if (name, code) == ("confirmPromise", "promise_settled"):
                assert answer["userErrors"] == [{"code": code, "field": "promiseId"}]
            assert [e["code"] for e in answer["userErrors"]] == [code]


@pytest.mark.parametrize("role", [Role.INQUIRY_USER, Role.AUDITOR])
def test_only_collectors_may_record_and_everybody_may_read(
    worked: Tenant, client_of: Callable[[Tenant, Role], Client], role: Role
) -> None:
    reader = client_of(worked, role)
    for mutation, given in (
        (RECORD, expecting()),
        (CONFIRM, {"promiseId": "p"}),
        (WITHDRAW, {"promiseId": "p", "reason": "x"}),
    ):
        assert reader.error(mutation, input=given)[0] == "FORBIDDEN"
    assert reader.ask("{promises {nodes {promiseId}}}") == {"promises": {"nodes": []}}


def test_promises_are_filtered_ordered_and_cut(collector: Client) -> None:
    for number, key in enumerate("abc", 1):
        record(collector, amount=str(number), promise=key != "b", idempotencyKey=key)
    query = """query($f: PromiseFilter, $o: [PromiseOrder!], $a: String) {
        promises(filter: $f, orderBy: $o, first: 2, after: $a) {
            nodes {promiseId} pageInfo {hasNextPage endCursor} totalCount}}"""

    def ids(**variables: Any) -> list[str]:
        return [one["promiseId"] for one in collector.ask(query, **variables)["promises"]["nodes"]]

    assert ids(f={"promise": {"eq": True}}) == ["a", "c"]
    assert ids(f={"promiseToPayAmt": {"gte": "3"}}) == ["c"]
    assert ids(f={"status": {"eq": "open"}, "custName": {"matches": "acme"}}) == ["a", "b"]
    assert ids(f={"expectedPayDays": {"gt": 5}}) == []
    order = [{"field": "EXPECT_AMT", "direction": "DESC"}]
    first = collector.ask(query, o=order)["promises"]
    assert ([one["promiseId"] for one in first["nodes"]], first["totalCount"]) == (["c", "b"], 3)
    assert ids(o=order, a=first["pageInfo"]["endCursor"]) == ["a"]


def test_as_of_a_date_and_as_known_at_a_moment_it_is_what_it_was(
    collector: Client, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    record(collector, amount="40", tranIds=["I1"], idempotencyKey="p")
    query = """query($asOf: Date, $knownAt: DateTime, $p: Int) {
        promises(asOf: $asOf, knownAt: $knownAt, atLeast: $p) {nodes {
            status brokenOn contradicted actualPayDays actualAmt {amount}
            receipts {nodes {tranId dated late amount {amount} invoice {tranId}
                payment {paymentId}}}}}}"""
    late, found = DUE + timedelta(days=1), DUE + timedelta(days=3)
    folder = tmp_path / "later"
    folder.mkdir()
    write_csv(
        folder / "payments.csv",
        "company_id,payment_id,cust_id,pmt_date,amount,curr_id",
        [f"1,P9,ACME,{late},40.00,EUR"],
    )
    write_csv(
        folder / "payment_applications.csv",
        "company_id,payment_id,tran_id,amount,applied_date",
        [f"1,P9,I1,40.00,{late}"],
    )
    known = collector.ask("{promises {nodes {knownFrom}}}")["promises"]["nodes"][0]["knownFrom"]
    synced = load(database, worked, folder, business_date=found)

    def ask(as_of: date, known_at: str | None = None) -> list[dict[str, Any]]:
        variables = {"asOf": as_of.isoformat(), "knownAt": known_at, "p": synced.outcome.position}
        return collector.ask(query, **variables)["promises"]["nodes"]

    receipt = {
        "tranId": "I1",
        "dated": late.isoformat(),
        "late": True,
        "amount": {"amount": "40.00"},
        "invoice": {"tranId": "I1"},
        "payment": {"paymentId": "P9"},
    }
    pending = {
        "status": "open",
        "brokenOn": None,
        "contradicted": False,
        "actualPayDays": None,
        "actualAmt": {"amount": "0.00"},
        "receipts": {"nodes": []},
    }
    assert ask(found) == [
        {
            "status": "broken",
            "brokenOn": late.isoformat(),
            "contradicted": False,
            "actualPayDays": 1,
            "actualAmt": {"amount": "40.00"},
            "receipts": {"nodes": [receipt]},
        }
    ]
    assert ask(DUE) == [pending]
    assert ask(found, known) == [pending]
    assert ask(NOW - timedelta(days=3)) == []
