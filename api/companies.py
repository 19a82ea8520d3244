"""GraphQL: companies of the ERP."""

import strawberry

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
)
from api.context import Info
from api.nodes import Node
from api.view_types import object_of
from projections.company_view import COMPANY_VIEW


@strawberry.type(description="A company of the ERP.")
class Company(Node, object_of(COMPANY_VIEW)):
    """A company of the ERP."""


COMPANIES = offer(Capability(COMPANY_VIEW, Company))


@strawberry.type
class CompanyQuery:
    """Companies."""

    @strawberry.field(description="The companies of the ERP, by id.")
    async def companies(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Company]:
        """Return companies."""
        reading = await info.context.reading(None, known_at)
        return await connection(info, COMPANIES, reading, Cutting.of(first, after, last, before))
