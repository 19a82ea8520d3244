"""View: sales persons of the ERP."""

from domain.shared.record_types import RecordType
from projections.sales_persons import SALES_PERSONS
from projections.user_defined import USER_FIELDS_JOIN, user_defined, user_fields_join
from projections.view import Asked, Field, Kind, View, plain

(_SALES_PERSONS,) = SALES_PERSONS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_SALES_PERSONS)} p"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "p.tenant = %(tenant)s"


SALES_PERSON_VIEW = View(
    name="sales_persons",
    description="Sales persons, as the ERP knows them.",
    key=("company_id", "sper_id"),
    source=_source,
    where=_where,
    joins={USER_FIELDS_JOIN: user_fields_join("p", RecordType.SALES_PERSON)},
    fields=(
        *plain(
            "p",
            Kind.TEXT,
            {
                "company_id": "The ERP company.",
                "sper_id": "The sales person's id in the ERP; the key together with the company.",
            },
            source="UDF-01",
            nullable=False,
        ),
        Field("sper_name", Kind.TEXT, "Name.", "p.sper_name", nullable=True, source="UDF-01"),
        *user_defined("p"),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the sales person has been known to be like this.",
            "p.known_from",
        ),
    ),
)
