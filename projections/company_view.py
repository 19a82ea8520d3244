"""View: companies of the ERP."""

from projections.companies import COMPANIES
from projections.view import Asked, Field, Kind, View

(_COMPANIES,) = COMPANIES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_COMPANIES)} h"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "h.tenant = %(tenant)s"


COMPANY_VIEW = View(
    name="companies",
    description="Companies of the ERP.",
    key=("company_id",),
    source=_source,
    where=_where,
    fields=(
        Field("company_id", Kind.TEXT, "The company's id.", "h.company_id", source="CMP-02"),
        Field("name", Kind.TEXT, "Its name.", "h.name", nullable=True, source="CMP-02"),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "Its home currency, as the ERP writes it.",
            "h.home_currency",
            source="CMP-03",
        ),
        Field(
            "time_zone",
            Kind.TEXT,
            "The IANA time zone that cuts its business days.",
            "h.time_zone",
            source="SYN-09",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the company has been known to be like this.",
            "h.known_from",
        ),
    ),
)
