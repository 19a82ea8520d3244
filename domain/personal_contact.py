"""A personal contact: one user's own, attached to no account and shown to nobody else (ACC-19).

NotKnown --add--> Known --change--> Known, changed --remove--> Removed
Known, Removed --erase--> Erased
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.person import Person, PersonChange, entered_person
from domain.shared.personal import ERASED_PERSON

_PERSONAL: Mapping[str, Any] = {"person": ERASED_PERSON}
"""What of a contact's events tells of the person."""


class PersonalContactAdded(Event, frozen=True, omit_defaults=True, gc=False):
    """A user added a contact of their own; `owner` names the user as the log does."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    contact_id: str
    owner: str
    person: Person
    added_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was added."""
        return self.added_on


class PersonalContactChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Its owner changed the contact."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    person: Person


class PersonalContactRemoved(Event, frozen=True, omit_defaults=True, gc=False):
    """Its owner removed the contact, which is not listed from `removed_on` on."""

    removed_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was removed."""
        return self.removed_on


class PersonalContactErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The person was erased: nothing of them can be read any more."""

    erases: ClassVar[bool] = True

    erased_on: date


PersonalContactEvent: TypeAlias = (
    PersonalContactAdded | PersonalContactChanged | PersonalContactRemoved | PersonalContactErased
)


# Commands: `owner` is who asks.


class AddPersonalContact(Struct, frozen=True, gc=False):
    """Add a contact of one's own under an id that is new."""

    contact_id: str
    owner: str
    person: Person
    business_date: date


class ChangePersonalContact(Struct, frozen=True, gc=False):
    """Change what is given of a contact of one's own."""

    owner: str
    person: PersonChange


class RemovePersonalContact(Struct, frozen=True, gc=False):
    """Remove a contact of one's own."""

    owner: str
    business_date: date


class ErasePersonalContact(Struct, frozen=True, gc=False):
    """Erase the person, if the erasure was `granted`, whoever's contact it is."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "ErasePersonalContact":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


PersonalContactCommand: TypeAlias = (
    AddPersonalContact | ChangePersonalContact | RemovePersonalContact | ErasePersonalContact
)


# State: only what decisions need.


class NotKnown(Struct, frozen=True):
    """Nothing is known of the contact."""


class Known(Struct, frozen=True, gc=False):
    """The contact as known, and whose it is."""

    owner: str
    person: Person


class Removed(Struct, frozen=True, gc=False):
    """The contact was there once."""

    owner: str


class Erased(Struct, frozen=True, gc=False):
    """The person was erased."""

    owner: str


PersonalContact: TypeAlias = NotKnown | Known | Removed | Erased


def evolve(contact: PersonalContact, event: PersonalContactEvent) -> PersonalContact:
    """Remember `event`."""
    match contact, event:
        case NotKnown(), PersonalContactAdded(owner=owner, person=person):
            return Known(owner, person)
        case Known(), PersonalContactChanged(person):
            return replace(contact, person=person)
        case Known(owner), PersonalContactRemoved():
            return Removed(owner)
        case Known(owner) | Removed(owner), PersonalContactErased():
            return Erased(owner)
        case _:
            raise ImpossibleHistory(f"{event} after {contact}")


def decide(
    command: PersonalContactCommand, contact: PersonalContact
) -> Sequence[PersonalContactEvent]:
    """Return the facts that `command` adds; nobody learns that a contact of another is there."""
    match command, contact:
        case AddPersonalContact(), _:
            return add(command, contact)
        case ChangePersonalContact(owner), Known(owner=own) if owner == own:
            person = entered_person(command.person.of(contact.person))
            return [] if person == contact.person else [PersonalContactChanged(person)]
        case RemovePersonalContact(owner), Known(owner=own) if owner == own:
            return [PersonalContactRemoved(command.business_date)]
        case RemovePersonalContact(owner), Removed(own) | Erased(own) if owner == own:
            return []  # told twice
        case ErasePersonalContact(day, granted), _:
            erased = granted and can_be_erased(contact)
            return [PersonalContactErased(day)] if erased else []
        case _:
            raise Refused(
                "personal_contact_unknown", "You have no such personal contact.", "contactId"
            )


def add(command: AddPersonalContact, contact: PersonalContact) -> Sequence[PersonalContactEvent]:
    """Add a contact, once."""
    person = entered_person(command.person)
    match contact:
        case NotKnown():
            return [
                PersonalContactAdded(
                    command.contact_id, command.owner, person, command.business_date
                )
            ]
        case Known(owner, known) if owner == command.owner and known == person:
            return []  # told twice
        case _:
            raise Refused(
                "personal_contact_exists", "A personal contact was added under this id before."
            )


def can_be_erased(contact: PersonalContact) -> bool:
    """Whether there is, or was, somebody who was not erased."""
    return isinstance(contact, Known | Removed)


PERSONAL_CONTACT: Decider[PersonalContact, PersonalContactCommand, PersonalContactEvent] = Decider(
    category="personal_contact",
    events=(
        PersonalContactAdded,
        PersonalContactChanged,
        PersonalContactRemoved,
        PersonalContactErased,
    ),
    initial=NotKnown(),
    evolve=evolve,
    decide=decide,
)
