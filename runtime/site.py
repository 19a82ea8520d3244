"""The site's options and its present business date, read where a request or command begins."""

from datetime import date, datetime
from typing import Any

from psycopg import Connection

from domain.site_options import SiteOptions
from projections.query import fetch
from projections.site_options import stored_options
from runtime.clock import business_date, now


def site_options(connection: Connection[Any], tenant: int) -> SiteOptions:
    """Return the options of a tenant's site as they are now."""
    found = fetch(connection, stored_options(tenant))
    return found[0] if found else SiteOptions()


def today(options: SiteOptions, moment: datetime | None = None) -> date:
    """Return the business date in the site's time zone, at this moment or at another."""
    return business_date(moment or now(), options.time_zone)
