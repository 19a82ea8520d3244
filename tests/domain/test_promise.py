"""An expected payment ..."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.promise import (
    INVOICES_MAX,
    PROMISE,
    TEXT_CHARACTERS_MAX,
    ConfirmPromise,
    ExpectedPaymentMissed,
    ExpectedPaymentRecorded,
    JudgePromise,
    Open,
    PromiseBroken,
    PromiseCommand,
    PromiseConfirmed,
    PromiseEvent,
    PromiseKept,
    PromiseOutcomeContradicted,
    PromiseOutcomeUpheld,
    PromiseReceiptCounted,
    PromiseReceiptDropped,
    PromiseWithdrawn,
    RecordExpectedPayment,
    Settled,
    WithdrawPromise,
)
from domain.receipts import Receipt, by_date, completed_on, counted, total
from domain.shared.decider import ImpossibleHistory, Refused
from domain.shared.facts import AccountFacts, ActivityFacts
from tests.histories import day, invoice_facts, promise_commands, receipts
from tests.story import Story

promise = Story(PROMISE)

MADE = date(2015, 1, 1)
DUE = date(2015, 1, 3)
D = Decimal

RECORD = RecordExpectedPayment(
    "p",
    "1",
    "A",
    D(100),
    DUE,
    MADE,
    "EUR",
    ("I1", "I2"),
    promise=True,
    note="By wire.",
    user_id="dana",
    activity_id="a1",
    account=AccountFacts("1", "A", None),
    activity=ActivityFacts("1", "A"),
    documents=(invoice_facts(), invoice_facts("I2")),
)
PROMISED = ExpectedPaymentRecorded(
    "p", "1", "A", D(100), "EUR", DUE, MADE, ("I1", "I2"), True, "By wire.", "dana", "a1"
)
EXPECTED = replace(PROMISED, promise=False)
WITHDRAWN = PromiseWithdrawn("Disputed.", MADE)


def receipt(on: int, amount: int, payment_id: str | None = "P1", tran_id: str = "I1") -> Receipt:
    """Money received on a day of January 2015."""
    return Receipt(date(2015, 1, on), D(amount), payment_id, tran_id)


def judge(on: int, *received: Receipt) -> JudgePromise:
    """A judgement on a day of January 2015."""
    return JudgePromise(received, date(2015, 1, on))


def kept(on: int, amount: int = 100) -> PromiseKept:
    return PromiseKept(date(2015, 1, on), D(amount))


def broken(amount: int) -> PromiseBroken:
    return PromiseBroken(date(2015, 1, 4), D(amount))


def test_is_recorded_with_what_a_user_says() -> None:
    promise.given().when(replace(RECORD, note="  By wire.\n")).then(PROMISED)
    promise.given().when(replace(RECORD, promise=False)).then(EXPECTED)


def test_told_again_on_another_day_adds_nothing_and_another_under_its_id_is_refused() -> None:
    later = replace(RECORD, business_date=date(2015, 1, 9))
    promise.given(PROMISED).when(later).then_nothing()
    promise.given(PROMISED, WITHDRAWN).when(RECORD).then_nothing()
    other = replace(RECORD, amount=D(99))
    promise.given(PROMISED).when(other).then_refused("promise_exists", "idempotencyKey")


def test_is_of_its_invoices_currency_as_the_erp_writes_it() -> None:
    yen = (invoice_facts(curr_id="YEN"),)
    one = replace(RECORD, tran_ids=("I1",), documents=yen)
    expected = replace(PROMISED, tran_ids=("I1",), curr_id="YEN")
    promise.given().when(replace(one, curr_id=None)).then(expected)
    promise.given().when(replace(one, curr_id="JPY")).then(expected)
    promise.given().when(one).then_refused("promise_currency_differs", "currId")


def test_without_invoices_is_of_any_currency() -> None:
    alone = replace(RECORD, tran_ids=(), documents=())
    promise.given().when(replace(alone, curr_id="CHF")).then(
        replace(PROMISED, tran_ids=(), curr_id="CHF")
    )
    for nothing in (None, "", "XXX", "EURO"):
        promise.given().when(replace(alone, curr_id=nothing)).then_refused(
            "promise_currency_unknown", "currId"
        )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"account": None}, "account_unknown", "custId"),
        ({"amount": D(0)}, "promise_amount_not_positive", "amount"),
        ({"amount": D(-1)}, "promise_amount_not_positive", "amount"),
        ({"expect_date": date(2014, 12, 31)}, "promise_date_past", "expectDate"),
        ({"documents": (invoice_facts(), None)}, "invoice_unknown", "tranIds"),
        (
            {"documents": (invoice_facts(), invoice_facts("I2", "B"))},
            "promise_invoice_of_other_account",
            "tranIds",
        ),
        (
            {"documents": (invoice_facts(), invoice_facts("I2", closed_on=MADE))},
            "promise_invoice_closed",
            "tranIds",
        ),
        (
            {"documents": (invoice_facts(), invoice_facts("I2", curr_id="USD"))},
            "promise_currency_differs",
            "currId",
        ),
        ({"tran_ids": ("I1", "I1")}, "promise_invoice_repeated", "tranIds"),
        (
            {"tran_ids": tuple(str(n) for n in range(INVOICES_MAX + 1))},
            "promise_invoices_too_many",
            "tranIds",
        ),
        ({"note": "x" * (TEXT_CHARACTERS_MAX + 1)}, "note_too_long", "note"),
        ({"note": "a\0b"}, "note_not_text", "note"),
        ({"user_id": "a\0b"}, "promise_reference_not_text", "userId"),
        ({"activity_id": "\ud800"}, "promise_reference_not_text", "activityId"),
        ({"activity": None}, "activity_unknown", "activityId"),
        ({"activity": ActivityFacts("1", "B")}, "activity_of_other_account", "activityId"),
        ({"activity": ActivityFacts("2", "A")}, "activity_of_other_account", "activityId"),
    ],
)
def test_refuses_what_nobody_can_promise(change: dict[str, Any], code: str, field: str) -> None:
    promise.given().when(replace(RECORD, **change)).then_refused(code, field)


def test_may_be_for_today() -> None:
    today = replace(RECORD, expect_date=MADE)
    promise.given().when(today).then(replace(PROMISED, expect_date=MADE))


def test_knows_its_account_and_invoices_in_order() -> None:
    account, call, first = AccountFacts("1", "A", None), ActivityFacts("1", "A"), invoice_facts()
    knowing = replace(RECORD, account=None, documents=()).knowing([account, call, first, None])
    assert (knowing.account, knowing.activity) == (account, call)
    assert knowing.documents == (first, None)
    without = replace(RECORD, activity_id=None, documents=()).knowing([account, first, None])
    assert without.documents == (first, None)


def test_becomes_a_promise_while_it_is_open() -> None:
    confirmed = PromiseConfirmed(date(2015, 1, 2))
    confirm = ConfirmPromise(date(2015, 1, 2))
    promise.given(EXPECTED).when(confirm).then(confirmed)
    promise.given(PROMISED).when(confirm).then_nothing()
    promise.given(PROMISED, kept(1)).when(confirm).then_nothing()
    promise.given(EXPECTED, kept(1)).when(confirm).then_refused("promise_settled", "promiseId")
    promise.given(EXPECTED, WITHDRAWN).when(confirm).then_refused("promise_settled", "promiseId")
    promise.given().when(confirm).then_refused("promise_unknown", "promiseId")
    late = ConfirmPromise(date(2015, 1, 4))
    promise.given(EXPECTED).when(late).then_refused("promise_date_past", "promiseId")
    promise.given(EXPECTED, confirmed).when(judge(4)).then(broken(0))


def test_is_withdrawn_for_a_reason_while_it_is_open() -> None:
    withdraw = WithdrawPromise(" Disputed. ", MADE)
    promise.given(PROMISED).when(withdraw).then(WITHDRAWN)
    promise.given(PROMISED, WITHDRAWN).when(replace(withdraw, reason="Other")).then_refused(
        "promise_settled", "promiseId"
    )
    promise.given(PROMISED, broken(0)).when(withdraw).then_refused("promise_settled", "promiseId")
    promise.given().when(withdraw).then_refused("promise_unknown", "promiseId")
    past = replace(withdraw, business_date=date(2015, 1, 4))
    promise.given(PROMISED).when(past).then_refused("promise_date_past", "promiseId")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (" \n", "reason_empty"),
        ("x" * (TEXT_CHARACTERS_MAX + 1), "reason_too_long"),
        ("a\0b", "reason_not_text"),
    ],
)
def test_refuses_a_reason_that_is_none(reason: str, code: str) -> None:
    promise.given(PROMISED).when(WithdrawPromise(reason, MADE)).then_refused(code, "reason")


def test_that_was_withdrawn_is_not_judged() -> None:
    promise.given(PROMISED, WITHDRAWN).when(judge(9, receipt(2, 100))).then_nothing()


def test_that_nobody_knows_is_not_judged() -> None:
    promise.given().when(judge(9)).then_refused("promise_unknown", "promiseId")


def test_is_kept_as_soon_as_payments_to_all_its_invoices_make_up_the_amount() -> None:
    first, second = receipt(1, 60), receipt(2, 40, "P2", "I2")
    promise.given(PROMISED).when(judge(1, first)).then(PromiseReceiptCounted(first))
    promise.given(PROMISED, PromiseReceiptCounted(first)).when(judge(2, first, second)).then(
        PromiseReceiptCounted(second), kept(2)
    )
    promise.given(EXPECTED).when(judge(2, second, first)).then(
        PromiseReceiptCounted(first), PromiseReceiptCounted(second), kept(2)
    )


def test_is_kept_on_its_date_and_not_broken_on_it() -> None:
    promise.given(PROMISED).when(judge(3)).then_nothing()
    promise.given(PROMISED).when(judge(3, receipt(3, 60))).then(
        PromiseReceiptCounted(receipt(3, 60))
    )
    on_the_day = receipt(3, 100)
    promise.given(PROMISED).when(judge(9, on_the_day)).then(
        PromiseReceiptCounted(on_the_day), kept(3)
    )


def test_is_broken_the_day_after_whenever_that_is_found() -> None:
    for on in (4, 5, 30):
        promise.given(PROMISED).when(judge(on)).then(broken(0))


def test_short_on_time_is_broken() -> None:
    promise.given(PROMISED).when(judge(4, receipt(2, 99))).then(
        PromiseReceiptCounted(receipt(2, 99)), broken(99)
    )


def test_c13_late_but_full_before_the_next_sync_is_broken() -> None:
    late = receipt(5, 100)
    promise.given(PROMISED).when(judge(6, late)).then(PromiseReceiptCounted(late), broken(0))


def test_without_the_flag_is_missed_and_never_broken() -> None:
    missed = ExpectedPaymentMissed(date(2015, 1, 4), D(99))
    promise.given(EXPECTED).when(judge(9, receipt(2, 99))).then(
        PromiseReceiptCounted(receipt(2, 99)), missed
    )


def test_payments_after_it_was_broken_are_recorded_until_it_is_paid() -> None:
    late, rest, other = receipt(5, 60), receipt(6, 50, "P2"), receipt(7, 30, "P3")
    promise.given(PROMISED, broken(0)).when(judge(7, late, rest, other)).then(
        PromiseReceiptCounted(late), PromiseReceiptCounted(rest)
    )


def test_a_payment_in_time_that_becomes_known_later_contradicts_but_does_not_mend_it() -> None:
    back_dated = receipt(2, 100)
    promise.given(PROMISED, broken(0)).when(judge(9, back_dated)).then(
        PromiseReceiptCounted(back_dated), PromiseOutcomeContradicted(D(100))
    )
    known = (
        PROMISED,
        broken(0),
        PromiseReceiptCounted(back_dated),
        PromiseOutcomeContradicted(D(100)),
    )
    promise.given(*known).when(judge(10)).then(
        PromiseReceiptDropped(back_dated), PromiseOutcomeUpheld(D(0))
    )
    missed = ExpectedPaymentMissed(date(2015, 1, 4), D(0))
    promise.given(EXPECTED, missed).when(judge(9, back_dated)).then(
        PromiseReceiptCounted(back_dated), PromiseOutcomeContradicted(D(100))
    )


def test_a_payment_that_turns_out_void_contradicts_a_promise_that_it_kept() -> None:
    known = (PROMISED, PromiseReceiptCounted(receipt(2, 100)), kept(2))
    promise.given(*known).when(judge(9)).then(
        PromiseReceiptDropped(receipt(2, 100)), PromiseOutcomeContradicted(D(0))
    )
    lowered = receipt(2, 90)
    promise.given(*known).when(judge(9, lowered)).then(
        PromiseReceiptDropped(receipt(2, 100)),
        PromiseReceiptCounted(lowered),
        PromiseOutcomeContradicted(D(90)),
    )
    taken_back = receipt(3, -100, "P2")
    promise.given(*known).when(judge(9, receipt(2, 100), taken_back)).then(
        PromiseReceiptCounted(taken_back), PromiseOutcomeContradicted(D(0))
    )


def test_another_payment_in_time_upholds_a_promise_that_was_contradicted() -> None:
    known = (
        PROMISED,
        PromiseReceiptCounted(receipt(1, 100)),
        kept(1),
        PromiseReceiptDropped(receipt(1, 100)),
        PromiseOutcomeContradicted(D(0)),
    )
    again = receipt(2, 100, "P2")
    promise.given(*known).when(judge(2, again)).then(
        PromiseReceiptCounted(again), PromiseOutcomeUpheld(D(100))
    )


def test_money_that_was_taken_back_in_time_does_not_keep_it() -> None:
    received = (receipt(1, 100), receipt(2, -100, "P2"))
    promise.given(PROMISED).when(judge(4, *received)).then(
        *(PromiseReceiptCounted(one) for one in received), broken(0)
    )


def test_payments_before_it_was_made_do_not_count() -> None:
    early = Receipt(date(2014, 12, 31), D(100), "P1", "I1")
    promise.given(PROMISED).when(judge(4, early)).then(broken(0))


def test_payments_dated_ahead_wait_for_their_day() -> None:
    ahead = receipt(3, 100)
    promise.given(PROMISED).when(judge(2, ahead)).then_nothing()
    promise.given(PROMISED).when(judge(3, ahead)).then(PromiseReceiptCounted(ahead), kept(3))


def test_a_judgement_of_an_earlier_date_takes_nothing_back() -> None:
    known = (PROMISED, PromiseReceiptCounted(receipt(3, 100)), kept(3))
    promise.given(*known).when(judge(2)).then_nothing()
    promise.given(*known).when(judge(2, receipt(3, 100))).then_nothing()


def test_facts_are_true_on_their_own_dates() -> None:
    on = date(2020, 1, 1)
    one = receipt(2, 1)
    dates = {
        PromiseReceiptCounted(one): date(2015, 1, 2),
        PromiseReceiptDropped(one): date(2015, 1, 2),
        kept(2): date(2015, 1, 2),
        broken(0): date(2015, 1, 4),
        ExpectedPaymentMissed(date(2015, 1, 4), D(0)): date(2015, 1, 4),
        PromiseOutcomeUpheld(D(0)): on,
    }
    assert {event: event.effective_on(on) for event in dates} == dates


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        PROMISE.replay([PromiseConfirmed(MADE)])


def plainly_completed(received: tuple[Receipt, ...], amount: Decimal) -> date | None:
    """The first day on and after which, day by day, at least the amount was there."""
    enough = [total(by_date(received, day(number))) >= amount for number in range(-2, 12)]
    for number, _ in enumerate(enough):
        if all(enough[number:]):
            return day(number - 2)
    return None


@given(receipts(), st.sampled_from([D(10), D(60), D(100), D(160)]))
def test_an_amount_is_complete_when_it_is_there_to_stay(
    received: tuple[Receipt, ...], amount: Decimal
) -> None:
    completed = completed_on(received, amount)
    assert completed == plainly_completed(received, amount)
    counts = counted(received, amount)
    assert counts <= frozenset(received)
    assert (total(counts) >= amount) == (completed is not None)


def happened(commands: list[PromiseCommand]) -> list[PromiseEvent]:
    events: list[PromiseEvent] = []
    for command in commands:
        try:
            events += PROMISE.decide(command, PROMISE.replay(events))
        except Refused:
            continue
    return events


@settings(max_examples=300)
@given(st.lists(promise_commands(), max_size=6), receipts(), st.integers(6, 12))
def test_however_it_came_about_an_outcome_and_its_mark_say_what_was_received_in_time(
    commands: list[PromiseCommand], received: tuple[Receipt, ...], on: int
) -> None:
    recording = RecordExpectedPayment(
        "p",
        "1",
        "A",
        D(100),
        day(5),
        day(0),
        "EUR",
        promise=True,
        account=AccountFacts("1", "A", None),
    )
    judgement = JudgePromise(received, day(on))
    events = happened([recording, *commands, judgement])
    state = PROMISE.replay(events)
    if not isinstance(state, Open | Settled):
        return  # withdrawn
    assert PROMISE.decide(judgement, state) == []
    in_time = total({one for one in received if day(0) <= one.dated <= day(5)})
    assert isinstance(state, Settled), "its date has passed"
    assert (in_time >= 100) == (state.kept != state.contradicted)
    outcomes = [e for e in events if isinstance(e, PromiseKept | PromiseBroken)]
    assert len(outcomes) == 1
    if isinstance(outcomes[0], PromiseBroken):
        assert outcomes[0].broken_on == day(5) + timedelta(days=1)
