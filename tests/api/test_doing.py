"""Mutations and subscriptions: what they change, refuse, repeat and tell live."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import Client, Server, Socket
from tests.loading import load, write_csv

ADD_NOTE = """mutation($input: AddAccountNoteInput!) {addAccountNote(input: $input) {
    accountNote {text noteId account {custName}} account {notes {nodes {text}}}
    userErrors {code field message} position}}"""


def note(text: str, **others: str) -> dict[str, str]:
    return {"companyId": "1", "custId": "ACME", "text": text} | others


def test_a_note_is_there_when_its_mutation_answers(admin: Client) -> None:
    told = admin.ask(ADD_NOTE, input=note("  Closed in August. "))["addAccountNote"]

    assert told["userErrors"] == []
    assert told["accountNote"]["text"] == "Closed in August."
    assert told["accountNote"]["account"] == {"custName": "Acme Corp"}
    assert told["account"]["notes"]["nodes"] == [{"text": "Closed in August."}]
    query = "query($p: Int!) {viewer(atLeast: $p) {position}}"
    assert admin.ask(query, p=told["position"])["viewer"]["position"] >= told["position"]


def test_a_mutation_sent_again_with_its_key_is_carried_out_once(admin: Client) -> None:
    first = admin.ask(ADD_NOTE, input=note("once", idempotencyKey="k-1"))["addAccountNote"]
    again = admin.ask(ADD_NOTE, input=note("once", idempotencyKey="k-1"))["addAccountNote"]

    assert again == first
    assert len(again["account"]["notes"]["nodes"]) == 1
    other = admin.ask(ADD_NOTE, input=note("other", idempotencyKey="k-1"))["addAccountNote"]
    assert [one["code"] for one in other["userErrors"]] == ["idempotency_key_reused"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        (note("   "), "note_empty", "text"),
        (note("x" * 10_001), "note_too_long", "text"),
        (note("a\x00b"), "note_not_text", "text"),
        (note("x", custId="NOBODY"), "account_unknown", "custId"),
        (note("x", companyId="1/ACME"), "account_unknown", "custId"),
    ],
)
def test_a_refusal_is_told_and_changes_nothing(
    admin: Client, given: dict[str, str], code: str, field: str
) -> None:
    before = admin.ask("{auditTrail {totalCount}}")
    told = admin.ask(ADD_NOTE, input=given)["addAccountNote"]

    assert [(one["code"], one["field"]) for one in told["userErrors"]] == [(code, field)]
    assert (told["accountNote"], told["position"]) == (None, None)
    assert admin.ask("{auditTrail {totalCount}}") == before


def test_the_audit_trail_names_who_did_it_and_why(admin: Client) -> None:
    admin.ask(ADD_NOTE, input=note("for the record"))

    (event,) = admin.ask(
        """{auditTrail(filter: {type: {eq: "AccountNoteAdded"}}) {nodes {
            stream actor cause correlation data}}}"""
    )["auditTrail"]["nodes"]

    assert event["stream"] == "account/1/ACME"
    assert event["actor"].startswith("key/")
    assert event["cause"] == "mutation/addAccountNote"
    assert event["correlation"]
    assert event["data"]["text"] == "for the record"


CHANGE = """mutation($input: ChangeSiteOptionsInput!) {changeSiteOptions(input: $input) {
    siteOptions {agingBoundariesDue agingLabelsDue agingLabelsInvoice
        ageUnit agingBasis ageUnapplied timeZone}
    userErrors {code field} position}}"""


def test_options_change_how_the_site_ages(admin: Client) -> None:
    told = admin.ask(CHANGE, input={"agingBoundariesDue": [10, 20, 30, 40], "ageUnapplied": True})[
        "changeSiteOptions"
    ]

    assert told["siteOptions"]["agingBoundariesDue"] == [10, 20, 30, 40]
    due = ["future", "current", "1-10", "11-20", "21-30", "31-40", "41+"]
    assert told["siteOptions"]["agingLabelsDue"] == due
    invoice = ["future", "current", "31-60", "61-90", "91-120", "121+"]
    assert told["siteOptions"]["agingLabelsInvoice"] == invoice
    query = """{aging(asOf: "2026-03-02", companyId: "1") {groups {buckets {label amount {amount}}}}
        accounts(asOf: "2026-03-02", filter: {companyId: {eq: "1"}}) {nodes {totalAge {amount}}}}"""
    seen = admin.ask(query)
    (group,) = seen["aging"]["groups"]
    buckets = [(one["label"], one["amount"]["amount"]) for one in group["buckets"]]
    assert buckets == [
        ("future", "500.00"),
        ("current", "200.00"),
        ("1-10", "0.00"),
        ("11-20", "-50.00"),
        ("21-30", "40.00"),
        ("31-40", "0.00"),
        ("41+", "180.00"),
    ]
    # The payment of 300 USD with 200 unapplied has no home figure, so its rest cannot age.
    assert [one["totalAge"]["amount"] for one in seen["accounts"]["nodes"]] == [
        "240.00",
        "130.00",
        "500.00",
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"agingBoundariesDue": [30, 20, 10, 5]}, "aging_boundaries_invalid"),
        ({"agingBoundariesInvoice": [1, 2, 3]}, "aging_boundaries_invalid"),
        ({"timeZone": "Mars/Olympus"}, "time_zone_unknown"),
        ({"creditApr": -1}, "credit_apr_invalid"),
        ({"sizeRanges": ["2", "1"]}, "size_ranges_invalid"),
        ({"pendingPaymentMatchDays": 366}, "match_days_invalid"),
        ({"creditBureaus": [""]}, "credit_bureau_invalid"),
        (
            {"creditScoreRanges": [{"low": "1", "high": "2", "color": "red", "name": "x"}]},
            "credit_score_color_invalid",
        ),
        ({"udfCaptions": [{"recordType": "CUSTOMER", "udf1": "a\nb"}]}, "udf_captions_invalid"),
    ],
)
def test_options_that_cannot_be_are_refused(
    admin: Client, given: dict[str, Any], code: str
) -> None:
    told = admin.ask(CHANGE, input=given)["changeSiteOptions"]
    assert [(one["code"], one["field"]) for one in told["userErrors"]] == [(code, *given)]
    assert told["siteOptions"] is None


FOLLOW = """subscription($filter: InvoiceFilter, $after: Int) {
    invoicesChanged(filter: $filter, after: $after) {
        position invoices {companyId tranId amount {amount} account {custName}}}}"""


@pytest.mark.parametrize("by_header", [True, False])
def test_changed_invoices_are_told_live(
    server: Server,
    admin: Client,
    database: Database,
    worked: Tenant,
    tmp_path: Path,
    by_header: bool,
) -> None:
    bearer = f"Bearer {admin.key}"
    socket = (
        Socket(server, {}, Authorization=bearer)
        if by_header
        else Socket(server, {"Authorization": bearer})
    )
    position = admin.ask("{viewer {position}}")["viewer"]["position"]
    socket.subscribe(FOLLOW, filter={"companyId": {"eq": "1"}}, after=position)
    changed = tmp_path / "changed"
    changed.mkdir()
    write_csv(
        changed / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id",
        ["1,I2,ACME,2026-02-01,2026-03-03,222.00,EUR", "2,I9,ACME,2026-02-01,,9.00,USD"],
    )
    load(database, worked, changed, business_date=date(2026, 3, 3))

    message = socket.receive()

    assert message["type"] == "next", message
    told = message["payload"]["data"]["invoicesChanged"]
    assert told["invoices"] == [
        {
            "companyId": "1",
            "tranId": "I2",
            "amount": {"amount": "222.00"},
            "account": {"custName": "Acme Corp"},
        }
    ]
    assert told["position"] > position
    socket.send({"id": "1", "type": "complete"})
    socket.close()


def test_a_socket_without_a_key_is_closed(server: Server) -> None:
    socket = Socket(server, {"Authorization": "Bearer wrong"})
    with pytest.raises(ConnectionClosed) as closed:
        socket.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    socket.close()


def test_queries_are_not_served_over_a_socket(server: Server, admin: Client) -> None:
    socket = Socket(server, {"Authorization": f"Bearer {admin.key}"})
    socket.subscribe("{viewer {role}}")

    message = socket.receive()

    assert message["type"] == "error"
    assert (
        message["payload"][0]["message"] == "Only subscriptions are served here; POST the others."
    )
    socket.close()


def test_a_stranger_follows_nothing_of_another_tenant(
    server: Server,
    admin: Client,
    client_of: Callable[[Tenant, Role], Client],
    database: Database,
    worked: Tenant,
    tmp_path: Path,
) -> None:
    from runtime.tenants import create_tenant  # noqa: PLC0415

    other = create_tenant(database, f"{worked.name}-s"[-60:])
    stranger = client_of(other, Role.ADMIN)
    socket = Socket(server, {"Authorization": f"Bearer {stranger.key}"})
    socket.subscribe(FOLLOW, after=0)
    admin.ask(ADD_NOTE, input=note("noise"))

    with pytest.raises(TimeoutError):
        socket.socket.recv(timeout=0.5)
    socket.close()
