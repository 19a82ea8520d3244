"""Issues and activities over HTTP: opened, worked on, refused, repeated, listed and told."""

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
from tests.api.strategies import define_code
from tests.api.test_account_care import say
from tests.api.test_doing import CHANGE
from tests.api.test_users import change, register
from tests.loading import load


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def admin(worked: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    client = client_of(worked, Role.ADMIN)
    for user_id in ("dana", "eve"):
        register(client, user_id)
    return client


@pytest.fixture
def today() -> date:
    """The business date of now in the site's time zone."""
    return business_date(now(), "UTC")


ISSUE_FIELDS = """issueId issueNo issueNumber subject priority actionCode assignedUserId note
    openedOn resolved resolvedOn resolvedBy resolution openActivityCount custName
    account {custName} invoices {nodes {tranId invoice {amount {amount}}}}
    activities {nodes {activityId}}"""
ISSUE = f"issue {{{ISSUE_FIELDS}}}"
ACTIVITY = """activity {activityId activityNo issueId activityType standardType note priority
    userId assignedUserId enteredOn dateEnteredDays dueOn dueOnDays activityComplete completedOn
    successful phoneIndicator isTagged taggedAmtHc {amount currency} respondBy respondDueDays
    durationMinutes followUpOn followUpDateDays followUpDesc followUpEnteredOn followUpIndicator
    followUpLate followUpCompletedOn account {custName} issue {subject} type {name procedure}
    invoices {nodes {tranId balanceHc {amount currency} invoice {tranId} activity {activityId}}}}"""


def mutate(client: Client, name: str, wanted: str, /, **given: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"""mutation($input: {kind}!) {{{name}(input: $input) {{
        {wanted} userErrors {{code field message}} position}}}}"""
    return client.ask(query, input=given)[name]


def done(client: Client, name: str, wanted: str, /, **given: Any) -> dict[str, Any]:
    """The record of a mutation that must succeed."""
    payload = mutate(client, name, wanted, **given)
    assert payload["userErrors"] == []
    assert payload["position"] > 0
    return payload[wanted.split(maxsplit=1)[0]]


def on_acme(**others: Any) -> dict[str, Any]:
    return {"companyId": "1", "custId": "ACME"} | others


def test_an_issue_is_opened_reassigned_resolved_and_reopened(admin: Client, today: date) -> None:
    define_code(admin, "Call1")
    opened = done(
        admin,
        "openIssue",
        ISSUE,
        **on_acme(
            subject=" First call ",
            priority=1,
            actionCode="Call1",
            assignedUserId="dana",
            note="Ring them.",
            tranIds=["I1", "I2", "I1"],
        ),
    )
    issue_id, issue_no = opened["issueId"], opened["issueNo"]
    told = {
        "issueId": issue_id,
        "issueNo": issue_no,
        "issueNumber": f"{issue_no:010}",
        "subject": "First call",
        "priority": 1,
        "actionCode": "Call1",
        "assignedUserId": "dana",
        "note": "Ring them.",
        "openedOn": today.isoformat(),
        "resolved": False,
        "resolvedOn": None,
        "resolvedBy": None,
        "resolution": None,
        "openActivityCount": 0,
        "custName": "Acme Corp",
        "account": {"custName": "Acme Corp"},
        "invoices": {
            "nodes": [
                {"tranId": "I1", "invoice": {"amount": {"amount": "100.00"}}},
                {"tranId": "I2", "invoice": {"amount": {"amount": "200.00"}}},
            ]
        },
        "activities": {"nodes": []},
    }
    assert opened == told
    trail = "query($s: String!) {auditTrail(filter: {stream: {eq: $s}}) {nodes {position cause}}}"
    (event,) = admin.ask(trail, s=f"issue/{issue_id}")["auditTrail"]["nodes"]
    assert event == {"position": issue_no, "cause": "mutation/openIssue"}

    moved = done(admin, "reassignIssue", ISSUE, issueId=issue_id, assignedUserId="eve")
    assert moved == told | {"assignedUserId": "eve"}
    resolved = done(admin, "resolveIssue", ISSUE, issueId=issue_id, resolution="Paid.")
    assert resolved == moved | {
        "resolved": True,
        "resolvedOn": today.isoformat(),
        "resolvedBy": "user",
        "resolution": "Paid.",
    }
    assert done(admin, "reopenIssue", ISSUE, issueId=issue_id) == moved


def test_an_activity_is_recorded_with_what_belongs_to_it(admin: Client, today: date) -> None:
    done(
        admin,
        "defineActivityType",
        "activityType {code}",
        code="Call2",
        standardType="PHONE",
        name="Second call",
        priority=2,
        procedure="Ask for the date.",
    )
    issue = done(admin, "openIssue", ISSUE, **on_acme(subject="Late"))
    follow_up_on, due = today + timedelta(3), today + timedelta(1)
    recorded = done(
        admin,
        "recordActivity",
        ACTIVITY,
        **on_acme(
            activityType="Call2",
            issueId=issue["issueId"],
            note="Ring them.",
            dueOn=due.isoformat(),
            assignedUserId="dana",
            tranIds=["I1", "I2"],
            followUpOn=follow_up_on.isoformat(),
            followUpDesc="Paid?",
            daysToRespond=4,
            durationMinutes=15,
        ),
    )
    activity_id = recorded["activityId"]
    assert recorded.pop("userId").startswith("key/")
    assert recorded.pop("activityNo") > issue["issueNo"]
    tag = {"currency": "EUR"}
    assert recorded == {
        "activityId": activity_id,
        "issueId": issue["issueId"],
        "activityType": "Call2",
        "standardType": "Phone",
        "note": "Ring them.",
        "priority": 2,
        "assignedUserId": "dana",
        "enteredOn": today.isoformat(),
        "dateEnteredDays": 0,
        "dueOn": due.isoformat(),
        "dueOnDays": -1,
        "activityComplete": False,
        "completedOn": None,
        "successful": None,
        "phoneIndicator": "BLUE",
        "isTagged": True,
        "taggedAmtHc": tag | {"amount": "240.00"},
        "respondBy": (follow_up_on + timedelta(4)).isoformat(),
        "respondDueDays": 7,
        "durationMinutes": 15,
        "followUpOn": follow_up_on.isoformat(),
        "followUpDateDays": -3,
        "followUpDesc": "Paid?",
        "followUpEnteredOn": today.isoformat(),
        "followUpIndicator": "BLUE",
        "followUpLate": False,
        "followUpCompletedOn": None,
        "account": {"custName": "Acme Corp"},
        "issue": {"subject": "Late"},
        "type": {"name": "Second call", "procedure": "Ask for the date."},
        "invoices": {
            "nodes": [
                {
                    "tranId": tran_id,
                    "balanceHc": tag | {"amount": amount},
                    "invoice": {"tranId": tran_id},
                    "activity": {"activityId": activity_id},
                }
                for tran_id, amount in (("I1", "40.00"), ("I2", "200.00"))
            ]
        },
    }
    query = f"query($id: String!) {{issue(issueId: $id) {{{ISSUE_FIELDS}}}}}"
    of_issue = admin.ask(query, id=issue["issueId"])["issue"]
    assert of_issue["openActivityCount"] == 1
    assert of_issue["activities"] == {"nodes": [{"activityId": activity_id}]}


def test_what_is_done_to_an_activity_changes_that_alone(admin: Client, today: date) -> None:
    issue = done(admin, "openIssue", ISSUE, **on_acme(subject="Late"))
    recorded = done(
        admin,
        "recordActivity",
        ACTIVITY,
        **on_acme(activityType="Phone", issueId=issue["issueId"], note="Ring them."),
    )
    it = {"activityId": recorded["activityId"]}

    complete = done(admin, "completeActivity", ACTIVITY, **it, note="Will pay.", successful=True)
    assert complete == recorded | {
        "activityComplete": True,
        "completedOn": today.isoformat(),
        "successful": True,
        "phoneIndicator": "GREEN",
        "note": "Will pay.",
    }
    query = "query($id: String!) {issue(issueId: $id) {resolved openActivityCount}}"
    assert admin.ask(query, id=issue["issueId"])["issue"] == {
        "resolved": False,
        "openActivityCount": 0,
    }
    reopened = done(admin, "reopenActivity", ACTIVITY, **it)
    assert reopened == recorded | {"note": "Will pay."}
    moved = done(admin, "reassignActivity", ACTIVITY, **it, assignedUserId="eve")
    assert moved == reopened | {"assignedUserId": "eve"}

    tagged = done(admin, "tagInvoices", ACTIVITY, **it, companyId="1", tranIds=["I1", "I1"])
    assert (tagged["isTagged"], tagged["taggedAmtHc"]) == (
        True,
        {"amount": "40.00", "currency": "EUR"},
    )
    assert [one["tranId"] for one in tagged["invoices"]["nodes"]] == ["I1"]
    assert done(admin, "untagInvoices", ACTIVITY, **it, tranIds=["I1", "I9"]) == moved

    on = today + timedelta(2)
    followed = done(
        admin, "setFollowUp", ACTIVITY, **it, followUpOn=on.isoformat(), followUpDesc="Paid?"
    )
    assert followed == moved | {
        "followUpOn": on.isoformat(),
        "followUpDesc": "Paid?",
        "followUpDateDays": -2,
        "followUpEnteredOn": today.isoformat(),
        "followUpIndicator": "BLUE",
        "respondBy": on.isoformat(),
        "respondDueDays": 2,
    }
    assert done(admin, "completeFollowUp", ACTIVITY, **it) == followed | {
        "followUpCompletedOn": today.isoformat(),
        "followUpIndicator": "GREEN",
    }


def test_work_comes_to_the_user_of_the_account_unless_another_is_named(admin: Client) -> None:
    """The assignee of issues and activities (ISS-09, ACT-05)."""
    assigned = "{assignedUserId}"
    for user_id, given in (("dana", {}), ("eve", {"assignedUserId": "eve"})):
        say(admin, "assignAccount", userId="dana")
        issue = done(admin, "openIssue", f"issue {assigned}", **on_acme(subject="Late", **given))
        activity = done(
            admin,
            "recordActivity",
            f"activity {assigned}",
            **on_acme(activityType="Phone", **given),
        )
        assert (issue, activity) == ({"assignedUserId": user_id},) * 2
    say(admin, "assignAccount", userId=None)
    issue = done(admin, "openIssue", f"issue {assigned}", **on_acme(subject="Late"))
    assert issue == {"assignedUserId": None}


def test_a_follow_up_is_answered_within_the_account_s_days_or_the_site_s(
    admin: Client, today: date
) -> None:
    """The days that are given, else the customer's, else the site's (FUP-04, FUP-07)."""
    wanted = "activity {activityId respondBy}"
    given = on_acme(activityType="Phone", followUpOn=today.isoformat())
    activity_id = ""

    def respond_days(**others: Any) -> list[int]:
        nonlocal activity_id
        recorded = done(admin, "recordActivity", wanted, **given, **others)
        activity_id = activity_id or recorded["activityId"]
        set_again = done(
            admin,
            "setFollowUp",
            wanted,
            activityId=activity_id,
            followUpOn=today.isoformat(),
            **others,
        )
        return [
            (date.fromisoformat(one["respondBy"]) - today).days for one in (recorded, set_again)
        ]

    assert respond_days() == [0, 0]
    admin.ask(CHANGE, input={"defaultDaysToRespond": 4})
    assert respond_days() == [4, 4]
    say(admin, "setDaysToRespond", daysToRespond=3)
    assert respond_days() == [3, 3]
    assert respond_days(daysToRespond=2) == [2, 2]
    assert respond_days(daysToRespond=0) == [3, 3]
    assert respond_days(respondBy=(today + timedelta(1)).isoformat()) == [1, 1]


@pytest.mark.parametrize(
    ("name", "given", "code", "field"),
    [
        ("openIssue", {"subject": "x", "assignedUserId": "zoe"}, "user_unknown", "assignedUserId"),
        ("recordActivity", {"assignedUserId": "zoe"}, "user_unknown", "assignedUserId"),
        ("openIssue", {"subject": " "}, "subject_empty", "subject"),
        ("openIssue", {"subject": "x", "custId": "NOBODY"}, "account_unknown", "custId"),
        ("openIssue", {"subject": "x", "tranIds": ["I9"]}, "invoice_unknown", "tranIds"),
        ("openIssue", {"subject": "x", "tranIds": ["I3"]}, "invoice_of_other_account", "tranIds"),
        ("openIssue", {"subject": "x", "priority": 0}, "priority_invalid", "priority"),
        ("recordActivity", {"custId": "NOBODY"}, "account_unknown", "custId"),
        ("recordActivity", {"activityType": "Fax"}, "activity_type_unknown", "activityType"),
        ("recordActivity", {"issueId": "none"}, "issue_unknown", "issueId"),
        ("recordActivity", {"tranIds": ["I9"]}, "invoice_unknown", "tranIds"),
        ("recordActivity", {"dueOn": "2020-01-01"}, "due_date_past", "dueOn"),
        ("recordActivity", {"followUpOn": "2020-01-01"}, "follow_up_date_past", "followUpOn"),
        ("recordActivity", {"followUpDesc": "x"}, "follow_up_date_missing", "followUpOn"),
        ("recordActivity", {"respondBy": "2020-01-01"}, "respond_by_date_past", "respondBy"),
        ("recordActivity", {"daysToRespond": -1}, "days_to_respond_invalid", "daysToRespond"),
        ("recordActivity", {"durationMinutes": 0}, "duration_invalid", "durationMinutes"),
        ("recordActivity", {"successful": True}, "activity_not_complete", "successful"),
    ],
)
def test_what_cannot_be_begun_is_refused_and_changes_nothing(
    admin: Client, name: str, given: dict[str, Any], code: str, field: str
) -> None:
    before = admin.ask("{auditTrail {totalCount}}")
    kind = "issue {issueId}" if name == "openIssue" else "activity {activityId}"
    base = {"activityType": "Phone"} if name == "recordActivity" else {}
    payload = mutate(admin, name, kind, **on_acme(**base) | given)

    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [(code, field)]
    assert (payload[kind.split(maxsplit=1)[0]], payload["position"]) == (None, None)
    assert admin.ask("{auditTrail {totalCount}}") == before


def test_what_cannot_be_done_to_them_is_refused(admin: Client) -> None:
    other = done(admin, "openIssue", ISSUE, companyId="1", custId="BETA", subject="Late")
    it = done(admin, "recordActivity", ACTIVITY, **on_acme(activityType="AcctNote"))["activityId"]

    def refused(name: str, **given: Any) -> tuple[str, str]:
        wanted = "issue {issueId}" if "issueId" in given and "custId" not in given else ""
        (error,) = mutate(admin, name, wanted or "activity {activityId}", **given)["userErrors"]
        return error["code"], error["field"]

    for name in ("reopenIssue", "resolveIssue"):
        assert refused(name, issueId="none") == ("issue_unknown", "issueId")
    assert refused("reassignIssue", issueId=other["issueId"], assignedUserId=" ") == (
        "user_empty",
        "assignedUserId",
    )
    assert refused("resolveIssue", issueId=other["issueId"], resolvedOn="2020-01-01") == (
        "resolved_before_opened",
        "resolvedOn",
    )
    assert refused("recordActivity", **on_acme(activityType="Phone", issueId=other["issueId"])) == (
        "issue_of_other_account",
        "issueId",
    )
    change(admin, "eve", active=False)
    for name, key in (("Issue", {"issueId": other["issueId"]}), ("Activity", {"activityId": it})):
        for user_id, code in (("zoe", "user_unknown"), ("eve", "user_retired")):
            told = refused(f"reassign{name}", **key, assignedUserId=user_id)
            assert told == (code, "assignedUserId")
    assert refused("reopenActivity", activityId="none") == ("activity_unknown", "activityId")
    assert refused("completeActivity", activityId=it, successful=True) == (
        "not_a_phone_call",
        "successful",
    )
    assert refused("completeActivity", activityId=it, completedOn="2020-01-01") == (
        "completed_before_entered",
        "completedOn",
    )
    assert refused("completeFollowUp", activityId=it) == ("follow_up_missing", "activityId")
    assert refused("tagInvoices", activityId=it, companyId="2", tranIds=["I1"]) == (
        "invoice_of_other_account",
        "tranIds",
    )


def test_a_wish_sent_again_with_its_key_is_carried_out_once(admin: Client) -> None:
    call = on_acme(activityType="Phone", idempotencyKey="a-1")
    first = mutate(admin, "recordActivity", ACTIVITY, **call)
    assert mutate(admin, "recordActivity", ACTIVITY, **call) == first
    issue = on_acme(subject="Late", idempotencyKey="i-1")
    opened = mutate(admin, "openIssue", ISSUE, **issue)
    assert mutate(admin, "openIssue", ISSUE, **issue) == opened
    assert admin.ask("{activities {totalCount} issues {totalCount}}") == {
        "activities": {"totalCount": 1},
        "issues": {"totalCount": 1},
    }
    other = mutate(admin, "openIssue", ISSUE, **issue | {"subject": "Other"})
    assert [one["code"] for one in other["userErrors"]] == ["idempotency_key_reused"]


def test_activities_are_listed_by_what_they_are_and_when_they_were(
    admin: Client, today: date
) -> None:
    def recorded(**given: Any) -> str:
        return done(admin, "recordActivity", ACTIVITY, **on_acme(**given))["activityId"]

    call = recorded(activityType="Phone", assignedUserId="dana", priority=2)
    talked = recorded(activityType="Phone", complete=True, successful=True, userId="eve")
    letter = recorded(activityType="EmailSend", tranIds=["I1"], priority=1)
    before_completion = admin.ask("{activities {nodes {knownFrom}}}")["activities"]["nodes"][-1]
    done(admin, "completeActivity", ACTIVITY, activityId=letter)

    def found(where: str = "{}", arguments: str = "") -> list[str]:
        query = f"{{activities(filter: {where} {arguments}) {{nodes {{activityId}}}}}}"
        return [one["activityId"] for one in admin.ask(query)["activities"]["nodes"]]

    assert found() == [call, talked, letter]
    assert found("{}", "orderBy: [{field: PRIORITY}]") == [letter, call, talked]
    assert found('{phoneIndicator: {eq: "GREEN"}}') == [talked]
    assert found('{assignedUserId: {eq: "dana"}, activityComplete: {eq: false}}') == [call]
    assert found('{userId: {eq: "eve"}}') == [talked]  # across accounts (ACT-32)
    assert found("{isTagged: {eq: true}, taggedAmtHc: {gte: 40}}") == [letter]
    assert found("{activityComplete: {eq: true}}") == [talked, letter]
    known_at = f'knownAt: "{before_completion["knownFrom"]}"'
    assert found("{activityComplete: {eq: true}}", known_at) == [talked]
    yesterday = today - timedelta(1)
    assert found("{}", f'asOf: "{yesterday}"') == []
    query = f"""query($id: String!) {{
        now: activity(activityId: $id) {{completedOn id}}
        before: activity(activityId: $id, {known_at}) {{completedOn}}
        past: activity(activityId: $id, asOf: "{yesterday}") {{completedOn}}}}"""
    told = admin.ask(query, id=letter)
    identity = told["now"].pop("id")
    assert told == {
        "now": {"completedOn": today.isoformat()},
        "before": {"completedOn": None},
        "past": None,
    }
    node = admin.ask("query($id: ID!) {node(id: $id) {... on Activity {stream}}}", id=identity)
    assert node == {"node": {"stream": f"activity/{letter}"}}


def test_issues_are_listed_by_what_they_are(admin: Client, today: date) -> None:
    late = done(admin, "openIssue", ISSUE, **on_acme(subject="Late"))["issueId"]
    beta = {"companyId": "1", "custId": "BETA", "subject": "Limit", "priority": 1}
    limit = done(admin, "openIssue", ISSUE, **beta)["issueId"]
    done(admin, "resolveIssue", ISSUE, issueId=late)

    def found(where: str, arguments: str = "") -> list[str]:
        query = f"{{issues(filter: {where} {arguments}) {{nodes {{issueId}}}}}}"
        return [one["issueId"] for one in admin.ask(query)["issues"]["nodes"]]

    assert found("{}", "orderBy: [{field: PRIORITY}]") == [limit, late]
    assert found("{resolved: {eq: false}}") == [limit]
    assert found('{custName: {startsWith: "Acme"}}') == [late]
    assert found("{}", f'asOf: "{today - timedelta(1)}"') == []
    assert admin.ask("{issues(first: 1) {nodes {issueId} pageInfo {hasNextPage}}}") == {
        "issues": {"nodes": [{"issueId": late}], "pageInfo": {"hasNextPage": True}}
    }


def test_activity_types_are_standard_or_defined(admin: Client) -> None:
    query = "{activityTypes {nodes {code standardType standard name stream}}}"
    codes = [one["code"] for one in admin.ask(query)["activityTypes"]["nodes"]]
    assert codes == ["AcctNote", "Dispute", "EmailRcd", "EmailSend", "ExpectPay", "Phone"]
    fax = {"code": "Fax", "standardType": "EMAIL_SENT", "name": "Fax sent"}
    told = done(admin, "defineActivityType", "activityType {code standardType name}", **fax)
    assert told == {"code": "Fax", "standardType": "EmailSend", "name": "Fax sent"}
    (error,) = mutate(
        admin, "defineActivityType", "activityType {code}", **fax | {"standardType": "PHONE"}
    )["userErrors"]
    assert (error["code"], error["field"]) == ("standard_type_fixed", "standardType")
    filtered = '{activityTypes(filter: {standardType: {eq: "EmailSend"}}) {nodes {code}}}'
    assert admin.ask(filtered)["activityTypes"]["nodes"] == [{"code": "EmailSend"}, {"code": "Fax"}]


def test_each_role_does_what_it_may(
    worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    opening = "mutation($i: OpenIssueInput!) {openIssue(input: $i) {userErrors {code}}}"
    calling = "mutation($i: RecordActivityInput!) {recordActivity(input: $i) {userErrors {code}}}"
    typing = (
        "mutation($i: DefineActivityTypeInput!) {defineActivityType(input: $i) {userErrors {code}}}"
    )
    moving = "mutation($i: ReopenActivityInput!) {reopenActivity(input: $i) {userErrors {code}}}"
    reopening = "mutation($i: ReopenIssueInput!) {reopenIssue(input: $i) {userErrors {code}}}"
    wishes = {
        opening: on_acme(subject="x"),
        calling: on_acme(activityType="Phone"),
        typing: {"code": "Fax", "standardType": "EMAIL_SENT", "name": "Fax"},
        moving: {"activityId": "none"},
        reopening: {"issueId": "none"},
    }
    allowed = {
        Role.ADMIN: set(wishes),
        Role.CREDIT_MANAGER: set(wishes) - {typing},
        Role.CREDIT_USER: set(wishes) - {typing},
        Role.INQUIRY_USER: set(),
        Role.AUDITOR: set(),
    }
    for role, may in allowed.items():
        client = client_of(worked, role)
        for wish, given in wishes.items():
            errors = client.post(wish, i=given).json().get("errors", [])
            codes = [one["extensions"]["code"] for one in errors]
            assert codes == ([] if wish in may else ["FORBIDDEN"]), (role, wish)
        assert client.ask(
            "{issues {totalCount} activities {totalCount} activityTypes {totalCount}}"
        )
