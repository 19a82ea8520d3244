"""GraphQL: types of activities, and defining them (ACT-01, ACT-02)."""

from typing import Annotated

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
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from domain.activity_type import ACTIVITY_TYPE, ActivityTypeDocument, DefineActivityType
from domain.api_key import Role
from domain.shared.standard_type import StandardType
from domain.shared.streams import stream_name
from projections.activity_type_view import ACTIVITY_TYPE_VIEW

strawberry.enum(
    StandardType,
    description="The standard types of activities: ACCOUNT_NOTE, DISPUTE, EMAIL_RECEIVED,"
    " EMAIL_SENT, EXPECTED_PAYMENT and PHONE.",
)


@strawberry.type(
    description="A type of activities: one of the six standard ones, or one derived from them."
)
class ActivityType(Node, object_of(ACTIVITY_TYPE_VIEW)):
    """A type of activities."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(ACTIVITY_TYPE.category, *self.values("code"))


@strawberry.input(description="Which activity types; all that is given must hold.")
class ActivityTypeFilter(filter_of(ACTIVITY_TYPE_VIEW, "api.activity_types", "ActivityTypeFilter")):
    """Which activity types."""


@strawberry.input(description="An order of activity types by one field.")
class ActivityTypeOrder(order_of(ACTIVITY_TYPE_VIEW, "ActivityTypeOrder")):
    """An order of activity types."""


ACTIVITY_TYPES = offer(Capability(ACTIVITY_TYPE_VIEW, ActivityType))


@strawberry.type
class ActivityTypeQuery:
    """Types of activities."""

    @strawberry.field(
        description="Activity types, standard ones and others; by default by code. They have no"
        " date of their own, so `asOf` leaves none out."
    )
    async def activity_types(
        self,
        info: Info,
        where: Annotated[
            ActivityTypeFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[ActivityTypeOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[ActivityType]:
        """Return activity types."""
        return await connection(
            info,
            ACTIVITY_TYPES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(
    description="An activity type to define; all that is told takes the place of what there was."
)
class DefineActivityTypeInput:
    """An activity type to define."""

    code: str = strawberry.field(description="What activities name it by.")
    standard_type: StandardType = strawberry.field(
        description="What it derives from. Activities behave by it, so it never changes."
    )
    name: str = strawberry.field(description="What it is called.")
    priority: int | None = strawberry.field(
        default=None, description="How urgent such activities are; 1 is the most urgent."
    )
    procedure: str | None = strawberry.field(
        default=None, description="A checklist or a script for those who carry them out."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What defining an activity type led to.")
class DefineActivityTypePayload(Payload):
    """What defining an activity type led to."""

    @strawberry.field(
        description="The type; null if it was refused or the read models did not follow in time."
    )
    async def activity_type(self, info: Info) -> ActivityType | None:
        """Return the type."""
        return await self.record(info, ACTIVITY_TYPES)


@strawberry.type
class ActivityTypeMutation:
    """Defining types of activities."""

    @strawberry.mutation(
        description="Define an activity type that derives from a standard one, or change one; a"
        " standard type can be given a name, a priority and a procedure. Needs the role admin."
    )
    async def define_activity_type(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineActivityTypeInput, strawberry.argument(description="The type.")
        ],
    ) -> DefineActivityTypePayload:
        """Define a type."""
        info.context.require(Role.ADMIN)
        document = ActivityTypeDocument(
            input.code, input.standard_type, input.name, input.priority, input.procedure
        )
        return await answer(
            info.context,
            DefineActivityTypePayload,
            ACTIVITY_TYPE,
            (input.code,),
            DefineActivityType(document),
            mutation="defineActivityType",
            idempotency_key=input.idempotency_key,
        )
