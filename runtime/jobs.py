"""Firing jobs: each moment at which one is due once, however many processes look for work.

Who fires holds a lock of its session for as long, and claims the firing in the log; a claim whose
lock is free is of a process that is gone, and is taken over. Every job does nothing twice, so that
what was cut off anywhere is simply done again.
"""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import structlog
from msgspec import Struct
from psycopg import Connection

from application.handling import Handled, Request, handle
from application.rule_messages import Telling
from domain.job import Due, Job, JobKind, by_hand_date, last_due
from domain.job_firing import (
    CUT_OFF,
    JOB_FIRING,
    ClaimFiring,
    CompleteFiring,
    FailFiring,
    JobFiringClaimed,
    occasion_of,
)
from domain.shared.decider import Refused
from domain.shared.wording import number_of
from eventstore.postgres import PostgresLog
from projections.job_firings import (
    JobFiringRow,
    firing_id,
    last_firings,
    unfinished_firings,
)
from projections.jobs import companies_of_zone, jobs
from projections.query import fetch
from projections.sync_sources import active_source
from runtime.after_sync import ALIVE_POLL_SECONDS
from runtime.audit_keys import audit_keys
from runtime.auditing import make_checkpoint
from runtime.clock import now
from runtime.database import Database
from runtime.day_roll import roll_day
from runtime.grid_alerts import process_grid_alert
from runtime.rule_messages import run_and_tell
from runtime.settings import Settings
from runtime.site import site_options
from runtime.sync_sources import ExportMissing, export_of
from runtime.syncing import sync_when_free
from runtime.tenants import Tenant, all_tenants
from runtime.worker import ReadModelStopped, ReadModelWorker, wait_until

_LOCK_CLASS = 7415

_ORDER = (JobKind.SYNC, JobKind.DAY_ROLL, JobKind.RULES, JobKind.GRID_ALERT)
"""What is due at the same moment is done in this order: each looks at what those before did."""

log = structlog.get_logger(__name__)


class Wanted(Struct, frozen=True):
    """A firing to attempt: of a job, when it was due, and what it is done once for."""

    job: Job
    due: Due
    occasion: str
    by_hand: bool = False

    @property
    def firing_id(self) -> str:
        """What tells it from all others."""
        return firing_id(self.job.name, self.occasion)


def by_hand(job: Job, at: datetime, on: date | None, key: str) -> Wanted:
    """Return the firing of a job that somebody asks for at a moment, once for each key.

    Raises:
        Refused: if the day for which it is asked has not begun.
    """
    due = Due(at, by_hand_date(job, at, on))
    return Wanted(job, due, f"by hand {key}", by_hand=True)


class Fired(Struct, frozen=True):
    """What became of a firing, and the position of the log at which that stands.

    `told` is what was done, or why it could not be.
    """

    wanted: Wanted
    completed: bool
    told: str
    position: int


class JobRunner:
    """Fires the jobs of tenants; `name` tells the process from others in the log."""

    def __init__(self, database: Database, settings: Settings, name: str | None = None) -> None:
        self._database = database
        self._settings = settings
        self._name = name or f"{socket.gethostname()}/{os.getpid()}"

    def tenants(self) -> list[Tenant]:
        """Return all tenants."""
        with self._database.connect("worker") as connection:
            return all_tenants(connection)

    def jobs(self, tenant: Tenant) -> list[Job]:
        """Return the jobs that a tenant has."""
        with self._reading() as connection:
            return _jobs(connection, tenant)

    def wanted(self, tenant: Tenant, at: datetime) -> list[Wanted]:
        """Return what is to be fired: what is due, was cut off, or is to be tried again."""
        with self._reading() as connection:
            there = _jobs(connection, tenant)
            last = {one.job: one for one in fetch(connection, last_firings(tenant.id))}
            unfinished = fetch(connection, unfinished_firings(tenant.id))
        by_name = {job.name: job for job in there}
        found = [
            _again(by_name, one) for one in unfinished if one.retry_at is None or one.retry_at <= at
        ]
        for job in there:
            due, known = last_due(job, at), last.get(job.name)
            if due is not None and (known is None or known.due_at < due.at):
                found.append(Wanted(job, due, occasion_of(due.at)))
        return sorted(found, key=lambda one: (one.due.at, _ORDER.index(one.job.kind), one.job.name))

    def fire_due(
        self, tenant: Tenant, at: datetime, ending: Callable[[], bool] = lambda: False
    ) -> list[Fired]:
        """Fire what is to be fired of a tenant at a moment; return what this process fired.

        It ends early, between two firings, once it is `ending`. What cannot even be claimed or
        ended in the log does not hold up the others.
        """
        done: list[Fired] = []
        for wanted in self.wanted(tenant, at):
            if ending():
                break
            try:
                fired = self.fire(tenant, wanted, at)
            except Exception:
                log.exception("job not fired", tenant=tenant.name, job=wanted.job.name)
                continue
            if fired is not None:
                done.append(fired)
        return done

    def fire(self, tenant: Tenant, wanted: Wanted, at: datetime) -> Fired | None:
        """Fire a job at a moment; return None if that is not for this process to do.

        It is not if another process is at it, if it is over, or if it is to be tried again later.
        Returns when the read models show what became of it.
        """
        with self._database.connect("worker") as guard, self._database.pool("app", size=1) as pool:
            if not _lock(guard, tenant, wanted):
                return None
            firing = _Firing(PostgresLog(pool, tenant.id), wanted)
            try:
                fired = firing.claim(self._name, at) or self._attempt(tenant, wanted, firing)
            except Refused:
                return None
            self._wait_until_shown(guard, tenant, fired.position)
            return fired

    def _attempt(self, tenant: Tenant, wanted: Wanted, firing: "_Firing") -> Fired:
        """Do what was claimed, and say what became of it.

        Raises:
            Refused: if the lock was lost meanwhile, and who took it over has ended the firing.
        """
        try:
            told = self._do(tenant, wanted)
        except Refused as refusal:
            return firing.fail(refusal.message, final=True)
        except ExportMissing as failure:
            return firing.fail(str(failure), final=False)
        except Exception as failure:
            log.exception("job failed", tenant=tenant.name, job=wanted.job.name)
            return firing.fail(f"{type(failure).__name__}: {failure}", final=False)
        return firing.complete(told)

    def _wait_until_shown(self, connection: Connection[Any], tenant: Tenant, position: int) -> None:
        """Wait until the read models show a position, unless one of them is stopped."""
        url = self._database.url("worker")
        with ReadModelWorker(url, lambda _: [tenant.id]) as worker:
            try:
                while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
                    worker.keep_alive()
            except ReadModelStopped as stopped:
                log.warning("firing not shown", tenant=tenant.name, error=str(stopped))

    def _reading(self) -> Connection[Any]:
        connection = self._database.connect("worker")
        connection.execute("SET search_path = read_models, public")
        return connection

    def _do(self, tenant: Tenant, wanted: Wanted) -> str:
        """Do what a job is for; return in a sentence what that changed."""
        job, on = wanted.job, wanted.due.business_date
        actor, cause = f"job/{job.name}", f"job_firing/{wanted.firing_id}"
        match job.kind:
            case JobKind.RULES:
                telling = Telling(on, job.subject, None, actor, cause)
                result = run_and_tell(self._database, tenant, telling)
                counts = (f"{result.total(name)} {name}" for name in ("created", "closed", "held"))
                dates = len({run.business_date for run in result.runs})
                return f"Rules ran for {number_of(dates, 'date')}: {', '.join(counts)}."
            case JobKind.DAY_ROLL:
                with self._reading() as connection:
                    companies = fetch(connection, companies_of_zone(tenant.id, job.subject))
                rolled = roll_day(
                    self._database, tenant, on, frozenset(companies), actor=actor, cause=cause
                )
                self._sign(tenant)
                return f"The day {on} began: {number_of(rolled.events, 'event')}."
            case JobKind.SYNC:
                return self._sync(tenant, wanted, actor, cause)
            case JobKind.GRID_ALERT:
                done = process_grid_alert(
                    self._database,
                    tenant,
                    job.subject,
                    on,
                    actor=actor,
                    cause=cause,
                    public_url=self._settings.public_url,
                )
                return f"{number_of(len(done.delivered), 'user')} told."

    def _sign(self, tenant: Tenant) -> None:
        """Sign how far the log is, so that there is a checkpoint of each day."""
        keys = audit_keys(self._settings)
        with self._database.connect("worker") as connection:
            make_checkpoint(connection, self._settings, tenant, keys)

    def _sync(self, tenant: Tenant, wanted: Wanted, actor: str, cause: str) -> str:
        with self._reading() as connection:
            found = fetch(connection, active_source(tenant.id, wanted.job.subject))
        if not found:
            raise Refused("sync_source_unknown", "There is no such source in force.")
        synced = sync_when_free(
            self._database,
            tenant,
            export_of(self._settings, found[0]),
            actor=actor,
            business_date=wanted.due.business_date,
            occasion=wanted.firing_id,
            begun_by=cause,
        )
        outcome = synced.outcome
        return (
            f"{number_of(outcome.read, 'row')} read: {outcome.new:,} new, {outcome.changed:,}"
            f" changed, {outcome.rejected_count:,} rejected."
        )


class _Firing:
    """A firing in the log."""

    def __init__(self, tenant_log: PostgresLog, wanted: Wanted) -> None:
        self._log = tenant_log
        self._wanted = wanted

    def claim(self, name: str, at: datetime) -> Fired | None:
        """Begin; return what became of it if that is that it is given up.

        Raises:
            Refused: if it is over, or to be tried again later.
        """
        one = self._wanted
        handled = self._tell(
            ClaimFiring(
                one.job.name,
                one.occasion,
                one.due.at,
                one.due.business_date,
                name,
                at,
                one.by_hand,
            )
        )
        if isinstance(handled.events[0], JobFiringClaimed):
            return None
        return Fired(one, False, CUT_OFF, handled.position)

    def complete(self, told: str) -> Fired:
        """End well."""
        return Fired(self._wanted, True, told, self._tell(CompleteFiring(told)).position)

    def fail(self, told: str, *, final: bool) -> Fired:
        """End badly."""
        return Fired(self._wanted, False, told, self._tell(FailFiring(told, now(), final)).position)

    def _tell(self, command: ClaimFiring | CompleteFiring | FailFiring) -> Handled:
        one = self._wanted
        cause = f"job_firing/{one.firing_id}"
        request = Request(
            JOB_FIRING,
            (one.job.name, one.occasion),
            command,
            actor=f"job/{one.job.name}",
            business_date=one.due.business_date,
            cause=cause,
            correlation=cause,
        )
        return handle(self._log, request)


def _jobs(connection: Connection[Any], tenant: Tenant) -> list[Job]:
    site_zone = site_options(connection, tenant.id).time_zone
    return fetch(connection, jobs(tenant.id, site_zone))


def _again(there: Mapping[str, Job], firing: JobFiringRow) -> Wanted:
    """Return what attempts a firing again; its job may be gone, which whoever does it will say."""
    kind, _, subject = firing.job.partition("/")
    job = there.get(firing.job) or Job(
        JobKind(kind), subject, subject, (), "UTC", firing.started_at
    )
    due = Due(firing.due_at, firing.business_date)
    return Wanted(job, due, firing.occasion, firing.by_hand)


def _lock(guard: Connection[Any], tenant: Tenant, wanted: Wanted) -> bool:
    """Take the lock of a firing, held until the session ends; False if somebody has it."""
    row = guard.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))",
        (_LOCK_CLASS, f"{tenant.id}/{wanted.firing_id}"),
    ).fetchone()
    return bool(row and row[0])


def find_job(there: Sequence[Job], name: str) -> Job:
    """Return the job of a name.

    Raises:
        Refused: if there is none.
    """
    for job in there:
        if job.name == name:
            return job
    known = ", ".join(job.name for job in there) or "none"
    raise Refused("job_unknown", f"There is no job {name}; there are: {known}.", "job")
