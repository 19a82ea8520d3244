"""View: the site's reason codes."""

from projections.reason_codes import REASON_CODES
from projections.view import Asked, Field, Kind, View, plain

(_REASON_CODES,) = REASON_CODES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_REASON_CODES)} r"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "r.tenant = %(tenant)s"


REASON_CODE_VIEW = View(
    name="reason_codes",
    description="The site's own reasons for disputes and tags of documents, retired ones included.",
    key=("code",),
    source=_source,
    where=_where,
    fields=(
        *plain(
            "r",
            Kind.TEXT,
            {
                "code": "The code: its key.",
                "description": "What it means.",
            },
            source="DSP-05",
            nullable=False,
        ),
        Field(
            "severity",
            Kind.INTEGER,
            "How severe it is: 1 is the most severe; null if it is not rated.",
            "r.severity",
            nullable=True,
            source="DSP-08",
        ),
        Field(
            "active",
            Kind.BOOLEAN,
            "Whether new disputes and tags may have it; false once it is retired.",
            "r.active",
            source="DSP-05",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the code has been known to be like this.",
            "r.known_from",
        ),
    ),
)
