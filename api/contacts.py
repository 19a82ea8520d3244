"""GraphQL: contacts of accounts, and keeping local ones (ACC-15 to ACC-18)."""

from typing import TYPE_CHECKING, Annotated

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
    offered,
    one,
)
from api.context import Info
from api.nodes import Node
from api.people import PersonChangeFields, PersonFields, given
from api.view_types import filter_of, object_of, order_of
from application.handling import Consulted
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.contact import CONTACT, AddContact, ChangeContact, ContactDocument, RemoveContact
from domain.shared.streams import stream_name
from projections.contact_view import CONTACT_VIEW

if TYPE_CHECKING:
    from api.accounts import Account

_KEY = ("company_id", "cust_id", "cntct_id")


@strawberry.type(description="A contact of an account: the ERP's, or a local one.")
class Contact(Node, object_of(CONTACT_VIEW)):
    """A contact of an account."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(CONTACT.category, *self.values(*_KEY))

    @strawberry.field(description="The account.")
    async def account(
        self, info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts")] | None:
        """Return the account."""
        key = self.values("company_id", "cust_id")
        return await one(info, offered("accounts"), self.reading, key)


@strawberry.input(description="Which contacts; all that is given must hold.")
class ContactFilter(filter_of(CONTACT_VIEW, "api.contacts", "ContactFilter")):
    """Which contacts."""


@strawberry.input(description="An order of contacts by one field.")
class ContactOrder(order_of(CONTACT_VIEW, "ContactOrder")):
    """An order of contacts."""


CONTACTS = offer(Capability(CONTACT_VIEW, Contact))


@strawberry.type
class ContactQuery:
    """Contacts."""

    @strawberry.field(description="Contacts of accounts; by default by company, account and id.")
    async def contacts(
        self,
        info: Info,
        where: Annotated[
            ContactFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[ContactOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Contact]:
        """Return contacts."""
        return await connection(
            info,
            CONTACTS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


_COMPANY = "The ERP company of the account."
_ACCOUNT = "The account."
_PRIMARY = "Whether it is the account's primary contact."
_AUTOMATED = "Whether automated e-mails go to this contact."


@strawberry.input(description="A local contact to add to an account.")
class AddContactInput(PersonFields):
    """A contact to add."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description=_ACCOUNT)
    primary: bool = strawberry.field(default=False, description=_PRIMARY)
    include_in_automated_email: bool = strawberry.field(default=False, description=_AUTOMATED)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(
    description="What to change of a local contact: null clears, what is left out stays."
)
class ChangeContactInput(PersonChangeFields):
    """What to change of a contact."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description=_ACCOUNT)
    cntct_id: str = strawberry.field(description="The contact.")
    primary: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_PRIMARY} Null leaves it."
    )
    include_in_automated_email: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_AUTOMATED} Null leaves it."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A local contact to remove.")
class RemoveContactInput:
    """A contact to remove."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description=_ACCOUNT)
    cntct_id: str = strawberry.field(description="The contact.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a mutation of a contact led to.")
class ContactPayload(Payload):
    """What a mutation of a contact led to."""

    @strawberry.field(
        description="The contact; null if it is removed, if the mutation was refused, or if the"
        " read models did not follow in time."
    )
    async def contact(self, info: Info) -> Contact | None:
        """Return the contact."""
        return await self.record(info, CONTACTS)

    @strawberry.field(
        description="The account; null if the mutation was refused, or if the read models did not"
        " follow in time."
    )
    async def account(
        self, info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts")] | None:
        """Return the account."""
        return await self.record(info, offered("accounts"), *self.key[:2])


@strawberry.type
class ContactMutation:
    """Keeping local contacts."""

    @strawberry.mutation(
        description="Add a local contact to an account; no sync touches it. Needs the role admin,"
        " credit_manager or credit_user."
    )
    async def add_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AddContactInput, strawberry.argument(description="The contact.")
        ],
    ) -> ContactPayload:
        """Add a contact."""
        context = info.context
        context.require(*COLLECTORS)
        account = (input.company_id, input.cust_id)
        key = (*account, new_id(input.idempotency_key))
        document = ContactDocument(
            *key, input.person(), input.primary, input.include_in_automated_email
        )
        return await answer(
            context,
            ContactPayload,
            CONTACT,
            key,
            AddContact(document, await context.today()),
            mutation="addContact",
            idempotency_key=input.idempotency_key,
            consults=(Consulted(ACCOUNT, account, account_facts),),
        )

    @strawberry.mutation(
        description="Change a local contact; one of the ERP is changed there. Needs the role admin,"
        " credit_manager or credit_user."
    )
    async def change_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ChangeContactInput, strawberry.argument(description="What to change.")
        ],
    ) -> ContactPayload:
        """Change a contact."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            ContactPayload,
            CONTACT,
            (input.company_id, input.cust_id, input.cntct_id),
            ChangeContact(
                input.change(), given(input.primary), given(input.include_in_automated_email)
            ),
            mutation="changeContact",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Remove a local contact: it is not listed from today on. Needs the role admin,"
        " credit_manager or credit_user."
    )
    async def remove_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RemoveContactInput, strawberry.argument(description="Which contact.")
        ],
    ) -> ContactPayload:
        """Remove a contact."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            ContactPayload,
            CONTACT,
            (input.company_id, input.cust_id, input.cntct_id),
            RemoveContact(await context.today()),
            mutation="removeContact",
            idempotency_key=input.idempotency_key,
        )
