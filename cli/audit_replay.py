"""`tallystick audit replay`: the read models as they were, beside those of today."""

import asyncio
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from cli.audit import audit
from cli.context import Session, command_options, is_terminal, note
from cli.operator import operator
from cli.output import print_rows
from cli.values import MOMENT
from domain.api_key import Role
from runtime.personal_reads import Reader, reads_of_tables, record_at_command_line
from runtime.read_models import status
from runtime.replay_files import Form, write_replay
from runtime.replaying import (
    Replay,
    caller_of,
    drop_replay,
    make_replay,
    replayed,
    replays,
)

FOLDER = click.Path(file_okay=False, path_type=Path)


class PlaceType(click.ParamType[int | datetime]):
    """A position of the log, or a moment."""

    name = "position or timestamp"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | datetime:
        """Return the position or the moment, or fail as wrong usage."""
        if isinstance(value, int | datetime):
            return value
        if value.isascii() and value.isdigit():
            return int(value)
        return MOMENT.convert(value, param, ctx)


class QueryType(click.ParamType[str]):
    """A GraphQL document, or @ and the file that it is in."""

    name = "query"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the document, or fail as wrong usage."""
        if not value.startswith("@"):
            return value
        try:
            return Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as failure:
            self.fail(f"{value[1:]} cannot be read: {failure}.", param, ctx)


@audit.command()
@click.option("--at", type=PlaceType(), help="A position of the log, or a moment.")
@click.option("--name", metavar="NAME", help="What the replay is called; by default after --at.")
@click.option("--query", type=QueryType(), help="Answer a GraphQL query there; @FILE reads one.")
@click.option("--variables", default="{}", metavar="JSON", help="The variables of the query.")
@click.option("--csv", type=FOLDER, help="Write its tables as CSV into this empty folder.")
@click.option("--parquet", type=FOLDER, help="Write its tables as Parquet into this empty folder.")
@click.option(
    "--key", "key_id", metavar="ID", help="Answer as to this API key; else as an auditor."
)
@command_options
def replay(
    session: Session,
    at: int | datetime | None,
    name: str | None,
    query: str | None,
    variables: str,
    csv: Path | None,
    parquet: Path | None,
    key_id: str | None,
) -> None:
    """Build the read models as they were at a moment of the log, beside those of today.

    A replay that is there is not built again. Without --at one that is there is named.
    """
    if at is None and name is None:
        raise click.UsageError("Say when with --at, or name a replay that is there with --name.")
    try:
        given = msgspec.json.decode(variables, type=dict[str, Any])
    except msgspec.DecodeError as failure:
        raise click.UsageError(f"--variables takes a JSON object: {failure}.") from failure
    tenant = session.tenant()
    if at is not None:
        with _progress("Folding") as advance:
            found, new = make_replay(session.database, tenant, at, name, advance)
        name = found.name
        note(f"The replay {name} is {'made' if new else 'there already'}.")
    assert name is not None
    database = replayed(session.database, tenant, name)
    with database.connect("auditor") as connection:
        for one in status(connection, tenant.id):
            if one.stopped_at is not None:
                note(f"{one.read_model} is stopped at position {one.stopped_at}: {one.error}")
    for folder, form in ((csv, Form.CSV), (parquet, Form.PARQUET)):
        if folder is not None:
            reads = reads_of_tables(database, tenant.id)
            reader = Reader(operator(), Role.AUDITOR)
            operation = f"audit replay {name} --{form}"
            record_at_command_line(session.database, tenant.id, reads, reader, operation)
            with _progress("Writing") as advance:
                written = write_replay(database, folder, form, advance)
            note(f"{sum(written.values()):,} rows of {len(written)} tables are in {folder}.")
    if query is None:
        _tell(session, [database.replay])
        return
    # GraphQL is imported by those who use it: it takes longer than all else here.
    from api.replaying import answer_replayed  # noqa: PLC0415

    caller = caller_of(database, tenant, key_id)
    answering = answer_replayed(database, session.settings, caller, query, given, operator())
    body, good = asyncio.run(answering)
    click.echo(body)
    if not good:
        sys.exit(1)


@contextmanager
def _progress(title: str) -> Generator[Callable[[int, int], None]]:
    """Show how far something is, to people."""
    with Progress(console=Console(stderr=True), transient=True, disable=not is_terminal()) as bar:
        task = bar.add_task(title)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


@audit.command("replays")
@click.option("--drop", metavar="NAME", help="Drop this one first.")
@command_options
def list_replays(session: Session, drop: str | None) -> None:
    """List the replays there are; one that was interrupted can be made anew, or dropped."""
    tenant = session.tenant()
    if drop is not None:
        drop_replay(session.database, tenant, drop)
        note(f"The replay {drop} is dropped.")
    with session.database.connect("worker") as connection:
        _tell(session, replays(connection, tenant.id))


def _tell(session: Session, found: list[Replay]) -> None:
    columns = ["name", "position", "moment", "state", "schema"]
    rows = [
        [one.name, one.position, one.moment.isoformat(), one.state, one.schema] for one in found
    ]
    print_rows(session.format, columns, rows)
