"""View: expected payments and promises to pay, their invoices, and what was received."""

from projections.accounts import ACCOUNTS
from projections.promises import PROMISES
from projections.view import Asked, Field, Kind, View, plain

_PROMISES, _INVOICES, _RECEIPTS = PROMISES.tables
(_ACCOUNTS,) = ACCOUNTS.tables

_PROMISED = "coalesce(pr.promised_on <= %(as_of)s, false)"
_SETTLED = "coalesce(pr.settled_on <= %(as_of)s, false)"


def _source(asked: Asked) -> str:
    return f"{asked.rows(_PROMISES)} pr"


def _where(asked: Asked) -> str:
    return f"pr.tenant = %(tenant)s AND {asked.begun('pr.made_on')}"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = pr.tenant
        AND c.company_id = pr.company_id AND c.cust_id = pr.cust_id"""


def _actual(asked: Asked) -> str:
    """Join what was received by the date: all that is known, or that of a past one."""

    def received(column: str, figure: str) -> str:
        return f"""CASE WHEN pr.actual_date > %(as_of)s THEN (
            SELECT {figure} FROM {asked.rows(_RECEIPTS)} r
            WHERE r.tenant = pr.tenant AND r.promise_id = pr.promise_id
              AND r.dated <= %(as_of)s) ELSE pr.{column} END"""

    return f"""CROSS JOIN LATERAL (
        SELECT {received("actual_amt", "coalesce(sum(r.amount), 0)")} AS amount,
               {received("actual_date", "max(r.dated)")} AS dated) a"""


PROMISE_VIEW = View(
    name="promises",
    description="Payments that are expected of accounts by a date; some of them promises to pay.",
    key=("promise_id",),
    source=_source,
    where=_where,
    joins={"account": _account, "actual": _actual},
    fields=(
        *plain(
            "pr",
            Kind.TEXT,
            {
                "promise_id": "Its id.",
                "company_id": "The ERP company of the account.",
                "cust_id": "The account that is to pay.",
            },
            source="PRM-01",
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
            "expect_amt",
            Kind.MONEY,
            "The amount that is expected.",
            "pr.amount",
            currency="curr_id",
            source="PRM-01",
        ),
        Field(
            "expect_date",
            Kind.DATE,
            "The date by which it is expected.",
            "pr.expect_date",
            source="PRM-01",
        ),
        Field(
            "promise",
            Kind.BOOLEAN,
            "Whether it is a promise to pay: the customer had committed to it by the as-of date.",
            _PROMISED,
            source="PRM-02",
        ),
        Field(
            "promise_to_pay_amt",
            Kind.MONEY,
            "The amount that was promised, which is the expected one; null if it is no promise.",
            f"CASE WHEN {_PROMISED} THEN pr.amount END",
            nullable=True,
            currency="curr_id",
            source="PRM-03",
        ),
        Field(
            "promise_to_pay_date",
            Kind.DATE,
            "The date that was promised, which is the expected one; null if it is no promise.",
            f"CASE WHEN {_PROMISED} THEN pr.expect_date END",
            nullable=True,
            source="PRM-03",
        ),
        Field(
            "promised_on",
            Kind.DATE,
            "Since when it has been a promise.",
            f"CASE WHEN {_PROMISED} THEN pr.promised_on END",
            nullable=True,
            source="PRM-02",
        ),
        Field(
            "made_on",
            Kind.DATE,
            "When it was recorded; payments count from this date on.",
            "pr.made_on",
            source="PRM-01",
        ),
        Field(
            "actual_amt",
            Kind.MONEY,
            "What was received towards it by the as-of date, in time or late, until the amount was"
            " complete.",
            "a.amount",
            currency="curr_id",
            needs=("actual",),
            source="PRM-04",
        ),
        Field(
            "actual_date",
            Kind.DATE,
            "The date of the last payment received towards it by the as-of date.",
            "a.dated",
            nullable=True,
            needs=("actual",),
            source="PRM-05",
        ),
        Field(
            "actual_pay_days",
            Kind.INTEGER,
            "Days from the expected date to the last payment, negative if it was early.",
            "(a.dated - pr.expect_date)",
            nullable=True,
            needs=("actual",),
            source="PRM-06",
        ),
        Field(
            "expected_pay_days",
            Kind.INTEGER,
            "Days from the as-of date to the expected date, negative after it.",
            "(pr.expect_date - %(as_of)s::date)",
            source="PRM-07",
        ),
        Field(
            "status",
            Kind.TEXT,
            "open; kept in time; broken, only if it is a promise; missed, only if it is none;"
            " withdrawn.",
            f"CASE WHEN {_SETTLED} THEN pr.status ELSE 'open' END",
            source="PRM-08",
        ),
        Field(
            "broken",
            Kind.BOOLEAN,
            "Whether the promise is broken: less than promised was received, or late.",
            f"({_SETTLED} AND pr.status = 'broken')",
            source="PRM-08",
        ),
        Field(
            "settled_on",
            Kind.DATE,
            "The date on which it was kept or withdrawn, or the day after the expected date, from"
            " which it is broken or missed; null while it is open.",
            f"CASE WHEN {_SETTLED} THEN pr.settled_on END",
            nullable=True,
            source="PRM-09",
        ),
        Field(
            "broken_on",
            Kind.DATE,
            "The day after the expected date, if the promise is broken.",
            "CASE WHEN pr.broken_on <= %(as_of)s THEN pr.broken_on END",
            nullable=True,
            source="PRM-08",
        ),
        Field(
            "contradicted",
            Kind.BOOLEAN,
            "Whether payments as known by now speak against the outcome: it was kept by one that"
            " turned out void, or was paid in time by one that became known only later.",
            f"({_SETTLED} AND pr.contradicted)",
            source="PRM-09",
        ),
        Field(
            "withdrawn_reason",
            Kind.TEXT,
            "Why it was withdrawn.",
            f"CASE WHEN {_SETTLED} THEN pr.withdrawn_reason END",
            nullable=True,
            source="PRM-01",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "Its currency, as the ERP writes it.",
            "pr.curr_id",
            source="CMP-06",
        ),
        *plain(
            "pr",
            Kind.TEXT,
            {
                "note": "What was noted with it.",
                "user_id": "Who looks after it.",
                "activity_id": "The activity, such as a phone call, in which it was made.",
            },
            source="PRM-01",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when it has been known to be like this.",
            "pr.known_from",
        ),
    ),
)


def _invoice_source(asked: Asked) -> str:
    return f"{asked.rows(_INVOICES)} i"


def _tenant(asked: Asked) -> str:  # noqa: ARG001
    return "i.tenant = %(tenant)s"


PROMISE_INVOICE_VIEW = View(
    name="promise_invoices",
    description="Invoices that expected payments are for; they are judged together.",
    key=("promise_id", "company_id", "tran_id"),
    source=_invoice_source,
    where=_tenant,
    fields=(
        *plain(
            "i",
            Kind.TEXT,
            {
                "promise_id": "The expected payment.",
                "company_id": "The ERP company.",
                "tran_id": "The invoice that is to be paid.",
            },
            source="PRM-08",
            nullable=False,
        ),
    ),
)


def _receipt_source(asked: Asked) -> str:
    return f"{asked.rows(_RECEIPTS)} r"


def _receipt_where(asked: Asked) -> str:
    return f"r.tenant = %(tenant)s AND {asked.begun('r.dated')}"


def _promise(asked: Asked) -> str:
    return f"""JOIN {asked.rows(_PROMISES)} pr
        ON pr.tenant = r.tenant AND pr.promise_id = r.promise_id"""


PROMISE_RECEIPT_VIEW = View(
    name="promise_receipts",
    description="What was received towards expected payments, by the as-of date.",
    key=("promise_id", "receipt_id"),
    source=_receipt_source,
    where=_receipt_where,
    joins={"promise": _promise},
    fields=(
        *plain(
            "r",
            Kind.TEXT,
            {
                "promise_id": "The expected payment.",
                "receipt_id": "Tells the receipts of one apart.",
                "company_id": "The ERP company.",
            },
            source="PRM-04",
            nullable=False,
        ),
        *plain(
            "r",
            Kind.TEXT,
            {
                "tran_id": "The invoice that was paid; null for a payment on the account as a"
                " whole.",
                "payment_id": "The payment or credit memo that paid; null where the ERP lowered"
                " the balance and named none.",
            },
            source="PRM-04",
        ),
        Field(
            "amount",
            Kind.MONEY,
            "What was received; negative if money was taken back.",
            "r.amount",
            currency="curr_id",
            source="PRM-04",
        ),
        Field("dated", Kind.DATE, "The payment's date.", "r.dated", source="PRM-05"),
        Field(
            "late",
            Kind.BOOLEAN,
            "Whether it came after the expected date.",
            "(r.dated > pr.expect_date)",
            needs=("promise",),
            source="PRM-08",
        ),
        Field(
            "curr_id",
            Kind.TEXT,
            "Its currency, as the ERP writes it.",
            "pr.curr_id",
            needs=("promise",),
            source="CMP-06",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when it has been known.",
            "r.known_from",
        ),
    ),
)
