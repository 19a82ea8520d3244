"""What collectors say of an account ..."""

from datetime import date
from typing import Any

import pytest

from domain.account_care import (
    ACCOUNT_CARE,
    AccountAssigned,
    AccountClassified,
    AddSalesRep,
    AllowOnlinePayments,
    AssignAccount,
    BeginCare,
    ClassifyAccount,
    CreditRated,
    DaysToRespondSet,
    LeaveClass,
    OnlinePaymentsAllowed,
    PrimarySalesPersonSet,
    RateCredit,
    SalesRepsSet,
    ScoreSource,
    SetDaysToRespond,
    SetPrimarySalesPerson,
    SetSalesReps,
    UpdateAccount,
)
from domain.shared.facts import AccountFacts, UserFacts
from tests.story import Story

care = Story(ACCOUNT_CARE)

TODAY, BEFORE, LATER = date(2026, 3, 2), date(2026, 2, 1), date(2026, 4, 1)
KEY = ("1", "ACME")
ACME = AccountFacts(*KEY, None)
DANA = UserFacts("dana", "credit_user", None, True)
EVE = UserFacts("eve", "credit_user", None, False)

assigned = AccountAssigned(*KEY, "dana")
classified = AccountClassified(*KEY, "GOLD")
allowed = OnlinePaymentsAllowed(*KEY, True)


@pytest.mark.parametrize(
    "command",
    [
        BeginCare(None, DANA, "STD"),
        AssignAccount("dana", None, DANA),
        ClassifyAccount("GOLD"),
        LeaveClass("GOLD"),
        AllowOnlinePayments(True),
        SetDaysToRespond(5),
        SetSalesReps(("x",)),
        AddSalesRep("dana", None, DANA),
        RateCredit(TODAY, "A"),
        UpdateAccount("GOLD"),
    ],
)
def test_is_said_of_an_account_that_is_known(command: Any) -> None:
    care.given().when(command).then_refused("account_unknown", "custId")


def test_commands_learn_what_they_ask() -> None:
    assert AssignAccount("dana").knowing([ACME, DANA]) == AssignAccount("dana", ACME, DANA)
    assert AssignAccount(None).knowing([ACME]) == AssignAccount(None, ACME)
    assert UpdateAccount().knowing([ACME]) == UpdateAccount(account=ACME)
    known = UpdateAccount("GOLD", account=ACME, class_defined=True)
    assert UpdateAccount("GOLD").knowing([ACME, True]) == known
    named = UpdateAccount("GOLD", "dana", account=ACME, user=DANA)
    assert UpdateAccount("GOLD", "dana").knowing([ACME, DANA, False]) == named
    classed = ClassifyAccount("GOLD", ACME, class_defined=True)
    assert ClassifyAccount("GOLD").knowing([ACME, True]) == classed
    assert AddSalesRep("dana").knowing([ACME, None]) == AddSalesRep("dana", ACME)
    for command in (
        ClassifyAccount("GOLD"),
        AllowOnlinePayments(True),
        SetDaysToRespond(5),
        SetSalesReps(("x",)),
        SetPrimarySalesPerson("x"),
        RateCredit(TODAY, "A"),
    ):
        assert command.knowing([ACME]).account == ACME


def test_assigns_it_to_a_user_and_to_nobody() -> None:
    care.given().when(AssignAccount("dana", ACME, DANA)).then(assigned)
    nobody = AssignAccount(None, ACME)
    care.given(assigned).when(nobody).then(AccountAssigned(*KEY))
    care.given().when(nobody).then_nothing()


def test_assigns_it_to_no_user_who_is_not_there() -> None:
    care.given().when(AssignAccount("dana", ACME)).then_refused("user_unknown", "userId")
    care.given().when(AssignAccount("eve", ACME, EVE)).then_refused("user_retired", "userId")
    given_to_eve = AccountAssigned(*KEY, "eve")  # before she retired
    care.given(given_to_eve).when(AssignAccount("eve", ACME, EVE)).then_nothing()


def test_puts_it_into_a_class_that_there_is() -> None:
    gold = ClassifyAccount(" GOLD ", ACME, class_defined=True)
    care.given().when(gold).then(classified)
    unknown = ClassifyAccount("GOLD", ACME)
    care.given().when(unknown).then_refused("credit_class_unknown", "creditClassId")
    care.given(classified).when(unknown).then_nothing()
    care.given(classified).when(ClassifyAccount("", ACME)).then(AccountClassified(*KEY))
    for wrong in ("x" * 101, "a\0b", "half \ud800"):
        command = ClassifyAccount(wrong, ACME)
        care.given().when(command).then_refused("credit_class_invalid", "creditClassId")


def test_lets_the_customer_pay_online_or_not() -> None:
    care.given().when(AllowOnlinePayments(True, ACME)).then(allowed)
    care.given().when(AllowOnlinePayments(False, ACME)).then_nothing()
    no = OnlinePaymentsAllowed(*KEY, False)
    care.given(allowed).when(AllowOnlinePayments(False, ACME)).then(no)


def test_gives_the_customer_days_to_respond_and_zero_is_none() -> None:
    five = DaysToRespondSet(*KEY, 5)
    care.given().when(SetDaysToRespond(5, ACME)).then(five)
    care.given(five).when(SetDaysToRespond(0, ACME)).then(DaysToRespondSet(*KEY))
    care.given(five).when(SetDaysToRespond(None, ACME)).then(DaysToRespondSet(*KEY))
    care.given().when(SetDaysToRespond(0, ACME)).then_nothing()
    for wrong in (-1, 1_000):
        command = SetDaysToRespond(wrong, ACME)
        care.given().when(command).then_refused("days_to_respond_invalid", "daysToRespond")


def test_names_sales_reps_each_once() -> None:
    said = SalesRepsSet(*KEY, ("b", "a"))
    care.given().when(SetSalesReps((" b", "a", "b"), ACME)).then(said)
    care.given(said).when(SetSalesReps((), ACME)).then(SalesRepsSet(*KEY))
    care.given(said).when(SetSalesReps(("a", "b"), ACME)).then(SalesRepsSet(*KEY, ("a", "b")))


@pytest.mark.parametrize(
    ("reps", "code"),
    [
        (("a", " "), "sales_rep_invalid"),
        (("a\n b",), "sales_rep_invalid"),
        (("a" * 101,), "sales_rep_invalid"),
        (tuple(str(n) for n in range(101)), "sales_reps_too_many"),
    ],
)
def test_refuses_sales_reps_who_cannot_be(reps: tuple[str, ...], code: str) -> None:
    care.given().when(SetSalesReps(reps, ACME)).then_refused(code, "salesReps")


def test_names_a_primary_sales_person_and_takes_that_back() -> None:
    said = PrimarySalesPersonSet(*KEY, "S-7")
    care.given().when(SetPrimarySalesPerson(" S-7", ACME)).then(said)
    care.given(said).when(SetPrimarySalesPerson("S-7", ACME)).then_nothing()
    care.given(said).when(SetPrimarySalesPerson(None, ACME)).then(PrimarySalesPersonSet(*KEY))
    wrong = SetPrimarySalesPerson("a" * 101, ACME)
    care.given(said).when(wrong).then_refused("sales_person_invalid", "sperId")


def test_adds_a_user_to_the_sales_reps() -> None:
    said = SalesRepsSet(*KEY, ("a",))
    both = SalesRepsSet(*KEY, ("a", "dana"))
    care.given(said).when(AddSalesRep("dana", ACME, DANA)).then(both)
    care.given(said).when(AddSalesRep("dana", ACME)).then_refused("user_unknown", "userId")
    care.given(said).when(AddSalesRep("eve", ACME, EVE)).then_refused("user_retired", "userId")
    full = SalesRepsSet(*KEY, tuple(str(n) for n in range(100)))
    command = AddSalesRep("dana", ACME, DANA)
    care.given(full).when(command).then_refused("sales_reps_too_many", "salesReps")


TYPED = CreditRated(*KEY, "AA", ScoreSource.MANUAL, BEFORE)
COMPUTED = CreditRated(*KEY, "71", ScoreSource.COMPUTED, BEFORE)


def test_types_in_a_score_of_a_date() -> None:
    care.given().when(RateCredit(TODAY, " AA ", rated_on=BEFORE, account=ACME)).then(TYPED)
    today = CreditRated(*KEY, "AB", ScoreSource.MANUAL, TODAY)
    care.given(TYPED).when(RateCredit(TODAY, "AB", account=ACME)).then(today)
    care.given(TYPED).when(RateCredit(TODAY, "AA", account=ACME)).then_nothing()
    again = CreditRated(*KEY, "AA", ScoreSource.MANUAL, TODAY)
    care.given(TYPED).when(RateCredit(TODAY, "AA", rated_on=TODAY, account=ACME)).then(again)


def test_takes_a_score_back() -> None:
    care.given(TYPED).when(RateCredit(TODAY, None, account=ACME)).then(CreditRated(*KEY))
    care.given().when(RateCredit(TODAY, "  ", account=ACME)).then_nothing()


def test_a_computed_score_gives_way_to_one_that_was_typed_in() -> None:
    def compute(score: str | None) -> RateCredit:
        return RateCredit(TODAY, score, ScoreSource.COMPUTED, account=ACME)

    new = CreditRated(*KEY, "72", ScoreSource.COMPUTED, TODAY)
    care.given(COMPUTED).when(compute("72")).then(new)
    care.given(COMPUTED).when(compute("71")).then_nothing()
    care.given(COMPUTED).when(compute(None)).then(CreditRated(*KEY))
    care.given(TYPED).when(compute("72")).then_nothing()
    care.given(TYPED).when(compute(None)).then_nothing()
    care.given(TYPED, CreditRated(*KEY)).when(compute("72")).then(new)
    taken_over = CreditRated(*KEY, "71", ScoreSource.MANUAL, TODAY)
    care.given(COMPUTED).when(RateCredit(TODAY, "71", account=ACME)).then(taken_over)


def test_keeps_the_scores_of_bureaus_beside_its_own() -> None:
    command = RateCredit(TODAY, bureau_1=" 700 ", bureau_3="B", account=ACME)
    beside = CreditRated(*KEY, "AA", ScoreSource.MANUAL, BEFORE, "700", None, "B")
    care.given(TYPED).when(command).then(beside)
    less = RateCredit(TODAY, bureau_1=None, account=ACME)
    left = CreditRated(*KEY, "AA", ScoreSource.MANUAL, BEFORE, None, None, "B")
    care.given(TYPED, beside).when(less).then(left)
    care.given(TYPED, beside).when(RateCredit(TODAY, account=ACME)).then_nothing()


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (RateCredit(TODAY, "x" * 51, account=ACME), "credit_score_invalid", "creditScore"),
        (RateCredit(TODAY, "a\0b", account=ACME), "credit_score_invalid", "creditScore"),
        (RateCredit(TODAY, bureau_2="x" * 51, account=ACME), "credit_score_invalid", "bureau2"),
        (RateCredit(TODAY, "A", rated_on=LATER, account=ACME), "rated_on_future", "ratedOn"),
    ],
)
def test_refuses_a_score_that_cannot_be(command: Any, code: str, field: str) -> None:
    care.given().when(command).then_refused(code, field)


def test_sets_three_attributes_at_once() -> None:
    command = UpdateAccount("GOLD", "dana", True, ACME, DANA, class_defined=True)
    care.given().when(command).then(classified, assigned, allowed)
    care.given(assigned).when(command).then(classified, allowed)
    nothing = UpdateAccount(account=ACME)
    care.given(assigned).when(nothing).then_nothing()
    none = UpdateAccount(None, None, False, ACME)
    care.given(classified, assigned, allowed).when(none).then(
        AccountClassified(*KEY), AccountAssigned(*KEY), OnlinePaymentsAllowed(*KEY, False)
    )


def test_sets_nothing_if_one_attribute_is_refused() -> None:
    command = UpdateAccount("GOLD", "eve", True, ACME, EVE, class_defined=True)
    care.given().when(command).then_refused("user_retired", "assignedUserId")
    command = UpdateAccount("GOLD", "dana", True, ACME, DANA)
    care.given().when(command).then_refused("credit_class_unknown", "creditClassId")


def test_begins_with_the_defaults_of_company_and_site() -> None:
    standard = AccountClassified(*KEY, "STD")
    care.given().when(BeginCare(ACME, DANA, "STD")).then(assigned, standard)
    care.given().when(BeginCare(ACME, DANA)).then(assigned)
    care.given().when(BeginCare(ACME, EVE, "STD")).then(standard)
    care.given().when(BeginCare(ACME)).then_nothing()


def test_does_not_begin_twice_nor_where_somebody_said_something() -> None:
    care.given(assigned).when(BeginCare(ACME, DANA, "STD")).then_nothing()
    taken_back = AccountAssigned(*KEY, None)
    care.given(assigned, taken_back).when(BeginCare(ACME, DANA, "STD")).then_nothing()


def test_leaves_a_class_that_there_is_no_more_and_no_other() -> None:
    gone = LeaveClass("GOLD").knowing([ACME, False])
    care.given(classified).when(gone).then(AccountClassified(*KEY, None))
    care.given(classified).when(LeaveClass("GOLD").knowing([ACME, True])).then_nothing()
    care.given(AccountClassified(*KEY, "STD")).when(gone).then_nothing()
    care.given(classified, AccountClassified(*KEY, None)).when(gone).then_nothing()
