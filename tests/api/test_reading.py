"""Reading the ledger over HTTP: figures, filters, orders, pages, past dates and other tenants."""

import base64
import itertools
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import TODAY, Client, write_ledger
from tests.loading import load, recorded_at, write_csv

AS_OF = "2026-03-02"


def invoices(client: Client, arguments: str, fields: str = "companyId tranId") -> list[Any]:
    found = client.ask(f"{{invoices({arguments}){{nodes{{{fields}}}}}}}")
    return found["invoices"]["nodes"]


def numbers(client: Client, condition: str, *, as_of: str = AS_OF) -> list[str]:
    found = invoices(client, f'asOf: "{as_of}", filter: {condition}')
    return [f"{one['companyId']}/{one['tranId']}" for one in found]


def test_an_invoice_tells_everything_about_itself(client: Client) -> None:
    query = """{invoice(companyId: "1", tranId: "I1", asOf: "2026-03-02") {
        companyId tranId custId custName type tranDate dueDate custPoNo status stream
        amount {amount currency} balance {amount currency} balanceHc {amount} percentPaid
        dueDateDays tranDateDays pmtCount lastPmtDate closingTranDate daysDueToPay
        ageCurrent {amount} age1 {amount} dueAge1 {amount} lateOver1 {amount} overCurrent {amount}
        totalPastDue {amount} totalAge {amount} account {custName company {name homeCurrId}}
        applications {nodes {amount {amount} appliedDate payment {reference tenderType}}}
    }}"""
    assert client.ask(query)["invoice"] == {
        "companyId": "1",
        "tranId": "I1",
        "custId": "ACME",
        "custName": "Acme Corp",
        "type": "IN",
        "tranDate": "2026-01-01",
        "dueDate": "2026-01-31",
        "custPoNo": "PO-1",
        "status": None,
        "stream": "invoice/1/I1",
        "amount": {"amount": "100.00", "currency": "EUR"},
        "balance": {"amount": "40.00", "currency": "EUR"},
        "balanceHc": {"amount": "40.00"},
        "percentPaid": "60.00",
        "dueDateDays": 30,
        "tranDateDays": 60,
        "pmtCount": 1,
        "lastPmtDate": "2026-02-10",
        "closingTranDate": None,
        "daysDueToPay": None,
        "ageCurrent": {"amount": "0.00"},
        "age1": {"amount": "40.00"},
        "dueAge1": {"amount": "40.00"},
        "lateOver1": {"amount": "0.00"},
        "overCurrent": {"amount": "40.00"},
        "totalPastDue": {"amount": "40.00"},
        "totalAge": {"amount": "40.00"},
        "account": {"custName": "Acme Corp", "company": {"name": "One Ltd", "homeCurrId": "EUR"}},
        "applications": {
            "nodes": [
                {
                    "amount": {"amount": "60.00"},
                    "appliedDate": "2026-02-10",
                    "payment": {"reference": "4711", "tenderType": "check"},
                }
            ]
        },
    }


def test_an_account_carries_both_aging_sets_in_home_currency(client: Client) -> None:
    query = """{accounts(asOf: "2026-03-02", filter: {companyId: {eq: "1"}}) {nodes {
        custId totalAge {amount currency} ageFuture {amount} age1 {amount} age4 {amount}
        dueAgeCurrent {amount} dueAge1 {amount} dueAge4 {amount} dueAge5 {amount}
        over1 {amount} lateOver3 {amount} lateOver4 {amount}
        dueNow {amount} dueFuture {amount} dueTotal {amount}
        noOverDueInv openDocuments oldestTranDateDays creditLimit {amount currency} creditHold
    }}}"""

    def money(amount: str) -> dict[str, str]:
        return {"amount": amount}

    acme, beta, gamma = client.ask(query)["accounts"]["nodes"]
    assert acme == {
        "custId": "ACME",
        "totalAge": {"amount": "240.00", "currency": "EUR"},
        "ageFuture": money("0.00"),
        "age1": money("40.00"),
        "age4": money("0.00"),
        "dueAgeCurrent": money("200.00"),
        "dueAge1": money("40.00"),
        "dueAge4": money("0.00"),
        "dueAge5": money("0.00"),
        "over1": money("40.00"),
        "lateOver3": money("0.00"),
        "lateOver4": money("0.00"),
        "dueNow": money("240.00"),
        "dueFuture": money("0.00"),
        "dueTotal": money("240.00"),
        "noOverDueInv": 1,
        "openDocuments": 2,
        "oldestTranDateDays": 60,
        "creditLimit": {"amount": "5000.00", "currency": "EUR"},
        "creditHold": False,
    }
    assert (beta["totalAge"], beta["age4"], beta["dueAge5"], beta["lateOver4"]) == (
        {"amount": "180.00", "currency": "EUR"},  # 200 of 300 USD, booked at 270 EUR
        money("180.00"),
        money("180.00"),
        money("180.00"),
    )
    assert (beta["openDocuments"], beta["creditHold"], beta["creditLimit"]) == (1, True, None)
    assert (gamma["ageFuture"], gamma["dueFuture"], gamma["dueNow"], gamma["totalAge"]) == (
        money("500.00"),
        money("500.00"),
        money("0.00"),
        {"amount": "500.00", "currency": "EUR"},
    )


def test_aging_has_the_same_figures_by_company_and_by_account(client: Client) -> None:
    query = """query($by: AgingBy!, $basis: AgingBasis!, $account: String) {
        aging(asOf: "2026-03-02", by: $by, basis: $basis, companyId: "1", custId: $account) {
            asOf knownAt basis groups {companyId custId currency account {custName}
            buckets {label amount {amount} count} total {amount {amount currency} count}}}}"""

    told = client.ask(query, by="COMPANY", basis="DUE")["aging"]
    assert (told["asOf"], told["knownAt"], told["basis"]) == (AS_OF, None, "DUE")
    (group,) = told["groups"]
    assert (group["companyId"], group["custId"], group["account"]) == ("1", None, None)
    assert [(b["label"], b["amount"]["amount"], b["count"]) for b in group["buckets"]] == [
        ("future", "500.00", 1),
        ("current", "200.00", 1),
        ("1-30", "40.00", 1),
        ("31-60", "0.00", 0),
        ("61-90", "0.00", 0),
        ("91-120", "0.00", 0),
        ("121+", "180.00", 1),
    ]
    assert group["total"] == {"amount": {"amount": "920.00", "currency": "EUR"}, "count": 4}
    (beta,) = client.ask(query, by="ACCOUNT", basis="INVOICE", account="BETA")["aging"]["groups"]
    assert beta["account"] == {"custName": "Beta_100%"}
    assert [b["label"] for b in beta["buckets"] if b["count"]] == ["121+"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('{companyId: {eq: "2"}}', ["2/I1"]),
        ('{custPoNo: {isNull: true}, companyId: {eq: "1"}}', ["1/C4", "1/I2", "1/I5"]),
        ('{custPoNo: {ne: "PO-1"}, companyId: {eq: "1"}}', ["1/C4", "1/I2", "1/I3", "1/I5"]),
        ('{custPoNo: {notIn: ["PO-1", "po-x"]}}', ["1/C4", "1/I2", "1/I3", "1/I5"]),
        ('{custPoNo: {startsWith: "PO"}}', ["1/I1", "1/I3"]),
        ('{custPoNo: {matches: "Po"}}', ["1/I1", "1/I3", "2/I1"]),
        ('{custPoNo: {contains: "_"}}', []),
        ('{custName: {contains: "_100%"}}', ["1/C4", "1/I3"]),
        ('{amount: {lt: "0"}}', ["1/C4"]),
        ("{balance: {gte: 200}}", ["1/I2", "1/I3", "1/I5"]),
        ('{dueDate: {lte: "2026-01-31"}}', ["1/I1", "1/I3"]),
        ("{dueDateDays: {gt: 0, lt: 100}}", ["1/C4", "1/I1", "2/I1"]),
        ('{totalPastDue: {gt: "0"}}', ["1/I1", "1/I3", "2/I1"]),
        ('{or: [{tranId: {eq: "I2"}}, {amount: {eq: "70"}}]}', ["1/I2", "2/I1"]),
        ('{not: {or: [{type: {eq: "IN"}}, {custPoNo: {isNull: false}}]}}', ["1/C4"]),
        ('{not: {custPoNo: {eq: "PO-1"}}}', ["1/C4", "1/I2", "1/I3", "1/I5", "2/I1"]),
        ("{or: []}", []),
        ("{and: []}", ["1/C4", "1/I1", "1/I2", "1/I3", "1/I5", "2/I1"]),
        ("{tranId: {in: []}}", []),
        ('{and: [{tranId: {in: ["I1", "I3"]}}, {companyId: {eq: "1"}}]}', ["1/I1", "1/I3"]),
    ],
)
def test_a_filter_lets_through_what_it_says(
    client: Client, condition: str, expected: list[str]
) -> None:
    assert numbers(client, condition) == expected


FIELDS = ("DUE_DATE", "AMOUNT", "CUST_PO_NO", "CUST_ID", "BALANCE_HC", "TRAN_DATE_DAYS")


@pytest.mark.parametrize(
    "order",
    [
        [],
        *([(field, direction)] for field in FIELDS for direction in ("ASC", "DESC")),
        [("CUST_ID", "DESC"), ("DUE_DATE", "ASC")],
        [("CUST_PO_NO", "DESC"), ("CUST_ID", "ASC"), ("AMOUNT", "DESC")],
        [("COMPANY_ID", "DESC"), ("TRAN_ID", "DESC")],
    ],
)
def test_pages_of_any_size_in_either_direction_make_up_the_whole_list(
    client: Client, order: list[tuple[str, str]]
) -> None:
    query = """query($order: [InvoiceOrder!], $first: Int, $after: String, $last: Int,
                     $before: String) {
        invoices(asOf: "2026-12-31", orderBy: $order, first: $first, after: $after, last: $last,
                 before: $before) {
            totalCount edges {cursor node {id}}
            pageInfo {hasNextPage hasPreviousPage startCursor endCursor}}}"""
    by = [{"field": field, "direction": direction} for field, direction in order]

    def page(**arguments: Any) -> dict[str, Any]:
        return client.ask(query, order=by, **arguments)["invoices"]

    whole = page(first=100)
    ids = [edge["node"]["id"] for edge in whole["edges"]]
    assert (whole["totalCount"], len(set(ids))) == (6, 6)
    for size in (1, 2, 4):
        forward: list[str] = []
        after = None
        for _ in itertools.count():
            one = page(first=size, after=after)
            forward += [edge["node"]["id"] for edge in one["edges"]]
            after = one["pageInfo"]["endCursor"]
            if not one["pageInfo"]["hasNextPage"]:
                break
        assert forward == ids
        backward: list[str] = []
        before = None
        for _ in itertools.count():
            one = page(last=size, before=before)
            backward = [edge["node"]["id"] for edge in one["edges"]] + backward
            before = one["pageInfo"]["startCursor"]
            if not one["pageInfo"]["hasPreviousPage"]:
                break
        assert backward == ids
    middle = page(first=10, after=whole["edges"][1]["cursor"], before=whole["edges"][4]["cursor"])
    assert [edge["node"]["id"] for edge in middle["edges"]] == ids[2:4]


def test_unknown_values_stand_last_in_either_direction(client: Client) -> None:
    for direction in ("ASC", "DESC"):
        order = f"orderBy: [{{field: CUST_PO_NO, direction: {direction}}}]"
        found = invoices(client, f'asOf: "{AS_OF}", {order}', "custPoNo")
        assert [one["custPoNo"] for one in found][-2:] == [None, None]


def test_a_past_date_shows_what_was_there_and_what_was_open(client: Client) -> None:
    query = """query($on: Date!) {
        invoices(asOf: $on) {nodes {tranId balance {amount} closingTranDate}}
        payments(asOf: $on) {nodes {paymentId unappliedAmt {amount} appliedAmt {amount}}}}"""

    told = client.ask(query, on="2026-02-09")
    assert [(one["tranId"], one["balance"]["amount"]) for one in told["invoices"]["nodes"]] == [
        ("I1", "100.00"),
        ("I2", "200.00"),
        ("I3", "300.00"),
    ]
    assert told["payments"]["nodes"] == []
    told = client.ask(query, on="2026-02-20")
    assert told["payments"]["nodes"] == [
        {"paymentId": "P1", "unappliedAmt": {"amount": "0.00"}, "appliedAmt": {"amount": "60.00"}},
        {
            "paymentId": "P2",
            "unappliedAmt": {"amount": "200.00"},
            "appliedAmt": {"amount": "100.00"},
        },
    ]


def test_families_and_what_belongs_to_an_account_come_with_it(client: Client) -> None:
    query = """{account(companyId: "1", custId: "ACME", asOf: "2026-03-02") {
        parent {custId} children {totalCount nodes {custId parent {custName}}}
        contacts {nodes {cntctName account {custId}}}
        invoices(filter: {balance: {gt: 0}}) {totalCount nodes {tranId}}
        payments {nodes {paymentId}} notes {totalCount}}}"""
    assert client.ask(query)["account"] == {
        "parent": None,
        "children": {
            "totalCount": 1,
            "nodes": [{"custId": "BETA", "parent": {"custName": "Acme Corp"}}],
        },
        "contacts": {
            "nodes": [
                {"cntctName": "Zoe", "account": {"custId": "ACME"}},
                {"cntctName": "Adam", "account": {"custId": "ACME"}},
            ]
        },
        "invoices": {"totalCount": 2, "nodes": [{"tranId": "I1"}, {"tranId": "I2"}]},
        "payments": {"nodes": [{"paymentId": "P1"}]},
        "notes": {"totalCount": 0},
    }


def test_every_node_is_found_again_by_its_id(client: Client) -> None:
    query = """{accounts {nodes {id __typename contacts {nodes {id __typename}}}}
                invoices {nodes {id __typename}} payments {nodes {id __typename}}
                companies {nodes {id __typename}}}"""
    told = client.ask(query)
    nodes = [one for part in told.values() for one in part["nodes"]]
    nodes += [one for account in told["accounts"]["nodes"] for one in account["contacts"]["nodes"]]
    assert len(nodes) == 4 + 6 + 2 + 2 + 2
    for one in nodes:
        found = client.ask("query($id: ID!) {node(id: $id) {id __typename}}", id=one["id"])
        assert found["node"] == {"id": one["id"], "__typename": one["__typename"]}


def test_an_id_that_is_none_is_refused_and_one_of_nothing_finds_nothing(client: Client) -> None:
    query = "query($id: ID!) {node(id: $id) {id}}"

    def made(told: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")

    for bad in ("", "x", "é", made(["Invoice", "1"]), made(["Nonsense", "1"]), made([]), made({})):
        assert client.error(query, id=bad)[0] == "BAD_USER_INPUT"
    assert client.ask(query, id=made(["Invoice", "1", "NONE"])) == {"node": None}


def test_the_audit_trail_tells_every_event_of_a_stream(client: Client) -> None:
    query = """{auditTrail(stream: "invoice/1/I1") {totalCount nodes {
        stream version type data effectiveOn actor cause}}}"""
    trail = client.ask(query)["auditTrail"]
    assert trail["totalCount"] == 2
    registered, applied = trail["nodes"]
    assert (registered["type"], applied["type"]) == ("InvoiceRegistered", "PaymentApplied")
    assert applied["data"]["amount"] == "60.00"
    assert (applied["effectiveOn"], applied["version"], applied["actor"]) == (
        "2026-02-10",
        2,
        "test",
    )
    assert applied["cause"].startswith("sync/")


def test_the_audit_trail_of_a_tenant_has_every_position_once(client: Client) -> None:
    query = """query($after: String) {auditTrail(first: 4, after: $after) {
        nodes {position} pageInfo {hasNextPage endCursor}}}"""
    positions: list[int] = []
    after = None
    while True:
        one = client.ask(query, after=after)["auditTrail"]
        positions += [event["position"] for event in one["nodes"]]
        after = one["pageInfo"]["endCursor"]
        if not one["pageInfo"]["hasNextPage"]:
            break
    assert positions == list(range(1, len(positions) + 1))


def test_a_late_correction_is_seen_now_and_not_in_what_was_known_then(
    client_of: Callable[[Tenant, Role], Client], database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    before = recorded_at(database, tenant).isoformat()
    for path in tmp_path.iterdir():
        if path.name != "companies.csv":
            path.unlink()
    write_csv(
        tmp_path / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id",
        ["1,I2,ACME,2026-02-01,2026-02-02,250.00,EUR"],
    )
    write_csv(tmp_path / "customers.csv", "company_id,cust_id,cust_name", ["1,ACME,Acme Limited"])
    load(database, tenant, tmp_path, business_date=date(2026, 3, 3))
    client = client_of(tenant, Role.AUDITOR)
    query = """query($known: DateTime) {
        invoice(companyId: "1", tranId: "I2", asOf: "2026-02-20", knownAt: $known) {
            amount {amount} dueDateDays account {custName dueAge1 {amount}}}
        invoices(asOf: "2026-02-20", knownAt: $known) {totalCount}
        aging(asOf: "2026-02-20", knownAt: $known) {groups {total {amount {amount}}}}
        auditTrail(knownAt: $known) {totalCount}}"""

    then, now = client.ask(query, known=before), client.ask(query)

    assert then["invoice"] == {
        "amount": {"amount": "200.00"},
        "dueDateDays": -11,
        "account": {"custName": "Acme Corp", "dueAge1": {"amount": "40.00"}},
    }
    assert now["invoice"] == {
        "amount": {"amount": "250.00"},
        "dueDateDays": 18,
        "account": {"custName": "Acme Limited", "dueAge1": {"amount": "290.00"}},
    }
    assert then["invoices"] == now["invoices"]
    assert [
        [group["total"]["amount"]["amount"] for group in one["aging"]["groups"]]
        for one in (then, now)
    ] == [["420.00", "70.00"], ["470.00", "70.00"]]
    assert then["auditTrail"]["totalCount"] < now["auditTrail"]["totalCount"]


def test_another_tenants_records_do_not_exist(
    client: Client, client_of: Callable[[Tenant, Role], Client], tenant: Tenant
) -> None:
    stranger = client_of(tenant, Role.ADMIN)
    theirs = client.ask("{invoices(first: 1) {nodes {id companyId tranId}}}")["invoices"]["nodes"][
        0
    ]

    told = stranger.ask(
        """query($id: ID!, $company: String!, $number: String!) {
            node(id: $id) {id} invoice(companyId: $company, tranId: $number) {id}
            invoices {totalCount} accounts {totalCount} aging {groups {companyId}}
            auditTrail {nodes {stream}}}""",
        id=theirs["id"],
        company=theirs["companyId"],
        number=theirs["tranId"],
    )

    assert (told["node"], told["invoice"], told["aging"]["groups"]) == (None, None, [])
    assert (told["invoices"]["totalCount"], told["accounts"]["totalCount"]) == (0, 0)
    assert [one["stream"].split("/")[0] for one in told["auditTrail"]["nodes"]] == ["api_key"]


def statements() -> float:
    return REGISTRY.get_sample_value("tallystick_sql_statements_total") or 0.0


def test_a_page_costs_the_same_number_of_statements_whatever_its_size(client: Client) -> None:
    query = """query($first: Int!) {
        accounts(first: $first) {totalCount nodes {
            custName totalAge {amount} parent {custName} company {name}
            contacts(first: 5) {totalCount nodes {cntctName}} notes {nodes {text}}
            payments(first: 5) {nodes {reference applications {nodes {invoice {tranId}}}}}
            invoices(first: 5) {totalCount nodes {tranId balance {amount} account {custName}
                applications {nodes {amount {amount} payment {
                    reference account {custName}}}}}}}}}"""

    def cost(first: int) -> float:
        before = statements()
        client.ask(query, first=first)
        return statements() - before

    # The key of the caller is looked up anew every few seconds, with a statement of its own.
    counts = [min(cost(first) for _ in range(3)) for first in (2, 3, 4)]
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] < 20


def test_a_query_may_demand_a_position(client: Client) -> None:
    position = client.ask("{viewer {position}}")["viewer"]["position"]
    assert client.ask("query($p: Int!) {viewer(atLeast: $p) {position}}", p=position)


def test_the_viewer_is_told_who_it_is(client: Client, ledger: Tenant) -> None:
    told = client.ask("{viewer {name role tenant} siteOptions {agingBoundariesDue ageUnit}}")
    assert told["viewer"] == {"name": "Dana", "role": "ADMIN", "tenant": ledger.name}
    assert told["siteOptions"] == {"agingBoundariesDue": [30, 60, 90, 120], "ageUnit": "DAYS"}


def test_a_key_that_no_database_keeps_is_bad_input(client: Client) -> None:
    one = '{account(companyId: "1", custId: "A\\u0000") {custName}}'
    assert client.error(one)[0] == "BAD_USER_INPUT"
    listed = '{accounts(filter: {custId: {in: ["A\\u0000"]}}) {totalCount}}'
    assert client.error(listed)[0] == "BAD_USER_INPUT"


def test_a_list_is_ordered_by_a_few_fields(client: Client) -> None:
    query = "query($by: [InvoiceOrder!]) {invoices(orderBy: $by) {totalCount}}"
    by = [{"field": "BALANCE"}]
    assert client.ask(query, by=by * 20)
    code, message = client.error(query, by=by * 2_000)
    assert (code, message) == ("BAD_USER_INPUT", "orderBy has 20 fields at most.")
