"""A contact of an account: the ERP's, or one that colleagues keep themselves (ACC-15 to ACC-18).

    NotKnown --import--> Known, the ERP's --import--> Known, amended
    NotKnown --add-----> Known, local -----change--> Known, changed --remove--> Removed
    Known, Removed --erase--> Erased

Each is its maker's alone: a sync never touches a local contact, and nobody here changes one of
the ERP (SYN-08). The ERP may begin anew under the id of a local contact that was removed.

Whoever was known, removed or not, may be erased (`domain/erasure.py`). Then the person never comes
back under that id, whoever says so: who is there now is told under an id that is new.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import AccountFacts
from domain.shared.person import Person, PersonChange, entered_person
from domain.shared.personal import ERASED_PERSON


class Origin(StrEnum):
    """Whose a contact is: the ERP's, or local."""

    ERP = "ERP"
    LOCAL = "LOCAL"


class ContactDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is known of a contact.

    Only contacts with `include_in_automated_email` are written to by the product itself. The
    user-defined fields here are the ERP's.
    """

    company_id: str
    cust_id: str
    cntct_id: str
    person: Person
    primary: bool = False
    include_in_automated_email: bool = False
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None

    def __repr__(self) -> str:
        return f"ContactDocument({self.company_id!r}, {self.cust_id!r}, {self.cntct_id!r}, …)"


_PERSONAL: Mapping[str, Any] = {
    "document.person": ERASED_PERSON,
    **{f"document.udf{number}": None for number in range(1, 6)},
}
"""What of a contact's events tells of the person."""


# Events: stored for ever under these names and fields. Add, never rename.


class ContactRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's contact became known."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    document: ContactDocument


class ContactAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the contact."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    document: ContactDocument


class ContactAdded(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody added a local contact, which is there from `added_on` on."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    document: ContactDocument
    added_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was added."""
        return self.added_on


class ContactChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody changed a local contact."""

    personal: ClassVar[Mapping[str, Any]] = _PERSONAL

    document: ContactDocument


class ContactRemoved(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody removed a local contact, which is not listed from `removed_on` on."""

    company_id: str
    cust_id: str
    cntct_id: str
    removed_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was removed."""
        return self.removed_on


class ContactErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The person was erased: nothing of them can be read any more."""

    erases: ClassVar[bool] = True

    erased_on: date


ContactEvent: TypeAlias = (
    ContactRecorded
    | ContactAmended
    | ContactAdded
    | ContactChanged
    | ContactRemoved
    | ContactErased
)


# Commands.


class ImportContact(Struct, frozen=True, gc=False):
    """Take over what the ERP says of a contact.

    With `primary_only` a contact that is not known yet is passed over unless it is a primary one
    (SYN-04); a known one is amended all the same, so that it does not stay primary for ever.
    """

    document: ContactDocument
    primary_only: bool = False


class AddContact(Struct, frozen=True, gc=False):
    """Add a local contact under an id that is new; `account` is what is known of the account."""

    document: ContactDocument
    business_date: date
    account: AccountFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "AddContact":
        """Return the command that knows its account."""
        (account,) = facts
        return replace(self, account=account)


class ChangeContact(Struct, frozen=True, gc=False):
    """Change what is given of a local contact."""

    person: PersonChange
    primary: bool | UnsetType = UNSET
    include_in_automated_email: bool | UnsetType = UNSET


class RemoveContact(Struct, frozen=True, gc=False):
    """Remove a local contact."""

    business_date: date


class EraseContact(Struct, frozen=True, gc=False):
    """Erase the person, if the erasure was `granted`."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "EraseContact":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


ContactCommand: TypeAlias = (
    ImportContact | AddContact | ChangeContact | RemoveContact | EraseContact
)


# State: only what decisions need.


class NotKnown(Struct, frozen=True):
    """Nothing is known of the contact."""


class Known(Struct, frozen=True, gc=False):
    """The contact as known."""

    document: ContactDocument
    origin: Origin


class Removed(Struct, frozen=True):
    """The contact was a local one."""


class Erased(Struct, frozen=True):
    """The person was erased."""


Contact: TypeAlias = NotKnown | Known | Removed | Erased


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    """Remember `event`."""
    match contact, event:
        case ((NotKnown() | Removed()), ContactRecorded(document)):
            return Known(document, Origin.ERP)
        case Known(origin=Origin.ERP), ContactAmended(document):
            return Known(document, Origin.ERP)
        case NotKnown(), ContactAdded(document):
            return Known(document, Origin.LOCAL)
        case Known(origin=Origin.LOCAL), ContactChanged(document):
            return Known(document, Origin.LOCAL)
        case Known(origin=Origin.LOCAL), ContactRemoved():
            return Removed()
        case Known() | Removed(), ContactErased():
            return Erased()
        case _:
            raise ImpossibleHistory(f"{event} after {contact}")


def decide(command: ContactCommand, contact: Contact) -> Sequence[ContactEvent]:
    """Return the facts that `command` adds."""
    match command:
        case ImportContact():
            return take_over(command, contact)
        case AddContact():
            return add(command, contact)
        case ChangeContact():
            return change(command, contact)
        case RemoveContact():
            return remove(command, contact)
        case EraseContact():
            return erase(command, contact)


def take_over(command: ImportContact, contact: Contact) -> Sequence[ContactEvent]:
    """Record or amend the ERP's contact."""
    document = command.document
    match contact:
        case Known(origin=Origin.LOCAL):
            raise Refused(
                "contact_is_local",
                f"The contact {document.cntct_id} of account {document.cust_id} is kept here"
                " and not the ERP's; a sync leaves it alone.",
                "cntct_id",
            )
        case Erased():
            raise Refused(
                "contact_erased",
                f"The person was erased who was the contact {document.cntct_id} of account"
                f" {document.cust_id}. Remove them from the ERP too; somebody else needs an id"
                " that is new.",
                "cntct_id",
            )
        case Known():
            return [] if document == contact.document else [ContactAmended(document)]
        case _:
            passed_over = command.primary_only and not document.primary
            return [] if passed_over else [ContactRecorded(document)]


def add(command: AddContact, contact: Contact) -> Sequence[ContactEvent]:
    """Add a local contact, once."""
    if command.account is None:
        raise Refused("account_unknown", "There is no such account.", "custId")
    document = replace(command.document, person=entered_person(command.document.person))
    match contact:
        case NotKnown():
            return [ContactAdded(document, command.business_date)]
        case Known(known, Origin.LOCAL) if known == document:
            return []  # told twice
        case _:
            raise Refused("contact_exists", "A contact was added under this id before.")


def change(command: ChangeContact, contact: Contact) -> Sequence[ContactEvent]:
    """Change a local contact."""
    match contact:
        case Known(document, Origin.LOCAL):
            flags = {
                name: value
                for name in ("primary", "include_in_automated_email")
                if (value := getattr(command, name)) is not UNSET
            }
            person = entered_person(command.person.of(document.person))
            changed = replace(document, person=person, **flags)
            return [] if changed == document else [ContactChanged(changed)]
        case Removed():
            raise Refused("contact_removed", "This contact was removed.", "cntctId")
        case Erased():
            raise Refused("contact_erased", "This person was erased.", "cntctId")
        case _:
            raise _not_ours(contact)


def remove(command: RemoveContact, contact: Contact) -> Sequence[ContactEvent]:
    """Remove a local contact."""
    match contact:
        case Known(document, Origin.LOCAL):
            key = document.company_id, document.cust_id, document.cntct_id
            return [ContactRemoved(*key, command.business_date)]
        case Removed() | Erased():
            return []  # told twice
        case _:
            raise _not_ours(contact)


def erase(command: EraseContact, contact: Contact) -> Sequence[ContactEvent]:
    """Erase the person, once."""
    if not command.granted or isinstance(contact, NotKnown | Erased):
        return []
    return [ContactErased(command.business_date)]


def _not_ours(contact: NotKnown | Known) -> Refused:
    """Return the refusal of what may be done to local contacts alone."""
    if isinstance(contact, NotKnown):
        return Refused("contact_unknown", "There is no such contact.", "cntctId")
    return Refused(
        "contact_owned_by_erp",
        "This contact is the ERP's; change it there, and the next sync will bring it.",
        "cntctId",
    )


def can_be_erased(contact: Contact) -> bool:
    """Whether there is, or was, somebody who was not erased."""
    return isinstance(contact, Known | Removed)


def is_known(contact: Contact) -> bool:
    """Whether there is such a contact, for decisions about it elsewhere."""
    return isinstance(contact, Known)


CONTACT: Decider[Contact, ContactCommand, ContactEvent] = Decider(
    category="contact",
    events=(
        ContactRecorded,
        ContactAmended,
        ContactAdded,
        ContactChanged,
        ContactRemoved,
        ContactErased,
    ),
    initial=NotKnown(),
    evolve=evolve,
    decide=decide,
)
