"""GraphQL: legal holds on accounts and contacts, which forbid to erase persons."""

from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, Payload, answer
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
from api.view_types import filter_of, object_of, order_of
from application.erasing import held_key, known_asked
from domain.api_key import Role
from domain.legal_hold import LEGAL_HOLD, LiftLegalHold, PlaceLegalHold
from domain.shared.streams import stream_name
from projections.legal_hold_view import LEGAL_HOLD_VIEW

_COMPANY = "The ERP company of the account."
_ACCOUNT = "The account; a hold on it holds all its contacts."
_CONTACT = "A contact of the account, to hold that one alone."
_ROLES = "Needs one of the roles admin and credit_manager."


@strawberry.type(description="A legal hold on an account or a contact.")
class LegalHold(Node, object_of(LEGAL_HOLD_VIEW)):
    """A legal hold."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return f"{LEGAL_HOLD.category}/{self.values('subject')[0]}"


@strawberry.input(description="Which legal holds; all that is given must hold.")
class LegalHoldFilter(filter_of(LEGAL_HOLD_VIEW, "api.legal_holds", "LegalHoldFilter")):
    """Which legal holds."""


@strawberry.input(description="An order of legal holds by one field.")
class LegalHoldOrder(order_of(LEGAL_HOLD_VIEW, "LegalHoldOrder")):
    """An order of legal holds."""


LEGAL_HOLDS = offer(
    Capability(LEGAL_HOLD_VIEW, LegalHold, roles=frozenset(Role) - frozenset([Role.INQUIRY_USER]))
)


@strawberry.type
class LegalHoldQuery:
    """Legal holds."""

    @strawberry.field(
        description="Legal holds, lifted ones included, by default by what is held. Inquiry users"
        " may not read them."
    )
    async def legal_holds(
        self,
        info: Info,
        where: Annotated[
            LegalHoldFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[LegalHoldOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[LegalHold]:
        """Return legal holds."""
        return await connection(
            info,
            LEGAL_HOLDS,
            await info.context.reading(None, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="What to hold, and why.")
class PlaceLegalHoldInput:
    """What to hold."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description=_ACCOUNT)
    cntct_id: str | None = strawberry.field(default=None, description=_CONTACT)
    reason: str = strawberry.field(description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which hold to lift, and why.")
class LiftLegalHoldInput:
    """Which hold to lift."""

    company_id: str = strawberry.field(description=_COMPANY)
    cust_id: str = strawberry.field(description="The account.")
    cntct_id: str | None = strawberry.field(
        default=None, description="The contact, if the hold is on that one alone."
    )
    reason: str = strawberry.field(description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a mutation of a legal hold led to.")
class LegalHoldPayload(Payload):
    """What a mutation of a legal hold led to."""

    @strawberry.field(
        description="The hold; null if there never was one, if the mutation was refused, or if the"
        " read models did not follow in time."
    )
    async def legal_hold(self, info: Info) -> LegalHold | None:
        """Return the hold."""
        category, *key = self.key
        return await self.record(info, LEGAL_HOLDS, stream_name(category, *key))


@strawberry.type
class LegalHoldMutation:
    """Placing and lifting legal holds."""

    @strawberry.mutation(
        description="Hold an account, or one contact of it: nobody of it is erased until the hold"
        f" is lifted. {_ROLES}"
    )
    async def place_legal_hold(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            PlaceLegalHoldInput, strawberry.argument(description="What to hold, and why.")
        ],
    ) -> LegalHoldPayload:
        """Place a hold."""
        context = info.context
        context.require(*MAINTAINERS)
        key = held_key(input.company_id, input.cust_id, input.cntct_id)
        command = PlaceLegalHold(
            stream_name(*key), input.reason, context.caller.reader, await context.today()
        )
        return await answer(
            context,
            LegalHoldPayload,
            LEGAL_HOLD,
            key,
            command,
            mutation="placeLegalHold",
            idempotency_key=input.idempotency_key,
            consults=(known_asked(key),),
        )

    @strawberry.mutation(description=f"Lift a legal hold. {_ROLES}")
    async def lift_legal_hold(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            LiftLegalHoldInput, strawberry.argument(description="Which hold, and why.")
        ],
    ) -> LegalHoldPayload:
        """Lift a hold."""
        context = info.context
        context.require(*MAINTAINERS)
        key = held_key(input.company_id, input.cust_id, input.cntct_id)
        return await answer(
            context,
            LegalHoldPayload,
            LEGAL_HOLD,
            key,
            LiftLegalHold(input.reason, context.caller.reader, await context.today()),
            mutation="liftLegalHold",
            idempotency_key=input.idempotency_key,
        )
