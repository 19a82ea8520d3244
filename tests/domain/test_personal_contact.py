"""A personal contact ..."""

from datetime import date
from typing import Any

import pytest

from domain.personal_contact import (
    PERSONAL_CONTACT,
    AddPersonalContact,
    ChangePersonalContact,
    ErasePersonalContact,
    PersonalContactAdded,
    PersonalContactChanged,
    PersonalContactErased,
    PersonalContactRemoved,
    RemovePersonalContact,
    can_be_erased,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.person import Person, PersonChange
from tests.story import Story

contact = Story(PERSONAL_CONTACT)

TODAY = date(2026, 3, 2)
DANA, EVE = "key/dana", "key/eve"
added = PersonalContactAdded("c1", DANA, Person("Zoe"), TODAY)
removed = PersonalContactRemoved(TODAY)


def adding(owner: str = DANA, name: str = " Zoe") -> AddPersonalContact:
    return AddPersonalContact("c1", owner, Person(name), TODAY)


def test_is_added_changed_and_removed_by_its_owner() -> None:
    contact.given().when(adding()).then(added)
    change = ChangePersonalContact(DANA, PersonChange(cntct_title="CFO"))
    contact.given(added).when(change).then(PersonalContactChanged(Person("Zoe", "CFO")))
    contact.given(added).when(RemovePersonalContact(DANA, TODAY)).then(removed)
    assert added.effective_on(date(2020, 1, 1)) == TODAY
    assert removed.effective_on(date(2020, 1, 1)) == TODAY


@pytest.mark.parametrize(
    "command",
    [ChangePersonalContact(EVE, PersonChange(cntct_name="x")), RemovePersonalContact(EVE, TODAY)],
)
@pytest.mark.parametrize("history", [[], [added], [added, removed]])
def test_of_another_is_as_if_it_were_not_there(command: Any, history: list[Any]) -> None:
    contact.given(*history).when(command).then_refused("personal_contact_unknown", "contactId")


def test_that_was_removed_is_not_changed() -> None:
    contact.given(added, removed).when(
        ChangePersonalContact(DANA, PersonChange(cntct_name="x"))
    ).then_refused("personal_contact_unknown", "contactId")


def test_is_added_under_an_id_of_its_own() -> None:
    for history in ([added], [added, removed]):
        contact.given(*history).when(adding(EVE)).then_refused("personal_contact_exists")
        contact.given(*history).when(adding(name="Ann")).then_refused("personal_contact_exists")


def test_is_a_person_that_can_be_found() -> None:
    contact.given().when(adding(name="")).then_refused("contact_nameless", "cntctName")
    nameless = ChangePersonalContact(DANA, PersonChange(cntct_name=None))
    contact.given(added).when(nameless).then_refused("contact_nameless", "cntctName")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        PERSONAL_CONTACT.replay([removed])


def test_is_erased_once_that_was_granted_and_never_comes_back() -> None:
    erased, erase = PersonalContactErased(TODAY), ErasePersonalContact(TODAY, granted=True)
    for history in ([added], [added, removed]):
        contact.given(*history).when(erase).then(erased)
        contact.given(*history).when(ErasePersonalContact(TODAY)).then_nothing()
        assert can_be_erased(PERSONAL_CONTACT.replay(history))
        story = contact.given(*history, erased)
        story.when(adding()).then_refused("personal_contact_exists")
        story.when(RemovePersonalContact(DANA, TODAY)).then_nothing()
        story.when(ChangePersonalContact(DANA, PersonChange(cntct_name="x"))).then_refused(
            "personal_contact_unknown", "contactId"
        )
        assert not can_be_erased(PERSONAL_CONTACT.replay([*history, erased]))
    contact.given().when(erase).then_nothing()
    assert ErasePersonalContact(TODAY).knowing([True]) == erase
