"""Sealing, checkpoints and proofs, and what becomes of every way to tamper with a log."""

import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, errors

from domain.shared.decider import Refused
from eventstore.postgres import PostgresLog
from eventstore.proofs.merkle import extends, includes, inclusion_proof, leaf_hash
from eventstore.proofs.notes import Checkpoint, new_signer, opened_note, parsed_checkpoint
from eventstore.proofs.tiles import LogTorn, Tree, seal
from runtime.audit_keys import AuditKeys, AuditKeysError, audit_keys, rotate
from runtime.auditing import (
    HistoryRewritten,
    checkpoints,
    make_checkpoint,
    newest_checkpoint,
    position_of,
    prove_consistency,
    prove_event,
    seal_all,
)
from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.runtime.auditing import Ledger, rewriting

EVENTS = 700


@pytest.fixture
def ledger(
    database: Database, tenant: Tenant, settings: Settings, tmp_path: Path
) -> Generator[Ledger]:
    with database.connect("worker") as connection, database.pool("app", size=1) as pool:
        here = settings.model_copy(update={"audit_keys": tmp_path / "keys"})
        yield Ledger(PostgresLog(pool, tenant.id), connection, tenant, here)


def test_what_is_sealed_page_by_page_is_the_tree_over_all(ledger: Ledger) -> None:
    ledger.append(EVENTS)
    assert [seal(ledger.connection, ledger.tenant.id, 300) for _ in range(4)] == [300, 300, 100, 0]
    tree = Tree(ledger.connection, ledger.tenant.id)
    verified = ledger.verified()
    assert (verified.size, verified.root, verified.finding) == (EVENTS, tree.root(EVENTS), None)
    ledger.append(3)
    assert ledger.verified().size == EVENTS + 3  # what is not sealed yet follows
    assert seal_all(ledger.connection, ledger.tenant.id) == EVENTS + 3


def test_an_empty_log_is_whole(ledger: Ledger) -> None:
    signed = ledger.checkpoint()
    assert signed.checkpoint.size == 0
    assert ledger.verified([signed.checkpoint]).finding is None


def test_a_checkpoint_is_signed_once_and_never_changed(
    ledger: Ledger, owner: Connection[Any]
) -> None:
    ledger.append(10)
    first = ledger.checkpoint()
    assert ledger.checkpoint() == first
    text, _ = opened_note(first.note, ledger.keys.verifiers)
    assert parsed_checkpoint(text) == first.checkpoint
    assert first.checkpoint.origin == f"tallystick/{ledger.tenant.name}"
    ledger.append(1)
    second = ledger.checkpoint()
    assert [one.checkpoint.size for one in checkpoints(owner, ledger.tenant.id)] == [11, 10]
    assert newest_checkpoint(owner, ledger.tenant.id) == second
    assert newest_checkpoint(owner, ledger.tenant.id, size=10) == first
    for statement in ("DELETE FROM checkpoints", "UPDATE checkpoints SET note = ''"):
        with pytest.raises(errors.InsufficientPrivilege):
            owner.execute(statement.encode())


def test_each_event_is_proven_by_few_reads(ledger: Ledger) -> None:
    ledger.append(EVENTS)
    signed = ledger.checkpoint()
    root = signed.checkpoint.root
    for position in (1, 256, 257, 512, EVENTS):
        proof = prove_event(ledger.connection, ledger.tenant, position, signed)
        leaf = leaf_hash(proof.line.encode())
        assert includes(leaf, position - 1, EVENTS, proof.hashes, root)
        assert proof.text.startswith(f"c2sp.org/tlog-proof@v1\nindex {position - 1}\n")
        assert proof.text.endswith(f"\n\n{signed.note}")
    position = position_of(ledger.connection, ledger.tenant.id, "company/c3", 1)
    assert position == 3
    for stream, version in (("company/c3", 2), ("company/none", 1)):
        with pytest.raises(Refused, match="There is no event"):
            position_of(ledger.connection, ledger.tenant.id, stream, version)
    with pytest.raises(Refused, match="There is no event at position 701"):
        prove_event(ledger.connection, ledger.tenant, EVENTS + 1, signed)
    ledger.append(1)
    with pytest.raises(Refused, match="ends at 700, before the event"):
        prove_event(ledger.connection, ledger.tenant, EVENTS + 1, signed)


def test_proofs_about_ten_million_events_read_few_tiles() -> None:
    size = 10_000_000
    tiles = {(level, start >> (8 * (level + 1))) for level, start in _asked_for(size, 4_567_890)}
    assert len(tiles) + 2 < 10  # with the event and the checkpoint


def _asked_for(size: int, index: int) -> list[tuple[int, int]]:
    """The level and first leaf of each subtree that a proof asks for."""
    asked: list[tuple[int, int]] = []

    def subtree(start: int, height: int) -> bytes:
        asked.append((height // 8, start))
        return b""

    inclusion_proof(subtree, index, size)
    return asked


def test_a_later_log_is_proven_to_begin_with_an_earlier_one(ledger: Ledger) -> None:
    ledger.append(300)
    earlier = ledger.checkpoint().checkpoint
    ledger.append(400)
    later = ledger.checkpoint().checkpoint
    proof = prove_consistency(ledger.connection, later.origin, ledger.tenant.id, 300, 700)
    assert (proof.earlier, proof.later) == (earlier, later)
    assert extends(300, earlier.root, 700, later.root, proof.hashes)
    with pytest.raises(Refused, match="Sizes are from 0 to 700"):
        prove_consistency(ledger.connection, later.origin, ledger.tenant.id, 300, 701)


def test_keys_are_made_once_and_rotated_with_the_old_one_vouching(ledger: Ledger) -> None:
    keys = ledger.keys
    assert audit_keys(ledger.settings) == keys
    path = ledger.settings.audit_keys
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    ledger.append(5)
    signer = new_signer("tallystick")
    make_checkpoint(ledger.connection, ledger.settings, ledger.tenant, keys, [signer])
    rotated = rotate(ledger.settings, signer)
    assert rotated == AuditKeys(signer, [*keys.verifiers, signer.verifier])
    (vouched,) = checkpoints(ledger.connection, ledger.tenant.id)
    for trusted in (keys.signer.verifier, signer.verifier):
        assert opened_note(vouched.note, [trusted])[1] == [trusted]
    ledger.append(1)
    signed = ledger.checkpoint()
    assert opened_note(signed.note, rotated.verifiers)[1] == [signer.verifier]
    assert keys.signer.text() not in path.read_text()
    path.write_text("nonsense\n")
    with pytest.raises(AuditKeysError, match="no key of a note"):
        audit_keys(ledger.settings)
    path.write_text("# nothing\n")
    with pytest.raises(AuditKeysError, match="holds no key"):
        audit_keys(ledger.settings)


Tampering = Callable[[Ledger], None]

P = 300
"""The event that is tampered with."""

TAMPERING = {
    "data": (f"UPDATE events SET data = '{{}}' WHERE position = {P}", P, "not the event that"),
    "a cent": (
        f"""UPDATE events SET data = convert_to(replace(convert_from(data, 'UTF8'), 'c{P}',
            'd{P}'), 'UTF8') WHERE position = {P}""",
        P,
        "not the event that",
    ),
    "actor": (f"UPDATE events SET actor = 'me' WHERE position = {P}", P, "not the event that"),
    "cause": (f"UPDATE events SET cause = 'me' WHERE position = {P}", P, "not the event that"),
    "correlation": (
        f"UPDATE events SET correlation = 'me' WHERE position = {P}",
        P,
        "not the event that",
    ),
    "type": (f"UPDATE events SET type = 'Else' WHERE position = {P}", P, "not the event that"),
    "stream": (f"UPDATE events SET stream = 'x' WHERE position = {P}", P, "not the event that"),
    "version": (f"UPDATE events SET version = 9 WHERE position = {P}", P, "not the event that"),
    "business date": (
        f"UPDATE events SET effective_on = '1999-01-01' WHERE position = {P}",
        P,
        "not the event that",
    ),
    "moment": (
        f"""UPDATE events SET recorded_at = recorded_at + interval '1 microsecond'
            WHERE position >= {P}""",
        P,
        "not the event that",
    ),
    "moment, backwards": (
        f"UPDATE events SET recorded_at = '1999-01-01' WHERE position = {P}",
        P,
        "recorded before",
    ),
    "delete": (f"DELETE FROM events WHERE position = {P}", P, "missing"),
    "delete the end": (f"DELETE FROM events WHERE position >= {P}", P, "700 events were sealed"),
    "delete, and move up": (
        f"""DELETE FROM events WHERE position = {P};
            UPDATE events SET position = -position WHERE position > {P};
            UPDATE events SET position = -position - 1 WHERE position < 0""",
        P,
        "not the event that",
    ),
    "delete the end and say so": (
        f"""DELETE FROM events WHERE position >= {P};
            UPDATE heads SET position = {P - 1}""",
        P,
        "700 events were sealed",
    ),
    "insert at the end": (
        f"""INSERT INTO events SELECT tenant, {EVENTS + 1}, 'x', 1, type, data, effective_on,
            recorded_at, actor, cause, correlation FROM events WHERE position = {EVENTS}""",
        EVENTS + 1,
        "inserted",
    ),
    "insert between": (
        f"""UPDATE events SET position = -position WHERE position >= {P};
            UPDATE events SET position = 1 - position WHERE position < 0;
            INSERT INTO events SELECT tenant, {P}, 'x', 1, type, data, effective_on, recorded_at,
            actor, cause, correlation FROM events WHERE position = {P - 1};
            UPDATE heads SET position = {EVENTS + 1}""",
        P,
        "not the event that",
    ),
    "swap": (
        f"""UPDATE events SET position = -1 WHERE position = {P};
            UPDATE events SET position = {P} WHERE position = {P + 9};
            UPDATE events SET position = {P + 9} WHERE position = -1""",
        P,
        "not the event that",
    ),
    "swap what they say": (
        f"""UPDATE events e SET data = o.data FROM events o WHERE o.tenant = e.tenant
            AND (e.position, o.position) IN (({P}, {P + 9}), ({P + 9}, {P}))""",
        P,
        "not the event that",
    ),
    "a hash": (
        """UPDATE tree_tiles SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1)
            WHERE level = 0 AND tile = 1""",
        257,
        "not the event that",
    ),
    "a hash above": (
        """UPDATE tree_tiles SET hashes = set_byte(hashes, 35, get_byte(hashes, 35) # 1)
            WHERE level = 1 AND tile = 0""",
        257,
        "A hash of the tree over it",
    ),
    "hashes": ("DELETE FROM tree_tiles WHERE level = 0 AND tile = 1", 257, "missing"),
}


@pytest.mark.parametrize("way", TAMPERING)
def test_whoever_tampers_with_events_or_hashes_is_found(
    ledger: Ledger, owner: Connection[Any], way: str
) -> None:
    ledger.append(EVENTS)
    signed = ledger.checkpoint()
    assert ledger.verified([signed.checkpoint]).finding is None
    statements, position, reason = TAMPERING[way]
    with rewriting(owner, ledger.tenant.id):
        for statement in statements.split(";"):
            owner.execute(statement.encode())
    finding = ledger.verified([signed.checkpoint]).finding
    assert finding is not None
    assert finding.position == position
    assert reason in finding.reason


def resealed(ledger: Ledger, owner: Connection[Any]) -> None:
    """Rewrite history and everything that was made of it, but what others hold."""
    with rewriting(owner, ledger.tenant.id):
        owner.execute(b"UPDATE events SET actor = 'me' WHERE position = 300")
        owner.execute(b"DELETE FROM tree_tiles")
        owner.execute(b"UPDATE trees SET size = 0")
    seal_all(ledger.connection, ledger.tenant.id)


def test_a_history_that_is_rewritten_whole_is_exposed_by_checkpoints(
    ledger: Ledger, owner: Connection[Any]
) -> None:
    ledger.append(200)
    first = ledger.checkpoint().checkpoint
    ledger.append(500)
    second = ledger.checkpoint().checkpoint
    resealed(ledger, owner)
    assert ledger.verified().finding is None  # there is nothing to hold it against
    finding = ledger.verified([first, second]).finding
    assert finding is not None
    assert finding.position == 201
    assert "signed another history of events 201 to 700" in finding.reason
    with pytest.raises(HistoryRewritten, match="the checkpoint at 700"):
        ledger.checkpoint()


def test_a_checkpoint_that_an_outsider_keeps_exposes_who_deleted_all_others(
    ledger: Ledger, owner: Connection[Any]
) -> None:
    ledger.append(EVENTS)
    held = ledger.checkpoint().checkpoint
    with rewriting(owner, ledger.tenant.id):
        owner.execute(b"DELETE FROM checkpoints")
    resealed(ledger, owner)
    forged = ledger.checkpoint().checkpoint
    assert forged.size == held.size
    assert ledger.verified([forged]).finding is None
    assert ledger.verified([forged, held]).finding is not None
    longer = Checkpoint(held.origin, EVENTS + 1, held.root)
    finding = ledger.verified([longer]).finding
    assert finding is not None
    assert (finding.position, "a checkpoint was signed at 701" in finding.reason) == (701, True)


@pytest.mark.parametrize("torn", [1, 4, 256, 257, 300, 520])
def test_what_is_torn_is_not_sealed(ledger: Ledger, owner: Connection[Any], torn: int) -> None:
    ledger.append(520)
    with rewriting(owner, ledger.tenant.id):
        owner.execute("DELETE FROM events WHERE position = %s", (torn,))
    if torn > 1:
        assert seal(ledger.connection, ledger.tenant.id) == torn - 1
    with pytest.raises(LogTorn, match=f"position {torn}\\."):
        seal(ledger.connection, ledger.tenant.id)
    with pytest.raises(LogTorn):
        ledger.checkpoint()
    finding = ledger.verified().finding
    assert finding is not None
    assert finding.position == torn


def test_a_log_is_sealed_in_steps_of_any_length(ledger: Ledger) -> None:
    ledger.append(520)
    sealed = [seal(ledger.connection, ledger.tenant.id, limit) for limit in (1, 254, 2, 255, 9)]
    assert sealed == [1, 254, 2, 255, 8]
    assert seal(ledger.connection, ledger.tenant.id) == 0
    verified = ledger.verified()
    assert (verified.size, verified.finding) == (520, None)
    assert verified.root == Tree(ledger.connection, ledger.tenant.id).root(520)


def test_the_worker_of_the_read_models_seals_what_comes(ledger: Ledger, database: Database) -> None:
    ledger.append(20)
    with ReadModelWorker(database.url("worker"), lambda _: [ledger.tenant.id]):
        _wait_until_sealed(ledger, 20)
        ledger.append(2)
        _wait_until_sealed(ledger, 22)
    assert ledger.verified().finding is None


def _wait_until_sealed(ledger: Ledger, size: int) -> None:
    deadline = time.monotonic() + 60
    while Tree(ledger.connection, ledger.tenant.id).size < size:
        assert time.monotonic() < deadline
        time.sleep(0.01)
