"""The step that takes accounts out of credit classes that there are no more.

They are then in the site's default one, so that no account is without rules (RULE-03).
"""

from typing import TYPE_CHECKING

from application.consulting import account_asked
from application.handling import Consulted, Request
from domain.account_care import ACCOUNT_CARE, LeaveClass
from domain.credit_class import CREDIT_CLASS, is_defined
from projections.credit_class_view import in_lost_classes
from projections.query import fetch
from projections.view import Asked
from runtime.site import site_options

if TYPE_CHECKING:
    from runtime.after_sync import Following


def class_leaving(following: "Following") -> list[Request]:
    """Return what to tell accounts whose class is gone, of all companies."""
    connection, tenant = following.connection, following.tenant
    asked = Asked(tenant, site_options(connection, tenant), following.business_date, in_past=True)
    return [
        Request(
            ACCOUNT_CARE,
            (one.company_id, one.cust_id),
            LeaveClass(one.credit_class_id),
            actor=following.actor,
            business_date=following.business_date,
            cause=following.cause,
            correlation=following.cause,
            consults=(
                account_asked(one.company_id, one.cust_id),
                Consulted(CREDIT_CLASS, (one.credit_class_id,), is_defined),
            ),
        )
        for one in fetch(connection, in_lost_classes(asked))
    ]
