"""Messages of runs and previews of rules over HTTP: to whom they go, and their files."""

from collections.abc import Callable, Generator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from domain.api_key import Role
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.runtime.rules import Site, day, rule

RUN = """mutation($input: RunRulesInput!) {runRules(input: $input) {
    created position userErrors {code field}}}"""
DELIVER = """mutation($input: DeliverRulePreviewInput!) {deliverRulePreview(input: $input) {
    messageId delivered position rules {ruleId created} userErrors {code field}}}"""
MESSAGES = """query($atLeast: Int) {messages(atLeast: $atLeast) {nodes {
    messageId kind subject userId fileName attachment}}}"""

ClientAs = Callable[[Role, str | None], Client]


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Site]:
    """A site with a rule and an account, whose read models are kept up."""
    site = Site(database, tenant, tmp_path)
    site.document("I1", balance="60.00")
    site.sync(day(0))
    site.define(rule("call", "due_date_days >= 1"))
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield site


@pytest.fixture
def client_as(site: Site, server: Server) -> Generator[ClientAs]:
    """Make clients of the site that act for users."""
    clients: list[Client] = []

    def make(role: Role, user_id: str | None) -> Client:
        clients.append(
            Client(server, create_key(site.database, site.tenant, role, "Key", user_id=user_id))
        )
        return clients[-1]

    yield make
    for one in clients:
        one.http.close()


def told(client: Client, position: int | None = None) -> list[dict[str, Any]]:
    return client.ask(MESSAGES, atLeast=position)["messages"]["nodes"]


def test_rule_33_who_runs_rules_is_told_and_nobody_else(client_as: ClientAs) -> None:
    dana, somebody = client_as(Role.ADMIN, "dana"), client_as(Role.ADMIN, None)
    given = {"businessDate": day(1).isoformat()}

    done = dana.ask(RUN, input=given)["runRules"]
    dana.ask(RUN, input=given)

    (message,) = told(dana, done["position"])
    assert (message["kind"], message["userId"]) == ("actions_generated", "dana")
    assert message["subject"] == "Rules run for 2026-03-03: 1 action made, 0 closed"
    assert told(somebody) == []
    somebody.ask(RUN, input=given)
    (message,) = told(somebody)
    assert message["userId"] is None


def test_rule_24_a_preview_comes_as_a_message_with_a_file(client_as: ClientAs) -> None:
    dana = client_as(Role.CREDIT_MANAGER, "dana")
    given = {"businessDate": day(1).isoformat(), "classId": "A"}

    first = dana.ask(DELIVER, input=given)["deliverRulePreview"]
    again = dana.ask(DELIVER, input=given)["deliverRulePreview"]

    assert (first["delivered"], first["rules"]) == (True, [{"ruleId": "call", "created": 1}])
    assert (again["delivered"], again["messageId"]) == (False, first["messageId"])
    (message,) = told(dana, first["position"])
    assert (message["messageId"], message["kind"]) == (first["messageId"], "preview_ready")
    content = dana.http.get(message["attachment"]).content
    _, row = load_workbook(BytesIO(content)).active.iter_rows(values_only=True)
    assert row[:4] == ("A", "call", "1", "ACME")
    assert dana.ask("{actionList {totalCount}}")["actionList"]["totalCount"] == 0


def test_a_preview_tells_of_missed_dates_as_far_back_as_asked(client_as: ClientAs) -> None:
    dana = client_as(Role.ADMIN, "dana")
    dana.ask(RUN, input={"businessDate": day(0).isoformat()})
    query = """mutation($input: DeliverRulePreviewInput!) {deliverRulePreview(input: $input) {
        delivered rules {businessDate created} userErrors {code}}}"""

    def dates(**asked: int) -> list[tuple[str, int]]:
        given = {"businessDate": day(3).isoformat(), **asked}
        done = dana.ask(query, input=given)["deliverRulePreview"]
        assert (done["delivered"], done["userErrors"]) == (True, [])
        return [(one["businessDate"], one["created"]) for one in done["rules"]]

    assert dates(catchUpDays=0) == [("2026-03-05", 1)]
    assert dates() == [("2026-03-03", 1), ("2026-03-04", 0), ("2026-03-05", 0)]
    for days in (-1, 367):
        wrong = {"businessDate": day(3).isoformat(), "catchUpDays": days}
        assert dana.error(query, input=wrong)[0] == "BAD_USER_INPUT"


def test_a_preview_goes_to_a_key_that_acts_for_nobody(client_as: ClientAs) -> None:
    machine, other = client_as(Role.CREDIT_MANAGER, None), client_as(Role.CREDIT_MANAGER, None)

    done = machine.ask(DELIVER, input={"businessDate": day(1).isoformat()})["deliverRulePreview"]

    assert [one["kind"] for one in told(machine, done["position"])] == ["preview_ready"]
    assert told(other) == []


def test_a_preview_of_no_class_is_refused(client_as: ClientAs) -> None:
    given = {"businessDate": day(1).isoformat(), "classId": "NONE"}
    done = client_as(Role.ADMIN, None).ask(DELIVER, input=given)["deliverRulePreview"]

    assert done["userErrors"] == [{"code": "credit_class_unknown", "field": "class"}]
    assert (done["messageId"], done["position"], done["delivered"]) == (None, None, False)


def test_a_collector_previews_nothing(client_as: ClientAs) -> None:
    client = client_as(Role.CREDIT_USER, "dana")
    assert client.error(DELIVER, input={"businessDate": day(1).isoformat()})[0] == "FORBIDDEN"
