"""GraphQL: payment schedules of documents, making them and cancelling them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from api.accounts import ACCOUNTS, Account
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
    one,
    parts_of_parent,
)
from api.context import Info
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from application.handling import Consulted
from domain.api_key import Role
from domain.invoice import INVOICE
from domain.invoice import facts as invoice_facts
from domain.payment_schedule import (
    INSTALMENTS_MAX,
    INSTALMENTS_MIN,
    PAYMENT_SCHEDULE,
    CancelPaymentSchedule,
    PlannedInstalment,
    SchedulePayments,
)
from domain.shared.streams import stream_name
from projections.payment_schedule_view import INSTALMENT_VIEW, PAYMENT_SCHEDULE_VIEW

_KEY = ("company_id", "tran_id")


@strawberry.type(description="One of the payments in which a document is paid.")
class Instalment(object_of(INSTALMENT_VIEW)):
    """An instalment."""


INSTALMENTS = offer(Capability(INSTALMENT_VIEW, Instalment))


@strawberry.type(
    description="A payment schedule: a document is paid in instalments, which stand for its own"
    " balance and due date."
)
class PaymentSchedule(Node, object_of(PAYMENT_SCHEDULE_VIEW)):
    """A payment schedule."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(PAYMENT_SCHEDULE.category, *self.values(*_KEY))

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values(*_KEY))

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(description="The instalments, all of them; the one due first comes first.")
    async def instalments(self, info: Info) -> list[Instalment]:
        """Return the instalments."""
        return await parts_of_parent(
            info, INSTALMENTS, self.reading, self.values(*_KEY), _KEY, INSTALMENTS_MAX
        )


@strawberry.input(description="Which payment schedules; all that is given must hold.")
class PaymentScheduleFilter(
    filter_of(PAYMENT_SCHEDULE_VIEW, "api.payment_schedules", "PaymentScheduleFilter")
):
    """Which payment schedules."""


@strawberry.input(description="An order of payment schedules by one field.")
class PaymentScheduleOrder(order_of(PAYMENT_SCHEDULE_VIEW, "PaymentScheduleOrder")):
    """An order of payment schedules."""


PAYMENT_SCHEDULES = offer(
    Capability(PAYMENT_SCHEDULE_VIEW, PaymentSchedule, links={"account": ("cust_id",)})
)


@strawberry.type
class PaymentScheduleQuery:
    """Payment schedules."""

    @strawberry.field(
        description="Payment schedules that hold on the date; by default by company and document."
    )
    async def payment_schedules(
        self,
        info: Info,
        where: Annotated[
            PaymentScheduleFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[PaymentScheduleOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[PaymentSchedule]:
        """Return payment schedules."""
        return await connection(
            info,
            PAYMENT_SCHEDULES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(
        description="The payment schedule of a document that holds on the date; null if it has"
        " none."
    )
    async def payment_schedule(
        self,
        info: Info,
        company_id: Annotated[str, strawberry.argument(description="The ERP company.")],
        tran_id: Annotated[str, strawberry.argument(description="The document's number.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> PaymentSchedule | None:
        """Return a payment schedule."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, PAYMENT_SCHEDULES, reading, (company_id, tran_id))


@strawberry.input(description="An instalment to schedule.")
class InstalmentInput:
    """An instalment to schedule."""

    due_date: date = strawberry.field(
        description="When it is due: later than the one before, and not before the document's date."
    )
    amount: Decimal = strawberry.field(
        description="Its amount in the document's currency: more than nothing."
    )


@strawberry.input(description="A payment schedule to make.")
class SchedulePaymentsInput:
    """A payment schedule to make."""

    company_id: str = strawberry.field(description="The ERP company of the document.")
    tran_id: str = strawberry.field(description="The document.")
    instalments: list[InstalmentInput] = strawberry.field(
        description=f"{INSTALMENTS_MIN} to {INSTALMENTS_MAX} instalments in the order in which they"
        " are due; they sum to what is open of the document."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why: special terms, a plan that the customer asked for …"
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A payment schedule to cancel.")
class CancelPaymentScheduleInput:
    """A payment schedule to cancel."""

    company_id: str = strawberry.field(description="The ERP company of the document.")
    tran_id: str = strawberry.field(description="The document.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What making a payment schedule led to.")
class SchedulePaymentsPayload(Payload):
    """What making a payment schedule led to."""

    @strawberry.field(
        description="The payment schedule; null if it was refused or the read models did not follow"
        " in time."
    )
    async def payment_schedule(self, info: Info) -> PaymentSchedule | None:
        """Return the payment schedule."""
        return await self.record(info, PAYMENT_SCHEDULES)


@strawberry.type(description="What cancelling a payment schedule led to.")
class CancelPaymentSchedulePayload(Payload):
    """What cancelling a payment schedule led to."""

    @strawberry.field(
        description="The document, which has no payment schedule any more; null if it was refused"
        " or the read models did not follow in time."
    )
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await self.record(info, INVOICES)


@strawberry.type
class PaymentScheduleMutation:
    """Making and cancelling payment schedules."""

    @strawberry.mutation(
        description="Let what is open of a document be paid in instalments, in place of a schedule"
        " that it has. Needs the role admin."
    )
    async def schedule_payments(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SchedulePaymentsInput, strawberry.argument(description="The payment schedule.")
        ],
    ) -> SchedulePaymentsPayload:
        """Make or replace a payment schedule."""
        context = info.context
        context.require(Role.ADMIN)
        key = (input.company_id, input.tran_id)
        instalments = tuple(
            PlannedInstalment(told.due_date, told.amount) for told in input.instalments
        )
        return await answer(
            context,
            SchedulePaymentsPayload,
            PAYMENT_SCHEDULE,
            key,
            SchedulePayments(instalments, input.reason, await context.today()),
            mutation="schedulePayments",
            idempotency_key=input.idempotency_key,
            consults=(Consulted(INVOICE, key, invoice_facts),),
        )

    @strawberry.mutation(
        description="Let a document be due as the ERP says again. Needs the role admin."
    )
    async def cancel_payment_schedule(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            CancelPaymentScheduleInput,
            strawberry.argument(description="The payment schedule to cancel."),
        ],
    ) -> CancelPaymentSchedulePayload:
        """Cancel a payment schedule."""
        context = info.context
        context.require(Role.ADMIN)
        return await answer(
            context,
            CancelPaymentSchedulePayload,
            PAYMENT_SCHEDULE,
            (input.company_id, input.tran_id),
            CancelPaymentSchedule(input.reason, await context.today()),
            mutation="cancelPaymentSchedule",
            idempotency_key=input.idempotency_key,
        )
