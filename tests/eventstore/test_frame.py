"""The library's Application on our log, with deciders in the place of aggregate classes."""

from collections.abc import Generator
from datetime import date

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError

from domain.account import ACCOUNT, AccountDocument, AccountOpened, Opened
from domain.shared.streams import stream_name
from eventstore.frame import Filed, LogApplication, projector
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
    assert (found.id, found.version, found.state) == (STREAM, 1, Opened(DOCUMENT))
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


def test_an_event_without_a_date_is_effective_on_the_day_it_is_recorded(
    application: LogApplication, database: Database, tenant: Tenant
) -> None:
    application.save(Filed(STREAM, 1, AccountOpened(DOCUMENT)))

    with database.connect("owner") as owner:
        stored = owner.execute(
            "SELECT effective_on = recorded_at::date FROM events WHERE tenant = %s", (tenant.id,)
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


def test_a_stream_that_is_not_there_is_not_found(application: LogApplication) -> None:
    with pytest.raises(AggregateNotFoundError):
        application.repository.get(STREAM, projector_func=projector(ACCOUNT))
