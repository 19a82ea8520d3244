"""GraphQL: the syncs that there were (LOG-01)."""

from typing import Annotated

import strawberry

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
from api.view_types import filter_of, object_of, order_of
from projections.listing import Order
from projections.sync_run_view import SYNC_RUN_VIEW


@strawberry.type(description="A sync: a loading of an ERP's export that changed something.")
class SyncRun(object_of(SYNC_RUN_VIEW)):
    """A sync."""


@strawberry.input(description="Which syncs; all that is given must hold.")
class SyncRunFilter(filter_of(SYNC_RUN_VIEW, "api.sync_runs", "SyncRunFilter")):
    """Which syncs."""


@strawberry.input(description="An order of syncs by one field.")
class SyncRunOrder(order_of(SYNC_RUN_VIEW, "SyncRunOrder")):
    """An order of syncs."""


SYNC_RUNS = offer(Capability(SYNC_RUN_VIEW, SyncRun))

NEWEST_FIRST = (Order("known_from", descending=True),)


@strawberry.type
class SyncRunQuery:
    """Syncs."""

    @strawberry.field(
        description="Syncs that changed something, by default the newest first. One that changed"
        " nothing leaves no trace."
    )
    async def sync_runs(
        self,
        info: Info,
        where: Annotated[
            SyncRunFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[SyncRunOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[SyncRun]:
        """Return them."""
        return await connection(
            info,
            SYNC_RUNS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            order=NEWEST_FIRST,
        )
