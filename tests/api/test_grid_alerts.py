"""Grid alerts over HTTP: each recipient gets a file of just the records of their own accounts."""

from collections.abc import Callable, Generator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from domain.api_key import Role
from domain.dispute import DISPUTE, CloseDispute, OpenDispute
from domain.shared.facts import DocumentFacts
from domain.user import USER, ChangeUser
from runtime import grid_alerts
from runtime.database import Database
from runtime.grid_alerts import process_grid_alert
from runtime.keys import create_key
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.runtime.telling import Office, day

DEFINE = """mutation($input: DefineGridAlertInput!) {defineGridAlert(input: $input) {
    gridAlert {id alertId name grid filter columns recipients schedule {days at timeZone} active
        stream}
    userErrors {code field message} position}}"""
RETIRE = """mutation($input: RetireGridAlertInput!) {retireGridAlert(input: $input) {
    gridAlert {active} userErrors {code field}}}"""
PROCESS = """mutation($input: ProcessGridAlertInput!) {processGridAlert(input: $input) {
    deliveries {userId records} userErrors {code field} position}}"""
LIST = "{gridAlerts {nodes {alertId active}}}"
MESSAGES = """{messages {nodes {kind subject body link fileName mediaType attachment}}}"""

OVERDUE: dict[str, Any] = {
    "alertId": "overdue",
    "name": "Overdue: invoices",
    "grid": "INVOICES",
    "filter": "balance > 0 AND dueDateDays > 0",
    "columns": ["tranId", "cust_name", "balance", "due_date", "due_date_days"],
    "recipients": ["kim", "dana", "sal"],
    "schedule": {"days": [1], "at": "00:00"},
}

ClientAs = Callable[[Role, str | None], Client]


@pytest.fixture
def office(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Office]:
    office = Office(database, tenant, tmp_path)
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


def define(client: Client, **told: Any) -> dict[str, Any]:
    return client.ask(DEFINE, input=OVERDUE | told)["defineGridAlert"]


def process(client: Client, on: int = 0, **told: Any) -> dict[str, Any]:
    given = {"alertId": "overdue", "businessDate": day(on).isoformat()} | told
    answer = client.ask(PROCESS, input=given)["processGridAlert"]
    assert answer["userErrors"] == []
    return {one["userId"]: one["records"] for one in answer["deliveries"]}


def messages(client: Client) -> list[dict[str, Any]]:
    return client.ask(MESSAGES)["messages"]["nodes"]


def rows_of(client: Client, message: dict[str, Any]) -> list[list[Any]]:
    """The cells of the file of a message."""
    answer = client.http.get(message["attachment"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == message["mediaType"]
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def moment(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time())


def test_alr_01_an_alert_is_a_filter_with_recipients_a_name_and_a_schedule(
    client_as: ClientAs,
) -> None:
    manager = client_as(Role.CREDIT_MANAGER)
    told = define(manager)
    assert told["userErrors"] == []
    alert = told["gridAlert"]
    node = "query($id: ID!) {node(id: $id) {... on GridAlert {name}}}"
    assert manager.ask(node, id=alert.pop("id")) == {"node": {"name": "Overdue: invoices"}}
    assert alert == {
        "alertId": "overdue",
        "name": "Overdue: invoices",
        "grid": "invoices",
        "filter": "balance > 0 and due_date_days > 0",
        "columns": ["tran_id", "cust_name", "balance", "due_date", "due_date_days"],
        "recipients": ["dana", "kim", "sal"],
        "schedule": {"days": [1], "at": "00:00", "timeZone": None},
        "active": True,
        "stream": "grid_alert/overdue",
    }
    again = define(manager)
    assert (again["gridAlert"]["name"], again["userErrors"]) == (alert["name"], [])


def test_alr_02_and_03_each_gets_a_file_of_just_their_own_records(client_as: ClientAs) -> None:
    define(client_as(Role.ADMIN))

    assert process(client_as(Role.ADMIN)) == {"dana": 1, "kim": 1, "sal": 1}

    header = ["Document number", "Customer name", "Balance", "Currency", "Due date"]
    due, days = moment("2026-02-28"), 2
    acme = ["I1", "Acme", 100, "EUR", due, days]
    beta = ["I2", "Beta", 50, "EUR", due, days]
    for user_id, role, row in (
        ("dana", Role.CREDIT_USER, acme),
        ("sal", Role.INQUIRY_USER, acme),  # sells to the customer
        ("kim", Role.CREDIT_USER, beta),
    ):
        client = client_as(role, user_id)
        (message,) = messages(client)
        assert message["subject"] == "Overdue: invoices: 1 invoice"
        assert message["kind"] == "alert"
        assert message["fileName"] == "overdue 2026-03-02.xlsx"
        found = rows_of(client, message)
        assert found[1:] == [row]
        assert len(found[0]) == len(row)
        assert found[0][0] == header[0]


def test_an_alert_of_pending_payments_hides_reconciled_ones_as_their_list_does(
    office: Office, client_as: ClientAs
) -> None:
    office.paid_online("p1")
    office.paid_online("p2")
    office.pays("p1", 0)
    office.sync(0)
    admin = client_as(Role.ADMIN)
    told = {"grid": "PENDING_PAYMENTS", "columns": ["pendingPaymentId", "status"]}

    def delivered(asked: str) -> dict[str, Any]:
        assert define(admin, filter=asked, recipients=["dana"], **told)["userErrors"] == []
        return process(admin)

    assert delivered("amount > 0") == {"dana": 1}
    assert delivered("amount > 0 and status in ('reconciled', 'no_response')") == {"dana": 2}


def test_who_has_no_such_records_is_told_nothing(client_as: ClientAs, office: Office) -> None:
    define(client_as(Role.ADMIN), filter='cust_id = "B"')
    office.assign("B", None)
    admin = client_as(Role.ADMIN)
    assert process(admin) == {}
    assert messages(client_as(Role.CREDIT_USER, "kim")) == []


def test_alr_04_by_hand_it_is_told_each_time_and_by_a_key_once(client_as: ClientAs) -> None:
    admin, dana = client_as(Role.ADMIN), client_as(Role.CREDIT_USER, "dana")
    define(admin, recipients=["dana"])
    assert process(admin, idempotencyKey="k") == {"dana": 1}
    assert process(admin, idempotencyKey="k") == {}
    assert len(messages(dana)) == 1
    assert process(admin) == process(admin) == {"dana": 1}
    assert len(messages(dana)) == 3


def test_a_schedule_that_fires_twice_tells_once(
    client_as: ClientAs, office: Office, database: Database
) -> None:
    define(client_as(Role.ADMIN), recipients=["dana", "kim"])

    def fire(on: int) -> list[tuple[str, int]]:
        told = process_grid_alert(
            database,
            office.tenant,
            "overdue",
            day(on),
            actor="job/alerts",
            cause="job/alerts",
            public_url="https://ar.example/app/",
        )
        return list(told.delivered)

    assert fire(0) == [("dana", 1), ("kim", 1)]
    office.assign("B", "dana")
    assert fire(0) == []
    assert fire(7) == [("dana", 2)]
    newest, oldest = messages(client_as(Role.CREDIT_USER, "dana"))
    assert newest["subject"] == "Overdue: invoices: 2 invoices"
    assert oldest["link"] == (
        "https://ar.example/app/invoices?filter=balance%20%3E%200%20and%20due_date_days%20%3E%200"
        "&alert=overdue"
    )
    assert oldest["body"].startswith("As of 2026-03-02, 1 invoice of your accounts meets the")


def test_alr_05_open_disputes_are_told_to_the_sales_rep(
    client_as: ClientAs, office: Office
) -> None:
    invoice = DocumentFacts(
        "1", "I1", "A", "IN", date(2026, 2, 1), date(2026, 2, 28), "EUR", "EUR",
        Decimal(100), Decimal(100), Decimal(100), Decimal(100), None,
    )  # fmt: skip
    for dispute_id, amount in (("d1", 40), ("d2", 7)):
        command = OpenDispute(
            dispute_id, Decimal(amount), day(0), "dana", day(0), note="=1+1", invoice=invoice
        )
        office.tell(DISPUTE, dispute_id, command)
    office.tell(DISPUTE, "d2", CloseDispute(day(0), day(0)))
    admin, sal = client_as(Role.ADMIN), client_as(Role.INQUIRY_USER, "sal")
    define(
        admin,
        name="Weekly Dispute",
        grid="DISPUTES",
        filter="open = true",
        columns=["tran_id", "amount", "curr_id", "note", "dispute_date"],
        recipients=["sal", "kim"],
    )

    assert process(admin) == {"sal": 1}

    (message,) = messages(sal)
    assert rows_of(sal, message)[1:] == [["I1", 40, "EUR", "=1+1", moment("2026-03-02")]]


@pytest.mark.parametrize(
    ("grid", "columns"),
    [
        ("ACCOUNTS", ["cust_id", "total_age", "avg_days_late"]),
        ("INVOICES", ["tran_id", "balance"]),
        ("ACTIVITIES", ["activity_id", "entered_on"]),
        ("ISSUES", ["issue_id", "subject"]),
        ("PROMISES", ["promise_id", "expect_amt"]),
        ("DISPUTES", ["dispute_id", "amount"]),
        ("PAYMENTS", ["payment_id", "amount"]),
        ("PENDING_PAYMENTS", ["pending_payment_id", "amount"]),
    ],
)
def test_every_list_can_be_told_of(
    client_as: ClientAs, office: Office, grid: str, columns: list[str]
) -> None:
    office.promise("p1")
    office.follow_up("a1")
    office.paid_online("w1")
    office.pays("P1", on=0, amount=50)
    office.sync(0)
    admin = client_as(Role.ADMIN)
    told = define(admin, grid=grid, filter="always", columns=columns, recipients=["dana"])
    assert told["userErrors"] == []
    rows = {"ISSUES": 0, "DISPUTES": 0}.get(grid, 1)
    assert process(admin) == ({"dana": 1} if rows else {})


def test_pages_and_the_limit_of_a_file(
    client_as: ClientAs, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        office.follow_up(f"a{number}")
    monkeypatch.setattr(grid_alerts, "PAGE_RECORDS", 2)
    monkeypatch.setattr(grid_alerts, "RECORDS_MAX", 3)
    admin, dana = client_as(Role.ADMIN), client_as(Role.CREDIT_USER, "dana")
    given = {"grid": "ACTIVITIES", "filter": "always", "columns": ["activity_id"]}
    define(admin, recipients=["dana"], **given)
    assert process(admin) == {"dana": 3}
    (message,) = messages(dana)
    assert message["subject"] == "Overdue: invoices: more than 3 activities"
    assert message["body"].endswith("There are more than the file holds.")
    assert rows_of(dana, message)[1:] == [["a0"], ["a1"], ["a2"]]


def test_users_who_are_retired_and_alerts_that_are_retired_are_left_alone(
    client_as: ClientAs, office: Office
) -> None:
    admin = client_as(Role.ADMIN)
    define(admin, recipients=["dana", "kim"])
    office.tell(USER, "dana", ChangeUser(active=False))
    assert process(admin) == {"kim": 1}
    told = admin.ask(RETIRE, input={"alertId": "overdue"})["retireGridAlert"]
    assert told == {"gridAlert": {"active": False}, "userErrors": []}
    refused = admin.ask(PROCESS, input={"alertId": "overdue"})["processGridAlert"]
    assert refused == {
        "deliveries": [],
        "position": None,
        "userErrors": [{"code": "grid_alert_unknown", "field": "alertId"}],
    }
    assert admin.ask(LIST)["gridAlerts"]["nodes"] == [{"alertId": "overdue", "active": False}]


@pytest.mark.parametrize(
    ("told", "code", "field"),
    [
        ({"filter": "balance >"}, "filter_syntax", "filter"),
        ({"filter": "balanse > 0"}, "filter_field_unknown", "filter"),
        ({"filter": 'balance = "x"'}, "filter_type_wrong", "filter"),
        ({"columns": ["tran_id", "balanse"]}, "column_unknown", "columns"),
        ({"columns": []}, "columns_invalid", "columns"),
        ({"recipients": ["nobody"]}, "user_unknown", "recipients"),
        ({"schedule": {"days": [8], "at": "00:00"}}, "schedule_invalid", "schedule"),
        ({"schedule": {"days": [1], "at": "25:00"}}, "schedule_invalid", "schedule"),
    ],
)
def test_what_cannot_be_an_alert_is_refused(
    client_as: ClientAs, told: dict[str, Any], code: str, field: str
) -> None:
    admin = client_as(Role.ADMIN)
    answer = define(admin, **told)
    assert [(one["code"], one["field"]) for one in answer["userErrors"]] == [(code, field)]
    assert (answer["gridAlert"], answer["position"]) == (None, None)
    if code in {"filter_field_unknown", "column_unknown"}:
        sentence = "invoices have no field balanse. Do you mean balance?"
        assert answer["userErrors"][0]["message"].endswith(sentence)
    assert admin.ask(LIST)["gridAlerts"]["nodes"] == []


def test_only_maintainers_define_and_process(client_as: ClientAs) -> None:
    for role in (Role.CREDIT_USER, Role.INQUIRY_USER, Role.AUDITOR):
        other = client_as(role)
        assert other.error(DEFINE, input=OVERDUE)[0] == "FORBIDDEN"
        assert other.error(RETIRE, input={"alertId": "x"})[0] == "FORBIDDEN"
        assert other.error(PROCESS, input={"alertId": "x"})[0] == "FORBIDDEN"
