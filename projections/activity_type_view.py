"""View: types of activities, the six standard ones and those that derive from them."""

from domain.shared.standard_type import STANDARD_NAMES
from projections.activity_types import ACTIVITY_TYPES
from projections.view import Asked, Field, Kind, View, plain

(_TYPES,) = ACTIVITY_TYPES.tables

_STANDARD = ", ".join(f"('{code}', '{name}')" for code, name in STANDARD_NAMES.items())


def _source(asked: Asked) -> str:
    """Return the types that are defined, and the standard ones that nobody defined otherwise."""
    defined = asked.rows(_TYPES)
    return f"""(
        SELECT tenant, code, standard_type, name, priority, procedure, known_from
        FROM {defined} d
        UNION ALL
        SELECT %(tenant)s::int, s.code COLLATE "C", s.code COLLATE "C", s.name COLLATE "C",
               NULL::int, NULL::text COLLATE "C", NULL::timestamptz
        FROM (VALUES {_STANDARD}) s (code, name)
        WHERE NOT EXISTS (
            SELECT FROM {defined} d WHERE d.tenant = %(tenant)s AND d.code = s.code)) t"""


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "t.tenant = %(tenant)s"


ACTIVITY_TYPE_VIEW = View(
    name="activity_types",
    description="Types of activities: the six standard ones, and those that derive from them.",
    key=("code",),
    source=_source,
    where=_where,
    fields=(
        Field("code", Kind.TEXT, "What activities name it by.", "t.code", source="ACT-01"),
        Field(
            "standard_type",
            Kind.TEXT,
            "The standard type that it derives from, or is: AcctNote, Dispute, EmailRcd,"
            " EmailSend, ExpectPay or Phone. Activities behave by it.",
            "t.standard_type",
            source="ACT-02",
        ),
        Field(
            "standard",
            Kind.BOOLEAN,
            "Whether it is one of the six standard types.",
            "(t.code = t.standard_type)",
            source="ACT-01",
        ),
        Field("name", Kind.TEXT, "What it is called.", "t.name", source="ACT-01"),
        *plain(
            "t",
            Kind.INTEGER,
            {"priority": "How urgent such activities are; 1 is the most urgent."},
            source="ACT-23",
        ),
        *plain(
            "t",
            Kind.TEXT,
            {"procedure": "A checklist or a script for those who carry such activities out."},
            source="ACT-22",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when it has been defined like this; null of a standard type that nobody"
            " defined otherwise.",
            "t.known_from",
            nullable=True,
        ),
    ),
)
