"""GraphQL: who is asking."""

from datetime import date

import strawberry

from api.connections import AtLeast
from api.context import Info
from api.roles import Role
from runtime.services import read_position


@strawberry.type(description="Who is asking.")
class Viewer:
    """Who is asking."""

    name: str = strawberry.field(description="The name of the API key.")
    role: Role = strawberry.field(description="What the caller may do.")
    user_id: str | None = strawberry.field(
        description="The user that the caller acts for; null if it acts for none."
    )
    tenant: str = strawberry.field(description="The tenant whose data the caller sees.")
    business_date: date = strawberry.field(
        description="The present business date in the site's time zone."
    )

    @strawberry.field(description="Up to which position of the log the read models answer.")
    async def position(self, info: Info) -> int:
        """Return the position."""
        reading = await info.context.reading()
        return (await reading.fetch(read_position(info.context.caller.tenant)))[0]


@strawberry.type
class ViewerQuery:
    """Who is asking."""

    @strawberry.field(description="Who is asking.")
    async def viewer(
        self,
        info: Info,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Viewer:
        """Return the caller."""
        caller = info.context.caller
        reading = await info.context.reading()
        return Viewer(
            name=caller.name,
            role=caller.role,
            user_id=caller.user_id,
            tenant=caller.tenant_name,
            business_date=reading.asked.as_of,
        )
