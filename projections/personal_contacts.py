"""Read model: personal contacts of users; removed and erased ones stay, with the date (ACC-19)."""

from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple

from domain.personal_contact import (
    PersonalContactAdded,
    PersonalContactChanged,
    PersonalContactErased,
    PersonalContactRemoved,
)
from domain.shared.person import Person
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class PersonalContactRow(Row, frozen=True, array_like=True, gc=False):
    """A personal contact as known; `owner` names its user as the log does."""

    tenant: int
    contact_id: str
    owner: str
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
    added_on: date
    removed_on: date | None
    erased_on: date | None
    known_from: datetime


class PersonalContactState(Struct, gc=False):
    """A personal contact while its events are folded."""

    contact_id: str
    owner: str
    person: Person
    added_on: date
    removed_on: date | None = None
    erased_on: date | None = None


def evolve(state: PersonalContactState | None, recorded: Recorded) -> PersonalContactState:
    """Remember an event."""
    event = recorded.event
    if isinstance(event, PersonalContactAdded):
        return PersonalContactState(event.contact_id, event.owner, event.person, event.added_on)
    if state is None:
        raise LookupError(f"{recorded.stream} is not known.")
    if isinstance(event, PersonalContactRemoved):
        state.removed_on = event.removed_on
    elif isinstance(event, PersonalContactErased):
        state.erased_on = event.erased_on
    else:
        state.person = cast("PersonalContactChanged", event).person
    return state


def rows(state: PersonalContactState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the contact's row."""
    return (
        (
            build(
                PersonalContactRow,
                tenant,
                state.contact_id,
                state.owner,
                *astuple(state.person),
                state.added_on,
                state.removed_on,
                state.erased_on,
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> PersonalContactState:
    """Return the state of a stored row."""
    contact_id, owner, *person, added_on, removed_on, erased_on = astuple(stored[0][0])[1:-1]
    return PersonalContactState(contact_id, owner, Person(*person), added_on, removed_on, erased_on)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the contact that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("contact_id",)

PERSONAL_CONTACTS: ReadModel[Any, PersonalContactState] = ReadModel(
    name="personal_contacts",
    tables=(Table("personal_contacts", PersonalContactRow, _KEY, _KEY),),
    handles=(
        PersonalContactAdded,
        PersonalContactChanged,
        PersonalContactRemoved,
        PersonalContactErased,
    ),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
