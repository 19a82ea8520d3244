"""What users are told to look after: raised once, for who is responsible, gone with its reason."""

from decimal import Decimal
from pathlib import Path

import pytest

from domain.activity import ACTIVITY
from domain.follow_up import CompleteFollowUp
from domain.pending_payment import (
    PENDING_PAYMENT,
    ReconciledBy,
    ReconcilePendingPayment,
    UndoReconciliation,
)
from domain.shared.facts import PaymentFacts
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action import USER_ACTION, CompleteUserAction, user_action_id
from domain.user_action_reason import GONE
from projections.user_action_reasons import NEWS_DAYS
from runtime.database import Database
from runtime.read_models import check
from runtime.tenants import Tenant
from tests.runtime.telling import Office, day

BROKEN = UserActionKind.BROKEN_PROMISE
LATE = UserActionKind.FOLLOW_UP_PAST_DUE
UNRECONCILED = UserActionKind.PAYMENT_UNRECONCILED
CONTRADICTED = UserActionKind.PROMISE_CONTRADICTED


@pytest.fixture
def office(database: Database, tenant: Tenant, tmp_path: Path) -> Office:
    return Office(database, tenant, tmp_path)


def test_prm_11_a_broken_promise_is_told_to_the_accounts_user_once(office: Office) -> None:
    office.promise("p1")
    office.promise("p2", by=30)
    assert office.sync(2) == 0
    assert office.actions() == []

    assert office.sync(3) == 2  # broken, and told

    told = [(BROKEN, "p1", "dana", day(3), None)]
    assert office.actions() == told
    for again in (office.sync, office.check):
        assert again(3) == again(4) == 0
    assert office.actions() == told
    ((text,),) = office.rows("SELECT text FROM user_actions WHERE tenant = %(tenant)s")
    assert text == "60.00 EUR promised for 2026-03-04 did not come in."


def test_what_came_in_late_is_told_no_longer(office: Office) -> None:
    office.promise("p1")
    office.promise("p2", cust_id="B")
    office.sync(3)
    office.pays("P1", on=4)
    office.sync(5)
    assert office.actions() == [
        (BROKEN, "p1", "dana", day(3), GONE[BROKEN]),
        (BROKEN, "p2", "kim", day(3), None),
    ]
    assert office.sync(6) == office.check(6) == 0


def test_a_promise_that_was_broken_long_ago_is_no_news(office: Office) -> None:
    office.promise("p1", by=2)  # broken on the day after
    office.promise("p2", by=3, cust_id="B")

    office.sync(4 + NEWS_DAYS)

    told = [(BROKEN, "p2", "kim", day(4 + NEWS_DAYS), None)]
    assert office.actions() == told
    assert office.check(90) == 0  # what is told stays until its reason is gone
    assert office.actions() == told
    office.assign("B", "dana")
    assert office.check(90) == 1
    assert office.actions() == [(BROKEN, "p2", "dana", day(4 + NEWS_DAYS), None)]


def test_what_came_in_before_anybody_was_told_is_not_told(office: Office) -> None:
    office.promise("p1")
    office.pays("P1", on=4)
    office.sync(5)
    assert office.actions() == []


def test_payments_that_speak_against_an_outcome_are_told(office: Office) -> None:
    office.promise("p1")
    office.sync(3)
    office.pays("P1", on=2)  # back-dated: it became known later
    office.sync(4)
    assert office.actions() == [
        (BROKEN, "p1", "dana", day(3), GONE[BROKEN]),
        (CONTRADICTED, "p1", "dana", day(4), None),
    ]


def test_what_a_user_did_is_not_told_again(office: Office) -> None:
    office.promise("p1")
    office.sync(3)
    key = user_action_id(BROKEN, "p1", "2026-03-04")
    office.tell(USER_ACTION, key, CompleteUserAction("dana", day(3)))
    assert office.check(4) == office.sync(5) == 0
    assert office.actions() == [(BROKEN, "p1", "dana", day(3), "done by dana")]


def test_fup_18_a_past_due_follow_up_is_told_to_who_follows_up(office: Office) -> None:
    office.follow_up("a1", follower="kim", assignee="dana")
    office.follow_up("a2", assignee="dana")
    office.follow_up("a3", cust_id="B")
    office.follow_up("a4", by=9)
    assert office.check(2) == 0

    assert office.check(3) == 3

    assert office.actions() == [
        (LATE, "a1", "kim", day(3), None),
        (LATE, "a2", "dana", day(3), None),
        (LATE, "a3", "kim", day(3), None),
    ]
    assert office.check(3) == 0


def test_a_new_follow_up_date_is_a_new_occasion(office: Office) -> None:
    office.follow_up("a1", assignee="dana")
    office.check(3)
    office.tell(
        USER_ACTION,
        user_action_id(LATE, "a1", day(2).isoformat()),
        CompleteUserAction("dana", day(3)),
    )
    office.postpone("a1", by=6, on=3)
    assert office.check(4) == 0
    assert office.check(7) == 1
    office.postpone("a1", by=10, on=7)
    assert office.check(8) == 1

    assert office.actions() == [
        (LATE, "a1", "dana", day(3), "done by dana"),
        (LATE, "a1", "dana", day(7), GONE[LATE]),
    ]

    office.check(11)
    office.tell(ACTIVITY, "a1", CompleteFollowUp(day(11)))
    assert office.check(12) == 1
    assert office.actions()[2] == (LATE, "a1", "dana", day(11), GONE[LATE])


def test_pnd_14_an_online_payment_is_told_after_as_many_days_as_the_site_says(
    office: Office,
) -> None:
    office.paid_online("w1")
    office.paid_online("w2", on=1, cust_id="B")
    assert office.check(9) == 0  # the site says never
    office.options(unreconciled_alert_days=3)
    assert office.check(2) == 0
    assert office.check(3) == 1
    assert office.check(4) == 1
    told = [
        (UNRECONCILED, "w1", "dana", day(3), None),
        (UNRECONCILED, "w2", "kim", day(4), None),
    ]
    assert office.actions() == told

    payment = PaymentFacts("1", "P1", "A", day(4), Decimal(60), "EUR")
    office.tell(
        PENDING_PAYMENT,
        "w1",
        ReconcilePendingPayment("P1", ReconciledBy.BY_HAND, day(5), payment=payment),
    )
    assert office.check(5) == 1
    assert office.actions()[0] == (UNRECONCILED, "w1", "dana", day(3), GONE[UNRECONCILED])

    office.tell(PENDING_PAYMENT, "w1", UndoReconciliation())
    assert office.check(6) == 1  # its reason is back
    assert office.actions() == [(UNRECONCILED, "w1", "dana", day(6), None), told[1]]


def test_an_open_action_goes_with_its_account_to_another_user(office: Office) -> None:
    """UA-05."""
    office.promise("p1")
    office.promise("p2", cust_id="B")
    office.sync(3)
    office.assign("A", None)
    assert office.check(3) == 1
    assert office.check(3) == 0
    assert office.actions() == [
        (BROKEN, "p1", None, day(3), None),
        (BROKEN, "p2", "kim", day(3), None),
    ]


def test_a_run_for_an_earlier_date_takes_nothing_back(office: Office) -> None:
    office.follow_up("a1", assignee="dana")
    office.check(5)
    told = office.actions()
    assert office.check(2) == office.check(4) == 0
    assert office.actions() == told


def test_folding_the_log_again_asks_for_nothing(office: Office) -> None:
    office.promise("p1")
    office.follow_up("a1", assignee="kim")
    office.sync(3)
    head = office.head()

    assert list(check(office.database, office.tenant.id)) == []

    assert office.head() == head
    assert office.check(3) == 0
