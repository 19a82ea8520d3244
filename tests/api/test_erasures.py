"""Erasing persons over GraphQL: who may, who must approve, and what is read afterwards."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection

from domain.api_key import Role
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant
from tests.api.conftest import Client, Server
from tests.loading import load, write_csv
from tests.runtime.erasing import tables_with

ERASURE = "erasure {person state reason askedBy approvedBy decidedOn stream}"
TOLD = f"{{{ERASURE} userErrors {{code field}} position}}"
LOU = {"companyId": "1", "custId": "ACME", "cntctId": "L"}
PERSON = "contact/1/ACME/L"
SECRET = "Lou Unmistakable"


def mutate(client: Client, name: str, told: str = TOLD, /, **given: Any) -> dict[str, Any]:
    """Carry out a mutation, which names its input by its own name."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation($input: {kind}!) {{{name}(input: $input) {told}}}"
    return client.ask(query, input=given)[name]


def add_lou(client: Client, name: str = SECRET) -> None:
    given = {"companyId": "1", "custId": "ACME", "cntctName": name, "idempotencyKey": "L"}
    told = mutate(client, "addContact", "{userErrors {code}}", **given)
    assert told["userErrors"] == []


def erase_lou(client: Client, **others: Any) -> dict[str, Any]:
    return mutate(client, "eraseContact", **LOU, reason="they asked us to", **others)


def codes(told: dict[str, Any]) -> list[str]:
    return [one["code"] for one in told["userErrors"]]


def options(client: Client, **given: Any) -> None:
    told = mutate(client, "changeSiteOptions", "{userErrors {code}}", **given)
    assert told["userErrors"] == []


def contact(client: Client) -> dict[str, Any]:
    query = """{contacts(filter: {cntctId: {eq: "L"}}) {nodes {
        cntctName cntctEmailAddr erasedOn includeInAutomatedEmail udf6 origin}}}"""
    (found,) = client.ask(query)["contacts"]["nodes"]
    return found


def trail(client: Client, stream: str) -> list[tuple[str, Any]]:
    query = "query($stream: String!) {auditTrail(stream: $stream) {nodes {type data}}}"
    nodes = client.ask(query, stream=stream)["auditTrail"]["nodes"]
    return [(one["type"], one["data"]) for one in nodes]


@pytest.fixture
def manager(worked: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    return client_of(worked, Role.CREDIT_MANAGER)


def test_nothing_of_an_erased_contact_can_be_read(admin: Client, owner: Connection[Any]) -> None:
    secret = f"Lou {uuid4().hex}"
    add_lou(admin, secret)
    document = {"company_id": "1", "cust_id": "ACME", "cntct_id": "L"}
    mutate(
        admin,
        "setUserFields",
        "{userErrors {code}}",
        recordType="CONTACT",
        key=["1", "ACME", "L"],
        udf6=f"{secret} too",
    )
    ((_, data),) = trail(admin, PERSON)
    assert data["document"] == document | {"person": {"cntct_name": secret}}

    told = erase_lou(admin, idempotencyKey="e")

    assert told["userErrors"] == []
    erasure = told["erasure"]
    assert erasure == {
        "person": PERSON,
        "state": "erased",
        "reason": "they asked us to",
        "askedBy": erasure["askedBy"],
        "approvedBy": None,
        "decidedOn": erasure["decidedOn"],
        "stream": f"erasure/{PERSON}",
    }
    assert contact(admin) == {
        "cntctName": "[erased]",
        "cntctEmailAddr": None,
        "erasedOn": erasure["decidedOn"],
        "includeInAutomatedEmail": False,
        "udf6": None,
        "origin": "LOCAL",
    }
    (added, erased) = trail(admin, PERSON)
    assert added[1]["document"] == document | {"person": {"cntct_name": "[erased]"}}
    assert erased == ("ContactErased", {"erased_on": erasure["decidedOn"]})
    assert [name for name, _ in trail(admin, erasure["stream"])] == ["PersonErased"]
    assert tables_with(owner, secret) == []
    again = erase_lou(admin, idempotencyKey="e")
    assert (again["erasure"], again["userErrors"]) == (erasure, [])


def test_a_whole_trail_is_read_with_a_fixed_number_of_statements(admin: Client) -> None:
    add_lou(admin)
    told = admin.ask("{auditTrail(first: 100) {nodes {stream type data}}}")["auditTrail"]["nodes"]
    assert "sealed" not in json.dumps(told)
    assert "with_key" not in json.dumps(told)
    assert SECRET in json.dumps(told)
    assert {one["type"] for one in told} >= {"ContactRecorded", "InvoiceRegistered"}


def test_two_see_to_it_where_the_site_wants_two(admin: Client, manager: Client) -> None:
    add_lou(admin)
    options(admin, erasureNeedsTwo=True)
    told = admin.ask("{siteOptions {erasureNeedsTwo retainPersonalDataDays}}")["siteOptions"]
    assert told == {"erasureNeedsTwo": True, "retainPersonalDataDays": 0}

    assert erase_lou(admin)["erasure"]["state"] == "asked"
    assert contact(admin)["cntctName"] == SECRET
    waiting = '{erasures(filter: {state: {eq: "asked"}}) {nodes {person askedBy}}}'
    ((found),) = manager.ask(waiting)["erasures"]["nodes"]
    assert found["person"] == PERSON
    assert codes(mutate(admin, "approveErasure", person=PERSON)) == ["erasure_own"]
    assert codes(mutate(manager, "withdrawErasure", person=PERSON)) == ["erasure_of_other"]

    assert mutate(admin, "withdrawErasure", person=PERSON)["erasure"]["state"] == "withdrawn"
    assert codes(mutate(manager, "approveErasure", person=PERSON)) == ["erasure_not_asked"]

    erase_lou(admin)
    done = mutate(manager, "approveErasure", person=PERSON)["erasure"]
    assert (done["state"], done["askedBy"]) == ("erased", found["askedBy"])
    assert done["approvedBy"] not in (None, done["askedBy"])
    assert contact(admin)["cntctName"] == "[erased]"


def test_two_keys_of_one_user_are_one_person(
    admin: Client, worked: Tenant, database: Database, server: Server
) -> None:
    add_lou(admin)
    options(admin, erasureNeedsTwo=True)
    given = {"userId": "dana", "name": "Dana", "kind": "CREDIT_MANAGER"}
    mutate(admin, "registerUser", "{userErrors {code}}", **given)
    keys = [
        Client(server, create_key(database, worked, Role.CREDIT_MANAGER, name, "dana"))
        for name in ("laptop", "phone")
    ]
    with keys[0].http, keys[1].http:
        assert erase_lou(keys[0])["erasure"]["askedBy"] == "dana"
        assert codes(mutate(keys[1], "approveErasure", person=PERSON)) == ["erasure_own"]
    assert mutate(admin, "approveErasure", person=PERSON)["erasure"]["state"] == "erased"


HELD = "{legalHold {subject reason placedBy liftedOn liftReason stream} userErrors {code field}}"


def test_a_legal_hold_forbids_it_until_it_is_lifted(admin: Client) -> None:
    add_lou(admin)
    account = {"companyId": "1", "custId": "ACME"}
    unknown = mutate(admin, "placeLegalHold", HELD, companyId="1", custId="X", reason="lawsuit")
    assert codes(unknown) == ["hold_subject_unknown"]

    held = mutate(admin, "placeLegalHold", HELD, **account, reason="lawsuit")["legalHold"]
    assert (held["subject"], held["reason"]) == ("account/1/ACME", "lawsuit")
    assert (held["liftedOn"], held["stream"]) == (None, "legal_hold/account/1/ACME")
    assert codes(erase_lou(admin)) == ["legal_hold"]

    lifted = mutate(admin, "liftLegalHold", HELD, **account, reason="settled")["legalHold"]
    assert (lifted["liftReason"], lifted["liftedOn"] is None) == ("settled", False)
    mutate(admin, "placeLegalHold", HELD, **LOU, reason="lawsuit")
    assert codes(erase_lou(admin)) == ["legal_hold"]
    mutate(admin, "liftLegalHold", HELD, **LOU, reason="settled")
    assert erase_lou(admin)["erasure"]["state"] == "erased"
    found = admin.ask("{legalHolds {nodes {subject}}}")["legalHolds"]["nodes"]
    assert [one["subject"] for one in found] == ["account/1/ACME", PERSON]


def test_users_and_personal_contacts_are_erased_too(admin: Client) -> None:
    given = {"cntctName": SECRET, "idempotencyKey": "P"}
    mutate(admin, "addPersonalContact", "{userErrors {code}}", **given)
    told = mutate(admin, "erasePersonalContact", contactId="P", reason="x")
    assert told["erasure"]["person"] == "personal_contact/P"
    (pal,) = admin.ask("{personalContacts {nodes {cntctName}}}")["personalContacts"]["nodes"]
    assert pal == {"cntctName": "[erased]"}

    told = mutate(admin, "eraseApiKeyHolder", keyId="nobody", reason="x")
    assert codes(told) == ["person_unknown"]
    (key,) = admin.ask('{auditTrail(filter: {type: {eq: "ApiKeyIssued"}}) {nodes {stream data}}}')[
        "auditTrail"
    ]["nodes"]
    assert key["data"]["name"] == "Dana"
    told = mutate(admin, "eraseApiKeyHolder", keyId=key["data"]["key_id"], reason="x")
    assert told["erasure"]["person"] == key["stream"]
    assert admin.ask("{viewer {userId}}") is not None

    given = {"userId": "eve", "name": SECRET, "kind": "CREDIT_USER", "email": "eve@here.test"}
    mutate(admin, "registerUser", "{userErrors {code}}", **given)
    assert codes(mutate(admin, "eraseUser", userId="eve", reason="x")) == ["person_unknown"]
    mutate(admin, "changeUser", "{userErrors {code}}", userId="eve", active=False)
    assert mutate(admin, "eraseUser", userId="eve", reason="x")["erasure"]["state"] == "erased"
    query = '{users(filter: {userId: {eq: "eve"}}) {nodes {userId name email active}}}'
    (eve,) = admin.ask(query)["users"]["nodes"]
    assert eve == {"userId": "eve", "name": "[erased]", "email": None, "active": False}


SALES = """{
    accounts(filter: {companyId: {eq: "1"}, custId: {ne: "GAMMA"}}, orderBy: [{field: CUST_ID}]) {
        nodes {custId sperId sperName}}
    salesPersons(orderBy: [{field: SPER_ID}]) {nodes {sperId sperName udf1}}}"""


def test_sales_persons_are_erased_with_what_accounts_say_of_them(
    admin: Client, worked: Tenant, database: Database, owner: Connection[Any], tmp_path: Path
) -> None:
    sue, bea = f"Sue {uuid4().hex}", f"Bea {uuid4().hex}"
    header = "company_id,cust_id,sper_id,sper_name"
    rows = [f"1,ACME,S1,{sue}", f"1,BETA,,{bea}", "1,DELTA,S2,Max"]
    write_csv(tmp_path / "customers.csv", header, rows)
    header = "company_id,sper_id,sper_name,udf1"
    write_csv(tmp_path / "sales_persons.csv", header, [f"1,S1,{sue},u", "1,S2,Max,u"])
    load(database, worked, tmp_path, business_date=date(2026, 3, 2))
    assert admin.ask(SALES) == {
        "accounts": {
            "nodes": [
                {"custId": "ACME", "sperId": "S1", "sperName": sue},
                {"custId": "BETA", "sperId": None, "sperName": bea},
                {"custId": "DELTA", "sperId": "S2", "sperName": "Max"},
            ]
        },
        "salesPersons": {
            "nodes": [
                {"sperId": "S1", "sperName": sue, "udf1": "u"},
                {"sperId": "S2", "sperName": "Max", "udf1": "u"},
            ]
        },
    }

    given = {"companyId": "1", "reason": "x"}
    told = mutate(admin, "eraseSalesPerson", sperId="S1", **given)["erasure"]
    assert (told["person"], told["state"]) == ("sales_person/1/S1", "erased")
    told = mutate(admin, "eraseNamelessSalesPerson", custId="BETA", **given)["erasure"]
    assert (told["person"], told["state"]) == ("account/1/BETA", "erased")

    assert admin.ask(SALES) == {
        "accounts": {
            "nodes": [
                {"custId": "ACME", "sperId": "S1", "sperName": None},
                {"custId": "BETA", "sperId": None, "sperName": None},
                {"custId": "DELTA", "sperId": "S2", "sperName": "Max"},
            ]
        },
        "salesPersons": {
            "nodes": [
                {"sperId": "S1", "sperName": None, "udf1": None},
                {"sperId": "S2", "sperName": "Max", "udf1": "u"},
            ]
        },
    }
    assert tables_with(owner, sue) == []
    assert tables_with(owner, bea) == []
    documents = [data["document"] for _, data in trail(admin, "account/1/ACME")]
    assert [one.get("sper_name") for one in documents] == [None] * len(documents)
    (_, data) = trail(admin, "account/1/DELTA")[-1]
    assert data["document"]["sper_name"] == "Max"


@pytest.mark.parametrize("role", [Role.CREDIT_USER, Role.INQUIRY_USER, Role.AUDITOR])
def test_only_those_who_run_the_site_erase(
    worked: Tenant, client_of: Callable[[Tenant, Role], Client], role: Role
) -> None:
    client = client_of(worked, role)
    for name, given in (
        ("eraseContact", {**LOU, "reason": "x"}),
        ("erasePersonalContact", {"contactId": "x", "reason": "x"}),
        ("eraseUser", {"userId": "x", "reason": "x"}),
        ("eraseApiKeyHolder", {"keyId": "x", "reason": "x"}),
        ("eraseSalesPerson", {"companyId": "1", "sperId": "x", "reason": "x"}),
        ("eraseNamelessSalesPerson", {"companyId": "1", "custId": "x", "reason": "x"}),
        ("approveErasure", {"person": PERSON}),
        ("withdrawErasure", {"person": PERSON}),
        ("placeLegalHold", {**LOU, "reason": "x"}),
        ("liftLegalHold", {**LOU, "reason": "x"}),
    ):
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = f"mutation($input: {kind}!) {{{name}(input: $input) {{position}}}}"
        assert client.error(query, input=given)[0] == "FORBIDDEN"
    for query in ("{erasures {nodes {person}}}", "{legalHolds {nodes {subject}}}"):
        if role is Role.INQUIRY_USER:
            assert client.error(query)[0] == "FORBIDDEN"
        else:
            assert client.ask(query) is not None


def test_nobody_is_erased_who_is_not_there(admin: Client) -> None:
    assert codes(mutate(admin, "eraseContact", **LOU, reason="x")) == ["person_unknown"]
    nobody = {"companyId": "1", "reason": "x"}
    assert codes(mutate(admin, "eraseSalesPerson", sperId="S9", **nobody)) == ["person_unknown"]
    told = mutate(admin, "eraseNamelessSalesPerson", custId="ACME", **nobody)
    assert codes(told) == ["person_unknown"]
    assert codes(mutate(admin, "approveErasure", person="invoice/1/I1")) == ["person_invalid"]
