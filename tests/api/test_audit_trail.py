"""The audit trail over GraphQL: of one subject, with causes, what is correlated and changes."""

from typing import Any

from tests.api.conftest import Client

TRAIL = """query($of: AuditSubjectInput, $filter: AuditEventFilter, $stream: String) {
    auditTrail(of: $of, filter: $filter, stream: $stream, first: 500) {nodes {
        position stream version type category actor actorName userId userName
        cause causes {reference stream type actor}
        correlated {position type} changes {field before after}}}}"""


def trail(client: Client, **variables: Any) -> list[dict[str, Any]]:
    return client.ask(TRAIL, **variables)["auditTrail"]["nodes"]


def streams(events: list[dict[str, Any]]) -> set[str]:
    return {one["stream"] for one in events}


def test_an_accounts_trail_has_everything_about_it_and_nothing_of_others(admin: Client) -> None:
    events = trail(admin, of={"account": {"companyId": "1", "custId": "ACME"}})
    assert streams(events) == {
        "account/1/ACME",
        "contact/1/ACME/1",
        "contact/1/ACME/2",
        "invoice/1/I1",
        "invoice/1/I2",
        "payment/1/P1",
    }
    assert [one["position"] for one in events] == sorted(one["position"] for one in events)
