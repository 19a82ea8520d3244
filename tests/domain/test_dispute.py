"""A dispute ..."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.dispute import (
    ACTIVITY_ID_CHARACTERS_MAX,
    DISPUTE,
    NOTE_CHARACTERS_MAX,
    OUTCOME_CHARACTERS_MAX,
    ChangeDispute,
    CloseDispute,
    DisputeAmountChanged,
    DisputeClosed,
    DisputeExclusionChanged,
    DisputeNoteChanged,
    DisputeOpened,
    DisputeReasonSet,
    DisputeReopened,
    OpenDispute,
    ReopenDispute,
    contested,
)
from domain.shared.currency import smallest_unit
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ActivityFacts, DocumentFacts, ReasonCodeFacts
from tests.story import Story

dispute = Story(DISPUTE)

INVOICED, SINCE, TODAY = date(2026, 1, 10), date(2026, 2, 1), date(2026, 3, 2)
DAY = timedelta(days=1)

INVOICE = DocumentFacts(
    company_id="1",
    tran_id="I1",
    cust_id="ACME",
    type="IN",
    tran_date=INVOICED,
    due_date=INVOICED,
    curr_id="USD",
    home_curr_id="EUR",
    amount=Decimal(300),
    amount_hc=Decimal("270.01"),
    balance=Decimal(200),
    balance_hc=Decimal("180.02"),
    closed_on=None,
)
PRICE, PO = ReasonCodeFacts("PRICE", active=True), ReasonCodeFacts("PO", active=True)
CALL = ActivityFacts("1", "ACME")
OLD = ReasonCodeFacts("OLD", active=False)

opened = DisputeOpened(
    "d1",
    "1",
    "I1",
    "ACME",
    Decimal(100),
    Decimal("90.00"),
    "USD",
    "EUR",
    SINCE,
    TODAY,
    "key/k1",
)
closed = DisputeClosed(TODAY, "upheld", "Credit to follow.")


def opening(amount: Any = 100, **others: Any) -> OpenDispute:
    command = OpenDispute("d1", Decimal(amount), SINCE, "key/k1", TODAY, invoice=INVOICE)
    return replace(command, **others)


def changing(**given: Any) -> ChangeDispute:
    return ChangeDispute(TODAY, **{"invoice": INVOICE, **given})


def closing(on: date = TODAY, **others: Any) -> CloseDispute:
    told = {"outcome": "upheld", "note": "Credit to follow.", **others}
    return CloseDispute(on, TODAY, **told)


def test_is_opened_since_a_date_in_the_past_at_the_booked_rate_of_its_document() -> None:
    dispute.given().when(opening()).then(opened)
    assert opened.effective_on(TODAY) == SINCE


def test_of_the_whole_balance_is_of_all_that_is_open_in_home_currency() -> None:
    dispute.given().when(opening(200)).then(
        replace(opened, amount=Decimal(200), amount_hc=Decimal("180.02"))
    )


def test_carries_a_reason_and_when_that_was_given_an_exclusion_a_note_and_an_activity() -> None:
    command = opening(
        reason_code="PRICE",
        exclude_aging=True,
        note=" Our fault. ",
        activity_id="a1",
        reason=PRICE,
        activity=CALL,
    )
    dispute.given().when(command).then(
        replace(
            opened,
            reason_code="PRICE",
            code_date=TODAY,
            exclude_aging=True,
            note="Our fault.",
            activity_id="a1",
        )
    )
    dispute.given().when(opening(note="  ", activity_id="")).then(opened)


def test_knows_what_was_asked_of_others_whatever_that_was() -> None:
    command = OpenDispute("d1", Decimal(1), SINCE, "u", TODAY, "PRICE")
    known = command.knowing([INVOICE, PRICE, CALL])
    assert (known.invoice, known.reason, known.activity) == (INVOICE, PRICE, CALL)
    known = command.knowing([None, None])
    assert (known.invoice, known.reason) == (None, None)
    changed = ChangeDispute(TODAY).knowing([PRICE])
    assert (changed.invoice, changed.reason) == (None, PRICE)
    assert ReopenDispute().knowing([INVOICE]) == ReopenDispute(INVOICE)


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (opening(invoice=None), "invoice_unknown", "tranId"),
        (opening(invoice=replace(INVOICE, closed_on=TODAY)), "invoice_closed", "tranId"),
        (opening(invoice=replace(INVOICE, type="CM")), "credit_not_disputable", "tranId"),
        (
            opening(invoice=replace(INVOICE, amount=Decimal(-1), balance=Decimal(-1))),
            "credit_not_disputable",
            "tranId",
        ),
        (opening(0), "dispute_amount_not_positive", "amount"),
        (opening(-5), "dispute_amount_not_positive", "amount"),
        (opening("200.01"), "dispute_amount_too_large", "amount"),
        (opening("10.001"), "dispute_amount_too_fine", "amount"),
        (opening(dispute_date=TODAY + DAY), "dispute_date_future", "disputeDate"),
        (opening(dispute_date=INVOICED - DAY), "dispute_date_before_invoice", "disputeDate"),
        (opening(reason_code="X"), "reason_code_unknown", "reasonCode"),
        (opening(reason_code="X", reason=PRICE), "reason_code_unknown", "reasonCode"),
        (opening(reason_code="OLD", reason=OLD), "reason_code_retired", "reasonCode"),
        (opening(note="a\0b"), "note_not_text", "note"),
        (opening(note="x" * (NOTE_CHARACTERS_MAX + 1)), "note_too_long", "note"),
        (opening(activity_id="a\ud800"), "activity_id_not_text", "activityId"),
        (opening(activity_id="a1"), "activity_unknown", "activityId"),
        (
            opening(activity_id="a1", activity=ActivityFacts("1", "BETA")),
            "activity_of_other_account",
            "activityId",
        ),
        (
            opening(activity_id="x" * (ACTIVITY_ID_CHARACTERS_MAX + 1)),
            "activity_id_too_long",
            "activityId",
        ),
    ],
)
def test_is_refused_of_what_cannot_be_disputed(command: OpenDispute, code: str, field: str) -> None:
    dispute.given().when(command).then_refused(code, field)


def test_may_begin_on_its_documents_date_and_today() -> None:
    for on in (INVOICED, TODAY):
        dispute.given().when(opening(dispute_date=on)).then(replace(opened, dispute_date=on))


def test_opened_twice_is_one_and_another_needs_another_id() -> None:
    for history in ([opened], [opened, closed]):
        paid = replace(INVOICE, closed_on=TODAY)
        dispute.given(*history).when(opening(invoice=paid)).then_nothing()
        for other in (
            opening(99),
            opening(note="other"),
            opening(invoice=replace(INVOICE, tran_id="I2")),
            opening(invoice=None),
        ):
            dispute.given(*history).when(other).then_refused("dispute_exists")


def test_that_nobody_knows_is_not_changed_closed_or_reopened() -> None:
    for command in (changing(amount=Decimal(1)), closing(), ReopenDispute(INVOICE)):
        dispute.given().when(command).then_refused("dispute_unknown", "disputeId")


def test_changes_what_is_given_and_nothing_else() -> None:
    story = dispute.given(opened)
    story.when(changing(amount=Decimal(200))).then(
        DisputeAmountChanged(Decimal(200), Decimal("180.02"))
    )
    story.when(changing(exclude_aging=True)).then(DisputeExclusionChanged(exclude_aging=True))
    story.when(changing(note=" Look. ")).then(DisputeNoteChanged("Look."))
    story.when(changing(reason_code="PRICE", reason=PRICE)).then(DisputeReasonSet("PRICE", TODAY))
    story.when(changing()).then_nothing()
    same = changing(amount=Decimal("100.0"), reason_code=None, exclude_aging=False, note=" ")
    story.when(same).then_nothing()


def test_changes_several_things_at_once_or_none_of_them() -> None:
    both = changing(amount=Decimal(50), reason_code="PO", note="n", reason=PO)
    dispute.given(opened).when(both).then(
        DisputeAmountChanged(Decimal(50), Decimal("45.00")),
        DisputeReasonSet("PO", TODAY),
        DisputeNoteChanged("n"),
    )
    dispute.given(opened).when(replace(both, reason=None)).then_refused(
        "reason_code_unknown", "reasonCode"
    )


def test_loses_its_reason_and_its_note() -> None:
    story = dispute.given(opened, DisputeReasonSet("PRICE", TODAY), DisputeNoteChanged("n"))
    story.when(changing(reason_code=None, note=None)).then(DisputeReasonSet(), DisputeNoteChanged())


def test_keeps_a_reason_that_was_retired_and_is_given_none() -> None:
    story = dispute.given(opened, DisputeReasonSet("OLD", SINCE))
    story.when(changing(reason_code="OLD", reason=OLD)).then_nothing()
    dispute.given(opened).when(changing(reason_code="OLD", reason=OLD)).then_refused(
        "reason_code_retired", "reasonCode"
    )


def test_takes_no_amount_that_its_document_has_not_open() -> None:
    story = dispute.given(opened)
    for amount, invoice, code, field in (
        (201, INVOICE, "dispute_amount_too_large", "amount"),
        (0, INVOICE, "dispute_amount_not_positive", "amount"),
        (1, replace(INVOICE, closed_on=TODAY), "invoice_closed", "tranId"),
        (1, None, "invoice_unknown", "tranId"),
    ):
        story.when(changing(amount=Decimal(amount), invoice=invoice)).then_refused(code, field)


def test_is_closed_as_of_a_date_and_told_how_it_ended() -> None:
    dispute.given(opened).when(closing()).then(closed)
    dispute.given(opened).when(closing(SINCE, outcome=" ", note=None)).then(DisputeClosed(SINCE))
    assert DisputeClosed(SINCE).effective_on(TODAY) == SINCE


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (closing(TODAY + DAY), "closing_date_future", "closedDate"),
        (closing(SINCE - DAY), "closing_date_before_dispute", "closedDate"),
        (closing(outcome="a\0"), "outcome_not_text", "outcome"),
        (closing(outcome="x" * (OUTCOME_CHARACTERS_MAX + 1)), "outcome_too_long", "outcome"),
        (closing(note="a\0"), "note_not_text", "note"),
        (closing(note="x" * (NOTE_CHARACTERS_MAX + 1)), "note_too_long", "note"),
    ],
)
def test_is_not_closed_on_a_date_that_cannot_be(
    command: CloseDispute, code: str, field: str
) -> None:
    dispute.given(opened).when(command).then_refused(code, field)


def test_that_is_closed_is_neither_changed_nor_closed_in_another_way() -> None:
    story = dispute.given(opened, closed)
    story.when(changing(amount=Decimal(1))).then_refused("dispute_closed")
    story.when(changing(amount=Decimal(100))).then_nothing()
    story.when(closing(SINCE)).then_refused("dispute_closed")
    story.when(closing(outcome="rejected")).then_refused("dispute_closed")


def test_is_reopened_as_it_was_and_closed_anew() -> None:
    changed = DisputeNoteChanged("n")
    dispute.given(opened, changed, closed).when(ReopenDispute(INVOICE)).then(DisputeReopened())
    dispute.given(opened).when(ReopenDispute(INVOICE)).then_nothing()
    again = dispute.given(opened, changed, closed, DisputeReopened())
    again.when(changing(note="n")).then_nothing()
    again.when(closing(SINCE)).then(replace(closed, closed_on=SINCE))


def test_is_not_reopened_once_its_document_is_closed() -> None:
    paid = ReopenDispute(replace(INVOICE, closed_on=TODAY))
    dispute.given(opened, closed).when(paid).then_refused("invoice_closed", "tranId")


def test_of_a_document_in_home_currency_is_of_the_same_amount() -> None:
    home = replace(INVOICE, curr_id="EUR", amount_hc=INVOICE.amount, balance_hc=INVOICE.balance)
    dispute.given().when(opening(invoice=home)).then(
        replace(opened, curr_id="EUR", amount_hc=Decimal(100))
    )


def test_of_a_balance_that_the_erp_set_beside_an_amount_of_nothing_can_be() -> None:
    odd = replace(INVOICE, amount=Decimal(0), amount_hc=Decimal(0))
    assert contested(Decimal(100), odd) == (100, 100)


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**9))
def test_is_never_of_more_home_currency_than_is_open_and_rounds_to_its_unit(
    amount: int, amount_hc: int, balance: int, wanted: int
) -> None:
    cents = [Decimal(one) / 100 for one in (amount, amount_hc)]
    open_cents = Decimal(min(balance, amount)) / 100
    open_yen = Decimal(round(amount_hc * open_cents / amount))
    invoice = replace(
        INVOICE,
        home_curr_id="JPY",
        amount=cents[0],
        amount_hc=Decimal(amount_hc),
        balance=open_cents,
        balance_hc=open_yen,
    )
    part = min(Decimal(wanted) / 100, open_cents)
    found, share = contested(part, invoice)
    assert found == part
    assert 0 <= share <= open_yen
    assert share == open_yen or part < open_cents
    assert share % smallest_unit("JPY") == 0
    exact = invoice.amount_hc * part / invoice.amount
    assert share == open_yen or abs(share - exact) <= Decimal("0.5")


def test_refuses_a_history_that_cannot_be() -> None:
    for history in ([closed], [opened, DisputeReopened()], [opened, opened]):
        with pytest.raises(ImpossibleHistory):
            DISPUTE.replay(history)
