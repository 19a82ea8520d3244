"""A contact of an account, as the ERP knows it (ACC-15 to ACC-18).

NotKnown --import--> Known --import--> Known, amended
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory
from domain.shared.event import Event


class Person(Struct, frozen=True, omit_defaults=True, gc=False):
    """What identifies the person: kept together, so that it can be sealed and erased as one."""

    cntct_name: str | None = None
    cntct_title: str | None = None
    cntct_email_addr: str | None = None
    cntct_primary_addr_phone: str | None = None
    cntct_primary_addr_fax: str | None = None
    cntct_addr_line1: str | None = None
    cntct_addr_line2: str | None = None
    cntct_city: str | None = None
    cntct_state: str | None = None
    cntct_postal_code: str | None = None
    cntct_country: str | None = None
    cntct_comment: str | None = None


class ContactDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a contact.

    Only contacts with `include_in_automated_email` are written to by the product itself.
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


# Events: stored for ever under these names and fields. Add, never rename.


class ContactRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's contact became known."""

    document: ContactDocument


class ContactAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP changed what it says of the contact."""

    document: ContactDocument


ContactEvent: TypeAlias = ContactRecorded | ContactAmended


class ImportContact(Struct, frozen=True, gc=False):
    """Take over what the ERP says of a contact."""

    document: ContactDocument


class NotKnown(Struct, frozen=True):
    """Nothing is known of the contact."""


class Known(Struct, frozen=True, gc=False):
    """The contact as known."""

    document: ContactDocument


Contact: TypeAlias = NotKnown | Known


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    """Remember `event`."""
    match contact, event:
        case NotKnown(), ContactRecorded(document):
            return Known(document)
        case Known(), ContactAmended(document):
            return Known(document)
        case _:
            raise ImpossibleHistory(f"{event} after {contact}")


def decide(command: ImportContact, contact: Contact) -> Sequence[ContactEvent]:
    """Return the facts that `command` adds."""
    match contact:
        case NotKnown():
            return [ContactRecorded(command.document)]
        case Known(document) if document == command.document:
            return []  # told twice
        case Known():
            return [ContactAmended(command.document)]


CONTACT: Decider[Contact, ImportContact, ContactEvent] = Decider(
    category="contact",
    events=(ContactRecorded, ContactAmended),
    initial=NotKnown(),
    evolve=evolve,
    decide=decide,
)
