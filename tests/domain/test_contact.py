"""A contact ..."""

from datetime import date
from typing import Any

import pytest

from domain.contact import (
    CONTACT,
    AddContact,
    ChangeContact,
    ContactAdded,
    ContactAmended,
    ContactChanged,
    ContactDocument,
    ContactErased,
    ContactRecorded,
    ContactRemoved,
    EraseContact,
    ImportContact,
    RemoveContact,
    can_be_erased,
    is_known,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import AccountFacts
from domain.shared.person import Person, PersonChange
from tests.story import Story

contact = Story(CONTACT)

TODAY = date(2026, 3, 2)
KEY = ("1", "ACME", "7")
ACME = AccountFacts("1", "ACME", None)
ZOE = ContactDocument(*KEY, Person("Zoe", cntct_email_addr="zoe@acme.test"))
PRIMARY = ContactDocument(*KEY, Person("Zoe"), primary=True)
recorded, added = ContactRecorded(ZOE), ContactAdded(ZOE, TODAY)
removed = ContactRemoved(*KEY, TODAY)


def adding(document: ContactDocument = ZOE) -> AddContact:
    return AddContact(document, TODAY).knowing([ACME])


def changing(**changes: Any) -> ChangeContact:
    return ChangeContact(PersonChange(**changes))


def test_is_recorded_and_amended_as_the_erp_says() -> None:
    contact.given().when(ImportContact(ZOE)).then(recorded)
    contact.given(recorded).when(ImportContact(PRIMARY)).then(ContactAmended(PRIMARY))
    contact.given(recorded).when(ImportContact(ZOE)).then_nothing()


def test_that_is_not_primary_is_passed_over_if_the_site_wants_only_those() -> None:
    contact.given().when(ImportContact(ZOE, primary_only=True)).then_nothing()
    contact.given().when(ImportContact(PRIMARY, primary_only=True)).then(ContactRecorded(PRIMARY))
    was_primary = ContactRecorded(PRIMARY)
    contact.given(was_primary).when(ImportContact(ZOE, primary_only=True)).then(ContactAmended(ZOE))


def test_is_added_here_without_the_space_around_what_was_entered() -> None:
    entered = ContactDocument(*KEY, Person(" Zoe ", "", cntct_email_addr="zoe@acme.test\n"))
    contact.given().when(adding(entered)).then(added)
    assert added.effective_on(date(2020, 1, 1)) == TODAY


def test_is_changed_where_something_is_given() -> None:
    person = Person("Zoe", "CFO")
    change = ChangeContact(PersonChange(cntct_title="CFO", cntct_email_addr=None), primary=True)
    contact.given(added).when(change).then(
        ContactChanged(ContactDocument(*KEY, person, primary=True))
    )
    contact.given(added).when(changing(cntct_name="Zoe ")).then_nothing()


def test_is_removed_once_and_may_be_the_erps_afterwards() -> None:
    contact.given(added).when(RemoveContact(TODAY)).then(removed)
    contact.given(added, removed).when(ImportContact(ZOE)).then(recorded)
    assert removed.effective_on(date(2020, 1, 1)) == TODAY


def test_of_colleagues_is_never_overwritten_by_a_sync() -> None:
    contact.given(added).when(ImportContact(ZOE)).then_refused("contact_is_local", "cntct_id")


@pytest.mark.parametrize("command", [changing(cntct_name="Zoé"), RemoveContact(TODAY)])
def test_of_the_erp_is_changed_by_the_erp_alone(command: Any) -> None:
    contact.given(recorded).when(command).then_refused("contact_owned_by_erp", "cntctId")
    contact.given().when(command).then_refused("contact_unknown", "cntctId")


def test_that_was_removed_is_not_changed() -> None:
    contact.given(added, removed).when(changing()).then_refused("contact_removed", "cntctId")


def test_is_added_to_an_account_under_an_id_of_its_own() -> None:
    contact.given().when(AddContact(ZOE, TODAY)).then_refused("account_unknown", "custId")
    for history in ([recorded], [added, removed], [ContactAdded(PRIMARY, TODAY)]):
        contact.given(*history).when(adding()).then_refused("contact_exists")


@pytest.mark.parametrize(
    ("person", "code", "field"),
    [
        (Person(), "contact_nameless", "cntctName"),
        (Person("  ", "CFO"), "contact_nameless", "cntctName"),
        (Person("x" * 1_001), "contact_too_long", "cntctName"),
        (Person("Zoe", cntct_comment="x" * 10_001), "contact_too_long", "cntctComment"),
        (Person("Zoe", cntct_city="a\0b"), "contact_not_text", "cntctCity"),
        (Person("Zoe", cntct_email_addr="zoe"), "contact_email_invalid", "cntctEmailAddr"),
        (Person("Zoe", cntct_email_addr="@acme"), "contact_email_invalid", "cntctEmailAddr"),
        (Person("Zoe", cntct_email_addr="z@a@c"), "contact_email_invalid", "cntctEmailAddr"),
        (Person("Zoe", cntct_email_addr="z e@a"), "contact_email_invalid", "cntctEmailAddr"),
    ],
)
def test_is_a_person_that_can_be_found(person: Person, code: str, field: str) -> None:
    contact.given().when(adding(ContactDocument(*KEY, person))).then_refused(code, field)


def test_is_known_to_others_unless_it_is_removed() -> None:
    histories = [[], [recorded], [added], [added, removed]]
    assert [is_known(CONTACT.replay(one)) for one in histories] == [False, True, True, False]


@pytest.mark.parametrize(
    "history",
    [
        [ContactAmended(ZOE)],
        [recorded, added],
        [recorded, removed],
        [added, ContactAmended(ZOE)],
        [added, removed, ContactChanged(ZOE)],
    ],
)
def test_refuses_a_history_that_cannot_be(history: list[Any]) -> None:
    with pytest.raises(ImpossibleHistory):
        CONTACT.replay(history)


erased = ContactErased(TODAY)
EVERYBODY: list[list[Any]] = [[recorded], [added], [added, removed]]


@pytest.mark.parametrize("history", EVERYBODY)
def test_is_erased_once_that_was_granted(history: list[Any]) -> None:
    contact.given(*history).when(EraseContact(TODAY, granted=True)).then(erased)
    contact.given(*history).when(EraseContact(TODAY)).then_nothing()
    contact.given().when(EraseContact(TODAY, granted=True)).then_nothing()
    assert EraseContact(TODAY).knowing([True]) == EraseContact(TODAY, granted=True)


@pytest.mark.parametrize("history", EVERYBODY)
def test_that_was_erased_never_comes_back(history: list[Any]) -> None:
    story = contact.given(*history, erased)
    story.when(ImportContact(ZOE)).then_refused("contact_erased", "cntct_id")
    story.when(ImportContact(PRIMARY, primary_only=True)).then_refused("contact_erased", "cntct_id")
    story.when(adding()).then_refused("contact_exists")
    change = ChangeContact(PersonChange(cntct_name="x"))
    story.when(change).then_refused("contact_erased", "cntctId")
    story.when(RemoveContact(TODAY)).then_nothing()


def test_can_be_erased_while_there_is_somebody_to_erase() -> None:
    told = [can_be_erased(CONTACT.replay(history)) for history in ([], *EVERYBODY, [added, erased])]
    assert told == [False, True, True, True, False]
    assert not is_known(CONTACT.replay([added, erased]))


def test_shows_nothing_of_the_person_in_what_is_logged() -> None:
    assert "Zoe" in str(ZOE.person.cntct_name)
    assert "Zoe" not in repr(recorded)
    assert ZOE.cntct_id in repr(recorded)
