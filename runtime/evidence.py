"""The evidence about a subject: its trail, and what proves each event of it.

Each proof is checked here as an outsider would (RFC 9162, section 2.1.3.2): from the event's line
to the root that the checkpoint signs.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import Connection

from eventstore.proofs.merkle import includes, leaf_hash
from projections.subjects import Subject
from runtime.auditing import SignedCheckpoint, newest_checkpoint, prove_events, text_of
from runtime.tenants import Tenant
from runtime.trails import TrailEvent, TrailFilter, read_trail

FORMAT = "tallystick-evidence/1"

EVENTS_MAX = 1_000
"""Events of a subject in one pack; the whole trail is downloaded, or exported with proofs."""


class ProvenEvent(Struct, frozen=True):
    """An event of the trail with its line and the hashes from it to the root.

    `proven` says whether they lead there; None if no checkpoint reaches the event yet.
    """

    event: TrailEvent
    line: str | None
    hashes: Sequence[str]
    proven: bool | None


class Evidence(Struct, frozen=True):
    """All that is told of a subject, the oldest first; `more` says whether it is only a part."""

    tenant: Tenant
    subject: Subject
    signed: SignedCheckpoint | None
    events: Sequence[ProvenEvent]
    more: bool
    made_at: datetime

    @property
    def proven(self) -> int:
        """How many events are proven."""
        return sum(one.proven is True for one in self.events)

    @property
    def as_json(self) -> bytes:
        """The evidence as JSON: whoever hashes a line has the leaf that its hashes start from."""
        signed = self.signed
        told = {
            "format": FORMAT,
            "tenant": self.tenant.name,
            "subject": self.subject.named,
            "made_at": self.made_at,
            "complete": not self.more,
            "checkpoint": None if signed is None else signed.note,
            "events": [_told(one) for one in self.events],
        }
        return msgspec.json.format(msgspec.json.encode(told), indent=2)


def gather(
    connection: Connection[Any],
    tenant: Tenant,
    subject: Subject,
    *,
    viewer: str | None,
    now: datetime,
) -> Evidence:
    """Return the evidence about a subject, against the newest checkpoint.

    `viewer` is the actor for whom it is read, as `read_trail` has it.
    """
    with closing(
        read_trail(connection, tenant.id, TrailFilter(subject=subject), viewer=viewer)
    ) as trail:
        events = list(islice(trail, EVENTS_MAX + 1))
    signed = newest_checkpoint(connection, tenant.id)
    told = events[:EVENTS_MAX]
    proven = tuple(_proven(connection, tenant, signed, told))
    return Evidence(tenant, subject, signed, proven, len(events) > EVENTS_MAX, now)


def _proven(
    connection: Connection[Any],
    tenant: Tenant,
    signed: SignedCheckpoint | None,
    events: Sequence[TrailEvent],
) -> Iterator[ProvenEvent]:
    if signed is None:
        yield from (ProvenEvent(event, None, (), None) for event in events)
        return
    one = signed.checkpoint
    proofs = prove_events(connection, tenant, [event.position for event in events], signed)
    for event in events:
        proof = proofs.get(event.position)
        if proof is None:
            told = None if event.position > one.size else False
            yield ProvenEvent(event, None, (), told)
            continue
        leaf = leaf_hash(proof.line.encode())
        proven = includes(leaf, event.position - 1, one.size, proof.hashes, one.root)
        yield ProvenEvent(event, proof.line, [text_of(each) for each in proof.hashes], proven)


def _told(one: ProvenEvent) -> dict[str, Any]:
    event = one.event
    return {
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "effective_on": event.effective_on,
        "recorded_at": event.recorded_at,
        "actor": event.actor,
        "actor_name": event.actor_name,
        "user_name": event.user_name,
        "causes": event.causes,
        "changes": event.changes,
        "data": event.data,
        "proven": one.proven,
        "line": one.line,
        "hashes": one.hashes,
    }
