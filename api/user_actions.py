"""GraphQL: user actions, how many of each kind, and their kinds (UA-01 to UA-05)."""

from typing import Annotated

import strawberry

from api.accounts import ACCOUNTS, Account
from api.activities import ACTIVITIES, Activity
from api.commands import COLLECTORS, IDEMPOTENCY_KEY, Payload, answer
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
    one,
)
from api.context import Info, Reading
from api.nodes import Node
from api.pending_payments import PENDING_PAYMENTS, PendingPayment
from api.people import told
from api.promises import PROMISES, Promise
from api.scopes import Scope, ScopedUser, scoped
from api.users import USERS, User
from api.view_types import FilterInput, filter_of, object_of, order_of
from domain.api_key import Role
from domain.conditions import AllOf, Compared, Operator
from domain.shared.streams import stream_name
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action import USER_ACTION, CompleteUserAction
from domain.user_action_kind import USER_ACTION_KIND, ChangeUserActionKind
from projections.listing import Listing, Order, summary
from projections.user_action_view import USER_ACTION_KIND_VIEW, USER_ACTION_VIEW

strawberry.enum(
    UserActionKind,
    name="UserActionKindName",
    description="What a user is to look after: a BROKEN_PROMISE that is not paid; a follow-up,"
    " FOLLOW_UP_PAST_DUE; an online payment, PAYMENT_UNRECONCILED; payments that speak against how"
    " a promise was judged, PROMISE_CONTRADICTED; a customer's PORTAL_MESSAGE; an e-mail that could"
    " not be sent, MAIL_ERROR, was not read, MAIL_UNREAD, or not filed, MAIL_UNFILED.",
)


@strawberry.type(description="Something that the software tells a user to look after.")
class UserAction(Node, object_of(USER_ACTION_VIEW)):
    """A user action."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(USER_ACTION.category, *self.values("action_id"))

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(description="The user who is responsible; null for nobody in particular.")
    async def user(self, info: Info) -> User | None:
        """Return the user."""
        (user_id,) = self.values("user_id")
        return None if user_id is None else await one(info, USERS, self.reading, (user_id,))

    @strawberry.field(description="The promise that it is about.")
    async def promise(self, info: Info) -> Promise | None:
        """Return the promise."""
        (promise_id,) = self.values("promise_id")
        if promise_id is None:
            return None
        return await one(info, PROMISES, self.reading, (promise_id,))

    @strawberry.field(description="The activity whose follow-up it is about.")
    async def activity(self, info: Info) -> Activity | None:
        """Return the activity."""
        (activity_id,) = self.values("activity_id")
        if activity_id is None:
            return None
        return await one(info, ACTIVITIES, self.reading, (activity_id,))

    @strawberry.field(description="The online payment that it is about.")
    async def pending_payment(self, info: Info) -> PendingPayment | None:
        """Return the pending payment."""
        (pending_payment_id,) = self.values("pending_payment_id")
        if pending_payment_id is None:
            return None
        return await one(info, PENDING_PAYMENTS, self.reading, (pending_payment_id,))


@strawberry.input(description="Which user actions; all that is given must hold.")
class UserActionFilter(filter_of(USER_ACTION_VIEW, "api.user_actions", "UserActionFilter")):
    """Which user actions."""


@strawberry.input(description="An order of user actions by one field.")
class UserActionOrder(order_of(USER_ACTION_VIEW, "UserActionOrder")):
    """An order of user actions."""


USER_ACTIONS = offer(
    Capability(
        USER_ACTION_VIEW,
        UserAction,
        links={
            "account": ("company_id", "cust_id"),
            "user": ("user_id",),
            "promise": ("promise_id",),
            "activity": ("activity_id",),
            "pendingPayment": ("pending_payment_id",),
        },
    )
)

MOST_URGENT = (Order("priority"), Order("raised_on"), Order("action_no"))


@strawberry.type(description="A kind of user actions.")
class UserActionKindRecord(object_of(USER_ACTION_KIND_VIEW)):
    """A kind of user actions."""


@strawberry.input(description="Which kinds; all that is given must hold.")
class UserActionKindFilter(
    filter_of(USER_ACTION_KIND_VIEW, "api.user_actions", "UserActionKindFilter")
):
    """Which kinds."""


@strawberry.input(description="An order of kinds by one field.")
class UserActionKindOrder(order_of(USER_ACTION_KIND_VIEW, "UserActionKindOrder")):
    """An order of kinds."""


USER_ACTION_KINDS = offer(Capability(USER_ACTION_KIND_VIEW, UserActionKindRecord))


@strawberry.type(description="How many open user actions of a kind a user has.")
class UserActionCount:
    """How many open actions of a kind a user has."""

    user_id: str | None = strawberry.field(description="The user; null for nobody in particular.")
    kind: str = strawberry.field(description="The kind.")
    description: str = strawberry.field(description="What the site calls the kind.")
    priority: int = strawberry.field(description="How urgent they are; 1 is the most urgent.")
    count: int = strawberry.field(description="How many there are.")
    reading: strawberry.Private[Reading]

    @strawberry.field(description="The user; null for nobody in particular.")
    async def user(self, info: Info) -> User | None:
        """Return the user."""
        return (
            None if self.user_id is None else await one(info, USERS, self.reading, (self.user_id,))
        )


_OPEN = Compared("open", Operator.EQ, True)


def _speaks_of_ends(where: FilterInput | None) -> bool:
    """Whether a filter says itself whether actions are open."""
    names = ("open", "done_on", "withdrawn_on")
    told = (getattr(where, name, None) for name in names)
    return any(one is not None and one is not strawberry.UNSET for one in told)


@strawberry.type
class UserActionQuery:
    """User actions."""

    @strawberry.field(
        description="What the software tells users to look after, the most urgent first by default;"
        " open ones only, unless the filter says by `open`, `doneOn` or `withdrawnOn` which are"
        " meant."
    )
    async def user_actions(
        self,
        info: Info,
        scope: Scope = None,
        user_id: ScopedUser = None,
        where: Annotated[
            UserActionFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[UserActionOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[UserAction]:
        """Return user actions."""
        reading = await info.context.reading(as_of, known_at)
        parts = [await scoped(info, reading, scope, user_id, "user_id")]
        if not _speaks_of_ends(where):
            parts.append(_OPEN)
        return await connection(
            info,
            USER_ACTIONS,
            reading,
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            also=AllOf(parts),
            order=MOST_URGENT,
        )

    @strawberry.field(
        description="How many open user actions there are, by user and kind: users by id, nobody in"
        " particular last, and of each the most urgent first."
    )
    async def user_action_counts(
        self,
        info: Info,
        scope: Scope = None,
        user_id: ScopedUser = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> list[UserActionCount]:
        """Return counts of open user actions (UA-04)."""
        reading = await info.context.reading(as_of, known_at)
        where = AllOf((await scoped(info, reading, scope, user_id, "user_id"), _OPEN))
        records = await reading.fetch(
            summary(Listing(USER_ACTION_VIEW, reading.asked, (), where), ())
        )
        names = (*USER_ACTION_VIEW.summed_by, "count")
        counts = [
            UserActionCount(reading=reading, **dict(zip(names, record.values, strict=True)))
            for record in records
        ]
        counts.sort(
            key=lambda one: (one.user_id is None, one.user_id or "", one.priority, one.kind)
        )
        return counts

    @strawberry.field(description="The kinds of user actions; by default by name.")
    async def user_action_kinds(
        self,
        info: Info,
        where: Annotated[
            UserActionKindFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[UserActionKindOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[UserActionKindRecord]:
        """Return the kinds."""
        return await connection(
            info,
            USER_ACTION_KINDS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="The user action that is looked after.")
class CompleteUserActionInput:
    """The user action that is looked after."""

    action_id: str = strawberry.field(description="The user action.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="What to change of a kind; null is what it came with.")
class ChangeUserActionKindInput:
    """What to change of a kind."""

    kind: UserActionKind = strawberry.field(description="The kind.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What to call it."
    )
    priority: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How urgent its actions are, from 1, the most urgent, to 999.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What completing a user action led to.")
class CompleteUserActionPayload(Payload):
    """What completing a user action led to."""

    @strawberry.field(
        description="The user action; null if it was refused or the read models did not follow in"
        " time."
    )
    async def user_action(self, info: Info) -> UserAction | None:
        """Return the user action."""
        return await self.record(info, USER_ACTIONS)


@strawberry.type(description="What changing a kind of user actions led to.")
class ChangeUserActionKindPayload(Payload):
    """What changing a kind led to."""

    @strawberry.field(
        description="The kind; null if it was refused or the read models did not follow in time."
    )
    async def user_action_kind(self, info: Info) -> UserActionKindRecord | None:
        """Return the kind."""
        return await self.record(info, USER_ACTION_KINDS)


@strawberry.type
class UserActionMutation:
    """Looking after user actions."""

    @strawberry.mutation(
        description="Say that a user action is looked after; it is not raised again for the same"
        " occasion. Needs one of the roles admin, credit_manager and credit_user."
    )
    async def complete_user_action(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            CompleteUserActionInput, strawberry.argument(description="The user action.")
        ],
    ) -> CompleteUserActionPayload:
        """Complete a user action."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            CompleteUserActionPayload,
            USER_ACTION,
            (input.action_id,),
            CompleteUserAction(context.caller.reader, await context.today()),
            mutation="completeUserAction",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Change what a kind of user actions is called, or how urgent they are. Needs"
        " the role admin."
    )
    async def change_user_action_kind(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ChangeUserActionKindInput, strawberry.argument(description="What to change.")
        ],
    ) -> ChangeUserActionKindPayload:
        """Change a kind."""
        info.context.require(Role.ADMIN)
        kind = input.kind
        command = ChangeUserActionKind(kind, told(input.description), told(input.priority))
        return await answer(
            info.context,
            ChangeUserActionKindPayload,
            USER_ACTION_KIND,
            (kind.value,),
            command,
            mutation="changeUserActionKind",
            idempotency_key=input.idempotency_key,
        )
