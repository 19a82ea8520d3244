"""View: disputes of documents, at any date on both axes."""

from projections.accounts import ACCOUNTS
from projections.disputes import DISPUTES
from projections.reason_codes import REASON_CODES
from projections.view import Asked, Field, Kind, View, plain

(_DISPUTES,) = DISPUTES.tables
(_ACCOUNTS,) = ACCOUNTS.tables
(_REASON_CODES,) = REASON_CODES.tables

_GIVEN = "d.code_date <= %(as_of)s"
"""Whether the reason code had been given by the date."""

_CLOSED = "coalesce(d.closed_on <= %(as_of)s, false)"
"""Whether the dispute was closed by the date."""


def _source(asked: Asked) -> str:
    return f"{asked.rows(_DISPUTES)} d"


def _where(asked: Asked) -> str:
    return f"d.tenant = %(tenant)s AND {asked.begun('d.dispute_date')}"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = d.tenant
        AND c.company_id = d.company_id AND c.cust_id = d.cust_id"""


def _reason(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_REASON_CODES)} r
        ON r.tenant = d.tenant AND r.code = d.reason_code AND {_GIVEN}"""


DISPUTE_VIEW = View(
    name="disputes",
    description="What customers contest of documents, open and closed.",
    key=("dispute_id",),
    source=_source,
    where=_where,
    joins={"account": _account, "reason": _reason},
    fields=(
        *plain(
            "d",
            Kind.TEXT,
            {
                "dispute_id": "The dispute's id.",
                "company_id": "The ERP company of the document.",
                "tran_id": "The document that is disputed.",
                "cust_id": "The account that the document was on when it was disputed.",
            },
            source="DSP-01",
            nullable=False,
        ),
        Field(
            "cust_name",
            Kind.TEXT,
            "The name of the account.",
            "c.cust_name",
            nullable=True,
            needs=("account",),
            source="ACC-02",
        ),
        Field(
            "amount",
            Kind.MONEY,
            "The disputed amount in the document's currency.",
            "d.amount",
            currency="curr_id",
            source="DSP-02",
        ),
        Field(
            "amount_hc",
            Kind.MONEY,
            "The disputed amount in home currency, at the document's booked rate.",
            "d.amount_hc",
            currency="home_curr_id",
            source="DSP-02",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "The document's currency, as the ERP writes it.",
            "d.curr_id",
            source="CMP-06",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The company's home currency, as the ERP writes it.",
            "d.home_curr_id",
            source="CMP-06",
        ),
        Field(
            "dispute_date",
            Kind.DATE,
            "Since when it has been disputed; may lie before the date on which that was told.",
            "d.dispute_date",
            source="DSP-03",
        ),
        Field(
            "dispute_date_days",
            Kind.INTEGER,
            "Days since the dispute's date on the as-of date, negative before it.",
            "(%(as_of)s::date - d.dispute_date)",
            source="DSP-03",
        ),
        Field(
            "opened_on",
            Kind.DATE,
            "The business date on which the dispute was told; null before it.",
            "CASE WHEN d.opened_on <= %(as_of)s THEN d.opened_on END",
            nullable=True,
            source="DSP-03",
        ),
        Field(
            "open",
            Kind.BOOLEAN,
            "Whether it is open on the as-of date.",
            f"(NOT {_CLOSED})",
            source="DSP-11",
        ),
        Field(
            "closed",
            Kind.BOOLEAN,
            "Whether it is closed on the as-of date; neither the document's closing nor an issue's"
            " resolution.",
            _CLOSED,
            source="DSP-06",
        ),
        Field(
            "closed_date",
            Kind.DATE,
            "When it was closed; null while it is open.",
            "CASE WHEN d.closed_on <= %(as_of)s THEN d.closed_on END",
            nullable=True,
            source="DSP-06",
        ),
        Field(
            "outcome",
            Kind.TEXT,
            "How it ended, in the site's own words; null while it is open.",
            "CASE WHEN d.closed_on <= %(as_of)s THEN d.outcome END",
            nullable=True,
            source="DSP-06",
        ),
        Field(
            "closing_note",
            Kind.TEXT,
            "What was noted when it was closed; null while it is open.",
            "CASE WHEN d.closed_on <= %(as_of)s THEN d.closing_note END",
            nullable=True,
            source="DSP-06",
        ),
        Field(
            "reason_code",
            Kind.TEXT,
            "The reason code; null if none was given by the as-of date.",
            f"CASE WHEN {_GIVEN} THEN d.reason_code END",
            nullable=True,
            source="DSP-05",
        ),
        Field(
            "code_date",
            Kind.DATE,
            "The business date on which the reason code was given; null before it.",
            f"CASE WHEN {_GIVEN} THEN d.code_date END",
            nullable=True,
            source="DSP-04",
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
            "exclude_aging",
            Kind.BOOLEAN,
            "Whether its amount is left out of aging and rules while it is open.",
            "d.exclude_aging",
            source="DSP-10",
        ),
        Field("note", Kind.TEXT, "What was noted of it.", "d.note", nullable=True, source="ACT-08"),
        Field(
            "activity_id",
            Kind.TEXT,
            "The activity in which the customer told it.",
            "d.activity_id",
            nullable=True,
            source="ACT-21",
        ),
        Field(
            "user_id",
            Kind.TEXT,
            "Who told it, as the log names them.",
            "d.user_id",
            source="DSP-01",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the dispute has been known to be like this.",
            "d.known_from",
        ),
    ),
)
