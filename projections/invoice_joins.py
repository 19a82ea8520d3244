"""What documents are asked for beside their own row, at any date on both axes of time.

Joins that work figures out for all documents in one pass have a twin for one document at a time
(`i`). `o` has what is open, `p` what was applied, `b` the buckets that the whole balance falls
in, `k` what counts of a document that is disputed or paid in instalments, `s` its schedule, `z`
the instalment that is due next, `q` its disputes, `r` its own reason code, `t` its communications,
`e` when it will be paid.
"""

from collections.abc import Callable, Mapping

from domain.aging import Basis
from domain.shared.record_types import RecordType
from domain.shared.standard_type import StandardType
from projections.accounts import ACCOUNTS
from projections.activities import ACTIVITIES
from projections.aging_fields import CURRENT
from projections.bucketed import Sums, bucketed
from projections.corrections import corrected_documents, counting, is_corrected, open_part
from projections.disputes import DISPUTES
from projections.invoice_reasons import INVOICE_REASONS
from projections.invoices import INVOICES
from projections.open_documents import balance_on, bucket_sql, counted, open_balances
from projections.paid_documents import projected_payments
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.reason_codes import REASON_CODES
from projections.user_defined import USER_FIELDS_JOIN, user_fields_join
from projections.view import Asked

_INVOICES, _APPLICATIONS, _BALANCES = INVOICES.tables
(_ACCOUNTS,) = ACCOUNTS.tables
(_DISPUTES,) = DISPUTES.tables
(_REASON_CODES,) = REASON_CODES.tables
(_INVOICE_REASONS,) = INVOICE_REASONS.tables
_SCHEDULES, _INSTALMENTS = PAYMENT_SCHEDULES.tables
_TAGS = ACTIVITIES.tables[1]

OWN_DUE_DATE = "coalesce(i.due_date, i.tran_date)"
"""The SQL of when the ERP has the document due; without a due date it is due on its date."""

DUE_DATE = f"""CASE WHEN s.tran_id IS NULL THEN {OWN_DUE_DATE}
    ELSE coalesce(z.due_date, s.last_due_date) END"""
"""The SQL of when it is due: with a schedule, when the earliest unpaid instalment is (SCH-04)."""

CLOSED_ON = "CASE WHEN i.closing_tran_date <= %(as_of)s THEN i.closing_tran_date END"
"""The SQL of when it was closed, if it was by the date."""

SUMS = Sums()
"""The sums that fields ask of documents of which something else counts than their balance."""

_SAME_DOCUMENT = "{0}.company_id = i.company_id AND {0}.tran_id = i.tran_id"


def counted_sum(condition: str) -> str:
    """Return the SQL of what counts of a document under a condition on its age."""
    column = SUMS.column(condition)
    return (
        f"CASE WHEN k.tran_id IS NULL THEN CASE WHEN {condition} THEN b.amount ELSE 0 END"
        f" ELSE coalesce(k.{column}, 0) END"
    )


def _open(asked: Asked) -> str:
    """Join what is open on the date: the present balance, or the step of a past one."""
    if asked.settled:
        return "CROSS JOIN LATERAL (SELECT i.balance AS balance, i.balance_hc AS balance_hc) o"
    steps = asked.rows(_BALANCES)
    return f"""CROSS JOIN LATERAL (
        SELECT {balance_on("i", "balance", steps)} AS balance,
               {balance_on("i", "balance_hc", steps)} AS balance_hc) o"""


def _applied(asked: Asked) -> str:
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
    late = f"CASE WHEN o.balance_hc < 0 THEN i.tran_date ELSE {OWN_DUE_DATE} END"
    amount = "o.balance_hc" if options.age_unapplied else "greatest(o.balance_hc, 0)"
    shown = "age_bucket" if options.aging_basis is Basis.INVOICE else "due_bucket"
    return f"""CROSS JOIN LATERAL (
        SELECT {amount} AS amount,
               {bucket_sql(Basis.INVOICE, options, "i.tran_date", OWN_DUE_DATE)} AS age_bucket,
               {bucket_sql(Basis.DUE, options, "i.tran_date", late)} AS due_bucket) b
        CROSS JOIN LATERAL (SELECT b.{shown} > {CURRENT} AS over_current) a"""


def _counted(asked: Asked, documents: str) -> str:
    """Return the SQL of sums of what counts of documents, by document."""
    parts = f"""
        SELECT b.company_id, b.tran_id, b.tran_date, p.*
        FROM ({documents}) b {counting(asked.known_at)}"""
    return f"""
        SELECT company_id, tran_id, {SUMS.sql},
               sum(balance_hc) AS balance_hc
        FROM ({bucketed(asked.options, parts)}) b
        GROUP BY company_id, tran_id"""


def _counted_all(asked: Asked) -> str:
    documents = corrected_documents(asked.known_at, counted(asked.options, "true"))
    return f"LEFT JOIN ({_counted(asked, documents)}) k ON {_SAME_DOCUMENT.format('k')}"


def _counted_one(asked: Asked) -> str:
    documents = f"""
        SELECT b.* FROM (
            SELECT i.company_id, i.tran_id, i.tran_date, {OWN_DUE_DATE} AS due_date, o.balance_hc
        ) b
        WHERE b.balance_hc <> 0 AND {counted(asked.options, is_corrected(asked.known_at))}"""
    return f"LEFT JOIN LATERAL ({_counted(asked, documents)}) k ON true"


def _schedule(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_SCHEDULES)} s ON s.tenant = i.tenant
        AND {_SAME_DOCUMENT.format("s")}
        AND s.effective_from <= %(as_of)s AND s.effective_to > %(as_of)s"""


def _unpaid(asked: Asked, condition: str) -> str:
    """Return the SQL of the earliest unpaid instalments of documents, by document.

    It says it without what counts of them, as PostgreSQL then scans documents in parallel.
    """
    rest = open_part("b.balance_hc", "x.number", "x.amount_hc", "x.rest_after_hc")
    same = "{0}.tenant = x.tenant AND {0}.company_id = x.company_id AND {0}.tran_id = x.tran_id"
    return f"""
        SELECT x.company_id, x.tran_id, min(x.due_date) AS due_date
        FROM {asked.rows(_INSTALMENTS)} x
        JOIN {asked.rows(_SCHEDULES)} p ON {same.format("p")}
          AND p.effective_from = x.effective_from
          AND p.effective_from <= %(as_of)s AND p.effective_to > %(as_of)s
        JOIN {asked.rows(_BALANCES)} b ON {same.format("b")}
          AND b.effective_from <= %(as_of)s AND b.effective_to > %(as_of)s
        WHERE x.tenant = %(tenant)s AND {rest} > 0 AND {condition}
        GROUP BY x.company_id, x.tran_id"""


def _disputed(asked: Asked, condition: str) -> str:
    """Return the SQL of the disputes of documents that are open on the date, by document."""
    return f"""
        SELECT x.company_id, x.tran_id, count(*) AS disputes, sum(x.amount) AS amount,
               min(x.dispute_date) AS dispute_date,
               sum(x.amount) FILTER (WHERE x.exclude_aging) AS excluded,
               sum(x.amount_hc) FILTER (WHERE x.exclude_aging) AS excluded_hc,
               min(c.severity) FILTER (WHERE x.code_date <= %(as_of)s) AS severity,
               (array_agg(x.reason_code ORDER BY x.code_date DESC, x.dispute_id)
                   FILTER (WHERE x.code_date <= %(as_of)s))[1] AS reason_code
        FROM {asked.rows(_DISPUTES)} x
        LEFT JOIN {asked.rows(_REASON_CODES)} c ON c.tenant = x.tenant AND c.code = x.reason_code
        WHERE x.tenant = %(tenant)s AND x.dispute_date <= %(as_of)s
          AND (x.closed_on IS NULL OR x.closed_on > %(as_of)s) AND {condition}
        GROUP BY x.company_id, x.tran_id"""


def _reason(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_INVOICE_REASONS)} r ON r.tenant = i.tenant
        AND {_SAME_DOCUMENT.format("r")} AND r.code_date <= %(as_of)s
        AND (r.cleared_on IS NULL OR r.cleared_on > %(as_of)s)"""


def _communicated(asked: Asked, condition: str) -> str:
    """Return the SQL of the communications that documents are tagged to, by document."""
    return f"""
        SELECT x.company_id, x.tran_id, count(*) AS tags,
               min(x.completed_on) FILTER (WHERE x.completed_on <= %(as_of)s) AS first_on,
               max(x.completed_on) FILTER (WHERE x.completed_on <= %(as_of)s) AS last_on
        FROM {asked.rows(_TAGS)} x
        WHERE x.tenant = %(tenant)s AND x.standard_type <> '{StandardType.ACCOUNT_NOTE.value}'
          AND x.entered_on <= %(as_of)s AND x.tagged_on <= %(as_of)s AND {condition}
        GROUP BY x.company_id, x.tran_id"""


def _expected_all(asked: Asked) -> str:
    """Join how late each open document will be paid, for all of them in one pass."""
    amounts = open_balances(asked.options, asked.known_at)
    return f"""LEFT JOIN ({projected_payments(asked, amounts, "true")}) e
        ON {_SAME_DOCUMENT.format("e")}"""


def _expected_one(asked: Asked) -> str:
    amounts = f"""SELECT i.company_id, i.cust_id, i.tran_id, i.tran_date,
            {OWN_DUE_DATE} AS due_date, o.balance_hc, 1 AS documents"""
    own = "doc.company_id = i.company_id AND doc.cust_id = i.cust_id"
    return f"LEFT JOIN LATERAL ({projected_payments(asked, amounts, own)}) e ON true"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = i.tenant
        AND c.company_id = i.company_id AND c.cust_id = i.cust_id"""


Join = Callable[[Asked], str]
Figures = Callable[[Asked, str], str]


def _all(name: str, figures: Figures) -> Join:
    """Return a join of the figures of all documents."""
    return lambda asked: (
        f"LEFT JOIN ({figures(asked, 'true')}) {name} ON {_SAME_DOCUMENT.format(name)}"
    )


def _one(name: str, figures: Figures) -> Join:
    """Return a join of the figures of one document at a time."""
    return lambda asked: (
        f"LEFT JOIN LATERAL ({figures(asked, _SAME_DOCUMENT.format('x'))}) {name} ON true"
    )


JOINS: Mapping[str, Join] = {
    "open": _open,
    "applied": _applied,
    "aged": _aged,
    "counted": _counted_all,
    "schedule": _schedule,
    "unpaid": _all("z", _unpaid),
    "disputed": _all("q", _disputed),
    "reason": _reason,
    "communicated": _all("t", _communicated),
    "expected": _expected_all,
    "account": _account,
    USER_FIELDS_JOIN: user_fields_join("i", RecordType.INVOICE),
}
"""The joins for all documents."""

EACH: Mapping[str, Join] = {
    "counted": _counted_one,
    "unpaid": _one("z", _unpaid),
    "disputed": _one("q", _disputed),
    "communicated": _one("t", _communicated),
    "expected": _expected_one,
}
"""The joins that differ for one document at a time."""
