"""`tallystick jobs`: what is done unattended, and doing it by hand."""

import sys
from datetime import date
from uuid import uuid4

import click

from cli.context import Session, command_options
from cli.output import print_rows
from cli.values import DATE
from domain.job import in_words, next_due
from projections.job_firings import JobFiringRow, last_firings, newest_firings
from projections.query import fetch
from runtime.clock import now
from runtime.jobs import JobRunner, by_hand, find_job

_FIRING = ["job", "due_at", "business_date", "state", "attempts", "started_at", "ended_at", "told"]


@click.group()
def jobs() -> None:
    """Jobs: what is done unattended, such as running rules on a schedule."""


@jobs.command("list")
@command_options
def list_jobs(session: Session) -> None:
    """List the jobs that there are, when each is due next, and what became of it last."""
    tenant, moment = session.tenant(), now()
    found = JobRunner(session.database, session.settings).jobs(tenant)
    with session.database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        last = {one.job: one for one in fetch(connection, last_firings(tenant.id, by_hand=True))}
    rows: list[list[object]] = []
    for job in found:
        coming, fired = next_due(job, moment), last.get(job.name)
        rows.append(
            [
                job.name,
                job.title,
                in_words(job),
                coming and coming.at.isoformat(),
                fired and fired.due_at.isoformat(),
                fired and fired.state,
            ]
        )
    columns = ["job", "title", "schedule", "next_due_at", "last_due_at", "last_state"]
    print_rows(session.format, columns, rows)


@jobs.command()
@click.argument("job")
@click.option("--date", "on", type=DATE, help="The date to do it for; by default today.")
@command_options
def fire(session: Session, job: str, on: date | None) -> None:
    """Do what JOB is for, at once; JOB is a name that `jobs list` tells."""
    tenant = session.tenant()
    runner = JobRunner(session.database, session.settings)
    found = find_job(runner.jobs(tenant), job)
    at = now()
    wanted = by_hand(found, at, on, uuid4().hex)
    fired = runner.fire(tenant, wanted, at)
    assert fired is not None, "nobody else knows of this occasion"
    state = "completed" if fired.completed else "failed"
    columns = ["job", "business_date", "state", "told", "position"]
    row = [job, wanted.due.business_date.isoformat(), state, fired.told, fired.position]
    print_rows(session.format, columns, [row])
    if not fired.completed:
        sys.exit(1)


@jobs.command()
@click.option("--job", help="Only this job.")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 10_000))
@command_options
def history(session: Session, job: str | None, last: int) -> None:
    """Tell what was fired, the newest first."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        found = fetch(connection, newest_firings(tenant.id, job, last))
    print_rows(session.format, _FIRING, [_told(one) for one in found])


def _told(firing: JobFiringRow) -> list[object]:
    return [
        firing.job,
        firing.due_at.isoformat(),
        firing.business_date.isoformat(),
        firing.state,
        firing.attempts,
        firing.started_at.isoformat(),
        firing.ended_at and firing.ended_at.isoformat(),
        firing.told,
    ]
