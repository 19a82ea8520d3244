"""An action code ..."""

import pytest
from msgspec.structs import replace

from domain.action_code import (
    ACTION_CODE,
    ActionCodeChanged,
    ActionCodeDefined,
    ActionCodeDocument,
    ActionCodeRetired,
    DefineActionCode,
    RetireActionCode,
    facts,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ActionCodeFacts, ActivityTypeFacts
from domain.shared.standard_type import StandardType
from domain.shared.wording import PRIORITY_MAX, TEXT_CHARACTERS_MAX
from tests.story import Story

action_code = Story(ACTION_CODE)

CALL2 = ActionCodeDocument("CALL2", 20, "Second call", "Ask for the date.", "Phone")
LETTER = ActionCodeDocument(
    "NOTICE", 60, "Notice", "It is past due.", "EmailSend", "notice", attach_invoices=True
)
defined = ActionCodeDefined(CALL2)


def test_is_defined_with_a_standard_type_of_activities() -> None:
    """CODE-01."""
    action_code.given().when(DefineActionCode(CALL2)).then(defined)
    action_code.given().when(DefineActionCode(LETTER)).then(ActionCodeDefined(LETTER))


def test_needs_a_type_of_activities_that_there_is() -> None:
    own = DefineActionCode(replace(CALL2, activity_type="Ring"))
    action_code.given().when(own).then_refused("activity_type_unknown", "activityType")
    known = own.knowing([ActivityTypeFacts(StandardType.PHONE, None)])
    action_code.given().when(known).then(ActionCodeDefined(known.document))


def test_is_told_without_the_space_around_texts() -> None:
    told = replace(CALL2, issue_description=" Second call", communication_note="Ask for the date. ")
    action_code.given().when(DefineActionCode(replace(told, email_template=" "))).then(defined)


def test_is_changed_by_being_told_otherwise() -> None:
    urgent = replace(CALL2, priority=1)
    action_code.given(defined).when(DefineActionCode(urgent)).then(ActionCodeChanged(urgent))
    action_code.given(defined).when(DefineActionCode(CALL2)).then_nothing()


def test_is_retired_unless_rules_use_it_and_comes_back() -> None:
    """CODE-03."""
    known = action_code.given(ActionCodeDefined(replace(CALL2, system=True)))
    known.when(RetireActionCode(2)).then_refused("action_code_in_use", "code")
    known.when(RetireActionCode()).then(ActionCodeRetired())
    retired = action_code.given(*known.history, ActionCodeRetired())
    retired.when(RetireActionCode(2)).then_nothing()
    retired.when(DefineActionCode(CALL2, only_new=True)).then_nothing()
    retired.when(DefineActionCode(CALL2)).then(ActionCodeDefined(replace(CALL2, system=True)))
    action_code.given().when(RetireActionCode()).then_refused("action_code_unknown", "code")
    assert facts(ACTION_CODE.replay(retired.history)) is None


def test_attaches_no_documents_while_rules_about_accounts_use_it() -> None:
    """CODE-05, RULE-34: they have none to attach."""
    bare = replace(LETTER, attach_invoices=False)
    used = action_code.given(ActionCodeDefined(bare))
    used.when(DefineActionCode(LETTER, account_rules=2)).then_refused(
        "attach_invoices_needs_invoices", "attachInvoices"
    )
    used.when(DefineActionCode(LETTER)).then(ActionCodeChanged(LETTER))
    urgent = replace(bare, priority=1)
    used.when(DefineActionCode(urgent, account_rules=2)).then(ActionCodeChanged(urgent))
    attaching = action_code.given(ActionCodeDefined(LETTER))
    attaching.when(DefineActionCode(LETTER, account_rules=2)).then_nothing()


def test_that_came_with_the_product_still_did_after_a_change() -> None:
    """RULE-31."""
    shipped = action_code.given(ActionCodeDefined(replace(CALL2, system=True)))
    urgent = replace(CALL2, priority=1)
    shipped.when(DefineActionCode(urgent)).then(ActionCodeChanged(replace(urgent, system=True)))
    shipped.when(DefineActionCode(CALL2)).then_nothing()
    shipped.when(DefineActionCode(urgent, only_new=True)).then_nothing()


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"code": ""}, "code_empty", "code"),
        ({"code": "CALL2 "}, "code_not_trimmed", "code"),
        ({"priority": 0}, "priority_invalid", "priority"),
        ({"priority": PRIORITY_MAX + 1}, "priority_invalid", "priority"),
        ({"issue_description": ""}, "issue_description_empty", "issueDescription"),
        ({"communication_note": " "}, "communication_note_empty", "communicationNote"),
        (
            {"communication_note": "x" * (TEXT_CHARACTERS_MAX + 1)},
            "communication_note_too_long",
            "communicationNote",
        ),
        ({"attach_invoices": True}, "attachment_without_letter", "attachInvoices"),
    ],
)
def test_that_cannot_be_is_refused(wrong: dict[str, object], code: str, field: str) -> None:
    """CODE-02, CODE-05."""
    action_code.given().when(DefineActionCode(replace(CALL2, **wrong))).then_refused(code, field)


def test_is_told_to_other_decisions() -> None:
    assert facts(ACTION_CODE.replay([])) is None
    letter = ActionCodeFacts("NOTICE", attach_invoices=True)
    assert facts(ACTION_CODE.replay([ActionCodeDefined(LETTER)])) == letter


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        ACTION_CODE.replay([ActionCodeChanged(CALL2)])
    with pytest.raises(ImpossibleHistory):
        ACTION_CODE.replay([defined, defined])
    with pytest.raises(ImpossibleHistory):
        ACTION_CODE.replay([ActionCodeRetired()])
