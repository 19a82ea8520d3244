"""View: firings of jobs."""

from projections.job_firings import JOB_FIRINGS
from projections.view import Asked, Field, Kind, View, plain

(_FIRINGS,) = JOB_FIRINGS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_FIRINGS)} x"


def _where(asked: Asked) -> str:
    return f"x.tenant = %(tenant)s AND {asked.begun('x.business_date')}"


JOB_FIRING_VIEW = View(
    name="job_firings",
    description="Firings of jobs: what was done unattended, when, and what became of it.",
    key=("firing_id",),
    source=_source,
    where=_where,
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "firing_id": "The firing: its job and its occasion.",
                "job": "The job: its kind and what it is about, such as rules/A.",
                "occasion": "What it is done once for: the moment at which it was due, or by hand"
                " a key.",
            },
            source="RULE-22",
            nullable=False,
        ),
        Field("due_at", Kind.MOMENT, "When it was due, or by hand asked for.", "x.due_at"),
        Field(
            "business_date",
            Kind.DATE,
            "The date that it is done for: the local date of its schedule when it was due.",
            "x.business_date",
            source="G12",
        ),
        Field("by_hand", Kind.BOOLEAN, "Whether somebody asked for it.", "x.by_hand"),
        *plain(
            "x",
            Kind.TEXT,
            {
                "state": "claimed (a process is at it), completed, failed (it is tried again) or"
                " given_up.",
                "claimed_by": "The process that began it last: its host and number.",
            },
            nullable=False,
        ),
        Field("attempts", Kind.INTEGER, "How often it was begun.", "x.attempts"),
        Field("started_at", Kind.MOMENT, "When it was begun last.", "x.started_at"),
        Field("ended_at", Kind.MOMENT, "When it ended.", "x.ended_at", nullable=True),
        *plain("x", Kind.TEXT, {"told": "What was done, or why it could not be."}),
        Field("retry_at", Kind.MOMENT, "When it is tried again.", "x.retry_at", nullable=True),
        Field("known_from", Kind.MOMENT, "Since when it is known like this.", "x.known_from"),
    ),
)
