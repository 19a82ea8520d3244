"""An account ..."""

from datetime import date

import pytest

from domain.account import (
    ACCOUNT,
    NOTE_CHARACTERS_MAX,
    AccountAmended,
    AccountDocument,
    AccountNoteAdded,
    AccountOpened,
    AddAccountNote,
    EraseNamelessSalesPerson,
    ImplyAccount,
    ImportAccount,
    NamelessSalesPersonErased,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

account = Story(ACCOUNT)

TODAY = date(2026, 3, 2)
ACME = AccountDocument("1", "ACME", "Acme Corp")
UNNAMED = AccountDocument("1", "ACME")
opened, implied = AccountOpened(ACME), AccountOpened(UNNAMED, implied=True)
noted = AccountNoteAdded("1", "ACME", "n1", "Closed in August.", TODAY)


def note(text: str, note_id: str = "n1") -> AddAccountNote:
    return AddAccountNote(note_id, text, TODAY)


def test_is_opened_by_its_first_row() -> None:
    account.given().when(ImportAccount(ACME)).then(opened)


def test_is_implied_by_a_document_that_names_it_and_completed_by_its_row() -> None:
    account.given().when(ImplyAccount("1", "ACME")).then(implied)
    account.given(implied).when(ImportAccount(ACME)).then(AccountAmended(ACME))
    account.given(opened).when(ImplyAccount("1", "ACME")).then_nothing()


def test_is_amended_by_a_row_that_says_another_thing() -> None:
    renamed = AccountDocument("1", "ACME", "Acme Limited", credit_hold=True)
    account.given(opened).when(ImportAccount(renamed)).then(AccountAmended(renamed))
    account.given(opened).when(ImportAccount(ACME)).then_nothing()


def test_takes_notes_without_the_space_around_them() -> None:
    account.given(opened).when(note("  Closed in August.\n")).then(noted)
    account.given(opened, noted).when(note("Another", "n2")).then(
        AccountNoteAdded("1", "ACME", "n2", "Another", TODAY)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "note_empty"),
        (" \t\n", "note_empty"),
        ("x" * (NOTE_CHARACTERS_MAX + 1), "note_too_long"),
        ("a\0b", "note_not_text"),
        ("half \ud800 a character", "note_not_text"),
    ],
)
def test_refuses_a_note_that_is_none(text: str, code: str) -> None:
    account.given(opened).when(note(text)).then_refused(code, "text")


def test_that_nobody_knows_takes_no_notes() -> None:
    account.given().when(note("x")).then_refused("account_unknown", "custId")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        ACCOUNT.replay([noted])


def test_loses_the_name_of_a_sales_person_without_an_id_for_good() -> None:
    named = AccountOpened(AccountDocument("406", "ACME", "Acme", sper_name="Bea"))
    erased = NamelessSalesPersonErased(date(2026, 3, 2))
    erase = EraseNamelessSalesPerson(date(2026, 3, 2), granted=True)
    account.given(named).when(EraseNamelessSalesPerson(date(2026, 3, 2))).then_nothing()
    account.given().when(erase).then_nothing()
    account.given(named).when(erase).then(erased)
    account.given(named, erased).when(erase).then_nothing()
    again = AccountDocument("406", "ACME", "Acme Ltd", sper_name="Bea")
    account.given(named, erased).when(ImportAccount(named.document)).then_nothing()
    account.given(named, erased).when(ImportAccount(again)).then(
        AccountAmended(AccountDocument("406", "ACME", "Acme Ltd"))
    )
    other = AccountDocument("406", "ACME", "Acme", sper_id="S1", sper_name="Sue")
    account.given(named, erased).when(ImportAccount(other)).then(AccountAmended(other))
