"""Checkpoints of logs, and proofs about their events.

A checkpoint seals what the log holds and signs the root. It is only signed if the tree still has
the root of the last one, so that no two histories are ever signed.
"""

import base64
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from domain.shared.decider import Refused
from eventstore.proofs.leaves import Line, read_lines
from eventstore.proofs.merkle import Hash, consistency_proof, inclusion_proof
from eventstore.proofs.notes import (
    Checkpoint,
    SignerKey,
    claims,
    parsed_checkpoint,
    signed_note,
    text_of_note,
)
from eventstore.proofs.tiles import Tree, seal
from runtime.audit_keys import AuditKeys
from runtime.settings import Settings
from runtime.tenants import Tenant

_PROOF = "c2sp.org/tlog-proof@v1"


class HistoryRewritten(Refused):
    """What was sealed is not what an earlier checkpoint signed: nothing more is signed."""


class SignedCheckpoint(Struct, frozen=True):
    """A checkpoint that was given out: what it says, its note, and when it was signed."""

    checkpoint: Checkpoint
    note: str
    signed_at: datetime


class EventProof(Struct, frozen=True):
    """An event's line with what proves that it is in the log at its position."""

    position: int
    line: str
    hashes: Sequence[Hash]
    signed: SignedCheckpoint

    @property
    def text(self) -> str:
        """The proof as C2SP tlog-proof has it; the index counts from 0."""
        hashes = "".join(f"{text_of(one)}\n" for one in self.hashes)
        return f"{_PROOF}\nindex {self.position - 1}\n{hashes}\n{self.signed.note}"


class ConsistencyProof(Struct, frozen=True):
    """What proves that a log of a later size begins with what it was at an earlier one."""

    earlier: Checkpoint
    later: Checkpoint
    hashes: Sequence[Hash]


def text_of(hash_: Hash) -> str:
    """Return a hash as text."""
    return base64.b64encode(hash_).decode()


def origin_of(settings: Settings, tenant: Tenant) -> str:
    """Return the origin of a tenant's log, which its checkpoints name."""
    return f"{settings.audit_name}/{tenant.name}"


def seal_all(connection: Connection[Any], tenant: int) -> int:
    """Seal what the log holds, and return the size of its tree.

    Raises:
        LogTorn: if an event is missing.
    """
    while seal(connection, tenant):
        pass
    return Tree(connection, tenant).size


def checkpoints(
    connection: Connection[Any], tenant: int, newest: int | None = None
) -> list[SignedCheckpoint]:
    """Return the checkpoints that were given out, or so many of the newest; the newest first."""
    rows = connection.execute(
        "SELECT note, signed_at FROM public.checkpoints WHERE tenant = %s"
        " ORDER BY size DESC, signed_at DESC LIMIT %s",
        (tenant, newest),
    )
    return [_signed(*row) for row in rows]


def _signed(note: str, signed_at: datetime) -> SignedCheckpoint:
    return SignedCheckpoint(parsed_checkpoint(text_of_note(note)), note, signed_at)


def make_checkpoint(
    connection: Connection[Any],
    settings: Settings,
    tenant: Tenant,
    keys: AuditKeys,
    also: Sequence[SignerKey] = (),
) -> SignedCheckpoint:
    """Sign how far the log is, on a connection of the worker; twice the same is signed once.

    `also` are keys that sign beside: the new one when keys are rotated.

    Raises:
        HistoryRewritten: if the tree is not that of the last checkpoint.
        LogTorn: if an event is missing.
    """
    size = seal_all(connection, tenant.id)
    tree = Tree(connection, tenant.id)
    signers = [keys.signer, *also]
    last = newest_checkpoint(connection, tenant.id)
    if last is not None:
        signed = last.checkpoint
        if signed.size > size or not _has_root(tree, signed):
            raise HistoryRewritten(
                "history_rewritten",
                f"What is sealed of {tenant.name} is not what the checkpoint at {signed.size:,}"
                " signed. `tallystick audit verify` tells where; nothing more is signed.",
            )
        if signed.size == size and all(claims(last.note, one.verifier) for one in signers):
            return last
    checkpoint = Checkpoint(origin_of(settings, tenant), size, tree.root(size))
    note = signed_note(checkpoint.text, signers)
    row = connection.execute(
        "INSERT INTO public.checkpoints (tenant, size, note) VALUES (%s, %s, %s)"
        " RETURNING signed_at",
        (tenant.id, size, note),
    ).fetchone()
    assert row is not None
    return SignedCheckpoint(checkpoint, note, row[0])


def _has_root(tree: Tree, checkpoint: Checkpoint) -> bool:
    try:
        return tree.root(checkpoint.size) == checkpoint.root
    except LookupError:
        return False


def newest_checkpoint(
    connection: Connection[Any], tenant: int, reaching: int = 0, size: int | None = None
) -> SignedCheckpoint | None:
    """Return the newest checkpoint that reaches a position, or the one of a size, if there is."""
    row = connection.execute(
        "SELECT note, signed_at FROM public.checkpoints"
        " WHERE tenant = %s AND size >= %s AND (%s::bigint IS NULL OR size = %s)"
        " ORDER BY size DESC, signed_at DESC LIMIT 1",
        (tenant, reaching, size, size),
    ).fetchone()
    return _signed(*row) if row else None


def position_of(connection: Connection[Any], tenant: int, stream: str, version: int) -> int:
    """Return the position of an event of a stream.

    Raises:
        Refused: if there is none.
    """
    row = connection.execute(
        "SELECT position FROM public.events WHERE tenant = %s AND stream = %s AND version = %s",
        (tenant, stream, version),
    ).fetchone()
    if row is None:
        raise Refused("event_unknown", f"There is no event {version} of {stream}.", "version")
    return row[0]


def prove_event(
    connection: Connection[Any], tenant: Tenant, position: int, signed: SignedCheckpoint
) -> EventProof:
    """Return what proves that an event is in the log that a checkpoint signed.

    Raises:
        Refused: if there is no event there, or the checkpoint does not reach it.
    """
    which = "FROM public.events WHERE tenant = %s AND position = %s"
    lines = list(read_lines(connection, tenant.name, which, (tenant.id, position)))
    if not lines:
        raise Refused("event_unknown", f"There is no event at position {position}.", "position")
    size = signed.checkpoint.size
    if position > size:
        raise Refused(
            "event_not_sealed", f"The checkpoint ends at {size:,}, before the event.", "position"
        )
    return _proof(Tree(connection, tenant.id), lines[0], signed)


def prove_events(
    connection: Connection[Any], tenant: Tenant, positions: Sequence[int], signed: SignedCheckpoint
) -> dict[int, EventProof]:
    """Return what proves events, by position: those that are there and that the tree leads to.

    Their lines are read together, and the tiles that they share once.
    """
    tree, size = Tree(connection, tenant.id), signed.checkpoint.size
    which = "FROM public.events WHERE tenant = %s AND position = ANY(%s) AND position <= %s"
    proofs: dict[int, EventProof] = {}
    for line in list(read_lines(connection, tenant.name, which, (tenant.id, positions, size))):
        with suppress(LookupError):  # a hash is missing
            proofs[line[0]] = _proof(tree, line, signed)
    return proofs


def _proof(tree: Tree, line: Line, signed: SignedCheckpoint) -> EventProof:
    position, text = line
    hashes = inclusion_proof(tree.subtree, position - 1, signed.checkpoint.size)
    return EventProof(position, text.decode(), hashes, signed)


def proof_of(
    connection: Connection[Any], tenant: Tenant, position: int, size: int | None = None
) -> EventProof | None:
    """Return what proves an event against the newest checkpoint, or the one of a size.

    None if no checkpoint reaches it, or there is no such event.
    """
    signed = newest_checkpoint(connection, tenant.id, position, size)
    if signed is None:
        return None
    try:
        return prove_event(connection, tenant, position, signed)
    except Refused:
        return None


def prove_consistency(
    connection: Connection[Any], origin: str, tenant: int, earlier: int, later: int
) -> ConsistencyProof:
    """Return what proves that the log of a later size begins with that of an earlier one.

    Raises:
        Refused: if the tree does not reach so far, or the sizes are in the wrong order.
    """
    tree = Tree(connection, tenant)
    if not 0 <= earlier <= later <= tree.size:
        raise Refused(
            "size_out_of_range",
            f"Sizes are from 0 to {tree.size:,}, the earlier one first.",
            "earlier",
        )
    return ConsistencyProof(
        Checkpoint(origin, earlier, tree.root(earlier)),
        Checkpoint(origin, later, tree.root(later)),
        consistency_proof(tree.subtree, earlier, later),
    )
