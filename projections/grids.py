"""The lists that grid alerts are of, and whose accounts the records of a list are on (ALR-02)."""

from collections.abc import Sequence
from functools import cache

from msgspec.structs import replace

from domain.conditions import AllOf, Condition
from domain.grid_alert import Grid
from domain.shared.decider import Refused
from projections.account_care import ACCOUNT_CARE
from projections.account_view import ACCOUNT_VIEW
from projections.accounts import ACCOUNTS
from projections.activity_view import ACTIVITY_VIEW
from projections.dispute_view import DISPUTE_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.issue_view import ISSUE_VIEW
from projections.payment_view import PAYMENT_VIEW
from projections.pending_payment_view import PENDING_PAYMENT_VIEW, not_reconciled
from projections.promise_view import PROMISE_VIEW
from projections.typed_filters import Vocabulary, checked_typed, spelling, vocabulary_of
from projections.view import Asked, View

_CARE = ACCOUNT_CARE.tables[0]
(_ACCOUNTS,) = ACCOUNTS.tables

_VIEWS: dict[Grid, View] = {
    Grid.ACCOUNTS: ACCOUNT_VIEW,
    Grid.INVOICES: INVOICE_VIEW,
    Grid.ACTIVITIES: ACTIVITY_VIEW,
    Grid.ISSUES: ISSUE_VIEW,
    Grid.PROMISES: PROMISE_VIEW,
    Grid.DISPUTES: DISPUTE_VIEW,
    Grid.PAYMENTS: PAYMENT_VIEW,
    Grid.PENDING_PAYMENTS: PENDING_PAYMENT_VIEW,
}


def grid_view(grid: Grid) -> View:
    """Return the view that a grid lists."""
    return _VIEWS[grid]


@cache
def _vocabulary(grid: Grid) -> Vocabulary:
    return vocabulary_of(_VIEWS[grid])


def checked_grid_filter(grid: Grid, text: str) -> Condition:
    """Return the condition that a filter of a grid says.

    Raises:
        Refused: as a filter of a rule is.
    """
    return checked_typed(_vocabulary(grid), text)


def shown_by(grid: Grid, text: str) -> Condition:
    """Return the condition of the records that a grid shows with a filter.

    Raises:
        Refused: as a filter of a rule is.
    """
    asked = checked_grid_filter(grid, text)
    if grid is Grid.PENDING_PAYMENTS:
        return AllOf((asked, not_reconciled(asked)))
    return asked


def checked_grid_columns(grid: Grid, names: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of a grid that are meant by names, however they are spelled.

    Raises:
        Refused: if there is no field of a name.
    """
    known = _vocabulary(grid)
    for name in names:
        if spelling(name) not in known.names:
            raise Refused("column_unknown", known.unknown(name), "columns")
    return tuple(known.names[spelling(name)] for name in names)


@cache
def own_records(grid: Grid) -> View:
    """Return the view of a grid's records of accounts that are the reader's.

    Those are accounts that the user is assigned, is a sales rep of, or is the primary sales person
    of (ACC-20, ACC-21, USR-06).
    """
    view = _VIEWS[grid]
    company_id, cust_id = view.field("company_id"), view.field("cust_id")
    assert not company_id.needs
    assert not cust_id.needs

    def where(asked: Asked) -> str:
        return f"""{view.where(asked)} AND ({company_id.sql}, {cust_id.sql}) IN (
            SELECT own.company_id, own.cust_id FROM {asked.rows(_ACCOUNTS)} own
            LEFT JOIN {asked.rows(_CARE)} said ON said.tenant = own.tenant
              AND said.company_id = own.company_id AND said.cust_id = own.cust_id
            WHERE own.tenant = %(tenant)s AND (said.assigned_user_id = %(reader)s
              OR said.sales_reps::jsonb ? %(reader)s
              OR coalesce(own.sper_id, said.sper_id) = %(reader)s))"""

    return replace(view, where=where)
