"""Work that is escalated, handed back or withdrawn, over the API."""

from typing import Any

from tests.api.conftest import Client
from tests.api.test_users import errors, register

ACME = {"companyId": "1", "custId": "ACME"}
ISSUE, ACTIVITY = "issue {issueId assignedUserId}", "activity {activityId assignedUserId}"
WITHDRAWN = """activity {open activityComplete withdrawn withdrawnOn withdrawnReason pastDue
    followUpOpen phoneIndicator}"""
COUNTS = """{account(companyId: "1", custId: "ACME") {openActivityCount lastActivityDate}}"""


def do(client: Client, mutation: str, wanted: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    query = f"""mutation($input: {name}Input!) {{{mutation}(input: $input) {{
        {wanted} userErrors {{code field}} position}}}}"""
    return client.ask(query, input=given)[mutation]


def test_an_issue_goes_up_to_the_manager_and_down_again_only_if_handed_back(admin: Client) -> None:
    """Eve's issue goes to her manager, who has none (ISS-13)."""
    register(admin, "max", kind="CREDIT_MANAGER")
    register(admin, "eve", managerId="max")
    opened = do(admin, "openIssue", ISSUE, **ACME, subject="Late", assignedUserId="eve")
    it = {"issueId": opened["issue"]["issueId"]}
    told = do(admin, "escalateIssue", ISSUE, **it)
    assert (errors(told), told["issue"]) == ([], it | {"assignedUserId": "max"})
    assert errors(do(admin, "escalateIssue", ISSUE, **it)) == [("no_manager", None)]
    back = it | {"assignedUserId": "eve"}
    refused = do(admin, "reassignIssue", ISSUE, **back)
    assert errors(refused) == [("reassignment_cycle", "handBack")]
    told = do(admin, "reassignIssue", ISSUE, **back, handBack=True)
    assert told["issue"] == back
    assert errors(do(admin, "escalateIssue", ISSUE, issueId="i9")) == [("issue_unknown", "issueId")]


def test_an_activity_goes_up_to_the_manager_too(admin: Client) -> None:
    register(admin, "max", kind="CREDIT_MANAGER")
    register(admin, "eve", managerId="max")
    given = ACME | {"activityType": "Phone", "assignedUserId": "eve"}
    recorded = do(admin, "recordActivity", ACTIVITY, **given)
    it = {"activityId": recorded["activity"]["activityId"]}
    told = do(admin, "escalateActivity", ACTIVITY, **it)
    assert (errors(told), told["activity"]) == ([], it | {"assignedUserId": "max"})
    refused = do(admin, "reassignActivity", ACTIVITY, **it, assignedUserId="eve")
    assert errors(refused) == [("reassignment_cycle", "handBack")]
    alone = do(admin, "recordActivity", ACTIVITY, **ACME, activityType="Phone")
    it = {"activityId": alone["activity"]["activityId"]}
    assert errors(do(admin, "escalateActivity", ACTIVITY, **it)) == [("no_manager", None)]


def test_what_is_withdrawn_is_neither_open_nor_done(admin: Client) -> None:
    """Nobody contacted the customer, and nothing is left to do (RULE-12)."""
    assert admin.ask(COUNTS)["account"] == {"openActivityCount": 0, "lastActivityDate": None}
    recorded = do(admin, "recordActivity", ACTIVITY, **ACME, activityType="Phone")
    it = {"activityId": recorded["activity"]["activityId"]}
    assert admin.ask(COUNTS)["account"]["openActivityCount"] == 1
    told = do(admin, "withdrawActivity", WITHDRAWN, **it, reason="It was paid.")
    assert told["activity"].pop("withdrawnOn") is not None
    assert told["activity"] == {
        "open": False,
        "activityComplete": False,
        "withdrawn": True,
        "withdrawnReason": "It was paid.",
        "pastDue": False,
        "followUpOpen": False,
        "phoneIndicator": None,
    }
    assert admin.ask(COUNTS)["account"] == {"openActivityCount": 0, "lastActivityDate": None}
    refused = do(admin, "completeActivity", WITHDRAWN, **it)
    assert errors(refused) == [("activity_withdrawn", "activityId")]
