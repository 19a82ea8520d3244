"""GraphQL: what is being done about an account, below it."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.connections import Connection, First, connection_of_parent, offered
from api.context import Info
from api.view_types import ViewObject, condition
from projections.listing import Order
from projections.pending_payment_view import PENDING_PAYMENT_VIEW, not_reconciled

if TYPE_CHECKING:
    from api.activities import Activity, ActivityFilter, ActivityOrder
    from api.disputes import Dispute, DisputeFilter, DisputeOrder
    from api.issues import Issue, IssueFilter, IssueOrder
    from api.payment_schedules import PaymentSchedule, PaymentScheduleFilter, PaymentScheduleOrder
    from api.pending_payments import PendingPayment, PendingPaymentFilter, PendingPaymentOrder
    from api.promises import Promise, PromiseFilter, PromiseOrder

_KEY = ("company_id", "cust_id")


@strawberry.type
class AccountWork(ViewObject):
    """What is being done about an account."""

    @strawberry.field(description="Its issues; by default the newest first.")
    async def issues(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["IssueFilter", strawberry.lazy("api.issues")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["IssueOrder", strawberry.lazy("api.issues")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["Issue", strawberry.lazy("api.issues")]]:
        """Return issues, newest first."""
        return await connection_of_parent(
            info,
            offered("issues"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("issue_no", descending=True),),
        )

    @strawberry.field(
        description="Its activities: the communication history; by default the newest first."
    )
    async def activities(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["ActivityFilter", strawberry.lazy("api.activities")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["ActivityOrder", strawberry.lazy("api.activities")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["Activity", strawberry.lazy("api.activities")]]:
        """Return activities, newest first (ACC-32)."""
        return await connection_of_parent(
            info,
            offered("activities"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("activity_no", descending=True),),
        )

    @strawberry.field(
        description="Expected payments, promises among them; by default the earliest first."
    )
    async def promises(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["PromiseFilter", strawberry.lazy("api.promises")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["PromiseOrder", strawberry.lazy("api.promises")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["Promise", strawberry.lazy("api.promises")]]:
        """Return expected payments, earliest first."""
        return await connection_of_parent(
            info,
            offered("promises"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("expect_date"),),
        )

    @strawberry.field(description="Disputes about its documents; by default the newest first.")
    async def disputes(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["DisputeFilter", strawberry.lazy("api.disputes")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["DisputeOrder", strawberry.lazy("api.disputes")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["Dispute", strawberry.lazy("api.disputes")]]:
        """Return disputes, newest first (DSP-13)."""
        return await connection_of_parent(
            info,
            offered("disputes"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("dispute_date", descending=True),),
        )

    @strawberry.field(description="Payment schedules of its documents that hold on the date.")
    async def payment_schedules(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["PaymentScheduleFilter", strawberry.lazy("api.payment_schedules")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["PaymentScheduleOrder", strawberry.lazy("api.payment_schedules")]]
            | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["PaymentSchedule", strawberry.lazy("api.payment_schedules")]]:
        """Return payment schedules."""
        return await connection_of_parent(
            info,
            offered("payment_schedules"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("tran_id"),),
        )

    @strawberry.field(
        description="Payments made online, the newest first, and without those that are reconciled"
        " unless the filter speaks of the status or the reconciliation."
    )
    async def pending_payments(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["PendingPaymentFilter", strawberry.lazy("api.pending_payments")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["PendingPaymentOrder", strawberry.lazy("api.pending_payments")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
        include_reconciled: Annotated[
            bool, strawberry.argument(description="Show those that are reconciled, too.")
        ] = False,
    ) -> Connection[Annotated["PendingPayment", strawberry.lazy("api.pending_payments")]]:
        """Return pending payments, newest first (PND-05)."""
        asked = condition(PENDING_PAYMENT_VIEW, where)
        return await connection_of_parent(
            info,
            offered("pending_payments"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            also=None if include_reconciled else not_reconciled(asked),
            order=(Order("create_date", descending=True),),
        )
