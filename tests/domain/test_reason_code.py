"""A reason code ..."""

import pytest

from domain.reason_code import (
    CODE_CHARACTERS_MAX,
    DESCRIPTION_CHARACTERS_MAX,
    REASON_CODE,
    SEVERITY_MAX,
    Defined,
    DefineReasonCode,
    NotDefined,
    ReasonCodeChanged,
    ReasonCodeDefined,
    ReasonCodeRetired,
    Retired,
    RetireReasonCode,
    facts,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ReasonCodeFacts
from tests.story import Story

reason = Story(REASON_CODE)

defined = ReasonCodeDefined("PRICE", "Wrong price", 2)
retired = ReasonCodeRetired("PRICE")


def test_is_defined_with_a_meaning_and_a_severity() -> None:
    reason.given().when(DefineReasonCode("PRICE", " Wrong price ", 2)).then(defined)
    unrated = ReasonCodeDefined("PO", "Missing PO")
    reason.given().when(DefineReasonCode("PO", "Missing PO")).then(unrated)


def test_is_changed_by_being_defined_in_another_way() -> None:
    for description, severity in (("Wrong price", 1), ("Wrong price", None), ("Price", 2)):
        reason.given(defined).when(DefineReasonCode("PRICE", description, severity)).then(
            ReasonCodeChanged("PRICE", description, severity)
        )


def test_is_retired_and_defined_again() -> None:
    reason.given(defined).when(RetireReasonCode()).then(retired)
    reason.given(defined, retired).when(DefineReasonCode("PRICE", "Wrong price", 2)).then(defined)
    reason.given().when(RetireReasonCode()).then_refused("reason_code_unknown", "code")


@pytest.mark.parametrize(
    ("code", "description", "severity", "refused", "field"),
    [
        ("", "x", 1, "reason_code_empty", "code"),
        (" PRICE", "x", 1, "reason_code_spaced", "code"),
        ("PR\0ICE", "x", 1, "reason_code_not_text", "code"),
        ("P" * (CODE_CHARACTERS_MAX + 1), "x", 1, "reason_code_too_long", "code"),
        ("PRICE", " ", 1, "description_empty", "description"),
        ("PRICE", "\ud800", 1, "description_not_text", "description"),
        (
            "PRICE",
            "x" * (DESCRIPTION_CHARACTERS_MAX + 1),
            1,
            "description_too_long",
            "description",
        ),
        ("PRICE", "x", 0, "severity_invalid", "severity"),
        ("PRICE", "x", SEVERITY_MAX + 1, "severity_invalid", "severity"),
    ],
)
def test_is_refused_if_nobody_could_read_it(
    code: str, description: str, severity: int, refused: str, field: str
) -> None:
    reason.given().when(DefineReasonCode(code, description, severity)).then_refused(refused, field)


def test_tells_others_whether_it_is_given() -> None:
    assert facts(NotDefined()) is None
    assert facts(Defined("PRICE", "Wrong price", 2)) == ReasonCodeFacts("PRICE", active=True)
    assert facts(Retired("PRICE")) == ReasonCodeFacts("PRICE", active=False)


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        REASON_CODE.replay([retired])
