"""View: companies of the ERP."""

from projections.companies import COMPANIES
from projections.company_options import COMPANY_OPTIONS
from projections.view import Asked, Field, Kind, View

(_COMPANIES,) = COMPANIES.tables
(_OPTIONS,) = COMPANY_OPTIONS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_COMPANIES)} h"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "h.tenant = %(tenant)s"


def _options(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_OPTIONS)} y
        ON y.tenant = h.tenant AND y.company_id = h.company_id"""


COMPANY_VIEW = View(
    name="companies",
    description="Companies of the ERP.",
    key=("company_id",),
    source=_source,
    where=_where,
    joins={"options": _options},
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
            "default_user_id",
            Kind.TEXT,
            "The user who works on accounts that come for the first time; null if nobody does.",
            "y.default_user_id",
            nullable=True,
            needs=("options",),
            source="CMP-03, CMP-05",
        ),
        Field(
            "online_payments",
            Kind.BOOLEAN,
            "Whether customers whose account allows it may pay online: as the company's options"
            " say, else as the site's.",
            "coalesce(y.online_payments, %(online_payments)s)",
            needs=("options",),
            source="CMP-04, PND-15",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the company has been known to be like this.",
            "h.known_from",
        ),
    ),
)
