"""The step after a sync that closes the issues of rules whose conditions hold no longer."""

from typing import TYPE_CHECKING

from application.handling import Request
from application.processes.close_issues import close_issues
from projections.query import fetch
from projections.rules_in_force import credit_classes
from projections.view import Asked
from runtime.rule_evaluation import evaluate
from runtime.site import site_options

if TYPE_CHECKING:
    from runtime.after_sync import Following


def issue_closing(following: "Following") -> list[Request]:
    """Return what to tell the issues whose conditions lapsed by what the sync brought."""
    connection, tenant = following.connection, following.tenant
    options = site_options(connection, tenant)
    asked = Asked(tenant, options, following.business_date, in_past=True)
    requests: list[Request] = []
    for credit_class in fetch(connection, credit_classes(asked)):
        evaluation = evaluate(connection, asked, credit_class, read_position=0, closing_only=True)
        requests += close_issues(
            evaluation.plan.lapses,
            business_date=following.business_date,
            actor=following.actor,
            cause=following.cause,
        )
    return requests
