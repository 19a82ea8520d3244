"""Read model: the options of the site, as one row."""

from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import msgspec

from domain.shared.streams import stream_key, stream_name
from domain.site_options import SITE, SiteOptions, SiteOptionsChanged
from domain.site_options import SITE_OPTIONS as SITE_OPTIONS_STREAM
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql

STREAM = stream_name(SITE_OPTIONS_STREAM.category, SITE)


class SiteOptionsRow(Row, frozen=True, array_like=True, gc=False):
    """The options as known; `options` is the JSON of `SiteOptions`."""

    tenant: int
    site: str
    options: str
    known_from: datetime


def evolve(state: SiteOptions | None, recorded: Recorded) -> SiteOptions:  # noqa: ARG001
    """Remember the newest options."""
    return cast("SiteOptionsChanged", recorded.event).options


def rows(state: SiteOptions, tenant: int, known_from: datetime) -> EntityRows:
    """Return the one row."""
    return ((SiteOptionsRow(tenant, SITE, msgspec.json.encode(state).decode(), known_from),),)


def restore(stored: EntityRows) -> SiteOptions:
    """Return the options of the stored row."""
    return msgspec.json.decode(cast("SiteOptionsRow", stored[0][0]).options, type=SiteOptions)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the site's key."""
    return stream_key(recorded.stream)


SITE_OPTIONS: ReadModel[Any, SiteOptions] = ReadModel(
    name="site_options",
    tables=(Table("site_options", SiteOptionsRow, ("site",), ("site",)),),
    handles=(SiteOptionsChanged,),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


def stored_options(tenant: int) -> Query[SiteOptions]:
    """Return the question for the options of a tenant's site; no answer means the defaults."""
    return Query(
        sql("SELECT options FROM site_options WHERE tenant = %(tenant)s"),
        {"tenant": tenant},
        decoded_options,
    )


@lru_cache(maxsize=1_024)
def decoded_options(options: str) -> SiteOptions:
    """Return the options of a stored row."""
    return msgspec.json.decode(options, type=SiteOptions)
