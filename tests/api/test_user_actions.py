"""User actions over HTTP: listed by user and team, counted by kind, completed and maintained."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from domain.user import USER, ChangeUser
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.runtime.telling import Office, day, user_facts

LIST = """query($scope: ActionListScope, $userId: String, $filter: UserActionFilter, $asOf: Date) {
    userActions(scope: $scope, userId: $userId, filter: $filter, asOf: $asOf) {
        totalCount nodes {actionId kind description priority userId text open doneBy doneOn
            withdrawnOn custName account {custName} user {name} promise {promiseId}
            activity {activityId} pendingPayment {pendingPaymentId} raisedOn}}}"""
COUNTS = """query($scope: ActionListScope, $userId: String, $asOf: Date) {
    userActionCounts(scope: $scope, userId: $userId, asOf: $asOf) {
        userId kind description priority count user {name}}}"""
COMPLETE = """mutation($input: CompleteUserActionInput!) {completeUserAction(input: $input) {
    userAction {actionId open doneBy} userErrors {code field message} position}}"""
CHANGE = """mutation($input: ChangeUserActionKindInput!) {changeUserActionKind(input: $input) {
    userActionKind {kind description priority defaultDescription defaultPriority}
    userErrors {code field}}}"""
ACTIONS = """query($scope: ActionListScope, $userId: String, $filter: ActionListFilter,
    $asOf: Date) {
    actionList(scope: $scope, userId: $userId, filter: $filter, asOf: $asOf) {
        totalCount nodes {kind priority subject why rank custId assignedUserId
            account {custName} activity {activityId} userAction {actionId kind}}}}"""
KINDS = "{userActionKinds {nodes {kind description priority}}}"

ClientAs = Callable[[Role, str | None], Client]


@pytest.fixture
def office(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Office]:
    """An office with a broken promise, and follow-ups of two users that are past due."""
    office = Office(database, tenant, tmp_path)
    office.promise("p1")
    for number in range(10):
        office.follow_up(f"a{number}", assignee="dana")
    office.follow_up("b", cust_id="B", assignee="kim")
    office.sync(3)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield office


@pytest.fixture
def client_as(office: Office, server: Server) -> Generator[ClientAs]:
    clients: list[Client] = []

    def client(role: Role, user_id: str | None = None) -> Client:
        key = create_key(office.database, office.tenant, role, "Key", user_id)
        clients.append(Client(server, key))
        return clients[-1]

    yield client
    for one in clients:
        one.http.close()


def counts(client: Client, **asked: Any) -> list[tuple[Any, ...]]:
    told = client.ask(COUNTS, **asked)["userActionCounts"]
    return [(one["userId"], one["kind"], one["count"]) for one in told]


def test_v24_ten_past_due_follow_ups_are_one_row_with_the_count_10(client_as: ClientAs) -> None:
    """UA-04."""
    dana = client_as(Role.CREDIT_USER, "dana")
    (row,) = [
        one for one in dana.ask(COUNTS)["userActionCounts"] if one["kind"] == "follow_up_past_due"
    ]
    assert row == {
        "userId": "dana",
        "kind": "follow_up_past_due",
        "description": "Past-due follow-up",
        "priority": 20,
        "count": 10,
        "user": {"name": "Dana"},
    }


def test_counts_are_grouped_by_user_and_kind(client_as: ClientAs) -> None:
    manager = client_as(Role.CREDIT_MANAGER)
    told = [
        ("dana", "broken_promise", 1),
        ("dana", "follow_up_past_due", 10),
        ("kim", "follow_up_past_due", 1),
    ]
    assert counts(manager) == told
    assert counts(manager, scope="MINE", userId="kim") == told[2:]
    assert counts(manager, scope="UNASSIGNED") == []
    assert counts(manager, asOf=day(2).isoformat()) == []


def test_a_list_is_the_most_urgent_first_and_leads_to_what_it_is_about(
    client_as: ClientAs,
) -> None:
    found = client_as(Role.CREDIT_USER, "dana").ask(LIST)["userActions"]

    assert found["totalCount"] == 11
    first, second = found["nodes"][:2]
    assert len(first.pop("actionId")) == 32
    assert first == {
        "kind": "broken_promise",
        "description": "Broken promise",
        "priority": 10,
        "userId": "dana",
        "text": "60.00 EUR promised for 2026-03-04 did not come in.",
        "open": True,
        "doneBy": None,
        "doneOn": None,
        "withdrawnOn": None,
        "custName": "Acme",
        "account": {"custName": "Acme"},
        "user": {"name": "Dana"},
        "promise": {"promiseId": "p1"},
        "activity": None,
        "pendingPayment": None,
        "raisedOn": day(3).isoformat(),
    }
    assert second["activity"]["activityId"].startswith("a")
    assert second["text"] == "The follow-up of 2026-03-04 is past due. Call again."


def test_list_01_the_action_list_has_user_actions_among_the_rest_by_priority(
    client_as: ClientAs, office: Office
) -> None:
    dana = client_as(Role.CREDIT_USER, "dana")
    found = dana.ask(ACTIONS)["actionList"]

    told = [(one["kind"], one["priority"]) for one in found["nodes"]]
    assert told == sorted(told, key=lambda one: one[1])
    kinds = [kind for kind, _ in told]
    assert (kinds.count("user_action"), kinds.count("follow_up")) == (11, 10)
    first = found["nodes"][0]
    (broken,) = dana.ask(LIST, filter={"kind": {"eq": "broken_promise"}})["userActions"]["nodes"]
    assert first.pop("rank").startswith("Priority 10")
    assert first == {
        "kind": "user_action",
        "priority": 10,
        "subject": "Broken promise: 60.00 EUR promised for 2026-03-04 did not come in.",
        "why": "60.00 EUR promised for 2026-03-04 did not come in. On the list since 2026-03-05.",
        "custId": "A",
        "assignedUserId": "dana",
        "account": {"custName": "Acme"},
        "activity": None,
        "userAction": {"actionId": broken["actionId"], "kind": "broken_promise"},
    }
    late = next(one for one in found["nodes"] if one["subject"].startswith("Past-due follow-up: "))
    assert late["activity"]["activityId"].startswith("a")
    others = [one for one in found["nodes"] if one["kind"] == "follow_up"]
    assert {one["userAction"] for one in others} == {None}

    only = {"kind": {"eq": "user_action"}}
    assert dana.ask(ACTIONS, filter=only, asOf=day(2).isoformat())["actionList"]["totalCount"] == 0
    dana.ask(COMPLETE, input={"actionId": broken["actionId"]})
    assert dana.ask(ACTIONS, filter=only)["actionList"]["totalCount"] == 10
    office.assign("A", "kim")  # follow-ups stay with who has them
    office.check(4)
    assert dana.ask(ACTIONS, filter=only)["actionList"]["totalCount"] == 10


def test_a_site_ranks_user_actions_in_the_action_list(client_as: ClientAs) -> None:
    """UA-03, LIST-01."""
    admin = client_as(Role.ADMIN)
    given = {"kind": "FOLLOW_UP_PAST_DUE", "description": "Late call", "priority": 1}
    assert admin.ask(CHANGE, input=given)["changeUserActionKind"]["userErrors"] == []
    only = {"kind": {"eq": "user_action"}}
    found = admin.ask(ACTIONS, scope="MINE", userId="kim", filter=only)["actionList"]["nodes"]
    assert [(one["subject"], one["priority"]) for one in found] == [
        ("Late call: The follow-up of 2026-03-04 is past due. Call again.", 1)
    ]


def test_a_team_is_seen_by_its_manager(client_as: ClientAs, office: Office) -> None:
    """LIST-03."""
    office.tell(USER, "kim", ChangeUser(manager_id="dana", managers=(user_facts("dana"),)))
    dana = client_as(Role.CREDIT_USER, "dana")
    position = office.head()
    dana.ask("query($p: Int!) {viewer(atLeast: $p) {name}}", p=position)
    assert dana.ask(LIST, scope="TEAM")["userActions"]["totalCount"] == 12
    assert dana.ask(LIST, scope="MINE")["userActions"]["totalCount"] == 11


def test_what_is_done_leaves_the_list(client_as: ClientAs, office: Office) -> None:
    dana = client_as(Role.CREDIT_USER, "dana")
    broken = {"kind": {"eq": "broken_promise"}}
    (one,) = dana.ask(LIST, filter=broken)["userActions"]["nodes"]
    given = {"actionId": one["actionId"], "idempotencyKey": "k"}

    told = dana.ask(COMPLETE, input=given)["completeUserAction"]

    assert told["userErrors"] == []
    assert told["userAction"] == {"actionId": one["actionId"], "open": False, "doneBy": "dana"}
    assert dana.ask(COMPLETE, input=given)["completeUserAction"] == told
    assert dana.ask(LIST, filter=broken)["userActions"]["totalCount"] == 0
    done = broken | {"open": {"eq": False}}
    assert dana.ask(LIST, filter=done)["userActions"]["totalCount"] == 1
    assert office.check(4) == 0
    unknown = dana.ask(COMPLETE, input={"actionId": "?"})["completeUserAction"]
    assert unknown["userErrors"] == [
        {
            "code": "user_action_unknown",
            "field": "actionId",
            "message": "There is no such user action.",
        }
    ]


def test_an_administrator_changes_what_kinds_are_called_and_how_urgent_they_are(
    client_as: ClientAs,
) -> None:
    """UA-03."""
    admin = client_as(Role.ADMIN)
    given = {"kind": "BROKEN_PROMISE", "description": "Word not kept", "priority": 21}
    told = admin.ask(CHANGE, input=given)["changeUserActionKind"]
    assert told == {
        "userActionKind": {
            "kind": "broken_promise",
            "description": "Word not kept",
            "priority": 21,
            "defaultDescription": "Broken promise",
            "defaultPriority": 10,
        },
        "userErrors": [],
    }
    kinds = admin.ask(KINDS)["userActionKinds"]["nodes"]
    assert len(kinds) == 8
    assert kinds[0] == {"kind": "broken_promise", "description": "Word not kept", "priority": 21}
    last = admin.ask(LIST, scope="MINE", userId="dana")["userActions"]["nodes"][-1]
    assert (last["kind"], last["description"]) == ("broken_promise", "Word not kept")
    back = {"kind": "BROKEN_PROMISE", "priority": None}
    changed = admin.ask(CHANGE, input=back)["changeUserActionKind"]["userActionKind"]
    assert (changed["description"], changed["priority"]) == ("Word not kept", 10)
    refused = admin.ask(CHANGE, input=given | {"priority": 0})["changeUserActionKind"]
    assert refused["userErrors"] == [{"code": "priority_invalid", "field": "priority"}]


def test_only_collectors_complete_and_only_administrators_maintain(client_as: ClientAs) -> None:
    for role in (Role.INQUIRY_USER, Role.AUDITOR):
        other = client_as(role)
        assert other.error(COMPLETE, input={"actionId": "?"})[0] == "FORBIDDEN"
        assert other.ask(LIST)["userActions"]["totalCount"] == 12
    manager = client_as(Role.CREDIT_MANAGER)
    given = {"kind": "MAIL_ERROR", "priority": 1}
    assert manager.error(CHANGE, input=given)[0] == "FORBIDDEN"
