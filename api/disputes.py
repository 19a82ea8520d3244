"""GraphQL: disputes of documents (DSP-01 to DSP-06, DSP-11, DSP-13), and what is done to them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry
from msgspec import UNSET as NOT_GIVEN
from strawberry.types.unset import UNSET

from api.accounts import ACCOUNTS, Account
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
    one,
    records_of,
)
from api.context import Context, Info
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from application.consulting import activity_asked
from application.handling import Consulted
from domain import invoice, reason_code
from domain.dispute import DISPUTE, ChangeDispute, CloseDispute, OpenDispute, ReopenDispute
from domain.shared.streams import stream_name
from projections.dispute_view import DISPUTE_VIEW

_NEEDS = " Needs one of the roles admin, credit_manager and credit_user."


@strawberry.type(description="What a customer contests of a document.")
class Dispute(Node, object_of(DISPUTE_VIEW)):
    """A dispute."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(DISPUTE.category, *self.values("dispute_id"))

    @strawberry.field(description="The document that is disputed.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))

    @strawberry.field(description="The account that the document was on when it was disputed.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))


@strawberry.input(description="Which disputes; all that is given must hold.")
class DisputeFilter(filter_of(DISPUTE_VIEW, "api.disputes", "DisputeFilter")):
    """Which disputes."""


@strawberry.input(description="An order of disputes by one field.")
class DisputeOrder(order_of(DISPUTE_VIEW, "DisputeOrder")):
    """An order of disputes."""


DISPUTES = offer(
    Capability(
        DISPUTE_VIEW,
        Dispute,
        links={"invoice": ("company_id", "tran_id"), "account": ("company_id", "cust_id")},
    )
)


@strawberry.type
class DisputeQuery:
    """Disputes."""

    @strawberry.field(
        description="Disputes, open and closed; by default by id. Open ones are those of the filter"
        " `{open: {eq: true}}`."
    )
    async def disputes(
        self,
        info: Info,
        where: Annotated[
            DisputeFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[DisputeOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Dispute]:
        """Return disputes."""
        return await connection(
            info,
            DISPUTES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(description="The dispute of an id; null if there is none.")
    async def dispute(
        self,
        info: Info,
        dispute_id: Annotated[str, strawberry.argument(description="The dispute's id.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Dispute | None:
        """Return a dispute."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, DISPUTES, reading, (dispute_id,))


@strawberry.input(description="What is disputed of which document.")
class OpenDisputeInput:
    """What is disputed of which document."""

    company_id: str = strawberry.field(description="The ERP company of the document.")
    tran_id: str = strawberry.field(description="The document; it must be open and no credit memo.")
    amount: Decimal = strawberry.field(
        description="The disputed amount in the document's currency: what is open at most."
    )
    dispute_date: date | None = strawberry.field(
        default=None,
        description="Since when it has been disputed: a date from the document's on, not ahead; by"
        " default the business date of now.",
    )
    reason_code: str | None = strawberry.field(
        default=None, description="The reason code, if one is known yet; none that is retired."
    )
    exclude_aging: bool = strawberry.field(
        default=False,
        description="Whether the amount is left out of aging and rules while the dispute is open.",
    )
    note: str | None = strawberry.field(default=None, description="What to note of it.")
    activity_id: str | None = strawberry.field(
        default=None, description="The activity in which the customer told it."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="What to change of a dispute; what is left out stays as it is.")
class ChangeDisputeInput:
    """What to change of a dispute."""

    dispute_id: str = strawberry.field(description="The dispute, which must be open.")
    amount: Decimal | None = strawberry.field(
        default=None,
        description="The disputed amount in the document's currency: what is open at most.",
    )
    reason_code: str | None = strawberry.field(
        default=UNSET, description="The reason code; null takes it off."
    )
    exclude_aging: bool | None = strawberry.field(
        default=None,
        description="Whether the amount is left out of aging and rules while the dispute is open.",
    )
    note: str | None = strawberry.field(
        default=UNSET, description="What is noted of it; null takes it off."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="How a dispute ended.")
class CloseDisputeInput:
    """How a dispute ended."""

    dispute_id: str = strawberry.field(description="The dispute.")
    closed_date: date | None = strawberry.field(
        default=None,
        description="When it ended: a date from the dispute's on, not ahead; by default the"
        " business date of now.",
    )
    outcome: str | None = strawberry.field(
        default=None, description="How it ended, in the site's own words."
    )
    note: str | None = strawberry.field(default=None, description="What to note of the ending.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="The dispute to reopen.")
class ReopenDisputeInput:
    """The dispute to reopen."""

    dispute_id: str = strawberry.field(description="The dispute.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type
class _AboutDispute(Payload):
    @strawberry.field(
        description="The dispute; null if it was refused or the read models did not follow in time."
    )
    async def dispute(self, info: Info) -> Dispute | None:
        """Return the dispute."""
        return await self.record(info, DISPUTES)


@strawberry.type(description="What opening a dispute led to.")
class OpenDisputePayload(_AboutDispute):
    """What opening a dispute led to."""


@strawberry.type(description="What changing a dispute led to.")
class ChangeDisputePayload(_AboutDispute):
    """What changing a dispute led to."""


@strawberry.type(description="What closing a dispute led to.")
class CloseDisputePayload(_AboutDispute):
    """What closing a dispute led to."""


@strawberry.type(description="What reopening a dispute led to.")
class ReopenDisputePayload(_AboutDispute):
    """What reopening a dispute led to."""


def _document(company_id: str, tran_id: str) -> Consulted:
    return Consulted(invoice.INVOICE, (company_id, tran_id), invoice.facts)


def _reason(code: str | None) -> tuple[Consulted, ...]:
    if code is None or code is UNSET:
        return ()
    return (Consulted(reason_code.REASON_CODE, (code,), reason_code.facts),)


async def _document_of(context: Context, dispute_id: str) -> tuple[Consulted, ...]:
    """Return the document of a dispute to consult, which never changes; none if it has none yet."""
    asked_for = frozenset({"companyId", "tranId"})
    reading = await context.reading()
    found = await records_of(DISPUTES, reading, [(dispute_id,)], asked_for, None)
    return tuple(_document(*one.values("company_id", "tran_id")) for one in found)


@strawberry.type
class DisputeMutation:
    """Opening, changing, closing and reopening disputes."""

    @strawberry.mutation(description="Dispute a document, or a part of it." + _NEEDS)
    async def open_dispute(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            OpenDisputeInput, strawberry.argument(description="What is disputed.")
        ],
    ) -> OpenDisputePayload:
        """Open a dispute."""
        context = info.context
        context.require(*COLLECTORS)
        today = await context.today()
        dispute_id = new_id(input.idempotency_key)
        command = OpenDispute(
            dispute_id,
            input.amount,
            input.dispute_date or today,
            context.caller.actor,
            today,
            input.reason_code,
            input.exclude_aging,
            input.note,
            input.activity_id,
        )
        return await answer(
            context,
            OpenDisputePayload,
            DISPUTE,
            (dispute_id,),
            command,
            mutation="openDispute",
            idempotency_key=input.idempotency_key,
            consults=(
                _document(input.company_id, input.tran_id),
                *_reason(input.reason_code),
                *activity_asked(input.activity_id),
            ),
        )

    @strawberry.mutation(
        description="Change the amount, the reason code, the exclusion from aging or the note of an"
        " open dispute. All but the reason code holds from the dispute's date on." + _NEEDS
    )
    async def change_dispute(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ChangeDisputeInput, strawberry.argument(description="What to change.")
        ],
    ) -> ChangeDisputePayload:
        """Change a dispute."""
        context = info.context
        context.require(*COLLECTORS)
        command = ChangeDispute(
            await context.today(),
            NOT_GIVEN if input.amount is None else input.amount,
            NOT_GIVEN if input.reason_code is UNSET else input.reason_code,
            NOT_GIVEN if input.exclude_aging is None else input.exclude_aging,
            NOT_GIVEN if input.note is UNSET else input.note,
        )
        consults = _reason(input.reason_code)
        if input.amount is not None:
            consults += await _document_of(context, input.dispute_id)
        return await answer(
            context,
            ChangeDisputePayload,
            DISPUTE,
            (input.dispute_id,),
            command,
            mutation="changeDispute",
            idempotency_key=input.idempotency_key,
            consults=consults,
        )

    @strawberry.mutation(
        description="Close a dispute. This resolves no issue and closes no document." + _NEEDS
    )
    async def close_dispute(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            CloseDisputeInput, strawberry.argument(description="How it ended.")
        ],
    ) -> CloseDisputePayload:
        """Close a dispute."""
        context = info.context
        context.require(*COLLECTORS)
        today = await context.today()
        return await answer(
            context,
            CloseDisputePayload,
            DISPUTE,
            (input.dispute_id,),
            CloseDispute(input.closed_date or today, today, input.outcome, input.note),
            mutation="closeDispute",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Take back that a dispute was closed, while its document is open." + _NEEDS
    )
    async def reopen_dispute(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ReopenDisputeInput, strawberry.argument(description="Which one.")
        ],
    ) -> ReopenDisputePayload:
        """Reopen a dispute."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            ReopenDisputePayload,
            DISPUTE,
            (input.dispute_id,),
            ReopenDispute(),
            mutation="reopenDispute",
            idempotency_key=input.idempotency_key,
            consults=await _document_of(context, input.dispute_id),
        )
