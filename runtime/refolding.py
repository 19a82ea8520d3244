"""Folds whole logs into empty tables by as many processes as there are processors."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from psycopg import Connection

from projections.refold import STRETCH_EVENTS, Stretch, stretches
from runtime.database import Database
from runtime.garbage import rare_collection
from runtime.lines import write_line
from runtime.master_key import to_hand_on
from runtime.refolder import Folded, fold_or_tell, forget_flushes

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
        forget_flushes(connection)
        work = _Work(surveyor, jobs, progress)
        with ThreadPoolExecutor(max(others, 1), thread_name_prefix="refold") as pool:
            helping = [
                pool.submit(_delegate, database.url("worker"), schema, work) for _ in range(others)
            ]
            try:
                while (taken := work.take()) is not None:
                    work.done(taken, fold_or_tell(connection, schema, taken[1]))
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

    def done(self, taken: tuple[Job, Stretch], folded: Folded) -> None:
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


def _delegate(url: str, schema: str, work: _Work) -> None:
    """Have another process fold stretches until none is left."""
    command = [sys.executable, "-m", "runtime.refolder", schema]
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(
            command, stdin=pipe, stdout=pipe, cwd=Path(__file__).parent.parent
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            write_line(process.stdin, url)
            write_line(process.stdin, to_hand_on())
            while (taken := work.take()) is not None:
                write_line(process.stdin, taken[1])
                line = process.stdout.readline()
                if not line:
                    raise BrokenPipeError
                work.done(taken, msgspec.json.decode(line, type=Folded))
    except BrokenPipeError as failure:
        work.stop()
        raise RefoldLost(
            "A process that folds the log ended. The read models are as they were; try again."
        ) from failure
