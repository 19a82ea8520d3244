"""A strategy as text ..."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.action_code import ACTION_CODE, ActionCodeDefined, ActionCodeDocument, DefineActionCode
from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.rule import RULE, DefineRule, RuleDocument
from domain.rule_view import RuleView
from domain.schedule import Schedule
from domain.shared.facts import ActionCodeFacts
from domain.strategy import (
    STANDARD_CLASS,
    Strategy,
    StrategyError,
    Unreadable,
    parsed_strategy,
    printed_strategy,
    starter_strategy,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXTS
SCHEDULES = st.none() | st.builds(
    Schedule,
    st.lists(st.integers(1, 7), unique=True).map(lambda days: tuple(sorted(days))),
    TEXTS,
    MAYBE,
)
STRATEGIES = st.builds(
    Strategy,
    st.lists(
        st.builds(CreditClassDocument, TEXTS, TEXTS, MAYBE, st.integers(0, 99), SCHEDULES),
        unique_by=lambda one: one.class_id,
    ).map(tuple),
    st.lists(
        st.builds(
            ActionCodeDocument,
            *(TEXTS, st.integers(1, 99), TEXTS, TEXTS, TEXTS),
            *(MAYBE, MAYBE, st.booleans(), st.booleans(), st.booleans()),
        ),
        unique_by=lambda one: one.code,
    ).map(tuple),
    st.lists(
        st.builds(
            RuleDocument,
            *(TEXTS, TEXTS, st.integers(0, 99), TEXTS, st.sampled_from(RuleView), TEXTS, TEXTS),
            *(st.booleans(), st.booleans(), st.booleans(), MAYBE, st.integers(0, 9)),
            *(st.none() | st.integers(1, 9), MAYBE, MAYBE, st.booleans()),
        ),
        unique_by=lambda one: (one.class_id, one.rule_id),
    ).map(tuple),
)


@given(strategy=STRATEGIES)
def test_reads_as_what_was_written(strategy: Strategy) -> None:
    assert parsed_strategy(printed_strategy(strategy)) == (strategy, [])


RULE_TEXT = """
[[rules]]
class_id = "GOLD"
rule_id = "good"
seq_no = 10
name = "Good"
view = "account"
filter = "total_age > 0"
action_code = "CALL1"
"""
GOOD = RuleDocument("GOLD", "good", 10, "Good", RuleView.ACCOUNT, "total_age > 0", "CALL1")


def test_tells_which_entries_are_none_and_keeps_the_others() -> None:
    text = (
        RULE_TEXT
        + RULE_TEXT.replace('"good"', '"worse"').replace("seq_no = 10", 'seq_no = "ten"')
        + RULE_TEXT.replace('"good"', '"odd"')
        + "colour = 3\n"
        + '[[rules]]\nseq_no = 1\n[[action_codes]]\ncode = "X"\n'
    )
    strategy, problems = parsed_strategy(text)
    assert strategy == Strategy(rules=(GOOD,))
    assert [(one.kind, one.name) for one in problems] == [
        ("action_codes", "X"),
        ("rules", "worse"),
        ("rules", "odd"),
        ("rules", "number 4"),
    ]
    assert problems[2] == Unreadable("rules", "odd", "It has no colour.")
    assert "seq_no" in problems[1].reason


def test_tells_of_each_class_code_and_rule_once() -> None:
    """The first one is taken; a rule is told apart by its class and its id."""
    twice = RULE_TEXT.replace("seq_no = 10", "seq_no = 20")
    of_another_class = RULE_TEXT.replace('"GOLD"', '"IRON"')
    strategy, problems = parsed_strategy(RULE_TEXT + twice + of_another_class)
    assert strategy == Strategy(rules=(GOOD, replace(GOOD, class_id="IRON")))
    assert problems == [Unreadable("rules", "good", "It is told already, further above.")]


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("[[rules]", "It is not TOML"),
        ("[[recipes]]\nname = 1", "no recipes"),
        ("rules = 3", "Each of the rules is a table"),
        ("rules = [1]", "Each of the rules is a table"),
    ],
)
def test_that_is_none_is_told(text: str, saying: str) -> None:
    with pytest.raises(StrategyError, match=saying):
        parsed_strategy(text)


def test_of_nothing_is_empty() -> None:
    assert parsed_strategy("") == (Strategy(), [])
    assert printed_strategy(Strategy()) == ""


def test_comes_with_the_product() -> None:
    """RULE-31: of one class, each of its parts a system one and as deciders take it."""
    starter = starter_strategy()
    (standard,) = starter.credit_classes
    assert (standard.class_id, standard.frequency_days) == (STANDARD_CLASS, 3)
    assert CREDIT_CLASS.decide(DefineCreditClass(standard), CREDIT_CLASS.initial)
    assert all(one.system for one in (*starter.action_codes, *starter.rules))
    codes = {one.code: one for one in starter.action_codes}
    assert {one.action_code for one in starter.rules} == set(codes)
    for code in codes.values():
        defined = ACTION_CODE.decide(DefineActionCode(code), ACTION_CODE.initial)
        assert defined == [ActionCodeDefined(code)]
    for rule in starter.rules:
        facts = ActionCodeFacts(rule.action_code, codes[rule.action_code].attach_invoices)
        command = DefineRule(rule, class_defined=True, code=facts)
        assert len(RULE.decide(command, RULE.initial)) == 1
        assert rule.class_id == STANDARD_CLASS
    assert len({one.seq_no for one in starter.rules}) == len(starter.rules)
    assert [one.rule_id for one in starter.rules] == [
        "reminder",
        "notice",
        "first-call",
        "second-call",
        "final-demand",
        "broken-promise",
        "missing-po",
        "new-customer",
        "credit-review",
    ]
    assert {one.rule_id for one in starter.rules if one.standalone} == {
        "new-customer",
        "credit-review",
    }
