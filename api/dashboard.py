"""GraphQL: the dashboard of a user's own accounts, its team's or all (KPI-01 to KPI-26)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry.dataloader import DataLoader

from api.accounts import ACCOUNTS, AccountFilter, AccountSummary
from api.aging import Basis
from api.connections import AsOf, AtLeast, KnownAt
from api.context import Info, Reading
from api.errors import ApiError, Code
from api.money import Money
from api.selection import fields_below
from api.site_options import Trend
from api.trends import DaysLateMonth, trend
from api.view_types import condition, money_totals, total_names
from projections.account_view import ACCOUNT_VIEW
from projections.aging_fields import BUCKET_NAMES
from projections.dashboard import (
    EXPECTED_NAMES,
    SIZE_NAMES,
    DsoMonth,
    PaidSize,
    Scope,
    Totals,
    accounts_of,
    aging_of,
    dso_by_month,
    dso_of,
    expected_of,
    in_scope,
    size_bounds,
    sizes_of,
    team,
    totals_of_accounts,
    usual_scope,
)
from projections.listing import Listing
from projections.promise_totals import Counted, PromiseTotals, PromiseWindow, promise_totals
from projections.trends import MonthPaid, paid_by_month

strawberry.enum(
    Scope,
    name="DashboardScope",
    description="Whose accounts: those assigned to the caller's user (OWN), to that user and"
    " everybody in the teams below (TEAM), or ALL that there are.",
)

_NEEDED = {
    "aging": frozenset(name for names in BUCKET_NAMES.values() for name in names),
    "daysToPayBySize": frozenset(SIZE_NAMES),
    "projectedPayments": frozenset(EXPECTED_NAMES.values()),
}
"""Field of a group -> the totals that it is made of."""


@strawberry.type(description="What is open in one range of age.")
class AgedAmount:
    """A bucket."""

    label: str = strawberry.field(description="The range: future, current, 1-30 …")
    amount: Money = strawberry.field(description="The sum, in home currency.")


@strawberry.type(name="PaidSize", description="How fast documents of a range of size are paid.")
class PaidSizeResult:
    """A range of size."""

    label: str = strawberry.field(description="The range, such as 500 to below 1000.")
    at_least: Money | None = strawberry.field(
        description="The smallest amount in it, in home currency; null in the first range."
    )
    below: Money | None = strawberry.field(
        description="The amount at which the next range begins; null in the last range."
    )
    avg_days_to_pay: Decimal | None = strawberry.field(
        description="Average days to pay; null if none was paid."
    )

    @classmethod
    def of(cls, size: PaidSize, currency: str) -> "PaidSizeResult":
        """Return a range as it is told."""
        at_least, below = size.at_least, size.below
        return cls(
            label=size.label,
            at_least=None if at_least is None else Money.of(at_least, currency),
            below=None if below is None else Money.of(below, currency),
            avg_days_to_pay=size.avg_days_to_pay,
        )


@strawberry.type(description="What is expected to be paid by a date.")
class ProjectedPayments:
    """Expected cash."""

    days: int = strawberry.field(description="Within so many days of the as-of date.")
    until: date = strawberry.field(description="The last of these days.")
    amount: Money = strawberry.field(
        description="The sum, in home currency; cumulative: it holds what is expected earlier."
    )


@strawberry.type(description="A number of promises, and what they promised.")
class PromisedAmount:
    """Promises together."""

    count: int = strawberry.field(description="How many promises.")
    amount: Money = strawberry.field(description="What they promised, in their own currency.")

    @classmethod
    def of(cls, counted: Counted, currency: str) -> "PromisedAmount":
        """Return promises as they are told."""
        return cls(count=counted.count, amount=Money.of(counted.amount, currency))


@strawberry.type(
    name="PromiseWindow",
    description="Promises that were kept and broken in a time up to the as-of date.",
)
class PromiseWindowResult:
    """A window."""

    label: str = strawberry.field(description="The time: 90 days, 6 months, 1 year or 2 years.")
    kept: PromisedAmount = strawberry.field(description="Those kept in it.")
    broken: PromisedAmount = strawberry.field(description="Those broken in it.")

    @classmethod
    def of(cls, window: PromiseWindow, currency: str) -> "PromiseWindowResult":
        """Return a window as it is told."""
        return cls(
            label=window.label,
            kept=PromisedAmount.of(window.kept, currency),
            broken=PromisedAmount.of(window.broken, currency),
        )


@strawberry.type(description="Promises to pay in one currency, and what became of them.")
class PromiseSummary:
    """Promises in one currency."""

    curr_id: str = strawberry.field(
        description="The currency that was promised, as the ERP writes it."
    )
    open: PromisedAmount = strawberry.field(description="Those that are open.")
    kept: PromisedAmount = strawberry.field(description="Those that were kept, ever.")
    broken: PromisedAmount = strawberry.field(description="Those that were broken, ever.")
    windows: list[PromiseWindowResult] = strawberry.field(
        description="The same over 90 days, 6 months, 1 year and 2 years, each holding the ones"
        " before."
    )

    @classmethod
    def of(cls, totals: PromiseTotals) -> "PromiseSummary":
        """Return promises as they are told."""
        currency = totals.curr_id
        return cls(
            curr_id=currency,
            open=PromisedAmount.of(totals.open, currency),
            kept=PromisedAmount.of(totals.kept, currency),
            broken=PromisedAmount.of(totals.broken, currency),
            windows=[PromiseWindowResult.of(one, currency) for one in totals.windows],
        )


@strawberry.type(name="DsoMonth", description="Days sales outstanding at the end of a month.")
class DsoMonthResult:
    """A month of the trend of DSO."""

    month: date = strawberry.field(description="The first day of the month.")
    on: date = strawberry.field(
        description="The day of the figure: the month's last one, or the as-of date."
    )
    dso: Decimal | None = strawberry.field(
        description="What ages in total, divided by the sales of the 365 days before, times 365;"
        " null without sales."
    )

    @classmethod
    def of(cls, one: DsoMonth) -> "DsoMonthResult":
        """Return a month as it is told."""
        return cls(month=one.month, on=one.on, dso=one.dso)


@strawberry.type(
    description="The panel of the prior six months: one of two trends, as the site has chosen in"
    " `siteOptions.priorSixMonths`."
)
class PriorSixMonthsPanel:
    """The panel."""

    shows: Trend = strawberry.field(description="Which trend it is.")
    dso: list[DsoMonthResult] | None = strawberry.field(
        description="Days sales outstanding, by month; null if the panel shows average days."
    )
    average_days: list[DaysLateMonth] | None = strawberry.field(
        description="Days late, plain and weighted, by month; null if the panel shows the other"
        " trend."
    )


class _Questions:
    """What groups tell beside their totals: each read once for all of them, if it is asked for."""

    def __init__(self, reading: Reading, listing: Listing) -> None:
        self._reading = reading
        self._listing = listing
        self.bounds = DataLoader(load_fn=self._bounds)
        self.promises = DataLoader(load_fn=self._promises)
        self.days_late = DataLoader(load_fn=self._days_late)
        self.dso = DataLoader(load_fn=self._dso)

    async def _bounds(self, currencies: list[str]) -> list[Sequence[Decimal]]:
        asked = self._listing.asked
        query = size_bounds(asked)
        if query is None:
            return [asked.options.size_ranges for _ in currencies]
        found = {one.home_curr_id: one.bounds for one in await self._reading.fetch(query)}
        return [found.get(one, ()) for one in currencies]

    async def _promises(self, currencies: list[str]) -> list[list[PromiseTotals]]:
        found: dict[str, list[PromiseTotals]] = {one: [] for one in currencies}
        for one in await self._reading.fetch(promise_totals(self._listing)):
            found[one.home_curr_id].append(one)
        return [found[one] for one in currencies]

    async def _days_late(self, currencies: list[str]) -> list[list[MonthPaid]]:
        found: dict[str, list[MonthPaid]] = {one: [] for one in currencies}
        for one in await self._reading.fetch(paid_by_month(self._listing)):
            found[one.home_curr_id].append(one)
        return [found[one] for one in currencies]

    async def _dso(self, currencies: list[str]) -> list[list[DsoMonth]]:
        answers = [
            (on, await self._reading.fetch(query)) for on, query in dso_by_month(self._listing)
        ]
        return [dso_of(one, answers) for one in currencies]


@strawberry.type(description="The accounts of a dashboard in one home currency.")
class DashboardGroup:
    """The accounts in one home currency."""

    home_curr_id: str = strawberry.field(description="The home currency, as the ERP writes it.")
    totals: AccountSummary = strawberry.field(
        description="Totals and averages; the same as those of `accounts.summary` for these"
        " accounts."
    )
    told: strawberry.Private[Totals]
    reading: strawberry.Private[Reading]
    questions: strawberry.Private[_Questions]

    @strawberry.field(description="What is open by age, from future to the oldest.")
    def aging(
        self,
        basis: Annotated[
            Basis | None,
            strawberry.argument(
                description="Which date amounts age from; by default as the site shows."
            ),
        ] = None,
    ) -> list[AgedAmount]:
        """Return a set of aging (AGE-15, AGE-16)."""
        options = self.reading.asked.options
        return [
            AgedAmount(label=one.label, amount=Money.of(one.amount, self.home_curr_id))
            for one in aging_of(self.told, basis or options.aging_basis, options)
        ]

    @strawberry.field(
        description="Average days to pay by range of size, from the smallest. The ranges are the"
        " site's, or cut what was paid in about equal parts."
    )
    async def days_to_pay_by_size(self) -> list[PaidSizeResult]:
        """Return the ranges (KPI-13)."""
        bounds = await self.questions.bounds.load(self.home_curr_id)
        return [PaidSizeResult.of(one, self.home_curr_id) for one in sizes_of(self.told, bounds)]

    @strawberry.field(
        description="What is expected to be paid within 7, 14, 21, 28 and 35 days, by how fast the"
        " accounts paid so far; cumulative."
    )
    def projected_payments(self) -> list[ProjectedPayments]:
        """Return expected cash (KPI-23)."""
        return [
            ProjectedPayments(
                days=one.days, until=one.until, amount=Money.of(one.amount, self.home_curr_id)
            )
            for one in expected_of(self.told, self.reading.asked.as_of)
        ]

    @strawberry.field(
        description="Promises to pay, by the currency that was promised; empty if there are none."
    )
    async def promises(self) -> list[PromiseSummary]:
        """Return promises (PRM-12, PRM-13)."""
        found = await self.questions.promises.load(self.home_curr_id)
        return [PromiseSummary.of(one) for one in found]

    @strawberry.field(
        description="How days late moved over the six months up to that of the as-of date: what"
        " was paid in full in each."
    )
    async def days_late_trend(self) -> list[DaysLateMonth]:
        """Return the months (KPI-09)."""
        return await self._days_late()

    @strawberry.field(description="The panel of the prior six months.")
    async def prior_six_months(self) -> PriorSixMonthsPanel:
        """Return the trend that the site shows (KPI-03, KPI-04)."""
        shows = self.reading.asked.options.prior_six_months
        if shows is Trend.AVERAGE_DAYS:
            return PriorSixMonthsPanel(shows=shows, dso=None, average_days=await self._days_late())
        dso = await self.questions.dso.load(self.home_curr_id)
        return PriorSixMonthsPanel(
            shows=shows, dso=[DsoMonthResult.of(one) for one in dso], average_days=None
        )

    async def _days_late(self) -> list[DaysLateMonth]:
        paid = await self.questions.days_late.load(self.home_curr_id)
        return trend(paid, self.reading.asked.as_of)


@strawberry.type(
    name="Dashboard",
    description="What accounts owe, how fast they pay and what is expected of them, by home"
    " currency: sums never mix currencies.",
)
class DashboardResult:
    """A dashboard."""

    scope: Scope = strawberry.field(description="Whose accounts.")
    user_id: str | None = strawberry.field(
        description="The user whose own or team's accounts they are; null for all."
    )
    as_of: date = strawberry.field(description="The date of the figures in business terms.")
    known_at: datetime | None = strawberry.field(
        description="The moment as of whose knowledge they are; null for now."
    )
    aging_basis: Basis = strawberry.field(description="The aging set that the site shows.")
    groups: list[DashboardGroup] = strawberry.field(
        description="The accounts by home currency; empty if there are none."
    )


@strawberry.type
class DashboardQuery:
    """The dashboard."""

    @strawberry.field(
        description="What accounts owe, how fast they pay and what is expected, at any date and as"
        " known at any moment."
    )
    async def dashboard(
        self,
        info: Info,
        scope: Annotated[
            Scope | None,
            strawberry.argument(
                description="Whose accounts; by default a credit manager's TEAM, the OWN ones of"
                " other users, and ALL if the caller acts for no user."
            ),
        ] = None,
        where: Annotated[
            AccountFilter | None,
            strawberry.argument(name="filter", description="Which of these accounts."),
        ] = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> DashboardResult:
        """Return the dashboard (KPI-01, KPI-25)."""
        reading = await info.context.reading(as_of, known_at)
        asked = reading.asked
        chosen, listing = await dashboard_accounts(info, reading, scope, where)
        return DashboardResult(
            scope=chosen,
            user_id=None if chosen is Scope.ALL else info.context.caller.user_id,
            as_of=asked.as_of,
            known_at=known_at,
            aging_basis=asked.options.aging_basis,
            groups=await _groups(info, reading, listing),
        )


async def dashboard_accounts(
    info: Info, reading: Reading, scope: Scope | None, where: AccountFilter | None
) -> tuple[Scope, Listing]:
    """Return whose accounts a dashboard is about, and the list of them.

    Raises:
        ApiError: if the caller may not read accounts, or has none of its own.
    """
    ACCOUNTS.admit(info)
    user_id = info.context.caller.user_id
    if user_id is None and scope in {Scope.OWN, Scope.TEAM}:
        raise ApiError(
            Code.BAD_USER_INPUT,
            "This API key acts for no user, so no accounts are its own or its team's; ask for"
            " ALL, or use a key that was created with --user.",
        )
    asked = reading.asked
    members = [] if user_id is None else await reading.fetch(team(asked, user_id))
    chosen = scope or usual_scope(members)
    listing = accounts_of(asked, in_scope(chosen, members), condition(ACCOUNT_VIEW, where))
    return chosen, listing


async def _groups(info: Info, reading: Reading, listing: Listing) -> list[DashboardGroup]:
    """Return the groups, with the totals that are asked for and those that fields are made of."""
    names = set(total_names(ACCOUNT_VIEW, fields_below(info, "groups", "totals")))
    for field in fields_below(info, "groups"):
        names |= _NEEDED.get(field, frozenset())
    questions = _Questions(reading, listing)
    return [
        DashboardGroup(
            home_curr_id=totals.home_curr_id,
            totals=AccountSummary.of(
                money_totals(
                    ACCOUNT_VIEW,
                    {"home_curr_id": totals.home_curr_id, "count": totals.accounts}
                    | dict(totals.figures),
                ),
                reading,
            ),
            told=totals,
            reading=reading,
            questions=questions,
        )
        for totals in await reading.fetch(totals_of_accounts(listing, sorted(names)))
    ]
