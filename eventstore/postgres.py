"""The log on PostgreSQL: every statement names the tenant, and the tables are fenced by it."""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import Connection, OperationalError, errors
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from eventstore.appending import (
    APPEND,
    APPEND_SEALED,
    StoredForm,
    append_parameters,
    sealed_parameters,
)
from eventstore.codec import UnknownEvent, Unreadable, decode, encode
from eventstore.encryption import (
    PERSONAL_TYPES,
    CannotOpen,
    Opener,
    Sealed,
    seal_batch,
    tells_of_persons,
)
from eventstore.event_copy import EVENT_COLUMNS, EncodedEvents
from eventstore.log import (
    NO_VERSIONS,
    Appended,
    CommandResult,
    Head,
    History,
    LogUnavailable,
    NewEvent,
    NewResult,
    Recorded,
    StreamMoved,
    Unconfirmed,
)
from eventstore.masters import NoMasterKey

_LOAD = """
    SELECT e.stream, e.version, e.type, e.data
    FROM unnest(%s::text[], %s::integer[]) AS known (stream, version)
    JOIN events e ON e.tenant = %s AND e.stream = known.stream AND e.version > known.version
    ORDER BY e.stream, e.version
"""

_RESULTS = """
    SELECT idempotency_key, request_digest, first_position, last_position FROM command_results
    WHERE tenant = %s AND idempotency_key = ANY(%s)
"""

_PAGE = """
    SELECT position, stream, version, type, data, recorded_at FROM events
    WHERE tenant = %s AND position > %s ORDER BY position LIMIT %s
"""

_STREAMS = """
    SELECT position, stream, version, type, data, recorded_at FROM events
    WHERE tenant = %s AND stream > %s AND stream <= %s AND position <= %s ORDER BY stream, version
"""

_NAMED_STREAMS = """
    SELECT position, stream, version, type, data, recorded_at FROM events
    WHERE tenant = %s AND stream = ANY(%s) AND position <= %s ORDER BY stream, version
"""

_STREAM_AFTER = """
    SELECT stream FROM events WHERE tenant = %s AND stream > %s
    ORDER BY stream, version OFFSET %s LIMIT 1
"""

_MASTER_DROPPED = "The master key was dropped that new keys of persons were wrapped by."

_LAST_STREAM = "SELECT max(stream) FROM events WHERE tenant = %s"


class PostgresLog:
    """A tenant's log on connections of a pool."""

    def __init__(self, pool: ConnectionPool[Connection[Any]], tenant: int) -> None:
        self.pool = pool
        self.tenant = tenant

    @contextmanager
    def _connection(self) -> Generator[Connection[Any]]:
        try:
            with self.pool.connection() as connection:
                bind_tenant(connection, self.tenant)
                yield connection
        except OperationalError as failure:
            raise LogUnavailable(f"The log does not answer: {failure}") from failure

    def load(
        self, streams: Sequence[str], after: Mapping[str, int] = NO_VERSIONS
    ) -> dict[str, History]:
        """Return the histories of `streams`, each after the version `after` says."""
        with self._connection() as connection:
            return load_histories(connection, self.tenant, streams, after)

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        """Append `batch` as a whole or not at all, with the results of its commands."""
        of_persons = tells_of_persons(batch)
        with self._connection() as connection:
            sealed = seal_batch(connection, self.tenant, batch) if of_persons else None
            if sealed is None and unmoved:
                sealed = Sealed([encode(new.event) for new in batch], (), (), ())
            statement, parameters = _appending(self.tenant, batch, results, sealed, unmoved)
            try:
                row = connection.execute(statement, parameters, binary=True).fetchone()
            except errors.ForeignKeyViolation as dropped:
                raise StreamMoved(_MASTER_DROPPED) from dropped
            except errors.IntegrityConstraintViolation as torn:
                raise StreamMoved(str(torn.diag.message_primary)) from torn
            except errors.UniqueViolation as taken:
                raise StreamMoved(str(taken.diag.message_detail)) from taken
            except OperationalError as failure:
                if _refused(failure):
                    raise
                raise Unconfirmed(f"The log was lost before it answered: {failure}") from failure
        assert row is not None
        return Appended(row[0], row[0] + len(batch) - 1, row[1])

    def results(self, idempotency_keys: Sequence[str]) -> dict[str, CommandResult]:
        """Return the results stored under these keys."""
        with self._connection() as connection:
            rows = connection.execute(_RESULTS, (self.tenant, list(idempotency_keys)), binary=True)
            return {row[0]: CommandResult(*row) for row in rows}

    def page(self, after: int, limit: int) -> list[Recorded]:
        """Return up to `limit` events after the position `after`, in order."""
        with self._connection() as connection:
            return read_page(connection, self.tenant, after, limit)

    def tells_of(self, person: str) -> bool:
        """Whether events told of a person, erased or not; they are named by their stream."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM person_keys WHERE tenant = %s AND person = %s)",
                (self.tenant, person),
            ).fetchone()
        return row is not None and row[0]

    def head(self) -> Head:
        """Return the end of the log."""
        with self._connection() as connection:
            return read_head(connection, self.tenant)

    def position_at(self, moment: datetime) -> int:
        """Return the last position recorded at or before `moment` (0 if none)."""
        with self._connection() as connection:
            row = connection.execute("SELECT position_at(%s, %s)", (self.tenant, moment)).fetchone()
            return row[0] if row else 0


def _appending(
    tenant: int,
    batch: Sequence[NewEvent],
    results: Sequence[NewResult],
    sealed: Sealed | None,
    unmoved: Mapping[str, int],
) -> tuple[LiteralString, tuple[Any, ...]]:
    """Return the statement that appends a batch, and its parameters."""
    datas = [encode(new.event) for new in batch] if sealed is None else sealed.datas
    stored = [
        StoredForm(
            new.stream,
            new.version,
            type(new.event).__name__,
            data,
            new.effective_on,
            new.actor,
            new.cause,
            new.correlation,
        )
        for new, data in zip(batch, datas, strict=True)
    ]
    parameters = append_parameters(tenant, stored, results)
    if sealed is None:
        return APPEND, parameters
    return APPEND_SEALED, (*parameters, *sealed_parameters(sealed, unmoved))


def _refused(failure: OperationalError) -> bool:
    """Whether the server itself said no; else the line was lost, and its answer with it."""
    return failure.sqlstate is not None and not failure.sqlstate.startswith("08")


def bind_tenant(connection: Connection[Any], tenant: int) -> None:
    """Let row-level security show this connection the rows of `tenant`, and of no other.

    It commits by itself and is in no transaction, as a rollback would bind it to another again.
    """
    bound = connection.__dict__.get("tallystick_tenant")
    if bound != tenant:
        assert connection.autocommit, "a rollback would unbind the tenant"
        assert connection.info.transaction_status == TransactionStatus.IDLE, "the same"
        connection.execute("SELECT set_config('tallystick.tenant', %s, false)", (str(tenant),))
        connection.__dict__["tallystick_tenant"] = tenant


def load_histories(
    connection: Connection[Any],
    tenant: int,
    streams: Sequence[str],
    after: Mapping[str, int] = NO_VERSIONS,
) -> dict[str, History]:
    """Return the histories of `streams`, each after the version `after` says.

    One that has no events there is left out.
    """
    events: dict[str, list[Any]] = {}
    versions: dict[str, int] = {}
    wanted = list(dict.fromkeys(streams))
    known = [after.get(stream, 0) for stream in wanted]
    rows = connection.execute(_LOAD, (wanted, known, tenant), binary=True).fetchall()
    opener = Opener(connection, tenant, lambda: ((row[0], row[2], row[3]) for row in rows))
    for stream, version, type_name, data in rows:
        event = (
            opener.open(stream, version, type_name, data)
            if type_name in PERSONAL_TYPES
            else decode(type_name, data)
        )
        events.setdefault(stream, []).append(event)
        versions[stream] = version
    return {stream: History(told, versions[stream]) for stream, told in events.items()}


def read_page(connection: Connection[Any], tenant: int, after: int, limit: int) -> list[Recorded]:
    """Return up to `limit` events after the position `after`, in order.

    They end before one that cannot be decoded; if that is the first, `Unreadable` stands alone in
    its place.
    """
    rows = connection.execute(_PAGE, (tenant, after, limit), binary=True).fetchall()
    page: list[Recorded] = []
    try:
        _decode_rows(connection, tenant, rows, page)
    except (UnknownEvent, CannotOpen, NoMasterKey, msgspec.DecodeError) as failure:
        if not page:
            position, stream, version, _, _, recorded_at = rows[0]
            unreadable = Unreadable(f"{type(failure).__name__}: {failure}")
            page.append(Recorded(position, stream, version, unreadable, recorded_at))
    return page


def read_streams(
    connection: Connection[Any], tenant: int, after: str, to: str, until: int
) -> list[Recorded]:
    """Return the events up to position `until` of the streams after one, up to another, whole.

    They come stream by stream, in order.

    Raises:
        UnknownEvent, CannotOpen, NoMasterKey, msgspec.DecodeError: if one cannot be decoded.
    """
    rows = connection.execute(_STREAMS, (tenant, after, to, until), binary=True).fetchall()
    events: list[Recorded] = []
    _decode_rows(connection, tenant, rows, events)
    return events


def read_named_streams(
    connection: Connection[Any], tenant: int, streams: Collection[str], until: int
) -> list[Recorded]:
    """Return the events of streams up to position `until`, stream by stream, in order.

    Raises:
        UnknownEvent, CannotOpen, NoMasterKey, msgspec.DecodeError: if one cannot be decoded.
    """
    rows = connection.execute(
        _NAMED_STREAMS, (tenant, list(streams), until), binary=True
    ).fetchall()
    events: list[Recorded] = []
    _decode_rows(connection, tenant, rows, events)
    return events


def find_stretch(connection: Connection[Any], tenant: int, after: str, events: int) -> str | None:
    """Return the last of the next streams that have about so many events; None if there are none.

    The order is that of `read_streams`.
    """
    row = connection.execute(_STREAM_AFTER, (tenant, after, events)).fetchone()
    if row is None:
        row = connection.execute(_LAST_STREAM, (tenant,)).fetchone()
    return row[0] if row and row[0] is not None and row[0] > after else None


def _decode_rows(
    connection: Connection[Any], tenant: int, rows: Sequence[Any], into: list[Recorded]
) -> None:
    opener = Opener(connection, tenant, lambda: ((row[1], row[3], row[4]) for row in rows))
    for position, stream, version, type_name, data, recorded_at in rows:
        event = (
            opener.open(stream, version, type_name, data)
            if type_name in PERSONAL_TYPES
            else decode(type_name, data)
        )
        into.append(Recorded(position, stream, version, event, recorded_at))


def read_head(connection: Connection[Any], tenant: int) -> Head:
    """Return the end of a tenant's log."""
    row = connection.execute(
        "SELECT position, nullif(recorded_at, '-infinity') FROM heads WHERE tenant = %s", (tenant,)
    ).fetchone()
    return Head(row[0], row[1]) if row else Head(0, None)


def encode_ahead(tenant: int, batch: Sequence[NewEvent]) -> EncodedEvents | None:
    """Return a batch as `copy_events` sends it; None if it tells of persons, who have keys."""
    return None if tells_of_persons(batch) else EncodedEvents(tenant, batch)


def copy_events(
    connection: Connection[Any],
    tenant: int,
    batch: Sequence[NewEvent],
    encoded: EncodedEvents | None = None,
) -> Appended:
    """Append `batch` by COPY, in the transaction that `connection` is in.

    For imports, on a connection of the worker: roles under row-level security may not COPY. It is
    `encoded` here, while others wait, if it was not ahead.

    Raises:
        StreamMoved: if a version of the batch is taken; the transaction is then void.
    """
    assert connection.info.transaction_status == TransactionStatus.INTRANS, "it would leave a gap"
    row = connection.execute(
        "SELECT first_position, stamped_at FROM begin_append(%s, %s)", (tenant, len(batch))
    ).fetchone()
    assert row is not None
    first, stamped_at = row
    encoded = encoded or encode_ahead(tenant, batch)
    if encoded is None:
        assert not any(new.event.erases for new in batch), "erasures destroy keys by append_sealed"
        sealed = seal_batch(connection, tenant, batch)
        encoded = EncodedEvents(tenant, batch, sealed.datas)
        _store_keys(connection, tenant, sealed)
    cursor = connection.cursor()
    try:
        with cursor.copy(f"COPY events ({EVENT_COLUMNS}) FROM STDIN (FORMAT binary)") as copy:
            copy.write(encoded.placed(first, stamped_at))
    except errors.UniqueViolation as taken:
        raise StreamMoved(str(taken.diag.message_detail)) from taken
    assert cursor.rowcount == len(batch), "the log would have a gap"
    return Appended(first, first + len(batch) - 1, stamped_at)


def _store_keys(connection: Connection[Any], tenant: int, sealed: Sealed) -> None:
    """Keep the keys of persons who come for the first time.

    Raises:
        StreamMoved: if the master key that wraps them was dropped meanwhile.
    """
    try:
        connection.execute(
            "INSERT INTO person_keys (tenant, person, wrapped, master)"
            " SELECT %s, * FROM unnest(%s::text[], %s::bytea[], %s::bytea[])",
            (
                tenant,
                [one.person for one in sealed.keys],
                [one.wrapped for one in sealed.keys],
                [one.master for one in sealed.keys],
            ),
        )
    except errors.ForeignKeyViolation as dropped:
        raise StreamMoved(_MASTER_DROPPED) from dropped
