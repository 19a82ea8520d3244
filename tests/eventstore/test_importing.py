"""What an import appends: encoded before it has a place in the log, and flushed once at its end."""

from datetime import date

import pytest

from domain.account import AccountDocument, AccountOpened
from domain.contact import ContactDocument, ContactRecorded
from domain.shared.person import Person
from eventstore.importing import ImportSession
from eventstore.log import NewEvent, StreamMoved
from runtime.database import Database
from runtime.tenants import Tenant


def opened(number: int) -> NewEvent:
    event = AccountOpened(AccountDocument("1", f"Å{number}", "x" * (number % 7)))
    return NewEvent(
        f"account/1/Å{number}", 1, event, date(2026, 3, 1), "dana", f"c{number % 3}", "d"
    )


def test_a_batch_encoded_ahead_comes_where_the_log_has_come_to(
    database: Database, tenant: Tenant
) -> None:
    with database.connect("worker") as reading, database.connect("worker") as appending:
        session = ImportSession(reading, appending, tenant.id)
        batch = [opened(number) for number in range(300)]
        encoded = session.encode(batch)
        assert encoded is not None
        session.append([opened(1_000)])
        appended = session.append(batch, encoded)
        assert (appended.first_position, appended.last_position) == (2, 301)
        rows = reading.execute(
            "SELECT position, stream, cause, recorded_at FROM events"
            " WHERE tenant = %s AND position > 1 ORDER BY position",
            (tenant.id,),
        ).fetchall()
    assert rows == [
        (place, one.stream, one.cause, appended.recorded_at) for place, one in enumerate(batch, 2)
    ]


def test_what_could_not_be_appended_is_appended_elsewhere_as_it_was_encoded(
    database: Database, tenant: Tenant
) -> None:
    with database.connect("worker") as reading, database.connect("worker") as appending:
        session = ImportSession(reading, appending, tenant.id)
        encoded = session.encode([opened(1)])
        session.append([opened(1)], encoded)
        with pytest.raises(StreamMoved):
            session.append([opened(1)], encoded)
        assert session.append([opened(2)]).first_position == 2


def test_what_tells_of_persons_is_not_encoded_ahead(database: Database, tenant: Tenant) -> None:
    told = ContactRecorded(ContactDocument("1", "A", "7", Person("Zoe")))
    batch = [opened(1), NewEvent("contact/1/A/7", 1, told, date(2026, 3, 1), "a", "b", "c")]
    with database.connect("worker") as reading, database.connect("worker") as appending:
        session = ImportSession(reading, appending, tenant.id)
        assert session.encode(batch) is None
        session.append(batch)
        data = reading.execute(
            "SELECT data FROM events WHERE tenant = %s AND position = 2", (tenant.id,)
        ).fetchone()
    assert data is not None
    assert b"Zoe" not in data[0]


def test_once_it_is_flushed_all_is_on_disk(database: Database, tenant: Tenant) -> None:
    with database.connect("worker") as reading, database.connect("worker") as appending:
        session = ImportSession(reading, appending, tenant.id)
        session.append([opened(number) for number in range(500)])
        at = reading.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        session.flush()
        row = reading.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", at).fetchone()
    assert row == (True,)
