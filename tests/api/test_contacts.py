"""Contacts of accounts and of users: who may keep which, who sees which, and until when."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.api_key import Role
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import Client
from tests.loading import load, recorded_at

CONTACT = """contact {cntctId cntctName cntctTitle cntctEmailAddr origin addedOn primary
    includeInAutomatedEmail udf6 stream account {custName}}
    account {contacts {nodes {cntctName}}} userErrors {code field message} position"""
ADD = f"mutation($input: AddContactInput!) {{addContact(input: $input) {{{CONTACT}}}}}"
CHANGE = f"mutation($input: ChangeContactInput!) {{changeContact(input: $input) {{{CONTACT}}}}}"
REMOVE = f"mutation($input: RemoveContactInput!) {{removeContact(input: $input) {{{CONTACT}}}}}"


def add(client: Client, **others: Any) -> dict[str, Any]:
    given = {"companyId": "1", "custId": "ACME", "cntctName": "Lou"} | others
    return client.ask(ADD, input=given)["addContact"]


def change(client: Client, cntct_id: str, **others: Any) -> dict[str, Any]:
    given = {"companyId": "1", "custId": "ACME", "cntctId": cntct_id} | others
    return client.ask(CHANGE, input=given)["changeContact"]


def remove(client: Client, cntct_id: str) -> dict[str, Any]:
    given = {"companyId": "1", "custId": "ACME", "cntctId": cntct_id}
    return client.ask(REMOVE, input=given)["removeContact"]


def refused(told: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["code"], one["field"]) for one in told["userErrors"]]


def names(client: Client, arguments: str = "", **variables: Any) -> list[str]:
    """The names of the contacts of ACME in a list."""
    where = 'filter: {companyId: {eq: "1"}, custId: {eq: "ACME"}}, orderBy: {field: CNTCT_NAME}'
    query = f"{{contacts({where}{arguments}) {{nodes {{cntctName}}}}}}"
    return [one["cntctName"] for one in client.ask(query, **variables)["contacts"]["nodes"]]


def test_local_contacts_stand_with_the_erps(admin: Client) -> None:
    told = add(
        admin, cntctEmailAddr=" lou@acme.test", includeInAutomatedEmail=True, idempotencyKey="L"
    )

    assert told["userErrors"] == []
    assert told["contact"] == {
        "cntctId": "L",
        "cntctName": "Lou",
        "cntctTitle": None,
        "cntctEmailAddr": "lou@acme.test",
        "origin": "LOCAL",
        "addedOn": told["contact"]["addedOn"],
        "primary": False,
        "includeInAutomatedEmail": True,
        "udf6": None,
        "stream": "contact/1/ACME/L",
        "account": {"custName": "Acme Corp"},
    }
    told_of_account = told["account"]["contacts"]["nodes"]
    assert [one["cntctName"] for one in told_of_account] == ["Zoe", "Adam", "Lou"]
    (erp,) = admin.ask(
        '{contacts(filter: {origin: {eq: "ERP"}, primary: {eq: true}}) {nodes {'
        "cntctName addedOn origin}}}"
    )["contacts"]["nodes"]
    assert erp == {"cntctName": "Zoe", "addedOn": None, "origin": "ERP"}


def test_a_contact_sent_again_with_its_key_is_added_once(admin: Client) -> None:
    first, again = add(admin, idempotencyKey="k"), add(admin, idempotencyKey="k")
    assert again == first
    assert names(admin) == ["Adam", "Lou", "Zoe"]
    assert refused(add(admin, cntctName="Eve", idempotencyKey="k")) == [
        ("idempotency_key_reused", "idempotencyKey")
    ]


def test_a_local_contact_is_changed_where_something_is_given(admin: Client) -> None:
    lou = add(admin, cntctTitle="CFO", cntctEmailAddr="lou@acme.test")["contact"]["cntctId"]
    told = change(admin, lou, cntctTitle=None, primary=True)["contact"]
    assert (told["cntctName"], told["cntctTitle"], told["primary"]) == ("Lou", None, True)
    assert told["cntctEmailAddr"] == "lou@acme.test"


def test_a_removed_contact_is_listed_until_its_day_and_known_until_its_moment(
    admin: Client, database: Database, worked: Tenant
) -> None:
    told = add(admin)["contact"]
    before = recorded_at(database, worked).isoformat()
    gone = remove(admin, told["cntctId"])

    assert (gone["contact"], gone["userErrors"]) == (None, [])
    assert gone["account"] is not None
    assert names(admin) == ["Adam", "Zoe"]
    assert names(admin, f', knownAt: "{before}"') == ["Adam", "Lou", "Zoe"]
    day_before = date.fromisoformat(told["addedOn"]) - timedelta(days=1)
    assert names(admin, f', knownAt: "{before}", asOf: "{day_before}"') == ["Adam", "Zoe"]
    assert refused(remove(admin, told["cntctId"])) == []
    assert refused(change(admin, told["cntctId"])) == [("contact_removed", "cntctId")]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"custId": "NOBODY"}, "account_unknown", "custId"),
        ({"cntctName": " "}, "contact_nameless", "cntctName"),
        ({"cntctEmailAddr": "lou"}, "contact_email_invalid", "cntctEmailAddr"),
        ({"cntctCity": "x" * 1_001}, "contact_too_long", "cntctCity"),
        ({"cntctCity": "a\0b"}, "contact_not_text", "cntctCity"),
        ({"idempotencyKey": "1"}, "contact_exists", None),
    ],
)
def test_a_contact_that_cannot_be_is_refused(
    admin: Client, given: dict[str, str], code: str, field: str | None
) -> None:
    before = admin.ask("{auditTrail {totalCount}}")
    told = add(admin, **given)
    assert refused(told) == [(code, field)]
    assert (told["contact"], told["account"], told["position"]) == (None, None, None)
    assert admin.ask("{auditTrail {totalCount}}") == before


def test_a_contact_of_the_erp_is_left_to_it(admin: Client) -> None:
    assert refused(change(admin, "1", cntctName="x")) == [("contact_owned_by_erp", "cntctId")]
    assert refused(remove(admin, "1")) == [("contact_owned_by_erp", "cntctId")]
    assert refused(remove(admin, "99")) == [("contact_unknown", "cntctId")]


def test_a_sync_leaves_local_contacts_alone(
    admin: Client, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    lou = add(admin)["contact"]
    load(database, worked, tmp_path, business_date=date(2026, 3, 3))
    assert admin.ask('{contacts(filter: {origin: {eq: "LOCAL"}}) {nodes {cntctId cntctName}}}')[
        "contacts"
    ]["nodes"] == [{"cntctId": lou["cntctId"], "cntctName": "Lou"}]


def test_contacts_are_paged_and_found_by_id(client: Client) -> None:
    query = """query($after: String) {contacts(first: 1, after: $after) {
        totalCount pageInfo {endCursor} nodes {id cntctName}}}"""
    first = client.ask(query)["contacts"]
    second = client.ask(query, after=first["pageInfo"]["endCursor"])["contacts"]
    assert [first["totalCount"], *(one["nodes"][0]["cntctName"] for one in (first, second))] == [
        2,
        "Adam",
        "Zoe",
    ]
    node = "query($id: ID!) {node(id: $id) {... on Contact {cntctName}}}"
    assert client.ask(node, id=second["nodes"][0]["id"]) == {"node": {"cntctName": "Zoe"}}


# Personal contacts.

OWN = "personalContact {id contactId cntctName cntctComment} userErrors {code field} position"
ADD_OWN = f"""mutation($input: AddPersonalContactInput!) {{
    addPersonalContact(input: $input) {{{OWN}}}}}"""
CHANGE_OWN = f"""mutation($input: ChangePersonalContactInput!) {{
    changePersonalContact(input: $input) {{{OWN}}}}}"""
REMOVE_OWN = f"""mutation($input: RemovePersonalContactInput!) {{
    removePersonalContact(input: $input) {{{OWN}}}}}"""
LIST_OWN = "{personalContacts {totalCount nodes {cntctName}}}"
NODE_OWN = "query($id: ID!) {node(id: $id) {... on PersonalContact {cntctName}}}"


def own(client: Client) -> list[str]:
    return [one["cntctName"] for one in client.ask(LIST_OWN)["personalContacts"]["nodes"]]


def test_a_personal_contact_is_its_owners_alone(
    admin: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    other = client_of(worked, Role.CREDIT_MANAGER)
    told = admin.ask(ADD_OWN, input={"cntctName": "Pat", "idempotencyKey": "p"})
    pat = told["addPersonalContact"]["personalContact"]
    assert (pat["contactId"], own(admin), own(other)) == ("p", ["Pat"], [])

    assert admin.ask(NODE_OWN, id=pat["id"]) == {"node": {"cntctName": "Pat"}}
    assert other.ask(NODE_OWN, id=pat["id"]) == {"node": None}
    unknown = [("personal_contact_unknown", "contactId")]
    given = {"contactId": "p", "cntctName": "x"}
    assert refused(other.ask(CHANGE_OWN, input=given)["changePersonalContact"]) == unknown
    given = {"contactId": "p"}
    assert refused(other.ask(REMOVE_OWN, input=given)["removePersonalContact"]) == unknown

    trail = '{auditTrail(filter: {stream: {startsWith: "personal_contact"}}) {totalCount}}'
    auditor = client_of(worked, Role.AUDITOR)
    assert [one.ask(trail)["auditTrail"]["totalCount"] for one in (admin, other, auditor)] == [
        1,
        0,
        1,
    ]


def test_a_personal_contact_is_changed_and_removed(
    admin: Client, database: Database, worked: Tenant
) -> None:
    admin.ask(ADD_OWN, input={"cntctName": "Pat", "cntctComment": "x", "idempotencyKey": "p"})
    given = {"contactId": "p", "cntctName": "Pat B.", "cntctComment": None}
    told = admin.ask(CHANGE_OWN, input=given)["changePersonalContact"]["personalContact"]
    assert (told["cntctName"], told["cntctComment"]) == ("Pat B.", None)
    before = recorded_at(database, worked).isoformat()
    gone = admin.ask(REMOVE_OWN, input={"contactId": "p"})["removePersonalContact"]
    assert (gone["personalContact"], gone["userErrors"], own(admin)) == (None, [], [])
    then = f'{{personalContacts(knownAt: "{before}") {{nodes {{cntctName}}}}}}'
    assert admin.ask(then)["personalContacts"]["nodes"] == [{"cntctName": "Pat B."}]
    early = f'{{personalContacts(knownAt: "{before}", asOf: "2020-01-01") {{totalCount}}}}'
    assert admin.ask(early)["personalContacts"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"cntctTitle": "CFO"}, "contact_nameless", "cntctName"),
        ({"cntctEmailAddr": "pat@"}, "contact_email_invalid", "cntctEmailAddr"),
    ],
)
def test_a_personal_contact_that_cannot_be_is_refused(
    admin: Client, given: dict[str, str], code: str, field: str
) -> None:
    assert refused(admin.ask(ADD_OWN, input=given)["addPersonalContact"]) == [(code, field)]
