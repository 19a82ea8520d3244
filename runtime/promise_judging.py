"""The step after a sync that judges promises by what the sync brought."""

from typing import TYPE_CHECKING

from application.handling import Request
from application.processes.judge_promises import judge_promises
from projections.promise_judging import PROPOSALS_MAX, promises_to_judge, received_by
from projections.query import fetch

if TYPE_CHECKING:
    from runtime.after_sync import Following


def promise_judging(following: "Following") -> list[Request]:
    """Return what to ask of the promises that the sync may change."""
    connection, tenant = following.connection, following.tenant
    query = promises_to_judge(tenant, following.business_date, following.companies)
    ids = fetch(connection, query)
    requests: list[Request] = []
    for start in range(0, len(ids), PROPOSALS_MAX):
        page = ids[start : start + PROPOSALS_MAX]
        requests += judge_promises(
            fetch(connection, received_by(tenant, page)),
            business_date=following.business_date,
            actor=following.actor,
            cause=following.cause,
        )
    return requests
