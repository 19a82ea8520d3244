"""The audit trail over GraphQL: of one subject, with causes, what is correlated and changes."""

from collections.abc import Callable, Generator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import TODAY, Client, Server
from tests.api.test_reading import statements
from tests.api.test_work import do
from tests.loading import load, write_csv
from tests.runtime.rules import Site, rule

TRAIL = """query($of: AuditSubjectInput, $filter: AuditEventFilter, $stream: String) {
    auditTrail(of: $of, filter: $filter, stream: $stream, first: 500) {nodes {
        position stream version type category actor actorName userId userName effectiveOn
        cause causes {reference stream type actor actorName userName effectiveOn}
        correlated {position stream} changes {field before after}}}}"""
STREAMS = """query($of: AuditSubjectInput) {
    auditTrail(of: $of, first: 500) {nodes {stream}}}"""

ACME = {"companyId": "1", "custId": "ACME"}
RECORDS = {
    "INVOICE": ["1", "I1"],
    "PAYMENT_APPLICATION": ["1", "I1", "P1"],
    "CUSTOMER": ["1", "ACME"],
    "PAYMENT": ["1", "P1"],
    "CONTACT": ["1", "ACME", "2"],
}
I1 = {"companyId": "1", "tranId": "I1"}
P1 = {"companyId": "1", "paymentId": "P1"}


def trail(client: Client, **variables: Any) -> list[dict[str, Any]]:
    return client.ask(TRAIL, **variables)["auditTrail"]["nodes"]


def streams(client: Client, **of: Any) -> set[str]:
    return {one["stream"] for one in client.ask(STREAMS, of=of)["auditTrail"]["nodes"]}


@pytest.fixture
def dana(worked: Tenant, admin: Client, server: Server, database: Database) -> Generator[Client]:
    """A collector with a key of her own, who has worked on the account ACME."""
    do(admin, "registerUser", userId="dana", name="Dana D.", kind="CREDIT_USER")
    do(admin, "defineReasonCode", code="PRICE", description="Wrong price", severity=1)
    client = Client(server, create_key(database, worked, Role.CREDIT_USER, "Dana", "dana"))
    do(admin, "assignAccount", **ACME, userId="dana")
    day = business_date(now(), "UTC").isoformat()
    do(client, "openIssue", **ACME, subject="Call", tranIds=["I1"], idempotencyKey="issue")
    do(
        client,
        "recordActivity",
        **ACME,
        activityType="Phone",
        note="Rang",
        issueId="issue",
        tranIds=["I1"],
        idempotencyKey="call",
    )
    do(
        client,
        "recordExpectedPayment",
        **ACME,
        amount="40.00",
        expectDate="2999-01-01",
        tranIds=["I1"],
        promise=True,
        activityId="call",
        idempotencyKey="promise",
    )
    do(
        client,
        "openDispute",
        **I1,
        amount="12.50",
        disputeDate=day,
        reasonCode="PRICE",
        idempotencyKey="dispute",
    )
    do(client, "addInvoiceNote", companyId="1", tranIds=["I1"], text="Sent", idempotencyKey="n")
    do(client, "addContact", **ACME, cntctName="Eve", idempotencyKey="eve")
    do(client, "addAccountNote", **ACME, text="Moved")
    do(client, "addPersonalContact", cntctName="Mum", idempotencyKey="mum")
    for kind, key in RECORDS.items():
        do(admin, "setUserFields", recordType=kind, key=key, udf6="x")
    yield client
    client.http.close()


ABOUT_I1 = {
    "user_fields/invoice/1/I1",
    "user_fields/payment_application/1/I1/P1",
    "invoice/1/I1",
    "invoice_note/n",
    "payment/1/P1",
    "issue/issue",
    "activity/call",
    "promise/promise",
    "dispute/dispute",
}
ABOUT_ACME = ABOUT_I1 | {
    "account/1/ACME",
    "user_fields/customer/1/ACME",
    "user_fields/payment/1/P1",
    "user_fields/contact/1/ACME/2",
    "account_care/1/ACME",
    "contact/1/ACME/1",
    "contact/1/ACME/2",
    "contact/1/ACME/eve",
    "invoice/1/I2",
}


def test_each_subject_has_its_own_streams_and_those_that_belong_to_it(
    dana: Client, admin: Client
) -> None:
    work = {"issue/issue", "activity/call", "promise/promise"}
    assert streams(admin, account=ACME) == ABOUT_ACME
    assert streams(admin, account=ACME | {"companyId": "2"}) == {"account/2/ACME", "invoice/2/I1"}
    assert streams(admin, account=ACME | {"custId": "GAMMA"}) == {"account/1/GAMMA", "invoice/1/I5"}
    assert streams(admin, invoice=I1) == ABOUT_I1
    paid = {"payment/1/P1", "invoice/1/I1", "user_fields/payment/1/P1"}
    assert streams(admin, payment=P1) == paid
    assert streams(admin, issue="issue") == work
    assert streams(admin, activity="call") == work
    assert streams(admin, promise="promise") == {"promise/promise"}
    assert streams(admin, dispute="dispute") == {"dispute/dispute"}
    assert streams(admin, contact=ACME | {"cntctId": "eve"}) == {"contact/1/ACME/eve"}
    assert streams(admin, company="2") == {"company/2"}
    assert streams(admin, issue="none") == set()
    did = {
        "issue/issue",
        "activity/call",
        "promise/promise",
        "dispute/dispute",
        "invoice_note/n",
        "contact/1/ACME/eve",
        "account/1/ACME",
    }
    key = trail(admin, of={"user": "dana"}, filter={"category": {"eq": "api_key"}})
    assert [one["type"] for one in key] == ["ApiKeyIssued"]
    own = {"user/dana", key[0]["stream"]}
    assert streams(admin, user="dana") == did | own
    assert streams(dana, user="dana") == did | own | {"personal_contact/mum"}


def test_only_what_a_user_did_is_told_of_streams_of_others(dana: Client, admin: Client) -> None:
    events = trail(admin, of={"user": "dana"})
    account = [one for one in events if one["stream"] == "account/1/ACME"]
    assert [(one["type"], one["userName"]) for one in account] == [("AccountNoteAdded", "Dana D.")]
    positions = [one["position"] for one in events]
    assert positions == sorted(set(positions))


def test_an_event_tells_who_when_and_what_it_changed(dana: Client, admin: Client) -> None:
    do(dana, "changeDispute", disputeId="dispute", amount="20.00")
    opened, changed = trail(admin, of={"dispute": "dispute"})
    assert (opened["actorName"], opened["userId"], opened["userName"]) == (
        "Dana",
        "dana",
        "Dana D.",
    )
    assert opened["category"] == "dispute"
    assert {"field": "opened.amount", "before": None, "after": "12.50"} in opened["changes"]
    assert changed["changes"] == [{"field": "amount", "before": "12.50", "after": "20.00"}]
    assert changed["causes"] == [
        {
            "reference": "mutation/changeDispute",
            "stream": None,
            "type": None,
            "actor": None,
            "actorName": None,
            "userName": None,
            "effectiveOn": None,
        }
    ]


def test_before_and_after_of_several_kinds_of_records(dana: Client, admin: Client) -> None:
    do(admin, "changeUser", userId="dana", name="Dana Dee", email="dana@example.com")
    do(dana, "completeActivity", activityId="call", note="Will pay")
    do(dana, "withdrawPromise", promiseId="promise", reason="Mistaken")
    do(admin, "changeSiteOptions", agingBoundariesDue=[10, 20, 30, 40])

    def last(stream: str) -> dict[str, tuple[Any, Any]]:
        changes = trail(admin, stream=stream)[-1]["changes"]
        return {one["field"]: (one["before"], one["after"]) for one in changes}

    assert last("user/dana") == {
        "profile.name": ("Dana D.", "Dana Dee"),
        "profile.email": (None, "dana@example.com"),
    }
    day = business_date(now(), "UTC").isoformat()
    assert last("activity/call") == {
        "completed.completed_on": (None, day),
        "completed.note": (None, "Will pay"),
        "completed.successful": (None, False),
    }
    assert last("site_options/site") == {
        "aging_boundaries_due": ([30, 60, 90, 120], [10, 20, 30, 40])
    }
    withdrawn = last("promise/promise")
    assert withdrawn["state"] == ("Open", "Withdrawn")
    (paid,) = trail(admin, stream="invoice/1/I1")[1:]
    assert {one["field"]: (one["before"], one["after"]) for one in paid["changes"]} == {
        "applications.P1.amount": (None, "60.00"),
        "applications.P1.amount_hc": (None, "60.00"),
        "applications.P1.applied_on": (None, "2026-02-10"),
    }


def test_what_one_request_did_is_correlated(dana: Client, admin: Client) -> None:
    admin.ask(
        """mutation {
            one: addAccountNote(input: {companyId: "1", custId: "ACME", text: "a"}) {position}
            two: addAccountNote(input: {companyId: "1", custId: "BETA", text: "b"}) {position}}"""
    )
    first = trail(admin, stream="account/1/ACME")[-1]
    second = trail(admin, stream="account/1/BETA")[-1]
    assert [one["stream"] for one in first["correlated"]] == ["account/1/BETA"]
    assert [one["position"] for one in second["correlated"]] == [first["position"]]
    (alone,) = trail(admin, of={"dispute": "dispute"})
    assert alone["correlated"] == []
    registered = trail(admin, stream="invoice/1/I1")[0]
    assert "invoice/2/I1" in {one["stream"] for one in registered["correlated"]}


def test_personal_contacts_are_correlated_for_their_owner_and_auditors_alone(
    dana: Client, admin: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    dana.ask(
        """mutation {
            one: addAccountNote(input: {companyId: "1", custId: "BETA", text: "a"}) {position}
            two: addPersonalContact(input: {cntctName: "Dad", idempotencyKey: "dad"}) {position}}"""
    )

    def seen(client: Client) -> list[str]:
        note = trail(client, stream="account/1/BETA")[-1]
        return [one["stream"] for one in note["correlated"]]

    assert seen(dana) == ["personal_contact/dad"]
    assert seen(client_of(worked, Role.AUDITOR)) == ["personal_contact/dad"]
    assert seen(admin) == []


def test_a_trail_is_filtered_and_paged(dana: Client, admin: Client) -> None:
    query = """query($of: AuditSubjectInput!, $filter: AuditEventFilter, $after: String) {
        auditTrail(of: $of, filter: $filter, first: 2, after: $after) {
            totalCount nodes {position type} pageInfo {endCursor hasNextPage}}}"""
    of = {"account": ACME}
    whole = [one["position"] for one in trail(admin, of=of)]
    found: list[int] = []
    after = None
    while True:
        page = admin.ask(query, of=of, after=after)["auditTrail"]
        assert page["totalCount"] == len(whole)
        found += [one["position"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole
    for given, expected in (
        ({"type": {"eq": "DisputeOpened"}}, ["DisputeOpened"]),
        ({"category": {"in": ["contact"]}, "userId": {"eq": "dana"}}, ["ContactAdded"]),
        ({"userName": {"eq": "Dana D."}, "category": {"eq": "issue"}}, ["IssueOpened"]),
        ({"position": {"lt": 1}}, []),
        ({"recordedAt": {"gt": "2999-01-01T00:00:00Z"}}, []),
        ({"effectiveOn": {"lte": "2026-01-01"}}, ["InvoiceRegistered"]),
    ):
        told = admin.ask(query, of=of, filter=given)["auditTrail"]["nodes"]
        assert [one["type"] for one in told] == expected, given


def test_what_was_known_at_a_moment_is_all_that_is_told(dana: Client, admin: Client) -> None:
    query = """query($of: AuditSubjectInput!, $known: DateTime) {
        auditTrail(of: $of, knownAt: $known) {nodes {recordedAt}}}"""
    events = admin.ask(query, of={"account": ACME})["auditTrail"]["nodes"]
    known = events[3]["recordedAt"]
    told = admin.ask(query, of={"account": ACME}, known=known)["auditTrail"]["nodes"]
    assert told == [one for one in events if one["recordedAt"] <= known]


def test_a_page_costs_the_same_number_of_statements_whatever_its_size(
    dana: Client, admin: Client
) -> None:
    query = """query($first: Int!) {auditTrail(of: {account: {companyId: "1", custId: "ACME"}},
        first: $first) {nodes {userName causes {reference} correlated {type} changes {field}}}}"""
    costs: set[float] = set()
    for first in (2, 5, 50):
        before = statements()
        admin.ask(query, first=first)
        costs.add(statements() - before)
    assert len(costs) == 1
    assert costs.pop() <= 8


def test_a_subject_is_named_once_and_as_text(admin: Client) -> None:
    for of in (
        {},
        {"issue": "a", "user": "b"},
        {"issue": "a\x00"},
        {"issue": None},
        {"account": {"companyId": "1", "custId": "\x00"}},
    ):
        assert admin.error(TRAIL, of=of)[0] == "BAD_USER_INPUT", of


def test_who_may_read_trails(
    dana: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    inquirer = client_of(worked, Role.INQUIRY_USER)
    assert inquirer.error(TRAIL, of={"issue": "issue"})[0] == "FORBIDDEN"
    auditor, manager = client_of(worked, Role.AUDITOR), client_of(worked, Role.CREDIT_MANAGER)
    assert "personal_contact/mum" in streams(auditor, user="dana")
    assert "personal_contact/mum" not in streams(manager, user="dana")


def test_an_id_with_a_slash_is_found_under_its_stream(
    database: Database, worked: Tenant, tmp_path: Path, admin: Client
) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    write_csv(tmp_path / "customers.csv", "company_id,cust_id,cust_name", ["1,A/B 100%,Slash"])
    load(database, worked, tmp_path, business_date=TODAY)
    assert streams(admin, account={"companyId": "1", "custId": "A/B 100%"}) == {
        "account/1/A%2FB 100%25"
    }


def test_what_once_belonged_to_an_account_is_in_its_trail(
    database: Database, worked: Tenant, tmp_path: Path, admin: Client
) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    rows = ["1,I2,GAMMA,2026-02-01,2026-03-03,200.00,EUR"]
    header = "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id"
    write_csv(tmp_path / "invoices.csv", header, rows)
    load(database, worked, tmp_path, business_date=TODAY)
    assert "invoice/1/I2" in streams(admin, account=ACME)
    assert "invoice/1/I2" in streams(admin, account=ACME | {"custId": "GAMMA"})
    (moved,) = [
        one
        for one in trail(admin, stream="invoice/1/I2")[-1]["changes"]
        if one["field"] == "document.cust_id"
    ]
    assert moved == {"field": "document.cust_id", "before": "ACME", "after": "GAMMA"}


def test_a_tenant_sees_nothing_of_another(
    dana: Client, database: Database, client_of: Callable[[Tenant, Role], Client], tenant: Tenant
) -> None:
    other = create_tenant(database, f"{tenant.name[:50]}-other")
    auditor = client_of(other, Role.AUDITOR)
    for of in ({"account": ACME}, {"invoice": I1}, {"user": "dana"}, {"issue": "issue"}):
        assert trail(auditor, of=of) == []


FIRE = """mutation($input: FireJobInput!) {fireJob(input: $input) {
    jobFiring {state} position userErrors {code}}}"""
RUN = """mutation($input: RunRulesInput!) {runRules(input: $input) {created userErrors {code}}}"""


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Site]:
    site = Site(database, tenant, tmp_path)
    site.define(rule("late", "balance > 0 AND due_date_days > 0"))
    site.document("I1")
    site.sync(date(2026, 3, 9))
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield site


def test_causes_lead_from_an_activity_over_the_run_of_rules_to_the_job(
    site: Site, client_of: Callable[[Tenant, Role], Client]
) -> None:
    admin = client_of(site.tenant, Role.ADMIN)
    schedule = {"days": [1, 2, 3, 4, 5, 6, 7], "at": "06:00"}
    do(admin, "defineCreditClass", classId="A", name="A", schedule=schedule)
    wish = {"job": "rules/A", "businessDate": "2026-03-10", "idempotencyKey": "k@k"}
    assert admin.ask(FIRE, input=wish)["fireJob"]["jobFiring"] == {"state": "completed"}

    (activity,) = trail(admin, filter={"type": {"eq": "ActivityRecorded"}})
    told = [(one["reference"], one["type"], one["actor"]) for one in activity["causes"]]
    assert told == [
        ("rule_run/A/2026-03-10", "RuleRunCompleted", "job/rules/A"),
        ("job_firing/rules/A@by hand k@k", "JobFiringClaimed", "job/rules/A"),
    ]
    assert activity["causes"][1]["stream"] == "job_firing/rules%2FA/by hand k@k"
    assert activity["causes"][0]["effectiveOn"] == "2026-03-10"
    near = {one["stream"].split("/")[0] for one in activity["correlated"]}
    assert near == {"issue", "activity", "rule_run"}

    whole = streams(admin, rule={"classId": "A", "ruleId": "late"})
    issue = next(one for one in whole if one.startswith("issue/"))
    assert whole == {
        "rule/A/late",
        "rule_run/A/2026-03-10",
        issue,
        activity["stream"],
    }
    assert streams(admin, creditClass="A") == whole | {"credit_class/A"}
    assert activity["stream"] in streams(admin, invoice={"companyId": "1", "tranId": "I1"})


def test_causes_of_what_somebody_asked_for_end_with_the_command(
    site: Site, client_of: Callable[[Tenant, Role], Client]
) -> None:
    admin = client_of(site.tenant, Role.ADMIN)
    ran = admin.ask(RUN, input={"businessDate": "2026-03-10"})["runRules"]
    assert ran == {"created": 1, "userErrors": []}
    (activity,) = trail(admin, filter={"type": {"eq": "ActivityRecorded"}})
    run, command = activity["causes"]
    assert (run["reference"], run["actorName"]) == ("rule_run/A/2026-03-10", "Dana")
    assert (command["reference"], command["type"]) == ("mutation/runRules", None)
    (invoice,) = trail(admin, stream="invoice/1/I1")
    (sync,) = invoice["causes"]
    assert (sync["type"], sync["actor"]) == ("SyncCompleted", "test")
    assert sync["reference"] == invoice["cause"]
