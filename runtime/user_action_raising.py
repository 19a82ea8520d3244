"""The step after a sync that raises user actions, and withdraws those whose reason is gone."""

from typing import TYPE_CHECKING

from application.handling import Request
from application.processes.raise_user_actions import raise_user_actions
from projections.query import fetch
from projections.user_action_reasons import actions_without_reason, reasons_to_tell
from projections.view import Asked
from runtime.site import site_options

if TYPE_CHECKING:
    from runtime.after_sync import Following


def user_action_raising(following: "Following") -> list[Request]:
    """Return what to raise and to withdraw on the business date, of all companies."""
    return raising(following, None)


def user_action_raising_of_companies(following: "Following") -> list[Request]:
    """Return what to raise and to withdraw, of the companies that are followed."""
    return raising(following, following.companies)


def raising(following: "Following", companies: frozenset[str] | None) -> list[Request]:
    """Return what to raise and to withdraw on the business date."""
    connection, tenant = following.connection, following.tenant
    options = site_options(connection, tenant)
    asked = Asked(tenant, options, following.business_date, in_past=True)
    return raise_user_actions(
        fetch(connection, reasons_to_tell(asked, companies)),
        fetch(connection, actions_without_reason(asked, companies)),
        business_date=following.business_date,
        actor=following.actor,
        cause=following.cause,
    )
