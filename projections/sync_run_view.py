"""View: syncs that changed something, with what they read (LOG-01, SYN-10)."""

from projections.sync_runs import SYNC_RUNS
from projections.view import Asked, Field, Kind, View, plain

(_RUNS,) = SYNC_RUNS.tables


def _source(asked: Asked) -> str:  # noqa: ARG001
    return f"{_RUNS.name} s"


def _where(asked: Asked) -> str:
    known = "s.known_from <= %(known_at)s" if asked.known_at is not None else "true"
    return f"s.tenant = %(tenant)s AND {asked.begun('s.business_date')} AND {known}"


SYNC_RUN_VIEW = View(
    name="sync_runs",
    description="Syncs: loadings of an ERP's export that changed something.",
    key=("run_id",),
    source=_source,
    where=_where,
    fields=(
        *plain("s", Kind.TEXT, {"run_id": "The sync: its key."}, source="LOG-01", nullable=False),
        Field(
            "business_date",
            Kind.DATE,
            "The date that it was for.",
            "s.business_date",
            source="LOG-01",
        ),
        *plain(
            "s",
            Kind.INTEGER,
            {
                "read": "How many rows of the export it read.",
                "new": "How many of them were new.",
                "changed": "How many of them had changed.",
                "unchanged": "How many of them were as before.",
                "rejected": "How many of them it could not take.",
            },
            source="LOG-01",
            nullable=False,
        ),
        Field("known_from", Kind.MOMENT, "When it was over.", "s.known_from", source="LOG-01"),
    ),
)
