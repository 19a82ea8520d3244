"""An invoice ..."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.balance_changes import Unexplained
from domain.invoice import (
    INVOICE,
    Application,
    ApplyPayments,
    ImportInvoice,
    InvoiceAmended,
    InvoiceBalanceReconciled,
    InvoiceClosed,
    InvoiceDocument,
    InvoiceRegistered,
    InvoiceReopened,
    InvoiceStatusChanged,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

invoice = Story(INVOICE)

JAN1, JAN15, FEB1, FEB10, MAR1, MAR2 = (
    date(2026, 1, 1),
    date(2026, 1, 15),
    date(2026, 2, 1),
    date(2026, 2, 10),
    date(2026, 3, 1),
    date(2026, 3, 2),
)
D = Decimal
DOCUMENT = InvoiceDocument("1", "I1", "ACME", JAN1, D(100), "EUR", D(100), "EUR", due_date=FEB1)
FOREIGN = replace(DOCUMENT, curr_id="USD", amount=D(100), amount_hc=D(90))
CREDIT = replace(DOCUMENT, type="CM", amount=D(-50), amount_hc=D(-50))


def told(document: InvoiceDocument = DOCUMENT, on: date = MAR1, **others: Any) -> ImportInvoice:
    return ImportInvoice(document, on, **others)


def registered(document: InvoiceDocument = DOCUMENT, on: date = MAR1) -> InvoiceRegistered:
    return InvoiceRegistered(document, min(document.tran_date, on), on)


def applied(payment: str, amount: int, on: date, hc: str | None = None) -> PaymentApplied:
    return PaymentApplied("1", "I1", payment, D(amount), D(hc or amount), on)


def unapplied(
    payment: str, amount: int, on: date, last: date | None, hc: str | None = None
) -> PaymentUnapplied:
    return PaymentUnapplied("1", "I1", payment, D(amount), D(hc or amount), on, last)


def reconciled(
    *after: tuple[date, int], before: tuple[tuple[date, int], ...] = ()
) -> InvoiceBalanceReconciled:
    return InvoiceBalanceReconciled(
        tuple(Unexplained(on, D(amount), D(amount)) for on, amount in after),
        tuple(Unexplained(on, D(amount), D(amount)) for on, amount in before),
    )


P60 = Application("P1", D(60), FEB1)
P40 = Application("P2", D(40), FEB10)


def test_is_registered_as_of_its_date() -> None:
    invoice.given().when(told()).then(registered())


def test_dated_ahead_counts_from_the_day_it_is_known() -> None:
    ahead = replace(DOCUMENT, tran_date=MAR2)
    invoice.given().when(told(ahead, on=MAR1)).then(InvoiceRegistered(ahead, MAR1, MAR1))


def test_counts_from_its_posting_date_if_it_has_one() -> None:
    posted = replace(DOCUMENT, post_date=JAN15)
    invoice.given().when(told(posted)).then(InvoiceRegistered(posted, JAN15, MAR1))


def test_is_registered_with_its_applications_and_closed_by_them() -> None:
    command = told(balance=D(0), applications=(P60, P40))
    invoice.given().when(command).then(
        registered(), applied("P1", 60, FEB1), applied("P2", 40, FEB10), InvoiceClosed(FEB10)
    )


def test_with_a_balance_of_its_amount_is_just_open() -> None:
    invoice.given().when(told(balance=D(100), balance_hc=D(100))).then(registered())


def test_of_nothing_is_closed_from_the_start() -> None:
    nothing = replace(DOCUMENT, amount=D(0), amount_hc=D(0))
    invoice.given().when(told(nothing)).then(registered(nothing), InvoiceClosed(JAN1))


def test_lowered_without_a_payment_is_lowered_on_the_day_of_the_sync() -> None:
    invoice.given(registered()).when(told(balance=D(70), on=MAR2)).then(reconciled((MAR2, 30)))


def test_lowered_and_closed_is_lowered_on_the_closing_date() -> None:
    command = told(balance=D(0), closing_tran_date=FEB10)
    invoice.given().when(command).then(registered(), reconciled((FEB10, 100)), InvoiceClosed(FEB10))


def test_with_a_closing_date_and_no_balance_is_paid_on_that_date() -> None:
    invoice.given(registered()).when(told(closing_tran_date=FEB10)).then(
        reconciled((FEB10, 100)), InvoiceClosed(FEB10)
    )


def test_that_closed_on_another_date_than_was_said_is_closed_on_that() -> None:
    closed = (registered(), reconciled((FEB10, 100)), InvoiceClosed(FEB10))
    invoice.given(*closed).when(told(closing_tran_date=FEB1)).then(
        reconciled((FEB1, 100), before=((FEB10, 100),)), InvoiceClosed(FEB1)
    )
    invoice.given(*closed).when(told(balance=D(0), closing_tran_date=FEB1)).then(
        reconciled((FEB1, 100), before=((FEB10, 100),)), InvoiceClosed(FEB1)
    )


def test_explained_late_is_lowered_by_the_payment_and_no_longer_without() -> None:
    lowered = (registered(), reconciled((MAR1, 60)))
    invoice.given(*lowered).when(told(balance=D(40), applications=(P60,), on=MAR2)).then(
        applied("P1", 60, FEB1), reconciled(before=((MAR1, 60),))
    )


def test_explained_in_part_keeps_the_rest_unexplained() -> None:
    lowered = (registered(), reconciled((MAR1, 100)), InvoiceClosed(MAR1))
    invoice.given(*lowered).when(told(balance=D(0), applications=(P60,), on=MAR2)).then(
        applied("P1", 60, FEB1), reconciled((MAR1, 40), before=((MAR1, 100),))
    )


def test_whose_balance_rises_again_is_reopened_on_the_day_of_the_sync() -> None:
    closed = (registered(), reconciled((FEB10, 100)), InvoiceClosed(FEB10))
    invoice.given(*closed).when(told(balance=D(100), on=MAR2)).then(
        reconciled((FEB10, 100), (MAR2, -100), before=((FEB10, 100),)), InvoiceReopened()
    )


def test_told_that_it_closed_before_what_was_noticed_had_all_happened_by_then() -> None:
    lowered = (registered(), reconciled((MAR1, 60)))
    command = told(balance=D(0), closing_tran_date=FEB10, on=MAR2)
    invoice.given(*lowered).when(command).then(
        reconciled((FEB10, 60), (FEB10, 40), before=((MAR1, 60),)), InvoiceClosed(FEB10)
    )


def test_that_was_lowered_before_it_closed_keeps_both_dates() -> None:
    lowered = (registered(), reconciled((FEB1, 60)))
    command = told(balance=D(0), closing_tran_date=FEB10, on=MAR2)
    invoice.given(*lowered).when(command).then(
        reconciled((FEB1, 60), (FEB10, 40), before=((FEB1, 60),)), InvoiceClosed(FEB10)
    )


def test_with_a_closing_date_and_a_balance_is_lowered_on_that_date_and_stays_open() -> None:
    command = told(balance=D(30), closing_tran_date=FEB10)
    invoice.given(registered()).when(command).then(reconciled((FEB10, 70)))


def test_overpaid_by_its_payments_is_made_good_by_its_closing_date() -> None:
    paid = Application("P1", D(120), FEB1)
    command = told(balance=D(0), closing_tran_date=FEB10, applications=(paid,))
    invoice.given().when(command).then(
        registered(), applied("P1", 120, FEB1), reconciled((FEB10, -20)), InvoiceClosed(FEB10)
    )


def test_overpaid_is_open_the_other_way() -> None:
    paid = Application("P1", D(120), FEB1)
    invoice.given().when(told(applications=(paid,))).then(registered(), applied("P1", 120, FEB1))


def test_amended_holds_from_its_start_on() -> None:
    larger = replace(DOCUMENT, amount=D(120), amount_hc=D(120))
    invoice.given(registered()).when(told(larger, on=MAR2)).then(
        InvoiceAmended(larger, JAN1, D(20), D(20))
    )


def test_moved_to_another_account_or_due_date_is_amended() -> None:
    moved = replace(DOCUMENT, cust_id="BETA", due_date=MAR1)
    invoice.given(registered()).when(told(moved)).then(InvoiceAmended(moved, JAN1))


def test_amended_below_what_was_paid_has_a_credit_balance() -> None:
    smaller = replace(DOCUMENT, amount=D(50), amount_hc=D(50))
    paid = (registered(), applied("P1", 60, FEB1))
    invoice.given(*paid).when(told(smaller)).then(InvoiceAmended(smaller, JAN1, D(-50), D(-50)))


def test_amended_to_less_after_it_was_paid_unexplained_was_paid_that_much_less() -> None:
    smaller = replace(DOCUMENT, amount=D(80), amount_hc=D(80))
    closed = (registered(), reconciled((FEB10, 100)), InvoiceClosed(FEB10))
    invoice.given(*closed).when(told(smaller, balance=D(0), on=MAR2)).then(
        InvoiceAmended(smaller, JAN1, D(-20), D(-20)),
        reconciled((FEB10, 80), before=((FEB10, 100),)),
    )


def test_amended_to_more_after_it_was_paid_unexplained_was_paid_the_rest_when_that_was_told() -> (
    None
):
    larger = replace(DOCUMENT, amount=D(120), amount_hc=D(120))
    closed = (registered(), reconciled((FEB10, 100)), InvoiceClosed(FEB10))
    invoice.given(*closed).when(told(larger, balance=D(0), on=MAR2)).then(
        InvoiceAmended(larger, JAN1, D(20), D(20)),
        reconciled((FEB10, 100), (MAR2, 20), before=((FEB10, 100),)),
        InvoiceClosed(MAR2),
    )


def test_with_another_status_says_so() -> None:
    invoice.given(registered()).when(told(status="disputed")).then(InvoiceStatusChanged("disputed"))


def test_paid_in_part_by_a_payment_is_open_for_the_rest() -> None:
    invoice.given(registered()).when(told(applications=(P60,))).then(applied("P1", 60, FEB1))


def test_whose_payment_is_void_is_as_if_it_had_never_been_paid() -> None:
    paid = (registered(), applied("P1", 60, FEB1), applied("P2", 40, FEB10), InvoiceClosed(FEB10))
    void = Application("P2", D(0), FEB10)
    invoice.given(*paid).when(told(balance=D(40), applications=(void,))).then(
        unapplied("P2", 40, FEB10, FEB1), InvoiceReopened()
    )


def test_whose_payment_is_applied_anew_is_unapplied_first() -> None:
    paid = (registered(), applied("P1", 60, FEB1))
    invoice.given(*paid).when(told(applications=(Application("P1", D(30), FEB10),))).then(
        unapplied("P1", 60, FEB1, None), applied("P1", 30, FEB10)
    )


def test_paid_by_a_post_dated_payment_that_the_balance_leaves_out_is_open_until_then() -> None:
    later = Application("P1", D(100), MAR2)
    invoice.given().when(told(balance=D(100), applications=(later,), on=MAR1)).then(
        registered(), applied("P1", 100, MAR2), InvoiceClosed(MAR2)
    )


def test_lowered_and_paid_by_a_post_dated_payment_that_the_balance_leaves_out() -> None:
    later = Application("P1", D(50), MAR2)
    invoice.given().when(told(balance=D(70), applications=(later,), on=MAR1)).then(
        registered(), applied("P1", 50, MAR2), reconciled((MAR1, 30))
    )
    lowered = (registered(), reconciled((FEB10, 30)))
    invoice.given(*lowered).when(told(balance=D(70), applications=(later,), on=MAR1)).then(
        applied("P1", 50, MAR2)
    )


def test_whose_post_dated_payment_the_balance_counts_already_is_paid_on_its_date() -> None:
    later = Application("P1", D(100), MAR2)
    invoice.given().when(told(balance=D(0), applications=(later,), on=MAR1)).then(
        registered(), applied("P1", 100, MAR2), InvoiceClosed(MAR2)
    )


def test_whose_post_dated_payment_never_came_is_open_again() -> None:
    awaited = (registered(), applied("P1", 100, MAR1), InvoiceClosed(MAR1))
    invoice.given(*awaited).when(told(balance=D(100), on=MAR2)).then(
        reconciled((MAR2, -100)), InvoiceReopened()
    )


def test_in_another_currency_is_paid_at_its_own_booked_rate() -> None:
    third = Application("P1", D("33.33"), FEB1)
    rest = Application("P2", D("66.67"), FEB10)
    invoice.given().when(told(FOREIGN, applications=(third, rest))).then(
        registered(FOREIGN),
        PaymentApplied("1", "I1", "P1", D("33.33"), D("30.00"), FEB1),
        PaymentApplied("1", "I1", "P2", D("66.67"), D("60.00"), FEB10),
        InvoiceClosed(FEB10),
    )


def test_in_another_currency_follows_the_erps_own_home_balance() -> None:
    command = told(FOREIGN, balance=D(50), balance_hc=D("44.10"))
    invoice.given(registered(FOREIGN)).when(command).then(
        InvoiceBalanceReconciled((Unexplained(MAR1, D(50), D("45.90")),))
    )
    invoice.given(registered(FOREIGN)).when(told(FOREIGN, balance=D(50))).then(
        InvoiceBalanceReconciled((Unexplained(MAR1, D(50), D("45.00")),))
    )


def test_paid_in_full_but_for_the_rate_leaves_nothing_in_home_currency() -> None:
    paid = (registered(FOREIGN), PaymentApplied("1", "I1", "P1", D(100), D("89.99"), FEB1))
    invoice.given(*paid).when(told(FOREIGN)).then(
        InvoiceBalanceReconciled((Unexplained(FEB1, D(0), D("0.01")),)), InvoiceClosed(FEB1)
    )


def test_in_another_currency_without_an_amount_has_nothing_open_in_home_currency() -> None:
    nothing = replace(FOREIGN, amount=D(0), amount_hc=D(5))
    invoice.given().when(told(nothing)).then(
        registered(nothing),
        InvoiceBalanceReconciled((Unexplained(JAN1, D(0), D(5)),)),
        InvoiceClosed(JAN1),
    )
    invoice.given().when(told(nothing, balance=D(3))).then(
        registered(nothing), InvoiceBalanceReconciled((Unexplained(MAR1, D(-3), D(2)),))
    )


def test_in_another_currency_whose_home_balance_alone_moved_moves_on_the_day_of_the_sync() -> None:
    command = told(FOREIGN, balance=D(100), balance_hc=D(88))
    invoice.given(registered(FOREIGN)).when(command).then(
        InvoiceBalanceReconciled((Unexplained(MAR1, D(0), D(2)),))
    )


def test_in_another_currency_paid_has_nothing_open_in_home_currency_since_it_was_paid() -> None:
    paid = (registered(FOREIGN), PaymentApplied("1", "I1", "P1", D(100), D("89.99"), FEB1))
    rest = InvoiceBalanceReconciled((Unexplained(FEB1, D(0), D("0.01")),))
    invoice.given(*paid).when(told(FOREIGN, balance=D(0))).then(rest, InvoiceClosed(FEB1))
    rest = InvoiceBalanceReconciled((Unexplained(FEB10, D(0), D("0.01")),))
    command = told(FOREIGN, balance=D(0), closing_tran_date=FEB10)
    invoice.given(*paid).when(command).then(rest, InvoiceClosed(FEB10))


def test_in_another_currency_cancelled_has_nothing_open_in_home_currency_since_its_payment() -> (
    None
):
    half = (registered(FOREIGN), PaymentApplied("1", "I1", "P1", D(50), D("45.10"), FEB1))
    lowered = Unexplained(MAR2, D(50), D("44.90"))
    history = (*half, InvoiceBalanceReconciled((lowered,)), InvoiceClosed(MAR2))
    cancelled = replace(FOREIGN, amount=D(50), amount_hc=D("45.00"))
    amended, reconciled, closed = (
        invoice.given(*history).when(told(cancelled, balance=D(0), on=MAR2)).decided()
    )
    assert isinstance(amended, InvoiceAmended)
    assert reconciled == InvoiceBalanceReconciled(
        (Unexplained(FEB1, D(0), D("-0.10")),), (lowered,)
    )
    assert closed == InvoiceClosed(FEB1)


def test_in_another_currency_explained_late_keeps_its_home_balance() -> None:
    lowered = Unexplained(MAR1, D(100), D("90"))
    closed = (registered(FOREIGN), InvoiceBalanceReconciled((lowered,)), InvoiceClosed(MAR1))
    news = (Application("P1", D(33), FEB1),)
    explained = (
        PaymentApplied("1", "I1", "P1", D(33), D("29.70"), FEB1),
        InvoiceBalanceReconciled((Unexplained(MAR1, D(67), D("60.30")),), (lowered,)),
    )
    invoice.given(*closed).when(ApplyPayments(news, MAR2)).then(*explained)
    invoice.given(*closed).when(told(FOREIGN, balance=D(0), applications=news, on=MAR2)).then(
        *explained
    )


def test_in_another_currency_explained_late_at_another_rate_keeps_its_home_balance() -> None:
    lowered = Unexplained(MAR1, D(40), D("40.00"))
    history = (registered(FOREIGN), InvoiceBalanceReconciled((lowered,)))
    news = (Application("P1", D(40), FEB1),)
    explained = (
        PaymentApplied("1", "I1", "P1", D(40), D("36.00"), FEB1),
        InvoiceBalanceReconciled((Unexplained(MAR1, D(0), D("4.00")),), (lowered,)),
    )
    invoice.given(*history).when(ApplyPayments(news, MAR2)).then(*explained)
    command = told(FOREIGN, balance=D(60), balance_hc=D(50), applications=news, on=MAR2)
    invoice.given(*history).when(command).then(*explained)


def test_in_another_currency_explained_in_part_while_it_rises_is_told_by_the_booked_rate() -> None:
    lowered = Unexplained(FEB10, D(100), D(90))
    closed = (registered(FOREIGN), InvoiceBalanceReconciled((lowered,)), InvoiceClosed(FEB10))
    command = told(FOREIGN, balance=D(30), applications=(Application("P1", D(50), FEB1),), on=MAR2)
    invoice.given(*closed).when(command).then(
        PaymentApplied("1", "I1", "P1", D(50), D("45.00"), FEB1),
        InvoiceBalanceReconciled(
            (Unexplained(FEB10, D(50), D("45.00")), Unexplained(MAR2, D(-30), D("-27.00"))),
            (lowered,),
        ),
        InvoiceReopened(),
    )


def test_in_another_currency_of_figures_beyond_reason_is_taken_all_the_same() -> None:
    huge = replace(FOREIGN, amount=D("0.01"), amount_hc=D("9e20"))
    command = told(huge, applications=(Application("P1", D("9e20"), FEB1),))
    _, paid = invoice.given().when(command).decided()
    assert paid == PaymentApplied("1", "I1", "P1", D("9e20"), D("81e42"), FEB1)


def test_a_credit_memo_is_used_up_by_negative_applications() -> None:
    used = Application("I9", D(-20), FEB1)
    invoice.given().when(told(CREDIT, applications=(used,))).then(
        registered(CREDIT), applied("I9", -20, FEB1)
    )
    invoice.given(registered(CREDIT)).when(told(CREDIT, balance=D(0), on=MAR2)).then(
        reconciled((MAR2, -50)), InvoiceClosed(MAR2)
    )


def test_a_credit_memo_used_up_unexplained_is_explained_late() -> None:
    lowered = (registered(CREDIT), reconciled((MAR1, -50)), InvoiceClosed(MAR1))
    used = Application("I9", D(-20), FEB1)
    invoice.given(*lowered).when(told(CREDIT, balance=D(0), applications=(used,), on=MAR2)).then(
        applied("I9", -20, FEB1), reconciled((MAR1, -30), before=((MAR1, -50),))
    )


def test_paid_without_a_row_of_its_own_in_the_export() -> None:
    invoice.given(registered()).when(ApplyPayments((P60,), MAR1)).then(applied("P1", 60, FEB1))
    lowered = (registered(), reconciled((FEB10, 100)), InvoiceClosed(FEB10))
    invoice.given(*lowered).when(ApplyPayments((P60,), MAR1)).then(
        applied("P1", 60, FEB1), reconciled((FEB10, 40), before=((FEB10, 100),))
    )


def test_paid_more_than_was_unexplained_is_paid_the_rest_as_well() -> None:
    lowered = (registered(), reconciled((FEB1, 20), (FEB10, 30)))
    more = Application("P1", D(70), JAN15)
    invoice.given(*lowered).when(ApplyPayments((more,), MAR1)).then(
        applied("P1", 70, JAN15), reconciled(before=((FEB1, 20), (FEB10, 30)))
    )
    all_of_it = Application("P1", D(100), JAN15)
    invoice.given(*lowered).when(ApplyPayments((all_of_it,), MAR1)).then(
        applied("P1", 100, JAN15),
        reconciled(before=((FEB1, 20), (FEB10, 30))),
        InvoiceClosed(JAN15),
    )


def test_explained_from_its_earliest_drop_on_and_not_from_what_raised_it() -> None:
    moved = ((FEB1, 60), (FEB10, -30), (MAR1, 20))
    history = (registered(), reconciled(*moved))
    news = Application("P1", D(30), JAN15)
    invoice.given(*history).when(ApplyPayments((news,), MAR2)).then(
        applied("P1", 30, JAN15), reconciled((FEB1, 30), (FEB10, -30), (MAR1, 20), before=moved)
    )


def test_in_another_currency_paid_in_full_but_for_the_rate_without_a_row_of_its_own() -> None:
    paid = (registered(FOREIGN), PaymentApplied("1", "I1", "P1", D(60), D("53.99"), FEB1))
    moved = Application("P1", D(50), FEB1), Application("P2", D(50), FEB10)
    invoice.given(*paid).when(ApplyPayments(moved, MAR1)).then(
        PaymentUnapplied("1", "I1", "P1", D(60), D("53.99"), FEB1),
        PaymentApplied("1", "I1", "P1", D(50), D("45.00"), FEB1),
        PaymentApplied("1", "I1", "P2", D(50), D("45.00"), FEB10),
        InvoiceClosed(FEB10),
    )
    dear = InvoiceAmended(replace(FOREIGN, amount_hc=D("90.01")), JAN1, D(0), D("0.01"))
    invoice.given(*paid, dear).when(ApplyPayments((P40,), MAR1)).then(
        PaymentApplied("1", "I1", "P2", D(40), D("36.02"), FEB10), InvoiceClosed(FEB10)
    )
    closed = PaymentApplied("1", "I1", "P2", D(40), D("36.00"), FEB10)
    invoice.given(*paid, closed, InvoiceClosed(FEB10)).when(ApplyPayments((P40,), MAR1)).then(
        InvoiceBalanceReconciled((Unexplained(FEB10, D(0), D("0.01")),))
    )


def test_that_nobody_knows_cannot_be_paid() -> None:
    invoice.given().when(ApplyPayments((P60,), MAR1)).then_refused("invoice_unknown", "tran_id")


@pytest.mark.parametrize(
    "history",
    [
        (InvoiceClosed(FEB1),),
        (applied("P1", 1, FEB1),),
        (registered(), registered()),
    ],
)
def test_refuses_a_history_that_cannot_be(history: tuple[Any, ...]) -> None:
    with pytest.raises(ImpossibleHistory):
        INVOICE.replay(history)


def test_an_event_is_effective_when_it_is_true() -> None:
    assert registered().effective_on(MAR2) == JAN1
    assert applied("P1", 1, FEB1).effective_on(MAR2) == FEB1
    assert unapplied("P1", 1, FEB1, None).effective_on(MAR2) == FEB1
    assert InvoiceClosed(FEB10).effective_on(MAR2) == FEB10
    assert InvoiceReopened().effective_on(MAR2) == MAR2
    assert reconciled((FEB1, 1)).effective_on(MAR2) == MAR2
