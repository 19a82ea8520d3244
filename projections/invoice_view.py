"""View: documents with what is open of them and how old that is, at any date on both axes."""

from domain.aging import Basis
from projections.accounts import ACCOUNTS
from projections.aging_fields import CURRENT, aging_fields
from projections.invoices import INVOICES
from projections.open_documents import balance_on, bucket_sql, open_amounts
from projections.paid_documents import projected_payments
from projections.view import Asked, Field, Kind, Total, View, plain, sum_of

_INVOICES, _APPLICATIONS, _BALANCES = INVOICES.tables
(_ACCOUNTS,) = ACCOUNTS.tables

_DUE_DATE = "coalesce(i.due_date, i.tran_date)"


def _source(asked: Asked) -> str:
    return f"{asked.rows(_INVOICES)} i"


def _where(asked: Asked) -> str:
    return f"i.tenant = %(tenant)s AND {asked.begun('i.effective_from')}"


def _open(asked: Asked) -> str:
    """Join what is open on the date: the present balance, or the step of a past one."""
    steps = asked.rows(_BALANCES)
    return f"""CROSS JOIN LATERAL (
        SELECT {balance_on("i", "balance", steps)} AS balance,
               {balance_on("i", "balance_hc", steps)} AS balance_hc) o"""


def _paid(asked: Asked) -> str:
    """Join the payments of it by the date: all there are, or those of a past one."""

    def applied(column: str, figure: str) -> str:
        return f"""CASE WHEN i.last_pmt_date > %(as_of)s THEN (
            SELECT {figure} FROM {asked.rows(_APPLICATIONS)} x
            WHERE x.tenant = i.tenant AND x.company_id = i.company_id AND x.tran_id = i.tran_id
              AND x.applied_date <= %(as_of)s) ELSE i.{column} END"""

    return f"""CROSS JOIN LATERAL (
        SELECT {applied("pmt_count", "count(*)")} AS pmt_count,
               {applied("last_pmt_date", "max(x.applied_date)")} AS last_pmt_date) p"""


def _aged(asked: Asked) -> str:
    """Join the buckets of both sets, and the amount that counts in them (AGE-17)."""
    options = asked.options
    late = f"CASE WHEN o.balance_hc < 0 THEN i.tran_date ELSE {_DUE_DATE} END"
    counted = "o.balance_hc" if options.age_unapplied else "greatest(o.balance_hc, 0)"
    shown = "age_bucket" if options.aging_basis is Basis.INVOICE else "due_bucket"
    return f"""CROSS JOIN LATERAL (
        SELECT {counted} AS amount,
               {bucket_sql(Basis.INVOICE, options, "i.tran_date", _DUE_DATE)} AS age_bucket,
               {bucket_sql(Basis.DUE, options, "i.tran_date", late)} AS due_bucket) b
        CROSS JOIN LATERAL (SELECT b.{shown} > {CURRENT} AS over_current) a"""


def _expected(asked: Asked) -> str:
    """Join when each open document will be paid, for all of them in one pass."""
    amounts = " UNION ALL ".join(open_amounts(asked.options, asked.known_at))
    return f"""LEFT JOIN ({projected_payments(asked, amounts, "true")}) e
        ON e.company_id = i.company_id AND e.tran_id = i.tran_id"""


def _expected_each(asked: Asked) -> str:
    """Join when the document will be paid."""
    amounts = f"""SELECT i.company_id, i.cust_id, i.tran_id, i.tran_date,
            {_DUE_DATE} AS due_date, o.balance_hc"""
    own = "doc.company_id = i.company_id AND doc.cust_id = i.cust_id"
    return f"LEFT JOIN LATERAL ({projected_payments(asked, amounts, own)}) e ON true"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = i.tenant
        AND c.company_id = i.company_id AND c.cust_id = i.cust_id"""


_OPEN = ("open",)
_AGED = ("open", "aged")
_EXPECTED = ("open", "expected")

_FIELDS = (
    *plain(
        "i",
        Kind.TEXT,
        {
            "company_id": "The ERP company it belongs to.",
            "tran_id": "The document's number in the ERP; its key together with the company.",
            "cust_id": "The account it is on: who pays.",
        },
        source="INV-01",
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
        "type",
        Kind.TEXT,
        "The ERP's document type: IN invoice, CM credit memo, and others.",
        "i.type",
        source="INV-07",
    ),
    Field("tran_date", Kind.DATE, "The document's date.", "i.tran_date", source="INV-02"),
    Field(
        "due_date",
        Kind.DATE,
        "When it is due, as the ERP says.",
        "i.due_date",
        nullable=True,
        source="INV-03",
    ),
    Field(
        "post_date",
        Kind.DATE,
        "When it was posted.",
        "i.post_date",
        nullable=True,
        source="INV-12",
    ),
    Field(
        "effective_from",
        Kind.DATE,
        "The date from which the document counts: when it was posted, else the earlier of its"
        " date and the business date on which it was first seen.",
        "i.effective_from",
        source="AGE-08",
    ),
    Field(
        "amount",
        Kind.MONEY,
        "The whole amount in the customer's currency; negative on credit memos.",
        "i.amount",
        currency="curr_id",
        source="INV-04",
    ),
    Field(
        "amount_hc",
        Kind.MONEY,
        "The whole amount in home currency.",
        "i.amount_hc",
        currency="home_curr_id",
        source="INV-04",
    ),
    Field(
        "balance",
        Kind.MONEY,
        "What is open on the as-of date, in the customer's currency.",
        "o.balance",
        currency="curr_id",
        needs=_OPEN,
        source="INV-05",
    ),
    Field(
        "balance_hc",
        Kind.MONEY,
        "What is open on the as-of date, in home currency.",
        "o.balance_hc",
        currency="home_curr_id",
        needs=_OPEN,
        source="INV-05",
    ),
    Field(
        "curr_id",
        Kind.TEXT,
        "The customer's currency, as the ERP writes it.",
        "i.curr_id",
        source="CMP-06",
    ),
    Field(
        "home_curr_id",
        Kind.TEXT,
        "The company's home currency, as the ERP writes it.",
        "i.home_curr_id",
        source="CMP-06",
    ),
    Field(
        "status",
        Kind.TEXT,
        "The ERP's status of the document.",
        "i.status",
        nullable=True,
        source="INV-06",
    ),
    Field(
        "disc_amt",
        Kind.MONEY,
        "The discount for paying early, in the customer's currency.",
        "i.disc_amt",
        nullable=True,
        currency="curr_id",
        source="INV-10",
    ),
    Field(
        "closing_tran_date",
        Kind.DATE,
        "When it left open status; null while it is open.",
        "CASE WHEN i.closing_tran_date <= %(as_of)s THEN i.closing_tran_date END",
        nullable=True,
        source="INV-11",
    ),
    Field(
        "last_pmt_date",
        Kind.DATE,
        "The date of the latest payment applied to it by the as-of date.",
        "p.last_pmt_date",
        nullable=True,
        needs=("paid",),
        source="INV-13",
    ),
    Field(
        "pmt_count",
        Kind.INTEGER,
        "How many payments and credit memos were applied to it by the as-of date.",
        "p.pmt_count",
        needs=("paid",),
        source="INV-14",
    ),
    Field(
        "percent_paid",
        Kind.NUMBER,
        "The part of the amount that is paid, in percent; null if the amount is zero.",
        "round((i.amount - o.balance) / nullif(i.amount, 0) * 100, 2)",
        nullable=True,
        needs=_OPEN,
        source="INV-15",
    ),
    Field(
        "due_date_days",
        Kind.INTEGER,
        "Days past the due date on the as-of date, negative before it. A document without a"
        " due date is due on its date.",
        f"(%(as_of)s::date - {_DUE_DATE})",
        source="INV-16",
    ),
    Field(
        "tran_date_days",
        Kind.INTEGER,
        "Days since the document's date on the as-of date, negative before it.",
        "(%(as_of)s::date - i.tran_date)",
        source="INV-18",
    ),
    Field(
        "days_due_to_pay",
        Kind.INTEGER,
        "Days from the due date to the closing, negative if paid early; null while open.",
        f"(CASE WHEN i.closing_tran_date <= %(as_of)s THEN i.closing_tran_date END - {_DUE_DATE})",
        nullable=True,
        source="INV-19",
    ),
    *plain(
        "i",
        Kind.TEXT,
        {
            "cust_po_no": "The customer's purchase order number; null if it is missing.",
            "sold_to_id": "The account that bought, where the parent pays.",
            "invoice_cmnt": "The ERP's comment, from the first of its two fields.",
            "comment": "The ERP's comment, from the second of its two fields.",
            "pmt_terms_id": "The document's own terms of payment, such as Net30.",
            "project_code": "The project.",
            "job_code": "The job.",
            "sper_id": "The sales person.",
            **{f"udf{number}": f"User-defined field {number}." for number in range(1, 6)},
        },
        source="INV-32",
    ),
    Field(
        "statistical_pmt_date",
        Kind.DATE,
        "The ERP's statistical date of payment.",
        "i.statistical_pmt_date",
        nullable=True,
        source="INV-32",
    ),
    *aging_fields(
        lambda condition: f"CASE WHEN {condition} THEN b.amount ELSE 0 END",
        currency="home_curr_id",
        needs=_AGED,
    ),
    Field(
        "proj_pmt_date",
        Kind.DATE,
        "When it is expected to be paid: as many days after the due date as the account took"
        " on average for documents of this size, else for all, else none; not before the"
        " as-of date. Null unless something is to be paid.",
        "e.projected_on",
        nullable=True,
        needs=_EXPECTED,
        source="KPI-20, KPI-24",
    ),
    Field(
        "proj_pmt_days",
        Kind.INTEGER,
        "Days from the due date to the expected payment, negative if early.",
        f"(e.projected_on - {_DUE_DATE})",
        nullable=True,
        needs=_EXPECTED,
        source="KPI-21",
    ),
    Field(
        "payment_due_days",
        Kind.INTEGER,
        "Days from the as-of date to the expected payment.",
        "(e.projected_on - %(as_of)s::date)",
        nullable=True,
        needs=_EXPECTED,
        source="KPI-22",
    ),
    Field(
        "coc_balance",
        Kind.MONEY,
        "What its balance has cost so far: at the site's rate a year, for the days since the"
        " document's date, in home currency.",
        "round(o.balance_hc * %(credit_apr)s / 100 * (%(as_of)s::date - i.tran_date) / 365, 2)",
        currency="home_curr_id",
        needs=_OPEN,
        source="KPI-16, KPI-17",
    ),
    Field(
        "daily_carry",
        Kind.MONEY,
        "What its balance costs a day, in home currency.",
        "round(o.balance_hc * %(credit_apr)s / 100 / 365, 2)",
        currency="home_curr_id",
        needs=_OPEN,
        source="KPI-16",
    ),
    Field(
        "known_from",
        Kind.MOMENT,
        "Since when the document has been known to be like this.",
        "i.known_from",
    ),
)

_TOTALS = (
    *(sum_of(field) for field in _FIELDS if field.kind is Kind.MONEY),
    Total(
        "percent_paid",
        Kind.NUMBER,
        "The part of all amounts that is paid, in percent; null if they add up to nothing.",
        "round((sum(i.amount) - sum(o.balance)) / nullif(sum(i.amount), 0) * 100, 2)",
        nullable=True,
        needs=_OPEN,
        source="INV-15",
    ),
    Total(
        "avg_days_due_to_pay",
        Kind.NUMBER,
        "Average days from the due date to the closing of those that are closed; null if none is.",
        f"round(avg(i.closing_tran_date - {_DUE_DATE})"
        " FILTER (WHERE i.closing_tran_date <= %(as_of)s), 2)",
        nullable=True,
        source="INV-19",
    ),
)

INVOICE_VIEW = View(
    name="invoices",
    description="Documents of the ERP on accounts: invoices, credit memos and its other types.",
    key=("company_id", "tran_id"),
    source=_source,
    where=_where,
    joins={
        "open": _open,
        "paid": _paid,
        "aged": _aged,
        "account": _account,
        "expected": _expected,
    },
    each={"expected": _expected_each},
    fields=_FIELDS,
    totals=_TOTALS,
    summed_by=("curr_id", "home_curr_id"),
)
