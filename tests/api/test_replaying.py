"""GraphQL in a replay: the answers that were given then, whatever came later."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from api.replaying import answer_replayed
from cli.demo import STRATEGY
from domain.api_key import Role
from domain.strategy import parsed_strategy
from examples.sample_work import MANAGER
from runtime.audit_keys import audit_keys
from runtime.auditing import make_checkpoint
from runtime.database import Database
from runtime.keys import create_key, key_id_of
from runtime.replaying import (
    ReplayedDatabase,
    ReplayError,
    caller_of,
    make_replay,
    replayed,
)
from runtime.rule_runs import RuleRunner
from runtime.settings import Settings
from runtime.strategies import put_in_force, put_starter_in_force
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.api.test_example_queries import QUERIES, VARIABLES
from tests.examples.sample import TODAY, load_sample, work
from tests.projections.running import eventually

MORE = {
    "viewer": "{viewer {name role userId tenant businessDate position}}",
    "jobs": "{jobs {name scheduleText nextDueAt nextBusinessDate lastFiring {firingId}}}",
    "users": "{users(first: 50) {totalCount nodes {userId name managerId}}}",
    "options": "{siteOptions {agingBasis timeZone}}",
    "trail": "{auditTrail(last: 3) {totalCount nodes {position stream type data recordedAt}}}",
    "trail_known": """query ($now: DateTime!) {
        auditTrail(last: 1, knownAt: $now) {totalCount nodes {position}}}""",
    "aging_known": """query ($now: DateTime!) {
        aging(knownAt: $now) {groups {companyId total {count amount {amount}}}}}""",
    "checkpoints": "{checkpoints {size root note signedAt}}",
    "proof": "{eventProof(position: 5) {line hashes checkpoint {size}}}",
    "preview": """query ($on: Date!) {
        previewRules(businessDate: $on) {created closed rules {ruleId created}}}""",
    "what_if": """query ($dates: WhatIfDatesInput!) {
        simulateRules(dates: $dates) {userErrors {code} figures {total {created} dates}}}""",
    "absence": """query ($on: Date!) {
        explainAbsence(classId: "A", ruleId: "none", companyId: "AU50", custId: "10001A",
            date: $on) {reason sentence}}""",
    "unknown": "{nonsense}",
}
"""Questions beside those of the examples, on all that looks past the read models."""


class Asked:
    """A tenant at work, what was answered at a moment, and the replay of that moment."""

    def __init__(self, database: Database, settings: Settings, tenant: Tenant, key: str) -> None:
        self.database = database
        self.settings = settings
        self.tenant = tenant
        self.key_id = key_id_of(database, key)
        self.moment = datetime.now(UTC)
        self.answers: dict[str, Any] = {}
        self.past: ReplayedDatabase

    def variables(self, name: str) -> dict[str, Any]:
        """What a question is asked about."""
        always: dict[str, Any] = {"asOf": TODAY.isoformat(), "on": TODAY.isoformat()}
        now = self.moment.isoformat()
        always |= {"dates": {"from": "2026-03-01", "to": always["on"]}}
        return always | VARIABLES.get(name, {}) | {"knownAt": now, "now": now}

    def now(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """What the replay answers."""
        caller = caller_of(self.past, self.tenant, self.key_id)
        answering = answer_replayed(
            self.past, self.settings, caller, query, variables or {}, "cli/max"
        )
        return json.loads(asyncio.run(answering)[0])


@pytest.fixture(scope="module")
def asked(
    database: Database,
    settings: Settings,
    server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Asked:
    tenant = create_tenant(database, f"asked-{uuid4().hex}")
    put_starter_in_force(database, tenant, actor="test")
    desk = load_sample(database, tenant, tmp_path_factory.mktemp("ledger"))
    work(desk)
    strategy, _ = parsed_strategy(STRATEGY.read_text(encoding="utf-8"))
    put_in_force(database, tenant, strategy, actor="test", confirmed=True)
    key = create_key(database, tenant, Role.ADMIN, "Maren", MANAGER)
    with database.connect("worker") as connection:
        make_checkpoint(connection, settings, tenant, audit_keys(settings))
    asked = Asked(database, settings, tenant, key)
    client = Client(server, key)
    for name, query in (QUERIES | MORE).items():
        asked.answers[name] = client.post(query, **asked.variables(name)).json()

    with RuleRunner(database, tenant, actor="test") as runner:
        runner.run(TODAY)
    create_key(database, tenant, Role.AUDITOR, "Later")
    with database.connect("worker") as connection:
        make_checkpoint(connection, settings, tenant, audit_keys(settings))
    asked.answers["later"] = {
        name: client.post(query, **asked.variables(name)).json()
        for name, query in (QUERIES | MORE).items()
    }
    client.http.close()
    made, _ = make_replay(database, tenant, asked.moment)
    asked.past = replayed(database, tenant, made.name)
    return asked


@pytest.mark.parametrize("name", QUERIES | MORE)
def test_a_question_is_answered_as_it_was_then(name: str, asked: Asked) -> None:
    query = (QUERIES | MORE)[name]
    assert asked.now(query, asked.variables(name)) == asked.answers[name]
    assert ("errors" in asked.answers[name]) == (name == "unknown"), asked.answers[name]


def test_other_answers_were_given_later(asked: Asked) -> None:
    later = asked.answers["later"]
    changed = {name for name in QUERIES | MORE if later[name] != asked.answers[name]}
    assert {"viewer", "action_list", "open_issues", "trail", "checkpoints", "preview"} <= changed


def test_nothing_can_be_changed_there(asked: Asked) -> None:
    note = '{companyId: "AU50", custId: "10001A", text: "x"}'
    for document in (
        "mutation {signCheckpoint {position}}",
        f"mutation {{addAccountNote(input: {note}) {{position}}}}",
        "subscription {actionListChanges {position}}",
    ):
        (error,) = asked.now(document)["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert error["message"] == "A replay answers queries, and nothing can be changed in it."


def test_what_the_log_told_later_is_not_waited_for(asked: Asked) -> None:
    past = asked.past.replay.position
    assert asked.now(f"{{viewer(atLeast: {past}) {{position}}}}") == {
        "data": {"viewer": {"position": past}}
    }


def test_who_asks_is_a_key_as_it_was_then_or_an_auditor(
    asked: Asked, database: Database, settings: Settings
) -> None:
    caller = caller_of(asked.past, asked.tenant, asked.key_id)
    assert (caller.name, caller.role, caller.user_id) == ("Maren", Role.ADMIN, MANAGER)
    caller = caller_of(asked.past, asked.tenant, None)
    assert (caller.name, caller.role, caller.user_id) == ("replay", Role.AUDITOR, None)
    later = create_key(database, asked.tenant, Role.ADMIN, "Newer")
    with pytest.raises(ReplayError, match=r"No API key .* let anybody in then"):
        caller_of(asked.past, asked.tenant, key_id_of(database, later))


def test_workers_do_not_touch_it(asked: Asked, database: Database) -> None:
    with (
        ReadModelWorker(database.url("worker"), lambda _: [asked.tenant.id]),
        database.connect("worker") as connection,
    ):
        eventually(
            lambda: (
                connection.execute(
                    "SELECT min(c.position) = h.position FROM cursors c JOIN heads h USING (tenant)"
                    " WHERE c.tenant = %s GROUP BY h.position",
                    (asked.tenant.id,),
                ).fetchone()
                == (True,)
            )
        )
    assert asked.now(MORE["viewer"]) == asked.answers["viewer"]
