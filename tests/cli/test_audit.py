"""`tallystick audit`: what an auditor is given, and how it ends."""

import base64
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from eventstore.postgres import PostgresLog
from eventstore.proofs.merkle import includes, leaf_hash
from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.runtime.auditing import Ledger, rewriting


@pytest.fixture
def ledger(database: Database, tenant: Tenant, settings: Settings) -> Generator[Ledger]:
    with database.connect("worker") as connection, database.pool("app", size=1) as pool:
        yield Ledger(PostgresLog(pool, tenant.id), connection, tenant, settings)


@pytest.fixture
def tallystick(database: Database, tenant: Tenant) -> Command:
    return Command(database, tenant)


def test_a_log_is_signed_proven_and_verified(
    ledger: Ledger, tallystick: Command, tmp_path: Path
) -> None:
    ledger.append(30)
    note = tallystick("audit", "checkpoint").stdout
    assert note.startswith(f"tallystick/{ledger.tenant.name}\n30\n")
    signed = tallystick.told("audit", "checkpoint")
    assert (signed["size"], signed["note"]) == (30, note)
    listed = tallystick.told("audit", "checkpoints")
    assert [(one["size"], one["root"]) for one in listed] == [(30, signed["root"])]
    ledger.append(5)

    proof = tallystick.told("audit", "prove", "--stream", "company/c7", "--version", "1")
    assert (proof["position"], proof["index"], proof["checkpoint"]["size"]) == (7, 6, 30)
    plain = tallystick("audit", "prove", "--position", "7").stdout
    assert plain == f"{proof['line']}\n{proof['proof']}"
    hashes = [base64.b64decode(one) for one in proof["hashes"]]
    root = base64.b64decode(signed["root"])
    assert includes(leaf_hash(proof["line"].encode()), 6, 30, hashes, root)
    newer = tallystick.told("audit", "prove", "--position", "33")
    assert newer["checkpoint"]["size"] == 35
    older = tallystick.told("audit", "prove", "--position", "7", "--at", "30")
    assert older == proof

    consistent = tallystick.told("audit", "consistency", "--from", "30")
    assert (consistent["earlier"]["size"], consistent["later"]["size"]) == (30, 35)
    assert consistent["earlier"]["root"] == signed["root"]

    verified = tallystick.told("audit", "verify")
    assert verified == {"ok": True, "size": 35, "root": newer["checkpoint"]["root"]}
    (tmp_path / "kept.txt").write_text(note)
    key = tallystick.told("audit", "key", "list")[-1]["key"]
    kept = str(tmp_path / "kept.txt")
    assert tallystick.told("audit", "verify", "--checkpoint", kept, "--key", key)["ok"]


def test_what_differs_is_named_and_the_command_fails(
    ledger: Ledger, tallystick: Command, owner: Connection[Any]
) -> None:
    ledger.append(30)
    tallystick("audit", "checkpoint")
    with rewriting(owner, ledger.tenant.id):
        owner.execute(b"UPDATE events SET actor = 'me' WHERE position = 9")
    done = tallystick("audit", "verify", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "ok": False,
        "first_bad_position": 9,
        "reason": "It is not the event that was sealed here.",
    }
    done = tallystick("audit", "verify")
    assert done.returncode == 1
    assert done.stdout == "Position 9: It is not the event that was sealed here.\n"


def test_wrong_questions_are_refused(ledger: Ledger, tallystick: Command, tmp_path: Path) -> None:
    ledger.append(3)
    for wrong in (
        ("prove",),
        ("prove", "--stream", "company/c1"),
        ("prove", "--stream", "company/c1", "--version", "1", "--position", "1"),
        ("prove", "--position", "1", "--at", "77"),
        ("export", str(tmp_path / "x"), "--stream", "a", "--after", "2026-01-01"),
    ):
        done = tallystick("audit", *wrong)
        assert (done.returncode, "Usage" in done.stderr) == (2, True)
    (tmp_path / "note.txt").write_text("nonsense")
    for refused, why in (
        (("prove", "--position", "4"), "no event at position 4"),
        (("consistency", "--from", "2", "--to", "1"), "Sizes are from 0 to"),
        (("verify", "--checkpoint", str(tmp_path / "note.txt")), "no signed note"),
    ):
        done = tallystick("audit", *refused)
        assert (done.returncode, why in done.stderr) == (1, True)


def test_an_export_is_written_once(ledger: Ledger, tallystick: Command, tmp_path: Path) -> None:
    ledger.append(30)
    folder = str(tmp_path / "export")
    kept = tmp_path / "kept.txt"
    kept.write_text(tallystick("audit", "checkpoint").stdout)
    ledger.append(1)
    told = tallystick.told("audit", "export", folder, "--since", str(kept))
    assert told == [{"events": 31, "size": 31}]
    assert json.loads((tmp_path / "export" / "consistency.json").read_text())["earlier"] == 30
    again = tallystick("audit", "export", folder)
    assert (again.returncode, "not empty" in again.stderr) == (1, True)
    some = str(tmp_path / "some")
    told = tallystick.told("audit", "export", some, "--stream", "company/c3")
    assert told == [{"events": 1, "size": 31}]
    about = json.loads((tmp_path / "some" / "export.json").read_text())
    assert (about["selection"], about["positions"]) == ("events of company/c3", None)
