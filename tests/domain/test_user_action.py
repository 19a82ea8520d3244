"""A user action ..."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.shared.decider import ImpossibleHistory
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action import (
    USER_ACTION,
    CompleteUserAction,
    RaiseUserAction,
    UserActionDone,
    UserActionRaised,
    UserActionReassigned,
    UserActionWithdrawn,
    WithdrawUserAction,
    user_action_id,
)
from domain.user_action_reason import GONE, Reason
from tests.story import Story

action = Story(USER_ACTION)

TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)
KIND = UserActionKind.BROKEN_PROMISE
RAISE = RaiseUserAction(KIND, "1", "ACME", "2026-03-01", "Call.", TODAY, "dana", promise_id="p1")
ID = user_action_id(KIND, "p1", "2026-03-01")
raised = UserActionRaised(
    ID, KIND, "1", "ACME", TODAY, "2026-03-01", "Call.", "dana", promise_id="p1"
)
done = UserActionDone(TOMORROW, "dana")
withdrawn = UserActionWithdrawn(TOMORROW, "Paid.")


def test_is_raised_once_for_each_occasion() -> None:
    """UA-01, UA-05."""
    action.given().when(RAISE).then(raised)
    action.given(raised).when(replace(RAISE, business_date=TOMORROW, text="?")).then_nothing()
    other = replace(RAISE, occasion="2026-04-01")
    assert RAISE.action_id == ID
    assert len({ID, other.action_id, replace(RAISE, promise_id="p2").action_id}) == 3


def test_goes_to_who_is_responsible_by_now() -> None:
    action.given(raised).when(replace(RAISE, user_id="kim")).then(UserActionReassigned("kim"))
    action.given(raised).when(replace(RAISE, user_id=None)).then(UserActionReassigned())


def test_that_was_done_is_not_raised_again_for_the_same_occasion() -> None:
    action.given(raised).when(CompleteUserAction("dana", TOMORROW)).then(done)
    for command in (RAISE, replace(RAISE, user_id="kim"), WithdrawUserAction("Paid.", TOMORROW)):
        action.given(raised, done).when(command).then_nothing()


def test_is_withdrawn_when_its_reason_is_gone_and_raised_again_if_that_returns() -> None:
    """LIST-02."""
    action.given(raised).when(WithdrawUserAction("Paid.", TOMORROW)).then(withdrawn)
    action.given().when(WithdrawUserAction("Paid.", TOMORROW)).then_nothing()
    action.given(raised, withdrawn).when(RAISE).then(raised)


def test_cannot_be_completed_without_a_reason_or_before_it_is_raised() -> None:
    complete = CompleteUserAction("dana", TOMORROW)
    action.given(raised, withdrawn).when(complete).then_refused("user_action_withdrawn")
    action.given().when(complete).then_refused("user_action_unknown", "actionId")


def test_history_that_contradicts_itself_is_told() -> None:
    with pytest.raises(ImpossibleHistory):
        USER_ACTION.replay([done])


@pytest.mark.parametrize(
    ("kind", "about", "text"),
    [
        (KIND, "promise_id", "60.00 EUR promised for 2026-03-02 did not come in. Wrote twice."),
        (
            UserActionKind.PROMISE_CONTRADICTED,
            "promise_id",
            "Payments speak against what the promise of 60.00 EUR was judged to be. Wrote twice.",
        ),
        (
            UserActionKind.PAYMENT_UNRECONCILED,
            "pending_payment_id",
            "60.00 EUR paid online on 2026-03-02 are not in the ERP yet. Wrote twice.",
        ),
    ],
)
def test_tells_in_a_sentence_what_is_the_matter(
    kind: UserActionKind, about: str, text: str
) -> None:
    told = Reason(kind, "s", "o", "1", "A", None, TODAY, Decimal(60), "EUR", "Wrote twice.")
    assert told.text == text
    subjects = {"promise_id", "activity_id", "pending_payment_id"}
    assert {name: getattr(told, name) for name in subjects} == {
        name: "s" if name == about else None for name in subjects
    }
    assert GONE[kind].endswith(".")


def test_tells_of_a_follow_up_without_an_amount() -> None:
    told = Reason(UserActionKind.FOLLOW_UP_PAST_DUE, "a", "o", "1", "A", None, TODAY)
    assert (told.text, told.activity_id) == ("The follow-up of 2026-03-02 is past due.", "a")
