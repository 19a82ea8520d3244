"""How fast accounts paid: the documents that were paid in full by the date, one by one (KPI-05).

A document counts once it is closed, in every figure alike; credit memos, which nobody pays, do
not. Days are told from the due date that held on closing: of a document paid in instalments that
of the last one (SCH-04, SCH-07). In `days_to_pay` they are told from the date that the aging set
of the site counts from (KPI-10). Averages are made of sums, so that groups average correctly
(KPI-08).
"""

from domain.aging import Basis
from domain.size_ranges import RANGES
from projections.invoices import INVOICES
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.view import Asked

_INVOICES = INVOICES.tables[0]
_SCHEDULES = PAYMENT_SCHEDULES.tables[0]

DUE_DATE = "coalesce(plan.last_due_date, doc.due_date, doc.tran_date)"
"""The SQL of when a document was due on closing; without a due date it was due on its date."""


def paid_documents(asked: Asked, condition: str = "true") -> str:
    """Return the SQL of the documents paid by the date, under a condition on the document (`doc`).

    Their columns are company_id, cust_id, tran_id, home_curr_id, amount_hc, closed_on, days_late,
    and days_to_pay, which is null for those that are dated too early to count in it (KPI-15).
    """
    options = asked.options
    base = "doc.tran_date" if options.aging_basis is Basis.INVOICE else DUE_DATE
    days_to_pay = f"doc.closing_tran_date - {base}"
    if options.exclude_invoices_before is not None:
        since = options.exclude_invoices_before.isoformat()
        days_to_pay = f"CASE WHEN doc.tran_date >= DATE '{since}' THEN {days_to_pay} END"
    return f"""
        SELECT doc.company_id, doc.cust_id, doc.tran_id, doc.home_curr_id, doc.amount_hc,
               doc.closing_tran_date AS closed_on,
               doc.closing_tran_date - {DUE_DATE} AS days_late,
               {days_to_pay} AS days_to_pay
        FROM {asked.rows(_INVOICES)} doc
        LEFT JOIN {asked.rows(_SCHEDULES)} plan ON plan.tenant = doc.tenant
          AND plan.company_id = doc.company_id AND plan.tran_id = doc.tran_id
          AND plan.effective_from <= doc.closing_tran_date
          AND plan.effective_to > doc.closing_tran_date
        WHERE doc.tenant = %(tenant)s AND doc.amount_hc > 0
          AND doc.closing_tran_date <= %(as_of)s AND {condition}"""


def sized(asked: Asked, documents: str) -> str:
    """Return the SQL of documents with `size_range`, the range of their size, from 0 (KPI-13)."""
    options = asked.options
    if not options.size_ranges_automatic:
        bounds = ", ".join(f"{bound:f}" for bound in options.size_ranges)
        return f"""
            SELECT d.*, width_bucket(d.amount_hc, ARRAY[{bounds}]::numeric[]) AS size_range
            FROM ({documents}) d"""
    bounds = f"(({_bounds_at_once(asked)}) ->> d.home_curr_id)::numeric[]"
    return f"""
        SELECT d.*, width_bucket(d.amount_hc, coalesce({bounds}, '{{}}')) AS size_range
        FROM ({documents}) d"""


def automatic_bounds(asked: Asked) -> str:
    """Return the SQL of the bounds that cut what was paid in ranges of about as many documents.

    They are rising arrays, by home currency; where many documents are of one size there are fewer.
    """
    shares = ", ".join(f"{part}::float8 / {RANGES}" for part in range(1, RANGES))
    return f"""
        SELECT home_curr_id, array_agg(DISTINCT bound ORDER BY bound) AS bounds
        FROM (
            SELECT p.home_curr_id,
                   unnest(percentile_disc(ARRAY[{shares}]) WITHIN GROUP (ORDER BY p.amount_hc))
                       AS bound
            FROM ({paid_documents(asked)}) p GROUP BY 1
        ) cut
        GROUP BY 1"""


def _bounds_at_once(asked: Asked) -> str:
    """Return the SQL of the same as texts in one object, so that they are worked out only once."""
    return f"""
        SELECT jsonb_object_agg(home_curr_id, bounds::text)
        FROM ({automatic_bounds(asked)}) cuts"""


def projected_payments(asked: Asked, amounts: str, condition: str) -> str:
    """Return the SQL of open amounts with `projected_days` and `projected_on` (KPI-20, KPI-24).

    An account pays as many days after the due date as it did on average for documents of the
    same range of size; else for all; else none. What should have come is expected on the date.
    `condition` restricts the paid documents to the accounts in question.

    What is open and what was paid are put together and looked at account by account: a join of the
    two takes long where the planner knows little of either, as after a first sync.
    """
    documents = f"""
        SELECT b.*, doc.amount_hc, doc.home_curr_id
        FROM ({amounts}) b
        JOIN {asked.rows(_INVOICES)} doc ON doc.tenant = %(tenant)s
          AND doc.company_id = b.company_id AND doc.tran_id = b.tran_id
        WHERE b.documents * b.balance_hc > 0 OR (b.documents = 0 AND b.balance_hc > 0)"""
    return f"""
        SELECT q.*, greatest(%(as_of)s::date, q.due_date + q.projected_days) AS projected_on
        FROM (
            SELECT u.*, coalesce(
                   round(sum(u.days) OVER alike / sum(u.paid) OVER alike),
                   round(sum(u.days) OVER any_size / sum(u.paid) OVER any_size), 0)::integer
                   AS projected_days
            FROM (
                SELECT company_id, cust_id, size_range, tran_id, due_date, balance_hc,
                       true AS is_open, NULL::numeric AS days, NULL::bigint AS paid
                FROM ({sized(asked, documents)}) o
                UNION ALL
                SELECT company_id, cust_id, size_range, NULL, NULL, NULL,
                       false, sum(days_late)::numeric, count(*)
                FROM ({sized(asked, paid_documents(asked, condition))}) d
                GROUP BY company_id, cust_id, size_range
            ) u
            WINDOW alike AS (PARTITION BY u.company_id, u.cust_id, u.size_range),
                   any_size AS (PARTITION BY u.company_id, u.cust_id)
        ) q
        WHERE q.is_open"""
