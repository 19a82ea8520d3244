"""The whole dashboard of a tenant, read at once: all its figures are of one moment."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection, IsolationLevel

from domain.aging import AgeUnit, Basis
from domain.shared.decider import Refused
from domain.site_options import Trend
from projections.account_view import ACCOUNT_VIEW
from projections.dashboard import (
    AgedAmount,
    DsoMonth,
    ExpectedAmount,
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
from projections.promise_totals import PromiseTotals, promise_totals
from projections.query import fetch
from projections.trends import MonthPaid, every_month, paid_by_month
from projections.view import Asked
from runtime.database import Database
from runtime.site import site_options, today
from runtime.tenants import Tenant


class DashboardGroup(Struct, frozen=True):
    """The accounts in one home currency.

    `days_late` has the months of the trend with what was paid in each; `dso` is None unless the
    site shows that trend.
    """

    totals: Totals
    aging: dict[Basis, list[AgedAmount]]
    sizes: list[PaidSize]
    expected: list[ExpectedAmount]
    promises: list[PromiseTotals]
    days_late: list[tuple[date, MonthPaid | None]]
    dso: list[DsoMonth] | None


class Dashboard(Struct, frozen=True):
    """A dashboard: whose accounts, on which date and as known when, by home currency.

    `user_id` is the user whose own or team's accounts they are; None for all.
    `basis` is the aging set that the site shows, `age_unit` what its labels count.
    """

    scope: Scope
    user_id: str | None
    as_of: date
    known_at: datetime | None
    basis: Basis
    age_unit: AgeUnit
    groups: list[DashboardGroup]


def read_dashboard(
    database: Database,
    tenant: Tenant,
    *,
    scope: Scope | None = None,
    user_id: str | None = None,
    as_of: date | None = None,
    known_at: datetime | None = None,
) -> Dashboard:
    """Return the dashboard of a user's accounts, its team's or all, by default as is usual for it.

    Raises:
        Refused: if no such user is known.
    """
    with database.connect("worker") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            # A rebuild of read models waits until the figures are read.
            connection.execute("LOCK TABLE cursors IN ACCESS SHARE MODE")
            options = site_options(connection, tenant.id)
            on = as_of or today(options, database.now())
            asked = Asked(tenant.id, options, on, in_past=as_of is not None, known_at=known_at)
            members = [] if user_id is None else fetch(connection, team(asked, user_id))
            if members and members[0].kind is None:
                raise Refused("user_unknown", f"No user {user_id} is known.", "user")
            chosen = scope or usual_scope(members)
            listing = accounts_of(asked, in_scope(chosen, members))
            groups = dashboard_groups(connection, listing)
    return Dashboard(
        chosen,
        None if chosen is Scope.ALL else user_id,
        on,
        known_at,
        options.aging_basis,
        options.age_unit,
        groups,
    )


def dashboard_groups(connection: Connection[Any], listing: Listing) -> list[DashboardGroup]:
    """Return every figure of a list of accounts, by home currency."""
    asked = listing.asked
    options = asked.options
    names = [one.name for one in ACCOUNT_VIEW.totals]
    automatic = size_bounds(asked)
    found = [] if automatic is None else fetch(connection, automatic)
    worked_out = {one.home_curr_id: one.bounds for one in found}
    promises = fetch(connection, promise_totals(listing))
    paid = fetch(connection, paid_by_month(listing))
    dso = None
    if options.prior_six_months is Trend.DSO:
        dso = [(on, fetch(connection, query)) for on, query in dso_by_month(listing)]
    groups: list[DashboardGroup] = []
    for totals in fetch(connection, totals_of_accounts(listing, names)):
        currency = totals.home_curr_id
        bounds = options.size_ranges if automatic is None else worked_out.get(currency, ())
        groups.append(
            DashboardGroup(
                totals,
                {basis: aging_of(totals, basis, options) for basis in Basis},
                sizes_of(totals, bounds),
                expected_of(totals, asked.as_of),
                [one for one in promises if one.home_curr_id == currency],
                every_month((one for one in paid if one.home_curr_id == currency), asked.as_of),
                None if dso is None else dso_of(currency, dso),
            )
        )
    return groups
