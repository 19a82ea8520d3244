"""A legal hold ..."""

from datetime import date

import pytest

from domain.legal_hold import (
    LEGAL_HOLD,
    LegalHoldLifted,
    LegalHoldPlaced,
    LiftLegalHold,
    PlaceLegalHold,
    is_held,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

hold = Story(LEGAL_HOLD)

TODAY = date(2026, 3, 2)
ACME = "account/1/ACME"
placed = LegalHoldPlaced(ACME, "lawsuit", "dana", TODAY)
lifted = LegalHoldLifted("settled", "max", TODAY)


def placing(reason: str = " lawsuit", *, known: bool = True) -> PlaceLegalHold:
    return PlaceLegalHold(ACME, reason, "dana", TODAY, known)


def test_is_placed_and_lifted() -> None:
    hold.given().when(placing()).then(placed)
    hold.given(placed).when(LiftLegalHold("settled", "max", TODAY)).then(lifted)
    hold.given(placed, lifted).when(placing()).then(placed)
    assert placed.effective_on(date(2020, 1, 1)) == TODAY
    assert lifted.effective_on(date(2020, 1, 1)) == TODAY


def test_holds_until_it_is_lifted() -> None:
    assert not is_held(LEGAL_HOLD.replay([]))
    assert is_held(LEGAL_HOLD.replay([placed]))
    assert not is_held(LEGAL_HOLD.replay([placed, lifted]))


def test_is_one_at_a_time() -> None:
    hold.given(placed).when(placing("another")).then_refused("hold_exists", "reason")


def test_is_on_what_is_there() -> None:
    hold.given().when(placing(known=False)).then_refused("hold_subject_unknown", "custId")
    assert PlaceLegalHold(ACME, "x", "dana", TODAY).knowing([True]).known


def test_is_placed_and_lifted_for_a_reason() -> None:
    hold.given().when(placing(" ")).then_refused("reason_empty", "reason")
    hold.given(placed).when(LiftLegalHold("", "max", TODAY)).then_refused("reason_empty", "reason")


def test_that_is_not_there_is_lifted_already() -> None:
    hold.given().when(LiftLegalHold("x", "max", TODAY)).then_nothing()


def test_has_no_history_that_contradicts_itself() -> None:
    with pytest.raises(ImpossibleHistory):
        LEGAL_HOLD.replay([lifted])
