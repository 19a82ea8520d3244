"""The site's options and its present business date, read where a request or command begins."""

from datetime import date
from typing import Any

import msgspec
from psycopg import Connection

from domain.site_options import SiteOptions
from runtime.clock import business_date, now


def site_options(connection: Connection[Any], tenant: int) -> SiteOptions:
    """Return the options of a tenant's site as they are now."""
    row = connection.execute(
        "SELECT options FROM read_models.site_options WHERE tenant = %s", (tenant,)
    ).fetchone()
    return msgspec.json.decode(row[0], type=SiteOptions) if row else SiteOptions()


def today(options: SiteOptions) -> date:
    """Return the business date at this moment in the site's time zone."""
    return business_date(now(), options.time_zone)
