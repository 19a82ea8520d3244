"""Strategies over past dates by the API: what the page about comparing them says."""

import asyncio
import re
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from domain.api_key import Role
from domain.what_if import CAVEAT
from runtime.database import Database
from runtime.settings import Settings
from runtime.slots import Proceed
from runtime.tenants import Tenant
from tests.api.conftest import Client
from tests.api.strategies import define_class, define_code, define_rule
from tests.api.test_doing import CHANGE
from tests.api.test_http import served
from tests.api.test_users import errors

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compare-strategies.md"
DRAFT = """
[[rules]]
class_id = "GOLD"
rule_id = "large"
seq_no = 10
name = "Large"
view = "invoice"
filter = "balance >= 200"
action_code = "CALL1"
"""


def operation(name: str) -> str:
    """An operation of the page."""
    for text in re.findall(r"```graphql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL):
        (one,) = parse(text).definitions
        assert isinstance(one, OperationDefinitionNode)
        assert one.name is not None
        if one.name.value == name:
            return text
    raise AssertionError(name)


@pytest.fixture
def gold(admin: Client) -> Client:
    """An administrator of a site with a strategy for all its customers."""
    assert errors(define_class(admin, "GOLD")) == []
    assert errors(define_code(admin, "CALL1", custContact=True)) == []
    assert errors(define_rule(admin, "open", filter="balance > 0", confirm=True)) == []
    admin.ask(CHANGE, input={"defaultCreditClassId": "GOLD"})
    return admin


@pytest.fixture
def dates(gold: Client) -> dict[str, Any]:
    """The last three dates, as known by now."""
    today = date.fromisoformat(gold.ask("{viewer {businessDate}}")["viewer"]["businessDate"])
    return {"from": str(today - timedelta(2)), "to": str(today), "known": "NOW"}


def test_a_draft_is_simulated(gold: Client, dates: dict[str, Any]) -> None:
    told = gold.ask(operation("WhatIf"), dates=dates, draft=DRAFT)["simulateRules"]

    assert (told["userErrors"], told["caveat"]) == ([], CAVEAT)
    figures = told["figures"]
    assert (figures["strategy"], figures["dates"]) == ("draft", 3)
    assert figures["total"]["created"] == figures["total"]["stillOpen"] > 0
    assert [one["ruleId"] for one in figures["rules"]] == ["large"]
    assert figures["contacts"]["contacts"] == figures["total"]["created"]
    assert gold.ask("{issues {totalCount}}") == {"issues": {"totalCount": 0}}


def test_a_draft_is_compared_with_the_strategy_in_force(
    gold: Client, dates: dict[str, Any]
) -> None:
    told = gold.ask(operation("Compare"), dates=dates, draft=DRAFT)["compareStrategies"]

    assert (told["userErrors"], told["caveat"]) == ([], CAVEAT)
    assert [told[one]["strategy"] for one in ("first", "second")] == ["in force", "mine"]
    overlap = told["overlap"]
    assert overlap["both"] > 0
    assert (overlap["onlySecond"], overlap["contactedOnlyBySecond"]) == (0, [])
    assert overlap["onlyFirst"] > 0


@pytest.mark.parametrize(
    ("asked", "draft", "code", "field"),
    [
        ({}, DRAFT.replace("balance", "ballance"), "filter_field_unknown", "strategy"),
        ({}, DRAFT.replace("GOLD", "LEAD"), "credit_class_unknown", "strategy"),
        ({}, "colour = 3", "strategy_unreadable", "text"),
        ({}, DRAFT.replace("seq_no", "colour"), "strategy_unreadable", "text"),
        ({"from": "9999-01-02"}, DRAFT, "dates_reversed", "to"),
        ({"from": "1999-01-02"}, DRAFT, "dates_too_many", "to"),
        ({"to": "9999-01-01"}, DRAFT, "date_in_future", "to"),
        ({"classId": "LEAD"}, DRAFT, "credit_class_unknown", "classId"),
        ({"everyone": True}, DRAFT, "class_missing", "classId"),
        (
            {"from": "2001-01-02", "to": "2001-01-02", "known": "THEN"},
            DRAFT,
            "nothing_known_then",
            "known",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    gold: Client, dates: dict[str, Any], asked: dict[str, Any], draft: str, code: str, field: str
) -> None:
    for name, query in (("WhatIf", "simulateRules"), ("Compare", "compareStrategies")):
        told = gold.ask(operation(name), dates=dates | asked, draft=draft)[query]
        assert [(one["code"], one["field"]) for one in told["userErrors"]] == [(code, field)]


def test_a_strategy_says_where_it_comes_from(gold: Client, dates: dict[str, Any]) -> None:
    query = """query($dates: WhatIfDatesInput!, $strategy: StrategyInput) {
        simulateRules(dates: $dates, strategy: $strategy) {
            userErrors {code} figures {strategy total {created}}}}"""

    def told(**strategy: Any) -> dict[str, Any]:
        return gold.ask(query, dates=dates, strategy=strategy or None)["simulateRules"]

    assert told()["figures"]["strategy"] == "in force"
    assert told(source="STARTER")["figures"] == {"strategy": "starter", "total": {"created": 0}}
    before = told(at="2001-01-01T00:00:00Z")["figures"]
    assert before["total"] == {"created": 0}
    assert told(source="DRAFT")["userErrors"] == [{"code": "strategy_text_missing"}]
    assert told(text=DRAFT)["userErrors"] == [{"code": "strategy_text_missing"}]
    at = "2001-01-01T00:00:00Z"
    assert told(source="STARTER", at=at)["userErrors"] == [{"code": "moment_unused"}]


def test_a_server_works_at_a_few_simulations_at_once(
    gold: Client, dates: dict[str, Any], database: Database, settings: Settings
) -> None:
    today = dates["to"]
    preview = "query($on: Date!) {previewRules(businessDate: $on) {created}}"
    deliver = """mutation($input: DeliverRulePreviewInput!) {deliverRulePreview(input: $input) {
        userErrors {code} messageId}}"""
    refused = [{"code": "too_many_simulations"}]
    began, may_end = threading.Event(), threading.Event()

    def work(_: Proceed) -> bool:
        began.set()
        return may_end.wait(20)

    with served(database, settings, simulations_max=1, request_seconds_max=4) as server:
        busy = Client(server, gold.key)
        taken = asyncio.run_coroutine_threadsafe(server.services.simulate(work), server.loop)
        assert began.wait(20)

        told = busy.ask(operation("WhatIf"), dates=dates, draft=DRAFT)["simulateRules"]
        assert ([one["code"] for one in told["userErrors"]], told["figures"]) == (
            ["too_many_simulations"],
            None,
        )
        told = busy.ask(operation("Compare"), dates=dates, draft=DRAFT)["compareStrategies"]
        assert [one["code"] for one in told["userErrors"]] == ["too_many_simulations"]
        told = busy.ask(deliver, input={"businessDate": today})["deliverRulePreview"]
        assert told == {"userErrors": refused, "messageId": None}
        assert busy.error(preview, on=today)[0] == "TOO_MANY_SIMULATIONS"

        may_end.set()
        assert taken.result(20)
        assert busy.ask(preview, on=today)["previewRules"]["created"] > 0
        busy.http.close()


def test_a_collector_may_not_simulate(
    gold: Client,
    dates: dict[str, Any],
    client_of: Callable[[Tenant, Role], Client],
    worked: Tenant,
) -> None:
    collector = client_of(worked, Role.CREDIT_USER)
    for name in ("WhatIf", "Compare"):
        assert collector.error(operation(name), dates=dates, draft=DRAFT)[0] == "FORBIDDEN"
