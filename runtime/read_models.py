"""Care of the read models: how far they are, rebuilding them beside the old, checking them.

A rebuild folds the log into tables of the same shape in another schema, while the old ones go
on being read and kept up. When it has caught up it takes the tenants' leases, folds the rest and
swaps the tables in one transaction: readers see the old rows or the new, never fewer.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, LiteralString

from msgspec import Struct
from psycopg import Connection, sql
from psycopg.errors import LockNotAvailable, UniqueViolation
from psycopg.pq import TransactionStatus

from projections.catalogue import READ_MODELS
from projections.projection import ReadModel
from projections.refold import clear_all
from projections.runner import Runner
from runtime.database import Database
from runtime.refolder import forget_flushes
from runtime.refolding import Job, refold

LIVE = "read_models"
_REBUILD_LOCK = 7414
_CHECK_LOCK = 7415
INDEXES_AT_ONCE = 4
"""Tables that are indexed at the same time."""

STATISTICS_TARGET = 30
"""Rows are sampled for statistics in proportion to this. Enough to plan by, in a third of the time
of PostgreSQL's own 100, to which it returns by itself as tables change."""

_SWAP_TRIES = 300
_SWAP_PAUSE_SECONDS = 1


class Status(Struct, frozen=True):
    """How far a read model has read a tenant's log, and at which event it is stopped if it is.

    `stalled_seconds` is for how long it had something to read and did not move.
    """

    read_model: str
    position: int
    head: int
    stopped_at: int | None
    error: str | None
    tenant_name: str
    stalled_seconds: float

    @property
    def lag(self) -> int:
        """Events of the log that it has not read."""
        return self.head - self.position


class Difference(Struct, frozen=True):
    """Rows in which a table and a fresh fold of the log differ."""

    table: str
    only_stored: int
    only_folded: int


class RebuildBusy(Exception):
    """Another rebuild is running, or another check or replay of the same tenant."""


def status(connection: Connection[Any], tenant: int) -> list[Status]:
    """Return how far each read model of a tenant is."""
    return _status(connection, "h.tenant = %(tenant)s", tenant)


def every_status(connection: Connection[Any]) -> list[Status]:
    """Return how far each read model of each tenant is."""
    return _status(connection, "true", None)


def _status(connection: Connection[Any], condition: str, tenant: int | None) -> list[Status]:
    statement = f"""
        SELECT n.name, coalesce(c.position, 0), h.position, c.stopped_at, c.error, t.name,
               extract(epoch FROM clock_timestamp() - greatest(c.moved_at, unread.recorded_at))
        FROM unnest(%(names)s::text[]) WITH ORDINALITY AS n (name, place)
        JOIN heads h ON {condition}
        JOIN tenants t ON t.tenant = h.tenant
        LEFT JOIN cursors c ON c.tenant = h.tenant AND c.read_model = n.name
        LEFT JOIN events unread
          ON unread.tenant = h.tenant AND unread.position = coalesce(c.position, 0) + 1
        ORDER BY h.tenant, n.place"""
    rows = connection.execute(
        statement.encode(), {"names": [one.name for one in READ_MODELS], "tenant": tenant}
    )
    return [
        Status(*told, stalled_seconds=_stalled(seconds, told[1], told[2]))
        for *told, seconds in rows
    ]


def _stalled(seconds: Any, position: int, head: int) -> float:
    """Return for how long there was something to read: since it moved, or since it came."""
    return max(0.0, float(seconds or 0)) if position < head else 0.0


def retry(database: Database, tenant: int) -> list[str]:
    """Let the stopped read models of a tenant try their events again; return their names."""
    with database.connect("worker") as connection:
        runner = Runner(connection, tenant)
        stopped = [one.read_model for one in status(connection, tenant) if one.stopped_at]
        for name in stopped:
            runner.retry(name)
        return stopped


def rebuild(
    database: Database,
    names: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:
    """Rebuild read models (all, or those named) of all tenants; return how many events were read.

    Raises:
        RebuildBusy: if another rebuild is running.
    """
    chosen = [one for one in READ_MODELS if not names or one.name in names]
    schema = "read_models_next"
    with (
        database.connect("owner") as owner,
        database.connect("worker") as worker,
        alone(owner, _REBUILD_LOCK, 0, "Another rebuild of the read models is running."),
    ):
        make_schema(owner, schema, chosen)
        try:
            jobs = [
                Job(tenant, tuple(one.name for one in chosen), position)
                for tenant, position in owner.execute("SELECT tenant, position FROM heads")
            ]
            fill(database, schema, chosen, jobs, progress)
            runners = {job.tenant: Runner(worker, job.tenant, chosen, schema) for job in jobs}
            for runner in runners.values():
                runner.catch_up()
            _swap(owner, worker, runners, schema, chosen)
        finally:
            drop_schema(owner, schema)
        return sum(job.until for job in jobs)


def check(
    database: Database,
    tenant: int,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[Difference]:
    """Fold a tenant's log into scratch tables and return how the read models differ from that.

    Each is held to what it has read: one that is behind, or stopped, lacks nothing for that.

    Raises:
        RebuildBusy: if another check of the tenant is running.
    """
    schema = f"read_models_check_{tenant}"
    with (
        database.connect("owner") as owner,
        database.connect("worker") as worker,
        alone(owner, _CHECK_LOCK, tenant, "Another check of the tenant's read models is running."),
    ):
        make_schema(owner, schema, READ_MODELS)
        try:
            together: dict[int, list[str]] = {}
            for name, position in _positions(owner, tenant).items():
                together.setdefault(position, []).append(name)
            jobs = [Job(tenant, tuple(names), position) for position, names in together.items()]
            fill(database, schema, READ_MODELS, jobs, progress)
            scratch = {one.name: Runner(worker, tenant, [one], schema) for one in READ_MODELS}
            with owner.transaction():
                _hold_back(owner, tenant)
                for name, position in _positions(owner, tenant).items():
                    scratch[name].catch_up(position)
                return [
                    difference
                    for one in READ_MODELS
                    for table in one.tables
                    for name in table.names
                    if (difference := _difference(owner, schema, tenant, name)) is not None
                ]
        finally:
            drop_schema(owner, schema)


@contextmanager
def alone(owner: Connection[Any], lock: int, tenant: int, busy: str) -> Generator[None]:
    """Do something that only one process may do at a time; the lock goes with the connection.

    Raises:
        RebuildBusy: with the sentence `busy`, if another process is at it.
    """
    row = owner.execute("SELECT pg_try_advisory_lock(%s, %s)", (lock, tenant)).fetchone()
    if not (row and row[0]):
        raise RebuildBusy(busy)
    try:
        yield
    finally:
        if owner.info.transaction_status is TransactionStatus.IDLE:
            owner.execute("SELECT pg_advisory_unlock(%s, %s)", (lock, tenant))


def gather_statistics(database: Database) -> None:
    """Gather statistics of the read models' tables, by which PostgreSQL plans how to answer.

    It does so by itself some time after they changed. Until then, what was just loaded would be
    asked for as if it were a few rows, which takes minutes where it should take a moment.
    """
    tables = sql.SQL(", ").join(sql.Identifier(LIVE, name) for name in tables_of(READ_MODELS))
    with database.connect("owner") as owner:
        owner.execute(f"SET default_statistics_target = {STATISTICS_TARGET}".encode())
        owner.execute(sql.SQL("ANALYZE {}").format(tables))


def tables_of(read_models: Sequence[ReadModel[Any, Any]]) -> list[str]:
    """Return the names of the tables of read models, histories included."""
    return [name for one in read_models for table in one.tables for name in table.names]


def make_schema(
    owner: Connection[Any], schema: str, read_models: Sequence[ReadModel[Any, Any]]
) -> None:
    """Make empty twins of the read models' tables, without indexes."""
    name = sql.Identifier(schema)
    with owner.transaction():
        drop_schema(owner, schema)
        owner.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        owner.execute(
            sql.SQL(
                "GRANT USAGE ON SCHEMA {} TO tallystick_app, tallystick_worker, tallystick_auditor"
            ).format(name)
        )
        for table in ["cursors", *tables_of(read_models)]:
            twin = sql.SQL("{}.{}").format(name, sql.Identifier(table))
            live = sql.SQL("{}.{}").format(sql.Identifier(LIVE), sql.Identifier(table))
            owner.execute(
                sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)").format(
                    twin, live
                )
            )
            owner.execute(
                sql.SQL("CALL public.open_read_model({})").format(sql.Literal(f"{schema}.{table}"))
            )
        _make_indexes(owner, schema, "cursors")


def drop_schema(owner: Connection[Any], schema: str) -> None:
    """Drop a schema with all that is in it, if the connection is still there."""
    if not owner.closed:
        owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _told_of_live(owner: Connection[Any], table: str, statement: LiteralString) -> list[Any]:
    """Return what the catalogue tells of a live table, which no rebuild swaps meanwhile."""
    with owner.transaction():
        owner.execute(
            sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(LIVE, "cursors"))
        )
        return owner.execute(statement, (f"{LIVE}.{table}",)).fetchall()


def _make_indexes(owner: Connection[Any], schema: str, table: str) -> None:
    """Make the live table's indexes on its twin, under the same names."""
    rows = _told_of_live(
        owner,
        table,
        "SELECT c.relname, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(k.oid)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'p'"
        " WHERE i.indrelid = %s::regclass ORDER BY c.relname",
    )
    with owner.transaction():
        for index, definition, constraint in rows:
            owner.execute(
                f"ALTER TABLE {schema}.{table} ADD CONSTRAINT {index} {constraint}".encode()
                if constraint
                else definition.replace(f" ON {LIVE}.", f" ON {schema}.", 1).encode()
            )


def fill(
    database: Database,
    schema: str,
    read_models: Sequence[ReadModel[Any, Any]],
    jobs: Sequence[Job],
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:
    """Fold logs into the empty tables of a schema, and index them when they are full.

    A log that cannot be folded whole, or leads to rows that cannot stand beside each other, is
    folded in its order, up to the event at which its read models stop.
    """
    whole = sum(job.until for job in jobs)
    done = 0

    def advance(events: int) -> None:
        nonlocal done
        done += events
        progress(done, whole)

    failed = refold(database, schema, jobs, advance)
    waiting = iter(tables_of(read_models))
    with ThreadPoolExecutor(INDEXES_AT_ONCE) as pool:
        found = pool.map(partial(_finish, database, schema), [waiting] * INDEXES_AT_ONCE)
        contradicting = set[int]().union(*found)
    with database.connect("worker") as worker:
        for job in jobs:
            chosen = [one for one in read_models if one.name in job.read_models]
            runner = Runner(worker, job.tenant, chosen, schema)
            if job in failed or job.tenant in contradicting:
                clear_all(worker, schema, job.tenant, job.read_models)
                runner.catch_up(job.until)
            else:
                runner.begin_at(job.until)


def _finish(database: Database, schema: str, waiting: Iterator[str]) -> set[int]:
    """Index tables that were filled, one after the other, and gather statistics.

    Return the tenants with rows of the same key: a log told of one entity in several streams.
    """
    contradicting: set[int] = set()
    with database.connect("owner") as owner:
        forget_flushes(owner)
        owner.execute(f"SET default_statistics_target = {STATISTICS_TARGET}".encode())
        for table in waiting:
            try:
                _make_indexes(owner, schema, table)
            except UniqueViolation:
                contradicting |= _delete_contradicting(owner, schema, table)
                _make_indexes(owner, schema, table)
            name = sql.Identifier(schema, table)
            filled = owner.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name))
            if filled.fetchone() == (True,):
                owner.execute(sql.SQL("VACUUM (ANALYZE) {}").format(name))
    return contradicting


def _delete_contradicting(owner: Connection[Any], schema: str, table: str) -> set[int]:
    """Delete the rows of tenants that have some of the same key; return the tenants."""
    ((columns,),) = _told_of_live(
        owner,
        table,
        "SELECT array_agg(quote_ident(a.attname)) FROM pg_index i JOIN pg_attribute a"
        " ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = %s::regclass AND i.indisprimary",
    )
    key = ", ".join(columns)
    name = f"{schema}.{table}"
    repeated = f"SELECT DISTINCT tenant FROM {name} GROUP BY {key} HAVING count(*) > 1"
    tenants = {row[0] for row in owner.execute(repeated.encode())}
    owner.execute(f"DELETE FROM {name} WHERE tenant = ANY(%s)".encode(), (list(tenants),))
    return tenants


def _positions(owner: Connection[Any], tenant: int) -> dict[str, int]:
    """Return how far each read model of a tenant is."""
    known: dict[str, int] = dict(
        owner.execute(
            "SELECT read_model, position FROM read_models.cursors WHERE tenant = %s", (tenant,)
        ).fetchall()
    )
    return {one.name: known.get(one.name, 0) for one in READ_MODELS}


def _hold_back(owner: Connection[Any], tenant: int) -> None:
    """Keep runners from advancing a tenant until the transaction ends."""
    owner.execute("SELECT 1 FROM read_models.cursors WHERE tenant = %s FOR UPDATE", (tenant,))


def _tenants(owner: Connection[Any]) -> list[int]:
    return [row[0] for row in owner.execute("SELECT tenant FROM tenants ORDER BY tenant")]


def _swap(
    owner: Connection[Any],
    worker: Connection[Any],
    runners: dict[int, Runner],
    schema: str,
    read_models: Sequence[ReadModel[Any, Any]],
) -> None:
    """Catch up with everybody else held back, and put the new tables in the place of the old.

    It steps back for readers that take long, and tries again when they may be done.

    Raises:
        RebuildBusy: if readers left no moment free in five minutes.
    """
    for _ in range(_SWAP_TRIES):
        with owner.transaction():
            if _lock_out(owner, read_models):
                for tenant in _tenants(owner):  # some may have come since the rebuild began
                    (runners.get(tenant) or Runner(worker, tenant, read_models, schema)).catch_up()
                _replace_tables(owner, schema, read_models)
                return
        time.sleep(_SWAP_PAUSE_SECONDS)
    raise RebuildBusy(
        "The read models are rebuilt, but readers left no moment free to put them in place."
        " Try again when less is read."
    )


def _lock_out(owner: Connection[Any], read_models: Sequence[ReadModel[Any, Any]]) -> bool:
    """Lock out readers and runners till the transaction ends; say whether that succeeded.

    Snapshots begin with a lock on the first table (runtime/services.py): one that began before
    the swap is answered from the old tables to its end, and none begins before it is done. The
    wait is shorter than the one after which PostgreSQL looks for deadlocks, so that those who
    read in another order never lose.
    """
    tables = [sql.Identifier(LIVE, name) for name in ["cursors", *tables_of(read_models)]]
    try:
        with owner.transaction():
            owner.execute("SET LOCAL lock_timeout = '800ms'")
            for table in tables:
                owner.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
            owner.execute("SET LOCAL lock_timeout = 0")
    except LockNotAvailable:
        return False
    return True


def _replace_tables(
    owner: Connection[Any], schema: str, read_models: Sequence[ReadModel[Any, Any]]
) -> None:
    new = sql.Identifier(schema)
    live = sql.Identifier(LIVE)
    for table in tables_of(read_models):
        one = sql.Identifier(table)
        owner.execute(sql.SQL("DROP TABLE {}.{}").format(live, one))
        owner.execute(sql.SQL("ALTER TABLE {}.{} SET SCHEMA {}").format(new, one, live))
    owner.execute(
        sql.SQL(
            "INSERT INTO {live}.cursors SELECT * FROM {new}.cursors"
            " ON CONFLICT (tenant, read_model) DO UPDATE SET position = excluded.position,"
            " stopped_at = excluded.stopped_at, error = excluded.error,"
            " moved_at = excluded.moved_at"
        ).format(live=live, new=new)
    )


def _difference(owner: Connection[Any], schema: str, tenant: int, table: str) -> Difference | None:
    statement = sql.SQL(
        "SELECT (SELECT count(*) FROM (SELECT * FROM {live} WHERE tenant = %(tenant)s"
        " EXCEPT ALL SELECT * FROM {new} WHERE tenant = %(tenant)s) a),"
        " (SELECT count(*) FROM (SELECT * FROM {new} WHERE tenant = %(tenant)s"
        " EXCEPT ALL SELECT * FROM {live} WHERE tenant = %(tenant)s) b)"
    ).format(
        live=sql.SQL("{}.{}").format(sql.Identifier(LIVE), sql.Identifier(table)),
        new=sql.SQL("{}.{}").format(sql.Identifier(schema), sql.Identifier(table)),
    )
    row = owner.execute(statement, {"tenant": tenant}).fetchone()
    assert row is not None
    return Difference(table, row[0], row[1]) if row[0] or row[1] else None
