"""Folds whole logs into empty tables by as many processes as there are processors.

`python -m runtime.refolding SCHEMA` is one of them: its first line of standard input is the
database's connection string, each further one a stretch, and it answers with a line for each. It
ends when its input does, so that it goes with whoever started it, however that one ends.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import psycopg
import structlog
from msgspec import Struct
from psycopg import Connection

from projections.refold import (
    STRETCH_EVENTS,
    CannotFold,
    Stretch,
    fold_stretch,
    stretches,
)
from runtime.database import Database
from runtime.garbage import rare_collection
from runtime.patience import patient

PROCESSES_MAX = 4
"""More would wait for the server, which has as much to do."""

log = structlog.get_logger(__name__)


class Job(Struct, frozen=True):
    """Read models to be filled from a tenant's log up to a position."""

    tenant: int
    read_models: tuple[str, ...]
    until: int


class RefoldLost(Exception):
    """A process that folds ended; what it was at may be half done."""


class _Folded(Struct, frozen=True):
    """What became of a stretch: how many events it had, or why it cannot be folded."""

    events: int
    failure: str | None = None


def refold(
    database: Database,
    schema: str,
    jobs: Sequence[Job],
    progress: Callable[[int], None] = lambda _events: None,
) -> list[Job]:
    """Fill the empty tables of a schema; return the jobs that cannot be done this way.

    Of those, some may have been stored. `progress` is told of events as they are folded.

    Raises:
        RefoldLost: if a process ended that takes part.
    """
    whole = sum(job.until for job in jobs)
    others = min(len(os.sched_getaffinity(0)), PROCESSES_MAX, 1 + whole // STRETCH_EVENTS) - 1
    with (
        database.connect("worker") as surveyor,
        database.connect("worker") as connection,
        rare_collection(),
    ):
        _forget_flushes(connection)
        work = _Work(surveyor, jobs, progress)
        with ThreadPoolExecutor(max(others, 1), thread_name_prefix="refold") as pool:
            helping = [
                pool.submit(_delegate, database.url("worker"), schema, work) for _ in range(others)
            ]
            try:
                while (taken := work.take()) is not None:
                    work.done(taken, _fold(connection, schema, taken[1]))
            finally:
                work.stop()
            for one in helping:
                one.result()
        return work.failed


class _Work:
    """The stretches of all jobs, handed out to threads one at a time."""

    def __init__(
        self, surveyor: Connection[Any], jobs: Sequence[Job], progress: Callable[[int], None]
    ) -> None:
        self.failed: list[Job] = []
        self._stretches = self._cut(surveyor, jobs)
        self._progress = progress
        self._guard = threading.Lock()
        self._stopped = False

    def _cut(self, surveyor: Connection[Any], jobs: Sequence[Job]) -> Iterator[tuple[Job, Stretch]]:
        for job in jobs:
            for stretch in stretches(surveyor, job.tenant, job.read_models, job.until):
                if job in self.failed:
                    break
                yield job, stretch

    def take(self) -> tuple[Job, Stretch] | None:
        """Return a stretch that nobody else has; None if there is none left."""
        with self._guard:
            return None if self._stopped else next(self._stretches, None)

    def done(self, taken: tuple[Job, Stretch], folded: _Folded) -> None:
        """Take note of what became of a stretch."""
        job, _ = taken
        with self._guard:
            if folded.failure is not None and job not in self.failed:
                log.warning("to be folded in order", tenant=job.tenant, error=folded.failure)
                self.failed.append(job)
            self._progress(folded.events)

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._guard:
            self._stopped = True


def _fold(connection: Connection[Any], schema: str, stretch: Stretch) -> _Folded:
    try:
        return _Folded(fold_stretch(connection, schema, stretch))
    except CannotFold as failure:
        return _Folded(0, str(failure))


def _delegate(url: str, schema: str, work: _Work) -> None:
    """Have another process fold stretches until none is left."""
    command = [sys.executable, "-m", "runtime.refolding", schema]
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(
            command, stdin=pipe, stdout=pipe, cwd=Path(__file__).parent.parent
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            _write(process.stdin, url)
            while (taken := work.take()) is not None:
                _write(process.stdin, taken[1])
                line = process.stdout.readline()
                if not line:
                    raise BrokenPipeError
                work.done(taken, msgspec.json.decode(line, type=_Folded))
    except BrokenPipeError as failure:
        work.stop()
        raise RefoldLost(
            "A process that folds the log ended. The read models are as they were; try again."
        ) from failure


def _write(stream: BinaryIO | Any, told: object) -> None:
    stream.write(msgspec.json.encode(told) + b"\n")
    stream.flush()


def _forget_flushes(connection: Connection[Any]) -> None:
    """Let commits not wait for the disk: who swaps the tables in waits for all of it."""
    connection.execute("SET synchronous_commit = off")


def _main(schema: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    lines = iter(sys.stdin.buffer.readline, b"")
    url = msgspec.json.decode(next(lines), type=str)
    with rare_collection(), psycopg.connect(patient(url), autocommit=True) as connection:
        _forget_flushes(connection)
        for line in lines:
            _write(
                sys.stdout.buffer,
                _fold(connection, schema, msgspec.json.decode(line, type=Stretch)),
            )


if __name__ == "__main__":
    _main(sys.argv[1])
