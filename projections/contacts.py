"""Read model: contacts of accounts."""

from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple

from domain.contact import ContactAmended, ContactDocument, ContactRecorded, Person
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class ContactRow(Row, frozen=True, array_like=True, gc=False):
    """A contact as known."""

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
    known_from: datetime


def evolve(state: ContactDocument | None, recorded: Recorded) -> ContactDocument:  # noqa: ARG001
    """Remember the newest document."""
    return cast("ContactRecorded | ContactAmended", recorded.event).document


def rows(state: ContactDocument, tenant: int, known_from: datetime) -> EntityRows:
    """Return the contact's row."""
    company_id, cust_id, cntct_id, person, *rest = astuple(state)
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
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> ContactDocument:
    """Return the document of a stored row."""
    company_id, cust_id, cntct_id, *values = astuple(stored[0][0])[1:-1]
    person = len(Person.__struct_fields__)
    return ContactDocument(
        company_id, cust_id, cntct_id, Person(*values[:person]), *values[person:]
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the contact that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "cust_id", "cntct_id")

CONTACTS: ReadModel[Any, ContactDocument] = ReadModel(
    name="contacts",
    tables=(Table("contacts", ContactRow, _KEY, _KEY),),
    handles=(ContactRecorded, ContactAmended),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
