"""GraphQL: accounts, what they owe, and notes on them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.account_work import AccountWork
from api.companies import COMPANIES, Company
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
from api.contacts import CONTACTS, Contact, ContactFilter, ContactOrder
from api.context import Info
from api.nodes import Node
from api.trends import DaysLateMonth, days_late_of_account
from api.users import ASSIGNED_LINK, Assigned
from api.view_types import filter_of, object_of, order_of, summary_of
from domain.account import ACCOUNT
from domain.shared.streams import stream_name
from projections.account_note_view import ACCOUNT_NOTE_VIEW
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Order

if TYPE_CHECKING:
    from api.invoices import InvoiceConnection, InvoiceFilter, InvoiceOrder
    from api.payments import Payment, PaymentFilter, PaymentOrder

_KEY = ("company_id", "cust_id")


@strawberry.type(description="A note on an account, for colleagues only.")
class AccountNote(Node, object_of(ACCOUNT_NOTE_VIEW)):
    """A note on an account."""

    @strawberry.field(description="The account.")
    async def account(
        self, info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts")] | None:
        """Return the account."""
        return await one(info, offered("accounts"), self.reading, self.values(*_KEY))


@strawberry.input(description="Which notes; all that is given must hold.")
class AccountNoteFilter(filter_of(ACCOUNT_NOTE_VIEW, "api.accounts", "AccountNoteFilter")):
    """Which notes."""


@strawberry.input(description="An order of notes by one field.")
class AccountNoteOrder(order_of(ACCOUNT_NOTE_VIEW, "AccountNoteOrder")):
    """An order of notes."""


ACCOUNT_NOTES = offer(Capability(ACCOUNT_NOTE_VIEW, AccountNote))


@strawberry.type(description="An account: one customer of one ERP company.")
class Account(Node, AccountWork, Assigned, object_of(ACCOUNT_VIEW)):
    """An account."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(ACCOUNT.category, *self.values(*_KEY))

    @strawberry.field(description="The ERP company whose customer it is.")
    async def company(self, info: Info) -> Company | None:
        """Return the company."""
        return await one(info, COMPANIES, self.reading, self.values("company_id"))

    @strawberry.field(description="The account that pays for this one, if another does.")
    async def parent(
        self, info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts")] | None:
        """Return the parent."""
        company_id, parent_id = self.values("company_id", "parent_id")
        if parent_id is None:
            return None
        return await one(info, ACCOUNTS, self.reading, (company_id, parent_id))

    @strawberry.field(description="The accounts that this one pays for, by id.")
    async def children(
        self, info: Info, first: First = None
    ) -> Annotated["AccountConnection", strawberry.lazy("api.accounts")]:
        """Return the children."""
        return await connection_of_parent(
            info, ACCOUNTS, self.reading, self.values(*_KEY), ("company_id", "parent_id"), first
        )

    @strawberry.field(description="Its documents; by default those with the earliest date first.")
    async def invoices(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["InvoiceFilter", strawberry.lazy("api.invoices")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["InvoiceOrder", strawberry.lazy("api.invoices")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Annotated["InvoiceConnection", strawberry.lazy("api.invoices")]:
        """Return documents, oldest first (ACC-29)."""
        return await connection_of_parent(
            info,
            offered("invoices"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("tran_date"),),
        )

    @strawberry.field(description="Its payments; by default the most recent first.")
    async def payments(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            Annotated["PaymentFilter", strawberry.lazy("api.payments")] | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[Annotated["PaymentOrder", strawberry.lazy("api.payments")]] | None,
            strawberry.argument(description="In which order."),
        ] = None,
    ) -> Connection[Annotated["Payment", strawberry.lazy("api.payments")]]:
        """Return payments, most recent first (ACC-29)."""
        return await connection_of_parent(
            info,
            offered("payments"),
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("pmt_date", descending=True),),
        )

    @strawberry.field(description="Its contacts; by default the primary ones first.")
    async def contacts(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            ContactFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[ContactOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
    ) -> Connection[Contact]:
        """Return contacts, primary ones first."""
        return await connection_of_parent(
            info,
            CONTACTS,
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("primary", descending=True), Order("cntct_id")),
        )

    @strawberry.field(description="Notes on it; by default the newest first.")
    async def notes(
        self,
        info: Info,
        first: First = None,
        where: Annotated[
            AccountNoteFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[AccountNoteOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
    ) -> Connection[AccountNote]:
        """Return notes, newest first."""
        return await connection_of_parent(
            info,
            ACCOUNT_NOTES,
            self.reading,
            self.values(*_KEY),
            _KEY,
            first,
            where=where,
            order_by=order_by,
            order=(Order("known_from", descending=True),),
        )

    @strawberry.field(
        description="How days late moved over the six months up to that of the as-of date: what"
        " was paid in full in each."
    )
    async def days_late_trend(self, info: Info) -> list[DaysLateMonth]:  # noqa: ARG002
        """Return the months (KPI-09)."""
        return await days_late_of_account(self.reading, self.values(*_KEY))


@strawberry.input(description="Which accounts; all that is given must hold.")
class AccountFilter(filter_of(ACCOUNT_VIEW, "api.accounts", "AccountFilter")):
    """Which accounts."""


@strawberry.input(description="An order of accounts by one field.")
class AccountOrder(order_of(ACCOUNT_VIEW, "AccountOrder")):
    """An order of accounts."""


@strawberry.type(description="Totals and averages of a list of accounts in one home currency.")
class AccountSummary(summary_of(ACCOUNT_VIEW)):
    """Totals of a list of accounts."""


@strawberry.type(description="A page of a list of accounts.")
class AccountConnection(Connection[Account]):
    """A page of a list of accounts."""

    @strawberry.field(
        description="Totals and averages of the whole list, by home currency: sums never mix"
        " currencies, and averages are made of the sums of all accounts."
    )
    async def summary(self, info: Info) -> list[AccountSummary]:
        """Return the totals (KPI-25)."""
        return await self.summaries(info, ACCOUNT_VIEW, AccountSummary)


ACCOUNTS = offer(
    Capability(
        ACCOUNT_VIEW,
        Account,
        links={"parent": ("parent_id",), **ASSIGNED_LINK},
        connection=AccountConnection,
    )
)


@strawberry.type
class AccountQuery:
    """Accounts."""

    @strawberry.field(description="Accounts; by default by company and id.")
    async def accounts(
        self,
        info: Info,
        where: Annotated[
            AccountFilter | None, strawberry.argument(name="filter", description="Which of them.")
        ] = None,
        order_by: Annotated[
            list[AccountOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> AccountConnection:
        """Return accounts."""
        return await connection(
            info,
            ACCOUNTS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(description="The account of a company and customer; null if there is none.")
    async def account(
        self,
        info: Info,
        company_id: Annotated[str, strawberry.argument(description="The ERP company.")],
        cust_id: Annotated[str, strawberry.argument(description="The customer's id in the ERP.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Account | None:
        """Return an account."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, ACCOUNTS, reading, (company_id, cust_id))
