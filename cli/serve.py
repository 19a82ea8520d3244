"""`tallystick serve`: the API, the read-model worker and the jobs, in one process or several."""

import signal
import sys
import threading
from enum import StrEnum
from types import FrameType

import click
import uvicorn

from api.app import create_app
from cli.context import Session, command_options, note
from runtime.jobs import JobRunner
from runtime.services import Services
from runtime.tenants import every_tenant
from runtime.worker import ReadModelWorker
from schedulers.scheduler import JobScheduler


class Part(StrEnum):
    """A part of the product that a process can be."""

    API = "api"
    PORTAL = "portal"
    WORKER = "worker"
    JOBS = "jobs"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option(
    "--only",
    default=",".join(part.value for part in Part),
    metavar="api,portal,worker,jobs",
    help="Which parts this process is. The portal has nothing to serve yet.",
)
@command_options
def serve(session: Session, host: str, port: int, only: str) -> None:
    """Serve until interrupted."""
    try:
        parts = frozenset(Part(name.strip()) for name in only.split(",") if name.strip())
    except ValueError as unknown:
        names = ", ".join(part.value for part in Part)
        raise click.UsageError(f"--only takes {names}.") from unknown
    serve_parts(session, host, port, parts)


def serve_parts(session: Session, host: str, port: int, parts: frozenset[Part]) -> None:
    """Serve the given parts until interrupted, or told to end: then end what was begun."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _end)
    worker, jobs = None, None
    if Part.WORKER in parts:
        worker = ReadModelWorker(session.database.url("worker"), every_tenant)
        worker.start()
    if Part.JOBS in parts:
        runner = JobRunner(session.database, session.settings)
        jobs = JobScheduler(runner, poll_seconds=session.settings.jobs_poll_seconds)
        jobs.start()
    try:
        if Part.API in parts:
            note(f"GraphQL at http://{host}:{port}/graphql")
            app = create_app(Services(session.database, session.settings))
            uvicorn.run(app, host=host, port=port, log_level="warning", ws="websockets-sansio")
        else:
            threading.Event().wait()
    finally:
        if jobs is not None:
            jobs.close()
        if worker is not None:
            worker.close()


def _end(_number: int, _frame: FrameType | None) -> None:
    """End in order; uvicorn raises the signal again that it ended upon."""
    sys.exit(0)
