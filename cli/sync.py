"""`tallystick sync`: an ERP's export into the log."""

import sys
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cli.context import Format, Session, command_options, is_terminal, note
from cli.output import print_json, print_rows
from cli.values import DATE
from domain.shared.wording import number_of
from erp.mapping import export_files
from runtime.site import site_options, today
from runtime.syncing import Synced, sync_when_free

_VANISHED_SHOWN_MAX = 10


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--business-date", type=DATE, help="The date of the export; by default today.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How to read another ERP's files; by default mapping.toml in the folder, if there.",
)
@command_options
def sync(session: Session, folder: Path, business_date: date | None, mapping: Path | None) -> None:
    """Load the export in FOLDER; return when the read models show it."""
    tenant = session.tenant()
    if mapping is None and (folder / "mapping.toml").is_file():
        mapping = folder / "mapping.toml"
    sources = export_files(folder, mapping)
    if not sources:
        raise click.ClickException(f"{folder} holds none of the files of an export.")
    with session.database.connect("worker") as connection:
        on = business_date or today(site_options(connection, tenant.id))
    with _progress() as progress:
        task = progress.add_task("Reading", total=sum(source.size for source in sources))
        synced = sync_when_free(
            session.database,
            tenant,
            sources,
            actor="cli",
            begun_by="cli/sync",
            business_date=on,
            progress=lambda size: progress.advance(task, size),
            waiting=lambda: note(
                f"Another sync of tenant {tenant.name} is running; waiting for it to end."
            ),
        )
    _report(session.format, synced)
    if synced.outcome.rejected_count:
        sys.exit(1)


def _progress() -> Progress:
    return Progress(
        "{task.description}",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not is_terminal(),
    )


def _report(output: Format, synced: Synced) -> None:
    outcome = synced.outcome
    counts = {
        "read": outcome.read,
        "new": outcome.new,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
    }
    log = {"events": outcome.events, "position": outcome.position}
    if output is Format.JSON:
        rejected = [
            {"file": one.file, "line": one.line, "column": one.column, "reason": one.reason}
            for one in outcome.rejected
        ]
        print_json({**counts, "rejected": rejected, **log})
    else:
        rejected_count = {"rejected": outcome.rejected_count}
        print_rows(
            output,
            list(counts | rejected_count | log),
            [[*counts.values(), outcome.rejected_count, *log.values()]],
        )
        for one in outcome.rejected:
            where = f"{one.file}:{one.line}" + (f" ({one.column})" if one.column else "")
            note(f"rejected {where}: {one.reason}")
    unlisted = outcome.rejected_count - len(outcome.rejected)
    if unlisted:
        note(f"rejected: {unlisted} more rows")
    if synced.vanished:
        shown = ", ".join(synced.vanished[:_VANISHED_SHOWN_MAX])
        more = len(synced.vanished) - _VANISHED_SHOWN_MAX
        note(
            f"No longer in the export, and left as before:"
            f" {number_of(len(synced.vanished), 'open document')},"
            f" {shown}{f' and {more} more' if more > 0 else ''}"
        )
