"""What is personal is encrypted: it opens in its own place, with its own key, and nowhere else."""

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection

from domain.catalogue import EVENT_TYPES
from domain.contact import CONTACT, ContactAdded, ContactDocument, ContactRecorded
from domain.personal_contact import PersonalContactAdded, PersonalContactChanged
from domain.shared.event import Event
from domain.shared.person import Person
from domain.shared.personal import ERASED, person_of
from domain.shared.record_types import RecordType
from domain.user import UserChanged, UserKind, UserProfile
from domain.user_fields import UserFields, UserFieldsSet
from eventstore.codec import decode, encode
from eventstore.encryption import (
    PERSONAL_TYPES,
    SEALED,
    CannotOpen,
    opened,
    place,
    sealed,
    unwrapped,
)
from eventstore.log import NewEvent, StreamMoved
from eventstore.masters import NoMasterKey
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.embedded import DatabaseUnavailable
from runtime.master_key import MasterKeyError, trust_settings
from runtime.settings import Settings
from runtime.tenants import Tenant
from tests.eventstore.test_codec import samples

ON = date(2026, 3, 2)
KEY = bytes(32)
OTHER_KEY = bytes([1] * 32)
WHERE = place(1, "contact/1/A/1", 1, "ContactRecorded")

texts = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
people = st.builds(Person, **dict.fromkeys(Person.__struct_fields__, texts))
documents = st.builds(
    ContactDocument,
    st.just("1"),
    st.just("A"),
    st.just("1"),
    people,
    st.booleans(),
    st.booleans(),
    texts,
)
events = st.one_of(
    st.builds(ContactRecorded, documents),
    st.builds(ContactAdded, documents, st.dates()),
    st.builds(PersonalContactAdded, st.just("c"), st.just("key/1"), people, st.dates()),
    st.builds(PersonalContactChanged, people),
    st.builds(
        UserFieldsSet,
        st.just(RecordType.CONTACT),
        st.just(("1", "A", "1")),
        st.builds(UserFields, texts, texts),
    ),
    st.builds(
        UserChanged,
        st.builds(UserProfile, st.just("u"), st.text(max_size=9), st.sampled_from(UserKind), texts),
    ),
)


def read(data: bytes, event: Event, key: bytes | None, where: bytes = WHERE) -> Event:
    """The event of sealed bytes."""
    fields: dict[str, Any] = msgspec.json.decode(data)
    opened(fields, type(event).__name__, key, where)
    return msgspec.convert(fields, type(event))


@given(events)
def test_what_is_sealed_opens_to_what_it_was(event: Event) -> None:
    assert read(sealed(event, KEY, WHERE), event, KEY) == event


@given(events)
def test_without_a_key_an_event_reads_as_one_of_somebody_who_was_erased(event: Event) -> None:
    left = read(sealed(event, KEY, WHERE), event, None)

    for path, stand_in in event.personal.items():
        told: Any = left
        for name in path.split("."):
            told = getattr(told, name)
        assert msgspec.to_builtins(told) == stand_in
    assert stripped(left) == stripped(event)


def stripped(event: Event) -> dict[str, Any]:
    """What of an event is not personal."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    for path in event.personal:
        *parents, name = path.split(".")
        holder = fields
        for parent in parents:
            holder = holder[parent]
        holder.pop(name, None)
    return fields


@given(events, st.integers(0, 10_000), st.integers(1, 255))
def test_not_a_bit_of_it_can_be_altered(event: Event, at: int, change: int) -> None:
    fields: dict[str, Any] = msgspec.json.decode(sealed(event, KEY, WHERE))
    told = bytearray(base64.b64decode(fields[SEALED]))
    told[at % len(told)] ^= change
    fields[SEALED] = base64.b64encode(told).decode()

    with pytest.raises(CannotOpen):
        read(msgspec.json.encode(fields), event, KEY)


ZOE = ContactRecorded(ContactDocument("1", "A", "1", Person("Zoe Unseen"), primary=True))


@pytest.mark.parametrize(
    ("key", "where"),
    [
        (OTHER_KEY, WHERE),
        (KEY, place(2, "contact/1/A/1", 1, "ContactRecorded")),
        (KEY, place(1, "contact/1/A/2", 1, "ContactRecorded")),
        (KEY, place(1, "contact/1/A/1", 2, "ContactRecorded")),
        (KEY, place(1, "contact/1/A/1", 1, "ContactAmended")),
    ],
)
def test_it_opens_with_its_own_key_in_its_own_place_alone(key: bytes, where: bytes) -> None:
    with pytest.raises(CannotOpen):
        read(sealed(ZOE, KEY, WHERE), ZOE, key, where)


def test_what_is_not_personal_stays_to_be_read() -> None:
    told = json.loads(sealed(ZOE, KEY, WHERE))
    assert b"Unseen" not in sealed(ZOE, KEY, WHERE)
    assert told.pop(SEALED)
    assert told == {
        "document": {"company_id": "1", "cust_id": "A", "cntct_id": "1", "primary": True}
    }
    assert sealed(ZOE, KEY, WHERE) != sealed(ZOE, KEY, WHERE)


def test_a_stream_is_about_a_person_or_about_nobody() -> None:
    assert person_of("contact/1/A/1") == "contact/1/A/1"
    assert person_of("user_fields/contact/1/A/1") == "contact/1/A/1"
    assert person_of("personal_contact/c") == "personal_contact/c"
    assert person_of("user/dana") == "user/dana"
    for stream in ("user_fields/invoice/1/I", "invoice/1/I", "user_action/x", "erasure/user/dana"):
        assert person_of(stream) is None


def test_every_event_with_a_person_in_it_marks_what_is_personal() -> None:
    told = {name for name, data in samples() if b'"cntct_name"' in data or b'"email"' in data}
    assert told <= PERSONAL_TYPES
    for name in PERSONAL_TYPES:
        assert SEALED not in EVENT_TYPES[name].__struct_fields__


@pytest.mark.parametrize(("name", "data"), [one for one in samples() if one[0] in PERSONAL_TYPES])
def test_every_stored_shape_is_sealed_and_opened(name: str, data: bytes) -> None:
    event = decode(name, data)
    where = place(1, "contact/1/A/1", 1, name)
    assert encode(read(sealed(event, KEY, where), event, KEY, where)) == data
    assert type(read(sealed(event, KEY, where), event, None, where)) is EVENT_TYPES[name]


def new(event: Event, version: int = 1, stream: str = "contact/1/A/1") -> NewEvent:
    return NewEvent(stream, version, event, ON, "a", "b", "c")


def test_the_log_holds_a_person_encrypted_under_a_key_of_their_own(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    neighbour = new(ZOE, stream="contact/1/A/2")
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        log.append([new(ZOE), neighbour])
        log.append(
            [
                new(
                    UserFieldsSet(RecordType.CONTACT, ("1", "A", "1"), UserFields("Unseen")),
                    stream="user_fields/contact/1/A/1",
                )
            ]
        )

        assert log.load(["contact/1/A/1"])["contact/1/A/1"].events == [ZOE]
        assert [type(one.event) for one in log.page(0, 9)] == [
            ContactRecorded,
            ContactRecorded,
            UserFieldsSet,
        ]
    rows = owner.execute("SELECT data FROM events WHERE tenant = %s", (tenant.id,)).fetchall()
    assert not any(b"Unseen" in bytes(data) for (data,) in rows)
    keys = owner.execute(
        "SELECT person, length(wrapped), destroyed_at FROM person_keys WHERE tenant = %s"
        " ORDER BY 1",
        (tenant.id,),
    ).fetchall()
    assert keys == [("contact/1/A/1", 60, None), ("contact/1/A/2", 60, None)]


def test_a_key_is_of_one_person_alone(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        log.append([new(ZOE), new(ZOE, stream="contact/1/A/2")])
        owner.execute(
            "UPDATE person_keys k SET wrapped = o.wrapped FROM person_keys o WHERE k.tenant = %s"
            " AND o.tenant = k.tenant AND k.person = 'contact/1/A/1'"
            " AND o.person = 'contact/1/A/2'",
            (tenant.id,),
        )
        with pytest.raises(CannotOpen):
            log.load(["contact/1/A/1"])
        assert log.load(["contact/1/A/2"])["contact/1/A/2"].events == [ZOE]


def test_a_lost_key_is_told_and_not_taken_for_an_erasure(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        log.append([new(ZOE)])
        owner.execute("DELETE FROM person_keys WHERE tenant = %s", (tenant.id,))
        with pytest.raises(CannotOpen, match="no key of contact/1/A/1"):
            log.load(["contact/1/A/1"])
        (unreadable,) = log.page(0, 9)
        assert "no key of contact/1/A/1" in unreadable.event.error  # type: ignore[attr-defined]


def test_nothing_is_sealed_for_who_was_erased(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        log.append([new(ZOE)])
        owner.execute(
            "UPDATE person_keys SET wrapped = NULL, master = NULL, destroyed_at = now()"
            " WHERE tenant = %s",
            (tenant.id,),
        )
        with pytest.raises(StreamMoved, match="was erased"):
            log.append([new(ZOE, 2)])
        (left,) = log.load(["contact/1/A/1"])["contact/1/A/1"].events
    assert left == ContactRecorded(ContactDocument("1", "A", "1", Person(ERASED), primary=True))
    assert CONTACT.replay([left])


def test_a_key_that_no_master_key_unwraps_is_told() -> None:
    with pytest.raises(NoMasterKey, match="0102030405060708"):
        unwrapped(1, [("contact/1/A/1", bytes(60), bytes(range(1, 9)))])
    assert unwrapped(1, [("contact/1/A/1", None, None)]) == {"contact/1/A/1": None}


def test_a_database_is_used_with_its_own_master_key_alone(
    settings: Settings, owner: Connection[Any], tmp_path: Path
) -> None:
    path = settings.home / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    trust_settings(owner, settings)
    lines = path.read_text().splitlines()
    of_environment = settings.model_copy(update={"home": tmp_path})
    with pytest.raises(MasterKeyError, match=r"There is no .*master\.key"):
        trust_settings(owner, of_environment)
    for told, message in (
        ("AAAA", "holds no master key"),
        ("?", "holds no master key"),
        ("A" * 43 + "=", "another master key"),
    ):
        given_key = Settings(home=tmp_path, master_key=told)  # type: ignore[arg-type]
        with pytest.raises(MasterKeyError, match=message):
            trust_settings(owner, given_key)
    trust_settings(owner, Settings(home=tmp_path, master_key=lines[-1]))  # type: ignore[arg-type]
    assert lines[-1] not in repr(Settings(home=tmp_path, master_key=lines[-1]))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_its_master_key_is_not_opened(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    elsewhere = Settings(home=tmp_path, database_url=database.url("owner"))
    with pytest.raises(DatabaseUnavailable, match="TALLYSTICK_MASTER_KEY"):
        Database.open(elsewhere)
