"""`tallystick master-key`: the key that wraps the keys of persons, and its rotation."""

import click

from cli.context import Session, command_options, note
from cli.operator import operator
from cli.output import print_rows
from runtime.master_key_rotation import drop_old, in_use, prepare, rotate


@click.group()
def master_key() -> None:
    """The master key, which wraps the keys by which persons are read."""


@master_key.command("status")
@command_options
def status(session: Session) -> None:
    """List the master keys in use by their fingerprints, and how many keys each wraps."""
    rows = [
        [
            one.fingerprint,
            one.current,
            one.keys,
            one.made_current_at.isoformat(),
            one.made_current_by,
        ]
        for one in in_use(session.database)
    ]
    columns = ["fingerprint", "current", "keys", "made_current_at", "made_current_by"]
    print_rows(session.format, columns, rows)


@master_key.command("prepare")
@command_options
def prepare_key(session: Session) -> None:
    """Put a new key into master.key, to be copied to other machines before it is used."""
    fingerprint = prepare(session.database, session.settings)
    print_rows(session.format, ["fingerprint"], [[fingerprint]])


@master_key.command("rotate")
@command_options
def rotate_key(session: Session) -> None:
    """Make a new key the current one, and wrap all keys of persons by it.

    Killed, it goes on where it was when it is run again.
    """
    done = 0

    def progress(wrapped: int) -> None:
        nonlocal done
        done += wrapped
        note(f"{done} keys of persons are wrapped by the current master key.")

    rotated = rotate(session.database, session.settings, operator(), progress)
    if not rotated.made_current:
        note("A rotation before was finished; run it again for another one.")
    row = [rotated.fingerprint, rotated.made_current, rotated.rewrapped]
    print_rows(session.format, ["fingerprint", "made_current", "rewrapped"], [row])


@master_key.command("drop-old")
@command_options
def drop_old_keys(session: Session) -> None:
    """Forget the master keys that wrap nothing any more, for good."""
    dropped = drop_old(session.database, session.settings, operator())
    print_rows(session.format, ["dropped"], [[one] for one in dropped])
