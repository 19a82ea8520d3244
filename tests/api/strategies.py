"""Defining credit classes, action codes and rules over the API."""

from typing import Any

from tests.api.conftest import Client

DEFINE_CLASS = """mutation($input: DefineCreditClassInput!) {defineCreditClass(input: $input) {
    creditClass {classId name description frequencyDays accountCount ruleCount stream id
        schedule {days at timeZone}}
    userErrors {code field message} position}}"""
DELETE_CLASS = """mutation($input: DeleteCreditClassInput!) {deleteCreditClass(input: $input) {
    userErrors {code field message} position}}"""
DEFINE_CODE = """mutation($input: DefineActionCodeInput!) {defineActionCode(input: $input) {
    actionCode {code priority issueDescription communicationNote activityType emailTemplate
        reportTemplate attachInvoices custContact system}
    userErrors {code field message} position}}"""
RETIRE_CODE = """mutation($input: RetireActionCodeInput!) {retireActionCode(input: $input) {
    actionCode {code active} userErrors {code field message} position}}"""
DEFINE_RULE = """mutation($input: DefineRuleInput!) {defineRule(input: $input) {
    rule {classId ruleId version seqNo name view filter actionCode active standalone autoClose
        system priority creditClass {name} action {issueDescription}}
    userErrors {code field message} position}}"""
RETIRE_RULE = """mutation($input: RetireRuleInput!) {retireRule(input: $input) {
    rule {version active} userErrors {code field message} position}}"""


def define_class(client: Client, class_id: str, **given: Any) -> dict[str, Any]:
    """Define a class; by default one called by its id."""
    told = {"classId": class_id, "name": class_id.title()} | given
    return client.ask(DEFINE_CLASS, input=told)["defineCreditClass"]


def delete_class(client: Client, class_id: str, **given: Any) -> dict[str, Any]:
    return client.ask(DELETE_CLASS, input={"classId": class_id} | given)["deleteCreditClass"]


def define_code(client: Client, code: str, **given: Any) -> dict[str, Any]:
    told = {
        "code": code,
        "priority": 20,
        "issueDescription": "First call",
        "communicationNote": "Ask when it is paid.",
        "activityType": "Phone",
    }
    return client.ask(DEFINE_CODE, input=told | given)["defineActionCode"]


def retire_code(client: Client, code: str) -> dict[str, Any]:
    return client.ask(RETIRE_CODE, input={"code": code})["retireActionCode"]


def define_rule(client: Client, rule_id: str, filter: str | None, **given: Any) -> dict[str, Any]:  # noqa: A002
    """Define a rule of the class GOLD about documents, by default one to call."""
    told = {
        "classId": "GOLD",
        "ruleId": rule_id,
        "seqNo": 10,
        "name": rule_id.title(),
        "view": "INVOICE",
        "filter": filter,
        "actionCode": "CALL1",
    }
    return client.ask(DEFINE_RULE, input=told | given)["defineRule"]


def retire_rule(client: Client, rule_id: str) -> dict[str, Any]:
    given = {"classId": "GOLD", "ruleId": rule_id}
    return client.ask(RETIRE_RULE, input=given)["retireRule"]
