"""GraphQL: conditions of rules, as text or as lists take them, and what they meet (RULE-05)."""

from typing import Annotated

import strawberry
from msgspec.structs import replace
from strawberry.types.unset import UNSET

from api.accounts import ACCOUNTS, AccountConnection, AccountFilter
from api.connections import After, AtLeast, Cutting, First, connection
from api.context import Info, Reading
from api.errors import ApiError, Code, UserError
from api.invoices import INVOICES, InvoiceConnection
from api.view_types import condition, filter_of
from domain.conditions import AllOf, AnyOf, Compared, Condition, Negated
from domain.rule import Reach
from domain.rule_language import printed
from domain.rule_view import RuleView
from domain.shared.decider import Refused
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.rule_reach import OPEN_ONLY, in_scope, open_records, reach_of
from projections.rule_views import ACCOUNT_PREFIX, checked_condition, checked_filter

strawberry.enum(
    RuleView,
    description="What a rule is about: ACCOUNT, or INVOICE: open documents with their account.",
)


@strawberry.input(
    description="Which documents a rule is about, by their fields and those of their account; all"
    " that is given must hold. Balances are without what disputes exclude from aging. (RULE-28)"
)
class InvoiceRuleFilter(filter_of(INVOICE_VIEW, "api.rule_filters", "InvoiceRuleFilter")):
    """Which documents a rule is about."""

    account: AccountFilter | None = strawberry.field(
        default=UNSET, description="What holds of the document's account."
    )

    def further(self) -> list[Condition]:
        """Return what must hold of the account."""
        if self.account is UNSET or self.account is None:
            return []
        return [_of_account(condition(ACCOUNT_VIEW, self.account))]


def _of_account(of: Condition) -> Condition:
    """Return a condition on accounts as one on their documents."""
    match of:
        case AllOf(parts):
            return AllOf([_of_account(part) for part in parts])
        case AnyOf(parts):
            return AnyOf([_of_account(part) for part in parts])
        case Negated(part):
            return Negated(_of_account(part))
        case Compared(field, operator, value):
            return Compared(ACCOUNT_PREFIX + field, operator, value)


def rule_condition(
    view: RuleView,
    text: str | None,
    of_accounts: AccountFilter | None,
    of_documents: InvoiceRuleFilter | None,
) -> Condition:
    """Return the condition of a rule that is told in one of three forms.

    Raises:
        Refused: if it is none.
        ApiError: if it is told in none of them or in several, or in that of the other view.
    """
    if sum(one is not None for one in (text, of_accounts, of_documents)) != 1:
        raise ApiError(Code.BAD_USER_INPUT, "Give one of filter, accountFilter and invoiceFilter.")
    if text is not None:
        return checked_filter(view, text)
    if (view is RuleView.ACCOUNT) is (of_accounts is None):
        raise ApiError(Code.BAD_USER_INPUT, f"A rule about {view}s takes filter or {view}Filter.")
    told = (
        condition(ACCOUNT_VIEW, of_accounts)
        if of_documents is None
        else condition(INVOICE_VIEW, of_documents)
    )
    return checked_condition(view, told)


@strawberry.type(description="How many accounts, or open documents, a rule's condition meets.")
class RuleReach:
    """How many records a rule's condition meets."""

    matched: int = strawberry.field(description="How many it meets.")
    total: int = strawberry.field(description="How many there are.")
    is_broad: bool = strawberry.field(
        description="Whether it meets more than half of them, so that a rule must be confirmed."
    )

    @classmethod
    def of_reach(cls, reach: Reach) -> "RuleReach":
        """Return the reach as it is told."""
        return cls(matched=reach.met, total=reach.of, is_broad=reach.is_broad)


@strawberry.type(description="What a rule's condition meets now.")
class RuleFilterPreview:
    """What a rule's condition meets now."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it is no condition; then it meets nothing."
    )
    filter: str | None = strawberry.field(  # pyright: ignore[reportGeneralTypeIssues]
        description="The condition as text, as rules keep it; null if it is none."
    )
    reading: strawberry.Private[Reading]
    of_view: strawberry.Private[RuleView]
    condition: strawberry.Private[Condition | None]
    within: strawberry.Private[Condition]

    @strawberry.field(description="How much it meets of the whole site; null if it is none.")
    async def reach(self) -> RuleReach | None:
        """Return how many records it meets, of how many."""
        if self.condition is None:
            return None
        told = reach_of(self.reading.asked, self.of_view, self.condition)
        return RuleReach.of_reach((await self.reading.fetch(told))[0])

    @strawberry.field(
        description="The accounts that it meets, of the class and company asked for; null if it is"
        " about documents."
    )
    async def accounts(
        self, info: Info, first: First = None, after: After = None
    ) -> AccountConnection | None:
        """Return accounts."""
        if self.of_view is not RuleView.ACCOUNT or self.condition is None:
            return None
        return await connection(
            info,
            ACCOUNTS,
            self.reading,
            Cutting.of(first, after, None, None),
            also=AllOf([self.condition, self.within]),
        )

    @strawberry.field(
        description="The open documents that it meets, of the class and company asked for, with"
        " balances as rules see them (totals are the ERP's); null if it is about accounts."
    )
    async def invoices(
        self, info: Info, first: First = None, after: After = None
    ) -> InvoiceConnection | None:
        """Return documents."""
        if self.of_view is not RuleView.INVOICE or self.condition is None:
            return None
        told = AllOf([self.condition, self.within, OPEN_ONLY])
        return await connection(
            info,
            replace(INVOICES, view=open_records(told)),
            self.reading,
            Cutting.of(first, after, None, None),
            also=told,
        )


@strawberry.type
class RuleFilterQuery:
    """Conditions of rules."""

    @strawberry.field(
        description="What a rule's condition meets now, before the rule is saved. Its condition is"
        " given in one of three forms."
    )
    async def preview_rule_filter(
        self,
        info: Info,
        view: Annotated[RuleView, strawberry.argument(description="What the rule is about.")],
        where: Annotated[
            str | None, strawberry.argument(name="filter", description="The condition as text.")
        ] = None,
        account_filter: Annotated[
            AccountFilter | None,
            strawberry.argument(description="The condition of a rule about accounts."),
        ] = None,
        invoice_filter: Annotated[
            InvoiceRuleFilter | None,
            strawberry.argument(description="The condition of a rule about documents."),
        ] = None,
        class_id: Annotated[
            str | None,
            strawberry.argument(description="List only records of this credit class."),
        ] = None,
        company_id: Annotated[
            str | None, strawberry.argument(description="List only records of this ERP company.")
        ] = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> RuleFilterPreview:
        """Return what a condition meets."""
        reading = await info.context.reading()
        try:
            told = rule_condition(view, where, account_filter, invoice_filter)
        except Refused as refusal:
            told, errors = None, [UserError.of(refusal)]
        else:
            errors = []
        return RuleFilterPreview(
            user_errors=errors,
            filter=None if told is None else printed(told),
            reading=reading,
            of_view=view,
            condition=told,
            within=in_scope(reading.asked, view, class_id, company_id),
        )
