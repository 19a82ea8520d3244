"""Disputes, reason codes and tags over HTTP: what is told, refused, repeated, and by whom."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import TODAY, Client, write_ledger
from tests.loading import load, write_csv

SINCE, CLOSED = "2026-02-10", "2026-03-01"


def business_date() -> str:
    """The business date of the server, whose site is in UTC."""
    return datetime.now(UTC).date().isoformat()


def tomorrow() -> str:
    return (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger and a paid invoice I6, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    paid = tmp_path / "paid"
    paid.mkdir()
    write_csv(
        paid / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id",
        ["1,I6,ACME,2026-02-01,2026-03-01,10.00,0,EUR"],
    )
    load(database, tenant, paid, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def admin(worked: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    return client_of(worked, Role.ADMIN)


DISPUTE = """disputeId companyId tranId custId custName amount {amount currency}
    amountHc {amount currency} disputeDate disputeDateDays openedOn open closed closedDate outcome
    closingNote reasonCode codeDate reasonDescription severity excludeAging note activityId userId
    stream invoice {dueDate} account {custName}"""
DEFINE = """mutation($input: DefineReasonCodeInput!) {defineReasonCode(input: $input) {
    reasonCode {id code description severity active stream} userErrors {code field} position}}"""
RETIRE = """mutation($input: RetireReasonCodeInput!) {retireReasonCode(input: $input) {
    reasonCode {code active} userErrors {code field}}}"""
OPEN = f"""mutation($input: OpenDisputeInput!) {{openDispute(input: $input) {{
    dispute {{{DISPUTE}}} userErrors {{code field message}} position}}}}"""
CHANGE = f"""mutation($input: ChangeDisputeInput!) {{changeDispute(input: $input) {{
    dispute {{{DISPUTE}}} userErrors {{code field}} position}}}}"""
CLOSE = f"""mutation($input: CloseDisputeInput!) {{closeDispute(input: $input) {{
    dispute {{{DISPUTE}}} userErrors {{code field}} position}}}}"""
REOPEN = f"""mutation($input: ReopenDisputeInput!) {{reopenDispute(input: $input) {{
    dispute {{{DISPUTE}}} userErrors {{code field}} position}}}}"""
TAG = """mutation($input: SetInvoiceReasonInput!) {setInvoiceReason(input: $input) {
    invoiceReason {id companyId tranId reasonCode reasonDescription severity codeDate stream
        invoice {custId}} invoice {tranId} userErrors {code field} position}}"""


def do(client: Client, mutation: str, **given: Any) -> dict[str, Any]:
    """What a mutation answers."""
    (told,) = client.ask(mutation, input=given).values()
    return told


def done(client: Client, mutation: str, **given: Any) -> dict[str, Any]:
    """What a mutation answers that must not be refused."""
    told = do(client, mutation, **given)
    assert told["userErrors"] == []
    return told


def refusals(client: Client, mutation: str, **given: Any) -> list[tuple[str, str | None]]:
    """Why a mutation is refused, which must change nothing."""
    before = client.ask("{auditTrail {totalCount}}")
    told = do(client, mutation, **given)
    assert client.ask("{auditTrail {totalCount}}") == before
    return [(one["code"], one["field"]) for one in told["userErrors"]]


def price(client: Client) -> None:
    """Define two reason codes and retire one of them."""
    done(client, DEFINE, code="PRICE", description="Wrong price", severity=1)
    done(client, DEFINE, code="OLD", description="Not given any more")
    done(client, RETIRE, code="OLD")


def opened(client: Client, key: str = "d1", **others: Any) -> dict[str, Any]:
    """A dispute of 50 of the 200 USD that are open of a document booked at 270 EUR for 300."""
    given = {"companyId": "1", "tranId": "I3", "amount": "50", "disputeDate": SINCE, **others}
    return done(client, OPEN, idempotencyKey=key, **given)["dispute"]


def ids(client: Client, arguments: str = "") -> list[str]:
    found = client.ask(f"{{disputes{arguments} {{nodes {{disputeId}}}}}}")
    return [one["disputeId"] for one in found["disputes"]["nodes"]]


def test_a_dispute_is_there_when_its_mutation_answers(admin: Client) -> None:
    price(admin)
    call = {"companyId": "1", "custId": "BETA", "activityType": "Phone", "idempotencyKey": "a1"}
    record = "mutation($input: RecordActivityInput!) {recordActivity(input: $input) {position}}"
    admin.ask(record, input=call)
    told = opened(admin, reasonCode="PRICE", excludeAging=True, note=" Too dear. ", activityId="a1")

    days = (datetime.now(UTC).date() - datetime.fromisoformat(SINCE).date()).days
    assert told.pop("userId").startswith("key/")
    assert told == {
        "disputeId": "d1",
        "companyId": "1",
        "tranId": "I3",
        "custId": "BETA",
        "custName": "Beta_100%",
        "amount": {"amount": "50.00", "currency": "USD"},
        "amountHc": {"amount": "45.00", "currency": "EUR"},
        "disputeDate": SINCE,
        "disputeDateDays": days,
        "openedOn": business_date(),
        "open": True,
        "closed": False,
        "closedDate": None,
        "outcome": None,
        "closingNote": None,
        "reasonCode": "PRICE",
        "codeDate": business_date(),
        "reasonDescription": "Wrong price",
        "severity": 1,
        "excludeAging": True,
        "note": "Too dear.",
        "activityId": "a1",
        "stream": "dispute/d1",
        "invoice": {"dueDate": "2025-10-31"},
        "account": {"custName": "Beta_100%"},
    }


def test_a_dispute_begins_today_by_default_and_of_the_whole_balance_is_all_that_is_open(
    admin: Client,
) -> None:
    told = opened(admin, amount=200, disputeDate=None)
    assert (told["disputeDate"], told["disputeDateDays"]) == (business_date(), 0)
    assert told["amountHc"]["amount"] == "180.00"
    assert (told["reasonCode"], told["codeDate"], told["severity"]) == (None, None, None)


def test_a_mutation_sent_again_with_its_key_is_carried_out_once(admin: Client) -> None:
    first = opened(admin)
    assert opened(admin) == first
    assert ids(admin) == ["d1"]
    again = do(admin, OPEN, companyId="1", tranId="I3", amount="51", idempotencyKey="d1")
    assert [one["code"] for one in again["userErrors"]] == ["idempotency_key_reused"]
    for _ in range(2):
        done(admin, CLOSE, disputeId="d1", idempotencyKey="c1")
    done(admin, REOPEN, disputeId="d1")
    assert done(admin, CLOSE, disputeId="d1", idempotencyKey="c1")["dispute"]["open"] is True


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"tranId": "NONE"}, "invoice_unknown", "tranId"),
        ({"tranId": "I6"}, "invoice_closed", "tranId"),
        ({"tranId": "C4"}, "credit_not_disputable", "tranId"),
        ({"amount": "0"}, "dispute_amount_not_positive", "amount"),
        ({"amount": "200.01"}, "dispute_amount_too_large", "amount"),
        ({"amount": "0.001"}, "dispute_amount_too_fine", "amount"),
        ({"disputeDate": tomorrow()}, "dispute_date_future", "disputeDate"),
        ({"disputeDate": "2025-09-30"}, "dispute_date_before_invoice", "disputeDate"),
        ({"reasonCode": "X"}, "reason_code_unknown", "reasonCode"),
        ({"reasonCode": "OLD"}, "reason_code_retired", "reasonCode"),
        ({"note": "a\x00b"}, "note_not_text", "note"),
        ({"activityId": "a1"}, "activity_unknown", "activityId"),
    ],
)
def test_a_refusal_to_open_is_told_and_changes_nothing(
    admin: Client, given: dict[str, str], code: str, field: str
) -> None:
    price(admin)
    wanted = {"companyId": "1", "tranId": "I3", "amount": "50", **given}
    assert refusals(admin, OPEN, **wanted) == [(code, field)]
    assert ids(admin) == []


def test_a_dispute_is_changed_in_what_is_given_alone(admin: Client) -> None:
    price(admin)
    before = opened(admin, note="n")

    more = done(admin, CHANGE, disputeId="d1", amount="200", reasonCode="PRICE")["dispute"]
    assert more == before | {
        "amount": {"amount": "200.00", "currency": "USD"},
        "amountHc": {"amount": "180.00", "currency": "EUR"},
        "reasonCode": "PRICE",
        "codeDate": business_date(),
        "reasonDescription": "Wrong price",
        "severity": 1,
    }
    kept = {"disputeId": "d1", "amount": None, "excludeAging": None}
    assert done(admin, CHANGE, **kept)["dispute"] == more
    back = done(
        admin, CHANGE, disputeId="d1", amount=50, reasonCode=None, note=None, excludeAging=True
    )["dispute"]
    assert back == before | {"note": None, "excludeAging": True}


def test_a_dispute_is_closed_and_reopened(admin: Client) -> None:
    before = opened(admin)
    after = done(
        admin, CLOSE, disputeId="d1", closedDate=CLOSED, outcome="upheld", note="Credited."
    )["dispute"]
    ended = {
        "open": False,
        "closed": True,
        "closedDate": CLOSED,
        "outcome": "upheld",
        "closingNote": "Credited.",
    }
    assert after == before | ended
    (invoice,) = admin.ask('{invoices(filter: {tranId: {eq: "I3"}}) {nodes {closingTranDate}}}')[
        "invoices"
    ]["nodes"]
    assert invoice == {"closingTranDate": None}
    assert done(admin, REOPEN, disputeId="d1")["dispute"] == before


def test_what_a_dispute_cannot_become_is_refused(admin: Client) -> None:
    price(admin)
    for mutation in (CHANGE, CLOSE, REOPEN):
        unknown = refusals(admin, mutation, disputeId="d9")
        assert unknown == [("dispute_unknown", "disputeId")]
    assert refusals(admin, CHANGE, disputeId="d9", amount="1", reasonCode="PRICE") == [
        ("dispute_unknown", "disputeId")
    ]
    opened(admin)
    for mutation, given, expected in (
        (CHANGE, {"amount": "201"}, ("dispute_amount_too_large", "amount")),
        (CHANGE, {"amount": "-1"}, ("dispute_amount_not_positive", "amount")),
        (CHANGE, {"reasonCode": "OLD"}, ("reason_code_retired", "reasonCode")),
        (CHANGE, {"reasonCode": "X"}, ("reason_code_unknown", "reasonCode")),
        (CHANGE, {"note": "a\x00"}, ("note_not_text", "note")),
        (CLOSE, {"closedDate": tomorrow()}, ("closing_date_future", "closedDate")),
        (CLOSE, {"closedDate": "2026-02-09"}, ("closing_date_before_dispute", "closedDate")),
        (CLOSE, {"outcome": "a\x00"}, ("outcome_not_text", "outcome")),
    ):
        assert refusals(admin, mutation, disputeId="d1", **given) == [expected]
    done(admin, CLOSE, disputeId="d1", closedDate=CLOSED)
    for mutation, given in ((CHANGE, {"note": "late"}), (CLOSE, {"closedDate": SINCE})):
        assert refusals(admin, mutation, disputeId="d1", **given) == [("dispute_closed", None)]


def test_a_dispute_is_there_from_its_date_and_closed_from_its_closing_on(admin: Client) -> None:
    price(admin)
    opened(admin, reasonCode="PRICE")
    position = done(admin, CLOSE, disputeId="d1", closedDate=CLOSED)["position"]
    query = """query($on: Date) {dispute(disputeId: "d1", asOf: $on) {
        open closed closedDate openedOn reasonCode codeDate severity disputeDateDays}}"""
    not_yet = {"openedOn": None, "reasonCode": None, "codeDate": None, "severity": None}
    is_open = {"open": True, "closed": False, "closedDate": None}
    is_closed = {"open": False, "closed": True, "closedDate": CLOSED}

    assert admin.ask(query, on="2026-02-09")["dispute"] is None
    first = admin.ask(query, on=SINCE)["dispute"]
    assert first == {**is_open, **not_yet, "disputeDateDays": 0}
    last = admin.ask(query, on="2026-02-28")["dispute"]
    assert last == {**is_open, **not_yet, "disputeDateDays": 18}
    after = admin.ask(query, on=CLOSED)["dispute"]
    assert after == {**is_closed, **not_yet, "disputeDateDays": 19}
    now = admin.ask(query)["dispute"]
    assert (now["closed"], now["reasonCode"], now["severity"]) == (True, "PRICE", 1)
    listed = f'(asOf: "2026-02-09", atLeast: {position})'
    assert ids(admin, listed) == []


def test_open_disputes_are_found_and_what_was_known_of_them(admin: Client) -> None:
    price(admin)
    opened(admin, "d1", reasonCode="PRICE")
    opened(admin, "d2", amount="60")
    opened(admin, "d3", tranId="I1", amount="5.5")
    known_at = admin.ask("{auditTrail(last: 1) {nodes {recordedAt}}}")["auditTrail"]["nodes"][0]
    done(admin, CLOSE, disputeId="d2")

    assert ids(admin) == ["d1", "d2", "d3"]
    assert ids(admin, "(filter: {open: {eq: true}})") == ["d1", "d3"]
    assert ids(admin, "(filter: {closed: {eq: true}})") == ["d2"]
    assert ids(admin, "(filter: {severity: {lte: 1}, open: {eq: true}})") == ["d1"]
    assert ids(admin, '(filter: {custId: {eq: "BETA"}}, orderBy: {field: AMOUNT, direction: DESC})')
    assert ids(admin, "(orderBy: {field: AMOUNT}, first: 2)") == ["d3", "d1"]
    assert ids(admin, "(last: 1)") == ["d3"]
    then = f'(filter: {{open: {{eq: true}}}}, knownAt: "{known_at["recordedAt"]}")'
    assert ids(admin, then) == ["d1", "d2", "d3"]


def test_reason_codes_are_defined_changed_retired_and_listed(admin: Client) -> None:
    price(admin)
    changed = done(admin, DEFINE, code="PRICE", description=" Price ", severity=2)["reasonCode"]
    identity = changed.pop("id")
    assert changed == {
        "code": "PRICE",
        "description": "Price",
        "severity": 2,
        "active": True,
        "stream": "reason_code/PRICE",
    }
    again = "query($id: ID!) {node(id: $id) {... on ReasonCode {code}}}"
    assert admin.ask(again, id=identity) == {"node": {"code": "PRICE"}}
    query = """query($filter: ReasonCodeFilter) {reasonCodes(filter: $filter) {
        nodes {code active severity}}}"""
    everything = [
        {"code": "OLD", "active": False, "severity": None},
        {"code": "PRICE", "active": True, "severity": 2},
    ]
    assert admin.ask(query)["reasonCodes"]["nodes"] == everything
    given = admin.ask(query, filter={"active": {"eq": True}})["reasonCodes"]["nodes"]
    assert given == everything[1:]
    assert done(admin, DEFINE, code="OLD", description="Again")["reasonCode"]["active"] is True


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"code": ""}, "reason_code_empty", "code"),
        ({"code": " X"}, "reason_code_spaced", "code"),
        ({"code": "x" * 51}, "reason_code_too_long", "code"),
        ({"description": " "}, "description_empty", "description"),
        ({"description": "x" * 501}, "description_too_long", "description"),
        ({"description": "a\x00"}, "description_not_text", "description"),
        ({"severity": 0}, "severity_invalid", "severity"),
    ],
)
def test_a_reason_code_that_cannot_be_is_refused(
    admin: Client, given: dict[str, Any], code: str, field: str
) -> None:
    wanted = {"code": "X", "description": "x", **given}
    assert refusals(admin, DEFINE, **wanted) == [(code, field)]
    assert refusals(admin, RETIRE, code="X") == [("reason_code_unknown", "code")]


def test_an_invoice_is_tagged_though_it_is_paid_and_no_more(admin: Client) -> None:
    price(admin)
    told = done(admin, TAG, companyId="1", tranId="I6", reasonCode="PRICE")
    tag = told["invoiceReason"]
    identity = tag.pop("id")
    assert tag == {
        "companyId": "1",
        "tranId": "I6",
        "reasonCode": "PRICE",
        "reasonDescription": "Wrong price",
        "severity": 1,
        "codeDate": business_date(),
        "stream": "invoice_reason/1/I6",
        "invoice": {"custId": "ACME"},
    }
    assert told["invoice"] == {"tranId": "I6"}
    again = "query($id: ID!) {node(id: $id) {... on InvoiceReason {tranId}}}"
    assert admin.ask(again, id=identity) == {"node": {"tranId": "I6"}}
    query = """query($on: Date, $filter: InvoiceReasonFilter) {
        invoiceReasons(asOf: $on, filter: $filter) {nodes {tranId}}}"""
    assert admin.ask(query)["invoiceReasons"]["nodes"] == [{"tranId": "I6"}]
    assert admin.ask(query, on="2026-03-02")["invoiceReasons"]["nodes"] == []
    severe = {"severity": {"gt": 1}}
    assert admin.ask(query, filter=severe)["invoiceReasons"]["nodes"] == []

    off = done(admin, TAG, companyId="1", tranId="I6", reasonCode=None)
    assert (off["invoiceReason"], off["invoice"]) == (None, {"tranId": "I6"})
    assert admin.ask(query)["invoiceReasons"]["nodes"] == []


def test_a_tag_that_cannot_be_is_refused(admin: Client) -> None:
    price(admin)
    for given, expected in (
        ({"tranId": "NONE", "reasonCode": "PRICE"}, ("invoice_unknown", "tranId")),
        ({"tranId": "NONE", "reasonCode": None}, ("invoice_unknown", "tranId")),
        ({"tranId": "I6", "reasonCode": "X"}, ("reason_code_unknown", "reasonCode")),
        ({"tranId": "I6", "reasonCode": "OLD"}, ("reason_code_retired", "reasonCode")),
    ):
        assert refusals(admin, TAG, companyId="1", **given) == [expected]


def test_who_may_do_what(
    admin: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    price(admin)
    opened(admin)
    define = {"code": "PO", "description": "Missing PO"}
    dispute = {"companyId": "1", "tranId": "I3", "amount": "1"}
    tag = {"companyId": "1", "tranId": "I3", "reasonCode": "PRICE"}
    lists = {DEFINE: define, RETIRE: {"code": "OLD"}}
    work: dict[str, dict[str, Any]] = {
        OPEN: dispute,
        CHANGE: {"disputeId": "d1", "note": "n"},
        CLOSE: {"disputeId": "d1"},
        REOPEN: {"disputeId": "d1"},
        TAG: tag,
    }
    for role, allowed in (
        (Role.CREDIT_MANAGER, {**lists, **work}),
        (Role.CREDIT_USER, work),
        (Role.INQUIRY_USER, {}),
        (Role.AUDITOR, {}),
    ):
        client = client_of(worked, role)
        for mutation, given in {**lists, **work}.items():
            if mutation in allowed:
                done(client, mutation, **given)
            else:
                assert client.error(mutation, input=given)[0] == "FORBIDDEN"
        assert "d1" in ids(client)
