"""Read model: contacts of accounts, the ERP's and local ones.

Removed and erased ones stay, with the date; of the erased there is nothing to be read.
"""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple, replace

from domain.contact import (
    ContactAdded,
    ContactAmended,
    ContactChanged,
    ContactDocument,
    ContactErased,
    ContactRecorded,
    ContactRemoved,
    Origin,
)
from domain.shared.person import Person
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class ContactRow(Row, frozen=True, array_like=True, gc=False):
    """A contact as known; local ones tell when they were added and removed, any when erased."""

    tenant: int
    company_id: str
    cust_id: str
    cntct_id: str
    cntct_name: str | None
    cntct_title: str | None
    cntct_email_addr: str | None
    cntct_primary_addr_phone: str | None
    cntct_primary_addr_fax: str | None
    cntct_addr_line1: str | None
    cntct_addr_line2: str | None
    cntct_city: str | None
    cntct_state: str | None
    cntct_postal_code: str | None
    cntct_country: str | None
    cntct_comment: str | None
    is_primary: bool
    include_in_automated_email: bool
    udf1: str | None
    udf2: str | None
    udf3: str | None
    udf4: str | None
    udf5: str | None
    origin: str
    added_on: date | None
    removed_on: date | None
    erased_on: date | None
    known_from: datetime


class ContactState(Struct, gc=False):
    """A contact while its events are folded."""

    document: ContactDocument
    origin: Origin
    added_on: date | None = None
    removed_on: date | None = None
    erased_on: date | None = None


def evolve(state: ContactState | None, recorded: Recorded) -> ContactState:
    """Remember an event."""
    event = recorded.event
    if isinstance(event, ContactRecorded | ContactAmended):
        return ContactState(event.document, Origin.ERP)
    if isinstance(event, ContactAdded):
        return ContactState(event.document, Origin.LOCAL, event.added_on)
    if state is None:
        raise LookupError(f"{recorded.stream} is not known.")
    if isinstance(event, ContactRemoved):
        state.removed_on = event.removed_on
    elif isinstance(event, ContactErased):
        state.erased_on = event.erased_on
        state.document = replace(state.document, include_in_automated_email=False)
    else:
        state.document = cast("ContactChanged", event).document
    return state


def rows(state: ContactState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the contact's row."""
    company_id, cust_id, cntct_id, person, *rest = astuple(state.document)
    return (
        (
            build(
                ContactRow,
                tenant,
                company_id,
                cust_id,
                cntct_id,
                *astuple(person),
                *rest,
                state.origin.value,
                state.added_on,
                state.removed_on,
                state.erased_on,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> ContactState:
    """Return the state of a stored row."""
    company_id, cust_id, cntct_id, *values = astuple(stored[0][0])[1:-1]
    *values, origin, added_on, removed_on, erased_on = values
    person = len(Person.__struct_fields__)
    document = ContactDocument(
        company_id, cust_id, cntct_id, Person(*values[:person]), *values[person:]
    )
    return ContactState(document, Origin(origin), added_on, removed_on, erased_on)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the contact that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "cust_id", "cntct_id")

CONTACTS: ReadModel[Any, ContactState] = ReadModel(
    name="contacts",
    tables=(Table("contacts", ContactRow, _KEY, _KEY),),
    handles=(
        ContactRecorded,
        ContactAmended,
        ContactAdded,
        ContactChanged,
        ContactRemoved,
        ContactErased,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
