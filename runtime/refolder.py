"""One of the processes that fold whole logs into empty tables.

`python -m runtime.refolder SCHEMA`: the first line of its standard input is the database's
connection string, the second `Masters`, each further one a stretch, and it answers with a
line for each. It ends when its input does, so that it goes with whoever started it, however that
one ends.
"""

import signal
import sys
from typing import Any

import msgspec
import psycopg
from msgspec import Struct
from psycopg import Connection

from projections.refold import CannotFold, Stretch, fold_stretch
from runtime.garbage import rare_collection
from runtime.lines import write_line
from runtime.master_key import Masters, take_on
from runtime.patience import patient


class Folded(Struct, frozen=True):
    """What became of a stretch: how many events it had, or why it cannot be folded."""

    events: int
    failure: str | None = None


def fold_or_tell(connection: Connection[Any], schema: str, stretch: Stretch) -> Folded:
    """Fold a stretch, or say why that cannot be done."""
    try:
        return Folded(fold_stretch(connection, schema, stretch))
    except CannotFold as failure:
        return Folded(0, str(failure))


def forget_flushes(connection: Connection[Any]) -> None:
    """Let commits not wait for the disk: who swaps the tables in waits for all of it."""
    connection.execute("SET synchronous_commit = off")


def _main(schema: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    lines = iter(sys.stdin.buffer.readline, b"")
    url = msgspec.json.decode(next(lines), type=str)
    take_on(msgspec.json.decode(next(lines), type=Masters))
    with rare_collection(), psycopg.connect(patient(url), autocommit=True) as connection:
        forget_flushes(connection)
        for line in lines:
            stretch = msgspec.json.decode(line, type=Stretch)
            write_line(sys.stdout.buffer, fold_or_tell(connection, schema, stretch))


if __name__ == "__main__":
    _main(sys.argv[1])
