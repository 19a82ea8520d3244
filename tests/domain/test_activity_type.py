"""A type of activities ..."""

import pytest

from domain.activity_type import (
    ACTIVITY_TYPE,
    ActivityTypeChanged,
    ActivityTypeDefined,
    ActivityTypeDocument,
    DefineActivityType,
    facts,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ActivityTypeFacts
from domain.shared.standard_type import STANDARD_NAMES, StandardType
from domain.shared.wording import PRIORITY_MAX, TEXT_CHARACTERS_MAX
from tests.story import Story

activity_type = Story(ACTIVITY_TYPE)

PHONE, NOTE = StandardType.PHONE, StandardType.ACCOUNT_NOTE
CALL2 = ActivityTypeDocument("Call2", PHONE, "Second call", 2, "Ask for the date.")


def define(document: ActivityTypeDocument) -> DefineActivityType:
    return DefineActivityType(document)


def test_is_defined_by_what_it_derives_from() -> None:
    activity_type.given().when(define(CALL2)).then(ActivityTypeDefined(CALL2))


def test_is_told_without_the_space_around_texts() -> None:
    told = ActivityTypeDocument("Call2", PHONE, " Second call ", 2, "Ask for the date.\n")
    activity_type.given().when(define(told)).then(ActivityTypeDefined(CALL2))
    activity_type.given().when(define(ActivityTypeDocument("C", PHONE, "C", None, " "))).then(
        ActivityTypeDefined(ActivityTypeDocument("C", PHONE, "C"))
    )


def test_is_changed_by_being_told_otherwise() -> None:
    urgent = ActivityTypeDocument("Call2", PHONE, "Second call", 1)
    defined = activity_type.given(ActivityTypeDefined(CALL2))
    defined.when(define(urgent)).then(ActivityTypeChanged(urgent))
    defined.when(define(CALL2)).then_nothing()


def test_that_is_standard_may_be_named_otherwise_but_stays_what_it_is() -> None:
    named = ActivityTypeDocument("Phone", PHONE, "Ring them", 1)
    activity_type.given().when(define(named)).then(ActivityTypeDefined(named))
    letter = ActivityTypeDocument("Phone", StandardType.EMAIL_SENT, "Write to them")
    activity_type.given().when(define(letter)).then_refused("standard_type_fixed", "standardType")


def test_does_not_become_of_another_standard_type() -> None:
    other = ActivityTypeDocument("Call2", NOTE, "Second call")
    activity_type.given(ActivityTypeDefined(CALL2)).when(define(other)).then_refused(
        "standard_type_fixed", "standardType"
    )


@pytest.mark.parametrize(
    ("document", "code", "field"),
    [
        (ActivityTypeDocument(" ", PHONE, "x"), "code_empty", "code"),
        (ActivityTypeDocument(" x", PHONE, "x"), "code_not_trimmed", "code"),
        (ActivityTypeDocument("x" * 201, PHONE, "x"), "code_too_long", "code"),
        (ActivityTypeDocument("a\0b", PHONE, "x"), "code_not_text", "code"),
        (ActivityTypeDocument("x", PHONE, ""), "name_empty", "name"),
        (ActivityTypeDocument("x", PHONE, "x" * 201), "name_too_long", "name"),
        (ActivityTypeDocument("x", PHONE, "x", 0), "priority_invalid", "priority"),
        (ActivityTypeDocument("x", PHONE, "x", PRIORITY_MAX + 1), "priority_invalid", "priority"),
        (
            ActivityTypeDocument("x", PHONE, "x", 1, "x" * (TEXT_CHARACTERS_MAX + 1)),
            "procedure_too_long",
            "procedure",
        ),
        (ActivityTypeDocument("x", PHONE, "x", 1, "\ud800"), "procedure_not_text", "procedure"),
    ],
)
def test_refuses_what_cannot_be(document: ActivityTypeDocument, code: str, field: str) -> None:
    activity_type.given().when(define(document)).then_refused(code, field)
    activity_type.given(ActivityTypeDefined(CALL2)).when(define(document)).then_refused(code, field)


def test_tells_others_what_it_derives_from_and_how_urgent_it_is() -> None:
    assert facts(ACTIVITY_TYPE.initial) is None
    assert facts(ACTIVITY_TYPE.replay([ActivityTypeDefined(CALL2)])) == ActivityTypeFacts(PHONE, 2)


def test_every_standard_type_has_a_name() -> None:
    assert set(STANDARD_NAMES) == set(StandardType)
    assert len(set(STANDARD_NAMES.values())) == 6


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        ACTIVITY_TYPE.replay([ActivityTypeChanged(CALL2)])
