"""Replays: all read models of a tenant as they were at a position or a moment, folded from the log.

A replay is a schema with the same tables as that of the live read models, and a name in `replays`.
It is folded as a rebuild is (ADR 0010), nobody keeps it up, and nobody may write it. Sessions that
answer from it look into its schema, see the log as far as it reaches, and take its moment for now.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection, sql

from domain.api_key import Role
from projections.catalogue import READ_MODELS
from runtime.database import Database
from runtime.read_models import alone, drop_schema, fill, make_schema
from runtime.refolding import Job
from runtime.services import Caller
from runtime.tenants import Tenant

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

_LOCK = 7416
_APPENDING = 7411
_ROLES = ("tallystick_app", "tallystick_worker", "tallystick_auditor")

_REPLAYS = f"""
    SELECT r.tenant, r.name, r.position, r.moment, r.started_at, r.finished_at,
           r.shape <> public.schema_shape(),
           r.finished_at IS NULL AND EXISTS (
               SELECT FROM pg_locks l
               WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
                 AND l.classid = {_LOCK} AND l.objid = r.tenant::oid
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    FROM public.replays r"""


class Replay(Struct, frozen=True):
    """A replay: the read models of a tenant up to a position, at a moment that is now in it.

    One that is not finished is `under_way`, or was interrupted. The tables of one that is
    `outdated` are of an older version of this program.
    """

    tenant: int
    name: str
    position: int
    moment: datetime
    started_at: datetime
    finished_at: datetime | None
    outdated: bool
    under_way: bool

    @property
    def schema(self) -> str:
        """The schema that it lives in."""
        return f"replay_{self.tenant}_{self.name}"

    @property
    def state(self) -> str:
        """What it is good for, in a word."""
        if self.finished_at is None:
            return "under way" if self.under_way else "interrupted"
        return "outdated" if self.outdated else "finished"


class ReplayError(Exception):
    """There is no such replay, or it cannot be made; the message says why."""


class ReplayedDatabase(Database):
    """The database as those see it who look into a replay: as it was, and only to be read."""

    frozen = True

    def __init__(self, database: Database, replay: Replay) -> None:
        super().__init__(database.server, database.server_url)
        self.replay = replay
        self._live = database

    @property
    def live(self) -> Database:
        """The database as it is now."""
        return self._live

    def url(self, role: str, tenant: int | None = None) -> str:  # noqa: ARG002
        """Return the connection string of a session that reads the replay, whatever the role.

        It is the auditor's, who may write nowhere.
        """
        replay = self.replay
        settings = {
            "tallystick.tenant": replay.tenant,
            "tallystick.position": replay.position,
            "tallystick.moment": replay.moment.isoformat(),
            "search_path": f"{replay.schema},public",
            "default_transaction_read_only": "on",
        }
        return self.url_with("auditor", [f"-c {name}={told}" for name, told in settings.items()])

    def now(self) -> datetime:
        """Return the moment of the replay."""
        return self.replay.moment


def replays(connection: Connection[Any], tenant: int) -> list[Replay]:
    """Return the replays of a tenant, by name."""
    statement = f"{_REPLAYS} WHERE r.tenant = %s ORDER BY r.name"
    return [Replay(*row) for row in connection.execute(statement.encode(), (tenant,))]


def replayed(database: Database, tenant: Tenant, name: str) -> ReplayedDatabase:
    """Return the database as it was, from a replay.

    Raises:
        ReplayError: if there is none of the name, or it cannot be read.
    """
    with database.connect("worker") as connection:
        replay = _find(connection, tenant.id, name)
    if replay is None:
        raise ReplayError(f"There is no replay {name!r}; `tallystick audit replays` lists them.")
    if replay.state != "finished":
        raise ReplayError(
            f"The replay {name!r} is {replay.state}."
            " `tallystick audit replay` makes it anew, `tallystick audit replays --drop` drops it."
        )
    return ReplayedDatabase(database, replay)


def caller_of(database: ReplayedDatabase, tenant: Tenant, key_id: str | None) -> Caller:
    """Return who asks a replay: an API key as it was then, or an auditor.

    Raises:
        ReplayError: if there was no such key then.
    """
    if key_id is None:
        return Caller(tenant.id, tenant.name, "replay", "replay", Role.AUDITOR)
    with database.connect("auditor") as connection:
        row = connection.execute(
            "SELECT name, role, user_id FROM api_keys"
            " WHERE tenant = %s AND key_id = %s AND NOT revoked",
            (tenant.id, key_id),
        ).fetchone()
    if row is None:
        raise ReplayError(f"No API key {key_id!r} let anybody in then.")
    return Caller(tenant.id, tenant.name, key_id, row[0], Role(row[1]), row[2])


def make_replay(
    database: Database,
    tenant: Tenant,
    at: int | datetime,
    name: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[Replay, bool]:
    """Replay a tenant's log up to a position, or to what was recorded by a moment.

    Without a name it is called after that. One that was interrupted is made anew. Return the
    replay, and whether it was made now: if it was there already, nothing changes.

    Raises:
        ReplayError: if the log does not reach so far, or the name is none, or another's.
        RebuildBusy: if another replay of the tenant is being made.
    """
    if name is not None and not NAME.fullmatch(name):
        raise ReplayError(
            "A replay's name begins with a letter and has lower-case letters, digits and _,"
            " at most 40 of them."
        )
    with (
        database.connect("owner") as owner,
        alone(owner, _LOCK, tenant.id, "Another replay of the tenant is being made or dropped."),
    ):
        position, moment = _place(owner, tenant.id, at)
        name = name or _name_of(at)
        known = _find(owner, tenant.id, name)
        if known is not None and known.finished_at is not None:
            if (known.position, known.moment) != (position, moment):
                raise ReplayError(
                    f"The replay {name!r} is of position {known.position} at"
                    f" {known.moment.isoformat()}; take another name, or drop it."
                )
            if not known.outdated:
                return known, False
        replay = _begin(owner, tenant.id, name, position, moment)
        try:
            make_schema(owner, replay.schema, READ_MODELS)
            job = Job(tenant.id, tuple(one.name for one in READ_MODELS), position)
            fill(database, replay.schema, READ_MODELS, [job], progress)
            _finish(owner, replay)
        except BaseException:
            drop_schema(owner, replay.schema)
            raise
        made = _find(owner, tenant.id, name)
        assert made is not None
        return made, True


def drop_replay(database: Database, tenant: Tenant, name: str) -> None:
    """Drop a replay, finished or not.

    Raises:
        ReplayError: if there is none of the name.
        RebuildBusy: if a replay of the tenant is being made.
    """
    with (
        database.connect("owner") as owner,
        alone(owner, _LOCK, tenant.id, "Another replay of the tenant is being made or dropped."),
    ):
        replay = _find(owner, tenant.id, name)
        if replay is None:
            raise ReplayError(f"There is no replay {name!r}.")
        with owner.transaction():
            drop_schema(owner, replay.schema)
            owner.execute(
                "DELETE FROM public.replays WHERE tenant = %s AND name = %s", (tenant.id, name)
            )


def _find(connection: Connection[Any], tenant: int, name: str) -> Replay | None:
    statement = f"{_REPLAYS} WHERE r.tenant = %s AND r.name = %s"
    row = connection.execute(statement.encode(), (tenant, name)).fetchone()
    return None if row is None else Replay(*row)


def _place(owner: Connection[Any], tenant: int, at: int | datetime) -> tuple[int, datetime]:
    """Return the position that is meant, and the moment that was now then.

    Appends that are under way are waited for: theirs are of moments that have passed.

    Raises:
        ReplayError: if the log does not reach so far.
    """
    with owner.transaction():
        owner.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_APPENDING, tenant))
        row = owner.execute(
            "SELECT position, clock_timestamp() FROM public.heads WHERE tenant = %s", (tenant,)
        ).fetchone()
        assert row is not None
        head, present = row
    if isinstance(at, datetime):
        if at > present:
            raise ReplayError(f"{at.isoformat()} lies in the future: nobody knows it yet.")
        found = owner.execute("SELECT public.position_at(%s, %s), %s", (tenant, at, at))
    elif 0 < at <= head:
        found = owner.execute(
            "SELECT position, recorded_at FROM public.events WHERE tenant = %s AND position = %s",
            (tenant, at),
        )
    else:
        raise ReplayError(f"The log has the positions 1 to {head}; there is no position {at}.")
    placed = found.fetchone()
    assert placed is not None
    return placed[0], placed[1]


def _name_of(at: int | datetime) -> str:
    """Return what a replay is called if nobody says so."""
    if isinstance(at, int):
        return f"p{at}"
    moment = at.astimezone(UTC)
    rest = f"_{moment:%f}" if moment.microsecond else ""
    return f"t{moment:%Y%m%d_%H%M%S}{rest}"


def _begin(
    owner: Connection[Any], tenant: int, name: str, position: int, moment: datetime
) -> Replay:
    """Note that a replay is being made."""
    statement = """
        INSERT INTO public.replays (tenant, name, position, moment, shape)
        VALUES (%s, %s, %s, %s, public.schema_shape())
        ON CONFLICT (tenant, name) DO UPDATE SET position = excluded.position,
            moment = excluded.moment, shape = excluded.shape,
            started_at = excluded.started_at, finished_at = NULL"""
    owner.execute(statement, (tenant, name, position, moment))
    begun = _find(owner, tenant, name)
    assert begun is not None
    return begun


def _finish(owner: Connection[Any], replay: Replay) -> None:
    """Close a replay to those who write, and note that it can be read.

    Where sessions ask how far the log is, it tells them how far the replay reaches.
    """
    schema = sql.Identifier(replay.schema)
    roles = sql.SQL(", ").join(map(sql.Identifier, _ROLES))
    with owner.transaction():
        owner.execute(
            sql.SQL(
                "CREATE VIEW {}.heads WITH (security_invoker = true) AS"
                " SELECT tenant, position, recorded_at FROM public.events"
                " WHERE tenant = {} AND position = {}"
            ).format(schema, sql.Literal(replay.tenant), sql.Literal(replay.position))
        )
        for statement in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}",
        ):
            owner.execute(sql.SQL(statement).format(schema, roles))  # pyright: ignore[reportArgumentType]
        owner.execute(
            "UPDATE public.replays SET finished_at = clock_timestamp()"
            " WHERE tenant = %s AND name = %s",
            (replay.tenant, replay.name),
        )
