"""Commands at random to credit classes, action codes, rules and their runs."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from domain.action_code import (
    ACTION_CODE,
    ActionCodeDocument,
    DefineActionCode,
    RetireActionCode,
)
from domain.credit_class import (
    CREDIT_CLASS,
    ClassUse,
    CreditClassDocument,
    DefineCreditClass,
    DeleteCreditClass,
)
from domain.rule import RULE, DefineRule, RetireRule, RuleDocument
from domain.rule_run import RULE_RUN, RecordRuleRun, RuleOutcome, RuleRunCompleted
from domain.rule_view import RuleView
from domain.schedule import Schedule
from domain.shared.decider import Decider
from domain.shared.facts import ActionCodeFacts

ON = date(2025, 1, 1)

Parts = tuple[Decider[Any, Any, Any], tuple[str, ...], Any]
"""A decider, a key and a command."""

NAMES = st.sampled_from(["x", "y"])
SCHEDULES = st.sampled_from([None, Schedule((1, 5), "06:00"), Schedule((7,), "23:30", "UTC")])


@st.composite
def strategies(draw: st.DrawFn, category: str, one: str) -> Parts:
    """A command to a stream of one of the categories here."""
    name, number = draw(NAMES), draw(st.integers(0, 2))
    match category:
        case "credit_class":
            document = CreditClassDocument(one, name, None, number, draw(SCHEDULES))
            deleting = DeleteCreditClass(ClassUse())
            return (
                CREDIT_CLASS,
                (one,),
                draw(st.sampled_from([DefineCreditClass(document), deleting])),
            )
        case "action_code":
            document = ActionCodeDocument(one, number + 1, name, name, "Phone")
            defining = DefineActionCode(document)
            told = draw(st.sampled_from([defining, defining, RetireActionCode()]))
            return ACTION_CODE, (one,), told
        case "rule":
            view = draw(st.sampled_from(RuleView))
            document = RuleDocument("c", one, number, name, view, "balance > 0", "CALL")
            code = ActionCodeFacts("CALL", attach_invoices=False)
            defining = DefineRule(document, class_defined=True, code=code)
            return RULE, ("c", one), draw(st.sampled_from([defining, defining, RetireRule()]))
        case _:
            assert category == "rule_run"
            outcome = RuleOutcome(name, 1, created=number)
            completed = RuleRunCompleted(one, ON, number, (outcome,))
            return RULE_RUN, (one, ON.isoformat()), RecordRuleRun(completed)


CATEGORIES = frozenset({"action_code", "credit_class", "rule", "rule_run"})
