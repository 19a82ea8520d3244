"""GraphQL: erasing persons, alone or by two, and what was erased."""

from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, Payload, check_keys
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
from api.context import Context, Info
from api.errors import UserError
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from application.erasing import Wish
from domain.account import ACCOUNT
from domain.api_key import API_KEY, Role
from domain.contact import CONTACT
from domain.erasure import (
    ERASURE,
    ApproveErasure,
    AskErasure,
    ErasureCommand,
    WithdrawErasure,
)
from domain.personal_contact import PERSONAL_CONTACT
from domain.sales_person import SALES_PERSON
from domain.shared.decider import Refused
from domain.shared.streams import stream_name
from domain.user import USER
from projections.erasure_view import ERASURE_VIEW

_REASON = "Why, for the log; it is kept for ever, so it must not tell of the person."
_PERSON = "Whom: the name of their stream, as the erasure tells it."
_ROLES = "Needs one of the roles admin and credit_manager."


@strawberry.type(description="An erasure of a person: asked for, withdrawn or done.")
class Erasure(Node, object_of(ERASURE_VIEW)):
    """An erasure of a person."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return f"{ERASURE.category}/{self.values('person')[0]}"


@strawberry.input(description="Which erasures; all that is given must hold.")
class ErasureFilter(filter_of(ERASURE_VIEW, "api.erasures", "ErasureFilter")):
    """Which erasures."""


@strawberry.input(description="An order of erasures by one field.")
class ErasureOrder(order_of(ERASURE_VIEW, "ErasureOrder")):
    """An order of erasures."""


ERASURES = offer(
    Capability(ERASURE_VIEW, Erasure, roles=frozenset(Role) - frozenset([Role.INQUIRY_USER]))
)


@strawberry.type
class ErasureQuery:
    """Erasures."""

    @strawberry.field(
        description="Erasures of persons, by default by person; those that wait for approval are"
        " in the state asked. Inquiry users may not read them."
    )
    async def erasures(
        self,
        info: Info,
        where: Annotated[
            ErasureFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[ErasureOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Erasure]:
        """Return erasures."""
        return await connection(
            info,
            ERASURES,
            await info.context.reading(None, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="A contact of an account to erase.")
class EraseContactInput:
    """A contact to erase."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")
    cntct_id: str = strawberry.field(description="The contact.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A personal contact to erase.")
class ErasePersonalContactInput:
    """A personal contact to erase."""

    contact_id: str = strawberry.field(description="The contact.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A sales person to erase.")
class EraseSalesPersonInput:
    """A sales person to erase."""

    company_id: str = strawberry.field(description="The ERP company.")
    sper_id: str = strawberry.field(description="The sales person, as accounts name them.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A sales person without an id to erase.")
class EraseNamelessSalesPersonInput:
    """A sales person without an id to erase."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account that names them.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A user to erase, who must be retired.")
class EraseUserInput:
    """A user to erase."""

    user_id: str = strawberry.field(description="The user.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An API key whose holder's name is to be erased.")
class EraseApiKeyHolderInput:
    """An API key whose holder's name is to be erased."""

    key_id: str = strawberry.field(description="The key, which acts for no user.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An erasure that somebody else asked for.")
class ApproveErasureInput:
    """An erasure to approve."""

    person: str = strawberry.field(description=_PERSON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An erasure that one asked for oneself.")
class WithdrawErasureInput:
    """An erasure to withdraw."""

    person: str = strawberry.field(description=_PERSON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a mutation of an erasure led to.")
class ErasurePayload(Payload):
    """What a mutation of an erasure led to."""

    @strawberry.field(
        description="The erasure: asked if somebody else is to approve it, else erased; null if the"
        " mutation was refused, or if the read models did not follow in time."
    )
    async def erasure(self, info: Info) -> Erasure | None:
        """Return the erasure."""
        return await self.record(info, ERASURES)


@strawberry.type
class ErasureMutation:
    """Erasing persons."""

    @strawberry.mutation(
        description="Erase the person who is a contact of an account, for good: nobody can read any"
        " more who it was. Where the site wants two, this asks for it, and somebody else approves."
        f" {_ROLES}"
    )
    async def erase_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EraseContactInput, strawberry.argument(description="The contact, and why.")
        ],
    ) -> ErasurePayload:
        """Erase a contact."""
        key = input.company_id, input.cust_id, input.cntct_id
        return await _ask(
            info.context,
            stream_name(CONTACT.category, *key),
            input.reason,
            "eraseContact",
            input.idempotency_key,
        )

    @strawberry.mutation(
        description="Erase the person who is somebody's personal contact, for good. Where the site"
        f" wants two, this asks for it, and somebody else approves. {_ROLES}"
    )
    async def erase_personal_contact(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ErasePersonalContactInput, strawberry.argument(description="The contact, and why.")
        ],
    ) -> ErasurePayload:
        """Erase a personal contact."""
        return await _ask(
            info.context,
            stream_name(PERSONAL_CONTACT.category, input.contact_id),
            input.reason,
            "erasePersonalContact",
            input.idempotency_key,
        )

    @strawberry.mutation(
        description="Erase the person who is a sales person of the ERP, for good: name and"
        " user-defined fields, in accounts as well; the id stays. Where the site wants two, this"
        f" asks for it, and somebody else approves. {_ROLES}"
    )
    async def erase_sales_person(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EraseSalesPersonInput, strawberry.argument(description="The person, and why.")
        ],
    ) -> ErasurePayload:
        """Erase a sales person."""
        return await _ask(
            info.context,
            stream_name(SALES_PERSON.category, input.company_id, input.sper_id),
            input.reason,
            "eraseSalesPerson",
            input.idempotency_key,
        )

    @strawberry.mutation(
        description="Erase the sales person whom an account names without an id, for good. Where"
        f" the site wants two, this asks for it, and somebody else approves. {_ROLES}"
    )
    async def erase_nameless_sales_person(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EraseNamelessSalesPersonInput,
            strawberry.argument(description="The account that names them, and why."),
        ],
    ) -> ErasurePayload:
        """Erase a sales person who has no id."""
        return await _ask(
            info.context,
            stream_name(ACCOUNT.category, input.company_id, input.cust_id),
            input.reason,
            "eraseNamelessSalesPerson",
            input.idempotency_key,
        )

    @strawberry.mutation(
        description="Erase name and e-mail address of a retired user, for good, and the names of"
        " their API keys; the ids stay. Where"
        f" the site wants two, this asks for it, and somebody else approves. {_ROLES}"
    )
    async def erase_user(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EraseUserInput, strawberry.argument(description="The user, and why.")
        ],
    ) -> ErasurePayload:
        """Erase a user."""
        return await _ask(
            info.context,
            stream_name(USER.category, input.user_id),
            input.reason,
            "eraseUser",
            input.idempotency_key,
        )

    @strawberry.mutation(
        description="Erase the name of who has an API key that acts for no user, for good; a user's"
        " goes with the user. The key lets its holder in as before. Where the site wants two, this"
        f" asks for it, and somebody else approves. {_ROLES}"
    )
    async def erase_api_key_holder(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EraseApiKeyHolderInput, strawberry.argument(description="The key, and why.")
        ],
    ) -> ErasurePayload:
        """Erase the name of a key's holder."""
        return await _ask(
            info.context,
            stream_name(API_KEY.category, input.key_id),
            input.reason,
            "eraseApiKeyHolder",
            input.idempotency_key,
        )

    @strawberry.mutation(
        description="Approve an erasure that somebody else asked for: the person is erased, for"
        f" good. {_ROLES}"
    )
    async def approve_erasure(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ApproveErasureInput, strawberry.argument(description="Which erasure.")
        ],
    ) -> ErasurePayload:
        """Approve an erasure."""
        context = info.context
        context.require(*MAINTAINERS)
        command = ApproveErasure(context.caller.reader, await context.today())
        return await _carry_out(
            context, input.person, command, "approveErasure", input.idempotency_key
        )

    @strawberry.mutation(
        description="Withdraw an erasure that one asked for oneself and nobody approved yet."
        f" {_ROLES}"
    )
    async def withdraw_erasure(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            WithdrawErasureInput, strawberry.argument(description="Which erasure.")
        ],
    ) -> ErasurePayload:
        """Withdraw an erasure."""
        context = info.context
        context.require(*MAINTAINERS)
        command = WithdrawErasure(context.caller.reader, await context.today())
        return await _carry_out(
            context, input.person, command, "withdrawErasure", input.idempotency_key
        )


async def _ask(
    context: Context, person: str, reason: str, mutation: str, idempotency_key: str | None
) -> ErasurePayload:
    context.require(*MAINTAINERS)
    command = AskErasure(person, reason, context.caller.reader, await context.today())
    return await _carry_out(context, person, command, mutation, idempotency_key)


async def _carry_out(
    context: Context,
    person: str,
    command: ErasureCommand,
    mutation: str,
    idempotency_key: str | None,
) -> ErasurePayload:
    """Carry out what the caller wishes of an erasure."""
    check_keys(idempotency_key, (person,))
    wish = Wish(
        person,
        command,
        context.caller.actor,
        await context.today(),
        f"mutation/{mutation}",
        context.request_id,
        idempotency_key,
    )
    try:
        handled = await context.services.erase(context.caller.tenant, wish)
    except Refused as refusal:
        return ErasurePayload(
            user_errors=[UserError.of(refusal)], position=None, key=(person,), reading=None
        )
    return ErasurePayload(
        user_errors=[],
        position=handled.position,
        key=(person,),
        reading=await context.reading_at_least(handled.position),
    )
