"""GraphQL: the sources of ERP exports that jobs load (SYN-01, SYN-02)."""

from typing import Annotated

import msgspec
import strawberry

from api.commands import IDEMPOTENCY_KEY, Payload, answer
from api.connections import (
    After,
    AsOf,
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
)
from api.context import Info
from api.errors import UserError
from api.nodes import Node
from api.schedules import ScheduleInput, ScheduleResult
from api.view_types import filter_of, object_of, order_of
from domain.api_key import Role
from domain.schedule import Schedule
from domain.shared.decider import Refused
from domain.shared.streams import stream_name
from domain.sync_source import (
    SYNC_SOURCE,
    DefineSyncSource,
    RetireSyncSource,
    SyncSourceDocument,
)
from projections.sync_source_view import SYNC_SOURCE_VIEW
from runtime.sync_sources import checked_paths


@strawberry.type(description="A folder that an ERP writes its exports to and a job loads.")
class SyncSource(Node, object_of(SYNC_SOURCE_VIEW)):
    """A source of exports."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(SYNC_SOURCE.category, *self.values("source_id"))

    @strawberry.field(description="When it is loaded; none if somebody must fire its job.")
    def schedules(self) -> list[ScheduleResult]:
        """Return the schedules."""
        (told,) = self.values("schedules")
        return [ScheduleResult.of(one) for one in msgspec.convert(told, list[Schedule])]

    @strawberry.field(
        description="The companies for which it is loaded; none if for all of the export."
    )
    def company_ids(self) -> list[str]:
        """Return the companies."""
        (told,) = self.values("company_ids")
        return msgspec.convert(told, list[str])


@strawberry.input(description="Which sources; all that is given must hold.")
class SyncSourceFilter(filter_of(SYNC_SOURCE_VIEW, "api.sync_sources", "SyncSourceFilter")):
    """Which sources."""


@strawberry.input(description="An order of sources by one field.")
class SyncSourceOrder(order_of(SYNC_SOURCE_VIEW, "SyncSourceOrder")):
    """An order of sources."""


SYNC_SOURCES = offer(Capability(SYNC_SOURCE_VIEW, SyncSource))


@strawberry.type
class SyncSourceQuery:
    """Sources of exports."""

    @strawberry.field(
        description="Sources of exports, retired ones included; by default by their id."
    )
    async def sync_sources(
        self,
        info: Info,
        where: Annotated[
            SyncSourceFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[SyncSourceOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[SyncSource]:
        """Return them."""
        return await connection(
            info,
            SYNC_SOURCES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(
    description="A source to define; all that is told takes the place of what there was."
)
class DefineSyncSourceInput:
    """A source to define."""

    source_id: str = strawberry.field(description="The source: its key.")
    name: str = strawberry.field(description="What it is called.")
    folder: str = strawberry.field(
        description="The folder, within the one that the server's settings name."
    )
    mapping: str | None = strawberry.field(
        default=None,
        description="The file that says how to read it, there too; null for mapping.toml in the"
        " folder, if there is one.",
    )
    schedules: list[ScheduleInput] = strawberry.field(
        default_factory=list,
        description="When it is loaded; none if somebody must fire its job.",
    )
    company_ids: list[str] = strawberry.field(
        default_factory=list,
        description="The companies for which it is loaded, which the export itself may bring; none"
        " for all that the export holds.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="The source to retire.")
class RetireSyncSourceInput:
    """The source to retire."""

    source_id: str = strawberry.field(description="The source.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What defining or retiring a source led to.")
class SyncSourcePayload(Payload):
    """What defining or retiring a source led to."""

    @strawberry.field(
        description="The source; null if it was refused or the read models did not follow in time."
    )
    async def sync_source(self, info: Info) -> SyncSource | None:
        """Return the source."""
        return await self.record(info, SYNC_SOURCES)


@strawberry.type
class SyncSourceMutation:
    """Maintaining sources of exports."""

    @strawberry.mutation(
        description="Define a source of exports, or change it. Needs the role admin."
    )
    async def define_sync_source(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineSyncSourceInput, strawberry.argument(description="The source.")
        ],
    ) -> SyncSourcePayload:
        """Define a source whose paths may be read."""
        info.context.require(Role.ADMIN)
        document = SyncSourceDocument(
            input.source_id,
            input.name,
            input.folder,
            input.mapping,
            tuple(one.schedule() for one in input.schedules),
            tuple(input.company_ids),
        )
        try:
            checked_paths(info.context.services.settings, document)
        except Refused as refusal:
            return SyncSourcePayload(
                user_errors=[UserError.of(refusal)], position=None, key=(), reading=None
            )
        return await answer(
            info.context,
            SyncSourcePayload,
            SYNC_SOURCE,
            (input.source_id,),
            DefineSyncSource(document),
            mutation="defineSyncSource",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(description="Load a source no longer. Needs the role admin.")
    async def retire_sync_source(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RetireSyncSourceInput, strawberry.argument(description="The source.")
        ],
    ) -> SyncSourcePayload:
        """Retire a source."""
        info.context.require(Role.ADMIN)
        return await answer(
            info.context,
            SyncSourcePayload,
            SYNC_SOURCE,
            (input.source_id,),
            RetireSyncSource(),
            mutation="retireSyncSource",
            idempotency_key=input.idempotency_key,
        )
