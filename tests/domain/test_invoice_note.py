"""A note on documents ..."""

from datetime import date
from decimal import Decimal

import pytest

from domain.invoice_note import (
    INVOICE_NOTE,
    NOTE_CHARACTERS_MAX,
    NOTE_INVOICES_MAX,
    AddInvoiceNote,
    InvoiceNoteAdded,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import DocumentFacts
from tests.story import Story

note = Story(INVOICE_NOTE)

TODAY = date(2026, 3, 2)
D = Decimal(1)
FACTS = DocumentFacts("1", "I1", "ACME", "IN", TODAY, TODAY, "EUR", "EUR", D, D, D, D, None)
added = InvoiceNoteAdded("n1", "1", ("I1", "I2"), "Goods came late.", TODAY)


def adding(text: str = " Goods came late. ", *tran_ids: str, unknown: str = "") -> AddInvoiceNote:
    named = tran_ids or ("I1", "I2", "I1")
    facts = [None if one == unknown else FACTS for one in named]
    return AddInvoiceNote("n1", "1", named, text, TODAY).knowing(facts)


def test_is_added_once_to_each_of_its_documents() -> None:
    note.given().when(adding()).then(added)
    assert added.effective_on(date(2020, 1, 1)) == TODAY


def test_is_refused_on_a_document_that_nobody_knows() -> None:
    note.given().when(adding(unknown="I2")).then_refused("invoice_unknown", "tranIds")
    unasked = AddInvoiceNote("n1", "1", ("I1",), "x", TODAY)
    note.given().when(unasked).then_refused("invoice_unknown", "tranIds")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" \n", "note_empty"),
        ("x" * (NOTE_CHARACTERS_MAX + 1), "note_too_long"),
        ("a\0b", "note_not_text"),
    ],
)
def test_is_some_text(text: str, code: str) -> None:
    note.given().when(adding(text)).then_refused(code, "text")


def test_is_on_some_documents_but_not_on_all() -> None:
    none = AddInvoiceNote("n1", "1", (), "x", TODAY)
    note.given().when(none).then_refused("note_without_invoices", "tranIds")
    many = adding("x", *(f"I{number}" for number in range(NOTE_INVOICES_MAX + 1)))
    note.given().when(many).then_refused("note_on_too_many_invoices", "tranIds")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        INVOICE_NOTE.replay([added, added])
