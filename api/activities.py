"""GraphQL: activities on accounts, their follow-ups and the documents tagged to them."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.accounts import ACCOUNTS, Account
from api.activity_types import ACTIVITY_TYPES, ActivityType
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
    connection_of_parent,
    offer,
    offered,
    one,
)
from api.context import Info
from api.invoices import INVOICES, Invoice
from api.issues import ISSUES, Issue
from api.nodes import Node
from api.users import ASSIGNED_LINK, USERS, Assigned, User
from api.view_types import filter_of, object_of, order_of
from domain.activity import ACTIVITY
from domain.shared.streams import stream_name
from projections.activity_view import ACTIVITY_TAG_VIEW, ACTIVITY_VIEW
from projections.listing import Order

if TYPE_CHECKING:
    from api.disputes import Dispute
    from api.promises import Promise

_KEY = ("activity_id",)


@strawberry.enum(description="How a phone call or a follow-up stands, as a colour.")
class Indicator(Enum):
    """How a phone call or a follow-up stands."""

    BLUE = strawberry.enum_value("BLUE", description="It is to be done, and not past due.")
    RED = strawberry.enum_value(
        "RED", description="It is past due, or, of a call, nobody spoke to the customer."
    )
    GREEN = strawberry.enum_value(
        "GREEN", description="It is done; of a call, somebody spoke to the customer."
    )


def _described(name: str) -> str:
    return ACTIVITY_VIEW.field(name).description


@strawberry.type(description="A document tagged to an activity.")
class ActivityTag(object_of(ACTIVITY_TAG_VIEW)):
    """A document tagged to an activity."""

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))

    @strawberry.field(description="The activity.")
    async def activity(
        self, info: Info
    ) -> Annotated["Activity", strawberry.lazy("api.activities")] | None:
        """Return the activity."""
        return await one(info, ACTIVITIES, self.reading, self.values(*_KEY))


ACTIVITY_TAGS = offer(Capability(ACTIVITY_TAG_VIEW, ActivityTag))


@strawberry.type(
    description="An activity: a call, a letter or a note on an account, done or to be done."
)
class Activity(Node, Assigned, object_of(ACTIVITY_VIEW)):
    """An activity."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(ACTIVITY.category, *self.values(*_KEY))

    @strawberry.field(description=_described("phone_indicator"))
    def phone_indicator(self) -> Indicator | None:
        """Return the indicator of a phone call (ACT-15)."""
        (color,) = self.values("phone_indicator")
        return None if color is None else Indicator(color)

    @strawberry.field(description=_described("follow_up_indicator"))
    def follow_up_indicator(self) -> Indicator | None:
        """Return the indicator of its follow-up (FUP-03)."""
        (color,) = self.values("follow_up_indicator")
        return None if color is None else Indicator(color)

    @strawberry.field(
        description="The user who follows it up; null if nobody does, or nobody who is registered."
    )
    async def follow_up_user(self, info: Info) -> User | None:
        """Return the user (FUP-17)."""
        (user_id,) = self.values("follow_up_user_id")
        return None if user_id is None else await one(info, USERS, self.reading, (user_id,))

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(description="The issue that it belongs to; null if it belongs to none.")
    async def issue(self, info: Info) -> Issue | None:
        """Return the issue."""
        (issue_id,) = self.values("issue_id")
        if issue_id is None:
            return None
        return await one(info, ISSUES, self.reading, (issue_id,))

    @strawberry.field(description="Its type, with the procedure of such activities.")
    async def type(self, info: Info) -> ActivityType | None:
        """Return the type."""
        return await one(info, ACTIVITY_TYPES, self.reading, self.values("activity_type"))

    @strawberry.field(description="The documents tagged to it, by number.")
    async def invoices(self, info: Info, first: First = None) -> Connection[ActivityTag]:
        """Return the tagged documents."""
        return await connection_of_parent(
            info, ACTIVITY_TAGS, self.reading, self.values(*_KEY), _KEY, first
        )

    @strawberry.field(description="Disputes that the customer told in it; the earliest first.")
    async def disputes(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["Dispute", strawberry.lazy("api.disputes")]]:
        """Return disputes, earliest first (ACT-21)."""
        return await connection_of_parent(
            info,
            offered("disputes"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("dispute_date"),),
        )

    @strawberry.field(description="Expected payments and promises made in it; the earliest first.")
    async def promises(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["Promise", strawberry.lazy("api.promises")]]:
        """Return expected payments, earliest first (ACT-21)."""
        return await connection_of_parent(
            info,
            offered("promises"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("expect_date"),),
        )


@strawberry.input(description="Which activities; all that is given must hold.")
class ActivityFilter(filter_of(ACTIVITY_VIEW, "api.activities", "ActivityFilter")):
    """Which activities."""


@strawberry.input(description="An order of activities by one field.")
class ActivityOrder(order_of(ACTIVITY_VIEW, "ActivityOrder")):
    """An order of activities."""


ACTIVITIES = offer(
    Capability(
        ACTIVITY_VIEW,
        Activity,
        links={
            "account": ("company_id", "cust_id"),
            "issue": ("issue_id",),
            "type": ("activity_type",),
            "followUpUser": ("follow_up_user_id",),
            **ASSIGNED_LINK,
        },
    )
)


@strawberry.type
class ActivityQuery:
    """Activities."""

    @strawberry.field(description="Activities; by default by number, the earliest first.")
    async def activities(
        self,
        info: Info,
        where: Annotated[
            ActivityFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[ActivityOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Activity]:
        """Return activities."""
        return await connection(
            info,
            ACTIVITIES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            order=(Order("activity_no"),),
        )

    @strawberry.field(description="The activity of a key; null if there is none.")
    async def activity(
        self,
        info: Info,
        activity_id: Annotated[str, strawberry.argument(description="The activity's key.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Activity | None:
        """Return an activity."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, ACTIVITIES, reading, (activity_id,))
