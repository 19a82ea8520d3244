"""GraphQL: the log, event by event, for auditors: who did what, when, why, and what it changed."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import strawberry
from msgspec.structs import replace
from strawberry.dataloader import DataLoader

from api.audit_subjects import AuditSubjectInput
from api.connections import (
    After,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
    one,
)
from api.context import Info, Reading
from api.scalars import Json
from api.view_types import filter_of, object_of, order_of
from domain.api_key import Role
from domain.conditions import AllOf, Compared, Operator
from projections.audit_causes import Cause, CauseOf, Chains, causes_found
from projections.audit_changes import (
    BEGINNING,
    Change,
    changes_of,
    events_up_to,
)
from projections.audit_correlated import CorrelatedTo, correlated, nearest
from projections.audit_trail import (
    AUDIT_TRAIL,
    asked_about,
    seen_by,
    told_data,
    told_text,
    trail_of,
)
from projections.listing import Record
from projections.personal_data_reads import tells_of_person
from runtime.personal_reads import PersonalReads
from runtime.services import Caller


@strawberry.type(name="AuditCause", description="What led to an event: a link of its chain.")
class AuditCauseResult:
    """A link of the chain that led to an event."""

    reference: str = strawberry.field(
        description="What it was, such as mutation/addAccountNote, rule_run/A/2026-03-02,"
        " job_firing/rules/A@2026-03-02T05:00:00+00:00 or sync/ followed by the id of its run."
    )
    position: int | None = strawberry.field(
        description="Where in the log the event is that tells of it; null of a command, which has"
        " no event beside those it led to, and of what was cut off before it was recorded."
    )
    stream: str | None = strawberry.field(description="The stream of that event.")
    type: str | None = strawberry.field(description="The type of that event.")
    effective_on: date | None = strawberry.field(description="The date for which it was done.")
    recorded_at: datetime | None = strawberry.field(description="When that event was recorded.")
    actor: str | None = strawberry.field(description="Who asked for it, as the log names them.")
    actor_name: str | None = strawberry.field(description="The name of that API key, if it is one.")
    user_name: str | None = strawberry.field(description="The user for whom that key acts.")

    @classmethod
    def of(cls, one: Cause) -> "AuditCauseResult":
        """Return a link as it is told."""
        return cls(**{name: getattr(one, name) for name in Cause.__struct_fields__})


@strawberry.type(name="AuditChange", description="A field that an event changed.")
class AuditChangeResult:
    """A field that an event changed."""

    field: str = strawberry.field(
        description="The field of what is known of the stream's subject, by path: document.amount,"
        " applications.P1.amount. The field `state` names what the subject is, such as Open."
    )
    before: Json | None = strawberry.field(
        description="Its value before the event, amounts as decimal strings; null if it had none."
    )
    after: Json | None = strawberry.field(description="Its value after it; null if it has none.")

    @classmethod
    def of(cls, one: Change) -> "AuditChangeResult":
        """Return a change as it is told."""
        before = None if one.before is None else Json(one.before)
        return cls(
            field=one.field,
            before=before,
            after=None if one.after is None else Json(one.after),
        )


@strawberry.type(description="An event of the log: a fact, who recorded it, when and why.")
class AuditEvent(object_of(AUDIT_TRAIL)):
    """An event of the log."""

    @strawberry.field(description=AUDIT_TRAIL.field("data").description)
    def data(self) -> Json:
        """Return the event's JSON."""
        return told_data(*self.values("data"))

    @strawberry.field(
        description="What led to it, link by link: from its own cause up to the command or the job"
        " that began it all."
    )
    async def causes(self) -> list[AuditCauseResult]:
        """Return the chain; those of a page are found together, level by level."""
        loader = _loader(self.reading, "causes", _load_causes)
        chain = await loader.load(CauseOf(*self.values("position", "cause", "correlation")))
        return [AuditCauseResult.of(link) for link in chain]

    @strawberry.field(
        description="What the same request or run recorded beside it, the nearest events; of what"
        " a sync or a run of rules did, those at most 500 positions away. All of them lists"
        " `auditTrail` with a filter by `correlation`."
    )
    async def correlated(
        self, info: Info
    ) -> list[Annotated["AuditEvent", strawberry.lazy("api.audit_trail")]]:
        """Return the events; those of a page are found together."""
        load = partial(_load_correlated, _sees(info.context.caller))
        loader = _loader(self.reading, "correlated", load)
        positions = await loader.load(CorrelatedTo(*self.values("position", "correlation")))
        found = await asyncio.gather(*(one(info, EVENTS, self.reading, (at,)) for at in positions))
        return [event for event in found if event is not None]

    @strawberry.field(
        description="What it changed in what is known of its subject, worked out by replaying its"
        " stream as decisions do; null if this version of the product cannot read the stream."
    )
    async def changes(self) -> list[AuditChangeResult] | None:
        """Return the changes; the streams of a page are read together."""
        loader = _loader(self.reading, "changes", _load_changes)
        changes = await loader.load(self.values("stream", "version"))
        reads, (stream,) = self.reading.reads, self.values("stream")
        if reads is not None and any(tells_of_person(stream, one.field) for one in changes or ()):
            reads.add(f"{AUDIT_TRAIL.name}.changes", stream)
        return None if changes is None else [AuditChangeResult.of(one) for one in changes]


def _loader(reading: Reading, what: str, load: Any) -> DataLoader[Any, Any]:
    """Return what loads something of all events of a page at once."""
    told = (AUDIT_TRAIL.name, what)
    if told not in reading.loaders:

        async def all_of(keys: list[Any]) -> list[Any]:
            return await load(reading, keys)

        reading.loaders[told] = DataLoader(load_fn=all_of)
    return reading.loaders[told]


async def _load_causes(reading: Reading, events: list[CauseOf]) -> list[list[Cause]]:
    chains = Chains(events)
    while not chains.complete:
        asked = chains.asked
        found = await reading.fetch(causes_found(reading.asked.tenant, asked)) if asked else []
        chains.take(found)
    return chains.chains


async def _load_correlated(
    viewer: str | None, reading: Reading, events: list[CorrelatedTo]
) -> list[list[int]]:
    found = nearest(await reading.fetch(correlated(reading.asked.tenant, events, viewer)))
    return [found.get(event.position, []) for event in events]


async def _load_changes(
    reading: Reading, events: list[tuple[str, int]]
) -> list[list[Change] | None]:
    until: dict[str, int] = {}
    for stream, version in events:
        until[stream] = max(version, until.get(stream, BEGINNING))
    wanted = {stream: (BEGINNING, version) for stream, version in until.items()}
    stored = await reading.fetch(events_up_to(reading.asked.tenant, wanted))
    found = changes_of(stored, frozenset(events))
    return [found[event] for event in events]


@strawberry.input(description="Which events; all that is given must hold.")
class AuditEventFilter(filter_of(AUDIT_TRAIL, "api.audit_trail", "AuditEventFilter")):
    """Which events."""


@strawberry.input(description="An order of events by one field.")
class AuditEventOrder(order_of(AUDIT_TRAIL, "AuditEventOrder")):
    """An order of events."""


def _note_reads(reads: PersonalReads, columns: tuple[str, ...], records: Sequence[Record]) -> None:
    """Note what the data of events tells of persons."""
    if "data" not in columns:
        return
    data, stream = columns.index("data"), columns.index("stream")
    for record in records:
        reads.add_event(record.values[stream], told_text(record.values[data]))


EVENTS = offer(
    Capability(
        AUDIT_TRAIL,
        AuditEvent,
        links={
            "causes": ("position", "cause", "correlation"),
            "correlated": ("position", "correlation"),
            "changes": ("stream", "version"),
            "data": ("stream",),
        },
        roles=frozenset(Role) - frozenset([Role.INQUIRY_USER]),
        note_reads=_note_reads,
    )
)


@strawberry.type
class AuditTrailQuery:
    """The audit trail."""

    @strawberry.field(
        description="Every event of the tenant, or about one subject, or of one stream, by default"
        " in the order in which they were recorded. Inquiry users may not read it; personal"
        " contacts are told to their owner and to auditors alone."
    )
    async def audit_trail(
        self,
        info: Info,
        stream: Annotated[
            str | None,
            strawberry.argument(
                description="Only this stream, such as invoice/406/0000611365; records tell theirs"
                " as `stream`."
            ),
        ] = None,
        of: Annotated[
            AuditSubjectInput | None,
            strawberry.argument(
                description="Only what is about this: the events of its own streams and of those"
                " that belong, or once belonged, to it."
            ),
        ] = None,
        where: Annotated[
            AuditEventFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[AuditEventOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[AuditEvent]:
        """Return events."""
        reading, capability = await info.context.reading(None, known_at), EVENTS
        if of is not None:
            subject = of.subject()
            asked = asked_about(reading.asked, subject)
            reading = Reading(reading.snapshot, asked, reading.reads)
            capability = replace(EVENTS, view=trail_of(subject))
        return await connection(
            info,
            capability,
            reading,
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            also=AllOf(
                [
                    *([Compared("stream", Operator.EQ, stream)] if stream is not None else []),
                    seen_by(_sees(info.context.caller)),
                ]
            ),
        )


def _sees(caller: Caller) -> str | None:
    """Return as whom a caller sees personal contacts; None as auditors do, who see all."""
    return None if caller.role is Role.AUDITOR else caller.actor
