"""View: legal holds on accounts and persons."""

from projections.legal_holds import LEGAL_HOLDS
from projections.view import Asked, Field, Kind, View, plain

(_HOLDS,) = LEGAL_HOLDS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_HOLDS)} h"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "h.tenant = %(tenant)s"


LEGAL_HOLD_VIEW = View(
    name="legal_holds",
    description="Legal holds on accounts and persons, lifted ones included.",
    key=("subject",),
    source=_source,
    where=_where,
    fields=(
        Field(
            "subject",
            Kind.TEXT,
            "What is held: the name of its stream, such as account/406/0100001.",
            "h.subject",
        ),
        Field("reason", Kind.TEXT, "Why it is held.", "h.reason"),
        Field("placed_by", Kind.TEXT, "Who placed it, as the log names them.", "h.placed_by"),
        Field("placed_on", Kind.DATE, "When.", "h.placed_on"),
        *plain(
            "h",
            Kind.TEXT,
            {"lift_reason": "Why it was lifted.", "lifted_by": "Who lifted it."},
        ),
        Field(
            "lifted_on",
            Kind.DATE,
            "When it was lifted; null while it holds.",
            "h.lifted_on",
            nullable=True,
        ),
        Field("known_from", Kind.MOMENT, "Since when it has been known like this.", "h.known_from"),
    ),
)
