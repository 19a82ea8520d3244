"""The log written out with its proofs, for whoever wants to look without us (`audit export`).

    events.jsonl     a line for each event: what is hashed (eventstore/proofs/leaves.py)
    leaves.txt       the hash that was sealed of each of them, base64, in the same order
    hashes.txt       the hashes of the rest of the tree that lead to its root
    checkpoint.txt   the signed root; keys.txt: the public keys, to compare with those one trusts
    consistency.json what proves that the log begins with an earlier checkpoint, if one is named
    export.json      what was asked for, and how much there is of it
    events.parquet   the events as a table, for analysis
    data-dictionary.md

Files are written line by line, so that an export of any size takes little memory.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct, to_builtins
from psycopg import Connection

from eventstore.postgres import read_head
from eventstore.proofs.leaves import Line, read_lines
from eventstore.proofs.merkle import Hash, hashes_beside
from eventstore.proofs.notes import Checkpoint
from eventstore.proofs.tiles import WIDTH, Tree, hashes_of
from projections.subjects import Subject, subject_events, subject_parameters
from runtime.audit_keys import AuditKeys
from runtime.auditing import (
    SignedCheckpoint,
    make_checkpoint,
    prove_consistency,
    text_of,
)
from runtime.dictionary import data_dictionary
from runtime.settings import Settings
from runtime.tenants import Tenant

FORMAT = "tallystick-export/1"
PROGRESS_EVENTS = 10_000
PAGE_STREAMS = 1_000

_PARQUET = """
    COPY (
        SELECT position, stream, version, type, data, effective_on, recorded_at, actor, cause,
               correlation
        FROM read_json({source}, format = 'newline_delimited', columns = {{
            position: 'BIGINT', stream: 'VARCHAR', version: 'INTEGER', type: 'VARCHAR',
            data: 'JSON', effective_on: 'DATE', recorded_at: 'TIMESTAMPTZ', actor: 'VARCHAR',
            cause: 'VARCHAR', correlation: 'VARCHAR'}})
    ) TO {target} (FORMAT parquet)
"""


class Selection(Struct, frozen=True):
    """Which events: all, those recorded in a period, those of some streams or about a subject.

    `streams` are names; `description` says in words what was asked for. A period is from after one
    moment to another. The events about a subject are found by the read models, as those show it.
    """

    description: str = "the whole log"
    after: datetime | None = None
    until: datetime | None = None
    streams: tuple[str, ...] | None = None
    subject: Subject | None = None


class Exported(Struct, frozen=True):
    """What was written: how many events, and the checkpoint that they are proven against."""

    events: int
    signed: SignedCheckpoint


Progress = Callable[[int], None]

_GATHERED = b"CREATE TEMPORARY TABLE exported (position bigint PRIMARY KEY) ON COMMIT DROP"


def export_log(
    connection: Connection[Any],
    settings: Settings,
    tenant: Tenant,
    keys: AuditKeys,
    folder: Path,
    selection: Selection,
    *,
    since: Checkpoint | None = None,
    progress: Progress = lambda _events: None,
) -> Exported:
    """Write the events of a selection into an empty folder, on a connection of the worker.

    `since` is a checkpoint that somebody kept.

    Raises:
        FileExistsError: if the folder is not empty.
        Refused: if the log does not reach as far as `since`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(None, "The folder is not empty", str(folder))
    signed = make_checkpoint(connection, settings, tenant, keys)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tree = Tree(connection, tenant.id)
        writer = _Writer(folder, tenant, tree, signed.checkpoint.size, progress)
        positions = None
        if selection.streams is not None:
            writer.write_streams(connection, selection.streams)
        elif selection.subject is not None:
            writer.write_subject(connection, selection.subject)
        else:
            stretch = _stretch(connection, tenant, selection)
            positions = writer.write_stretch(connection, *stretch)
        events = writer.close()
        if since is not None:
            _write_consistency(connection, tenant, signed.checkpoint, since, folder)
    (folder / "checkpoint.txt").write_text(signed.note, encoding="utf-8")
    (folder / "keys.txt").write_text("".join(f"{one}\n" for one in keys.verifiers))
    (folder / "data-dictionary.md").write_text(data_dictionary(), encoding="utf-8")
    _write_json(
        folder / "export.json",
        {
            "format": FORMAT,
            "tenant": tenant.name,
            "selection": selection.description,
            "streams": selection.streams,
            "subject": None if selection.subject is None else to_builtins(selection.subject),
            "positions": positions,
            "events": events,
            "size": signed.checkpoint.size,
            "root": text_of(signed.checkpoint.root),
        },
    )
    _write_parquet(folder)
    return Exported(events, signed)


def _stretch(
    connection: Connection[Any], tenant: Tenant, selection: Selection
) -> tuple[int, int | None]:
    """Return the positions of a period: after one, up to another."""

    def position_at(moment: datetime) -> int:
        row = connection.execute("SELECT position_at(%s, %s)", (tenant.id, moment)).fetchone()
        assert row is not None
        return row[0]

    after = 0 if selection.after is None else position_at(selection.after)
    return after, None if selection.until is None else position_at(selection.until)


class _Writer:
    """Writes events, the hashes that were sealed of them, and those beside them."""

    def __init__(
        self, folder: Path, tenant: Tenant, tree: Tree, size: int, progress: Progress
    ) -> None:
        self._stack = ExitStack()
        self._folder = folder
        self._events = self._stack.enter_context((folder / "events.jsonl").open("wb"))
        self._leaves = self._stack.enter_context((folder / "leaves.txt").open("w"))
        self._tenant = tenant
        self._tree = tree
        self._size = size
        self._progress = progress
        self._written = 0

    def write_stretch(
        self, connection: Connection[Any], after: int, until: int | None
    ) -> tuple[int, int]:
        """Write the events after a position up to another, and the leaves of all positions.

        Return the first and the last of them. What stands behind the end of the log, where nothing
        was appended, is written as well.
        """
        tenant = self._tenant
        last = self._size if until is None else min(until, self._size)
        head = read_head(connection, tenant.id).position
        lines = read_lines(
            connection,
            tenant.name,
            "FROM public.events WHERE tenant = %s AND position > %s"
            " AND (position <= %s OR position > %s AND %s) ORDER BY position",
            (tenant.id, after, last, head, until is None),
        )
        for _ in self._write(lines):
            pass
        for leaf in self._leaves_between(after, last):
            self._leaves.write(f"{text_of(leaf)}\n")
        self._write_hashes(range(after, last))
        return after + 1, last

    def write_streams(self, connection: Connection[Any], streams: Sequence[str]) -> None:
        """Write the events of streams in the order of the log."""
        tenant = self._tenant
        connection.execute(_GATHERED)
        for start in range(0, len(streams), PAGE_STREAMS):
            connection.execute(
                "INSERT INTO exported SELECT position FROM public.events"
                " WHERE tenant = %s AND stream = ANY(%s) AND position <= %s ON CONFLICT DO NOTHING",
                (tenant.id, list(streams[start : start + PAGE_STREAMS]), self._size),
            )
        self._write_gathered(connection)

    def write_subject(self, connection: Connection[Any], subject: Subject) -> None:
        """Write the events about a subject in the order of the log."""
        connection.execute(_GATHERED)
        found = subject_events(subject, "e.position").encode()
        connection.execute(
            b"INSERT INTO exported SELECT position FROM (" + found + b") found"
            b" WHERE position <= %(size)s ON CONFLICT DO NOTHING",
            {"tenant": self._tenant.id, "size": self._size, **subject_parameters(subject)},
        )
        self._write_gathered(connection)

    def _write_gathered(self, connection: Connection[Any]) -> None:
        lines = read_lines(
            connection,
            self._tenant.name,
            "FROM exported JOIN public.events e USING (position) WHERE e.tenant = %s"
            " ORDER BY position",
            (self._tenant.id,),
        )
        positions = array("q", self._write(lines))
        for position in positions:
            self._leaves.write(f"{text_of(self._leaf(position))}\n")
        self._write_hashes(array("q", (position - 1 for position in positions)))

    def _write(self, lines: Iterable[Line]) -> Iterator[int]:
        """Write lines, and yield where they stand in the log."""
        for position, line in lines:
            self._events.write(line + b"\n")
            self._written += 1
            if self._written % PROGRESS_EVENTS == 0:
                self._progress(self._written)
            yield position
        self._progress(self._written)

    def _leaf(self, position: int) -> Hash:
        return self._tree.subtree(position - 1, 0)

    def _leaves_between(self, after: int, last: int) -> Iterator[Hash]:
        for number in range(after // WIDTH, -(-last // WIDTH)):
            for place, leaf in enumerate(hashes_of(self._tree.tile(0, number)), number * WIDTH):
                if after <= place < last:
                    yield leaf
            self._tree.forget()

    def _write_hashes(self, indexes: Sequence[int] | range) -> None:
        with (self._folder / "hashes.txt").open("w") as file:
            for one in hashes_beside(self._tree.subtree, indexes, self._size):
                file.write(f"{text_of(one)}\n")

    def close(self) -> int:
        """End the files, and return how many events were written."""
        self._stack.close()
        return self._written


def _write_consistency(
    connection: Connection[Any],
    tenant: Tenant,
    later: Checkpoint,
    since: Checkpoint,
    folder: Path,
) -> None:
    proof = prove_consistency(connection, later.origin, tenant.id, since.size, later.size)
    told = {"earlier": since.size, "hashes": [text_of(one) for one in proof.hashes]}
    _write_json(folder / "consistency.json", told)


def _write_json(path: Path, told: dict[str, Any]) -> None:
    text = json.dumps(told, ensure_ascii=False, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def _write_parquet(folder: Path) -> None:
    """Write the events as a table of Parquet, with the data of each as it is stored."""
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '256MB'")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(
            _PARQUET.format(
                source=_quoted(folder / "events.jsonl"), target=_quoted(folder / "events.parquet")
            )
        )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
