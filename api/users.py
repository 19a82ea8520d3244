"""GraphQL: users, and the teams that they are in (USR-10, USR-11)."""

from typing import Annotated

import strawberry
from msgspec import UNSET as NOT_GIVEN
from msgspec import UnsetType
from strawberry.types.unset import UNSET

import domain.user
from api.commands import IDEMPOTENCY_KEY, Payload, answer, check_keys
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
    one,
)
from api.context import Context, Info
from api.nodes import Node
from api.view_types import ViewObject, filter_of, object_of, order_of
from application.handling import Consulted
from domain.api_key import Role
from domain.shared.streams import stream_name
from domain.user import USER, ChangeUser, RegisterUser, UserKind, UserProfile
from projections.user_view import USER_VIEW
from projections.users import managers_above

strawberry.enum(
    UserKind,
    name="UserKind",
    description="What a user is there for: a CREDIT_USER works on accounts, a CREDIT_MANAGER"
    " sees the work of its team as well, an INQUIRY_USER only looks and notes.",
)

_USER_ID = "The user's id: short, such as initials; it never changes."
_NAME = "The user's name."
_KIND = "What the user is there for."
_EMAIL = "The user's e-mail address."
_MANAGER = "The user whose team it is in."


@strawberry.type(description="A user, as far as accounts and teams are assigned to users.")
class User(Node, object_of(USER_VIEW)):
    """A user."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(USER.category, *self.values("user_id"))

    @strawberry.field(description="The user whose team it is in.")
    async def manager(self, info: Info) -> Annotated["User", strawberry.lazy("api.users")] | None:
        """Return the manager."""
        (manager_id,) = self.values("manager_id")
        return None if manager_id is None else await one(info, USERS, self.reading, (manager_id,))

    @strawberry.field(description="The users in its own team, by id.")
    async def team(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["User", strawberry.lazy("api.users")]]:
        """Return the team."""
        key = self.values("user_id")
        return await connection_of_parent(info, USERS, self.reading, key, ("manager_id",), first)


@strawberry.input(description="Which users; all that is given must hold.")
class UserFilter(filter_of(USER_VIEW, "api.users", "UserFilter")):
    """Which users."""


@strawberry.input(description="An order of users by one field.")
class UserOrder(order_of(USER_VIEW, "UserOrder")):
    """An order of users."""


USERS = offer(Capability(USER_VIEW, User, links={"manager": ("manager_id",)}))


@strawberry.type
class Assigned(ViewObject):
    """What is assigned to a user: it has a field `assigned_user_id`."""

    @strawberry.field(
        description="The user to whom it is assigned; null if nobody is, or nobody who is"
        " registered."
    )
    async def assigned_user(self, info: Info) -> User | None:
        """Return the user (ACC-26)."""
        (user_id,) = self.values("assigned_user_id")
        return None if user_id is None else await one(info, USERS, self.reading, (user_id,))


ASSIGNED_LINK = {"assignedUser": ("assigned_user_id",)}
"""What the field of `Assigned` needs of its record."""


@strawberry.type
class UserQuery:
    """Users."""

    @strawberry.field(description="Users; by default by id.")
    async def users(
        self,
        info: Info,
        where: Annotated[
            UserFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[UserOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[User]:
        """Return users."""
        return await connection(
            info,
            USERS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="A user to register.")
class RegisterUserInput:
    """A user to register."""

    user_id: str = strawberry.field(description=_USER_ID)
    name: str = strawberry.field(description=_NAME)
    kind: UserKind = strawberry.field(description=_KIND)
    email: str | None = strawberry.field(default=None, description=_EMAIL)
    manager_id: str | None = strawberry.field(default=None, description=_MANAGER)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="What to change of a user; what is left out stays as it is.")
class ChangeUserInput:
    """What to change of a user."""

    user_id: str = strawberry.field(description="The user.")
    name: str | None = strawberry.field(default=UNSET, description=_NAME)
    kind: UserKind | None = strawberry.field(default=UNSET, description=_KIND)
    email: str | None = strawberry.field(default=UNSET, description=f"{_EMAIL} Null for none.")
    manager_id: str | None = strawberry.field(
        default=UNSET, description=f"{_MANAGER} Null for nobody's."
    )
    active: bool | None = strawberry.field(
        default=UNSET,
        description="False retires the user, who is then assigned nothing more and whose API keys"
        " let nobody in; true takes it back.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def command(self) -> ChangeUser:
        """Return the command; null leaves a name, a kind and whether it is active, too."""

        def unset(value: str | None) -> str | UnsetType | None:
            return NOT_GIVEN if value is UNSET else value

        return ChangeUser(
            name=NOT_GIVEN if self.name is UNSET or self.name is None else self.name,
            kind=NOT_GIVEN if self.kind is UNSET or self.kind is None else self.kind,
            email=unset(self.email),
            manager_id=unset(self.manager_id),
            active=NOT_GIVEN if self.active is UNSET or self.active is None else self.active,
        )


@strawberry.type(description="What registering or changing a user led to.")
class UserPayload(Payload):
    """What registering or changing a user led to."""

    @strawberry.field(
        description="The user; null if it was refused or the read models did not follow in time."
    )
    async def user(self, info: Info) -> User | None:
        """Return the user."""
        return await self.record(info, USERS)


@strawberry.type
class UserMutation:
    """Registering and changing users."""

    @strawberry.mutation(description="Register a user. Needs the role admin.")
    async def register_user(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RegisterUserInput, strawberry.argument(description="The user.")
        ],
    ) -> UserPayload:
        """Register a user."""
        context = info.context
        context.require(Role.ADMIN)
        profile = UserProfile(
            input.user_id, input.name, input.kind, input.email, input.manager_id or None
        )
        return await answer(
            context,
            UserPayload,
            USER,
            (input.user_id,),
            RegisterUser(profile),
            mutation="registerUser",
            idempotency_key=input.idempotency_key,
            consults=await _managers(context, profile.manager_id),
        )

    @strawberry.mutation(description="Change, retire or take back a user. Needs the role admin.")
    async def change_user(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ChangeUserInput, strawberry.argument(description="What to change.")
        ],
    ) -> UserPayload:
        """Change a user."""
        context = info.context
        context.require(Role.ADMIN)
        command = input.command()
        manager_id = None if isinstance(command.manager_id, UnsetType) else command.manager_id
        return await answer(
            context,
            UserPayload,
            USER,
            (input.user_id,),
            command,
            mutation="changeUser",
            idempotency_key=input.idempotency_key,
            consults=await _managers(context, manager_id),
        )


async def _managers(context: Context, manager_id: str | None) -> tuple[Consulted, ...]:
    """Return whom a decision asks: a manager and those above, as far as is known of them."""
    if not manager_id:
        return ()
    check_keys(None, (manager_id,))
    reading = await context.reading()
    above = await reading.fetch(managers_above(context.caller.tenant, manager_id))
    ids = dict.fromkeys([manager_id, *above])
    return tuple(Consulted(USER, (one,), domain.user.facts) for one in ids)
