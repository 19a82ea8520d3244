"""Which database the product works on: the embedded one, or a server named by URL."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import AsyncConnection, Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from runtime.clock import now
from runtime.embedded import DATABASE, OWNER, DatabaseUnavailable, EmbeddedServer, embedded_server
from runtime.master_key import MasterKeyError, trust_settings
from runtime.migrations import migrate
from runtime.patience import patient
from runtime.settings import Settings

SERVER_VERSION_MIN = 160_000
POOL_SECONDS_MAX = 30.0

ROLES = {
    "owner": OWNER,
    "app": "tallystick_app",
    "worker": "tallystick_worker",
    "auditor": "tallystick_auditor",
}
"""What a role is called in PostgreSQL (DESIGN section 9)."""


class Database:
    """The database in use, migrated."""

    frozen = False
    """Whether what is read here is of the past, and followed by no worker."""

    def __init__(self, server: EmbeddedServer | None, url: str | None) -> None:
        self.server = server
        self.server_url = url
        self._worker_is_owner = False

    @classmethod
    def open(cls, settings: Settings) -> "Database":
        """Return the database of the settings, started and migrated.

        Raises:
            DatabaseUnavailable: if it does not answer, or cannot be used.
        """
        if settings.database_url is None:
            server = embedded_server(settings.home)
            _create_database(server)
            database = cls(server, None)
        else:
            database = cls(None, settings.database_url)
        try:
            database._check()
            migrate(patient(database.url("owner")))
            database._find_worker()
            with database.connect("owner") as owner:
                trust_settings(owner, settings)
        except MasterKeyError as failure:
            raise DatabaseUnavailable(str(failure)) from failure
        except psycopg.OperationalError as failure:
            raise DatabaseUnavailable(f"The database does not answer: {failure}") from failure
        except psycopg.errors.InsufficientPrivilege as failure:
            raise DatabaseUnavailable(
                "The user of TALLYSTICK_DATABASE_URL lacks a right:"
                f" {failure.diag.message_primary}. It must own the database and may make roles"
                " (CREATEROLE), or find them made; docs/settings.md has the statements."
            ) from failure
        return database

    @property
    def live(self) -> "Database":
        """The database as it is now, of which this may be the past."""
        return self

    def url(self, role: str, tenant: int | None = None) -> str:
        """Return the connection string of a role: owner, app, worker or auditor.

        With `tenant`, row-level security shows that tenant's rows. The embedded server has a
        login for each role; elsewhere the URL's user takes the role on.
        """
        if role == "worker" and self._worker_is_owner:
            role = "owner"
        options: list[str] = []
        if tenant is not None:
            options.append(f"-c tallystick.tenant={tenant}")
        return self.url_with(role, options)

    def url_with(self, role: str, options: list[str]) -> str:
        """Return the connection string of a role, for sessions with some settings."""
        if self.server is not None:
            url = self.server.url(ROLES[role])
            return f"{url}&options={quote(' '.join(options))}" if options else url
        url = self.server_url
        assert url is not None
        if role != "owner":
            options.append(f"-c role={ROLES[role]}")
        known = conninfo_to_dict(url)
        if given := known.get("options"):
            options.insert(0, str(given))
        return make_conninfo(url, options=" ".join(options)) if options else url

    def now(self) -> datetime:
        """Return the moment that is now in what is read here."""
        return now()

    def connect(self, role: str) -> Connection[Any]:
        """Return a connection of a role, committing each statement by itself."""
        return psycopg.connect(patient(self.url(role)), autocommit=True)

    def pool(self, role: str, size: int = 8) -> ConnectionPool[Connection[Any]]:
        """Return an open pool of connections of a role, committing each statement by itself."""
        pool: ConnectionPool[Connection[Any]] = ConnectionPool(
            patient(self.url(role)),
            min_size=1,
            max_size=size,
            kwargs={"autocommit": True},
            check=refuse_lost,
            timeout=POOL_SECONDS_MAX,
            open=False,
        )
        pool.open()
        return pool

    def async_pool(
        self,
        role: str,
        size: int = 16,
        configure: Callable[[AsyncConnection[Any]], Awaitable[None]] | None = None,
    ) -> AsyncConnectionPool[AsyncConnection[Any]]:
        """Return a pool of asynchronous connections of a role, to be opened in its event loop.

        `configure` prepares each new connection.
        """
        return AsyncConnectionPool(
            patient(self.url(role)),
            min_size=1,
            max_size=size,
            kwargs={"autocommit": True},
            configure=configure,
            check=_refuse_lost_async,
            timeout=POOL_SECONDS_MAX,
            open=False,
        )

    def close(self) -> None:
        """Stop using the database."""
        if self.server is not None:
            self.server.close()

    def _check(self) -> None:
        with self.connect("owner") as connection:
            if connection.info.server_version < SERVER_VERSION_MIN:
                raise DatabaseUnavailable(
                    "Tallystick needs PostgreSQL 16 or later; this server is"
                    f" {connection.info.server_version // 10_000}."
                )
            encoding = connection.info.parameter_status("server_encoding")
            if encoding != "UTF8":
                raise DatabaseUnavailable(
                    f"The database must be encoded in UTF8; this one is in {encoding}."
                )

    def _find_worker(self) -> None:
        """See whether the worker may pass row-level security by; if not, it works as owner."""
        if self.server is None:
            with self.connect("owner") as connection:
                row = connection.execute(
                    "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = %s",
                    (ROLES["worker"],),
                ).fetchone()
            self._worker_is_owner = row is not None and not row[0]


def refuse_lost(connection: Connection[Any] | AsyncConnection[Any]) -> None:
    """Refuse a connection that the server has ended while nobody used it.

    It is not asked, which would cost a round trip: what it said on leaving has arrived.

    Raises:
        psycopg.OperationalError: if the connection is lost.
    """
    connection.pgconn.consume_input()  # its last words, if it had any
    connection.pgconn.consume_input()  # the end of the line


async def _refuse_lost_async(connection: AsyncConnection[Any]) -> None:
    refuse_lost(connection)


def _create_database(server: EmbeddedServer) -> None:
    """Make the database if it is missing."""
    with psycopg.connect(server.url(dbname="postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7409)")
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if there.fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
            connection.execute(statement.format(sql.Identifier(DATABASE)))
