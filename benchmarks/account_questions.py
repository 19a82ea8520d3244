"""Questions about accounts, with the SQL that somebody would write by hand for just that one.

Each is a figure of the accounts view. Its statement has a row with company_id, cust_id and value
for each account that has the figure, on the date `on` and in one tenant; it knows nothing of
other fields, of options that are not set, or of how the question could be asked otherwise. What is
open is told as the ERP has it, less what is disputed and excluded from aging.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct


class Question(Struct, frozen=True):
    """A field, a value that some accounts are above, and the SQL of the figure by hand.

    `absent` is the figure of accounts for which the SQL has no row; None if it has one for each.
    """

    family: str
    field: str
    above: Any
    by_hand: str
    absent: str | None = "0"


OPEN = """
    SELECT b.company_id, b.cust_id, b.tran_id, b.tran_date,
           coalesce(b.due_date, b.tran_date) AS due_date,
           greatest(b.balance_hc - coalesce(x.excluded, 0), 0) AS balance_hc,
           b.balance_hc AS whole
    FROM balances b
    LEFT JOIN (
        SELECT company_id, tran_id, sum(amount_hc) AS excluded FROM disputes
        WHERE tenant = %(tenant)s AND exclude_aging AND dispute_date <= %(on)s
          AND (closed_on IS NULL OR closed_on > %(on)s)
        GROUP BY 1, 2
    ) x USING (company_id, tran_id)
    WHERE b.tenant = %(tenant)s AND b.effective_from <= %(on)s AND b.effective_to > %(on)s
      AND b.balance_hc > 0
"""

PAID = """
    SELECT company_id, cust_id, amount_hc, closing_tran_date AS closed_on,
           closing_tran_date - coalesce(due_date, tran_date) AS days_late
    FROM invoices
    WHERE tenant = %(tenant)s AND amount_hc > 0 AND closing_tran_date <= %(on)s
"""

_SIZES = "ARRAY[{sizes}]::numeric[]"
"""The bounds of the site's ranges of size."""


def sold(key: str) -> str:
    """Return the SQL of the sales of the year up to the date, by the columns `key`."""
    return f"""
        SELECT {key}, sum(amount_hc) AS sales FROM invoices
        WHERE tenant = %(tenant)s AND tran_date <= %(on)s AND tran_date > %(on)s::date - 365
          AND effective_from <= %(on)s
        GROUP BY {key}"""


def _of_open(value: str, condition: str = "true") -> str:
    return f"""
        SELECT company_id, cust_id, {value} AS value FROM ({OPEN}) o
        WHERE balance_hc > 0 AND {condition} GROUP BY 1, 2"""


def _of_paid(value: str, condition: str = "true") -> str:
    return f"""
        SELECT company_id, cust_id, {value} AS value FROM ({PAID}) p
        WHERE {condition} GROUP BY 1, 2"""


def _of_work(table: str, value: str, condition: str) -> str:
    return f"""
        SELECT company_id, cust_id, {value} AS value FROM {table}
        WHERE tenant = %(tenant)s AND {condition} GROUP BY 1, 2"""


def _of_account(value: str) -> str:
    return f"SELECT company_id, cust_id, {value} AS value FROM accounts WHERE tenant = %(tenant)s"


def projected(sizes: str, key: str, within: Sequence[int]) -> str:
    """Return the SQL of what will be paid within some days, as fast as documents of its size were.

    It is summed up by the columns `key`; `sizes` is the SQL of the bounds of the ranges of size.
    """
    sums = ", ".join(
        f"sum(balance_hc) FILTER (WHERE paid_on <= %(on)s::date + {days}) AS within_{days}"
        for days in within
    )
    return f"""
        WITH paid AS MATERIALIZED (
            SELECT company_id, cust_id, width_bucket(amount_hc, {sizes}) AS size,
                   sum(days_late) AS days, count(*) AS documents
            FROM ({PAID}) p GROUP BY 1, 2, 3
        )
        SELECT {key}, {sums}
        FROM (
            SELECT o.*, o.due_date + coalesce(round(alike.days::numeric / alike.documents),
                       round(every.days), 0)::integer AS paid_on
            FROM (
                SELECT b.*, width_bucket(i.amount_hc, {sizes}) AS size
                FROM ({OPEN}) b
                JOIN invoices i ON i.tenant = %(tenant)s AND i.company_id = b.company_id
                  AND i.tran_id = b.tran_id
                WHERE b.balance_hc > 0
            ) o
            LEFT JOIN paid alike USING (company_id, cust_id, size)
            LEFT JOIN (
                SELECT company_id, cust_id, sum(days) / sum(documents) AS days
                FROM paid GROUP BY 1, 2
            ) every USING (company_id, cust_id)
        ) o
        GROUP BY {key}"""


def _projected_within(sizes: str, days: int) -> str:
    return f"""
        SELECT company_id, cust_id, within_{days} AS value
        FROM ({projected(sizes, "company_id, cust_id", (days,))}) o
        WHERE within_{days} IS NOT NULL"""


def questions(sizes: str) -> tuple[Question, ...]:
    """Return the questions, for the bounds of the ranges of size as a list in SQL."""
    ranges = _SIZES.format(sizes=sizes)
    open_on = "(closed_on IS NULL OR closed_on > %(on)s)"
    return (
        Question("stored", "cust_name", "M", _of_account("cust_name"), None),
        Question("stored", "credit_limit", Decimal(50_000), _of_account("credit_limit"), None),
        Question("aging", "due_total", Decimal(1_000), _of_open("sum(balance_hc)")),
        Question(
            "aging",
            "late_over2",
            Decimal(1_000),
            _of_open("sum(balance_hc)", "due_date < %(on)s::date - 60"),
        ),
        Question("aging", "no_over_due_inv", 1, _of_open("count(*)", "due_date < %(on)s")),
        Question(
            "aging",
            "days_past_due",
            90,
            _of_open("%(on)s::date - min(due_date)", "due_date < %(on)s"),
        ),
        Question(
            "cost",
            "coc_balance",
            Decimal(10),
            f"""SELECT company_id, cust_id,
                round(sum(whole * (%(on)s::date - tran_date)) * %(apr)s / 100 / 365, 2) AS value
                FROM ({OPEN}) o GROUP BY 1, 2""",
        ),
        Question(
            "credit",
            "available_credit",
            Decimal(10_000),
            f"""SELECT c.company_id, c.cust_id, c.credit_limit - coalesce(o.value, 0) AS value
                FROM accounts c LEFT JOIN ({_of_open("sum(balance_hc)")}) o
                USING (company_id, cust_id) WHERE c.tenant = %(tenant)s""",
            None,
        ),
        Question("paid", "avg_days_late", 10, _of_paid("round(avg(days_late), 2)"), "NULL"),
        Question(
            "paid",
            "avg_days_late_weighted",
            10,
            _of_paid("round(sum(days_late * amount_hc) / sum(amount_hc), 2)"),
            "NULL",
        ),
        Question("paid", "avg_days_to_pay_total", 10, _of_paid("round(avg(days_late), 2)"), "NULL"),
        Question(
            "paid by size",
            "avg_days_to_pay3",
            10,
            _of_paid("round(avg(days_late), 2)", f"width_bucket(amount_hc, {ranges}) = 2"),
            "NULL",
        ),
        Question(
            "sales",
            "sales",
            Decimal(10_000),
            f"SELECT company_id, cust_id, sales AS value FROM ({sold('company_id, cust_id')}) s",
        ),
        Question(
            "sales",
            "dso",
            60,
            f"""SELECT company_id, cust_id,
                round(coalesce(o.value, 0) / nullif(s.sales, 0) * 365, 2) AS value
                FROM ({sold("company_id, cust_id")}) s LEFT JOIN ({_of_open("sum(balance_hc)")}) o
                USING (company_id, cust_id)""",
            "NULL",
        ),
        Question("projected", "proj_pmts14_days", Decimal(1_000), _projected_within(ranges, 14)),
        Question(
            "issues",
            "open_issue_cnt",
            1,
            _of_work(
                "issues",
                "count(*)",
                "opened_on <= %(on)s AND (resolved_on IS NULL OR resolved_on > %(on)s)",
            ),
        ),
        Question(
            "activities",
            "open_activity_count",
            1,
            _of_work(
                "activities",
                "count(*)",
                "entered_on <= %(on)s AND (completed_on IS NULL OR completed_on > %(on)s)"
                " AND (withdrawn_on IS NULL OR withdrawn_on > %(on)s)",
            ),
        ),
        Question(
            "last activity",
            "last_activity_days",
            100,
            _of_work("activities", "%(on)s::date - max(completed_on)", "completed_on <= %(on)s"),
            "NULL",
        ),
        Question(
            "last activity",
            "last_activity_type",
            "P",
            """SELECT DISTINCT ON (company_id, cust_id) company_id, cust_id, activity_type AS value
            FROM activities WHERE tenant = %(tenant)s AND completed_on <= %(on)s
            ORDER BY company_id, cust_id, completed_on DESC, activity_no DESC""",
            "NULL",
        ),
        Question(
            "promises",
            "broken_promise90_days",
            0,
            _of_work(
                "promises",
                "count(*)",
                "made_on <= %(on)s AND broken_on <= %(on)s"
                " AND broken_on > %(on)s::date - interval '90 days'",
            ),
        ),
        Question(
            "promises",
            "open_promise_count",
            0,
            _of_work(
                "promises",
                "count(*)",
                "made_on <= %(on)s AND promise AND (settled_on IS NULL OR settled_on > %(on)s)",
            ),
        ),
        Question(
            "disputes",
            "open_dispute_count",
            0,
            _of_work("disputes", "count(*)", f"dispute_date <= %(on)s AND {open_on}"),
        ),
        Question(
            "pending payments",
            "pending_payment_count",
            0,
            _of_work(
                "pending_payments",
                "count(*)",
                "status <> 'declined' AND create_date <= %(on)s"
                " AND (reconcile_date IS NULL OR reconcile_date > %(on)s)",
            ),
        ),
        Question(
            "care",
            "assigned_user_id",
            "user2",
            """SELECT company_id, cust_id, assigned_user_id AS value FROM account_care
            WHERE tenant = %(tenant)s AND assigned_user_id IS NOT NULL""",
            "NULL",
        ),
        Question(
            "credit score",
            "credit_score",
            "50",
            """SELECT c.company_id, c.cust_id, coalesce(g.credit_score, c.credit_score) AS value
            FROM accounts c LEFT JOIN account_care g USING (tenant, company_id, cust_id)
            WHERE c.tenant = %(tenant)s""",
            None,
        ),
    )


def summary_by_hand() -> str:
    """Return the SQL of a summary by home currency.

    It tells what is past due and what is open in total, how late all that was paid
    was on average, and DSO.
    """
    return f"""
        SELECT h.home_currency, sum(n.accounts), coalesce(sum(o.past_due), 0),
               coalesce(sum(o.total), 0), round(sum(p.days)::numeric / sum(p.documents), 2),
               round(sum(o.total) / sum(s.sales) * 365, 2)
        FROM companies h
        LEFT JOIN (
            SELECT company_id, count(*) AS accounts FROM accounts
            WHERE tenant = %(tenant)s GROUP BY 1
        ) n USING (company_id)
        LEFT JOIN (
            SELECT company_id, sum(balance_hc) AS total,
                   sum(balance_hc) FILTER (WHERE due_date < %(on)s) AS past_due
            FROM ({OPEN}) o GROUP BY 1
        ) o USING (company_id)
        LEFT JOIN (
            SELECT company_id, sum(days_late) AS days, count(*) AS documents
            FROM ({PAID}) p GROUP BY 1
        ) p USING (company_id)
        LEFT JOIN ({sold("company_id")}) s USING (company_id)
        WHERE h.tenant = %(tenant)s GROUP BY 1 ORDER BY 1"""


def first_by_key_by_hand(count: int) -> str:
    """Return the SQL of the first accounts: what is open, how late they paid, what they broke."""
    own = "{0}.tenant = c.tenant AND {0}.company_id = c.company_id AND {0}.cust_id = c.cust_id"
    return f"""
        SELECT c.company_id, c.cust_id, m.broken, p.days, coalesce(o.total, 0)
        FROM (
            SELECT * FROM accounts WHERE tenant = %(tenant)s
            ORDER BY company_id, cust_id LIMIT {count}
        ) c
        LEFT JOIN LATERAL (
            SELECT sum(greatest(b.balance_hc - coalesce(x.excluded, 0), 0)) AS total
            FROM invoices i
            JOIN balances b ON b.tenant = i.tenant AND b.company_id = i.company_id
              AND b.tran_id = i.tran_id AND b.effective_from <= %(on)s
              AND b.effective_to > %(on)s AND b.balance_hc > 0
            LEFT JOIN LATERAL (
                SELECT sum(d.amount_hc) AS excluded FROM disputes d
                WHERE d.tenant = i.tenant AND d.company_id = i.company_id
                  AND d.tran_id = i.tran_id AND d.exclude_aging AND d.dispute_date <= %(on)s
                  AND (d.closed_on IS NULL OR d.closed_on > %(on)s)
            ) x ON true
            WHERE {own.format("i")}
        ) o ON true
        LEFT JOIN LATERAL (
            SELECT round(avg(i.closing_tran_date - coalesce(i.due_date, i.tran_date)), 2) AS days
            FROM invoices i
            WHERE {own.format("i")} AND i.amount_hc > 0 AND i.closing_tran_date <= %(on)s
        ) p ON true
        LEFT JOIN LATERAL (
            SELECT count(*) AS broken FROM promises m
            WHERE {own.format("m")} AND m.made_on <= %(on)s AND m.broken_on <= %(on)s
        ) m ON true
        ORDER BY c.company_id, c.cust_id"""
