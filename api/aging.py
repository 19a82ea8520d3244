"""GraphQL: aging at any date, as known at any moment."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.connections import AsOf, AtLeast, KnownAt, offered, one
from api.context import Info, Reading
from api.errors import ApiError, Code
from api.money import Money
from domain.aging import Basis
from projections.aging import AgingBy, AgingGroup, aging_cells, aging_groups

if TYPE_CHECKING:
    from api.accounts import Account

GROUPS_MAX = 5_000
"""Groups of one report at most; a larger one is asked for company by company."""

strawberry.enum(
    Basis,
    name="AgingBasis",
    description="Which date an amount ages from: its DUE date or its INVOICE date.",
)
strawberry.enum(
    AgingBy, name="AgingBy", description="What a group is: a whole COMPANY or one ACCOUNT."
)


@strawberry.type(name="AgingBucket", description="What is open in one range of age.")
class AgingBucketResult:
    """A bucket."""

    label: str = strawberry.field(description="The range: future, current, 1-30 …")
    amount: Money = strawberry.field(description="The sum, in home currency.")
    count: int = strawberry.field(description="The number of open documents.")


@strawberry.type(description="Everything that is open.")
class AgingTotal:
    """A total."""

    amount: Money = strawberry.field(description="The sum, in home currency.")
    count: int = strawberry.field(description="The number of open documents.")


@strawberry.type(name="AgingGroup", description="A company, or an account of it, by age.")
class AgingGroupResult:
    """A group."""

    company_id: str = strawberry.field(description="The ERP company.")
    cust_id: str | None = strawberry.field(
        description="The account; null if the group is the whole company."
    )
    currency: str = strawberry.field(description="The home currency, as the ERP writes it.")
    buckets: list[AgingBucketResult] = strawberry.field(
        description="Every bucket, from future to the oldest."
    )
    total: AgingTotal = strawberry.field(description="All buckets together.")
    reading: strawberry.Private[Reading]

    @strawberry.field(description="The account, if the group is one.")
    async def account(
        self, info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts")] | None:
        """Return the account."""
        if self.cust_id is None:
            return None
        return await one(info, offered("accounts"), self.reading, (self.company_id, self.cust_id))

    @classmethod
    def of(cls, group: AgingGroup, reading: Reading) -> "AgingGroupResult":
        """Return a group as it is told."""
        return cls(
            company_id=group.company,
            cust_id=group.account,
            currency=group.currency,
            buckets=[
                AgingBucketResult(
                    label=bucket.label,
                    amount=Money.of(bucket.amount, group.currency),
                    count=bucket.count,
                )
                for bucket in group.buckets
            ],
            total=AgingTotal(amount=Money.of(group.amount, group.currency), count=group.count),
            reading=reading,
        )


@strawberry.type(name="Aging", description="Open amounts by age, in home currency.")
class AgingResult:
    """Open amounts by age."""

    as_of: date = strawberry.field(description="The date of the figures in business terms.")
    known_at: datetime | None = strawberry.field(
        description="The moment as of whose knowledge they are; null for now."
    )
    basis: Basis = strawberry.field(description="Which date the amounts age from.")
    groups: list[AgingGroupResult] = strawberry.field(
        description="Groups with open documents, by company and account."
    )


@strawberry.type
class AgingQuery:
    """Aging."""

    @strawberry.field(
        description="Open amounts by age, at any date and as known at any moment. Amounts are in"
        " home currency and never mix currencies: a group lies within one company."
        f" At most {GROUPS_MAX} groups; narrow it by company, or list accounts for more."
    )
    async def aging(
        self,
        info: Info,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        basis: Annotated[
            Basis | None,
            strawberry.argument(
                description="Which date amounts age from; by default as the site shows."
            ),
        ] = None,
        by: Annotated[
            AgingBy, strawberry.argument(description="What a group is.")
        ] = AgingBy.COMPANY,
        company_id: Annotated[
            str | None, strawberry.argument(description="Only this company.")
        ] = None,
        cust_id: Annotated[
            str | None, strawberry.argument(description="Only the account of this id.")
        ] = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> AgingResult:
        """Return the report."""
        reading = await info.context.reading(as_of, known_at)
        asked = reading.asked
        chosen = basis or asked.options.aging_basis
        query = aging_cells(
            asked.tenant,
            asked.options,
            as_of=asked.as_of,
            basis=chosen,
            by=by,
            known_at=known_at,
            company_id=company_id,
            cust_id=cust_id,
        )
        groups = aging_groups(await reading.fetch(query), asked.options, chosen)
        if len(groups) > GROUPS_MAX:
            raise ApiError(
                Code.TOO_EXPENSIVE,
                f"This aging has {len(groups)} groups, more than {GROUPS_MAX}; narrow it by"
                " companyId, or page through accounts, which carry the same figures.",
            )
        return AgingResult(
            as_of=asked.as_of,
            known_at=known_at,
            basis=chosen,
            groups=[AgingGroupResult.of(group, reading) for group in groups],
        )
