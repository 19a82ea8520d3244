"""A reason code on a document ..."""

from datetime import date
from decimal import Decimal

import pytest

from domain.invoice_reason import (
    INVOICE_REASON,
    ClearInvoiceReason,
    InvoiceReasonCleared,
    InvoiceReasonSet,
    SetInvoiceReason,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import DocumentFacts, ReasonCodeFacts
from tests.story import Story

tag = Story(INVOICE_REASON)

TODAY, LATER = date(2026, 3, 2), date(2026, 3, 9)
TEN = Decimal(10)
INVOICE = DocumentFacts(
    "1", "I1", "ACME", "IN", TODAY, TODAY, "EUR", "EUR", TEN, TEN, Decimal(0), Decimal(0), TODAY
)
PRICE, OLD = ReasonCodeFacts("PRICE", active=True), ReasonCodeFacts("OLD", active=False)
tagged = InvoiceReasonSet("1", "I1", "PRICE", TODAY)
cleared = InvoiceReasonCleared("1", "I1", LATER)


def setting(
    code: str, reason: ReasonCodeFacts | None, invoice: DocumentFacts | None = INVOICE
) -> SetInvoiceReason:
    return SetInvoiceReason(code, TODAY).knowing([invoice, reason])


def clearing(invoice: DocumentFacts | None = INVOICE) -> ClearInvoiceReason:
    return ClearInvoiceReason(LATER).knowing([invoice])


def test_is_put_on_it_on_a_date_though_it_be_paid() -> None:
    tag.given().when(setting("PRICE", PRICE)).then(tagged)
    assert tagged.effective_on(LATER) == TODAY


def test_is_replaced_by_another() -> None:
    tag.given(tagged).when(setting("PO", ReasonCodeFacts("PO", active=True))).then(
        InvoiceReasonSet("1", "I1", "PO", TODAY)
    )


def test_is_taken_off_and_put_on_again() -> None:
    tag.given(tagged).when(clearing()).then(cleared)
    tag.given().when(clearing()).then_nothing()
    tag.given(tagged, cleared).when(setting("PRICE", PRICE)).then(tagged)
    assert cleared.effective_on(TODAY) == LATER


def test_stays_when_it_is_retired_but_is_not_given_any_more() -> None:
    tag.given().when(setting("OLD", OLD)).then_refused("reason_code_retired", "reasonCode")
    tag.given(InvoiceReasonSet("1", "I1", "OLD", TODAY)).when(setting("OLD", OLD)).then_nothing()


def test_is_one_that_is_known_on_a_document_that_is_known() -> None:
    tag.given().when(setting("X", None)).then_refused("reason_code_unknown", "reasonCode")
    tag.given().when(setting("X", PRICE, None)).then_refused("invoice_unknown", "tranId")
    tag.given().when(clearing(None)).then_refused("invoice_unknown", "tranId")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        INVOICE_REASON.replay([cleared])
