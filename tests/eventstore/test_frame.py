"""The library's Application on our log, with deciders in the place of aggregate classes."""

from collections.abc import Generator, Sequence
from datetime import date
from typing import Any

import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.cipher import AESCipher
from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    ProgrammingError,
    StoredEvent,
    Tracking,
)

from domain.account import ACCOUNT, AccountAmended, AccountDocument, AccountOpened, Opened
from domain.contact import ContactAmended, ContactDocument, ContactErased, ContactRecorded
from domain.shared.person import Person
from domain.shared.personal import ERASED
from domain.shared.record_types import RecordType
from domain.shared.streams import stream_name
from domain.user_fields import UserFields, UserFieldsSet
from eventstore.frame import (
    CONNINFO,
    TENANT,
    EventMapper,
    Filed,
    LogApplication,
    Projected,
    TenantDatastore,
    TenantFactory,
    TenantProcessRecorder,
    TenantRecorder,
    projector,
)
from eventstore.log import NewEvent
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.tenants import Tenant

STREAM = stream_name("account", "1", "ACME")
DOCUMENT = AccountDocument("1", "ACME", "Acme Corp.")


@pytest.fixture
def application(database: Database, tenant: Tenant) -> Generator[LogApplication]:
    application = LogApplication(database.url("app"), tenant.id)
    yield application
    application.close()


def test_what_it_saves_both_it_and_our_log_read(
    application: LogApplication, database: Database, tenant: Tenant
) -> None:
    opened = Filed(STREAM, 1, AccountOpened(DOCUMENT), date(2026, 3, 1))

    recordings = application.save(opened, actor="dana", cause="test", correlation="c-1")

    found = application.repository.get(STREAM, projector_func=projector(ACCOUNT))
    assert found == Projected(STREAM, 1, Opened(DOCUMENT))
    assert list(application.events.get(STREAM)) == [opened]
    assert [one.notification.id for one in recordings] == [1]
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        assert log.load([STREAM])[STREAM].events == [AccountOpened(DOCUMENT)]
        assert log.head().position == 1
    with database.connect("owner") as owner:
        stored = owner.execute(
            "SELECT effective_on, actor, cause, correlation FROM events WHERE tenant = %s",
            (tenant.id,),
        ).fetchall()
    assert stored == [(date(2026, 3, 1), "dana", "test", "c-1")]


def test_what_is_built_on_it_is_told_nothing_of_persons_and_appends_nothing_of_them(
    application: LogApplication, database: Database, tenant: Tenant
) -> None:
    stream, zoe = "contact/1/ACME/1", ContactDocument("1", "ACME", "1", Person("Zoe"))
    new = NewEvent(stream, 1, ContactRecorded(zoe), date(2026, 3, 1), "a", "b", "c")
    with database.pool("app", size=1) as pool:
        PostgresLog(pool, tenant.id).append([new])

    nobody = ContactDocument("1", "ACME", "1", Person(ERASED))
    (told,) = application.events.get(stream)
    assert told == Filed(stream, 1, ContactRecorded(nobody), date(2026, 3, 1))
    for event in (ContactAmended(zoe), ContactErased(date(2026, 3, 1))):
        with pytest.raises(ProgrammingError, match="about a person"):
            application.save(Filed(stream, 2, event))
    fields = UserFieldsSet(RecordType.CUSTOMER, ("1", "ACME"), UserFields("x"))
    application.save(Filed("user_fields/customer/1/ACME", 1, fields))
    assert [one.event for one in application.events.get("user_fields/customer/1/ACME")] == [fields]


def test_an_event_without_a_date_is_effective_on_the_day_it_is_recorded(
    application: LogApplication, database: Database, tenant: Tenant
) -> None:
    application.save(Filed(STREAM, 1, AccountOpened(DOCUMENT)))

    with database.connect("owner") as owner:
        stored = owner.execute(
            "SELECT effective_on = (recorded_at AT TIME ZONE 'UTC')::date FROM events"
            " WHERE tenant = %s",
            (tenant.id,),
        ).fetchall()
    assert stored == [(True,)]


def test_a_version_that_is_taken_is_refused(application: LogApplication) -> None:
    application.save(Filed(STREAM, 1, AccountOpened(DOCUMENT)))

    with pytest.raises(IntegrityError):
        application.save(Filed(STREAM, 1, AccountOpened(DOCUMENT)))

    assert application.recorder.max_notification_id() == 1


def test_the_notification_log_gives_our_events_in_order(application: LogApplication) -> None:
    other = stream_name("account", "1", "OTHER/ONE")
    application.save(Filed(STREAM, 1, AccountOpened(DOCUMENT)))
    application.save(Filed(other, 1, AccountOpened(AccountDocument("1", "OTHER/ONE"))))

    section = application.notification_log["1,10"]

    assert [(one.id, one.originator_id, one.topic) for one in section.items] == [
        (1, STREAM, "AccountOpened"),
        (2, "account/1/OTHER%2FONE", "AccountOpened"),
    ]


def test_the_librarys_log_in_memory_works_with_our_events_and_deciders() -> None:
    application = Application[str](
        {"PERSISTENCE_MODULE": "eventsourcing.popo", "MAPPER_TOPIC": "eventstore.frame:EventMapper"}
    )
    later = AccountDocument("1", "ACME", "Acme Ltd.")
    events = [AccountOpened(DOCUMENT), AccountAmended(later)]

    application.save(*(Filed(STREAM, version, event) for version, event in enumerate(events, 1)))

    found = application.repository.get(STREAM, projector_func=projector(ACCOUNT))
    assert found == Projected(STREAM, 2, Opened(later))
    past = application.repository.get(STREAM, version=1, projector_func=projector(ACCOUNT))
    assert past == Projected(STREAM, 1, Opened(DOCUMENT))


def test_a_cipher_that_nobody_else_could_read_is_refused(
    database: Database, tenant: Tenant
) -> None:
    env = {
        CONNINFO: database.url("app"),
        TENANT: str(tenant.id),
        "CIPHER_KEY": AESCipher.create_key(16),
    }
    with TenantFactory(env) as factory, pytest.raises(OSError, match="neither compressed nor"):
        factory.mapper()


def test_a_factory_says_what_it_needs_and_what_there_is_not(
    database: Database, tenant: Tenant
) -> None:
    with pytest.raises(OSError, match="must be set"):
        TenantFactory({CONNINFO: database.url("app")})
    with (
        TenantFactory({CONNINFO: database.url("app"), TENANT: str(tenant.id)}) as factory,
        pytest.raises(ProgrammingError, match="no table for snapshots"),
    ):
        factory.aggregate_recorder("snapshots")


class CountingRecorder(TenantRecorder):
    """A recorder that counts how many events it was asked to look through."""

    looked_through = 0

    def select_notifications(self, *arguments: Any, **options: Any) -> Sequence[Notification]:
        self.looked_through += options["stop"] - options["start"]
        return super().select_notifications(*arguments, **options)


@pytest.fixture
def datastore(database: Database, tenant: Tenant) -> Generator[TenantDatastore]:
    with TenantDatastore(database.url("app"), tenant.id) as datastore:
        yield datastore


def common(count: int, stream: str) -> list[StoredEvent]:
    return [StoredEvent(stream, version, "Common", b"{}") for version in range(1, count + 1)]


def test_who_waits_for_a_rare_event_looks_at_the_others_once(datastore: TenantDatastore) -> None:
    recorder = CountingRecorder(datastore)
    recorder.insert_events(common(1_200, "s/1"))

    with recorder.subscribe(topics=["Rare"]) as subscription:
        recorder.insert_events(common(700, "s/2"))
        recorder.insert_events([StoredEvent("s/3", 1, "Rare", b"{}")])
        found = next(subscription)

    assert (found.id, found.originator_id, found.topic) == (1_901, "s/3", "Rare")
    assert recorder.looked_through == 1_901


def test_a_subscription_gives_every_event_once_whatever_the_batches(
    datastore: TenantDatastore,
) -> None:
    recorder = TenantRecorder(datastore)
    batches = [1, 499, 500, 501, 6_000]

    with recorder.subscribe(gt=0) as subscription:
        for number, count in enumerate(batches):
            assert recorder.insert_events(common(count, f"s/{number}"))
        seen = [next(subscription).id for _ in range(sum(batches))]

    assert seen == list(range(1, sum(batches) + 1))


def test_events_and_how_far_they_processed_another_log_stand_or_fall_together(
    datastore: TenantDatastore,
) -> None:
    recorder = TenantProcessRecorder(datastore)
    recorder.insert_events(common(1, "s/1"), tracking=Tracking("upstream", 7))

    with pytest.raises(IntegrityError):  # what it wants to append is there
        recorder.insert_events(common(1, "s/1"), tracking=Tracking("upstream", 8))
    with pytest.raises(IntegrityError):  # what it read was processed before
        recorder.insert_events(common(1, "s/2"), tracking=Tracking("upstream", 7))

    assert recorder.max_tracking_id("upstream") == 7
    assert recorder.max_tracking_id("another") is None
    assert recorder.max_notification_id() == 1
    assert [one.originator_id for one in recorder.select_notifications(1, 10)] == ["s/1"]


def test_a_mapper_gives_back_what_it_was_given() -> None:
    filed = Filed(STREAM, 3, AccountOpened(DOCUMENT), date(2026, 3, 1))
    mapper = EventMapper()

    stored = mapper.to_stored_event(filed)

    assert (stored.topic, stored.state) == (
        "AccountOpened",
        b'{"document":{"company_id":"1","cust_id":"ACME","cust_name":"Acme Corp."}}',
    )
    assert mapper.to_domain_event(stored) == filed


def test_a_stream_that_is_not_there_is_not_found(application: LogApplication) -> None:
    with pytest.raises(AggregateNotFoundError):
        application.repository.get(STREAM, projector_func=projector(ACCOUNT))
