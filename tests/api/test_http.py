"""The HTTP side: media types, statuses, keys, limits, health, and what nonsense gets."""

import hashlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.schema import sdl
from domain.api_key import Role
from runtime.database import Database
from runtime.settings import Settings, SettingsError
from runtime.tenants import Tenant
from tests.api.conftest import Client, Server

NEW, OLD = "application/graphql-response+json", "application/json"
GOOD, INVALID = '{"query": "{viewer {role}}"}', '{"query": "{nonsense}"}'


def send(client: Client, body: str | bytes, **headers: str) -> httpx.Response:
    return client.http.post(
        "/graphql", content=body, headers={"Content-Type": "application/json"} | headers
    )


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (NEW, NEW),
        (OLD, OLD),
        ("*/*", NEW),
        ("", NEW),
        (f"{NEW}; charset=utf-8, {OLD};q=0.9", NEW),
        ("text/html,application/json", OLD),
    ],
)
def test_the_answer_comes_in_the_media_type_asked_for(
    client: Client, accept: str, media_type: str
) -> None:
    answer = send(client, GOOD, Accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.json() == {"data": {"viewer": {"role": "ADMIN"}}}


def test_an_invalid_query_answers_400_and_200_to_older_clients(client: Client) -> None:
    for accept, status in ((NEW, 400), (OLD, 200)):
        answer = send(client, INVALID, Accept=accept)
        assert answer.status_code == status
        told = answer.json()
        assert "data" not in told
        assert told["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "BAD_REQUEST"),
        (b"nonsense", 400, "BAD_REQUEST"),
        (b"\xff\xfe{}", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 7}', 400, "BAD_REQUEST"),
        (b'{"query": ""}', 400, "BAD_REQUEST"),
        (b'{"query": "{viewer {role}}", "variables": [1]}', 400, "BAD_REQUEST"),
        (b'{"query": "{"}', 400, "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "query A {viewer {role}} query B {viewer {role}}"}', 400, None),
        (b'{"query": "{viewer {role}}", "operationName": "C"}', 400, None),
        (b'{"query": "subscription {invoicesChanged {position}}"}', 400, "BAD_REQUEST"),
        (b'{"query": "query($n: Int!) {invoices(first: $n) {totalCount}}"}', 400, None),
        (b'{"documentId": "unknown"}', 403, "DOCUMENT_NOT_TRUSTED"),
    ],
)
def test_nonsense_is_told_what_is_wrong_with_it(
    client: Client, body: bytes, status: int, code: str | None
) -> None:
    answer = send(client, body)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert "data" not in told
    (error,) = told["errors"]
    assert error["message"]
    assert error["extensions"]["code"] == (code or "GRAPHQL_VALIDATION_FAILED")
    assert "Traceback" not in answer.text


def test_other_content_types_methods_and_answers_are_refused(client: Client) -> None:
    assert send(client, GOOD, **{"Content-Type": "text/plain"}).status_code == 415
    assert send(client, GOOD, Accept="image/png").status_code == 406
    assert client.http.put("/graphql", content=GOOD).status_code == 405
    got = client.http.get("/graphql", headers={"Accept": "application/json"})
    assert (got.status_code, got.headers["allow"]) == (405, "POST")


def test_a_body_that_is_too_large_is_not_read_to_its_end(client: Client) -> None:
    assert send(client, b" " * 1_000_001).status_code == 413


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic abc", "Bearer a b"])
def test_nobody_is_let_in_without_a_key_that_is_valid(server: Server, header: str | None) -> None:
    headers = {"Content-Type": "application/json"}
    if header is not None:
        headers["Authorization"] = header
    answer = httpx.post(f"{server.url}/graphql", content=GOOD, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_browser_is_shown_a_page_to_ask_from(server: Server) -> None:
    page = httpx.get(f"{server.url}/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "graphiql" in page.text.lower()


def test_the_schema_health_and_metrics_are_served(client: Client, server: Server) -> None:
    assert httpx.get(f"{server.url}/schema.graphql").text == sdl()
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{server.url}/readyz")
    assert ready.status_code == 200
    client.ask("{viewer {role}}")
    metrics = httpx.get(f"{server.url}/metrics").text
    assert "tallystick_database_up 1.0" in metrics
    assert 'tallystick_read_model_lag_events{read_model="invoices"' in metrics
    assert "tallystick_graphql_seconds_count" in metrics


def test_a_request_keeps_the_id_that_it_came_with(client: Client) -> None:
    assert send(client, GOOD, **{"X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
    assert len(send(client, GOOD, **{"X-Request-Id": "x" * 500}).headers["x-request-id"]) == 36


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{invoices(first: 501) {totalCount}}", "BAD_USER_INPUT"),
        ("{invoices(first: -1) {totalCount}}", "BAD_USER_INPUT"),
        ("{invoices(first: 1, last: 1) {totalCount}}", "BAD_USER_INPUT"),
        ('{invoices(after: "nonsense") {totalCount}}', "BAD_USER_INPUT"),
        ('{invoices(after: "WyJ4Il0") {totalCount}}', "BAD_USER_INPUT"),
        ("{invoices(filter: {tranId: {eq: null}}) {totalCount}}", "BAD_USER_INPUT"),
        ('{invoices(filter: {tranId: {eq: "a\\u0000b"}}) {totalCount}}', "BAD_USER_INPUT"),
        ('{invoices(filter: {tranId: {in: ["a\\u0000b"]}}) {totalCount}}', "BAD_USER_INPUT"),
        ('{invoices(filter: {amount: {gt: "NaN"}}) {totalCount}}', "GRAPHQL_VALIDATION_FAILED"),
        ('{invoices(filter: {amount: {gt: "1e400"}}) {totalCount}}', "GRAPHQL_VALIDATION_FAILED"),
        ('{invoices(asOf: "31/02/2026") {totalCount}}', "GRAPHQL_VALIDATION_FAILED"),
        ('{invoices(knownAt: "yesterday") {totalCount}}', "GRAPHQL_VALIDATION_FAILED"),
        (
            "{accounts(first: 500) {nodes {invoices(first: 500) {totalCount}}}}",
            "QUERY_TOO_EXPENSIVE",
        ),
        (
            "{paymentSchedules(first: 500) {nodes {instalments {number}}}}",
            "QUERY_TOO_EXPENSIVE",
        ),
        (
            "{accounts(first: 500) {nodes {children(first: 20) {nodes {daysLateTrend {month}}}}}}",
            "QUERY_TOO_EXPENSIVE",
        ),
        (
            "{viewer {role}" + " ".join(f"a{n}: viewer {{role}}" for n in range(100)) + "}",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            '{account(companyId: "1", custId: "A") ' + "{parent " * 30 + "{id}" + "}" * 30 + "}",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{" + "viewer {role} " * 3_000 + "}", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_limits_and_bad_values_are_refused_with_a_code(
    client: Client, query: str, code: str
) -> None:
    told = client.error(query)
    assert told[0] == code, told


def nested(depth: int) -> dict[str, Any]:
    condition: dict[str, Any] = {"tranId": {"eq": "I1"}}
    for _ in range(depth):
        condition = {"not": condition}
    return condition


def test_filters_too_deep_or_too_large_are_refused(client: Client) -> None:
    query = "query($f: InvoiceFilter) {invoices(filter: $f) {totalCount}}"
    assert client.error(query, f=nested(30))[1] == "Filters may be nested 12 deep at most."
    many = {"or": [{"tranId": {"eq": str(n)}} for n in range(300)]}
    assert "200 comparisons" in client.error(query, f=many)[1]
    values = {"tranId": {"in": [str(n) for n in range(1_500)]}}
    assert "1000 values" in client.error(query, f=values)[1]


@pytest.mark.parametrize("as_of", ["0001-01-01", "1900-01-01", "9999-12-31"])
def test_any_date_of_the_calendar_may_be_asked_for(client: Client, as_of: str) -> None:
    query = """query($on: Date!) {aging(asOf: $on) {groups {total {count}}}
        accounts(asOf: $on) {nodes {totalAge {amount} oldestTranDateDays}}
        invoices(asOf: $on) {nodes {balance {amount} dueDateDays age4 {amount}}}}"""
    assert client.ask(query, on=as_of)


@contextmanager
def served(database: Database, settings: Settings, **changed: Any) -> Generator[Server]:
    server = Server(database, settings.model_copy(update=changed))
    try:
        yield server
    finally:
        server.stop()


def test_introspection_can_be_switched_off(
    client: Client, database: Database, settings: Settings
) -> None:
    with served(database, settings, introspection=False) as server:
        closed = Client(server, client.key)
        errors = closed.post("{__schema {types {name}}}").json()["errors"]
        assert {one["extensions"]["code"] for one in errors} == {"GRAPHQL_VALIDATION_FAILED"}
        assert "mean" not in closed.error("{viewr {role}}")[1]
        assert httpx.get(f"{server.url}/schema.graphql").status_code == 404
        assert closed.ask("{viewer {role}}")
        closed.http.close()
    assert client.ask("{__schema {queryType {name}}}")


def test_only_trusted_documents_are_carried_out_where_they_are_named(
    client: Client, database: Database, settings: Settings, tmp_path: Path
) -> None:
    trusted = "query Who {viewer {role}}"
    digest = hashlib.sha256(trusted.encode()).hexdigest()
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({digest: trusted}))
    with served(database, settings, trusted_documents=path) as server:
        closed = Client(server, client.key)
        assert closed.ask(trusted)
        for body in (
            {"documentId": f"sha256:{digest}"},
            {"documentId": digest},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}},
        ):
            answer = closed.http.post("/graphql", json=body)
            assert answer.json() == {"data": {"viewer": {"role": "ADMIN"}}}
        refused = closed.post("{viewer {name}}")
        assert refused.status_code == 403
        assert refused.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        closed.http.close()


def test_a_file_of_trusted_documents_that_is_none_is_told_at_the_start(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    from api.documents import TrustedDocuments  # noqa: PLC0415

    with pytest.raises(SettingsError, match="TALLYSTICK_TRUSTED_DOCUMENTS"):
        TrustedDocuments(tmp_path / "none.json")


def test_a_request_that_takes_too_long_is_given_up(
    client: Client, database: Database, settings: Settings
) -> None:
    with served(database, settings, request_seconds_max=0.5) as server:
        hasty = Client(server, client.key)
        answer = hasty.post("{viewer(atLeast: 2000000000) {role}}")
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_CAUGHT_UP"
        hasty.http.close()


@pytest.mark.parametrize(
    ("role", "query", "allowed"),
    [
        (Role.INQUIRY_USER, "{invoices {totalCount}}", True),
        (Role.INQUIRY_USER, "{auditTrail {totalCount}}", False),
        (Role.AUDITOR, "{auditTrail {totalCount}}", True),
        (Role.CREDIT_USER, "{accounts {totalCount}}", True),
        (
            Role.AUDITOR,
            """mutation {addAccountNote(input: {companyId: "1", custId: "ACME", text: "x"}) {
                position}}""",
            False,
        ),
        (
            Role.CREDIT_MANAGER,
            "mutation {changeSiteOptions(input: {ageUnapplied: true}) {position}}",
            False,
        ),
    ],
)
def test_a_role_may_do_what_is_its_own(
    client_of: Callable[[Tenant, Role], Client],
    ledger: Tenant,
    role: Role,
    query: str,
    allowed: bool,
) -> None:
    told = client_of(ledger, role).post(query).json()
    codes = [error["extensions"]["code"] for error in told.get("errors", [])]
    assert codes == ([] if allowed else ["FORBIDDEN"])
