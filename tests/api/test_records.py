"""Notes on documents, what else the ERP tells, user-defined fields, and who may write what."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
    is_required_input_field,
)

from api.schema import sdl
from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import Client
from tests.loading import load, recorded_at, write_csv

MORE = date(2026, 3, 3)


@pytest.fixture
def fuller(admin: Client, database: Database, worked: Tenant, tmp_path: Path) -> Client:
    """An administrator of a ledger with orders, lines and sales persons."""
    folder = tmp_path / "more"
    folder.mkdir()
    write_csv(folder / "sales_persons.csv", "company_id,sper_id,sper_name,udf1", ["1,S1,Sue,north"])
    write_csv(
        folder / "sales_orders.csv",
        "company_id,order_id,cust_id,order_date,amount,status",
        ["1,O1,ACME,2026-01-05,120.5,open", "1,O2,BETA,2026-02-05,80,open"],
    )
    write_csv(
        folder / "invoice_lines.csv",
        "company_id,tran_id,line_no,item,quantity,amount",
        ["1,I3,1,Bolts,2.5,200", "1,I3,2,Nuts,1,100", "1,I5,1,Nails,1,500"],
    )
    write_csv(
        folder / "payment_applications.csv",
        "company_id,payment_id,tran_id,amount,applied_date,udf1",
        ["1,P1,I1,60.00,2026-02-10,batch 7"],
    )
    assert load(database, worked, folder, business_date=MORE).outcome.rejected == []
    return admin


def refused(told: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["code"], one["field"]) for one in told["userErrors"]]


# Notes on documents.

ADD_NOTE = """mutation($input: AddInvoiceNoteInput!) {addInvoiceNote(input: $input) {
    invoiceNotes {id noteId tranId custId text notedOn stream invoice {tranId account {custName}}}
    userErrors {code field} position}}"""


def note(client: Client, *tran_ids: str, **others: Any) -> dict[str, Any]:
    given = {"companyId": "1", "tranIds": list(tran_ids), "text": " Late goods "} | others
    return client.ask(ADD_NOTE, input=given)["addInvoiceNote"]


def notes(client: Client, arguments: str = "") -> list[tuple[str, str]]:
    told = client.ask(f"{{invoiceNotes{arguments} {{nodes {{tranId text}}}}}}")
    return [(one["tranId"], one["text"]) for one in told["invoiceNotes"]["nodes"]]


def test_a_note_is_on_each_of_its_documents(admin: Client) -> None:
    told = note(admin, "I3", "I1", "I3", idempotencyKey="n")

    assert told["userErrors"] == []
    assert [(one["tranId"], one["custId"]) for one in told["invoiceNotes"]] == [
        ("I3", "BETA"),
        ("I1", "ACME"),
    ]
    first = told["invoiceNotes"][0]
    assert (first["noteId"], first["text"], first["stream"]) == (
        "n",
        "Late goods",
        "invoice_note/n",
    )
    assert first["invoice"] == {"tranId": "I3", "account": {"custName": "Beta_100%"}}
    assert notes(admin) == [("I1", "Late goods"), ("I3", "Late goods")]
    assert notes(admin, '(filter: {custId: {eq: "BETA"}})') == [("I3", "Late goods")]
    node = "query($id: ID!) {node(id: $id) {... on InvoiceNote {tranId}}}"
    assert admin.ask(node, id=first["id"]) == {"node": {"tranId": "I3"}}


def test_a_note_sent_again_with_its_key_is_added_once(admin: Client) -> None:
    first, again = note(admin, "I1", idempotencyKey="k"), note(admin, "I1", idempotencyKey="k")
    assert again == first
    assert len(notes(admin)) == 1


def test_a_note_is_there_from_its_day_and_known_from_its_moment_on(
    admin: Client, database: Database, worked: Tenant
) -> None:
    before = recorded_at(database, worked).isoformat()
    on = note(admin, "I1")["invoiceNotes"][0]["notedOn"]
    day_before = date.fromisoformat(on) - timedelta(days=1)
    assert notes(admin, f'(asOf: "{on}")') == [("I1", "Late goods")]
    assert notes(admin, f'(asOf: "{day_before}")') == []
    assert notes(admin, f'(knownAt: "{before}")') == []


@pytest.mark.parametrize(
    ("tran_ids", "others", "code", "field"),
    [
        (["I1", "I99"], {}, "invoice_unknown", "tranIds"),
        (["I1"], {"companyId": "3"}, "invoice_unknown", "tranIds"),
        ([], {}, "note_without_invoices", "tranIds"),
        ([f"I{n}" for n in range(300)], {}, "note_on_too_many_invoices", "tranIds"),
        (["I1"], {"text": " "}, "note_empty", "text"),
        (["I1"], {"text": "x" * 10_001}, "note_too_long", "text"),
        (["I1"], {"text": "a\0b"}, "note_not_text", "text"),
    ],
)
def test_a_note_that_cannot_be_is_refused(
    admin: Client, tran_ids: list[str], others: dict[str, str], code: str, field: str
) -> None:
    told = note(admin, *tran_ids, **others)
    assert refused(told) == [(code, field)]
    assert (told["invoiceNotes"], told["position"], notes(admin)) == ([], None, [])


# What else the ERP tells.


def test_sales_persons_orders_and_lines_are_listed(fuller: Client) -> None:
    told = fuller.ask(
        """{
        salesPersons {nodes {sperId sperName udf1 stream}}
        salesOrders(filter: {custId: {eq: "ACME"}}) {totalCount nodes {
            orderId orderDate amount {amount currency} status account {custName}}}
        invoiceLines(filter: {tranId: {eq: "I3"}}, orderBy: {field: AMOUNT}) {nodes {
            lineNo item quantity amount {amount currency} invoice {tranId}}}
        }"""
    )
    assert told == {
        "salesPersons": {
            "nodes": [
                {
                    "sperId": "S1",
                    "sperName": "Sue",
                    "udf1": "north",
                    "stream": "sales_person/1/S1",
                }
            ]
        },
        "salesOrders": {
            "totalCount": 1,
            "nodes": [
                {
                    "orderId": "O1",
                    "orderDate": "2026-01-05",
                    "amount": {"amount": "120.50", "currency": "EUR"},
                    "status": "open",
                    "account": {"custName": "Acme Corp"},
                }
            ],
        },
        "invoiceLines": {
            "nodes": [
                {
                    "lineNo": "2",
                    "item": "Nuts",
                    "quantity": "1",
                    "amount": {"amount": "100.00", "currency": "USD"},
                    "invoice": {"tranId": "I3"},
                },
                {
                    "lineNo": "1",
                    "item": "Bolts",
                    "quantity": "2.5",
                    "amount": {"amount": "200.00", "currency": "USD"},
                    "invoice": {"tranId": "I3"},
                },
            ]
        },
    }


def test_orders_and_lines_are_there_from_their_dates_on(fuller: Client) -> None:
    counted = """query($on: Date, $then: DateTime) {
        salesOrders(asOf: $on, knownAt: $then) {totalCount}
        invoiceLines(asOf: $on, knownAt: $then) {totalCount}
        salesPersons(asOf: $on, knownAt: $then) {totalCount}}"""

    def counts(**variables: str) -> list[int]:
        return [one["totalCount"] for one in fuller.ask(counted, **variables).values()]

    assert counts() == [2, 3, 1]
    assert counts(on="2026-01-31") == [1, 2, 1]
    assert counts(then="2020-01-01T00:00:00Z") == [0, 0, 0]


# User-defined fields.

SET = """mutation($input: SetUserFieldsInput!) {setUserFields(input: $input) {
    userFields {recordType key udf6 udf7 udf8 udf9 udf10} userErrors {code field} position}}"""


def set_fields(client: Client, kind: str, *key: str, **values: Any) -> dict[str, Any]:
    given = {"recordType": kind, "key": list(key)} | values
    return client.ask(SET, input=given)["setUserFields"]


LISTED = {
    "SALES_PERSON": (("1", "S1"), "salesPersons"),
    "SALES_ORDER": (("1", "O1"), "salesOrders"),
    "INVOICE_LINE": (("1", "I3", "1"), "invoiceLines"),
    "PAYMENT": (("1", "P1"), "payments"),
    "CONTACT": (("1", "ACME", "1"), "contacts"),
}


@pytest.mark.parametrize("kind", LISTED)
def test_fields_of_a_record_are_listed_and_filtered_with_it(fuller: Client, kind: str) -> None:
    key, field = LISTED[kind]
    told = set_fields(fuller, kind, *key, udf6=" gold ", udf10="x")
    assert told["userErrors"] == []
    assert told["userFields"] == {
        "recordType": kind,
        "key": list(key),
        "udf6": "gold",
        "udf7": None,
        "udf8": None,
        "udf9": None,
        "udf10": "x",
    }
    query = f'{{{field}(filter: {{udf6: {{eq: "gold"}}}}) {{nodes {{udf6 udf7 udf10}}}}}}'
    assert fuller.ask(query)[field]["nodes"] == [{"udf6": "gold", "udf7": None, "udf10": "x"}]


def test_fields_of_an_application_are_told_with_it(fuller: Client) -> None:
    told = set_fields(fuller, "PAYMENT_APPLICATION", "1", "I1", "P1", udf7="seen")
    assert told["userErrors"] == []
    query = '{invoice(companyId: "1", tranId: "I1") {applications {nodes {udf1 udf2 udf6 udf7}}}}'
    assert fuller.ask(query)["invoice"]["applications"]["nodes"] == [
        {"udf1": "batch 7", "udf2": None, "udf6": None, "udf7": "seen"}
    ]
    unknown = set_fields(fuller, "PAYMENT_APPLICATION", "1", "I1", "P2", udf7="x")
    assert refused(unknown) == [("record_unknown", "key")]


def test_fields_are_kept_cleared_and_known_until_then(
    admin: Client, database: Database, worked: Tenant
) -> None:
    key = ("1", "P1")
    set_fields(admin, "PAYMENT", *key, udf6="a", udf7="b", idempotencyKey="k")
    before = recorded_at(database, worked).isoformat()
    told = set_fields(admin, "PAYMENT", *key, udf6=None, udf8="c")["userFields"]
    assert (told["udf6"], told["udf7"], told["udf8"]) == (None, "b", "c")
    query = '{payments(filter: {udf7: {eq: "b"}}%s) {nodes {udf6 udf8}}}'
    assert admin.ask(query % "")["payments"]["nodes"] == [{"udf6": None, "udf8": "c"}]
    then = admin.ask(query % f', knownAt: "{before}"')["payments"]["nodes"]
    assert then == [{"udf6": "a", "udf8": None}]
    again = set_fields(admin, "PAYMENT", *key, udf6="a", udf7="b", idempotencyKey="k")
    assert again["userFields"]["udf6"] is None  # carried out once


@pytest.mark.parametrize("kind", ["CUSTOMER", "INVOICE"])
def test_accounts_and_documents_have_fields_too(admin: Client, kind: str) -> None:
    key = {"CUSTOMER": ("1", "ACME"), "INVOICE": ("1", "I1")}[kind]
    assert set_fields(admin, kind, *key, udf9="x")["userFields"]["udf9"] == "x"
    assert set_fields(admin, kind, *key)["userFields"]["udf9"] == "x"


@pytest.mark.parametrize(
    ("kind", "key", "values", "code", "field"),
    [
        ("CUSTOMER", ("1", "NOBODY"), {"udf6": "x"}, "record_unknown", "key"),
        ("CUSTOMER", ("1",), {"udf6": "x"}, "record_key_invalid", "key"),
        ("CONTACT", ("1", "ACME"), {"udf6": "x"}, "record_key_invalid", "key"),
        ("SALES_PERSON", ("1", "S9"), {"udf6": "x"}, "record_unknown", "key"),
        ("PAYMENT_APPLICATION", ("1",), {"udf6": "x"}, "record_key_invalid", "key"),
        ("PAYMENT", ("1", "P1"), {"udf8": "x" * 1_001}, "user_field_too_long", "udf8"),
        ("PAYMENT", ("1", "P1"), {"udf8": "a\0b"}, "user_field_not_text", "udf8"),
    ],
)
def test_fields_that_cannot_be_are_refused(
    admin: Client, kind: str, key: tuple[str, ...], values: dict[str, str], code: str, field: str
) -> None:
    told = set_fields(admin, kind, *key, **values)
    assert refused(told) == [(code, field)]
    assert (told["userFields"], told["position"]) == (None, None)


def test_keys_that_no_database_keeps_are_bad_input(admin: Client) -> None:
    for query, given in (
        (SET, {"recordType": "CUSTOMER", "key": ["1", "A\0"]}),
        (ADD_NOTE, {"companyId": "1", "tranIds": ["I\0"], "text": "x"}),
        (ADD_NOTE, {"companyId": "1", "tranIds": ["I1"], "text": "x", "idempotencyKey": "\0"}),
    ):
        code, message = admin.error(query, input=given)
        assert (code, message.endswith(".")) == ("BAD_USER_INPUT", True)


CHANGE_OPTIONS = """mutation($input: ChangeSiteOptionsInput!) {changeSiteOptions(input: $input) {
    siteOptions {syncContacts syncCustomers udfCaptions {recordType udf1 udf6}}
    userErrors {code field}}}"""


def test_the_site_names_its_fields_and_says_whom_it_syncs(admin: Client) -> None:
    captions = [{"recordType": "PAYMENT", "udf6": "Desk"}]
    admin.ask(CHANGE_OPTIONS, input={"udfCaptions": captions})
    captions = [{"recordType": "CONTACT", "udf1": "Region", "udf6": "Mood"}]
    given = {
        "syncContacts": "PRIMARY",
        "syncCustomers": "WITH_OPEN_DOCUMENTS",
        "udfCaptions": captions,
    }
    assert admin.ask(CHANGE_OPTIONS, input=given)["changeSiteOptions"]["siteOptions"] == {
        "syncContacts": "PRIMARY",
        "syncCustomers": "WITH_OPEN_DOCUMENTS",
        "udfCaptions": [
            {"recordType": "PAYMENT", "udf1": None, "udf6": "Desk"},
            {"recordType": "CONTACT", "udf1": "Region", "udf6": "Mood"},
        ],
    }
    captions = [{"recordType": "CONTACT", "udf1": "Same", "udf6": "same"}]
    told = admin.ask(CHANGE_OPTIONS, input={"udfCaptions": captions})["changeSiteOptions"]
    assert refused(told) == [("udf_captions_invalid", "udfCaptions")]
    assert admin.ask("{siteOptions {syncContacts}}") == {"siteOptions": {"syncContacts": "PRIMARY"}}


# Who may write.

NOTES = {"addAccountNote", "addInvoiceNote"}


def some(kind: Any) -> Any:
    """A value of an input type, as small as it may be."""
    match kind:
        case GraphQLNonNull(of_type=inner):
            return some(inner)
        case GraphQLList(of_type=inner):
            return [some(inner)]
        case GraphQLInputObjectType():
            fields = kind.fields.items()
            return {name: some(one.type) for name, one in fields if is_required_input_field(one)}
        case GraphQLEnumType():
            return next(iter(kind.values))
        case _:
            assert isinstance(kind, GraphQLNamedType)
            known = {"Int": 1, "Float": 1.0, "Boolean": True, "Date": "2026-03-02"}
            return known.get(kind.name, "1")


def mutations() -> dict[str, Any]:
    kind = build_schema(sdl()).mutation_type
    assert isinstance(kind, GraphQLObjectType)
    return dict(kind.fields)


@pytest.mark.parametrize("role", [Role.INQUIRY_USER, Role.AUDITOR])
def test_inquiry_users_write_notes_and_nothing_else_and_auditors_sign_checkpoints(
    ledger: Tenant, client_of: Callable[[Tenant, Role], Client], role: Role
) -> None:
    caller = client_of(ledger, role)
    allowed = {*NOTES, "markMessageRead"} if role is Role.INQUIRY_USER else {"signCheckpoint"}
    for name, field in mutations().items():
        if name in allowed:
            continue
        if "input" in field.args:
            given = field.args["input"].type
            query = f"mutation($input: {given}) {{{name}(input: $input) {{position}}}}"
            code, message = caller.error(query, input=some(given))
        else:
            code, message = caller.error(f"mutation {{{name} {{position}}}}")
        assert code == "FORBIDDEN", f"{name}: {message}"


def test_an_inquiry_user_writes_both_kinds_of_note(
    worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    inquirer = client_of(worked, Role.INQUIRY_USER)
    assert note(inquirer, "I1")["userErrors"] == []
    query = """mutation($input: AddAccountNoteInput!) {addAccountNote(input: $input) {
        userErrors {code}}}"""
    given = {"companyId": "1", "custId": "ACME", "text": "Called."}
    assert inquirer.ask(query, input=given) == {"addAccountNote": {"userErrors": []}}
