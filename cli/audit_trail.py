"""`tallystick audit trail`: who did what, when, why, and what it changed."""

import sys
from contextlib import closing
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import click

from cli.audit import audit
from cli.audit_subjects import SubjectAsked, subject_options
from cli.context import Format, Session, command_options, note
from cli.event_lines import happened
from cli.values import DATE, MOMENT
from runtime.clock import business_date, now
from runtime.site import site_options
from runtime.trail_files import TrailFormat, write_trail
from runtime.trails import TrailFilter, catch_up, read_trail

EVENTS_PRINTED_MAX = 200
"""Events that are printed for people at most."""

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
    with session.database.connect("worker") as connection:
        time_zone = site_options(connection, tenant.id).time_zone
        on = business_date(now(), time_zone)
        for as_what, path in written:
            with (
                path.open("wb") as file,
                closing(read_trail(connection, tenant.id, wanted)) as told,
            ):
                count = write_trail(
                    file, as_what, told, title=title, created=on, time_zone=time_zone
                )
            note(f"{count:,} events are in {path}.")
        if written:
            return
        with closing(read_trail(connection, tenant.id, wanted)) as told:
            if session.format is not Format.TABLE:
                stdout = sys.stdout.buffer
                write_trail(stdout, TrailFormat(session.format), told, title=title, created=on)
                return
            events = list(islice(told, EVENTS_PRINTED_MAX + 1))
    click.echo(title)
    for event in events[:EVENTS_PRINTED_MAX]:
        click.echo("\n".join(happened(event)))
    if len(events) > EVENTS_PRINTED_MAX:
        note(f"There are more; {EVENTS_PRINTED_MAX} are shown. Write them to a file.")
