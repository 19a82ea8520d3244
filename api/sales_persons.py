"""GraphQL: sales persons of the ERP."""

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
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from domain.sales_person import SALES_PERSON
from domain.shared.streams import stream_name
from projections.sales_person_view import SALES_PERSON_VIEW


@strawberry.type(description="A sales person, as the ERP knows one.")
class SalesPerson(Node, object_of(SALES_PERSON_VIEW)):
    """A sales person."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(SALES_PERSON.category, *self.values("company_id", "sper_id"))


@strawberry.input(description="Which sales persons; all that is given must hold.")
class SalesPersonFilter(filter_of(SALES_PERSON_VIEW, "api.sales_persons", "SalesPersonFilter")):
    """Which sales persons."""


@strawberry.input(description="An order of sales persons by one field.")
class SalesPersonOrder(order_of(SALES_PERSON_VIEW, "SalesPersonOrder")):
    """An order of sales persons."""


SALES_PERSONS = offer(Capability(SALES_PERSON_VIEW, SalesPerson))


@strawberry.type
class SalesPersonQuery:
    """Sales persons."""

    @strawberry.field(description="Sales persons; by default by company and id.")
    async def sales_persons(
        self,
        info: Info,
        where: Annotated[
            SalesPersonFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[SalesPersonOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[SalesPerson]:
        """Return sales persons."""
        return await connection(
            info,
            SALES_PERSONS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )
