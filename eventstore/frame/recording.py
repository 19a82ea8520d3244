"""The library's recorders on our tables."""

from collections.abc import Callable, Sequence
from typing import Any, Literal
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    InterfaceError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    ShutDown,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresRecorder,
    PostgresTrackingRecorder,
)
from eventsourcing.utils import retry
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row

from eventstore.appending import APPEND, StoredForm, append_parameters
from eventstore.frame.mapping import DatedEvent

POOL_CONNECTIONS_MAX = 8
RETRIES_MAX = 10
RETRY_SECONDS = 0.2
SUBSCRIPTION_POLL_SECONDS = 0.05
UNKNOWN = "eventsourcing"
"""Who is said to have asked, and why, where the program does not say."""

_TRACK = """
    INSERT INTO public.tracking AS t (tenant, application, position) VALUES (%s, %s, %s)
    ON CONFLICT (tenant, application) DO UPDATE SET position = excluded.position
    WHERE t.position < excluded.position
"""


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

    def originator_id(self, stream: str) -> UUID | str:
        """Return the id of the aggregate that a stream is of."""
        return UUID(stream) if self.originator_id_type == "uuid" else stream

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        """Return what prepares a connection."""
        tenant = str(self.tenant)

        def after_connect(connection: Connection[Any]) -> None:
            connection.autocommit = True
            connection.execute("SELECT set_config('tallystick.tenant', %s, false)", (tenant,))

        return after_connect


class _TenantBound(PostgresRecorder):
    """A recorder on one tenant's rows of our tables, which migrations make."""

    def __init__(self, datastore: TenantDatastore, **_: Any) -> None:
        """Make a recorder; the names of the library's own tables are not needed."""
        PostgresRecorder.__init__(self, datastore)
        self.tenant = datastore.tenant
        self._originator_id = datastore.originator_id


class TenantRecorder(_TenantBound, PostgresApplicationRecorder):
    """A tenant's log as the library records and reads it."""

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
        batch = [
            StoredForm(
                str(one.originator_id),
                one.originator_version,
                one.topic,
                one.state,
                getattr(one, "effective_on", None),
                actor,
                cause,
                correlation,
            )
            for one in stored_events
        ]
        cursor.execute(APPEND, append_parameters(self.tenant, batch))
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
            SELECT version, type, data, effective_on FROM public.events
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
                DatedEvent(
                    originator_id,
                    row["version"],
                    row["type"],
                    bytes(row["data"]),
                    row["effective_on"],
                )
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
                    self._originator_id(row["stream"]),
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
    """Follows a tenant's log by looking: appends send no notice, which would halve their rate.

    All events up to the head are there to be read, so it goes on behind the head it has seen, and
    looks at no event twice, however rare those are that it is asked for.
    """

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._pull()
                self._has_been_notified.wait(SUBSCRIPTION_POLL_SECONDS)
        except BaseException as failure:  # noqa: BLE001  (raised where events are awaited)
            if self._thread_error is None:
                self._thread_error = failure
            self.stop()

    def _pull(self) -> None:
        head = self._recorder.max_notification_id() or 0
        while not self._has_been_stopped and (self._last_notification_id or 0) < head:
            notifications = self._recorder.select_notifications(
                start=self._last_notification_id or 0,
                limit=self._select_limit,
                stop=head,
                topics=self._topics,
                inclusive_of_start=False,
            )
            if notifications:
                try:
                    self._notifications_queue.put(notifications)
                except ShutDown:
                    return
            whole = len(notifications) < self._select_limit
            self._last_notification_id = head if whole else notifications[-1].id


class TenantTrackingRecorder(_TenantBound, PostgresTrackingRecorder):
    """How far other programs have processed a tenant's log."""

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
