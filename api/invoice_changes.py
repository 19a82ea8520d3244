"""GraphQL: following documents live."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from api.connections import Info, records_of
from api.invoices import INVOICES, Invoice, InvoiceFilter
from api.selection import fields_below
from projections.invoice_changes import EVENTS_MAX, changed_invoices
from runtime.services import read_position


@strawberry.type(description="Documents that changed, as they are now.")
class InvoicesChanged:
    """Documents that changed."""

    position: int = strawberry.field(
        description="Position of the log up to which changes have been told; give it as `after` to"
        " go on from here."
    )
    invoices: list[Invoice] = strawberry.field(
        description="The documents that changed and that the filter lets through."
    )


@strawberry.type
class InvoiceSubscription:
    """Following documents."""

    @strawberry.subscription(
        description="Documents as they change, several at once if they changed together."
    )
    async def invoices_changed(
        self,
        info: Info,
        where: Annotated[
            InvoiceFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        after: Annotated[
            int | None,
            strawberry.argument(
                description="Begin with changes after this position; by default with those to come."
            ),
        ] = None,
    ) -> AsyncGenerator[InvoicesChanged, None]:
        """Tell changes until the client leaves."""
        services, tenant = info.context.services, info.context.caller.tenant
        INVOICES.admit(info)
        told = after
        if told is None:
            async with services.reading(tenant) as snapshot:
                told = (await snapshot.fetch(read_position(tenant)))[0]
        while True:
            until = min(await services.position_after(tenant, told), told + EVENTS_MAX)
            async with services.reading(tenant) as snapshot:
                reading = info.context.fresh_reading(snapshot)
                keys = await reading.fetch(changed_invoices(tenant, told, until))
                told = until
                invoices = await records_of(
                    INVOICES, reading, keys, fields_below(info, "invoices"), where
                )
                if invoices:
                    yield InvoicesChanged(position=told, invoices=invoices)
