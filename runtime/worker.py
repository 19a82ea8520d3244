"""Keeps read models and trees of tenants up with their logs: on a thread, or in a process.

`python -m runtime.worker TENANT` is that process; the first line of its standard input is the
database's connection string, the second `Masters`. It works until its standard input
closes, so that it goes with whoever started it, however that one ends.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
import psycopg
import structlog
from psycopg import Connection, OperationalError

from eventstore.proofs.tiles import SEALED_EVENTS_MAX, LogTorn, seal
from projections.runner import Cursor, CursorMoved, Runner
from runtime.garbage import rare_collection
from runtime.lines import write_line
from runtime.master_key import Masters, take_on, to_hand_on
from runtime.patience import patient

POLL_SECONDS = 0.005
"""How soon a worker looks again for news that came; less and less often while none come."""

POLL_SECONDS_MAX = 0.04
RETRIES_POLL_SECONDS = 0.5
"""So long it takes at most until a read model that is to be tried again is."""

SEALING_PAUSE_SECONDS_MAX = 1.0
"""Events are sealed when nothing is to be read, and at least so often."""

SEALED_BESIDE = 2_560
"""So many at most while there is more to be read: people wait for that."""

RECONNECT_SECONDS_MAX = 5.0
RESTARTS_MAX = 5
WAIT_POLL_SECONDS = 0.01

log = structlog.get_logger(__name__)


class ReadModelStopped(Exception):
    """A read model is stopped at an event that it cannot fold."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(
            f"The read model {cursor.read_model} is stopped at position {cursor.stopped_at}:"
            f" {cursor.error}. `tallystick projections status` shows it."
        )


class WorkerLost(Exception):
    """The worker cannot be kept alive."""


_KEEPS_ENDING = (
    "What keeps the read models keeps ending. What was appended is whole;"
    " `tallystick projections status` shows how far they are."
)


class ReadModelWorker:
    """Advances the given tenants, or all there are; another worker's tenants are left to it."""

    def __init__(self, url: str, tenants: Callable[[Connection[Any]], list[int]]) -> None:
        self._url = url
        self._tenants = tenants
        self._stopping = threading.Event()
        self._failures = 0
        self._thread = threading.Thread(target=self._work, name="read-models", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """Finish the page at hand and stop."""
        self._stopping.set()
        self._thread.join()

    def keep_alive(self) -> None:
        """See that it works; it tries again by itself whatever befalls it.

        Raises:
            WorkerLost: if it keeps failing.
        """
        if self._failures > RESTARTS_MAX:
            raise WorkerLost(_KEEPS_ENDING)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        pause = POLL_SECONDS
        while not self._stopping.is_set():
            try:
                with psycopg.connect(patient(self._url), autocommit=True) as connection:
                    # What a crash of the server takes back is folded again: rows and position are
                    # of one commit. The log itself is flushed before anybody is answered.
                    connection.execute("SET synchronous_commit = off")
                    self._follow(connection)
                    return
            except OperationalError as failure:
                log.warning("database lost, trying again", error=str(failure).strip())
            except Exception:
                self._failures += 1
                log.exception("read-model worker failed, trying again")
            self._stopping.wait(pause)
            pause = min(2 * pause, RECONNECT_SECONDS_MAX)

    def _follow(self, connection: Connection[Any]) -> None:
        runners: dict[int, Runner] = {}
        leased: set[int] = set()
        positions: dict[int, int] = {}
        looked_at = sealed_at = time.monotonic()
        pause = POLL_SECONDS
        while not self._stopping.is_set():
            advanced = 0
            tenants = self._tenants(connection)
            if time.monotonic() - looked_at > RETRIES_POLL_SECONDS:
                for tenant in _with_something_to_read(connection, tenants):
                    positions.pop(tenant, None)
                looked_at = time.monotonic()
            heads = dict(
                connection.execute(
                    "SELECT tenant, position FROM public.heads WHERE tenant = ANY(%s)", (tenants,)
                ).fetchall()
            )
            for tenant in tenants:
                if positions.get(tenant) == heads.get(tenant):
                    continue
                runner = runners.get(tenant)
                if runner is None:
                    runner = runners[tenant] = Runner(connection, tenant)
                if tenant not in leased:
                    if not runner.lease():
                        continue
                    leased.add(tenant)
                try:
                    read = runner.advance()
                except CursorMoved:
                    log.warning("tenant advanced by another worker", tenant=tenant)
                    continue
                sealed = 0
                if not read or time.monotonic() - sealed_at > SEALING_PAUSE_SECONDS_MAX:
                    sealed = _seal(connection, tenant, SEALED_BESIDE if read else SEALED_EVENTS_MAX)
                    sealed_at = time.monotonic()
                advanced += read + sealed
                if not read and not sealed:
                    positions[tenant] = heads[tenant]
            if advanced:
                pause = POLL_SECONDS
            else:
                self._stopping.wait(pause)
                pause = min(2 * pause, POLL_SECONDS_MAX)


def _seal(connection: Connection[Any], tenant: int, limit: int) -> int:
    """Seal events of a tenant's log; return how many. What is torn is told, and not passed over."""
    try:
        return seal(connection, tenant, limit)
    except LogTorn:
        log.exception("nothing more is sealed", tenant=tenant)
        return 0


def _with_something_to_read(connection: Connection[Any], tenants: list[int]) -> list[int]:
    """Return the tenants with a read model that is behind and not stopped."""
    rows = connection.execute(
        "SELECT DISTINCT h.tenant FROM public.heads h JOIN read_models.cursors c USING (tenant)"
        " WHERE h.tenant = ANY(%s) AND c.stopped_at IS NULL AND c.position < h.position",
        (tenants,),
    )
    return [tenant for (tenant,) in rows]


class ReadModelProcess:
    """A worker in a process of its own, for imports that keep this one busy.

    It is started when there first is something to do, by `keep_alive`, and leaves the processor
    to whoever has a lower `niceness`.
    """

    def __init__(self, url: str, tenant: int, niceness: int = 0) -> None:
        self._url = url
        self._command = [sys.executable, "-m", "runtime.worker", str(tenant), str(niceness)]
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def _start(self) -> None:
        root = Path(__file__).parent.parent
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, cwd=root)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it ended at once: the next look starts it anew
            write_line(self._process.stdin, self._url)
            write_line(self._process.stdin, to_hand_on())

    def keep_alive(self) -> None:
        """Start the process, anew if it has ended, however it did; the log has lost nothing.

        Raises:
            WorkerLost: if it keeps ending.
        """
        if self._process is None:
            self._start()
        elif self._process.poll() is not None:
            self._process.communicate()
            self._restarts += 1
            if self._restarts > RESTARTS_MAX:
                raise WorkerLost(_KEEPS_ENDING)
            log.warning("read-model process ended, starting it anew")
            self._start()


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
                "SELECT read_model, position, stopped_at, error FROM cursors WHERE tenant = %s",
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


def _main(tenant: int, niceness: int) -> None:
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    url = msgspec.json.decode(sys.stdin.buffer.readline(), type=str)
    take_on(msgspec.json.decode(sys.stdin.buffer.readline(), type=Masters))
    with rare_collection(), ReadModelWorker(url, lambda _: [tenant]):
        sys.stdin.buffer.read()


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
