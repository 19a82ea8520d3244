"""Strategies over the API: credit classes, action codes, rules, and what their conditions meet."""

from collections.abc import Callable
from typing import Any

import pytest

import domain.rule
from domain.api_key import Role
from domain.strategy import starter_strategy
from runtime.database import Database
from runtime.read_models import check
from runtime.tenants import Tenant
from tests.api.conftest import Client
from tests.api.strategies import (
    DEFINE_CLASS,
    DEFINE_CODE,
    DEFINE_RULE,
    DELETE_CLASS,
    RETIRE_RULE,
    define_class,
    define_code,
    define_rule,
    delete_class,
    retire_code,
    retire_rule,
)
from tests.api.test_doing import CHANGE
from tests.api.test_users import errors
from tests.loading import recorded_at

CLASSIFY = """mutation($input: ClassifyAccountInput!) {classifyAccount(input: $input) {
    account {creditClassId} userErrors {code field}}}"""
PREVIEW = """query($view: RuleView!, $filter: String, $accountFilter: AccountFilter,
        $invoiceFilter: InvoiceRuleFilter, $classId: String, $companyId: String) {
    previewRuleFilter(view: $view, filter: $filter, accountFilter: $accountFilter,
            invoiceFilter: $invoiceFilter, classId: $classId, companyId: $companyId) {
        filter userErrors {code field message} reach {matched total isBroad}
        accounts {totalCount nodes {companyId custId}}
        invoices {totalCount nodes {companyId tranId balance {amount}}}}}"""
INSTALL = """mutation {installStarterStrategy(input: {}) {
    added position userErrors {code}
    creditClass {classId frequencyDays schedule {days at timeZone}
        rules {nodes {ruleId seqNo system active}}}}}"""


@pytest.fixture
def gold(admin: Client) -> Client:
    """An administrator of a site with a class and a code."""
    assert errors(define_class(admin, "GOLD")) == []
    assert errors(define_code(admin, "CALL1")) == []
    return admin


def test_a_credit_class_has_a_frequency_and_a_schedule(
    admin: Client, database: Database, worked: Tenant
) -> None:
    """RULE-01, RULE-18, RULE-22."""
    weekdays = {"days": [1, 2, 3, 4, 5], "at": "06:00", "timeZone": None}
    given = {"description": "Asked gently.", "frequencyDays": 3, "schedule": weekdays}
    told = define_class(admin, "GOLD", **given)
    assert errors(told) == []
    found = told["creditClass"]
    assert (found["classId"], found["name"], found["description"]) == (
        "GOLD",
        "Gold",
        "Asked gently.",
    )
    assert (found["frequencyDays"], found["accountCount"], found["ruleCount"]) == (3, 0, 0)
    assert found["schedule"] == {"days": [1, 2, 3, 4, 5], "at": "06:00", "timeZone": None}
    define_class(admin, "IRON")
    assert define_class(admin, "GOLD", **given)["creditClass"] == found  # told twice
    none = define_class(admin, "GOLD")["creditClass"]
    assert (none["frequencyDays"], none["schedule"]) == (0, None)
    listed = admin.ask("{creditClasses {totalCount nodes {classId name}}}")["creditClasses"]
    assert listed == {
        "totalCount": 2,
        "nodes": [{"classId": "GOLD", "name": "Gold"}, {"classId": "IRON", "name": "Iron"}],
    }
    node = admin.ask(
        "query($id: ID!) {node(id: $id) {... on CreditClass {classId}}}", id=found["id"]
    )
    assert node == {"node": {"classId": "GOLD"}}
    assert admin.ask('{creditClass(classId: "LEAD") {name}}') == {"creditClass": None}
    assert check(database, worked.id) == []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": " "}, "name_empty", "name"),
        ({"frequencyDays": -1}, "frequency_invalid", "frequencyDays"),
        ({"schedule": {"days": [8], "at": "06:00"}}, "schedule_invalid", "schedule"),
        ({"schedule": {"days": [1], "at": "6"}}, "schedule_invalid", "schedule"),
    ],
)
def test_a_credit_class_that_cannot_be_is_refused(
    admin: Client, given: dict[str, Any], code: str, field: str
) -> None:
    told = define_class(admin, "GOLD", **given)
    assert (errors(told), told["creditClass"]) == ([(code, field)], None)
    assert admin.ask("{creditClasses {totalCount}}") == {"creditClasses": {"totalCount": 0}}


def classify(client: Client, class_id: str | None, cust_id: str = "ACME") -> dict[str, Any]:
    given = {"companyId": "1", "custId": cust_id, "creditClassId": class_id}
    return client.ask(CLASSIFY, input=given)["classifyAccount"]


def test_accounts_and_the_site_name_classes_that_there_are(gold: Client) -> None:
    """RULE-01, RULE-03."""
    assert errors(classify(gold, "LEAD")) == [("credit_class_unknown", "creditClassId")]
    assert classify(gold, " GOLD ")["account"] == {"creditClassId": "GOLD"}
    many = """mutation($input: UpdateAccountsInput!) {updateAccounts(input: $input) {
        matched changed userErrors {code field}}}"""
    told = gold.ask(many, input={"filter": {}, "set": {"creditClassId": "LEAD"}})["updateAccounts"]
    assert (errors(told), told["changed"]) == ([("credit_class_unknown", "creditClassId")], 0)
    told = gold.ask(CHANGE, input={"defaultCreditClassId": "LEAD"})["changeSiteOptions"]
    assert errors(told) == [("credit_class_unknown", "defaultCreditClassId")]
    told = gold.ask(CHANGE, input={"defaultCreditClassId": "GOLD"})["changeSiteOptions"]
    assert errors(told) == []
    counted = gold.ask('{creditClass(classId: "GOLD") {accountCount}}')
    assert counted == {"creditClass": {"accountCount": 4}}  # those without one are in it, too


def test_a_class_is_deleted_once_nothing_uses_it(gold: Client) -> None:
    """RULE-01."""
    define_class(gold, "IRON")
    for cust_id in ("ACME", "BETA"):
        classify(gold, "GOLD", cust_id)
    told = delete_class(gold, "GOLD")
    assert errors(told) == [("credit_class_in_use", "classId")]
    assert told["userErrors"][0]["message"].startswith("2 accounts are in the class GOLD")
    for cust_id in ("ACME", "BETA"):
        classify(gold, "IRON", cust_id)
    define_rule(gold, "call", "balance > 1000")
    assert errors(delete_class(gold, "GOLD")) == [("credit_class_has_rules", "classId")]
    retire_rule(gold, "call")
    gold.ask(CHANGE, input={"defaultCreditClassId": "GOLD"})
    assert errors(delete_class(gold, "GOLD")) == [("credit_class_is_default", "classId")]
    gold.ask(CHANGE, input={"defaultCreditClassId": None})
    assert errors(delete_class(gold, "GOLD", idempotencyKey="k")) == []
    assert errors(delete_class(gold, "GOLD")) == []
    listed = gold.ask("{creditClasses {nodes {classId}}}")["creditClasses"]["nodes"]
    assert listed == [{"classId": "IRON"}]
    define_class(gold, "GOLD")
    classify(gold, "GOLD")
    again = delete_class(gold, "GOLD", idempotencyKey="k")  # whatever is in it by now
    assert errors(again) == []
    assert gold.ask('{creditClass(classId: "GOLD") {name}}') == {"creditClass": {"name": "Gold"}}


def test_action_codes_say_what_is_to_be_done(gold: Client) -> None:
    """CODE-01 to CODE-06."""
    letter = {
        "priority": 10,
        "issueDescription": "Notice",
        "communicationNote": "It is past due.",
        "activityType": "EmailSend",
        "emailTemplate": "notice",
        "attachInvoices": True,
        "custContact": True,
    }
    told = define_code(gold, "NOTICE", **letter)
    others = {"code": "NOTICE", "reportTemplate": None, "system": False}
    assert (errors(told), told["actionCode"]) == ([], letter | others)
    query = "{actionCodes(orderBy: [{field: PRIORITY}]) {nodes {code priority}}}"
    assert gold.ask(query)["actionCodes"]["nodes"] == [
        {"code": "NOTICE", "priority": 10},
        {"code": "CALL1", "priority": 20},
    ]
    for given, code, field in [
        ({"activityType": "Semaphore"}, "activity_type_unknown", "activityType"),
        ({"priority": 0}, "priority_invalid", "priority"),
        ({"attachInvoices": True}, "attachment_without_letter", "attachInvoices"),
    ]:
        assert errors(define_code(gold, "OTHER", **given)) == [(code, field)]
    assert gold.ask("{actionCodes {totalCount}}") == {"actionCodes": {"totalCount": 2}}


def test_an_action_code_is_retired_once_no_rule_uses_it(gold: Client) -> None:
    """CODE-03: people use it no more either, and it comes back when it is defined again."""
    define_rule(gold, "call", "balance > 100")
    assert errors(retire_code(gold, "NONE")) == [("action_code_unknown", "code")]
    assert errors(retire_code(gold, "CALL1")) == [("action_code_in_use", "code")]
    retire_rule(gold, "call")
    assert retire_code(gold, "CALL1")["actionCode"] == {"code": "CALL1", "active": False}
    assert errors(retire_code(gold, "CALL1")) == []

    account = {"companyId": "1", "custId": "ACME", "actionCode": "CALL1"}
    by_code = [
        ("recordActivity", account | {"activityType": "Phone"}),
        ("openIssue", account | {"subject": "A call"}),
    ]
    for name, given in by_code:
        query = f"""mutation($input: {name[0].upper()}{name[1:]}Input!) {{
            {name}(input: $input) {{userErrors {{code field message}}}}}}"""
        unknown = [("action_code_unknown", "actionCode")]
        assert errors(gold.ask(query, input=given)[name]) == unknown
        assert errors(gold.ask(query, input=given | {"actionCode": "MISSPELT"})[name]) == unknown
    assert errors(define_rule(gold, "other", "balance > 100")) == [
        ("action_code_unknown", "actionCode")
    ]
    define_code(gold, "CALL1")
    for name, given in by_code:
        query = f"""mutation($input: {name[0].upper()}{name[1:]}Input!) {{
            {name}(input: $input) {{userErrors {{code field message}}}}}}"""
        assert errors(gold.ask(query, input=given)[name]) == []
    listed = gold.ask("{actionCodes {nodes {code active}}}")["actionCodes"]["nodes"]
    assert listed == [{"code": "CALL1", "active": True}]


def test_a_rule_is_defined_changed_and_retired_and_every_version_is_kept(
    gold: Client, database: Database, worked: Tenant
) -> None:
    """RULE-02, RULE-07, RULE-08."""
    told = define_rule(gold, "call", "balance>100  and due_date_days>=1", autoClose=True)
    assert errors(told) == []
    assert told["rule"] == {
        "classId": "GOLD",
        "ruleId": "call",
        "version": 1,
        "seqNo": 10,
        "name": "Call",
        "view": "invoice",
        "filter": "balance > 100 and due_date_days >= 1",
        "actionCode": "CALL1",
        "active": True,
        "standalone": False,
        "autoClose": True,
        "system": False,
        "priority": 20,
        "creditClass": {"name": "Gold"},
        "action": {"issueDescription": "First call"},
    }
    moment = recorded_at(database, worked).isoformat()
    define_rule(gold, "alone", "balance > 5000", seqNo=5, standalone=True)
    define_rule(gold, "early", "balance > 6000", seqNo=5)
    again = define_rule(gold, "call", "balance > 150")["rule"]
    assert (again["version"], again["autoClose"]) == (2, False)
    assert define_rule(gold, "call", "balance > 150")["rule"]["version"] == 2  # told twice
    assert retire_rule(gold, "call")["rule"] == {"version": 2, "active": False}
    assert errors(retire_rule(gold, "none")) == [("rule_unknown", "ruleId")]
    listed = gold.ask("{rules {nodes {ruleId active}}}")["rules"]["nodes"]
    assert [(one["ruleId"], one["active"]) for one in listed] == [
        ("early", True),
        ("call", False),
        ("alone", True),
    ]
    of_class = gold.ask('{creditClass(classId: "GOLD") {ruleCount rules {nodes {ruleId}}}}')
    assert of_class["creditClass"] == {
        "ruleCount": 2,
        "rules": {"nodes": [{"ruleId": "early"}, {"ruleId": "call"}, {"ruleId": "alone"}]},
    }
    versions = """query($moment: DateTime) {rule(classId: "GOLD", ruleId: "call",
        knownAt: $moment) {version filter active versions {nodes {version filter view}}}}"""
    now = gold.ask(versions)["rule"]
    first = {"version": 1, "filter": "balance > 100 and due_date_days >= 1", "view": "invoice"}
    second = {"version": 2, "filter": "balance > 150", "view": "invoice"}
    assert (now["version"], now["active"]) == (2, False)
    assert now["versions"]["nodes"] == [first, second]
    then = gold.ask(versions, moment=moment)["rule"]
    assert (then["version"], then["active"], then["filter"]) == (1, True, first["filter"])
    assert then["versions"]["nodes"] == [first]
    assert check(database, worked.id) == []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"classId": "LEAD"}, "credit_class_unknown", "classId"),
        ({"actionCode": "SING"}, "action_code_unknown", "actionCode"),
        ({"overrideUserId": "nobody"}, "user_unknown", "overrideUserId"),
        ({"followUpDays": 1, "followUpUserId": "nobody"}, "user_unknown", "followUpUserId"),
        ({"filter": "balance >"}, "filter_syntax", "filter"),
        ({"filter": "ballance > 1"}, "filter_field_unknown", "filter"),
        ({"filter": 'balance > "much"'}, "filter_type_wrong", "filter"),
        ({"seqNo": -1}, "seq_no_invalid", "seqNo"),
        (
            {"view": "ACCOUNT", "filter": "total_age > 100000", "actionCode": "NOTICE"},
            "attach_invoices_needs_invoices",
            "actionCode",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    gold: Client, given: dict[str, Any], code: str, field: str
) -> None:
    """RULE-05, CODE-05, RULE-34."""
    define_code(gold, "NOTICE", emailTemplate="notice", attachInvoices=True)
    told = define_rule(gold, "call", **({"filter": "balance > 1000"} | given))
    assert (errors(told), told["rule"], told["position"]) == ([(code, field)], None, None)
    assert gold.ask("{rules {totalCount}}") == {"rules": {"totalCount": 0}}


def test_a_code_attaches_no_documents_while_a_rule_about_accounts_uses_it(gold: Client) -> None:
    """CODE-05, RULE-34."""
    letter = {"emailTemplate": "notice"}
    define_code(gold, "NOTICE", **letter)
    by_code = {"actionCode": "NOTICE"}
    define_rule(gold, "of-documents", "balance > 1000", **by_code)
    attaching = letter | {"attachInvoices": True}
    assert errors(define_code(gold, "NOTICE", **attaching)) == []
    define_code(gold, "NOTICE", **letter)
    of_accounts = by_code | {"view": "ACCOUNT"}
    assert errors(define_rule(gold, "of-accounts", "total_age > 100000", **of_accounts)) == []
    told = define_code(gold, "NOTICE", **attaching)
    assert errors(told) == [("attach_invoices_needs_invoices", "attachInvoices")]
    assert told["userErrors"][0]["message"].startswith("Rules about accounts use NOTICE (1 of")
    retire_rule(gold, "of-accounts")
    assert errors(define_code(gold, "NOTICE", **attaching)) == []


def test_a_rule_that_would_fire_for_most_documents_must_be_confirmed(
    gold: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain.rule, "BROAD_RECORDS_MIN", 2)
    told = define_rule(gold, "all", "balance > 0")
    assert errors(told) == [("rule_too_broad", "filter")]
    assert "5 of 6 invoices" in told["userErrors"][0]["message"]
    assert errors(define_rule(gold, "all", "balance > 0", confirm=True)) == []
    assert errors(define_rule(gold, "all", "balance > 0")) == []  # told twice
    assert errors(define_rule(gold, "all", "balance > 0.01")) == [("rule_too_broad", "filter")]
    assert errors(define_rule(gold, "few", "balance > 100", idempotencyKey="k")) == []
    assert errors(define_rule(gold, "few", "balance > 100", idempotencyKey="k")) == []


def test_a_condition_may_be_told_as_lists_take_it(gold: Client) -> None:
    """RULE-05, RULE-28: documents by their own fields and those of their account."""
    structured = {
        "custPoNo": {"isNull": True},
        "or": [{"balance": {"gt": "100.50"}}, {"account": {"custId": {"eq": "GAMMA"}}}],
        "account": {"creditHold": {"eq": True}, "not": {"openPromiseCount": {"gte": 1}}},
    }
    told = define_rule(gold, "po", None, invoiceFilter=structured)
    assert errors(told) == []
    kept = told["rule"]["filter"]
    assert define_rule(gold, "po", kept)["rule"]["version"] == 1  # the same condition as text
    accounts = {"creditHold": {"eq": True}}
    held = define_rule(gold, "held", None, view="ACCOUNT", accountFilter=accounts)
    assert held["rule"]["filter"] == "credit_hold = true"
    for wrong in (
        {},
        {"filter": "balance > 1", "invoiceFilter": structured},
        {"accountFilter": accounts},
        {"view": "ACCOUNT", "invoiceFilter": structured},
    ):
        given = {
            "classId": "GOLD",
            "ruleId": "x",
            "seqNo": 1,
            "name": "X",
            "view": "INVOICE",
            "actionCode": "CALL1",
        }
        assert gold.error(DEFINE_RULE, input=given | wrong)[0] == "BAD_USER_INPUT"


def preview(client: Client, view: str, filter: str | None = None, **given: Any) -> dict[str, Any]:  # noqa: A002
    told = {"view": view, "filter": filter} | given
    return client.ask(PREVIEW, **told)["previewRuleFilter"]


def documents(told: dict[str, Any]) -> list[str]:
    return [f"{one['companyId']}/{one['tranId']}" for one in told["invoices"]["nodes"]]


def accounts(told: dict[str, Any]) -> list[str]:
    return [f"{one['companyId']}/{one['custId']}" for one in told["accounts"]["nodes"]]


def test_what_a_condition_meets_is_seen_before_the_rule_is_saved(gold: Client) -> None:
    """RULE-05."""
    told = preview(gold, "INVOICE", "balance>=100 and account.credit_hold=false")
    assert told["filter"] == "balance >= 100 and account.credit_hold = false"
    assert (told["userErrors"], told["accounts"]) == ([], None)
    assert (documents(told), told["invoices"]["totalCount"]) == (["1/I2", "1/I5"], 2)
    assert told["reach"] == {"matched": 2, "total": 6, "isBroad": False}
    all_open = preview(gold, "INVOICE", "balance > 0")
    assert documents(all_open) == ["1/I1", "1/I2", "1/I3", "1/I5", "2/I1"]
    assert all_open["reach"] == {"matched": 5, "total": 6, "isBroad": False}
    of_company = preview(gold, "INVOICE", "balance > 0", companyId="2")
    assert (documents(of_company), of_company["reach"]["matched"]) == (["2/I1"], 5)

    held = preview(gold, "ACCOUNT", accountFilter={"creditHold": {"eq": True}})
    assert (accounts(held), held["invoices"], held["reach"]["total"]) == (["1/BETA"], None, 4)
    of_documents = preview(gold, "INVOICE", invoiceFilter={"account": {"creditHold": {"eq": True}}})
    assert documents(of_documents) == ["1/C4", "1/I3"]


def test_a_preview_is_of_a_class_as_runs_are(gold: Client) -> None:
    """RULE-03: accounts without a class are of the site's default one."""
    define_class(gold, "IRON")
    classify(gold, "IRON")
    assert accounts(preview(gold, "ACCOUNT", "open_documents > 0", classId="IRON")) == ["1/ACME"]
    assert accounts(preview(gold, "ACCOUNT", "open_documents > 0", classId="GOLD")) == []
    gold.ask(CHANGE, input={"defaultCreditClassId": "GOLD"})
    told = preview(gold, "ACCOUNT", "open_documents > 0", classId="GOLD")
    assert accounts(told) == ["1/BETA", "1/GAMMA", "2/ACME"]
    told = preview(gold, "INVOICE", "balance > 0", classId="IRON")
    assert documents(told) == ["1/I1", "1/I2"]


def test_a_condition_that_is_none_meets_nothing_and_says_why(gold: Client) -> None:
    told = preview(gold, "INVOICE", "ballance > 0")
    assert errors(told) == [("filter_field_unknown", "filter")]
    assert "balance" in told["userErrors"][0]["message"]
    assert {told[one] for one in ("filter", "reach", "accounts", "invoices")} == {None}


def test_the_starter_strategy_is_put_into_force_and_changes_of_it_are_kept(
    admin: Client, database: Database, worked: Tenant
) -> None:
    """RULE-03, RULE-29, RULE-31."""
    starter = starter_strategy()
    parts = len(starter.credit_classes) + len(starter.action_codes) + len(starter.rules)
    told = admin.ask(INSTALL)["installStarterStrategy"]
    assert (told["added"], told["userErrors"]) == (parts + 1, [])
    found = told["creditClass"]
    assert (found["classId"], found["frequencyDays"]) == ("standard", 3)
    assert [one["ruleId"] for one in found["rules"]["nodes"]] == [
        one.rule_id for one in starter.rules
    ]
    assert all(one["system"] and one["active"] for one in found["rules"]["nodes"])
    options = "{siteOptions {defaultCreditClassId}}"
    assert admin.ask(options) == {"siteOptions": {"defaultCreditClassId": "standard"}}

    define_class(admin, "GOLD")
    admin.ask(CHANGE, input={"defaultCreditClassId": "GOLD"})
    define_class(admin, "standard", name="Ours")
    given = {"classId": "standard", "ruleId": "first-call"}
    admin.ask(RETIRE_RULE, input=given)
    again = admin.ask(INSTALL)["installStarterStrategy"]
    assert (again["added"], again["userErrors"]) == (0, [])
    kept = admin.ask('{creditClass(classId: "standard") {name ruleCount}}')["creditClass"]
    assert kept == {"name": "Ours", "ruleCount": len(starter.rules) - 1}
    assert admin.ask(options) == {"siteOptions": {"defaultCreditClassId": "GOLD"}}
    assert check(database, worked.id) == []


@pytest.mark.parametrize("role", [Role.CREDIT_USER, Role.INQUIRY_USER, Role.AUDITOR])
def test_strategies_are_for_those_who_run_the_site(
    worked: Tenant, client_of: Callable[[Tenant, Role], Client], role: Role
) -> None:
    client = client_of(worked, role)
    code = {
        "code": "X",
        "priority": 1,
        "issueDescription": "X",
        "communicationNote": "X",
        "activityType": "Phone",
    }
    rule = {"classId": "X", "ruleId": "X"}
    full = {
        "seqNo": 1,
        "name": "X",
        "view": "ACCOUNT",
        "filter": "total_age > 1",
        "actionCode": "X",
    }
    for query, given in [
        (DEFINE_CLASS, {"classId": "X", "name": "X"}),
        (DELETE_CLASS, {"classId": "X"}),
        (DEFINE_CODE, code),
        (DEFINE_RULE, rule | full),
        (RETIRE_RULE, rule),
    ]:
        assert client.error(query, input=given)[0] == "FORBIDDEN"
    assert client.error(INSTALL)[0] == "FORBIDDEN"
    assert client.ask("{rules {totalCount} creditClasses {totalCount}}") == {
        "rules": {"totalCount": 0},
        "creditClasses": {"totalCount": 0},
    }


def test_the_starter_strategy_meets_what_is_late_and_nothing_else(gold: Client) -> None:
    """RULE-06, RULE-14, RULE-29: each document is in one stage, a credit memo in none."""
    met: dict[str, list[str]] = {}
    for rule in starter_strategy().rules:
        told = preview(gold, rule.view.name, rule.filter)
        assert (rule.rule_id, told["userErrors"]) == (rule.rule_id, [])
        assert not told["reach"]["isBroad"]
        met[rule.rule_id] = documents(told) if rule.view.name == "INVOICE" else accounts(told)
    assert "1/I3" in met["final-demand"]
    stages = ("reminder", "notice", "first-call", "second-call", "final-demand")
    once = [one for stage in stages for one in met[stage]]
    assert len(set(once)) == len(once)
    assert "1/C4" not in once
    assert met["missing-po"] == met["broken-promise"] == met["new-customer"] == []
