"""View: grid alerts (ALR-01)."""

from projections.grid_alerts import GRID_ALERTS
from projections.view import Asked, Field, Kind, View, plain

(_ALERTS,) = GRID_ALERTS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_ALERTS)} g"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "g.tenant = %(tenant)s"


GRID_ALERT_VIEW = View(
    name="grid_alerts",
    description="Grid alerts: records of a list that users want to be told of.",
    key=("alert_id",),
    source=_source,
    where=_where,
    fields=(
        *plain(
            "g",
            Kind.TEXT,
            {
                "alert_id": "The alert: its key.",
                "name": "What it is called.",
                "grid": "What it lists: accounts, invoices, activities, issues, promises, disputes,"
                " payments or pending_payments.",
                "filter": "Which records it tells of, as conditions of rules are written.",
            },
            source="ALR-01",
            nullable=False,
        ),
        Field(
            "columns",
            Kind.JSON,
            "The fields that it shows of each record, in order.",
            "g.columns",
            source="ALR-03",
        ),
        Field(
            "recipients",
            Kind.JSON,
            "The users whom it tells, each of the records of their own accounts.",
            "g.recipients",
            source="ALR-02",
        ),
        Field(
            "schedule",
            Kind.JSON,
            "When it is told: days of the week from 1, Monday, to 7, a local time and its time"
            " zone, or null for the site's; null if somebody must ask.",
            "g.schedule",
            nullable=True,
            source="ALR-01",
        ),
        Field(
            "active",
            Kind.BOOLEAN,
            "Whether it is in force, or retired.",
            "g.active",
            source="ALR-01",
        ),
        Field("known_from", Kind.MOMENT, "Since when it is defined like this.", "g.known_from"),
    ),
)
