"""GraphQL: personal contacts, which only their owner sees and keeps (ACC-19)."""

from typing import Annotated

import strawberry

from api.commands import COLLECTORS, IDEMPOTENCY_KEY, Payload, answer, new_id
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
from api.people import PersonChangeFields, PersonFields
from api.view_types import filter_of, object_of, order_of
from domain.personal_contact import (
    PERSONAL_CONTACT,
    AddPersonalContact,
    ChangePersonalContact,
    RemovePersonalContact,
)
from projections.personal_contact_view import PERSONAL_CONTACT_VIEW


@strawberry.type(description="A contact of one's own, attached to no account; nobody else sees it.")
class PersonalContact(Node, object_of(PERSONAL_CONTACT_VIEW)):
    """A personal contact."""


@strawberry.input(description="Which personal contacts; all that is given must hold.")
class PersonalContactFilter(
    filter_of(PERSONAL_CONTACT_VIEW, "api.personal_contacts", "PersonalContactFilter")
):
    """Which personal contacts."""


@strawberry.input(description="An order of personal contacts by one field.")
class PersonalContactOrder(order_of(PERSONAL_CONTACT_VIEW, "PersonalContactOrder")):
    """An order of personal contacts."""


PERSONAL_CONTACTS = offer(Capability(PERSONAL_CONTACT_VIEW, PersonalContact))


@strawberry.type
class PersonalContactQuery:
    """One's own contacts."""

    @strawberry.field(description="Your own contacts; by default by id.")
    async def personal_contacts(
        self,
        info: Info,
        where: Annotated[
            PersonalContactFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[PersonalContactOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[PersonalContact]:
        """Return the caller's contacts."""
        return await connection(
            info,
            PERSONAL_CONTACTS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="A contact of one's own to add.")
class AddPersonalContactInput(PersonFields):
    """A contact to add."""

    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(
    description="What to change of a contact of one's own: null clears, what is left out stays."
)
class ChangePersonalContactInput(PersonChangeFields):
    """What to change of a contact."""

    contact_id: str = strawberry.field(description="The contact.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A contact of one's own to remove.")
class RemovePersonalContactInput:
    """A contact to remove."""

    contact_id: str = strawberry.field(description="The contact.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a mutation of a personal contact led to.")
class PersonalContactPayload(Payload):
    """What a mutation of a personal contact led to."""

    @strawberry.field(
        description="The contact; null if it is removed, if the mutation was refused, or if the"
        " read models did not follow in time."
    )
    async def personal_contact(self, info: Info) -> PersonalContact | None:
        """Return the contact."""
        return await self.record(info, PERSONAL_CONTACTS)


@strawberry.type
class PersonalContactMutation:
    """Keeping contacts of one's own."""

    @strawberry.mutation(
        description="Add a contact of one's own. Needs the role admin, credit_manager or"
        " credit_user."
    )
    async def add_personal_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AddPersonalContactInput, strawberry.argument(description="The contact.")
        ],
    ) -> PersonalContactPayload:
        """Add a contact."""
        context = info.context
        context.require(*COLLECTORS)
        contact_id, owner = new_id(input.idempotency_key), context.caller.actor
        return await answer(
            context,
            PersonalContactPayload,
            PERSONAL_CONTACT,
            (contact_id,),
            AddPersonalContact(contact_id, owner, input.person(), await context.today()),
            mutation="addPersonalContact",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Change a contact of one's own. Needs the role admin, credit_manager or"
        " credit_user."
    )
    async def change_personal_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ChangePersonalContactInput, strawberry.argument(description="What to change.")
        ],
    ) -> PersonalContactPayload:
        """Change a contact."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            PersonalContactPayload,
            PERSONAL_CONTACT,
            (input.contact_id,),
            ChangePersonalContact(context.caller.actor, input.change()),
            mutation="changePersonalContact",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Remove a contact of one's own: it is not listed from today on. Needs the role"
        " admin, credit_manager or credit_user."
    )
    async def remove_personal_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RemovePersonalContactInput, strawberry.argument(description="Which contact.")
        ],
    ) -> PersonalContactPayload:
        """Remove a contact."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            PersonalContactPayload,
            PERSONAL_CONTACT,
            (input.contact_id,),
            RemovePersonalContact(context.caller.actor, await context.today()),
            mutation="removePersonalContact",
            idempotency_key=input.idempotency_key,
        )
