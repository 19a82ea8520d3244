"""Looks for jobs that are due, again and again, and has them fired.

Tenants do not wait for each other; the jobs of one are fired one after the other. Any number of
processes may look: what one fires the others leave (`runtime/jobs.py`).
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from runtime.clock import now
from runtime.jobs import Fired, JobRunner
from runtime.tenants import Tenant

TENANTS_AT_ONCE = 4

log = structlog.get_logger(__name__)


class JobScheduler:
    """Fires what is due; `clock` tells the time."""

    def __init__(
        self, runner: JobRunner, *, poll_seconds: float, clock: Callable[[], datetime] = now
    ) -> None:
        self._runner = runner
        self._clock = clock
        self._guard = threading.Lock()
        self._at_it: set[int] = set()
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(TENANTS_AT_ONCE, thread_name_prefix="jobs")
        self._scheduler: Any = BackgroundScheduler(timezone="UTC")  # it has no types
        self._scheduler.add_job(
            self.look,
            IntervalTrigger(seconds=poll_seconds),  # pyright: ignore[reportArgumentType]
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=now(),  # by APScheduler's own clock: at once
        )

    def start(self) -> None:
        """Begin to look."""
        self._scheduler.start()

    def close(self) -> None:
        """Look no more, begin no more; return when what is being fired has ended."""
        self._ending.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def look(self) -> list[Future[list[Fired]]]:
        """Have fired what is due of all tenants but those that are being seen to."""
        begun: list[Future[list[Fired]]] = []
        for tenant in self._runner.tenants():
            with self._guard:
                if tenant.id in self._at_it:
                    continue
                self._at_it.add(tenant.id)
            begun.append(self._pool.submit(self._see_to, tenant))
        return begun

    def _see_to(self, tenant: Tenant) -> list[Fired]:
        try:
            fired = self._runner.fire_due(tenant, self._clock(), self._ending.is_set)
        except Exception:
            log.exception("jobs of a tenant cannot be seen to", tenant=tenant.name)
            raise
        finally:
            with self._guard:
                self._at_it.discard(tenant.id)
        for one in fired:
            log.info("job fired", tenant=tenant.name, job=one.wanted.job.name, told=one.told)
        return fired
