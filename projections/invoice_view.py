"""View: documents with what is open of them and how old that is, at any date on both axes."""

from projections.aging_fields import aging_fields
from projections.invoice_figures import figure_fields
from projections.invoice_joins import (
    CLOSED_ON,
    DUE_DATE,
    EACH,
    JOINS,
    counted_sum,
)
from projections.invoices import INVOICES
from projections.user_defined import own_fields
from projections.view import Asked, Field, Kind, Total, View, plain, sum_of

_INVOICES = INVOICES.tables[0]

_OPEN = ("open",)
_DUE = ("schedule", "unpaid")
_AGED = ("open", "aged", "counted")


def _source(asked: Asked) -> str:
    return f"{asked.rows(_INVOICES)} i"


def _where(asked: Asked) -> str:
    return f"i.tenant = %(tenant)s AND {asked.begun('i.effective_from')}"


_COUNTS = "i.effective_from <= %(as_of)s"
"""The SQL of whether a document counts on the date: it may be posted later."""

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
        "When it is due, as the ERP says; with a payment schedule, when the earliest instalment"
        " that is not paid is, or the last was.",
        f"CASE WHEN s.tran_id IS NULL THEN i.due_date ELSE {DUE_DATE} END",
        nullable=True,
        needs=_DUE,
        source="INV-03, SCH-04",
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
        CLOSED_ON,
        nullable=True,
        source="INV-11",
    ),
    Field(
        "last_pmt_date",
        Kind.DATE,
        "The date of the latest payment applied to it by the as-of date.",
        "p.last_pmt_date",
        nullable=True,
        needs=("applied",),
        source="INV-13",
    ),
    Field(
        "pmt_count",
        Kind.INTEGER,
        "How many payments and credit memos were applied to it by the as-of date.",
        "p.pmt_count",
        needs=("applied",),
        source="INV-14",
    ),
    Field(
        "percent_paid",
        Kind.NUMBER,
        "The part of the amount that is paid, in percent; null if the amount is zero, or if the"
        " document does not count yet, as it is posted later.",
        f"CASE WHEN {_COUNTS} THEN round((i.amount - o.balance) / nullif(i.amount, 0) * 100, 2)"
        " END",
        nullable=True,
        needs=_OPEN,
        source="INV-15",
    ),
    Field(
        "due_date_days",
        Kind.INTEGER,
        "Days past the due date on the as-of date, negative before it. A document without a"
        " due date is due on its date.",
        f"(%(as_of)s::date - {DUE_DATE})",
        needs=_DUE,
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
        f"({CLOSED_ON} - {DUE_DATE})",
        nullable=True,
        needs=_DUE,
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
        counted_sum,
        currency="home_curr_id",
        needs=_AGED,
    ),
    *own_fields(),
    *figure_fields(),
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
        "The part of all amounts that is paid, in percent, of the documents that count by now; null"
        " if their amounts add up to nothing.",
        f"round((sum(i.amount) FILTER (WHERE {_COUNTS}) - sum(o.balance))"
        f" / nullif(sum(i.amount) FILTER (WHERE {_COUNTS}), 0) * 100, 2)",
        nullable=True,
        needs=_OPEN,
        source="INV-15",
    ),
    Total(
        "avg_days_due_to_pay",
        Kind.NUMBER,
        "Average days from the due date to the closing of those that are closed; null if none is.",
        f"round(avg({CLOSED_ON} - {DUE_DATE}), 2)",
        nullable=True,
        needs=_DUE,
        source="INV-19",
    ),
)

INVOICE_VIEW = View(
    name="invoices",
    description="Documents of the ERP on accounts: invoices, credit memos and its other types.",
    key=("company_id", "tran_id"),
    source=_source,
    where=_where,
    joins=JOINS,
    each=EACH,
    fields=_FIELDS,
    totals=_TOTALS,
    summed_by=("curr_id", "home_curr_id"),
)
