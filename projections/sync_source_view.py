"""View: the sources of ERP exports."""

from projections.sync_sources import SYNC_SOURCES
from projections.view import Asked, Field, Kind, View, plain

(_SOURCES,) = SYNC_SOURCES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_SOURCES)} x"


SYNC_SOURCE_VIEW = View(
    name="sync_sources",
    description="Sources of exports: folders that an ERP writes to and jobs load.",
    key=("source_id",),
    source=_source,
    where=lambda _: "x.tenant = %(tenant)s",
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "source_id": "The source: its key.",
                "name": "What it is called.",
                "folder": "The folder, within the one that the server's settings name.",
            },
            source="SYN-01",
            nullable=False,
        ),
        *plain(
            "x",
            Kind.TEXT,
            {"mapping": "The file that says how to read it, if it is not mapping.toml there."},
            source="SYN-01",
        ),
        Field(
            "schedules",
            Kind.JSON,
            "When it is loaded: a list of days of the week from 1, Monday, a time and a time zone.",
            "x.schedules",
            source="SYN-02",
        ),
        Field(
            "company_ids",
            Kind.JSON,
            "The companies for which it is loaded: a list; empty for all of the export.",
            "x.company_ids",
            source="SYN-02",
        ),
        Field("active", Kind.BOOLEAN, "Whether it is loaded still.", "x.active", source="SYN-01"),
        Field("known_from", Kind.MOMENT, "Since when it is known like this.", "x.known_from"),
    ),
)
