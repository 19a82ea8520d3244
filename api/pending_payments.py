"""GraphQL: pending payments, recording, reconciling and exporting them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import strawberry
from msgspec.structs import astuple

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
from api.view_types import condition, filter_of, object_of, order_of
from application.handling import Consulted
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.company import COMPANY, is_known
from domain.invoice import INVOICE
from domain.invoice import facts as invoice_facts
from domain.payment import PAYMENT
from domain.payment import facts as payment_facts
from domain.pending_payment import (
    INVOICES_MAX,
    PENDING_PAYMENT,
    PaidInvoice,
    Processor,
    ReconciledBy,
    ReconcilePendingPayment,
    RecordPendingPayment,
    UndoReconciliation,
)
from domain.pending_payment import facts as pending_payment_facts
from domain.pending_payment_export import (
    EXPORT_MAX,
    PENDING_PAYMENT_EXPORT,
    ExportPendingPayments,
)
from domain.shared.streams import stream_name
from erp.csv_file import csv_text
from projections.pending_payment_matching import ExportedLine, exported_lines, target, to_export
from projections.pending_payment_view import (
    PENDING_PAYMENT_INVOICE_VIEW,
    PENDING_PAYMENT_VIEW,
    not_reconciled,
)


@strawberry.type(description="What a pending payment is to pay of an invoice.")
class PendingPaymentInvoice(object_of(PENDING_PAYMENT_INVOICE_VIEW)):
    """What a pending payment is to pay of an invoice."""

    @strawberry.field(description="The invoice.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the invoice."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))


PENDING_PAYMENT_INVOICES = offer(
    Capability(
        PENDING_PAYMENT_INVOICE_VIEW, PendingPaymentInvoice, links={"invoice": ("company_id",)}
    )
)


@strawberry.type(
    description="A payment that a customer made online, and that waits to be seen in the ERP."
)
class PendingPayment(Node, object_of(PENDING_PAYMENT_VIEW)):
    """A pending payment."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(PENDING_PAYMENT.category, *self.values("pending_payment_id"))

    @strawberry.field(description="The account that pays.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(description="The ERP's payment that it is; null while it waits.")
    async def payment(self, info: Info) -> Payment | None:
        """Return the ERP's payment."""
        company_id, payment_id = self.values("company_id", "payment_id")
        if payment_id is None:
            return None
        return await one(info, PAYMENTS, self.reading, (company_id, payment_id))

    @strawberry.field(description="The invoices that it is to pay, by number.")
    async def invoices(self, info: Info, first: First = None) -> Connection[PendingPaymentInvoice]:
        """Return what it is to pay."""
        return await connection_of_parent(
            info,
            PENDING_PAYMENT_INVOICES,
            self.reading,
            self.values("pending_payment_id"),
            ("pending_payment_id",),
            first,
        )


@strawberry.input(description="Which pending payments; all that is given must hold.")
class PendingPaymentFilter(
    filter_of(PENDING_PAYMENT_VIEW, "api.pending_payments", "PendingPaymentFilter")
):
    """Which pending payments."""


@strawberry.input(description="An order of pending payments by one field.")
class PendingPaymentOrder(order_of(PENDING_PAYMENT_VIEW, "PendingPaymentOrder")):
    """An order of pending payments."""


PENDING_PAYMENTS = offer(
    Capability(
        PENDING_PAYMENT_VIEW,
        PendingPayment,
        links={"account": ("company_id", "cust_id"), "payment": ("company_id", "payment_id")},
    )
)


@strawberry.type
class PendingPaymentQuery:
    """Pending payments."""

    @strawberry.field(
        description="Pending payments; by default by id, and without those that are reconciled"
        " unless the filter speaks of the status or the reconciliation."
    )
    async def pending_payments(
        self,
        info: Info,
        where: Annotated[
            PendingPaymentFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        include_reconciled: Annotated[
            bool, strawberry.argument(description="Show those that are reconciled, too.")
        ] = False,
        order_by: Annotated[
            list[PendingPaymentOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[PendingPayment]:
        """Return pending payments (PND-05)."""
        asked = condition(PENDING_PAYMENT_VIEW, where)
        return await connection(
            info,
            PENDING_PAYMENTS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            also=None if include_reconciled else not_reconciled(asked),
        )

    @strawberry.field(description="The pending payment of an id; null if there is none.")
    async def pending_payment(
        self,
        info: Info,
        pending_payment_id: Annotated[
            str, strawberry.argument(description="The pending payment's own id.")
        ],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> PendingPayment | None:
        """Return a pending payment."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, PENDING_PAYMENTS, reading, (pending_payment_id,))


@strawberry.input(description="What is to be paid of an invoice.")
class PaidInvoiceInput:
    """What is to be paid of an invoice."""

    tran_id: str = strawberry.field(description="The invoice; it is on the account that pays.")
    amount: Decimal = strawberry.field(description="What is to be paid of it.")


@strawberry.input(description="A pending payment to record.")
class RecordPendingPaymentInput:
    """A pending payment to record."""

    company_id: str = strawberry.field(description="The ERP company that is paid.")
    cust_id: str = strawberry.field(description="The account that pays.")
    amount: Decimal = strawberry.field(description="The amount: more than nothing.")
    curr_id: str = strawberry.field(description="The currency, as the ERP writes it.")
    invoices: list[PaidInvoiceInput] = strawberry.field(
        default_factory=list[PaidInvoiceInput],
        description=f"What it is to pay of which invoices, {INVOICES_MAX} at most; what is left is"
        " paid on account.",
    )
    declined: bool = strawberry.field(default=False, description="Whether the processor refused.")
    proc_acct_id: str | None = strawberry.field(
        default=None, description="The merchant account's id at the processor."
    )
    proc_acct_name: str | None = strawberry.field(
        default=None, description="The merchant account's name."
    )
    proc_acct_type: str | None = strawberry.field(
        default=None, description="The merchant account's type."
    )
    proc_status: str | None = strawberry.field(
        default=None, description="The processor's own status code."
    )
    proc_status_msg: str | None = strawberry.field(
        default=None, description="The processor's message."
    )
    proc_ref_no: str | None = strawberry.field(
        default=None, description="The processor's reference number of the transaction."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which payment of the ERP a pending payment is.")
class ReconcilePendingPaymentInput:
    """Which payment of the ERP a pending payment is."""

    pending_payment_id: str = strawberry.field(description="The pending payment.")
    payment_id: str = strawberry.field(
        description="The ERP's payment, of the same company; it may be on another account."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A reconciliation to undo.")
class UndoReconciliationInput:
    """A reconciliation to undo."""

    pending_payment_id: str = strawberry.field(description="The pending payment.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Whose pending payments to export.")
class ExportPendingPaymentsInput:
    """Whose pending payments to export."""

    company_id: str = strawberry.field(description="The ERP company.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a mutation of a pending payment led to.")
class PendingPaymentPayload(Payload):
    """What a mutation of a pending payment led to."""

    @strawberry.field(
        description="The pending payment; null if the mutation was refused or the read models did"
        " not follow in time."
    )
    async def pending_payment(self, info: Info) -> PendingPayment | None:
        """Return the pending payment."""
        return await self.record(info, PENDING_PAYMENTS)


@strawberry.type(description="What exporting pending payments led to.")
class ExportPendingPaymentsPayload(Payload):
    """What exporting pending payments led to."""

    @strawberry.field(description="The file: pending payments name it as `exportBatch`.")
    def export_batch(self) -> str:
        """Return the file's id."""
        return self.key[1]

    @strawberry.field(
        description="How many pending payments are in the file; null if it was refused or the read"
        " models did not follow in time."
    )
    async def count(self) -> int | None:
        """Return the number of pending payments."""
        lines = await self._lines()
        return None if lines is None else len({line.pend_pmt_id for line in lines})

    @strawberry.field(
        description="The file as CSV: a line for each pending payment and invoice that it pays;"
        " null as the count is."
    )
    async def csv(self) -> str | None:
        """Return the file's text."""
        lines = await self._lines()
        if lines is None:
            return None
        return csv_text(ExportedLine.__struct_fields__, map(astuple, lines))

    async def _lines(self) -> Sequence[ExportedLine] | None:
        if self.reading is None:
            return None
        return await self.reading.fetch(exported_lines(self.reading.asked.tenant, *self.key))


@strawberry.type
class PendingPaymentMutation:
    """Recording, reconciling and exporting pending payments."""

    @strawberry.mutation(
        description="Record a payment that a customer made online, or that was declined. Needs one"
        " of the roles admin, credit manager and credit user."
    )
    async def record_pending_payment(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RecordPendingPaymentInput, strawberry.argument(description="The pending payment.")
        ],
    ) -> PendingPaymentPayload:
        """Record a pending payment."""
        context = info.context
        context.require(*COLLECTORS)
        pending_payment_id = new_id(input.idempotency_key)
        company_id = input.company_id
        command = RecordPendingPayment(
            pending_payment_id,
            company_id,
            input.cust_id,
            input.amount,
            input.curr_id,
            await context.today(),
            tuple(PaidInvoice(told.tran_id, told.amount) for told in input.invoices),
            input.declined,
            context.caller.key_id,
            context.caller.name,
            Processor(
                input.proc_acct_id,
                input.proc_acct_name,
                input.proc_acct_type,
                input.proc_status,
                input.proc_status_msg,
                input.proc_ref_no,
            ),
            context.caller.user_id,
        )
        return await answer(
            context,
            PendingPaymentPayload,
            PENDING_PAYMENT,
            (pending_payment_id,),
            command,
            mutation="recordPendingPayment",
            idempotency_key=input.idempotency_key,
            consults=(
                Consulted(ACCOUNT, (company_id, input.cust_id), account_facts),
                *(
                    Consulted(INVOICE, (company_id, told.tran_id), invoice_facts)
                    for told in input.invoices
                ),
            ),
        )

    @strawberry.mutation(
        description="Say which payment of the ERP a pending payment is, where it was not found by"
        " itself. Needs one of the roles admin, credit manager and credit user."
    )
    async def reconcile_pending_payment(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ReconcilePendingPaymentInput,
            strawberry.argument(description="The pending payment and the ERP's."),
        ],
    ) -> PendingPaymentPayload:
        """Reconcile a pending payment by hand."""
        context = info.context
        context.require(*COLLECTORS)
        reading = await context.reading()
        query = target(reading.asked.tenant, input.pending_payment_id, input.payment_id)
        found = await reading.fetch(query)
        consults: tuple[Consulted, ...] = ()
        if found:
            payment = (found[0].company_id, input.payment_id)
            consults = (Consulted(PAYMENT, payment, payment_facts),)
        return await answer(
            context,
            PendingPaymentPayload,
            PENDING_PAYMENT,
            (input.pending_payment_id,),
            ReconcilePendingPayment(
                input.payment_id,
                ReconciledBy.BY_HAND,
                reading.asked.as_of,
                taken=bool(found) and found[0].taken,
            ),
            mutation="reconcilePendingPayment",
            idempotency_key=input.idempotency_key,
            consults=consults,
        )

    @strawberry.mutation(
        description="Let a pending payment wait again; the payment that it was reconciled with is"
        " not found by itself again. Needs one of the roles admin, credit manager and credit user."
    )
    async def undo_reconciliation(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            UndoReconciliationInput, strawberry.argument(description="The pending payment.")
        ],
    ) -> PendingPaymentPayload:
        """Undo a reconciliation."""
        context = info.context
        context.require(*COLLECTORS)
        return await answer(
            context,
            PendingPaymentPayload,
            PENDING_PAYMENT,
            (input.pending_payment_id,),
            UndoReconciliation(),
            mutation="undoReconciliation",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Put a company's pending payments that wait and are in no file yet into a new"
        f" one for the ERP, {EXPORT_MAX} at most. Needs one of the roles admin, credit manager and"
        " credit user."
    )
    async def export_pending_payments(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ExportPendingPaymentsInput, strawberry.argument(description="Whose.")
        ],
    ) -> ExportPendingPaymentsPayload:
        """Export pending payments."""
        context = info.context
        context.require(*COLLECTORS)
        company_id, export_batch = input.company_id, new_id(input.idempotency_key)
        reading = await context.reading()
        waiting = await reading.fetch(to_export(reading.asked.tenant, company_id))
        payload = await answer(
            context,
            ExportPendingPaymentsPayload,
            PENDING_PAYMENT_EXPORT,
            (company_id,),
            ExportPendingPayments(company_id, export_batch, reading.asked.as_of),
            mutation="exportPendingPayments",
            idempotency_key=input.idempotency_key,
            consults=(
                Consulted(COMPANY, (company_id,), is_known),
                *(
                    Consulted(PENDING_PAYMENT, (one_id,), pending_payment_facts)
                    for one_id in waiting
                ),
            ),
        )
        payload.key = (company_id, export_batch)
        return payload
