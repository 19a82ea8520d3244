"""A contact ..."""

import pytest

from domain.contact import (
    CONTACT,
    ContactAmended,
    ContactDocument,
    ContactRecorded,
    ImportContact,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.person import Person
from tests.story import Story

contact = Story(CONTACT)

ZOE = ContactDocument("1", "ACME", "7", Person("Zoe", cntct_email_addr="zoe@acme.test"))
recorded = ContactRecorded(ZOE)


def test_is_recorded_and_amended_as_the_erp_says() -> None:
    contact.given().when(ImportContact(ZOE)).then(recorded)
    primary = ContactDocument("1", "ACME", "7", Person("Zoe"), primary=True)
    contact.given(recorded).when(ImportContact(primary)).then(ContactAmended(primary))
    contact.given(recorded).when(ImportContact(ZOE)).then_nothing()


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        CONTACT.replay([ContactAmended(ZOE)])
