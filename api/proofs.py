"""GraphQL: checkpoints of the log, and proofs about its events (DESIGN section 2)."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.context import Context, Info
from api.errors import ApiError, Code, UserError
from domain.api_key import Role
from domain.personal_contact import PERSONAL_CONTACT
from domain.shared.decider import Refused
from runtime.audit_keys import audit_keys
from runtime.auditing import (
    EventProof,
    SignedCheckpoint,
    checkpoints,
    make_checkpoint,
    proof_of,
    text_of,
)
from runtime.tenants import Tenant

CHECKPOINTS_MAX = 1_000
"""Checkpoints in one answer at most."""

_READERS = tuple(role for role in Role if role is not Role.INQUIRY_USER)


@strawberry.type(
    name="Checkpoint",
    description="How far the log was, with the root of the Merkle tree over it, signed: a C2SP"
    " checkpoint. Who keeps one elsewhere can always tell whether what came before was rewritten.",
)
class CheckpointResult:
    """A checkpoint that was given out."""

    origin: str = strawberry.field(description="Which log it is of.")
    size: int = strawberry.field(description="How many events the log had.")
    root: str = strawberry.field(description="The root over them (RFC 9162), in base64.")
    signed_at: datetime = strawberry.field(description="When it was signed.")
    note: str = strawberry.field(
        description="The signed note: origin, size and root, and a line for each signature."
    )

    @classmethod
    def of(cls, signed: SignedCheckpoint) -> "CheckpointResult":
        """Return a checkpoint as it is told."""
        one = signed.checkpoint
        return cls(
            origin=one.origin,
            size=one.size,
            root=text_of(one.root),
            signed_at=signed.signed_at,
            note=signed.note,
        )


@strawberry.type(
    name="EventProof",
    description="An event with what proves that it is in the log, at its place and as it is told.",
)
class EventProofResult:
    """A proof about an event."""

    position: int = strawberry.field(description="Where in the log the event is, from 1.")
    line: str = strawberry.field(
        description="The event as one line of JSON. SHA-256 over a zero byte and this line is its"
        " leaf of the tree."
    )
    hashes: list[str] = strawberry.field(
        description="The inclusion proof (RFC 9162), from the leaf to the root, in base64."
    )
    checkpoint: CheckpointResult = strawberry.field(
        description="The checkpoint to whose root the hashes lead."
    )
    proof: str = strawberry.field(
        description="The same in one text (C2SP tlog-proof), whose index counts from 0."
    )

    @classmethod
    def of(cls, proof: EventProof) -> "EventProofResult":
        """Return a proof as it is told."""
        return cls(
            position=proof.position,
            line=proof.line,
            hashes=[text_of(one) for one in proof.hashes],
            checkpoint=CheckpointResult.of(proof.signed),
            proof=proof.text,
        )


@strawberry.type
class ProofQuery:
    """Checkpoints and proofs."""

    @strawberry.field(
        description="The checkpoints that were given out, the newest first. Each business day"
        " begins with one. Inquiry users may not read them."
    )
    async def checkpoints(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many of them at most.")] = 20,
    ) -> list[CheckpointResult]:
        """Return the newest checkpoints."""
        info.context.require(*_READERS)
        if not 0 <= first <= CHECKPOINTS_MAX:
            raise ApiError(Code.BAD_USER_INPUT, f"first must be from 0 to {CHECKPOINTS_MAX}.")
        tenant = info.context.caller.tenant
        found = await info.context.services.ask(
            tenant, lambda reading: checkpoints(reading, tenant, first)
        )
        return [CheckpointResult.of(one) for one in found]

    @strawberry.field(
        description="What proves that an event is in the log, against the newest checkpoint; null"
        " if there is no event there, no checkpoint reaches it yet (signCheckpoint makes one), or"
        " it is about a personal contact of somebody else. Inquiry users may not ask."
    )
    async def event_proof(
        self,
        info: Info,
        position: Annotated[
            int, strawberry.argument(description="Where in the log it is, as auditTrail tells.")
        ],
        checkpoint_size: Annotated[
            int | None,
            strawberry.argument(description="Against the checkpoint of this size instead."),
        ] = None,
    ) -> EventProofResult | None:
        """Return a proof."""
        context = info.context
        context.require(*_READERS)
        caller = context.caller
        tenant = Tenant(caller.tenant, caller.tenant_name)
        proof = await context.services.ask(
            tenant.id, lambda reading: proof_of(reading, tenant, position, checkpoint_size)
        )
        if proof is None or not _may_see(context, json.loads(proof.line)):
            return None
        return EventProofResult.of(proof)


def _may_see(context: Context, event: dict[str, Any]) -> bool:
    """Whether a caller may see an event: personal contacts are their owner's, and auditors'."""
    caller = context.caller
    if caller.role is Role.AUDITOR or event["actor"] == caller.actor:
        return True
    return not event["stream"].startswith(f"{PERSONAL_CONTACT.category}/")


@strawberry.type(description="A checkpoint that was signed.")
class SignCheckpointPayload:
    """What signing led to."""

    checkpoint: CheckpointResult | None = strawberry.field(
        description="The checkpoint; the last one if nothing happened since. Null if refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; then nothing was signed."
    )
    position: int | None = strawberry.field(
        description="Up to which position of the log it is signed; null if it was refused."
    )


@strawberry.type
class ProofMutation:
    """Signing checkpoints."""

    @strawberry.mutation(
        description="Sign how far the log is, once however often it is asked. Needs the role admin"
        " or auditor."
    )
    async def sign_checkpoint(self, info: Info) -> SignCheckpointPayload:
        """Sign a checkpoint."""
        context = info.context
        context.require(Role.ADMIN, Role.AUDITOR)
        services, caller = context.services, context.caller
        tenant = Tenant(caller.tenant, caller.tenant_name)

        def on_thread() -> SignedCheckpoint:
            keys = audit_keys(services.settings)
            with services.database.connect("worker") as connection:
                return make_checkpoint(connection, services.settings, tenant, keys)

        try:
            signed = await asyncio.to_thread(on_thread)
        except Refused as refusal:
            errors = [UserError.of(refusal)]
            return SignCheckpointPayload(checkpoint=None, user_errors=errors, position=None)
        told = CheckpointResult.of(signed)
        return SignCheckpointPayload(checkpoint=told, user_errors=[], position=told.size)
