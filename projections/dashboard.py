"""The dashboard: what accounts owe, how fast they pay and what is expected, by home currency.

Every figure of a list of accounts is one of the totals of the accounts view, so that a dashboard
agrees with the list that it is about (KPI-25). Here are the questions beside those totals, and
what puts names to them: aging with its labels, ranges of size with their bounds, expected cash
with its dates (AGE-15, KPI-13, KPI-23). Sums never mix currencies.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.aging import Basis, labels
from domain.conditions import ALWAYS, AllOf, Compared, Condition, Operator
from domain.site_options import SiteOptions
from domain.size_ranges import RANGES, size_range_labels
from domain.user import UserKind
from projections.account_joins import PROJECTED_DAYS
from projections.account_view import ACCOUNT_VIEW
from projections.aging_fields import BUCKET_NAMES
from projections.listing import Listing, summary
from projections.open_documents import boundaries_of
from projections.paid_documents import automatic_bounds
from projections.query import Query, sql
from projections.trends import month_ends
from projections.users import USERS
from projections.view import Asked

(_USERS,) = USERS.tables


class Scope(StrEnum):
    """Whose accounts a dashboard is about (KPI-01)."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Member(Struct, frozen=True):
    """A user of a team; `kind` is null for one of whom nothing is known."""

    user_id: str
    kind: str | None


def team(asked: Asked, user_id: str) -> Query[Member]:
    """Return the question for a user and everybody below, as teams are known (USR-11).

    The user itself comes first.
    """
    users = asked.rows(_USERS)
    statement = f"""
        WITH RECURSIVE below (user_id) AS (
            SELECT %(user_id)s::text COLLATE "C"
            UNION
            SELECT u.user_id FROM below b
            JOIN {users} u ON u.tenant = %(tenant)s AND u.manager_id = b.user_id
        )
        SELECT b.user_id, u.kind FROM below b
        LEFT JOIN {users} u ON u.tenant = %(tenant)s AND u.user_id = b.user_id
        ORDER BY b.user_id <> %(user_id)s, b.user_id"""
    return Query(sql(statement), {**asked.parameters, "user_id": user_id}, Member)


def usual_scope(members: Sequence[Member]) -> Scope:
    """Return the scope for a user, who is the first of its team, or for nobody in particular.

    A credit manager looks at the team, other users at their own accounts (KPI-01).
    """
    if not members:
        return Scope.ALL
    return Scope.TEAM if members[0].kind == UserKind.CREDIT_MANAGER else Scope.OWN


def in_scope(scope: Scope, members: Sequence[Member]) -> Condition:
    """Return the condition on accounts that a scope stands for; `members` begin with the user.

    A team's accounts are those of the user and of everybody below.
    """
    if scope is Scope.ALL:
        return ALWAYS
    users = [one.user_id for one in (members[:1] if scope is Scope.OWN else members)]
    return Compared("assigned_user_id", Operator.IN, users)


def accounts_of(asked: Asked, *conditions: Condition) -> Listing:
    """Return the list of the accounts that meet all conditions."""
    given = [one for one in conditions if one != ALWAYS]
    return Listing(ACCOUNT_VIEW, asked, (), AllOf(given) if given else ALWAYS)


# The totals, and what puts names to them.


class Totals(Struct, frozen=True):
    """What accounts in one home currency have together; `figures` are totals by their name."""

    home_curr_id: str
    accounts: int
    figures: Mapping[str, Any]


def totals_of_accounts(listing: Listing, names: Sequence[str]) -> Query[Totals]:
    """Return the question for some totals of a list of accounts, by home currency (KPI-25)."""
    told = [one.name for one in ACCOUNT_VIEW.totals if one.name in names]

    def row(home_curr_id: str, accounts: int, *values: Any) -> Totals:
        return Totals(home_curr_id, accounts, dict(zip(told, values, strict=True)))

    asked = summary(listing, told)
    return Query(asked.statement, asked.parameters, row)


class AgedAmount(Struct, frozen=True):
    """What is open in a bucket of age."""

    label: str
    amount: Decimal


def aging_of(totals: Totals, basis: Basis, options: SiteOptions) -> list[AgedAmount]:
    """Return what is open by age, from future to the oldest, of totals with the set's buckets."""
    names = labels(basis, boundaries_of(basis, options))
    return [
        AgedAmount(label, totals.figures[name])
        for label, name in zip(names, BUCKET_NAMES[basis], strict=True)
    ]


SIZE_NAMES = tuple(f"avg_days_to_pay{number + 1}" for number in range(RANGES))
"""The totals with the average days to pay by range of size."""


class PaidSize(Struct, frozen=True):
    """How fast documents of a range of size are paid.

    They have `at_least` in home currency and less than `below`; null where there is no such bound.
    `avg_days_to_pay` is null where none was paid.
    """

    label: str
    at_least: Decimal | None
    below: Decimal | None
    avg_days_to_pay: Decimal | None


class SizeBounds(Struct, frozen=True):
    """The bounds of the ranges of size of a home currency, worked out of what was paid."""

    home_curr_id: str
    bounds: Sequence[Decimal]


def size_bounds(asked: Asked) -> Query[SizeBounds] | None:
    """Return the question for the bounds of ranges of size; None if the site has set them."""
    if not asked.options.size_ranges_automatic:
        return None
    statement = f"SELECT home_curr_id, bounds FROM ({automatic_bounds(asked)}) b"
    return Query(sql(statement), asked.parameters, SizeBounds)


def sizes_of(totals: Totals, bounds: Sequence[Decimal]) -> list[PaidSize]:
    """Return days to pay by range of size, from the smallest, of totals with `SIZE_NAMES`."""
    edges = pairwise([None, *bounds, None])
    return [
        PaidSize(label, at_least, below, totals.figures[name])
        for label, (at_least, below), name in zip(
            size_range_labels(bounds), edges, SIZE_NAMES, strict=False
        )
    ]


EXPECTED_NAMES = {days: f"proj_pmts{days}_days" for days in PROJECTED_DAYS}
"""The totals with what is expected within so many days."""


class ExpectedAmount(Struct, frozen=True):
    """What is expected to be paid within so many days, up to a date: cumulative."""

    days: int
    until: date
    amount: Decimal


def expected_of(totals: Totals, as_of: date) -> list[ExpectedAmount]:
    """Return expected cash, of totals with `EXPECTED_NAMES`."""
    return [
        ExpectedAmount(days, later(as_of, days), totals.figures[name])
        for days, name in EXPECTED_NAMES.items()
    ]


def later(on: date, days: int) -> date:
    """Return the date so many days later; the calendar's last where it ends before."""
    return on + timedelta(min(days, (date.max - on).days))


# The trend of days sales outstanding.


class DsoMonth(Struct, frozen=True):
    """Days sales outstanding at the end of a month, of the last month on the date itself.

    `month` is its first day, `on` the day of the figure, which is null without sales.
    """

    month: date
    on: date
    dso: Decimal | None


def dso_by_month(listing: Listing) -> list[tuple[date, Query[Totals]]]:
    """Return the days of the trend, each with the question for the totals of a list on it (KPI-02).

    The accounts are those that are in the list on its own date.
    """
    return [
        (
            on,
            totals_of_accounts(
                Listing(
                    listing.view,
                    replace(listing.asked, as_of=on, in_past=True),
                    (),
                    among=listing,
                ),
                ["dso"],
            ),
        )
        for on in month_ends(listing.asked.as_of)
    ]


def dso_of(home_curr_id: str, answers: Sequence[tuple[date, Sequence[Totals]]]) -> list[DsoMonth]:
    """Return the trend of a home currency, of the answers for all days."""
    return [
        DsoMonth(
            on.replace(day=1),
            on,
            next((one.figures["dso"] for one in told if one.home_curr_id == home_curr_id), None),
        )
        for on, told in answers
    ]
