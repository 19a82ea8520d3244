"""The erasure of a person ..."""

from datetime import date
from typing import Any

import pytest

from domain.erasure import (
    ERASURE,
    ApproveErasure,
    AskErasure,
    ErasureAsked,
    ErasureWithdrawn,
    PersonErased,
    WithdrawErasure,
    is_done,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

erasure = Story(ERASURE)

TODAY, LATER = date(2026, 3, 2), date(2026, 3, 9)
ZOE = "contact/1/ACME/1"
WHY = "they asked us to"
DANA, MAX = "dana", "max"
asked = ErasureAsked(ZOE, WHY, DANA, TODAY)
withdrawn = ErasureWithdrawn(DANA, TODAY)
erased = PersonErased(ZOE, WHY, DANA, TODAY)
approved = PersonErased(ZOE, WHY, DANA, LATER, MAX)


def asking(by: str = DANA, reason: str = f" {WHY} ", **others: Any) -> AskErasure:
    return AskErasure(ZOE, reason, by, TODAY, **{"there": True} | others)


def approving(by: str = MAX, **others: Any) -> ApproveErasure:
    return ApproveErasure(by, LATER, **{"there": True} | others)


def test_is_done_at_once_where_one_is_enough() -> None:
    erasure.given().when(asking()).then(erased)
    erasure.given(asked, withdrawn).when(asking()).then(erased)
    assert is_done(ERASURE.replay([erased]))
    assert not is_done(ERASURE.replay([asked]))


def test_waits_for_somebody_else_where_two_are_needed() -> None:
    erasure.given().when(asking(two_needed=True)).then(asked)
    erasure.given(asked).when(approving()).then(approved)


def test_is_approved_by_nobody_who_asked_for_it() -> None:
    erasure.given(asked).when(approving(DANA)).then_refused("erasure_own")


def test_waits_even_if_one_has_become_enough() -> None:
    erasure.given(asked).when(asking(MAX, two_needed=False)).then_refused("erasure_asked")
    erasure.given(asked).when(asking(DANA, "another reason")).then_refused("erasure_asked")


def test_is_withdrawn_by_who_asked_alone() -> None:
    erasure.given(asked).when(WithdrawErasure(DANA, TODAY)).then(withdrawn)
    erasure.given(asked).when(WithdrawErasure(MAX, TODAY)).then_refused("erasure_of_other")


def test_that_was_withdrawn_is_not_approved() -> None:
    for history in ([], [asked, withdrawn]):
        erasure.given(*history).when(approving()).then_refused("erasure_not_asked")
        erasure.given(*history).when(WithdrawErasure(MAX, TODAY)).then_nothing()


def test_is_never_undone_and_done_once() -> None:
    for history in ([erased], [asked, approved]):
        erasure.given(*history).when(asking(MAX, "again", two_needed=True)).then_nothing()
        erasure.given(*history).when(approving(DANA)).then_nothing()
        erasure.given(*history).when(WithdrawErasure(DANA, TODAY)).then_refused("person_erased")


def test_is_of_somebody_who_is_there() -> None:
    erasure.given().when(asking(there=False)).then_refused("person_unknown")
    erasure.given(asked).when(approving(there=False)).then_refused("person_unknown")


def test_is_refused_while_a_legal_hold_is_on() -> None:
    erasure.given().when(asking(held=True)).then_refused("legal_hold")
    erasure.given().when(asking(held=True, two_needed=True)).then_refused("legal_hold")
    erasure.given(asked).when(approving(held=True)).then_refused("legal_hold")


def test_knows_what_was_consulted() -> None:
    known = AskErasure(ZOE, WHY, DANA, TODAY).knowing([True, True, False, True])
    assert (known.there, known.two_needed, known.held) == (True, True, True)
    known = AskErasure(ZOE, WHY, DANA, TODAY).knowing([False, False])
    assert (known.there, known.two_needed, known.held) == (False, False, False)
    approval = ApproveErasure(MAX, TODAY).knowing([True, True, False, False])
    assert (approval.there, approval.held) == (True, False)


def test_has_a_reason() -> None:
    erasure.given().when(asking(reason=" ")).then_refused("reason_empty", "reason")


def test_has_no_history_that_contradicts_itself() -> None:
    with pytest.raises(ImpossibleHistory):
        ERASURE.replay([erased, asked])
