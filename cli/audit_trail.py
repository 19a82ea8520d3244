"""`tallystick audit trail`: who did what, when, why, and what it changed."""

import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO

import click

from cli.audit import audit
from cli.audit_subjects import SubjectAsked, subject_options
from cli.context import Format, Session, command_options, note
from cli.event_lines import happened
from cli.operator import operator
from cli.values import DATE, MOMENT
from domain.api_key import Role
from runtime.clock import business_date, now
from runtime.personal_reads import PersonalReads, Reader, record_at_command_line
from runtime.site import site_options
from runtime.trail_files import TrailFormat, write_trail
from runtime.trails import TrailFilter, catch_up, read_trail

EVENTS_PRINTED_MAX = 200
"""Events that are printed for people at most."""


@contextmanager
def unseen(path: Path) -> Generator[IO[bytes]]:
    """Write a file that takes its place only once it is whole and nothing failed."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@audit.command("trail")
@subject_options
@click.option("--type", "types", multiple=True, metavar="NAME", help="Only events of this type.")
@click.option("--actor", "actors", multiple=True, metavar="NAME", help="Only what it asked for.")
@click.option(
    "--category", "categories", multiple=True, metavar="NAME", help="Only streams of this kind."
)
@click.option("--after", type=MOMENT, help="Only what was recorded after a moment.")
@click.option("--until", type=MOMENT, help="Only what was recorded up to a moment.")
@click.option("--effective-from", type=DATE, help="Only what is true from this date on.")
@click.option("--effective-until", type=DATE, help="Only what is true up to this date.")
@click.option("--from-position", type=click.IntRange(1), help="From here in the log.")
@click.option("--to-position", type=click.IntRange(1), help="Up to here in the log.")
@click.option("--xlsx", type=_FILE, help="Write it to this Excel file.")
@click.option("--csv", type=_FILE, help="Write it to this CSV file.")
@click.option("--json", type=_FILE, help="Write it to this JSON file.")
@command_options
def trail(
    session: Session,
    subject: SubjectAsked | None,
    types: tuple[str, ...],
    actors: tuple[str, ...],
    categories: tuple[str, ...],
    after: datetime | None,
    until: datetime | None,
    effective_from: date | None,
    effective_until: date | None,
    from_position: int | None,
    to_position: int | None,
    xlsx: Path | None,
    csv: Path | None,
    json: Path | None,
) -> None:
    """Print the trail of a subject, or of the whole log, or write it to files."""
    tenant = session.tenant()
    catch_up(session.database, tenant)
    about = None if subject is None else subject.found(session)
    wanted = TrailFilter(
        about,
        types,
        actors,
        categories,
        after,
        until,
        effective_from,
        effective_until,
        from_position,
        to_position,
    )
    title = "Audit trail" if about is None else f"Trail of {about.named}"
    files = ((TrailFormat.XLSX, xlsx), (TrailFormat.CSV, csv), (TrailFormat.JSON, json))
    written = [(as_what, path) for as_what, path in files if path is not None]
    reads = PersonalReads()

    def recorded() -> None:
        """Record what was read of persons, before anything of it can be seen."""
        reader = Reader(operator(), Role.AUDITOR)
        record_at_command_line(session.database, tenant.id, reads, reader, "audit trail")

    with session.database.connect("worker") as connection:
        time_zone = site_options(connection, tenant.id).time_zone
        on = business_date(now(), time_zone)

        def write(file: IO[bytes], as_what: TrailFormat, zone: str = "UTC") -> int:
            with closing(read_trail(connection, tenant.id, wanted)) as told:
                noted = reads.noted(told)
                return write_trail(file, as_what, noted, title=title, created=on, time_zone=zone)

        for as_what, path in written:
            with unseen(path) as file:
                count = write(file, as_what, time_zone)
                recorded()
            note(f"{count:,} events are in {path}.")
        if written:
            return
        if session.format is not Format.TABLE:
            with TemporaryFile() as file:
                write(file, TrailFormat(session.format))
                recorded()
                file.seek(0)
                copyfileobj(file, sys.stdout.buffer)
            return
        with closing(read_trail(connection, tenant.id, wanted)) as told:
            events = list(reads.noted(islice(told, EVENTS_PRINTED_MAX + 1)))
        recorded()
    click.echo(title)
    for event in events[:EVENTS_PRINTED_MAX]:
        click.echo("\n".join(happened(event)))
    if len(events) > EVENTS_PRINTED_MAX:
        note(f"There are more; {EVENTS_PRINTED_MAX} are shown. Write them to a file.")
