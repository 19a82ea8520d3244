"""The options of companies over the API, and what they and the site's mean for accounts."""

from typing import Any

import pytest

from tests.api.conftest import Client
from tests.api.strategies import define_class
from tests.api.test_doing import CHANGE
from tests.api.test_users import errors, register

UPDATE = """mutation($input: UpdateCompanyOptionsInput!) {updateCompanyOptions(input: $input) {
    company {companyId defaultUserId onlinePayments} userErrors {code field} position}}"""
ALLOW = """mutation($input: AllowOnlinePaymentsInput!) {allowOnlinePayments(input: $input) {
    account {onlinePmtOption onlinePmtAllowed} userErrors {code field} position}}"""
COMPANIES = "{companies {nodes {companyId defaultUserId onlinePayments}}}"


def update(client: Client, company_id: str = "1", **given: Any) -> dict[str, Any]:
    return client.ask(UPDATE, input={"companyId": company_id} | given)["updateCompanyOptions"]


def companies(client: Client) -> list[tuple[Any, ...]]:
    return [tuple(one.values()) for one in client.ask(COMPANIES)["companies"]["nodes"]]


def test_a_company_has_a_default_user(admin: Client) -> None:
    register(admin, "dana")
    told = update(admin, defaultUserId="dana")
    assert errors(told) == []
    assert told["company"] == {"companyId": "1", "defaultUserId": "dana", "onlinePayments": False}
    assert companies(admin) == [("1", "dana", False), ("2", None, False)]
    update(admin, defaultUserId=None)
    assert companies(admin) == [("1", None, False), ("2", None, False)]


@pytest.mark.parametrize(
    ("company_id", "given", "code", "field"),
    [
        ("9", {"onlinePayments": True}, "company_unknown", "companyId"),
        ("1", {"defaultUserId": "zoe"}, "user_unknown", "defaultUserId"),
    ],
)
def test_what_cannot_be_is_refused(
    admin: Client, company_id: str, given: dict[str, Any], code: str, field: str
) -> None:
    told = update(admin, company_id, **given)
    assert (errors(told), told["company"], told["position"]) == ([(code, field)], None, None)
    assert companies(admin) == [("1", None, False), ("2", None, False)]


def test_a_customer_may_pay_online_if_its_company_and_itself_allow_it(admin: Client) -> None:
    """The company's option where it has one, else the site's, and the account's (PND-15)."""
    key = {"companyId": "1", "custId": "ACME"}
    told = admin.ask(ALLOW, input=key | {"onlinePmtOption": True})["allowOnlinePayments"]
    assert told["account"] == {"onlinePmtOption": True, "onlinePmtAllowed": False}
    admin.ask(CHANGE, input={"onlinePayments": True})
    where = "{accounts(filter: {onlinePmtAllowed: {eq: true}}) {nodes {companyId custId}}}"
    assert admin.ask(where)["accounts"]["nodes"] == [key]
    update(admin, onlinePayments=False)
    assert admin.ask(where)["accounts"]["nodes"] == []
    assert companies(admin) == [("1", None, False), ("2", None, True)]
    update(admin, onlinePayments=None)
    assert admin.ask(where)["accounts"]["nodes"] == [key]


def test_the_site_tells_of_itself_and_its_defaults(admin: Client) -> None:
    fields = (
        "name description address defaultCreditClassId defaultDaysToRespond unreconciledAlertDays"
        " calendarIntervalMinutes"
    )
    change = CHANGE.replace("siteOptions {", f"siteOptions {{{fields} ")
    given = {
        "name": " Northwind Credit ",
        "description": "Collections",
        "address": "1 Main Street\nSpringfield",
        "defaultCreditClassId": "STD",
        "defaultDaysToRespond": 4,
        "unreconciledAlertDays": 3,
        "calendarIntervalMinutes": 15,
    }
    define_class(admin, "STD")
    told = admin.ask(change, input=given)
    expected = given | {"name": "Northwind Credit"}
    found = told["changeSiteOptions"]["siteOptions"]
    assert {name: found[name] for name in fields.split()} == expected
    assert admin.ask(f"{{siteOptions {{{fields}}}}}") == {"siteOptions": expected}
    refused = admin.ask(change, input={"name": "x" * 201})["changeSiteOptions"]
    assert errors(refused) == [("name_too_long", "name")]
