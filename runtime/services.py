"""What entry points that serve requests work with, for as long as the process lives.

Reads of one request share a snapshot: a read-only transaction at the isolation level REPEATABLE
READ, bound to the tenant for its length alone, so that all figures of an answer fit together.
It begins with a lock that keeps a rebuild from swapping tables under it.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from prometheus_client import Counter
from psycopg import AsyncConnection, Connection, DataError, Error, OperationalError, errors
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from application.erasing import Wish, carry_out
from application.handling import CommandQueue, Handled, Request
from domain.api_key import Role
from domain.shared.decider import Refused
from domain.site_options import SiteOptions
from eventstore.postgres import PostgresLog, bind_tenant
from projections.catalogue import READ_MODELS
from projections.job_firings import FiringFigures, firing_figures
from projections.personal_data_reads import RECORD_READ, PersonalRead, read_parameters
from projections.query import Query, fetch, fetch_async, sql
from projections.site_options import decoded_options
from runtime.database import Database
from runtime.embedded import DatabaseUnavailable
from runtime.keys import digest
from runtime.read_models import Status, every_status
from runtime.settings import Settings
from runtime.slots import Proceed, Slots, SlotsTaken

WAIT_POLL_SECONDS = 0.01
CHANGES_POLL_SECONDS = 0.1
KEY_SECONDS = 5.0
"""So long a key that was revoked may still let in."""

CALLERS_KEPT_MAX = 10_000

TOO_MANY_SIMULATIONS = "too_many_simulations"

RUNS_MAX = 2
"""Runs of rules, jobs and alerts by hand that a process works at at once."""
"""The code of a refusal of a preview or a simulation while as many as may be are worked at."""

STATEMENTS = Counter("tallystick_sql_statements", "SQL statements that reads were answered with.")

Answer = TypeVar("Answer")
Told = TypeVar("Told")


class RequestTooSlow(Exception):
    """A statement took longer than a request may."""


class ReadNotRecorded(Exception):
    """What was read of persons could not be recorded, so that it must not be told."""


class Caller(Struct, frozen=True):
    """Whom an API key let in: to which tenant, under which name and role, for which user."""

    tenant: int
    tenant_name: str
    key_id: str
    name: str
    role: Role
    user_id: str | None = None

    @property
    def actor(self) -> str:
        """How the log names the caller."""
        return f"key/{self.key_id}"

    @property
    def reader(self) -> str:
        """Who reads messages: the user that the caller acts for, else the caller."""
        return self.user_id or self.actor


class Snapshot:
    """The state of one tenant's read models at one moment."""

    def __init__(
        self, connection: AsyncConnection[Any], tenant: int, options: SiteOptions, moment: datetime
    ) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.tenant = tenant
        self.options = options
        """The options of the tenant's site."""
        self.moment = moment
        """The moment that is now in it."""

    async def fetch(self, query: Query[Answer]) -> list[Answer]:
        """Return the answers to a question."""
        async with self._turn:
            STATEMENTS.inc()
            with _failures():
                return await fetch_async(self._connection, query)


class Services:
    """Reads and commands of all tenants."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self._reads: AsyncConnectionPool[AsyncConnection[Any]] | None = None
        self._logs: ConnectionPool[Connection[Any]] | None = None
        self._queues: dict[int, CommandQueue] = {}
        self._callers: dict[str, tuple[float, Caller]] = {}
        self._polls: dict[int, asyncio.Task[int]] = {}
        self._simulations = Slots(
            settings.simulations_max, settings.request_seconds_max / 2, name="simulation"
        )
        self._runs = Slots(RUNS_MAX, settings.request_seconds_max / 2, name="run")
        self._guard = threading.Lock()

    async def open(self) -> None:
        """Connect."""
        self._reads = self.database.async_pool("app", configure=self._configure)
        await self._reads.open(wait=True)
        self._logs = self.database.pool("app")

    async def close(self) -> None:
        """Carry out the commands that wait and runs, give up simulations, and disconnect."""
        queues = list(self._queues.values())
        self._queues.clear()
        for queue in queues:
            await asyncio.to_thread(queue.close)
        await asyncio.to_thread(self._simulations.close)
        await asyncio.to_thread(self._runs.close)
        if self._reads is not None:
            await self._reads.close()
        if self._logs is not None:
            await asyncio.to_thread(self._logs.close)

    async def authenticate(self, secret: str) -> Caller | None:
        """Return whom an API key lets in, or None; a key is looked up anew every few seconds."""
        known = self._callers.get(secret)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        query = Query(
            sql(
                "SELECT tenant, tenant_name, key_id, name, role, user_id"
                " FROM public.authenticate(%(digest)s)"
            ),
            {"digest": digest(secret)},
            _caller,
        )
        with _failures():
            async with self._pool.connection() as connection:
                STATEMENTS.inc()
                found = await fetch_async(connection, query)
        if not found:
            self._callers.pop(secret, None)
            return None
        if len(self._callers) >= CALLERS_KEPT_MAX:
            self._callers.clear()
        self._callers[secret] = time.monotonic() + KEY_SECONDS, found[0]
        return found[0]

    @asynccontextmanager
    async def reading(self, tenant: int) -> AsyncGenerator[Snapshot]:
        """Give a snapshot of a tenant's read models."""
        with _failures():
            async with self._pool.connection() as connection:
                # One round trip: nothing here has parameters but the tenant's number.
                begin = f"""
                    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                    LOCK TABLE cursors IN ACCESS SHARE MODE;
                    SELECT set_config('tallystick.tenant', '{tenant:d}', true);
                    SELECT options FROM site_options WHERE tenant = {tenant:d}"""
                cursor = await connection.execute(begin.encode())
                STATEMENTS.inc()
                while cursor.nextset():
                    pass
                row = await cursor.fetchone()
                options = SiteOptions() if row is None else decoded_options(row[0])
                yield Snapshot(connection, tenant, options, self.database.now())

    async def ask(self, tenant: int, question: Callable[[Connection[Any]], Told]) -> Told:
        """Return the answer to a question about a tenant's log or its proofs."""

        def on_thread() -> Told:
            with _failures(), self.database.connect("app") as connection:
                bind_tenant(connection, tenant)
                return question(connection)

        return await asyncio.to_thread(on_thread)

    async def simulate(self, work: Callable[[Proceed], Told]) -> Told:
        """Return what rules would do, as one of a few simulations at once.

        Raises:
            Refused: if it is refused, or too many are being worked at.
        """
        try:
            return await self._simulations.carry_out(work)
        except SlotsTaken as failure:
            message = "As many previews and simulations as may be are being worked at; try later."
            raise Refused(TOO_MANY_SIMULATIONS, message) from failure

    async def run(self, work: Callable[[], Told]) -> Told:
        """Return what a run of rules, a job or an alert led to, as one of a few at once.

        It goes on to its end, even if nobody waits for it any more.

        Raises:
            Refused: if it is refused, or too many are being worked at.
        """
        try:
            return await self._runs.carry_out(lambda _: work())
        except SlotsTaken as failure:
            message = "As many runs by hand as may be are being worked at; try later."
            raise Refused("too_many_runs", message) from failure

    async def record_read(self, tenant: int, read: PersonalRead) -> None:
        """Record what a request read of persons.

        Raises:
            ReadNotRecorded: if that cannot be done.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(
                    "SELECT set_config('tallystick.tenant', %s, true)", (str(tenant),)
                )
                await connection.execute(sql(RECORD_READ), read_parameters(tenant, read))
                STATEMENTS.inc()
        except (PoolTimeout, Error) as failure:
            raise ReadNotRecorded(str(failure)) from failure

    async def submit(self, tenant: int, request: Request) -> Handled:
        """Carry out a command.

        Raises:
            Refused: when the business says no.
        """
        return await asyncio.wrap_future(self._queue(tenant).submit(request))

    async def erase(self, tenant: int, wish: Wish) -> Handled:
        """Carry out what is wished of an erasure, all of it in one append.

        Raises:
            Refused: when the business says no.
        """
        assert self._logs is not None, "services are opened before they are used"
        return await asyncio.to_thread(carry_out, PostgresLog(self._logs, tenant), wish)

    async def head(self, tenant: int) -> int:
        """Return the position of the end of a tenant's log."""
        assert self._logs is not None, "services are opened before they are used"
        log = PostgresLog(self._logs, tenant)
        return (await asyncio.to_thread(log.head)).position

    async def wait_until(self, tenant: int, position: int, seconds_max: float) -> bool:
        """Wait until all read models of a tenant show `position`; False if they do not in time."""
        deadline = time.monotonic() + seconds_max
        while True:
            async with self.reading(tenant) as snapshot:
                reached = (await snapshot.fetch(read_position(tenant)))[0]
            if reached >= position:
                return True
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(WAIT_POLL_SECONDS)

    async def position_after(self, tenant: int, position: int) -> int:
        """Return the position that the read models of a tenant show, once it is another.

        All who wait for a tenant share one poll.
        """
        while True:
            found = await self._poll(tenant)
            if found > position:
                return found

    async def _poll(self, tenant: int) -> int:
        """Return the position found by the poll at hand, or by a new one."""
        poll = self._polls.get(tenant)
        if poll is None or poll.done():
            poll = self._polls[tenant] = asyncio.create_task(self._next_position(tenant))
        return await asyncio.shield(poll)

    async def _next_position(self, tenant: int) -> int:
        await asyncio.sleep(CHANGES_POLL_SECONDS)
        async with self.reading(tenant) as snapshot:
            return (await snapshot.fetch(read_position(tenant)))[0]

    async def status(self) -> list[Status]:
        """Return how far the read models of all tenants are.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        return await asyncio.to_thread(self._status)

    async def firings(self) -> list[FiringFigures]:
        """Return figures of the firings of jobs, of all tenants.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        return await asyncio.to_thread(self._firings)

    def _firings(self) -> list[FiringFigures]:
        with _failures(), self.database.connect("worker") as connection:
            return fetch(connection, firing_figures())

    def _status(self) -> list[Status]:
        with _failures(), self.database.connect("worker") as connection:
            return every_status(connection)

    @property
    def _pool(self) -> AsyncConnectionPool[AsyncConnection[Any]]:
        assert self._reads is not None, "services are opened before they are used"
        return self._reads

    def _queue(self, tenant: int) -> CommandQueue:
        with self._guard:
            queue = self._queues.get(tenant)
            if queue is None:
                assert self._logs is not None, "services are opened before they are used"
                queue = self._queues[tenant] = CommandQueue(PostgresLog(self._logs, tenant))
            return queue

    async def _configure(self, connection: AsyncConnection[Any]) -> None:
        milliseconds = int(self.settings.request_seconds_max * 1000)
        await connection.execute(f"SET SESSION statement_timeout = {milliseconds:d}".encode())


@contextmanager
def _failures() -> Generator[None]:
    """Tell failures of the database as what they mean to those who asked."""
    try:
        yield
    except errors.QueryCanceled as canceled:
        raise RequestTooSlow("The request took too long and was given up.") from canceled
    except (OperationalError, PoolTimeout) as failure:
        raise DatabaseUnavailable(str(failure)) from failure


def holds_nul(failure: BaseException) -> bool:
    """Return whether a statement was not even sent, as a text for it holds the character NUL."""
    return isinstance(failure, DataError) and failure.sqlstate is None and "NUL" in str(failure)


def read_position(tenant: int) -> Query[int]:
    """Return the question up to which position all read models of a tenant show the log."""
    return Query(
        sql(
            "SELECT CASE WHEN count(*) < %(count)s THEN 0 ELSE min(position) END"
            " FROM cursors WHERE tenant = %(tenant)s"
        ),
        {"tenant": tenant, "count": len(READ_MODELS)},
        int,
    )


def _caller(
    tenant: int, tenant_name: str, key_id: str, name: str, role: str, user_id: str | None
) -> Caller:
    return Caller(tenant, tenant_name, key_id, name, Role(role), user_id)
