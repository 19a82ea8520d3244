"""What the page for collectors' frontends says, carried out in its order."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from runtime.database import Database
from runtime.day_roll import roll_day
from runtime.tenants import Tenant
from tests.api.conftest import Client

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "work-an-account.md"
ACME = {"companyId": "1", "custId": "ACME"}


def operations() -> dict[str, tuple[str, list[str]]]:
    """The operations of the page by name, with the names of their variables."""
    found: dict[str, tuple[str, list[str]]] = {}
    for text in re.findall(r"```graphql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL):
        (one,) = parse(text).definitions
        assert isinstance(one, OperationDefinitionNode)
        assert one.name is not None
        names = [variable.variable.name.value for variable in one.variable_definitions or ()]
        found[one.name.value] = text, names
    return found


class Frontend:
    """A frontend that asks and tells what the page says."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._operations = operations()
        self.asked: set[str] = set()

    def run(self, name: str, **variables: Any) -> Any:
        """Carry an operation out; it must succeed."""
        text, names = self._operations[name]
        given = ACME | {"key": name} | variables
        self.asked.add(name)
        (told,) = self._client.ask(text, **{one: given[one] for one in names}).values()
        assert isinstance(told, list) or told.get("userErrors", []) == []
        return told

    @property
    def untold(self) -> set[str]:
        """The operations that were not carried out."""
        return set(self._operations) - self.asked


@pytest.fixture
def frontend(admin: Client) -> Frontend:
    for mutation, given in (
        ("registerUser", {"userId": "max", "name": "Max", "kind": "CREDIT_MANAGER"}),
        (
            "registerUser",
            {"userId": "dana", "name": "Dana", "kind": "CREDIT_USER", "managerId": "max"},
        ),
        ("defineCreditClass", {"classId": "GOLD", "name": "Gold"}),
        ("defineReasonCode", {"code": "PRICE", "description": "Wrong price", "severity": 1}),
    ):
        kind = mutation[0].upper() + mutation[1:] + "Input"
        query = f"mutation($input: {kind}!) {{{mutation}(input: $input) {{userErrors {{code}}}}}}"
        assert admin.ask(query, input=given)[mutation]["userErrors"] == []
    return Frontend(admin)


def test_a_frontend_works_an_account_as_the_page_says(
    frontend: Frontend, admin: Client, database: Database, worked: Tenant
) -> None:
    today = date.fromisoformat(admin.ask("{viewer {businessDate}}")["viewer"]["businessDate"])
    tomorrow, later = ((today + timedelta(days)).isoformat() for days in (1, 30))

    set_at_once = frontend.run("AssignClass", custClassId="A", userId="dana")
    assert (set_at_once["matched"], set_at_once["changed"]) == (2, 2)
    mine = frontend.run("MyAccounts", userId="dana")["nodes"]
    assert {(one["companyId"], one["custId"]) for one in mine} == {("1", "ACME"), ("2", "ACME")}
    info = frontend.run("CustomerInfo")
    assert (info["custName"], info["assignedUser"]["name"], info["creditClassId"]) == (
        "Acme Corp",
        "Dana",
        "GOLD",
    )
    assert [one["tranId"] for one in info["invoices"]["nodes"]] == ["I1", "I2"]

    issue = frontend.run("OpenIssue", tranIds=["I1", "I2"])["issue"]
    call = frontend.run(
        "RecordCall", issueId=issue["issueId"], tranIds=["I1", "I2"], followUpOn=tomorrow
    )["activity"]
    assert (call["phoneIndicator"], call["taggedAmtHc"]) == ("GREEN", {"amount": "240.00"})
    activity = {"activityId": call["activityId"]}
    days = frontend.run("FollowUps", userId="dana", **{"from": today.isoformat(), "to": later})
    assert [(one["on"], len(one["activities"])) for one in days[:3]] == [
        (today.isoformat(), 0),
        (tomorrow, 1),
        ((today + timedelta(2)).isoformat(), 0),
    ]
    listed = frontend.run("MyActions", userId="dana")["nodes"]
    assert [(one["kind"], one["activity"]) for one in listed] == [("follow_up", activity)]
    late = date.fromisoformat(later)
    roll_day(database, worked, late, frozenset({"1"}), actor="job/t", cause="job/t")
    (told,) = frontend.run("MyUserActions", userId="dana")["nodes"]
    assert (told["kind"], told["activity"]) == ("follow_up_past_due", activity)
    done = frontend.run("LookedAfter", actionId=told["actionId"])["userAction"]
    assert (done["actionId"], done["open"]) == (told["actionId"], False)
    assert frontend.run("MyUserActions", userId="dana")["nodes"] == []
    assert frontend.run("Escalate", issueId=issue["issueId"])["issue"] == {"assignedUserId": "max"}
    plan = """mutation($input: RecordActivityInput!) {
        recordActivity(input: $input) {activity {activityId}}}"""
    planned = admin.ask(plan, input=ACME | {"activityType": "Phone"})["recordActivity"]["activity"]
    withdrawn = frontend.run("Withdraw", **planned)["activity"]
    assert (withdrawn["open"], withdrawn["activityComplete"]) == (False, False)
    promise = frontend.run(
        "RecordPromise", **activity, tranIds=["I1"], amount="40", expectDate=tomorrow
    )["promise"]
    assert (promise["status"], promise["expectedPayDays"]) == ("open", 1)
    dispute = frontend.run("OpenDispute", **activity, tranId="I2", amount="50", reasonCode="PRICE")[
        "dispute"
    ]
    assert dispute["invoice"]["countedBalanceHc"] == {"amount": "150.00"}
    closed = frontend.run("CloseDispute", disputeId=dispute["disputeId"], outcome="Credited")
    assert closed["dispute"]["invoice"]["countedBalanceHc"] == {"amount": "200.00"}
    plan = [{"dueDate": tomorrow, "amount": "150"}, {"dueDate": later, "amount": "50"}]
    schedule = frontend.run("Schedule", tranId="I2", instalments=plan)["paymentSchedule"]
    assert schedule["invoice"] == {"dueDate": tomorrow, "paySched": True}
    paid = [{"tranId": "I1", "amount": "40"}]
    pending = frontend.run("RecordPending", amount="40", currId="EUR", invoices=paid)
    assert pending["pendingPayment"]["status"] == "no_response"
    resolved = frontend.run("ResolveIssue", issueId=issue["issueId"])

    assert frontend.run("Afterwards", position=resolved["position"]) == {
        "openIssueCnt": 0,
        "openPromiseCount": 1,
        "openDisputeCount": 0,
        "disputedAmountHc": {"amount": "0.00"},
        "pendingPaymentCount": 1,
        "lastActivityDays": 0,
    }
    assert frontend.untold == set()
