"""A rule ..."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.rule import (
    BROAD_RECORDS_MIN,
    FOLLOW_UP_DAYS_MAX,
    RULE,
    SEQ_NO_MAX,
    Defined,
    DefineRule,
    Reach,
    RetireRule,
    RuleDefined,
    RuleDocument,
    RuleRetired,
)
from domain.rule_view import RuleView
from domain.scheduling import DAYS_TO_RESPOND_MAX
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ActionCodeFacts, UserFacts
from domain.shared.wording import TEXT_CHARACTERS_MAX
from tests.story import Story

rule = Story(RULE)

CODE = ActionCodeFacts("CALL1", attach_invoices=False)
LETTER = ActionCodeFacts("NOTICE", attach_invoices=True)
DANA = UserFacts("dana", "credit_user", None, active=True)
EVE = UserFacts("eve", "credit_user", None, active=False)

FIRST_CALL = RuleDocument(
    "GOLD", "first-call", 30, "First call", RuleView.INVOICE, "balance > 0", "CALL1"
)
LATER = replace(FIRST_CALL, filter="balance > 50")
first = RuleDefined(1, FIRST_CALL)
second = RuleDefined(2, LATER)


UNMEASURED = Reach(0, 0)


def define(
    document: RuleDocument, reach: Reach = UNMEASURED, *, confirmed: bool = False
) -> DefineRule:
    """A command that knows the class and the code."""
    return DefineRule(document, reach, confirmed, class_defined=True, code=CODE)


def test_is_defined() -> None:
    """RULE-02."""
    rule.given().when(define(FIRST_CALL)).then(first)


def test_makes_a_version_of_every_change() -> None:
    rule.given(first).when(define(LATER)).then(second)
    rule.given(first, second).when(define(LATER)).then_nothing()
    rule.given(first, second).when(define(FIRST_CALL)).then(RuleDefined(3, FIRST_CALL))


def test_that_is_retired_is_evaluated_again_as_its_next_version() -> None:
    rule.given(first).when(RetireRule()).then(RuleRetired())
    retired = rule.given(first, RuleRetired())
    retired.when(RetireRule()).then_nothing()
    retired.when(define(FIRST_CALL)).then(RuleDefined(2, FIRST_CALL))
    assert RULE.replay([first, RuleRetired()]) == Defined(FIRST_CALL, 1, active=False)
    rule.given().when(RetireRule()).then_refused("rule_unknown", "ruleId")


def test_needs_its_class_its_code_and_its_users() -> None:
    told = replace(FIRST_CALL, override_user_id="dana", follow_up_days=3, follow_up_user_id="eve")
    known = DefineRule(told).knowing([True, CODE, DANA, DANA])
    rule.given().when(known).then(RuleDefined(1, told))
    for facts, code, field in [
        ([False, CODE, DANA, DANA], "credit_class_unknown", "classId"),
        ([True, None, DANA, DANA], "action_code_unknown", "actionCode"),
        ([True, CODE, None, DANA], "user_unknown", "overrideUserId"),
        ([True, CODE, EVE, DANA], "user_retired", "overrideUserId"),
        ([True, CODE, DANA, None], "user_unknown", "followUpUserId"),
        ([True, CODE, DANA, EVE], "user_retired", "followUpUserId"),
    ]:
        rule.given().when(DefineRule(told).knowing(facts)).then_refused(code, field)
    only_follow_up = replace(told, override_user_id=None)
    command = DefineRule(only_follow_up).knowing([True, CODE, DANA])
    rule.given().when(command).then(RuleDefined(1, only_follow_up))


def test_about_accounts_has_no_documents_to_attach() -> None:
    """CODE-05, RULE-34."""
    of_documents = DefineRule(FIRST_CALL, class_defined=True, code=LETTER)
    rule.given().when(of_documents).then(first)
    document = replace(FIRST_CALL, view=RuleView.ACCOUNT)
    of_accounts = DefineRule(document, class_defined=True, code=LETTER)
    rule.given().when(of_accounts).then_refused("attach_invoices_needs_invoices", "actionCode")


def test_stays_about_what_it_is_about() -> None:
    """Its actions are about accounts, or about documents (RULE-04)."""
    other = define(replace(FIRST_CALL, view=RuleView.ACCOUNT))
    rule.given(first).when(other).then_refused("rule_view_fixed", "view")
    rule.given(first, RuleRetired()).when(other).then_refused("rule_view_fixed", "view")


def test_that_meets_most_of_what_there_is_must_be_confirmed() -> None:
    broad = Reach(501, 1_000)
    rule.given().when(define(FIRST_CALL, broad)).then_refused("rule_too_broad", "filter")
    rule.given().when(define(FIRST_CALL, broad, confirmed=True)).then(first)
    with pytest.raises(Exception, match="meets 501 of 1,000 invoices"):
        rule.given().when(define(FIRST_CALL, broad)).decided()


def test_that_is_in_force_as_told_stays_so_whatever_has_changed_around_it() -> None:
    """By now it meets more, or a user who is named has left."""
    broad = Reach(501, 1_000)
    rule.given(first).when(define(FIRST_CALL, broad)).then_nothing()
    rule.given(first).when(define(LATER, broad)).then_refused("rule_too_broad", "filter")
    retired = rule.given(first, RuleRetired())
    retired.when(define(FIRST_CALL, broad)).then_refused("rule_too_broad", "filter")
    of_eve = replace(FIRST_CALL, override_user_id="eve")
    told = DefineRule(of_eve).knowing([True, CODE, EVE])
    rule.given(RuleDefined(1, of_eve)).when(told).then_nothing()
    rule.given(first).when(told).then_refused("user_retired", "overrideUserId")


@given(met=st.integers(0, 10_000), others=st.integers(0, 10_000))
def test_is_broad_above_half_and_above_a_hundred(met: int, others: int) -> None:
    of = met + others
    assert Reach(met, of).is_broad is (met > BROAD_RECORDS_MIN and met > others)


def test_that_came_with_the_product_still_did_after_a_change() -> None:
    """RULE-31."""
    shipped = rule.given(RuleDefined(1, replace(FIRST_CALL, system=True)))
    shipped.when(define(LATER)).then(RuleDefined(2, replace(LATER, system=True)))
    shipped.when(define(FIRST_CALL)).then_nothing()


def test_that_is_there_is_left_as_it_is_where_only_a_new_one_is_wished() -> None:
    only_new = replace(define(LATER), only_new=True)
    rule.given(first).when(only_new).then_nothing()
    rule.given(first, RuleRetired()).when(only_new).then_nothing()
    rule.given().when(only_new).then(RuleDefined(1, LATER))


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"rule_id": ""}, "rule_id_empty", "ruleId"),
        ({"rule_id": " x"}, "rule_id_not_trimmed", "ruleId"),
        ({"name": ""}, "name_empty", "name"),
        ({"seq_no": -1}, "seq_no_invalid", "seqNo"),
        ({"seq_no": SEQ_NO_MAX + 1}, "seq_no_invalid", "seqNo"),
        ({"days_to_respond": -1}, "days_to_respond_invalid", "daysToRespond"),
        ({"days_to_respond": DAYS_TO_RESPOND_MAX + 1}, "days_to_respond_invalid", "daysToRespond"),
        ({"follow_up_days": 0}, "follow_up_days_invalid", "followUpDays"),
        ({"follow_up_days": FOLLOW_UP_DAYS_MAX + 1}, "follow_up_days_invalid", "followUpDays"),
        ({"follow_up_desc": "Answered?"}, "follow_up_days_missing", "followUpDays"),
        (
            {"follow_up_days": 1, "follow_up_desc": "x" * (TEXT_CHARACTERS_MAX + 1)},
            "description_too_long",
            "followUpDesc",
        ),
    ],
)
def test_that_cannot_be_is_refused(wrong: dict[str, object], code: str, field: str) -> None:
    """RULE-07, RULE-17, FUP-17."""
    rule.given().when(define(replace(FIRST_CALL, **wrong))).then_refused(code, field)


def test_may_share_its_number() -> None:
    """Rules of one number go by their ids; a stream knows nothing of its neighbours (RULE-07)."""
    twin = replace(FIRST_CALL, rule_id="another")
    rule.given().when(define(twin)).then(RuleDefined(1, twin))


@pytest.mark.parametrize(
    "history", [[RuleRetired()], [second], [first, first], [first, RuleRetired(), RuleRetired()]]
)
def test_refuses_a_history_that_cannot_be(history: list[object]) -> None:
    with pytest.raises(ImpossibleHistory):
        RULE.replay(history)
