"""The dashboard over HTTP: whose accounts, every figure, at any date and as known at any moment."""

from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant
from tests.api.conftest import Client, Server
from tests.api.test_reading import statements
from tests.api.test_users import register
from tests.loading import recorded_at

AS_OF = "2026-03-02"

EVERYTHING = """query($filter: AccountFilter, $on: Date) {dashboard(asOf: $on, filter: $filter) {
    scope userId asOf knownAt agingBasis
    groups {homeCurrId
        totals {count homeCurrId totalAge {amount currency} dueNow {amount} dueFuture {amount}
            dso avgDaysLate avgDaysToPayTotal cocBalance {amount} openDisputeCount}
        aging {label amount {amount}} byInvoice: aging(basis: INVOICE) {label amount {amount}}
        daysToPayBySize {label atLeast {amount} below {amount} avgDaysToPay}
        projectedPayments {days until amount {amount currency}}
        promises {currId open {count amount {amount}} kept {count} broken {count}
            windows {label kept {count} broken {count amount {amount currency}}}}
        daysLateTrend {month documents avgDaysLate avgDaysLateWeighted}
        priorSixMonths {shows dso {month on dso} averageDays {month documents}}}}}"""

SCOPED = """query($scope: DashboardScope, $filter: AccountFilter, $at: DateTime) {
    dashboard(scope: $scope, filter: $filter, asOf: "2026-03-02", knownAt: $at) {
        scope userId groups {homeCurrId totals {count}}}}"""


def test_one_query_tells_every_figure_by_currency(client: Client) -> None:
    told = client.ask(EVERYTHING, on=AS_OF)["dashboard"]
    groups = told.pop("groups")
    assert told == {
        "scope": "ALL",
        "userId": None,
        "asOf": AS_OF,
        "knownAt": None,
        "agingBasis": "DUE",
    }
    assert [(one["homeCurrId"], one["totals"]["count"]) for one in groups] == [
        ("EUR", 3),
        ("USD", 1),
    ]
    euro, dollars = groups
    assert euro["totals"] == {
        "count": 3,
        "homeCurrId": "EUR",
        "totalAge": {"amount": "920.00", "currency": "EUR"},
        "dueNow": {"amount": "420.00"},
        "dueFuture": {"amount": "500.00"},
        "dso": "645.77",  # 920 / 520 x 365
        "avgDaysLate": None,
        "avgDaysToPayTotal": None,
        "cocBalance": {"amount": "5.64"},
        "openDisputeCount": 0,
    }
    assert {one["label"]: one["amount"]["amount"] for one in euro["aging"]} == {
        "future": "500.00",
        "current": "200.00",
        "1-30": "40.00",
        "31-60": "0.00",
        "61-90": "0.00",
        "91-120": "0.00",
        "121+": "180.00",
    }
    assert [one["label"] for one in euro["byInvoice"]] == [
        "future",
        "current",
        "31-60",
        "61-90",
        "91-120",
        "121+",
    ]
    assert (euro["daysToPayBySize"][0], len(euro["daysToPayBySize"])) == (
        {"label": "below 500", "atLeast": None, "below": {"amount": "500.00"}}
        | {"avgDaysToPay": None},
        7,
    )
    assert [(one["days"], one["until"], one["amount"]) for one in dollars["projectedPayments"]] == [
        (days, until, {"amount": "70.00", "currency": "USD"})
        for days, until in (
            (7, "2026-03-09"),
            (14, "2026-03-16"),
            (21, "2026-03-23"),
            (28, "2026-03-30"),
            (35, "2026-04-06"),
        )
    ]
    assert euro["promises"] == []
    assert [(one["month"], one["documents"]) for one in euro["daysLateTrend"]] == [
        ("2025-10-01", 0),
        ("2025-11-01", 0),
        ("2025-12-01", 0),
        ("2026-01-01", 0),
        ("2026-02-01", 0),
        ("2026-03-01", 0),
    ]
    panel = dollars["priorSixMonths"]
    assert (panel["shows"], panel["averageDays"]) == ("DSO", None)
    assert [(one["on"], one["dso"]) for one in panel["dso"]] == [
        ("2025-10-31", None),
        ("2025-11-30", None),
        ("2025-12-31", None),
        ("2026-01-31", None),
        ("2026-02-28", "365.00"),
        ("2026-03-02", "365.00"),
    ]


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"companyId": {"eq": "1"}},
        {"totalPastDue": {"gt": "0"}, "not": {"custId": {"eq": "BETA"}}},
        {"custName": {"eq": "Nobody"}},
    ],
)
def test_the_totals_are_those_of_the_list_of_the_same_accounts(
    client: Client, where: dict[str, Any]
) -> None:
    fields = client.ask(
        """{__type(name: "AccountSummary") {fields {name type {kind ofType {name}}}}}"""
    )["__type"]["fields"]
    wanted = " ".join(
        one["name"] + (" {amount currency}" if "'Money'" in str(one["type"]) else "")
        for one in fields
    )
    assert wanted.count(" {") > 20
    told = client.ask(
        f"""query($where: AccountFilter) {{
            accounts(asOf: "{AS_OF}", filter: $where) {{summary {{{wanted}}}}}
            dashboard(asOf: "{AS_OF}", filter: $where) {{groups {{homeCurrId totals {{{wanted}}}}}}}
        }}""",
        where=where,
    )
    groups = told["dashboard"]["groups"]
    assert [one["totals"] for one in groups] == told["accounts"]["summary"]
    assert [one["homeCurrId"] for one in groups] == [one["totals"]["homeCurrId"] for one in groups]


def test_the_figures_of_a_family_are_those_of_the_parent_and_its_children(client: Client) -> None:
    family = {"or": [{"custId": {"eq": "ACME"}}, {"parentId": {"eq": "ACME"}}]}
    where = {"companyId": {"eq": "1"}, **family}
    told = client.ask(
        f"""query($where: AccountFilter) {{
            accounts(asOf: "{AS_OF}", filter: $where) {{
                nodes {{custId totalAge {{amount}}}} summary {{count totalAge {{amount}}}}}}
            dashboard(asOf: "{AS_OF}", filter: $where) {{groups {{totals {{totalAge {{amount}}}}}}}}
        }}""",
        where=where,
    )
    nodes, (summary,) = told["accounts"]["nodes"], told["accounts"]["summary"]
    assert sorted(one["custId"] for one in nodes) == ["ACME", "BETA"]
    whole = sum(Decimal(one["totalAge"]["amount"]) for one in nodes)
    assert whole == Decimal("420.00")
    assert (summary["count"], Decimal(summary["totalAge"]["amount"])) == (2, whole)
    (group,) = told["dashboard"]["groups"]
    assert group["totals"]["totalAge"] == summary["totalAge"]


def test_the_panel_shows_days_late_where_the_site_chose_it(admin: Client) -> None:
    change = """mutation {
        changeSiteOptions(input: {priorSixMonths: AVERAGE_DAYS, agingBasis: INVOICE}) {
            userErrors {code}}}"""
    assert admin.ask(change)["changeSiteOptions"]["userErrors"] == []
    told = admin.ask(EVERYTHING, on=AS_OF)["dashboard"]
    panel = told["groups"][0]["priorSixMonths"]
    assert (panel["shows"], panel["dso"]) == ("AVERAGE_DAYS", None)
    assert panel["averageDays"] == [
        {"month": one["month"], "documents": 0} for one in told["groups"][0]["daysLateTrend"]
    ]
    assert told["agingBasis"] == "INVOICE"
    assert told["groups"][0]["aging"] == told["groups"][0]["byInvoice"]


def test_promises_are_told_in_their_own_currency(admin: Client) -> None:
    for tran_id, amount in (("I1", "40.00"), ("I3", "200.00")):
        recorded = admin.ask(
            """mutation($input: RecordExpectedPaymentInput!) {
                recordExpectedPayment(input: $input) {userErrors {code message}}}""",
            input={
                "companyId": "1",
                "custId": "ACME" if tran_id == "I1" else "BETA",
                "amount": amount,
                "expectDate": "2999-01-01",
                "tranIds": [tran_id],
                "promise": True,
            },
        )
        assert recorded["recordExpectedPayment"]["userErrors"] == []
    (euro, dollars) = admin.ask(EVERYTHING)["dashboard"]["groups"]
    none = {"count": 0, "amount": {"amount": "0.00", "currency": "USD"}}
    assert [(one["currId"], one["open"]) for one in euro["promises"]] == [
        ("EUR", {"count": 1, "amount": {"amount": "40.00"}}),
        ("USD", {"count": 1, "amount": {"amount": "200.00"}}),
    ]
    assert euro["promises"][1]["windows"] == [
        {"label": label, "kept": {"count": 0}, "broken": none}
        for label in ("90 days", "6 months", "1 year", "2 years")
    ]
    assert dollars["promises"] == []


@pytest.fixture
def acting(
    admin: Client, server: Server, database: Database, worked: Tenant
) -> Generator[Callable[[str], Client]]:
    """Clients who act for users: max leads dana, who leads eve; each works on an account."""
    register(admin, "max", kind="CREDIT_MANAGER")
    register(admin, "dana", managerId="max")
    register(admin, "eve", managerId="dana")
    register(admin, "ian", kind="INQUIRY_USER")
    for company_id, cust_id, user_id in (
        ("1", "ACME", "dana"),
        ("1", "BETA", "eve"),
        ("2", "ACME", "max"),
    ):
        admin.ask(
            """mutation($input: AssignAccountInput!) {assignAccount(input: $input) {position}}""",
            input={"companyId": company_id, "custId": cust_id, "userId": user_id},
        )
    clients: list[Client] = []

    def client(user_id: str) -> Client:
        secret = create_key(database, worked, Role.INQUIRY_USER, user_id, user_id)
        clients.append(Client(server, secret))
        return clients[-1]

    yield client
    for one in clients:
        one.http.close()


def test_a_caller_sees_its_own_accounts_its_teams_or_all(
    acting: Callable[[str], Client],
) -> None:
    def seen(client: Client, **variables: Any) -> tuple[str, str | None, dict[str, int]]:
        told = client.ask(SCOPED, **variables)["dashboard"]
        counts = {one["homeCurrId"]: one["totals"]["count"] for one in told["groups"]}
        return told["scope"], told["userId"], counts

    manager, collector, visitor = acting("max"), acting("dana"), acting("ian")
    assert seen(manager) == ("TEAM", "max", {"EUR": 2, "USD": 1})
    assert seen(manager, scope="OWN") == ("OWN", "max", {"USD": 1})
    assert seen(manager, scope="ALL") == ("ALL", None, {"EUR": 3, "USD": 1})
    dana = {"assignedUserId": {"eq": "dana"}}
    assert seen(manager, filter=dana) == ("TEAM", "max", {"EUR": 1})
    assert seen(collector) == ("OWN", "dana", {"EUR": 1})
    assert seen(collector, scope="TEAM") == ("TEAM", "dana", {"EUR": 2})
    assert seen(visitor) == ("OWN", "ian", {})


@pytest.mark.parametrize("scope", ["OWN", "TEAM"])
def test_a_caller_who_acts_for_no_user_has_no_accounts_of_its_own(
    client: Client, scope: str
) -> None:
    code, message = client.error(SCOPED, scope=scope)
    assert code == "BAD_USER_INPUT"
    assert "acts for no user" in message


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{dashboard(scope: MINE) {scope}}", "GRAPHQL_VALIDATION_FAILED"),
        ('{dashboard(asOf: "yesterday") {scope}}', "GRAPHQL_VALIDATION_FAILED"),
        ("{dashboard(filter: {totalAge: {eq: null}}) {scope}}", "BAD_USER_INPUT"),
    ],
)
def test_a_question_that_is_none_is_refused(client: Client, query: str, code: str) -> None:
    assert client.error(query)[0] == code


def test_a_dashboard_is_told_at_any_date_as_known_at_any_moment(
    acting: Callable[[str], Client], database: Database, worked: Tenant, admin: Client
) -> None:
    collector = acting("dana")
    known = recorded_at(database, worked).isoformat()
    admin.ask(
        """mutation {assignAccount(input: {companyId: "1", custId: "ACME", userId: null})
            {position}}"""
    )
    assert collector.ask(SCOPED)["dashboard"]["groups"] == []
    then = collector.ask(SCOPED, at=known)["dashboard"]
    assert then["groups"] == [{"homeCurrId": "EUR", "totals": {"count": 1}}]
    early = collector.ask(SCOPED, at="2001-01-01T00:00:00Z", scope="ALL")["dashboard"]
    assert early["groups"] == []
    on = admin.ask(EVERYTHING, on="2026-01-15")["dashboard"]["groups"]
    assert on[0]["totals"]["totalAge"] == {"amount": "370.00", "currency": "EUR"}  # I1 and I3


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ("aging {label} projectedPayments {days} daysToPayBySize {label}", 0),
        ("promises {currId} daysLateTrend {month}", 2),
        ("priorSixMonths {dso {dso}}", 6),
    ],
)
def test_only_what_is_asked_for_is_read_and_once_for_all_currencies(
    client: Client, fields: str, more: int
) -> None:
    def cost(fields: str) -> float:
        before = statements()
        assert len(client.ask(f"{{dashboard {{groups {{{fields}}}}}}}")["dashboard"]["groups"]) == 2
        return statements() - before

    # The key of the caller is looked up anew every few seconds, with a statement of its own.
    least, told = (
        min(cost(asked) for _ in range(3)) for asked in ("totals {totalAge {amount}}", fields)
    )
    assert told == least + more
