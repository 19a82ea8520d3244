"""An outsider with an export, the stand-alone verifier and an old checkpoint."""

import json
import subprocess
import sys
from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from psycopg import Connection

import examples
from domain.shared.decider import Refused
from eventstore.postgres import PostgresLog
from eventstore.proofs.notes import Checkpoint, new_signer
from runtime.audit_export import Selection, export_log
from runtime.auditing import HistoryRewritten
from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant
from tests.runtime.auditing import Ledger, rewriting
from tests.runtime.test_auditing import EVENTS, TAMPERING

EVERYTHING = Selection()
VERIFIER = Path(examples.__file__).parent / "verify_export.py"

OF_HASHES = {
    "a hash": "The hashes of the export do not lead to the root that was signed.",
    "hashes": "Hashes are missing from the export.",
}
"""Ways to tamper with the tree alone: the events are as they were."""


class Outsider:
    """Has a public key, an export, and perhaps a checkpoint of earlier."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.key = key

    def checks(self, held: str | None = None) -> tuple[int, str]:
        """Run the verifier where none of our modules can be imported."""
        arguments = [str(self.folder), "--key", self.key]
        if held is not None:
            kept = self.folder.parent / "kept.txt"
            kept.write_text(held)
            arguments += ["--checkpoint", str(kept)]
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def rewrite(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


@pytest.fixture
def ledger(
    database: Database, tenant: Tenant, settings: Settings, tmp_path: Path
) -> Generator[Ledger]:
    with database.connect("worker") as connection, database.pool("app", size=1) as pool:
        here = settings.model_copy(update={"audit_keys": tmp_path / "keys"})
        yield Ledger(PostgresLog(pool, tenant.id), connection, tenant, here)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "export"


def exported(
    ledger: Ledger,
    folder: Path,
    selection: Selection = EVERYTHING,
    since: Checkpoint | None = None,
) -> Outsider:
    export_log(
        ledger.connection,
        ledger.settings,
        ledger.tenant,
        ledger.keys,
        folder,
        selection,
        since=since,
    )
    return Outsider(folder, str(ledger.keys.signer.verifier))


def test_a_whole_log_is_checked_with_nothing_of_ours(ledger: Ledger, folder: Path) -> None:
    ledger.append(300)
    held = ledger.checkpoint().note
    ledger.append(EVENTS - 300)
    outsider = exported(ledger, folder)
    name = f"tallystick/{ledger.tenant.name}"
    told = f"700 events are what was sealed in the log {name} of 700."
    assert outsider.checks() == (0, told)
    assert outsider.checks(held) == (0, f"{told} It begins with the 300 that were signed before.")
    assert {path.name for path in folder.iterdir()} == {
        "checkpoint.txt",
        "data-dictionary.md",
        "events.jsonl",
        "events.parquet",
        "export.json",
        "hashes.txt",
        "keys.txt",
        "leaves.txt",
    }
    assert (folder / "hashes.txt").read_text() == ""
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    statement = "SELECT position, stream, type, data::VARCHAR FROM read_parquet(?)"
    with duckdb.connect() as connection:
        rows = connection.execute(statement, [str(folder / "events.parquet")]).fetchall()
    assert [(*row[:3], json.loads(row[3])) for row in rows] == [
        (line["position"], line["stream"], line["type"], line["data"]) for line in lines
    ]
    with pytest.raises(FileExistsError, match="not empty"):
        exported(ledger, folder)


def test_a_period_and_streams_are_checked_against_the_whole(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(300)
    held = ledger.checkpoint()
    moment = datetime.now(UTC)
    ledger.append(200)
    until = datetime.now(UTC)
    ledger.append(200)
    since = held.checkpoint
    period = exported(
        ledger, tmp_path / "period", Selection("a period", moment, until), since=since
    )
    told = f"200 events are what was sealed in the log {since.origin} of 700."
    begins = f"{told} It begins with the 300 that were signed before."
    assert period.checks(held.note) == (0, begins)
    names = ("company/c5", "company/c650", "company/none")
    some = exported(ledger, tmp_path / "streams", Selection("two", streams=names), since=since)
    told = f"2 events are what was sealed in the log {since.origin} of 700."
    assert some.checks(held.note) == (0, f"{told} It begins with the 300 that were signed before.")
    nothing = Selection("nothing", until + timedelta(1), None)
    assert exported(ledger, tmp_path / "none", nothing).checks()[0] == 0
    some.rewrite("consistency.json", '"earlier": 300', '"earlier": 299')
    assert some.checks(held.note)[1].startswith("The export has no proof about the checkpoint")
    longer = Checkpoint(since.origin, 900, since.root)
    with pytest.raises(Refused, match="Sizes are from 0 to 700"):
        exported(ledger, tmp_path / "longer", since=longer)


@pytest.mark.parametrize("way", TAMPERING)
def test_the_verifier_names_what_was_tampered_with(
    ledger: Ledger, folder: Path, owner: Connection[Any], way: str
) -> None:
    ledger.append(EVENTS)
    ledger.checkpoint()
    statements, position, _ = TAMPERING[way]
    with rewriting(owner, ledger.tenant.id):
        for statement in statements.split(";"):
            owner.execute(statement.encode())
    if way == "a hash above":
        with pytest.raises(HistoryRewritten):
            exported(ledger, folder)
        return
    code, told = exported(ledger, folder).checks()
    assert code == 1
    if way in OF_HASHES:
        assert told == OF_HASHES[way]
    else:
        assert told.startswith(f"Position {position}: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("events.jsonl", 'Name of c7"', 'Name of c8"', "Position 7: it is not the event"),
        ("events.jsonl", '"position":7,', '"position":8,', "Position 7: the event that was sealed"),
        ("export.json", '"positions"', '"position"', "This cannot be checked"),
        ("checkpoint.txt", "\n700\n", "\n699\n", "The checkpoint's signature is not one"),
        ("checkpoint.txt", "\u2014 tallystick", "\u2014 nobody", "The key did not sign"),
    ],
)
def test_an_export_that_was_changed_is_refused(
    ledger: Ledger, folder: Path, file: str, old: str, new: str, told: str
) -> None:
    ledger.append(EVENTS)
    outsider = exported(ledger, folder)
    outsider.rewrite(file, old, new)
    code, answer = outsider.checks()
    assert code != 0
    assert answer.startswith(told)


def test_hashes_that_were_changed_and_keys_of_others_are_refused(
    ledger: Ledger, folder: Path
) -> None:
    ledger.append(EVENTS)
    held = ledger.checkpoint().note
    outsider = exported(ledger, folder)
    leaves = (folder / "leaves.txt").read_text().splitlines()
    (folder / "leaves.txt").write_text("\n".join([*leaves[1:], leaves[0]]) + "\n")
    assert outsider.checks() == (
        1,
        "The hashes of the export do not lead to the root that was signed.",
    )
    stranger = Outsider(folder, str(new_signer("tallystick").verifier))
    assert stranger.checks() == (1, "The key did not sign the checkpoint.")
    (folder / "leaves.txt").write_text("\n".join(leaves) + "\n")
    assert outsider.checks(held)[0] == 0
    assert outsider.checks(held.replace("tallystick/", "elsewhere/"))[0] == 1


def test_an_old_checkpoint_exposes_a_history_that_was_rewritten_whole(
    ledger: Ledger, folder: Path, owner: Connection[Any]
) -> None:
    ledger.append(EVENTS)
    held = ledger.checkpoint().note
    with rewriting(owner, ledger.tenant.id):
        owner.execute(b"UPDATE events SET effective_on = '1999-01-01' WHERE position = 300")
        for table in ("tree_tiles", "checkpoints"):
            owner.execute(f"DELETE FROM {table}".encode())
        owner.execute(b"UPDATE trees SET size = 0")
    outsider = exported(ledger, folder)
    assert outsider.checks()[0] == 0
    assert outsider.checks(held) == (
        1,
        "The checkpoint at 700 signed another history: it was rewritten.",
    )
    assert date(1999, 1, 1).isoformat() in (folder / "events.jsonl").read_text()
