"""Keeps the read models of tenants up with their logs, on a thread with its own connection."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from psycopg import Connection, OperationalError

from projections.runner import Cursor, CursorMoved, Runner
from runtime.database import Database

POLL_SECONDS = 0.02
RECONNECT_SECONDS_MAX = 5.0
WAIT_POLL_SECONDS = 0.01

log = structlog.get_logger(__name__)


class ReadModelStopped(Exception):
    """A read model is stopped at an event that it cannot fold."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(
            f"The read model {cursor.read_model} is stopped at position {cursor.stopped_at}:"
            f" {cursor.error}. `tallystick projections status` shows it."
        )


class ReadModelWorker:
    """Advances the given tenants, or all there are; another worker's tenants are left to it."""

    def __init__(self, database: Database, tenants: Callable[[Connection[Any]], list[int]]) -> None:
        self._database = database
        self._tenants = tenants
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="read-models", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """Finish the page at hand and stop."""
        self._stopping.set()
        self._thread.join()

    def __enter__(self) -> "ReadModelWorker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        pause = POLL_SECONDS
        while not self._stopping.is_set():
            try:
                with self._database.connect("worker") as connection:
                    self._follow(connection)
                    return
            except OperationalError as failure:
                log.warning("database lost, trying again", error=str(failure).strip())
                self._stopping.wait(pause)
                pause = min(2 * pause, RECONNECT_SECONDS_MAX)

    def _follow(self, connection: Connection[Any]) -> None:
        runners: dict[int, Runner] = {}
        leased: set[int] = set()
        positions: dict[int, int] = {}
        while not self._stopping.is_set():
            advanced = 0
            tenants = self._tenants(connection)
            heads = dict(
                connection.execute(
                    "SELECT tenant, position FROM public.heads WHERE tenant = ANY(%s)", (tenants,)
                ).fetchall()
            )
            for tenant in tenants:
                if positions.get(tenant) == heads.get(tenant):
                    continue
                runner = runners.setdefault(tenant, Runner(connection, tenant))
                if tenant not in leased:
                    if not runner.lease():
                        continue
                    leased.add(tenant)
                try:
                    read = runner.advance()
                except CursorMoved:
                    log.warning("tenant advanced by another worker", tenant=tenant)
                    continue
                advanced += read
                if not read:
                    positions[tenant] = heads[tenant]
            if not advanced:
                self._stopping.wait(POLL_SECONDS)


def wait_until(
    connection: Connection[Any], tenant: int, position: int, seconds_max: float | None = None
) -> bool:
    """Wait until the read models of a tenant show `position`; False if they do not in time.

    Raises:
        ReadModelStopped: if one of them is stopped before it.
    """
    deadline = None if seconds_max is None else time.monotonic() + seconds_max
    while True:
        cursors = [
            Cursor(*row)
            for row in connection.execute(
                "SELECT read_model, position, stopped_at, error FROM read_models.cursors"
                " WHERE tenant = %s",
                (tenant,),
            )
        ]
        for cursor in cursors:
            if cursor.stopped_at is not None and cursor.stopped_at <= position:
                raise ReadModelStopped(cursor)
        if position == 0 or (cursors and min(one.position for one in cursors) >= position):
            return True
        if deadline is not None and time.monotonic() > deadline:
            return False
        time.sleep(WAIT_POLL_SECONDS)
