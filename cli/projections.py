"""`tallystick projections`: care of the read models."""

import sys
from collections.abc import Callable

import click
from rich.console import Console
from rich.progress import Progress

from cli.context import Session, command_options, is_terminal, note
from cli.output import print_rows
from projections.catalogue import READ_MODELS
from runtime import read_models
from runtime.worker import ReadModelWorker, wait_until


@click.group()
def projections() -> None:
    """Read models: how far they are, rebuilding and checking them."""


@projections.command()
@command_options
def status(session: Session) -> None:
    """Print how far each read model of the tenant is; exit 1 if one is stopped."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        found = read_models.status(connection, tenant.id)
    columns = ["read_model", "position", "head", "lag", "stopped_at", "error"]
    rows = [[s.read_model, s.position, s.head, s.lag, s.stopped_at, s.error] for s in found]
    print_rows(session.format, columns, rows)
    if any(one.stopped_at is not None for one in found):
        sys.exit(1)


@projections.command()
@click.argument(
    "names", nargs=-1, type=click.Choice([one.name for one in READ_MODELS]), metavar="[NAME]..."
)
@command_options
def rebuild(session: Session, names: tuple[str, ...]) -> None:
    """Rebuild all read models, or those named, from the log, without downtime."""
    with Progress(console=Console(stderr=True), transient=True, disable=not is_terminal()) as bar:
        read = read_models.rebuild(session.database, names, _advance(bar, "Rebuilding"))
    note(f"Rebuilt from {read} events.")


@projections.command()
@command_options
def check(session: Session) -> None:
    """Fold the tenant's log anew and compare; exit 1 on a difference."""
    tenant = session.tenant()
    with Progress(console=Console(stderr=True), transient=True, disable=not is_terminal()) as bar:
        differences = read_models.check(session.database, tenant.id, _advance(bar, "Folding"))
    columns = ["table", "only_stored", "only_folded"]
    rows = [[one.table, one.only_stored, one.only_folded] for one in differences]
    print_rows(session.format, columns, rows)
    if differences:
        sys.exit(1)


@projections.command()
@command_options
def retry(session: Session) -> None:
    """Let the tenant's stopped read models try their events again, after a fix."""
    tenant = session.tenant()
    names = read_models.retry(session.database, tenant.id)
    url = session.database.url("worker")
    with (
        session.database.connect("worker") as connection,
        ReadModelWorker(url, lambda _: [tenant.id]),
    ):
        head = max((one.head for one in read_models.status(connection, tenant.id)), default=0)
        wait_until(connection, tenant.id, head)
    note(f"Caught up: {', '.join(names) or 'nothing was stopped'}.")


def _advance(bar: Progress, title: str) -> Callable[[int, int], None]:
    task = bar.add_task(title)

    def advance(done: int, whole: int) -> None:
        bar.update(task, completed=done, total=whole)

    return advance
