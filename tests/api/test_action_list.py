"""The action list and explanations over the API: what a collector does next, and why."""

from collections.abc import Generator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.runtime.rules import MONDAY, Site, day, rule

LIST = """query($asOf: Date, $scope: ActionListScope, $userId: String, $filter: ActionListFilter) {
    actionList(asOf: $asOf, scope: $scope, userId: $userId, filter: $filter) {
        totalCount nodes {kind subject priority custId why rank pastDue automatic
            assignedUserId totalPastDue {amount currency}
            account {custId} issue {subject} activity {activityType}}}}"""
RUN = """mutation($input: RunRulesInput!) {runRules(input: $input) {
    created closed delayed extended position rules {ruleId created businessDate}
    userErrors {code field}}}"""
WHY = """query($issueId: String!) {explainAction(issueId: $issueId) {
    sentence ruleId ruleVersion businessDate tranIds
    facts {tranId field value conditions establishedBy {type position stream}}}}"""
WHY_NOT = """query($date: Date!) {explainAbsence(classId: "A", ruleId: "call", companyId: "1",
    custId: "ACME", tranId: "I1", date: $date) {reason sentence failing ruleVersion}}"""


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site with three rules and two accounts, before anything was made."""
    site = Site(database, tenant, tmp_path)
    site.document("I1", balance="60.00")
    site.document("I2", cust_id="BOLT", balance="90.00")
    site.sync(day(0))
    site.assign("ACME", "dana")
    site.define(
        rule("call", "due_date_days >= 1"),
        rule("letter", "due_date_days >= 1", "LETTER", seq_no=20),
        rule("look", "due_date_days >= 2", "REVIEW", seq_no=30),
    )
    return site


@pytest.fixture
def manager(site: Site, server: Server) -> Generator[Client]:
    """Somebody who may run rules."""
    client = Client(server, create_key(site.database, site.tenant, Role.ADMIN, "Maren"))
    yield client
    client.http.close()


def run(client: Client, on: date, **given: Any) -> dict[str, Any]:
    return client.ask(RUN, input={"businessDate": on.isoformat()} | given)["runRules"]


RECORD = """mutation($input: RecordActivityInput!) {recordActivity(input: $input) {
    activity {activityId} userErrors {code field}}}"""


def listed(client: Client, on: date, **asked: Any) -> list[dict[str, Any]]:
    return client.ask(LIST, asOf=on.isoformat(), **asked)["actionList"]["nodes"]


def test_rules_are_run_and_fill_the_list_the_most_urgent_first(manager: Client) -> None:
    told = run(manager, day(2))
    assert (told["created"], told["userErrors"]) == (6, [])
    assert run(manager, day(2))["created"] == 0

    found = listed(manager, day(2))

    assert [(one["subject"], one["priority"], one["custId"]) for one in found] == [
        ("First call", 20, "BOLT"),
        ("First call", 20, "ACME"),
        ("Review", 60, "BOLT"),
        ("Review", 60, "ACME"),
    ]
    assert found[0]["why"] == ("Call: I2, 2 days past due. On the list since 2026-03-04.")
    assert found[0]["rank"] == "Priority 20, 90.00 USD past due for 2 days."
    assert found[0]["activity"] == {"activityType": "Phone"}
    letters = listed(manager, day(2), filter={"automatic": {"eq": True}})
    assert [one["subject"] for one in letters] == ["Reminder", "Reminder"]


def test_a_person_s_work_is_as_urgent_as_its_issue(site: Site, manager: Client) -> None:
    run(manager, day(2))
    opened = manager.ask(
        """mutation($input: OpenIssueInput!) {openIssue(input: $input) {
            userErrors {code}}}""",
        input={
            "companyId": "1",
            "custId": "BOLT",
            "subject": "Copy of I2",
            "priority": 5,
            "idempotencyKey": "copy",
        },
    )["openIssue"]
    assert opened["userErrors"] == []
    given = {"companyId": "1", "custId": "BOLT", "activityType": "Phone"}
    for more in (
        {"issueId": "copy", "note": "Late?"},
        {"issueId": "copy", "note": "Own", "priority": 900},
        {"note": "Alone"},
    ):
        told = manager.ask(RECORD, input=given | more)["recordActivity"]
        assert told["userErrors"] == []

    site.rows("SELECT 1")  # the read models show the log
    today = manager.ask("{viewer {businessDate}}")["viewer"]["businessDate"]
    query = """query($on: Date!) {actionList(asOf: $on, filter: {custId: {eq: "BOLT"}}) {
        nodes {priority note}}}"""
    found = manager.ask(query, on=today)["actionList"]["nodes"]
    assert [(one["priority"], one["note"]) for one in found if one["priority"] not in (20, 60)] == [
        (5, "Late?"),
        (500, "Alone"),
        (900, "Own"),
    ]


def test_a_list_is_of_a_user_or_of_nobody(manager: Client) -> None:
    run(manager, day(2))

    mine = listed(manager, day(2), scope="MINE", userId="dana")
    assert {one["custId"] for one in mine} == {"ACME"}
    pool = listed(manager, day(2), scope="UNASSIGNED")
    assert {one["custId"] for one in pool} == {"BOLT"}
    assert len(listed(manager, day(2), scope="TEAM", userId="dana")) == len(mine)


def test_list_03_a_team_s_work_is_seen_and_done_by_its_manager(
    site: Site, manager: Client, server: Server
) -> None:
    site.register("mona")
    site.register("erik", "mona")
    site.assign("BOLT", "erik")
    site.rows("SELECT 1")
    run(manager, day(2))
    key = create_key(site.database, site.tenant, Role.CREDIT_USER, "Mona", user_id="mona")
    mona = Client(server, key)

    assert listed(mona, day(2)) == []
    found = listed(mona, day(2), scope="TEAM")
    assert {(one["custId"], one["assignedUserId"]) for one in found} == {("BOLT", "erik")}
    query = "{actionList(scope: TEAM) {nodes {activityId}}}"
    activity_id = mona.ask(query)["actionList"]["nodes"][0]["activityId"]
    with ReadModelWorker(site.database.url("worker"), lambda _: [site.tenant.id]):
        done = mona.ask(
            """mutation($input: CompleteActivityInput!) {completeActivity(input: $input) {
                activity {activityComplete assignedUserId} userErrors {code}}}""",
            input={"activityId": activity_id},
        )["completeActivity"]
    assert done == {
        "activity": {"activityComplete": True, "assignedUserId": "erik"},
        "userErrors": [],
    }
    mona.http.close()


def test_list_06_and_08_a_list_is_searched_and_ordered_by_several_columns(
    manager: Client, site: Site
) -> None:
    site.define(rule("call", "due_date_days >= 1", days_to_respond=3))
    site.rows("SELECT 1")
    run(manager, day(2))
    query = """query($asOf: Date, $filter: ActionListFilter, $orderBy: [ActionListOrder!]) {
        actionList(asOf: $asOf, filter: $filter, orderBy: $orderBy) {
            nodes {custId subject respondDueDays pastDue}}}"""

    def asked(on: int, **given: Any) -> list[tuple[Any, ...]]:
        nodes = manager.ask(query, asOf=day(on).isoformat(), **given)["actionList"]["nodes"]
        return [tuple(one.values()) for one in nodes]

    late = {"respondDueDays": {"lt": 0}, "custName": {"isNull": True}}
    order = [
        {"field": "TOTAL_PAST_DUE", "direction": "DESC"},
        {"field": "SUBJECT", "direction": "DESC"},
    ]
    assert asked(2, orderBy=order) == [
        ("BOLT", "Review", None, False),
        ("BOLT", "First call", 3, False),
        ("ACME", "Review", None, False),
        ("ACME", "First call", 3, False),
    ]
    either = {"or": [{"custId": {"eq": "ACME"}}, {"subject": {"eq": "Review"}}]}
    assert [one[:2] for one in asked(2, filter=either, orderBy=order)] == [
        ("BOLT", "Review"),
        ("ACME", "Review"),
        ("ACME", "First call"),
    ]
    assert asked(5, filter=late) == []
    assert [one[:3] for one in asked(7, filter=late, orderBy=order)] == [
        ("BOLT", "First call", -2),
        ("ACME", "First call", -2),
    ]


def test_what_is_paid_or_done_leaves_the_list(manager: Client, site: Site) -> None:
    run(manager, day(2))
    for activity_id in site.ids("activity_id"):
        site.complete(activity_id, day(2))
    site.rows("SELECT 1")  # the read models show the log

    found = listed(manager, day(3))

    assert {one["kind"] for one in found} == {"issue"}  # they need a next step
    for issue_id in set(site.ids()):
        site.resolve(issue_id, day(3))
    site.rows("SELECT 1")

    assert listed(manager, day(3)) == []


def test_actions_and_their_absence_are_explained(manager: Client, site: Site) -> None:
    run(manager, day(1))
    (issue_id,) = (
        row[0]
        for row in site.rows(
            "SELECT issue_id FROM rule_issues WHERE tenant = %(tenant)s"
            " AND rule_id = 'call' AND cust_id = 'ACME'"
        )
    )

    told = manager.ask(WHY, issueId=issue_id)["explainAction"]

    assert (told["ruleId"], told["ruleVersion"], told["tranIds"]) == ("call", 1, ["I1"])
    (fact,) = told["facts"]
    assert (fact["field"], fact["value"]) == ("due_date_days", 1)
    assert fact["establishedBy"]["type"] == "InvoiceRegistered"
    assert manager.ask(WHY_NOT, date=MONDAY.isoformat())["explainAbsence"] == {
        "reason": "CONDITION",
        "sentence": "The rule asks that days past the due date is at least 1, and found days past"
        " the due date 0.",
        "failing": "days past the due date is at least 1",
        "ruleVersion": 1,
    }


def test_who_may_not_run_rules_is_told_so(site: Site, server: Server) -> None:
    client = Client(server, create_key(site.database, site.tenant, Role.CREDIT_USER, "Dana"))
    given = {"businessDate": day(1).isoformat()}
    assert client.error(RUN, input=given)[0] == "FORBIDDEN"
    client.http.close()


def test_a_class_that_is_not_there_is_refused(manager: Client) -> None:
    told = run(manager, day(1), classId="NONE")
    assert told["userErrors"] == [{"code": "credit_class_unknown", "field": "class"}]
    assert told["position"] is None
