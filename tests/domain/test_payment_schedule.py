"""A payment schedule ..."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.payment_schedule import (
    INSTALMENTS_MAX,
    PAYMENT_SCHEDULE,
    CancelPaymentSchedule,
    Instalment,
    PaymentScheduleCancelled,
    PaymentsScheduled,
    PlannedInstalment,
    SchedulePayments,
    open_parts,
    rests_after,
    with_home_amounts,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import DocumentFacts
from tests.story import Story

schedule = Story(PAYMENT_SCHEDULE)

D = Decimal
ON = date(2026, 3, 2)
DUE = date(2026, 1, 31)
INVOICE = DocumentFacts(
    "1",
    "I1",
    "ACME",
    "IN",
    date(2026, 1, 1),
    DUE,
    "USD",
    "EUR",
    D(200),
    D("180.02"),
    D(100),
    D("90.01"),
    None,
)


def plan(*amounts: str, first: date = date(2026, 4, 1)) -> tuple[PlannedInstalment, ...]:
    """Instalments, one every thirty days."""
    return tuple(
        PlannedInstalment(first + timedelta(days=30 * number), D(amount))
        for number, amount in enumerate(amounts)
    )


def make(
    *amounts: str, reason: str | None = None, document: DocumentFacts | None = INVOICE
) -> SchedulePayments:
    """A command to schedule amounts, knowing the document."""
    return SchedulePayments(plan(*amounts), reason, ON).knowing([document])


def made(*amounts: tuple[str, str], reason: str | None = None, on: date = ON) -> PaymentsScheduled:
    """That amounts, in both currencies, were scheduled."""
    dates = [one.due_date for one in plan(*(amount for amount, _ in amounts))]
    return PaymentsScheduled(
        "1",
        "I1",
        "ACME",
        "USD",
        "EUR",
        on,
        tuple(
            Instalment(due, D(own), D(hc)) for due, (own, hc) in zip(dates, amounts, strict=True)
        ),
        DUE,
        D(200),
        D("180.02"),
        reason,
    )


HALVES = made(("50", "45.00"), ("50", "45.01"))


def test_splits_what_is_open_and_keeps_what_the_erp_says() -> None:
    schedule.given().when(make("50", "50")).then(HALVES)
    assert HALVES.effective_on(date(2030, 1, 1)) == ON


def test_is_replaced_by_another_and_told_twice_changes_nothing() -> None:
    thirds = made(("33.33", "30.00"), ("33.33", "30.00"), ("33.34", "30.01"), reason="plan")
    schedule.given(HALVES).when(make("33.33", "33.33", "33.34", reason="  plan ")).then(thirds)
    schedule.given(HALVES).when(make("50", "50", reason="why")).then(
        made(("50", "45.00"), ("50", "45.01"), reason="why")
    )


def test_that_was_made_is_not_made_again_though_something_was_paid_since() -> None:
    paid = replace(INVOICE, balance=D(40), balance_hc=D(36))
    schedule.given(HALVES).when(make("50", "50", document=paid)).then_nothing()


def test_is_cancelled_and_made_anew() -> None:
    cancelled = PaymentScheduleCancelled("1", "I1", ON, "paid at once")
    schedule.given(HALVES).when(CancelPaymentSchedule(" paid at once", ON)).then(cancelled)
    schedule.given(HALVES, cancelled).when(CancelPaymentSchedule(None, ON)).then_nothing()
    schedule.given(HALVES, cancelled).when(make("50", "50")).then(HALVES)
    schedule.given().when(CancelPaymentSchedule(None, ON)).then_refused(
        "schedule_unknown", "tranId"
    )
    assert cancelled.effective_on(date(2030, 1, 1)) == ON


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "invoice_unknown"),
        (replace(INVOICE, balance=D(0), closed_on=ON), "invoice_closed"),
        (replace(INVOICE, balance=D(0)), "schedule_nothing_to_pay"),
        (replace(INVOICE, balance=D(-100)), "schedule_nothing_to_pay"),
    ],
)
def test_needs_a_document_to_pay(document: DocumentFacts | None, code: str) -> None:
    schedule.given().when(make("50", "50", document=document)).then_refused(code, "tranId")


@pytest.mark.parametrize(
    ("instalments", "code"),
    [
        ((), "schedule_too_few"),
        (plan("100"), "schedule_too_few"),
        (plan(*["1"] * (INSTALMENTS_MAX + 1)), "schedule_too_many"),
        (plan("100", "0"), "schedule_amount_not_positive"),
        (plan("101", "-1"), "schedule_amount_not_positive"),
        (plan("50", "50", first=date(2025, 12, 31)), "schedule_due_before_document"),
        ((*plan("50"), *plan("50")), "schedule_dates_not_rising"),
        (tuple(reversed(plan("50", "50"))), "schedule_dates_not_rising"),
        (plan("33.333", "66.667"), "schedule_amount_too_fine"),
        (plan("50", "49.99"), "schedule_does_not_sum"),
        (plan("50", "50.000000001"), "schedule_does_not_sum"),
        (plan("100", "1e-90"), "schedule_does_not_sum"),
        (plan("1e90", "1"), "schedule_does_not_sum"),
    ],
)
def test_refuses_instalments_that_are_none(
    instalments: tuple[PlannedInstalment, ...], code: str
) -> None:
    command = SchedulePayments(instalments, None, ON, INVOICE)
    schedule.given().when(command).then_refused(code, "instalments")
    schedule.given(HALVES).when(command).then_refused(code, "instalments")


def test_tells_both_sums_when_they_differ() -> None:
    with pytest.raises(Exception, match=r"sum to 90\.00 USD, but 100\.00 USD is open"):
        schedule.given().when(make("50", "40")).decided()


def test_may_be_as_long_as_it_may_be() -> None:
    amounts = ["0.50"] * (INSTALMENTS_MAX - 1)
    (event,) = schedule.given().when(make(*amounts, "40.50")).decided()
    assert len(event.instalments) == INSTALMENTS_MAX


@pytest.mark.parametrize(
    ("reason", "code"),
    [("a\0b", "schedule_reason_not_text"), ("x" * 2_001, "schedule_reason_too_long")],
)
def test_takes_only_text_for_a_reason(reason: str, code: str) -> None:
    schedule.given().when(make("50", "50", reason=reason)).then_refused(code, "reason")
    schedule.given(HALVES).when(CancelPaymentSchedule(reason, ON)).then_refused(code, "reason")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        PAYMENT_SCHEDULE.replay([PaymentScheduleCancelled("1", "I1", ON)])


CENTS = st.integers(1, 100_000).map(lambda cents: D(cents) / 100)
AMOUNTS = st.lists(CENTS, min_size=2, max_size=20)


@given(AMOUNTS, st.integers(0, 3_000_000).map(lambda cents: D(cents) / 100))
def test_shares_in_home_currency_sum_to_the_balance_and_none_is_negative(
    amounts: list[Decimal], balance_hc: Decimal
) -> None:
    balance = sum(amounts, D(0))
    document = replace(INVOICE, balance=balance, balance_hc=balance_hc)
    shares = with_home_amounts(plan(*map(str, amounts)), document)
    assert sum(one.amount_hc for one in shares) == balance_hc
    assert all(one.amount_hc >= 0 for one in shares)
    for one in shares:
        assert abs(one.amount_hc - balance_hc * one.amount / balance) <= D("0.01")
    assert [one.amount for one in shares] == amounts


@given(AMOUNTS, st.integers(-100_000, 3_000_000).map(lambda cents: D(cents) / 100))
def test_open_parts_sum_to_the_balance_and_the_earliest_is_paid_first(
    amounts: list[Decimal], balance: Decimal
) -> None:
    parts = open_parts(balance, amounts)
    assert sum(parts) == balance
    assert all(part <= amount for part, amount in zip(parts[1:], amounts[1:], strict=True))
    if balance < 0:
        assert parts == [balance, *[0] * (len(amounts) - 1)]
        return
    assert all(part >= 0 for part in parts)
    touched = [n for n, part in enumerate(parts) if part]
    first = touched[0] if touched else len(parts)
    assert parts[:first] == [0] * first
    assert parts[first + 1 :] == amounts[first + 1 :]  # later ones are not paid at all
    assert rests_after(amounts) == [sum(amounts[n + 1 :]) for n in range(len(amounts))]


def test_payments_go_to_the_earliest_instalment() -> None:
    amounts = [D(50), D(30), D(20)]
    assert open_parts(D(100), amounts) == [50, 30, 20]
    assert open_parts(D(60), amounts) == [10, 30, 20]
    assert open_parts(D(35), amounts) == [0, 15, 20]
    assert open_parts(D(0), amounts) == [0, 0, 0]
    assert open_parts(D(120), amounts) == [70, 30, 20]
    assert open_parts(D(-5), amounts) == [-5, 0, 0]
