"""GraphQL: issues, what must be resolved with accounts (ISS-01)."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.accounts import ACCOUNTS, Account
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
    offered,
    one,
)
from api.context import Info
from api.invoices import INVOICES, Invoice
from api.nodes import Node
from api.users import ASSIGNED_LINK, Assigned
from api.view_types import filter_of, object_of, order_of
from domain.issue import ISSUE
from domain.shared.streams import stream_name
from projections.issue_view import ISSUE_INVOICE_VIEW, ISSUE_VIEW
from projections.listing import Order

if TYPE_CHECKING:
    from api.activities import Activity, ActivityFilter, ActivityOrder

_KEY = ("issue_id",)


@strawberry.type(description="A document that an issue is about.")
class IssueInvoice(object_of(ISSUE_INVOICE_VIEW)):
    """A document that an issue is about."""

    @strawberry.field(description="The document.")
    async def invoice(self, info: Info) -> Invoice | None:
        """Return the document."""
        return await one(info, INVOICES, self.reading, self.values("company_id", "tran_id"))


ISSUE_INVOICES = offer(Capability(ISSUE_INVOICE_VIEW, IssueInvoice))


@strawberry.type(description="An issue: something that must be resolved with an account.")
class Issue(Node, Assigned, object_of(ISSUE_VIEW)):
    """An issue."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(ISSUE.category, *self.values(*_KEY))

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(description="The documents that it is about, by number.")
    async def invoices(self, info: Info, first: First = None) -> Connection[IssueInvoice]:
        """Return the documents."""
        return await connection_of_parent(
            info, ISSUE_INVOICES, self.reading, self.values(*_KEY), _KEY, first
        )

    @strawberry.field(
        description="The activities by which it is resolved; by default the newest first."
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
        """Return activities, newest first."""
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


@strawberry.input(description="Which issues; all that is given must hold.")
class IssueFilter(filter_of(ISSUE_VIEW, "api.issues", "IssueFilter")):
    """Which issues."""


@strawberry.input(description="An order of issues by one field.")
class IssueOrder(order_of(ISSUE_VIEW, "IssueOrder")):
    """An order of issues."""


ISSUES = offer(
    Capability(ISSUE_VIEW, Issue, links={"account": ("company_id", "cust_id"), **ASSIGNED_LINK})
)


@strawberry.type
class IssueQuery:
    """Issues."""

    @strawberry.field(description="Issues; by default by number, the earliest first.")
    async def issues(
        self,
        info: Info,
        where: Annotated[
            IssueFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[IssueOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Issue]:
        """Return issues."""
        return await connection(
            info,
            ISSUES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            order=(Order("issue_no"),),
        )

    @strawberry.field(description="The issue of a key; null if there is none.")
    async def issue(
        self,
        info: Info,
        issue_id: Annotated[str, strawberry.argument(description="The issue's key.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Issue | None:
        """Return an issue."""
        return await one(info, ISSUES, await info.context.reading(as_of, known_at), (issue_id,))
