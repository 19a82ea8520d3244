"""A credit class ..."""

import pytest
from msgspec.structs import replace

from domain.credit_class import (
    CREDIT_CLASS,
    FREQUENCY_DAYS_MAX,
    ClassUse,
    CreditClassChanged,
    CreditClassDefined,
    CreditClassDeleted,
    CreditClassDocument,
    DefineCreditClass,
    DeleteCreditClass,
    is_defined,
)
from domain.schedule import Schedule
from domain.shared.decider import ImpossibleHistory
from domain.shared.wording import NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from tests.story import Story

credit_class = Story(CREDIT_CLASS)

WEEKDAYS = Schedule((1, 2, 3, 4, 5), "06:00")
GOLD = CreditClassDocument("GOLD", "Gold", "Asked gently.", 3, WEEKDAYS)
defined = CreditClassDefined(GOLD)
UNUSED = ClassUse()


def test_is_defined_with_its_frequency_and_schedule() -> None:
    """RULE-01, RULE-18, RULE-22."""
    credit_class.given().when(DefineCreditClass(GOLD)).then(defined)


def test_is_told_without_the_space_around_texts_and_with_its_days_in_order() -> None:
    told = replace(
        GOLD,
        name=" Gold ",
        description="Asked gently.\n",
        schedule=Schedule((5, 1, 1, 2, 3, 4), "06:00"),
    )
    credit_class.given().when(DefineCreditClass(told)).then(defined)
    bare = CreditClassDocument("C", "C", " ")
    credit_class.given().when(DefineCreditClass(bare)).then(
        CreditClassDefined(CreditClassDocument("C", "C"))
    )


def test_is_changed_by_being_told_otherwise() -> None:
    daily = replace(GOLD, frequency_days=0)
    credit_class.given(defined).when(DefineCreditClass(daily)).then(CreditClassChanged(daily))
    credit_class.given(defined).when(DefineCreditClass(GOLD)).then_nothing()


def test_that_is_there_is_left_as_it_is_where_only_a_new_one_is_wished() -> None:
    other = DefineCreditClass(replace(GOLD, name="Other"), only_new=True)
    credit_class.given(defined).when(other).then_nothing()
    credit_class.given().when(DefineCreditClass(GOLD, only_new=True)).then(defined)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"class_id": " GOLD"}, "class_id_not_trimmed", "classId"),
        ({"class_id": ""}, "class_id_empty", "classId"),
        ({"name": " "}, "name_empty", "name"),
        ({"name": "x" * (NAME_CHARACTERS_MAX + 1)}, "name_too_long", "name"),
        ({"description": "x" * (TEXT_CHARACTERS_MAX + 1)}, "description_too_long", "description"),
        ({"frequency_days": -1}, "frequency_invalid", "frequencyDays"),
        ({"frequency_days": FREQUENCY_DAYS_MAX + 1}, "frequency_invalid", "frequencyDays"),
        ({"schedule": Schedule((), "06:00")}, "schedule_invalid", "schedule"),
        ({"schedule": Schedule((8,), "06:00")}, "schedule_invalid", "schedule"),
        ({"schedule": Schedule((1,), "25:00")}, "schedule_invalid", "schedule"),
        ({"schedule": Schedule((1,), "06:00", "Moon")}, "time_zone_unknown", "schedule"),
    ],
)
def test_that_cannot_be_is_refused(wrong: dict[str, object], code: str, field: str) -> None:
    document = replace(GOLD, **wrong)
    credit_class.given().when(DefineCreditClass(document)).then_refused(code, field)
    credit_class.given(defined).when(DefineCreditClass(document)).then_refused(code, field)


def test_is_deleted_once_nothing_uses_it() -> None:
    credit_class.given(defined).when(DeleteCreditClass(UNUSED)).then(CreditClassDeleted())
    credit_class.given().when(DeleteCreditClass(UNUSED)).then_nothing()
    gone = credit_class.given(defined, CreditClassDeleted())
    gone.when(DeleteCreditClass(ClassUse(3))).then_nothing()
    gone.when(DefineCreditClass(GOLD)).then(defined)


def test_stays_while_it_is_used() -> None:
    used = credit_class.given(defined)
    used.when(DeleteCreditClass(ClassUse(1_234))).then_refused("credit_class_in_use", "classId")
    used.when(DeleteCreditClass(ClassUse(0, 2))).then_refused("credit_class_has_rules", "classId")
    default = DeleteCreditClass(UNUSED).knowing([True])
    used.when(default).then_refused("credit_class_is_default", "classId")
    assert DeleteCreditClass(UNUSED).knowing([False]) == DeleteCreditClass(UNUSED)


def test_tells_in_its_refusal_how_many_are_in_it() -> None:
    with pytest.raises(Exception, match="1,234 accounts are in the class GOLD"):
        credit_class.given(defined).when(DeleteCreditClass(ClassUse(1_234))).decided()


def test_is_told_to_other_decisions() -> None:
    assert not is_defined(CREDIT_CLASS.replay([]))
    assert is_defined(CREDIT_CLASS.replay([defined]))
    assert not is_defined(CREDIT_CLASS.replay([defined, CreditClassDeleted()]))


@pytest.mark.parametrize("event", [CreditClassChanged(GOLD), CreditClassDeleted()])
def test_refuses_a_history_that_cannot_be(event: object) -> None:
    with pytest.raises(ImpossibleHistory):
        CREDIT_CLASS.replay([event])
    with pytest.raises(ImpossibleHistory):
        CREDIT_CLASS.replay([defined, defined])
