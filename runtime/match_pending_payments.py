"""The step after a sync that finds the ERP's payments for pending ones (PND-03)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from application.handling import Request
from application.processes.match_pending_payments import requests
from domain.site_options import SiteOptions
from projections.pending_payment_matching import match_candidates
from projections.query import fetch
from projections.site_options import stored_options

if TYPE_CHECKING:
    from runtime.after_sync import Following


def match_pending_payments(following: "Following") -> Sequence[Request]:
    """Propose the matches that the read models show."""
    connection, tenant = following.connection, following.tenant
    options = next(iter(fetch(connection, stored_options(tenant))), SiteOptions())
    query = match_candidates(tenant, options.pending_payment_match_days)
    return requests(
        fetch(connection, query),
        business_date=following.business_date,
        actor=following.actor,
        correlation=following.cause,
    )
