"""GraphQL: expected payments and promises to pay (PRM-01 to PRM-10)."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

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
    connection_of_parent,
    offer,
    one,
)
from api.context import Info
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.payments import PAYMENTS, Payment
from api.view_types import filter_of, object_of, order_of
from application.consulting import activity_asked
from application.handling import Consulted
from domain import account, invoice
from domain.promise import (
    INVOICES_MAX,
    PROMISE,
    ConfirmPromise,
    RecordExpectedPayment,
    WithdrawPromise,
)
from domain.shared.streams import stream_name
from projections.listing import Order
from projections.promise_view import PROMISE_INVOICE_VIEW, PROMISE_RECEIPT_VIEW, PROMISE_VIEW

_KEY = ("promise_id",)


@strawberry.type(description="An invoice that an expected payment is for.")
class PromiseInvoice(object_of(PROMISE_INVOICE_VIEW)):
    """An invoice that an expected payment is for."""

    @strawberry.field(description="The invoice.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the invoice."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))

    @strawberry.field(description="The expected payment.")
    async def promise(
        self, info: Info
    ) -> Annotated["Promise", strawberry.lazy("api.promises")] | None:
        """Return the expected payment."""
        return await one(info, PROMISES, self.reading, self.values(*_KEY))


PROMISE_INVOICES = offer(Capability(PROMISE_INVOICE_VIEW, PromiseInvoice))


@strawberry.type(description="Money received towards an expected payment.")
class PromiseReceipt(object_of(PROMISE_RECEIPT_VIEW)):
    """Money received towards an expected payment."""

    @strawberry.field(description="The invoice that was paid; null for one on the account.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the invoice."""
        company_id, tran_id = self.values("company_id", "tran_id")
        if tran_id is None:
            return None
        return await one(info, INVOICES, self.reading, (company_id, tran_id))

    @strawberry.field(description="The payment; null if the ERP tells of none.")
    async def payment(self, info: Info) -> Payment | None:
        """Return the payment."""
        company_id, payment_id = self.values("company_id", "payment_id")
        if payment_id is None:
            return None
        return await one(info, PAYMENTS, self.reading, (company_id, payment_id))


PROMISE_RECEIPTS = offer(
    Capability(
        PROMISE_RECEIPT_VIEW,
        PromiseReceipt,
        links={"invoice": ("company_id", "tran_id"), "payment": ("company_id", "payment_id")},
    )
)


@strawberry.type(description="A payment that is expected by a date, and perhaps promised.")
class Promise(Node, object_of(PROMISE_VIEW)):
    """An expected payment."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(PROMISE.category, *self.values(*_KEY))

    @strawberry.field(description="The account that is to pay.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(
        description="The invoices that it is for, by number; none if it is for the account as a"
        " whole."
    )
    async def invoices(self, info: Info, first: First = None) -> Connection[PromiseInvoice]:
        """Return the invoices."""
        return await connection_of_parent(
            info, PROMISE_INVOICES, self.reading, self.values(*_KEY), _KEY, first
        )

    @strawberry.field(description="What was received towards it; the earliest first.")
    async def receipts(self, info: Info, first: First = None) -> Connection[PromiseReceipt]:
        """Return receipts, earliest first."""
        return await connection_of_parent(
            info,
            PROMISE_RECEIPTS,
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            order=(Order("dated"),),
        )


@strawberry.input(description="Which expected payments; all that is given must hold.")
class PromiseFilter(filter_of(PROMISE_VIEW, "api.promises", "PromiseFilter")):
    """Which expected payments."""


@strawberry.input(description="An order of expected payments by one field.")
class PromiseOrder(order_of(PROMISE_VIEW, "PromiseOrder")):
    """An order of expected payments."""


PROMISES = offer(Capability(PROMISE_VIEW, Promise, links={"account": ("company_id", "cust_id")}))


@strawberry.type
class PromiseQuery:
    """Expected payments and promises."""

    @strawberry.field(description="Expected payments and promises to pay; by default by id.")
    async def promises(
        self,
        info: Info,
        where: Annotated[
            PromiseFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[PromiseOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Promise]:
        """Return expected payments."""
        return await connection(
            info,
            PROMISES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(description="The expected payment of an id; null if there is none.")
    async def promise(
        self,
        info: Info,
        promise_id: Annotated[str, strawberry.argument(description="Its id.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Promise | None:
        """Return an expected payment."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, PROMISES, reading, (promise_id,))


@strawberry.input(description="A payment to expect of an account.")
class RecordExpectedPaymentInput:
    """A payment to expect."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account that is to pay.")
    amount: Decimal = strawberry.field(description="How much; more than zero.")
    curr_id: str | None = strawberry.field(
        default=None,
        description="In which currency, as an ISO 4217 code or as the ERP writes it; that of the"
        " invoices by default, and needed if none is named.",
    )
    expect_date: date = strawberry.field(description="By when; today or later.")
    promise: bool = strawberry.field(
        default=False, description="Whether the customer committed to it: a promise to pay."
    )
    tran_ids: list[str] = strawberry.field(
        default_factory=list,
        description="The invoices that it is for, all of them together; none for any payment of"
        " the account in the currency.",
    )
    note: str | None = strawberry.field(default=None, description="What to note with it.")
    user_id: str | None = strawberry.field(
        default=None, description="Who looks after it; by default whoever records it."
    )
    activity_id: str | None = strawberry.field(
        default=None, description="The activity, such as a phone call, in which it was made."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An expected payment that the customer has committed to.")
class ConfirmPromiseInput:
    """An expected payment to make a promise."""

    promise_id: str = strawberry.field(description="Its id.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An expected payment or promise to withdraw.")
class WithdrawPromiseInput:
    """An expected payment to withdraw."""

    promise_id: str = strawberry.field(description="Its id.")
    reason: str = strawberry.field(description="Why it no longer stands.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a command about an expected payment led to.")
class PromisePayload(Payload):
    """What a command about an expected payment led to."""

    @strawberry.field(
        description="The expected payment; null if it was refused or the read models did not follow"
        " in time."
    )
    async def promise(self, info: Info) -> Promise | None:
        """Return the expected payment."""
        return await self.record(info, PROMISES)


@strawberry.type(description="What recording an expected payment led to.")
class RecordExpectedPaymentPayload(PromisePayload):
    """What recording an expected payment led to."""


@strawberry.type(description="What confirming a promise led to.")
class ConfirmPromisePayload(PromisePayload):
    """What confirming a promise led to."""


@strawberry.type(description="What withdrawing an expected payment led to.")
class WithdrawPromisePayload(PromisePayload):
    """What withdrawing an expected payment led to."""


@strawberry.type
class PromiseMutation:
    """Recording, confirming and withdrawing expected payments."""

    @strawberry.mutation(
        description="Record a payment that is expected of an account, or promised by it. Needs the"
        " role admin, credit_manager or credit_user."
    )
    async def record_expected_payment(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RecordExpectedPaymentInput, strawberry.argument(description="The payment to expect.")
        ],
    ) -> RecordExpectedPaymentPayload:
        """Record an expected payment."""
        context = info.context
        context.require(*COLLECTORS)
        promise_id = new_id(input.idempotency_key)
        command = RecordExpectedPayment(
            promise_id,
            input.company_id,
            input.cust_id,
            input.amount,
            input.expect_date,
            await context.today(),
            input.curr_id,
            tuple(input.tran_ids),
            input.promise,
            input.note,
            input.user_id or context.caller.actor,
            input.activity_id,
        )
        return await answer(
            context,
            RecordExpectedPaymentPayload,
            PROMISE,
            (promise_id,),
            command,
            mutation="recordExpectedPayment",
            idempotency_key=input.idempotency_key,
            consults=(
                Consulted(account.ACCOUNT, (input.company_id, input.cust_id), account.facts),
                *activity_asked(input.activity_id),
                *(
                    Consulted(invoice.INVOICE, (input.company_id, tran_id), invoice.facts)
                    for tran_id in input.tran_ids[:INVOICES_MAX]
                ),
            ),
        )

    @strawberry.mutation(
        description="Make an expected payment a promise to pay, as the customer committed to it."
        " Needs the role admin, credit_manager or credit_user."
    )
    async def confirm_promise(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ConfirmPromiseInput, strawberry.argument(description="The expected payment.")
        ],
    ) -> ConfirmPromisePayload:
        """Confirm a promise."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            ConfirmPromisePayload,
            PROMISE,
            (input.promise_id,),
            ConfirmPromise(await context.today()),
            mutation="confirmPromise",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Withdraw an open expected payment or promise, which is then not judged. Needs"
        " the role admin, credit_manager or credit_user."
    )
    async def withdraw_promise(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            WithdrawPromiseInput, strawberry.argument(description="The expected payment, and why.")
        ],
    ) -> WithdrawPromisePayload:
        """Withdraw an expected payment."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            WithdrawPromisePayload,
            PROMISE,
            (input.promise_id,),
            WithdrawPromise(input.reason, await context.today()),
            mutation="withdrawPromise",
            idempotency_key=input.idempotency_key,
        )
