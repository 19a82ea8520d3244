"""GraphQL: the site's reason codes, and maintaining them (DSP-05)."""

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
from domain.reason_code import REASON_CODE, DefineReasonCode, RetireReasonCode
from domain.shared.streams import stream_name
from projections.reason_code_view import REASON_CODE_VIEW


@strawberry.type(description="One of the site's own reasons for disputes and tags of documents.")
class ReasonCode(Node, object_of(REASON_CODE_VIEW)):
    """A reason code."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(REASON_CODE.category, *self.values("code"))


@strawberry.input(description="Which reason codes; all that is given must hold.")
class ReasonCodeFilter(filter_of(REASON_CODE_VIEW, "api.reason_codes", "ReasonCodeFilter")):
    """Which reason codes."""


@strawberry.input(description="An order of reason codes by one field.")
class ReasonCodeOrder(order_of(REASON_CODE_VIEW, "ReasonCodeOrder")):
    """An order of reason codes."""


REASON_CODES = offer(Capability(REASON_CODE_VIEW, ReasonCode))


@strawberry.type
class ReasonCodeQuery:
    """Reason codes."""

    @strawberry.field(description="The reason codes, retired ones included; by default by code.")
    async def reason_codes(
        self,
        info: Info,
        where: Annotated[
            ReasonCodeFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[ReasonCodeOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[ReasonCode]:
        """Return reason codes."""
        return await connection(
            info,
            REASON_CODES,
            await info.context.reading(None, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(description="A reason code, and what it means.")
class DefineReasonCodeInput:
    """A reason code, and what it means."""

    code: str = strawberry.field(description="The code; its key.")
    description: str = strawberry.field(description="What it means.")
    severity: int | None = strawberry.field(
        default=None, description="How severe it is: 1 is the most severe; null for not rated."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="The reason code to retire.")
class RetireReasonCodeInput:
    """The reason code to retire."""

    code: str = strawberry.field(description="The code.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type
class _AboutReasonCode(Payload):
    @strawberry.field(
        description="The reason code; null if it was refused or the read models did not follow in"
        " time."
    )
    async def reason_code(self, info: Info) -> ReasonCode | None:
        """Return the reason code."""
        return await self.record(info, REASON_CODES)


@strawberry.type(description="What defining a reason code led to.")
class DefineReasonCodePayload(_AboutReasonCode):
    """What defining a reason code led to."""


@strawberry.type(description="What retiring a reason code led to.")
class RetireReasonCodePayload(_AboutReasonCode):
    """What retiring a reason code led to."""


@strawberry.type
class ReasonCodeMutation:
    """Maintaining reason codes."""

    @strawberry.mutation(
        description="Define a reason code, change what it means, or let a retired one be given"
        " again. Needs one of the roles admin and credit_manager."
    )
    async def define_reason_code(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineReasonCodeInput, strawberry.argument(description="The code and its meaning.")
        ],
    ) -> DefineReasonCodePayload:
        """Define a reason code."""
        info.context.require(*MAINTAINERS)
        return await answer(
            info.context,
            DefineReasonCodePayload,
            REASON_CODE,
            (input.code,),
            DefineReasonCode(input.code, input.description, input.severity),
            mutation="defineReasonCode",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Let a reason code be given no more; what has it keeps it. Needs one of the"
        " roles admin and credit_manager."
    )
    async def retire_reason_code(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RetireReasonCodeInput, strawberry.argument(description="Which one.")
        ],
    ) -> RetireReasonCodePayload:
        """Retire a reason code."""
        info.context.require(*MAINTAINERS)
        return await answer(
            info.context,
            RetireReasonCodePayload,
            REASON_CODE,
            (input.code,),
            RetireReasonCode(),
            mutation="retireReasonCode",
            idempotency_key=input.idempotency_key,
        )
