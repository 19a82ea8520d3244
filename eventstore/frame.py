"""The log behind the interfaces of the `eventsourcing` library, bound to one tenant.

What is built on the library (its Application, Repository, notification logs and subscriptions)
works on our log: an aggregate's id is the name of a stream, a topic the stored name of an event, a
notification id the position. Appends go through the same function as all others, so positions
stay without gaps and readers never overtake a writer, whatever the size of the batch.

https://eventsourcing.readthedocs.io/en/stable/topics/persistence.html
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import (
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    InterfaceError,
    ListenNotifySubscription,
    Mapper,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
    PostgresRecorder,
    PostgresTrackingRecorder,
)
from eventsourcing.utils import Environment, retry
from msgspec import Struct
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row

from domain.shared.decider import Decider
from domain.shared.event import Event
from eventstore.codec import decode, encode

CONNINFO = "TALLYSTICK_CONNINFO"
TENANT = "TALLYSTICK_TENANT"

POOL_CONNECTIONS_MAX = 8
RETRIES_MAX = 10
RETRY_SECONDS = 0.2
SUBSCRIPTION_POLL_SECONDS = 0.05
UNKNOWN = "eventsourcing"
"""Who is said to have asked, and why, where the program does not say."""

State = TypeVar("State")

_APPEND = """
    SELECT first_position FROM public.append_events(
        %s, %s::text[], %s::integer[], %s::text[], %s::bytea[], %s::date[], %s::text[],
        %s::text[], %s::text[], '{}', '{}', '{}', '{}'
    )
"""

_TRACK = """
    INSERT INTO public.tracking AS t (tenant, application, position) VALUES (%s, %s, %s)
    ON CONFLICT (tenant, application) DO UPDATE SET position = excluded.position
    WHERE t.position < excluded.position
"""


class Filed(Struct, frozen=True):
    """An event as the library handles it: with its stream, its version and its date."""

    originator_id: str
    originator_version: int
    event: Event
    effective_on: date | None = None


@dataclass(frozen=True)
class DatedEvent(StoredEvent):
    """A stored event that says on which date it is effective."""

    effective_on: date | None = None


class EventMapper(Mapper[str]):
    """Events to stored events and back, by our own codec and names."""

    def __init__(self) -> None:
        """Make a mapper: it needs no transcoder."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return an event as it is stored."""
        filed: Filed = domain_event
        return DatedEvent(
            originator_id=filed.originator_id,
            originator_version=filed.originator_version,
            topic=type(filed.event).__name__,
            state=encode(filed.event),
            effective_on=filed.effective_on,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the event that was stored."""
        return Filed(
            str(stored_event.originator_id),
            stored_event.originator_version,
            decode(stored_event.topic, stored_event.state),
        )


class Projected(Struct, frozen=True):
    """What a stream's events led to."""

    id: str
    version: int
    state: Any


def projector(
    decider: Decider[Any, Any, Any],
) -> Callable[[Projected | None, Iterable[Any]], Projected | None]:
    """Return the library's projector function of a decider."""

    def project(initial: Projected | None, events: Iterable[Any]) -> Projected | None:
        projected = initial
        for filed in events:
            state = decider.initial if projected is None else projected.state
            state = decider.evolve(state, filed.event)
            projected = Projected(filed.originator_id, filed.originator_version, state)
        return projected

    return project


class TenantDatastore(PostgresDatastore):
    """Connections that row-level security shows one tenant's rows."""

    def __init__(
        self, conninfo: str, tenant: int, originator_id_type: Literal["uuid", "text"] = "text"
    ) -> None:
        self.tenant = tenant
        super().__init__(
            "",
            "",
            "",
            "",
            "",
            max_overflow=POOL_CONNECTIONS_MAX - 1,
            originator_id_type=originator_id_type,
        )
        self.pool.conninfo = conninfo
        self.pool.kwargs = {"row_factory": dict_row}

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        """Return what prepares a connection."""
        tenant = str(self.tenant)

        def after_connect(connection: Connection[Any]) -> None:
            connection.autocommit = True
            connection.execute("SELECT set_config('tallystick.tenant', %s, false)", (tenant,))

        return after_connect


class TenantRecorder(PostgresApplicationRecorder):
    """A tenant's log as the library records and reads it."""

    def __init__(self, datastore: TenantDatastore) -> None:
        PostgresRecorder.__init__(self, datastore)
        self.tenant = datastore.tenant
        self._id: Callable[[str], UUID | str] = (
            UUID if datastore.originator_id_type == "uuid" else str
        )

    @retry((InterfaceError, OperationalError), max_attempts=RETRIES_MAX, wait=RETRY_SECONDS)
    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append events; return their positions.

        `actor`, `cause` and `correlation` say who asked and why.

        Raises:
            IntegrityError: if a version of a stream is taken.
        """
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_events(cursor, stored_events, **kwargs)
            return self._append(cursor, stored_events, **kwargs) if stored_events else []

    def _append(
        self,
        cursor: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        actor: str = UNKNOWN,
        cause: str = UNKNOWN,
        correlation: str = "",
        **_: Any,
    ) -> Sequence[int]:
        count = len(stored_events)
        cursor.execute(
            _APPEND,
            (
                self.tenant,
                [str(one.originator_id) for one in stored_events],
                [one.originator_version for one in stored_events],
                [one.topic for one in stored_events],
                [one.state for one in stored_events],
                [getattr(one, "effective_on", None) for one in stored_events],
                [actor] * count,
                [cause] * count,
                [correlation] * count,
            ),
        )
        row = cursor.fetchone()
        assert row is not None
        first: int = row["first_position"]
        return list(range(first, first + count))

    @retry((InterfaceError, OperationalError), max_attempts=RETRIES_MAX, wait=RETRY_SECONDS)
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return a stream's events, by version."""
        statement = f"""
            SELECT version, type, data FROM public.events
            WHERE tenant = %(tenant)s AND stream = %(stream)s
              AND version > coalesce(%(gt)s::integer, version - 1)
              AND version <= coalesce(%(lte)s::integer, version)
            ORDER BY version {"DESC" if desc else "ASC"} LIMIT %(limit)s"""
        parameters = {
            "tenant": self.tenant,
            "stream": str(originator_id),
            "gt": gt,
            "lte": lte,
            "limit": limit,
        }
        with self.datastore.cursor() as cursor:
            cursor.execute(statement.encode(), parameters)
            return [
                StoredEvent(originator_id, row["version"], row["type"], bytes(row["data"]))
                for row in cursor
            ]

    @retry((InterfaceError, OperationalError), max_attempts=RETRIES_MAX, wait=RETRY_SECONDS)
    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events of the log in order, from `start` up to `stop`, of these types."""
        begin = 0 if start is None else start if inclusive_of_start else start + 1
        statement = """
            SELECT position, stream, version, type, data FROM public.events
            WHERE tenant = %(tenant)s AND position >= %(begin)s
              AND position <= coalesce(%(stop)s::bigint, position)
              AND (%(topics)s::text[] IS NULL OR type = ANY(%(topics)s::text[]))
            ORDER BY position LIMIT %(limit)s"""
        parameters = {
            "tenant": self.tenant,
            "begin": begin,
            "stop": stop,
            "topics": list(topics) or None,
            "limit": limit,
        }
        with self.datastore.cursor() as cursor:
            cursor.execute(statement, parameters)
            return [
                Notification(
                    self._id(row["stream"]),
                    row["version"],
                    row["type"],
                    bytes(row["data"]),
                    row["position"],
                )
                for row in cursor
            ]

    @retry((InterfaceError, OperationalError), max_attempts=RETRIES_MAX, wait=RETRY_SECONDS)
    def max_notification_id(self) -> int | None:
        """Return the last position of the log, or None if it is empty."""
        with self.datastore.cursor() as cursor:
            cursor.execute("SELECT position FROM public.heads WHERE tenant = %s", (self.tenant,))
            row = cursor.fetchone()
        return (row["position"] or None) if row is not None else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Return the events after `gt`, as they are recorded."""
        return TenantSubscription(recorder=self, gt=gt, topics=topics)


class TenantSubscription(ListenNotifySubscription[TenantRecorder]):
    """Follows a tenant's log by looking: appends send no notice, which would halve their rate."""

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._pull()
                self._has_been_notified.wait(SUBSCRIPTION_POLL_SECONDS)
        except BaseException as failure:  # noqa: BLE001  (raised where events are awaited)
            if self._thread_error is None:
                self._thread_error = failure
            self.stop()


class TenantTrackingRecorder(PostgresTrackingRecorder):
    """How far other programs have processed a tenant's log."""

    def __init__(self, datastore: TenantDatastore) -> None:
        PostgresRecorder.__init__(self, datastore)
        self.tenant = datastore.tenant

    def create_table(self) -> None:
        """Do nothing: migrations make the table."""

    @retry((InterfaceError, OperationalError), max_attempts=RETRIES_MAX, wait=RETRY_SECONDS)
    def insert_tracking(self, tracking: Tracking) -> None:
        """Note that a position has been processed.

        Raises:
            IntegrityError: if it, or a later one, has been already.
        """
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)

    def _insert_tracking(self, curs: Cursor[DictRow], tracking: Tracking) -> None:
        curs.execute(_TRACK, (self.tenant, tracking.application_name, tracking.notification_id))
        if curs.rowcount != 1:
            raise IntegrityError(f"{tracking} has been processed already")

    @retry((InterfaceError, OperationalError), max_attempts=RETRIES_MAX, wait=RETRY_SECONDS)
    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the last position that a program has processed, or None."""
        with self.datastore.cursor() as cursor:
            cursor.execute(
                "SELECT position FROM public.tracking WHERE tenant = %s AND application = %s",
                (self.tenant, application_name),
            )
            row = cursor.fetchone()
        return row["position"] if row is not None else None

    def has_tracking_id(self, application_name: str, notification_id: int | None) -> bool:
        """Whether a program has processed a position."""
        return TrackingRecorder.has_tracking_id(self, application_name, notification_id)


class TenantProcessRecorder(TenantTrackingRecorder, TenantRecorder, ProcessRecorder):
    """A log whose appends note in the same transaction what they processed."""

    def _insert_events(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,
    ) -> None:
        tracking: Tracking | None = kwargs.get("tracking")
        if tracking is not None:
            self._insert_tracking(curs, tracking)
        super()._insert_events(curs, stored_events, **kwargs)


class TenantFactory(PostgresFactory):
    """The library's way to all of this, by two settings: where the database is, whose log it is."""

    application_recorder_class = TenantRecorder
    tracking_recorder_class = TenantTrackingRecorder
    process_recorder_class = TenantProcessRecorder

    def __init__(self, env: Environment | dict[str, str] | None) -> None:
        InfrastructureFactory.__init__(self, env)  # pyright: ignore[reportArgumentType]
        conninfo, tenant = self.env.get(CONNINFO), self.env.get(TENANT)
        if conninfo is None or tenant is None:
            raise OSError(f"{CONNINFO} and {TENANT} must be set.")
        self.datastore = TenantDatastore(conninfo, int(tenant))

    def mapper(self, *_: Any, **__: Any) -> EventMapper:
        """Return our mapper."""
        return EventMapper()

    def application_recorder(self) -> TenantRecorder:
        """Return the tenant's log."""
        return TenantRecorder(self.datastore)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> TenantTrackingRecorder:
        """Return what notes how far programs are."""
        return (tracking_recorder_class or TenantTrackingRecorder)(self.datastore)

    def process_recorder(self) -> TenantProcessRecorder:
        """Return the tenant's log, noting what appends processed."""
        return TenantProcessRecorder(self.datastore)


class LogApplication(Application[str]):
    """The library's Application on a tenant's log.

    `repository.get(stream, projector_func=projector(DECIDER))` reads, `save(Filed(…), actor=…)`
    appends, `notification_log` follows.
    """

    def __init__(self, conninfo: str, tenant: int) -> None:
        super().__init__(
            {
                "PERSISTENCE_MODULE": "eventstore.frame:TenantFactory",
                CONNINFO: conninfo,
                TENANT: str(tenant),
            }
        )
