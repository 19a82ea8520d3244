"""What counts of documents that are disputed or paid in instalments (AGE-18, AGE-21, SCH-04).

Both are few among all documents, and most questions about what is open run over all. So these
count them as the ERP has them, and add corrections: amounts that take such a document out, and
others that put in what counts of it. `documents` says how many documents an amount stands for:
-1 where one is taken out; of instalments the earliest unpaid one stands for the document.
"""

from datetime import datetime

from projections.disputes import DISPUTES
from projections.invoices import INVOICES
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.projection import Table
from projections.query import AS_IT_STANDS, as_known

_DISPUTES = DISPUTES.tables[0]
_SCHEDULES, _INSTALMENTS = PAYMENT_SCHEDULES.tables
_BALANCES = INVOICES.tables[2]

EXCLUDED = (
    "x.exclude_aging AND x.dispute_date <= %(as_of)s"
    " AND (x.closed_on IS NULL OR x.closed_on > %(as_of)s)"
)
"""The SQL of whether the amount of a dispute (`x`) does not count on the date."""


def rows_known(table: Table, known_at: datetime | None) -> str:
    """Return the SQL of a table's rows as known."""
    return f"({as_known(table)})" if known_at is not None else table.name


def open_part(balance: str, number: str, amount: str, rest_after: str) -> str:
    """Return the SQL of what is open of an instalment, the twin of `open_parts`."""
    return (
        f"CASE WHEN {number} = 1"
        f" THEN {balance} - least(greatest({balance}, 0), {rest_after})"
        f" ELSE least(greatest({balance} - {rest_after}, 0), {amount}) END"
    )


def corrected_documents(known_at: datetime | None, condition: str) -> str:
    """Return the SQL of the open documents that corrections are about, under a condition (`b`)."""
    return f"""
        SELECT b.tenant, b.company_id, b.cust_id, b.tran_id, b.tran_date, b.due_date, b.balance_hc
        FROM ({corrected_keys(known_at)}) d
        CROSS JOIN LATERAL (
            SELECT * FROM {rows_known(_BALANCES, known_at)} b
            WHERE b.tenant = %(tenant)s
              AND b.company_id = d.company_id AND b.tran_id = d.tran_id
              AND b.effective_from <= %(as_of)s AND b.effective_to > %(as_of)s AND {condition}
            {AS_IT_STANDS}  -- each by its key, as they are few
        ) b"""


def corrected_keys(known_at: datetime | None) -> str:
    """Return the SQL of company and number of the documents that corrections may be about."""
    return f"""
        SELECT x.company_id, x.tran_id FROM {rows_known(_DISPUTES, known_at)} x
        WHERE x.tenant = %(tenant)s AND {EXCLUDED}
        UNION
        SELECT x.company_id, x.tran_id FROM {rows_known(_SCHEDULES, known_at)} x
        WHERE x.tenant = %(tenant)s AND x.effective_from <= %(as_of)s
          AND x.effective_to > %(as_of)s"""


def is_corrected(known_at: datetime | None, document: str = "b") -> str:
    """Return the SQL of whether what counts of a document is another amount than its balance."""
    keys = (
        f"x.tenant = %(tenant)s AND x.company_id = {document}.company_id"
        f" AND x.tran_id = {document}.tran_id"
    )
    return f"""(
        EXISTS (SELECT FROM {rows_known(_DISPUTES, known_at)} x WHERE {keys} AND {EXCLUDED})
        OR EXISTS (SELECT FROM {rows_known(_SCHEDULES, known_at)} x
            WHERE {keys} AND x.effective_from <= %(as_of)s AND x.effective_to > %(as_of)s))"""


def counting(known_at: datetime | None, document: str = "b") -> str:
    """Return the SQL of joins that tell what counts of the open documents `document`.

    `k` says how much is disputed and whether there is a schedule; there is a row of `p`, with
    due_date, balance_hc and documents, for each amount that counts. `unpaid_hc` is what is open of
    it, disputed or not.
    """
    keys = (
        f"x.tenant = %(tenant)s AND x.company_id = {document}.company_id"
        f" AND x.tran_id = {document}.tran_id"
    )

    def instalment(balance: str) -> str:
        return open_part(balance, "x.number", "x.amount_hc", "x.rest_after_hc")

    return f"""
        CROSS JOIN LATERAL (
            SELECT coalesce((
                SELECT sum(x.amount_hc) FROM {rows_known(_DISPUTES, known_at)} x
                WHERE {keys} AND {EXCLUDED}), 0) AS excluded,
                (SELECT x.effective_from FROM {rows_known(_SCHEDULES, known_at)} x
                WHERE {keys} AND x.effective_from <= %(as_of)s AND x.effective_to > %(as_of)s)
                AS scheduled_from
        ) k
        CROSS JOIN LATERAL (
            SELECT CASE WHEN {document}.balance_hc > 0
                THEN greatest({document}.balance_hc - k.excluded, 0)
                ELSE {document}.balance_hc END AS balance_hc
        ) counted
        CROSS JOIN LATERAL (
            SELECT {document}.due_date, counted.balance_hc,
                   (counted.balance_hc <> 0 OR {document}.balance_hc = 0)::integer AS documents,
                   {document}.balance_hc AS unpaid_hc
            WHERE k.scheduled_from IS NULL
            UNION ALL
            SELECT n.due_date, n.part, (n.part <> 0
                AND count(*) FILTER (WHERE n.part <> 0) OVER (ORDER BY n.number) = 1)::integer,
                n.unpaid_hc
            FROM (
                SELECT x.number, x.due_date,
                       {instalment("counted.balance_hc")} AS part,
                       {instalment(f"{document}.balance_hc")} AS unpaid_hc
                FROM {rows_known(_INSTALMENTS, known_at)} x
                WHERE {keys} AND x.effective_from = k.scheduled_from
            ) n
        ) p"""


def corrections(known_at: datetime | None, documents: str) -> str:
    """Return the SQL of amounts that correct what is open of `documents`."""
    return f"""
        SELECT b.company_id, b.cust_id, b.tran_id, b.tran_date, c.due_date, c.balance_hc,
               c.documents, 0::numeric AS carried, NULL::text AS payment_id
        FROM ({documents}) b
        CROSS JOIN LATERAL (
            SELECT b.due_date, -b.balance_hc AS balance_hc, -1 AS documents
            UNION ALL
            SELECT p.due_date, p.balance_hc, p.documents
            FROM (SELECT 1) one {counting(known_at)}
        ) c"""
