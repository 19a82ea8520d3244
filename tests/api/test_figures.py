"""Figures explained over HTTP: what they are made of, page by page, and what is refused."""

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import TODAY, Client
from tests.api.test_reading import statements
from tests.loading import load, recorded_at, write_csv

AS_OF = TODAY.isoformat()
ARGUMENTS = """$report: FigureReport!, $figure: String!, $companyId: String, $custId: String,
    $basis: AgingBasis, $measure: FigureMeasure, $scope: DashboardScope, $filter: AccountFilter,
    $homeCurrId: String, $currId: String, $asOf: Date, $knownAt: DateTime, $first: Int,
    $after: String, $last: Int, $before: String"""
GIVEN = """report: $report, figure: $figure, companyId: $companyId, custId: $custId, basis: $basis,
    measure: $measure, scope: $scope, filter: $filter, homeCurrId: $homeCurrId, currId: $currId,
    asOf: $asOf, knownAt: $knownAt"""
CONTRIBUTIONS = "contributions(first: $first, after: $after, last: $last, before: $before)"
EXPLAIN = f"""query({ARGUMENTS}) {{explainFigure({GIVEN}) {{
    report figure asOf knownAt currency value total equal
    {CONTRIBUTIONS} {{
        totalCount pageInfo {{hasNextPage hasPreviousPage startCursor endCursor}}
        edges {{cursor node {{recordId}}}}
        nodes {{kind companyId custId recordId stream contribution balance eventCount
            events {{position stream version type effectiveOn recordedAt actor effect}}}}}}}}}}"""
SHORT = f"""query({ARGUMENTS}) {{explainFigure({GIVEN}) {{
    currency value equal {CONTRIBUTIONS} {{nodes {{recordId contribution}}}}}}}}"""


def cursor(rank: str, text: str = "a") -> str:
    """A cursor that somebody made up."""
    place = {"rank": rank, "company_id": text, "cust_id": "", "kind": "", "record_id": ""}
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def explained(client: Client, **given: Any) -> dict[str, Any]:
    return client.ask(EXPLAIN, **{"report": "AGING", "asOf": AS_OF, "companyId": "1", **given})[
        "explainFigure"
    ]


def parts(client: Client, **given: Any) -> tuple[str | None, str, dict[str, str]]:
    """Currency and value of a figure, and its contributions by record."""
    told = client.ask(SHORT, **{"asOf": AS_OF, **given})["explainFigure"]
    assert told["equal"]
    nodes = told["contributions"]["nodes"]
    return told["currency"], told["value"], {one["recordId"]: one["contribution"] for one in nodes}


def test_a_figure_is_told_with_its_documents_and_their_events(client: Client) -> None:
    told = explained(client, figure="1-30")
    contributions = told.pop("contributions")
    assert told == {
        "report": "AGING",
        "figure": "1-30",
        "asOf": AS_OF,
        "knownAt": None,
        "currency": "EUR",
        "value": "40.00",
        "total": "40.00",
        "equal": True,
    }
    (node,) = contributions["nodes"]
    events = node.pop("events")
    assert node == {
        "kind": "INVOICE",
        "companyId": "1",
        "custId": "ACME",
        "recordId": "I1",
        "stream": "invoice/1/I1",
        "contribution": "40.00",
        "balance": "40.00",
        "eventCount": 2,
    }
    assert [(one["type"], one["version"], one["effectiveOn"], one["effect"]) for one in events] == [
        ("InvoiceRegistered", 1, "2026-01-01", "100.00"),
        ("PaymentApplied", 2, "2026-02-10", "-60.00"),
    ]
    assert {one["actor"] for one in events} == {"test"}
    logged = client.ask('{auditTrail(stream: "invoice/1/I1") {nodes {position recordedAt}}}')
    assert [{"position": one["position"], "recordedAt": one["recordedAt"]} for one in events] == (
        logged["auditTrail"]["nodes"]
    )


def test_the_figure_is_that_of_its_report_at_any_date_and_basis(client: Client) -> None:
    query = """query($on: Date, $basis: AgingBasis, $by: AgingBy!) {
        aging(asOf: $on, basis: $basis, by: $by) {
        groups {companyId custId currency buckets {label amount {amount} count}
            total {amount {amount} count}}}}"""
    compared = 0
    for on in ("2026-01-15", AS_OF, "2026-07-01"):
        for basis in ("DUE", "INVOICE"):
            for by in ("COMPANY", "ACCOUNT"):
                for group in client.ask(query, on=on, basis=basis, by=by)["aging"]["groups"]:
                    given = {
                        "report": "AGING",
                        "asOf": on,
                        "basis": basis,
                        "companyId": group["companyId"],
                        "custId": group["custId"],
                    }
                    total: dict[str, Any] = {"label": "total", **group["total"]}
                    for told in (*group["buckets"], total):
                        _, value, found = parts(client, figure=told["label"], **given)
                        assert Decimal(value) == Decimal(told["amount"]["amount"])
                        assert sum(map(Decimal, found.values())) == Decimal(value)
                        _, count, _ = parts(client, figure=told["label"], measure="COUNT", **given)
                        assert int(count) == told["count"]
                        compared += len(found)
    assert compared > 20


def test_contributions_are_paged_the_largest_first(client: Client) -> None:
    whole = explained(client, figure="total")["contributions"]
    ids = [one["recordId"] for one in whole["nodes"]]
    assert ids == ["I5", "I2", "I3", "I1"]
    assert whole["totalCount"] == 4
    first = explained(client, figure="total", first=3)["contributions"]
    assert [one["recordId"] for one in first["nodes"]] == ids[:3]
    assert [one["node"]["recordId"] for one in first["edges"]] == ids[:3]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    end = first["pageInfo"]["endCursor"]
    assert end == first["edges"][-1]["cursor"]
    rest = explained(client, figure="total", first=3, after=end)["contributions"]
    assert [one["recordId"] for one in rest["nodes"]] == ids[3:]
    assert not rest["pageInfo"]["hasNextPage"]
    assert rest["pageInfo"]["hasPreviousPage"]
    last = explained(client, figure="total", last=2)["contributions"]
    assert [one["recordId"] for one in last["nodes"]] == ids[2:]
    before = explained(client, figure="total", last=5, before=last["pageInfo"]["startCursor"])
    assert [one["recordId"] for one in before["contributions"]["nodes"]] == ids[:2]
    assert before["total"] == "920.00"


def test_figures_of_accounts_and_of_dashboards_are_told_by_currency(client: Client) -> None:
    acme = {"report": "ACCOUNT", "companyId": "1", "custId": "ACME"}
    assert parts(client, figure="totalPastDue", **acme) == ("EUR", "40.00", {"I1": "40.00"})
    assert parts(client, figure="noOverDueInv", **acme) == (None, "1", {"I1": "1"})
    assert parts(client, figure="sales", **acme) == (
        "EUR",
        "300.00",
        {"I1": "100.00", "I2": "200.00"},
    )
    assert parts(client, figure="openIssueCnt", **acme) == (None, "0", {})
    euro = {"report": "DASHBOARD", "homeCurrId": "EUR"}
    assert parts(client, figure="dueNow", **euro) == (
        "EUR",
        "420.00",
        {"I2": "200.00", "I3": "180.00", "I1": "40.00"},
    )
    only = {"filter": {"custId": {"eq": "BETA"}}, "scope": "ALL"}
    assert parts(client, figure="totalAge", report="DASHBOARD", **only) == (
        "EUR",
        "180.00",
        {"I3": "180.00"},
    )


def test_what_was_not_known_does_not_contribute(
    worked: Tenant, admin: Client, database: Database, tmp_path: Path
) -> None:
    before = recorded_at(database, worked).isoformat()
    write_csv(
        tmp_path / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,curr_id",
        ["1,I1,ACME,2026-01-01,2026-01-31,100.00,25.00,EUR"],
    )
    (tmp_path / "payment_applications.csv").unlink()
    load(database, worked, tmp_path, business_date=TODAY)

    now = explained(admin, figure="1-30")
    then = explained(admin, figure="1-30", knownAt=before)

    assert (now["value"], then["value"]) == ("25.00", "40.00")
    (node,) = now["contributions"]["nodes"]
    assert [(one["type"], one["effect"]) for one in node["events"]][-1] == (
        "InvoiceBalanceReconciled",
        "-15.00",
    )
    (known,) = then["contributions"]["nodes"]
    assert known["events"] == node["events"][:2]


def test_promises_and_disputes_contribute_to_their_figures(admin: Client) -> None:
    promised = admin.ask(
        """mutation {recordExpectedPayment(input: {companyId: "1", custId: "ACME",
            amount: "30.00", currId: "EUR", expectDate: "2099-01-01", promise: true,
            idempotencyKey: "p"}) {userErrors {code message} position}}"""
    )["recordExpectedPayment"]
    assert promised["userErrors"] == []
    at_least = promised["position"]
    query = """query($figure: String!, $measure: FigureMeasure, $at: Int) {explainFigure(
        report: ACCOUNT, companyId: "1", custId: "ACME", figure: $figure, measure: $measure,
        atLeast: $at) {currency value equal contributions {nodes {
            kind recordId contribution balance events {type effect}}}}}"""
    told = admin.ask(query, figure="promisesOpen", at=at_least)["explainFigure"]
    assert (told["currency"], told["value"], told["equal"]) == ("EUR", "30.00", True)
    (node,) = told["contributions"]["nodes"]
    assert (node["kind"], node["contribution"], node["balance"]) == ("PROMISE", "30.00", None)
    assert [one["effect"] for one in node["events"]] == [None] * len(node["events"])
    counted = admin.ask(query, figure="promisesOpen", measure="COUNT", at=at_least)
    assert counted["explainFigure"]["value"] == "1"
    assert admin.ask(query, figure="openPromiseCount")["explainFigure"]["value"] == "1"

    disputed = admin.ask(
        """mutation {openDispute(input: {companyId: "1", tranId: "I2", amount: "50.00",
            excludeAging: true}) {userErrors {code message} position}}"""
    )["openDispute"]
    assert disputed["userErrors"] == []
    told = admin.ask(query, figure="disputedAmountHc", at=disputed["position"])["explainFigure"]
    (node,) = told["contributions"]["nodes"]
    assert (told["value"], node["kind"], node["balance"]) == ("50.00", "DISPUTE", "50.00")
    told = admin.ask(query, figure="totalAge", at=disputed["position"])["explainFigure"]
    assert told["equal"]
    (node,) = (one for one in told["contributions"]["nodes"] if one["recordId"] == "I2")
    assert (node["contribution"], node["balance"]) == ("150.00", "200.00")
    assert [(one["type"], one["effect"]) for one in node["events"]] == [
        ("InvoiceRegistered", "200.00"),
        ("DisputeOpened", "0.00"),
    ]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"figure": "creditScore"}, "FIGURE_NOT_EXPLAINABLE", "no sum over documents"),
        ({"figure": "avgDaysLate"}, "FIGURE_NOT_EXPLAINABLE", "an average; explain the sums"),
        ({"figure": "availableCredit"}, "FIGURE_NOT_EXPLAINABLE", "less totalAge, which can be"),
        ({"figure": "cocBalance"}, "FIGURE_NOT_EXPLAINABLE", "Figures that can be: ageFuture"),
        ({"figure": "nonsense"}, "BAD_USER_INPUT", "There is no figure nonsense."),
        ({"figure": "totalAge", "custId": "NONE"}, "BAD_USER_INPUT", "no account NONE"),
        ({"figure": "totalAge", "custId": None}, "BAD_USER_INPUT", "needs custId"),
        ({"figure": "totalAge", "basis": "DUE"}, "BAD_USER_INPUT", "takes no basis"),
        ({"figure": "totalAge", "measure": "COUNT"}, "BAD_USER_INPUT", "leave the measure out"),
        ({"figure": "promisesOpen"}, "BAD_USER_INPUT", "There is none."),
        ({"figure": "totalAge", "custId": "a\x00"}, "BAD_USER_INPUT", "NUL"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    client: Client, given: dict[str, Any], code: str, message: str
) -> None:
    wanted = {"report": "ACCOUNT", "companyId": "1", "custId": "ACME", **given}
    told, why = client.error(SHORT, **wanted)
    assert told == code
    assert message in why


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"figure": "1-31"}, "Aging has no figure 1-31. It has total, future, current, 1-30,"),
        ({"companyId": "9"}, "There is no company '9'."),
        ({"companyId": "9\x00"}, "There is no company"),
        ({"custId": "\x00"}, "There is no account"),
        ({"companyId": None}, "needs companyId"),
        ({"scope": "ALL"}, "takes no scope"),
        ({"after": "nonsense"}, "no cursor"),
        ({"after": "W10"}, "no cursor"),
        ({"after": cursor("1e999999")}, "no cursor"),
        ({"after": cursor("NaN")}, "no cursor"),
        ({"after": cursor("1", "a\x00")}, "no cursor"),
        ({"first": 501}, "first must be"),
        ({"first": 1, "last": 1}, "not both"),
        ({"report": "DASHBOARD", "companyId": None}, "There are EUR, USD."),
        ({"report": "DASHBOARD", "companyId": None, "homeCurrId": "CHF"}, "in the currency CHF"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, given: dict[str, Any], message: str
) -> None:
    figure = "totalAge" if given.get("report") else "total"
    wanted = {"report": "AGING", "companyId": "1", "figure": figure, **given}
    code, why = client.error(SHORT, **wanted)
    assert code == "BAD_USER_INPUT"
    assert message in why


def test_only_who_may_read_the_log_may_ask(
    client_of: Callable[[Tenant, Role], Client], ledger: Tenant
) -> None:
    inquiry = client_of(ledger, Role.INQUIRY_USER)
    assert inquiry.error(SHORT, report="AGING", companyId="1", figure="total")[0] == "FORBIDDEN"
    auditor = client_of(ledger, Role.AUDITOR)
    assert parts(auditor, report="AGING", companyId="2", figure="total")[1] == "70.00"


def test_a_page_costs_as_many_statements_however_long_it_is(client: Client) -> None:
    explained(client, figure="total")
    counts: list[float] = []
    for first in (1, 4):
        before = statements()
        explained(client, figure="total", first=first)
        counts.append(statements() - before)
    assert counts[0] == counts[1] <= 8
