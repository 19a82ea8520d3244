"""View: the log itself, event by event, for auditors (LOG-01)."""

from projections.view import Asked, Field, Kind, View


def _source(asked: Asked) -> str:  # noqa: ARG001
    return "public.events e"


def _where(asked: Asked) -> str:
    known = ""
    if asked.known_at is not None:
        known = " AND e.position <= public.position_at(%(tenant)s, %(known_at)s)"
    return f"e.tenant = %(tenant)s{known}"


AUDIT_TRAIL = View(
    name="audit_trail",
    description="Events of the log in the order in which they were recorded.",
    key=("position",),
    source=_source,
    where=_where,
    fields=(
        Field(
            "position",
            Kind.INTEGER,
            "Place in the tenant's log: from 1, without gaps.",
            "e.position",
        ),
        Field(
            "stream",
            Kind.TEXT,
            "What the event is about, such as invoice/406/0000611365: category and natural key.",
            "e.stream",
        ),
        Field("version", Kind.INTEGER, "Place in the stream: from 1, without gaps.", "e.version"),
        Field("type", Kind.TEXT, "What happened, such as PaymentApplied.", "e.type"),
        Field(
            "data",
            Kind.JSON,
            "The event as stored: amounts are decimal strings, fields at their default left out.",
            "convert_from(e.data, 'UTF8')",
        ),
        Field(
            "effective_on",
            Kind.DATE,
            "The date on which the fact is true in business terms.",
            "e.effective_on",
        ),
        Field("recorded_at", Kind.MOMENT, "When it was recorded in the log.", "e.recorded_at"),
        Field("actor", Kind.TEXT, "Who asked: a user, an API key or a job.", "e.actor"),
        Field("cause", Kind.TEXT, "The command, job or event that led here.", "e.cause"),
        Field(
            "correlation",
            Kind.TEXT,
            "Shared by everything that one request or run set off.",
            "e.correlation",
        ),
    ),
)
