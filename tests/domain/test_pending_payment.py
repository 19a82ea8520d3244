"""A pending payment ..."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.pending_payment import (
    INVOICES_MAX,
    PENDING_PAYMENT,
    PaidInvoice,
    PendingPaymentReconciled,
    PendingPaymentReconciliationUndone,
    PendingPaymentRecorded,
    Processor,
    ReconciledBy,
    ReconcilePendingPayment,
    RecordPendingPayment,
    UndoReconciliation,
    facts,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import AccountFacts, DocumentFacts, PaymentFacts, PendingPaymentFacts
from tests.story import Story

pending = Story(PENDING_PAYMENT)

D = Decimal
ON = date(2026, 3, 2)
ACCOUNT = AccountFacts("1", "ACME", None)
PROCESSOR = Processor("m-1", "Web shop", "card", "A0", " Approved ", "R-77")
PAYMENT = PaymentFacts("1", "P1", "ACME", ON, D(60), "EUR")


def document(tran_id: str, cust_id: str = "ACME", curr_id: str = "EUR") -> DocumentFacts:
    """An invoice of 100."""
    due = date(2026, 1, 31)
    amounts = [D(100)] * 4
    return DocumentFacts("1", tran_id, cust_id, "IN", ON, due, curr_id, "EUR", *amounts, None)


RECORD = RecordPendingPayment(
    "pp1",
    "1",
    "ACME",
    D(60),
    "EUR",
    ON,
    (PaidInvoice("I1", D(40)), PaidInvoice("I2", D(15))),
    entry_user_id="k1",
    entry_user_name="Dana",
    processor=PROCESSOR,
).knowing([ACCOUNT, document("I1"), document("I2")])

recorded = PendingPaymentRecorded(
    "pp1",
    "1",
    "ACME",
    D(60),
    "EUR",
    ON,
    (PaidInvoice("I1", D(40)), PaidInvoice("I2", D(15))),
    False,
    "k1",
    "Dana",
    PROCESSOR,
)
declined = replace(recorded, declined=True)
reconciled = PendingPaymentReconciled("pp1", "P1", ReconciledBy.REFERENCE, ON)
undone = PendingPaymentReconciliationUndone("pp1", "P1")


def reconcile(
    payment_id: str = "P1", by: ReconciledBy = ReconciledBy.REFERENCE, *, taken: bool = False
) -> ReconcilePendingPayment:
    """A command to reconcile, knowing the payment."""
    command = ReconcilePendingPayment(payment_id, by, ON, taken)
    return command.knowing([replace(PAYMENT, payment_id=payment_id)])


def test_is_recorded_with_what_the_processor_says_verbatim() -> None:
    pending.given().when(RECORD).then(recorded)
    pending.given().when(replace(RECORD, declined=True)).then(declined)
    assert recorded.effective_on(date(2030, 1, 1)) == ON


def test_of_a_guest_has_no_user_but_an_account() -> None:
    command = replace(RECORD, entry_user_id=None, entry_user_name=None)
    (event,) = pending.given().when(command).decided()
    assert (event.cust_id, event.entry_user_id, event.entry_user_name) == ("ACME", None, None)


def test_of_an_id_that_is_there_is_another_one() -> None:
    pending.given(recorded, reconciled).when(RECORD).then_nothing()
    other = replace(RECORD, amount=D(61))
    pending.given(recorded).when(other).then_refused("pending_payment_exists")


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"account": None}, "account_unknown", "custId"),
        ({"curr_id": "EURO"}, "currency_unknown", "currId"),
        ({"amount": D(0)}, "payment_not_positive", "amount"),
        ({"amount": D(-1)}, "payment_not_positive", "amount"),
        ({"amount": D("60.001")}, "payment_too_fine", "amount"),
        ({"amount": D("54.99")}, "invoices_amounts_exceed_payment", "invoices"),
        ({"documents": (document("I1"), None)}, "invoice_unknown", "invoices"),
        (
            {"documents": (document("I1"), document("I2", "BETA"))},
            "invoices_of_another_account",
            "invoices",
        ),
        (
            {"documents": (document("I1", curr_id="USD"), document("I2"))},
            "invoices_in_another_currency",
            "invoices",
        ),
        (
            {"invoices": (PaidInvoice("I1", D(40)), PaidInvoice("I2", D(0)))},
            "invoices_amount_not_positive",
            "invoices",
        ),
        (
            {"invoices": (PaidInvoice("I1", D(1)), PaidInvoice("I1", D(2)))},
            "invoices_named_twice",
            "invoices",
        ),
        (
            {"invoices": tuple(PaidInvoice(f"I{n}", D(1)) for n in range(INVOICES_MAX + 1))},
            "invoices_too_many",
            "invoices",
        ),
        ({"processor": Processor(proc_ref_no="a\0")}, "processor_text_invalid", "procRefNo"),
        (
            {"processor": Processor(proc_status_msg="x" * 2_001)},
            "processor_text_too_long",
            "procStatusMsg",
        ),
    ],
)
def test_that_cannot_be_is_refused(changed: dict[str, Any], code: str, field: str) -> None:
    pending.given().when(replace(RECORD, **changed)).then_refused(code, field)


def test_is_reconciled_with_one_payment() -> None:
    pending.given(recorded).when(reconcile()).then(reconciled)
    pending.given(recorded, reconciled).when(reconcile("P2")).then_refused(
        "pending_payment_reconciled", "pendingPaymentId"
    )
    assert reconciled.effective_on(date(2030, 1, 1)) == ON


def test_is_not_reconciled_with_what_is_no_payment_of_its_company() -> None:
    unknown = replace(reconcile(), payment=None)
    pending.given(recorded).when(unknown).then_refused("payment_unknown", "paymentId")
    elsewhere = replace(reconcile(), payment=replace(PAYMENT, company_id="2"))
    pending.given(recorded).when(elsewhere).then_refused("payment_unknown", "paymentId")
    pending.given(recorded).when(reconcile(taken=True)).then_refused("payment_taken", "paymentId")


def test_that_was_declined_is_never_reconciled() -> None:
    pending.given(declined).when(reconcile()).then_refused(
        "pending_payment_declined", "pendingPaymentId"
    )
    pending.given(declined).when(UndoReconciliation()).then_refused(
        "pending_payment_not_reconciled", "pendingPaymentId"
    )


def test_waits_again_when_it_turns_out_to_be_another() -> None:
    pending.given(recorded, reconciled).when(UndoReconciliation()).then(undone)
    pending.given(recorded).when(UndoReconciliation()).then_refused(
        "pending_payment_not_reconciled", "pendingPaymentId"
    )


def test_is_not_found_to_be_what_somebody_said_it_is_not_but_by_hand() -> None:
    history = (recorded, reconciled, undone)
    pending.given(*history).when(reconcile()).then_nothing()
    by_hand = replace(reconciled, reconciled_by=ReconciledBy.BY_HAND)
    pending.given(*history).when(reconcile(by=ReconciledBy.BY_HAND)).then(by_hand)
    other = replace(reconciled, payment_id="P2")
    pending.given(*history).when(reconcile("P2")).then(other)


@pytest.mark.parametrize("command", [reconcile(), UndoReconciliation()])
def test_that_nobody_recorded_is_unknown(command: Any) -> None:
    pending.given().when(command).then_refused("pending_payment_unknown", "pendingPaymentId")


def test_tells_others_whether_it_waits() -> None:
    assert facts(PENDING_PAYMENT.replay([])) is None
    waiting = PendingPaymentFacts("pp1", "1", True)
    assert facts(PENDING_PAYMENT.replay([recorded])) == waiting
    assert facts(PENDING_PAYMENT.replay([recorded, reconciled, undone])) == waiting
    for history in ([declined], [recorded, reconciled]):
        assert facts(PENDING_PAYMENT.replay(history)) == replace(waiting, waiting=False)


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        PENDING_PAYMENT.replay([declined, reconciled])
