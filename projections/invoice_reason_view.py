"""View: reason codes on documents, disputed or not, while they are on them."""

from projections.invoice_reasons import INVOICE_REASONS
from projections.reason_codes import REASON_CODES
from projections.view import Asked, Field, Kind, View, plain

(_TAGS,) = INVOICE_REASONS.tables
(_REASON_CODES,) = REASON_CODES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_TAGS)} g"


def _where(asked: Asked) -> str:
    return f"""g.tenant = %(tenant)s AND {asked.begun("g.code_date")}
        AND (g.cleared_on IS NULL OR g.cleared_on > %(as_of)s)"""


def _reason(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_REASON_CODES)} r
        ON r.tenant = g.tenant AND r.code = g.reason_code"""


INVOICE_REASON_VIEW = View(
    name="invoice_reasons",
    description="Reason codes on documents, which need not be disputed.",
    key=("company_id", "tran_id"),
    source=_source,
    where=_where,
    joins={"reason": _reason},
    fields=(
        *plain(
            "g",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the document.",
                "tran_id": "The document.",
                "reason_code": "The reason code on it.",
            },
            source="DSP-07",
            nullable=False,
        ),
        Field(
            "reason_description",
            Kind.TEXT,
            "What the reason code means.",
            "r.description",
            nullable=True,
            needs=("reason",),
            source="DSP-05",
        ),
        Field(
            "severity",
            Kind.INTEGER,
            "How severe the reason is: 1 is the most severe; null if it is not rated.",
            "r.severity",
            nullable=True,
            needs=("reason",),
            source="DSP-08",
        ),
        Field(
            "code_date",
            Kind.DATE,
            "The business date on which the document was tagged.",
            "g.code_date",
            source="DSP-04",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the tag has been known to be like this.",
            "g.known_from",
        ),
    ),
)
