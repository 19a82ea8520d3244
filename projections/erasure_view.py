"""View: erasures of persons."""

from projections.erasures import ERASURES
from projections.view import Asked, Field, Kind, View

(_ERASURES,) = ERASURES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_ERASURES)} e"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "e.tenant = %(tenant)s"


ERASURE_VIEW = View(
    name="erasures",
    description="Erasures of persons: asked for, withdrawn and done.",
    key=("person",),
    source=_source,
    where=_where,
    fields=(
        Field(
            "person",
            Kind.TEXT,
            "Whom it is about: the name of their stream, such as contact/406/0100001/1.",
            "e.person",
        ),
        Field(
            "state",
            Kind.TEXT,
            "How far it is: asked (it waits for somebody else's approval), withdrawn or erased.",
            "e.state",
        ),
        Field("reason", Kind.TEXT, "Why.", "e.reason"),
        Field("asked_by", Kind.TEXT, "Who asked for it, as the log names them.", "e.asked_by"),
        Field("asked_on", Kind.DATE, "When.", "e.asked_on"),
        Field(
            "approved_by",
            Kind.TEXT,
            "Who approved it; null where one person was enough.",
            "e.approved_by",
            nullable=True,
        ),
        Field(
            "decided_on",
            Kind.DATE,
            "When it was withdrawn or done.",
            "e.decided_on",
            nullable=True,
        ),
        Field("known_from", Kind.MOMENT, "Since when it has been known like this.", "e.known_from"),
    ),
)
