"""Jobs over HTTP: what there is, what was fired, and firing one by hand."""

import asyncio
import re
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.clock import now
from runtime.database import Database
from runtime.services import RUNS_MAX
from runtime.settings import Settings
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.api.test_http import served
from tests.runtime.rules import Site, rule

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-jobs.md"

JOBS = """{jobs {name kind subject title schedules {days at timeZone} scheduleText nextDueAt
    nextBusinessDate lastFiring {state told businessDate byHand}}}"""
FIRE = """mutation($input: FireJobInput!) {fireJob(input: $input) {
    jobFiring {job state told businessDate attempts byHand}
    userErrors {code field} position}}"""
FIRINGS = """{jobFirings(filter: {job: {eq: "rules/A"}}, orderBy: [{field: DUE_AT}]) {
    nodes {state businessDate}}}"""
DEFINE_CLASS = """mutation($input: DefineCreditClassInput!) {defineCreditClass(input: $input) {
    position userErrors {code field}}}"""
DEFINE = """mutation($input: DefineSyncSourceInput!) {defineSyncSource(input: $input) {
    syncSource {id sourceId name folder mapping schedules {days at timeZone} companyIds active
        stream}
    userErrors {code field} position}}"""
RETIRE = """mutation($input: RetireSyncSourceInput!) {retireSyncSource(input: $input) {
    syncSource {active} userErrors {code field}}}"""
SOURCES = "{syncSources {nodes {sourceId active}}}"

SCHEDULE = {"days": [1, 2, 3, 4, 5], "at": "06:00", "timeZone": "Europe/Berlin"}
SOURCE: dict[str, Any] = {
    "sourceId": "erp",
    "name": "ERP",
    "folder": "out",
    "companyIds": ["2", "1"],
    "schedules": [{"days": [1], "at": "05:00"}, {"days": [5], "at": "17:00"}],
}


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Site]:
    site = Site(database, tenant, tmp_path)
    site.define(rule("late", "balance > 0 AND due_date_days > 0"))
    site.document("I1")
    site.sync(now().date())
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield site


ClientAs = Callable[[Role], Client]


@pytest.fixture
def client_as(site: Site, client_of: Callable[[Tenant, Role], Client]) -> ClientAs:
    return lambda role: client_of(site.tenant, role)


def test_jobs_follow_from_schedules_and_are_fired_by_hand(site: Site, client_as: ClientAs) -> None:
    admin = client_as(Role.ADMIN)
    told = {"classId": "A", "name": "Class A", "schedule": SCHEDULE}
    position = admin.ask(DEFINE_CLASS, input=told)["defineCreditClass"]["position"]
    admin.ask("query($p: Int!) {jobs(atLeast: $p) {name}}", p=position)
    day_roll, rules = admin.ask(JOBS)["jobs"]
    assert (day_roll["name"], day_roll["scheduleText"]) == (
        "day_roll/UTC",
        "every day at 00:00 UTC",
    )
    assert rules["nextDueAt"] is not None
    assert (rules["kind"], rules["subject"], rules["title"]) == ("RULES", "A", "Class A")
    assert rules["schedules"] == [SCHEDULE]
    assert rules["scheduleText"] == "Mon, Tue, Wed, Thu, Fri at 06:00 Europe/Berlin"
    assert rules["lastFiring"] is None

    wish = {"job": "rules/A", "businessDate": "2026-04-01", "idempotencyKey": "k"}
    done = admin.ask(FIRE, input=wish)["fireJob"]
    firing = {
        "job": "rules/A",
        "state": "completed",
        "told": "Rules ran for 1 date: 1 created, 0 closed, 0 held.",
        "businessDate": "2026-04-01",
        "attempts": 1,
        "byHand": True,
    }
    assert (done["jobFiring"], done["userErrors"]) == (firing, [])
    assert admin.ask(FIRE, input=wish)["fireJob"]["jobFiring"] == firing
    assert len(site.issues()) == 1
    assert admin.ask(FIRINGS)["jobFirings"]["nodes"] == [
        {"state": "completed", "businessDate": "2026-04-01"}
    ]
    assert admin.ask(JOBS)["jobs"][1]["lastFiring"]["told"] == firing["told"]
    earlier = {"job": "rules/A", "businessDate": "2026-03-20"}
    failed = admin.ask(FIRE, input=earlier)["fireJob"]["jobFiring"]
    assert (failed["state"], failed["attempts"]) == ("given_up", 1)


def test_what_cannot_be_fired_is_refused(client_as: ClientAs) -> None:
    admin = client_as(Role.ADMIN)
    refused = admin.ask(FIRE, input={"job": "rules/NO"})["fireJob"]
    assert refused["userErrors"] == [{"code": "job_unknown", "field": "job"}]
    assert refused["jobFiring"] is None
    ahead = {"job": "day_roll/UTC", "businessDate": (now() + timedelta(2)).date().isoformat()}
    refused = admin.ask(FIRE, input=ahead)["fireJob"]
    assert refused["userErrors"] == [{"code": "business_date_ahead", "field": "businessDate"}]
    code, _ = client_as(Role.CREDIT_MANAGER).error(FIRE, input={"job": "day_roll/UTC"})
    assert code == "FORBIDDEN"


def test_sources_lie_within_the_folder_of_exports(
    client_as: ClientAs, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = client_as(Role.ADMIN)

    def codes(**other: Any) -> list[str]:
        told = admin.ask(DEFINE, input=SOURCE | other)["defineSyncSource"]
        return [one["code"] for one in told["userErrors"]]

    assert codes() == ["sync_root_missing"]
    monkeypatch.setattr(server.settings, "sync_root", tmp_path / "exports")
    assert codes(folder="../other") == ["path_outside"]
    assert codes(folder="/etc") == ["path_outside"]
    assert codes(mapping="../x.toml") == ["path_outside"]
    assert codes(companyIds=[" "]) == ["company_empty"]
    assert codes(schedules=[{"days": [9], "at": "05:00"}]) == ["schedule_invalid"]
    assert codes(schedules=[{"days": [1], "at": "25:00"}]) == ["schedule_invalid"]
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "link").symlink_to("/etc")
    assert codes(folder="link") == ["path_outside"]
    defined = admin.ask(DEFINE, input=SOURCE)["defineSyncSource"]["syncSource"]
    assert (defined["sourceId"], defined["stream"], defined["active"]) == (
        "erp",
        "sync_source/erp",
        True,
    )
    assert defined["schedules"] == [
        {"days": [1], "at": "05:00", "timeZone": None},
        {"days": [5], "at": "17:00", "timeZone": None},
    ]
    assert defined["companyIds"] == ["1", "2"]
    node = "query($id: ID!) {node(id: $id) {... on SyncSource {name}}}"
    assert admin.ask(node, id=defined["id"])["node"] == {"name": "ERP"}
    assert [job["name"] for job in admin.ask(JOBS)["jobs"]] == ["day_roll/UTC", "sync/erp"]
    retired = admin.ask(RETIRE, input={"sourceId": "erp"})["retireSyncSource"]
    assert retired == {"syncSource": {"active": False}, "userErrors": []}
    assert admin.ask(SOURCES)["syncSources"]["nodes"] == [{"sourceId": "erp", "active": False}]


def test_the_page_is_carried_out_as_it_says(
    client_as: ClientAs, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.settings, "sync_root", tmp_path)
    admin = client_as(Role.ADMIN)
    operations = re.findall(r"```graphql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    jobs, source, given_up, by_hand = [admin.ask(one) for one in operations]
    assert [one["name"] for one in jobs["jobs"]] == ["day_roll/UTC"]
    assert source["defineSyncSource"]["userErrors"] == []
    assert source["defineSyncSource"]["syncSource"]["companyIds"] == []
    assert given_up["jobFirings"]["nodes"] == []
    (refusal,) = by_hand["fireJob"]["userErrors"]  # the class has no schedule yet
    assert refusal["code"] == "job_unknown"
    told = {"classId": "A", "name": "Class A", "schedule": SCHEDULE}
    position = admin.ask(DEFINE_CLASS, input=told)["defineCreditClass"]["position"]
    admin.ask("query($p: Int!) {jobs(atLeast: $p) {name}}", p=position)
    fired = admin.ask(operations[3])["fireJob"]
    assert (fired["userErrors"], fired["jobFiring"]["state"]) == ([], "completed")


def test_metrics_tell_what_was_fired(client_as: ClientAs) -> None:
    admin = client_as(Role.ADMIN)
    admin.ask(FIRE, input={"job": "day_roll/UTC"})
    told = admin.http.get("/metrics").text
    assert 'tallystick_job_firings{kind="day_roll",state="completed"}' in told
    assert 'tallystick_job_lag_seconds{kind="day_roll",state="completed"}' in told


def test_a_server_works_at_a_few_runs_by_hand_at_once(
    admin: Client, database: Database, settings: Settings
) -> None:
    run = """mutation($input: RunRulesInput!) {
        runRules(input: $input) {created userErrors {code}}}"""
    fire = """mutation($input: FireJobInput!) {fireJob(input: $input) {
        jobFiring {job} userErrors {code}}}"""
    alert = """mutation($input: ProcessGridAlertInput!) {processGridAlert(input: $input) {
        userErrors {code}}}"""
    refused = [{"code": "too_many_runs"}]
    may_end = threading.Event()
    all_began = threading.Barrier(RUNS_MAX + 1)

    def work() -> bool:
        all_began.wait(20)
        return may_end.wait(20)

    with served(database, settings, request_seconds_max=4) as server:
        busy = Client(server, admin.key)
        taken = [
            asyncio.run_coroutine_threadsafe(server.services.run(work), server.loop)
            for _ in range(RUNS_MAX)
        ]
        all_began.wait(20)
        wish = {"businessDate": "2026-03-02"}
        assert busy.ask(run, input=wish)["runRules"] == {"created": 0, "userErrors": refused}
        told = busy.ask(fire, input={"job": "rules/A"})["fireJob"]
        assert told == {"jobFiring": None, "userErrors": refused}
        assert busy.ask(alert, input={"alertId": "a"})["processGridAlert"]["userErrors"] == refused
        may_end.set()
        assert [one.result(20) for one in taken] == [True] * RUNS_MAX
        assert busy.ask(run, input=wish)["runRules"]["userErrors"] == []
        busy.http.close()
