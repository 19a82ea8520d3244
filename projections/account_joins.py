"""What accounts are asked for beside their own row: sums over their documents, by account.

The same sums document by document tell what they are made of (`RECORDS`).

Each join comes in two forms with the same columns: for all accounts in one pass, and for one
account at a time (`c`), by the index of its documents. `a` has what is open, `t` how long that is
past due, `s` what was sold, `p` what was paid, `r` the same by ranges of size, `e` what is
expected.
"""

from collections.abc import Callable, Mapping

from domain.size_ranges import RANGES
from projections.aging_fields import CURRENT
from projections.bucketed import Sums, bucketed
from projections.figure_records import DOCUMENTS, OPEN_ITEMS, RecordKind, Records
from projections.invoices import INVOICES
from projections.open_documents import (
    Amounts,
    open_amounts,
    open_amounts_of,
    union,
)
from projections.paid_documents import paid_documents, projected_payments, sized
from projections.query import AS_IT_STANDS
from projections.view import Asked

_INVOICES = INVOICES.tables[0]

PROJECTED_DAYS = (7, 14, 21, 28, 35)
"""Within how many days projected payments are summed up, cumulatively (KPI-23)."""

SALES_DAYS = 365
"""The trailing days whose sales DSO is measured against (KPI-02)."""

SUMS = Sums()
"""The sums that fields ask of what accounts have open."""

_OWN_DOCUMENTS = "doc.company_id = c.company_id AND doc.cust_id = c.cust_id"


def open_sum(condition: str) -> str:
    """Return the SQL of what an account has open under a condition; said while fields are told."""
    return f"coalesce(a.{SUMS.column(condition)}, 0)"


def _open(asked: Asked, amounts: list[Amounts], by: str = "") -> str:
    """Return the SQL of sums of what accounts have open, in one pass over the amounts."""
    return f"""
        SELECT company_id, cust_id{by}, {SUMS.sql},
               sum(documents) FILTER (WHERE due_bucket > {CURRENT} AND documents * balance_hc > 0)
                   AS no_over_due_inv,
               sum(documents) AS open_documents,
               %(as_of)s::date - min(tran_date) FILTER (WHERE documents * balance_hc > 0)
                   AS oldest_tran_date_days,
               sum(balance_hc) AS total,
               sum(carried * (%(as_of)s::date - tran_date)) AS carried,
               sum(carried) AS balance
        FROM ({bucketed(asked.options, union(amounts))}) b
        GROUP BY company_id, cust_id{by}"""


def _past_due(amounts: list[Amounts]) -> str:
    """Return the SQL of how long accounts have been past due with what they still owe."""
    return f"""
        SELECT company_id, cust_id, %(as_of)s::date - min(due_date) AS days
        FROM (
            SELECT company_id, cust_id, due_date FROM ({union(amounts)}) b
            WHERE due_date < %(as_of)s
            GROUP BY company_id, cust_id, tran_id, due_date
            HAVING sum(balance_hc) > 0
        ) b
        GROUP BY company_id, cust_id"""


def _sold(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of what accounts were invoiced, less credits, in the trailing year."""
    return f"""
        SELECT doc.company_id, doc.cust_id{by}, sum(doc.amount_hc) AS sales
        FROM {asked.rows(_INVOICES)} doc
        WHERE doc.tenant = %(tenant)s AND doc.tran_date <= %(as_of)s
          AND doc.tran_date > %(as_of)s::date - {SALES_DAYS} AND doc.effective_from <= %(as_of)s
          AND {condition}
        GROUP BY doc.company_id, doc.cust_id{by}"""


def _paid(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of the sums that averages of days are made of (KPI-08)."""
    return f"""
        SELECT company_id, cust_id{by}, count(*) AS documents, sum(days_late) AS days_late,
               sum(amount_hc) AS amount, sum(days_late * amount_hc) AS weighted,
               count(days_to_pay) AS counted, sum(days_to_pay) AS days_to_pay
        FROM ({paid_documents(asked, condition)}) d
        GROUP BY company_id, cust_id{by}"""


def _paid_by_size(asked: Asked, condition: str) -> str:
    """Return the SQL of the sums that average days to pay by range of size are made of."""
    sums = ", ".join(
        f"count(days_to_pay) FILTER (WHERE size_range = {number}) AS counted_{number},"
        f" sum(days_to_pay) FILTER (WHERE size_range = {number}) AS days_{number}"
        for number in range(RANGES)
    )
    return f"""
        SELECT company_id, cust_id, {sums}
        FROM (
            {sized(asked, paid_documents(asked, condition))}
            {AS_IT_STANDS}  -- a document's range is worked out once, not once for each sum
        ) d
        GROUP BY company_id, cust_id"""


def _expected(asked: Asked, amounts: list[Amounts], condition: str, by: str = "") -> str:
    """Return the SQL of when what is open will be paid, by how the account paid so far."""
    within = ", ".join(
        f"sum(balance_hc) FILTER (WHERE projected_on <= %(as_of)s::date + {days}) AS within_{days}"
        for days in PROJECTED_DAYS
    )
    return f"""
        SELECT company_id, cust_id{by}, {within}
        FROM ({projected_payments(asked, union(amounts), condition)}) o
        GROUP BY company_id, cust_id{by}"""


Join = Callable[[Asked], str]


def _all(name: str, figures: Join) -> Join:
    """Return a join of the figures of all accounts."""
    return lambda asked: (
        f"LEFT JOIN ({figures(asked)}) {name}"
        f" ON {name}.company_id = c.company_id AND {name}.cust_id = c.cust_id"
    )


def _one(name: str, figures: Join) -> Join:
    """Return a join of the figures of one account at a time."""
    return lambda asked: f"LEFT JOIN LATERAL ({figures(asked)}) {name} ON true"


def _open_of_all(asked: Asked) -> list[Amounts]:
    return open_amounts(asked.options, asked.known_at)


def _open_of_one(asked: Asked) -> list[Amounts]:
    return open_amounts_of("c", asked.options, asked.known_at)


JOINS: Mapping[str, Join] = {
    "open": _all("a", lambda asked: _open(asked, _open_of_all(asked))),
    "past_due": _all("t", lambda asked: _past_due(_open_of_all(asked))),
    "sold": _all("s", lambda asked: _sold(asked, "true")),
    "paid": _all("p", lambda asked: _paid(asked, "true")),
    "paid_by_size": _all("r", lambda asked: _paid_by_size(asked, "true")),
    "expected": _all("e", lambda asked: _expected(asked, _open_of_all(asked), "true")),
}
"""The joins for all accounts."""

EACH: Mapping[str, Join] = {
    "open": _one("a", lambda asked: _open(asked, _open_of_one(asked))),
    "past_due": _one("t", lambda asked: _past_due(_open_of_one(asked))),
    "sold": _one("s", lambda asked: _sold(asked, _OWN_DOCUMENTS)),
    "paid": _one("p", lambda asked: _paid(asked, _OWN_DOCUMENTS)),
    "paid_by_size": _one("r", lambda asked: _paid_by_size(asked, _OWN_DOCUMENTS)),
    "expected": _one("e", lambda asked: _expected(asked, _open_of_one(asked), _OWN_DOCUMENTS)),
}
"""The same joins for one account at a time."""

_OF_DOCUMENT = ", tran_id"


def _records(
    alias: str, by: Mapping[RecordKind, str], figures: Callable[[Asked, str, list[Amounts]], str]
) -> Records:
    """Return the records of a join; `figures` are told the paid documents and what is open."""
    return Records(
        alias,
        by,
        lambda asked: figures(asked, "true", _open_of_all(asked)),
        lambda asked: figures(asked, _OWN_DOCUMENTS, _open_of_one(asked)),
    )


RECORDS: Mapping[str, Records] = {
    "open": _records(
        "a", OPEN_ITEMS, lambda asked, _, amounts: _open(asked, amounts, ", tran_id, payment_id")
    ),
    "sold": _records("s", DOCUMENTS, lambda asked, own, _: _sold(asked, own, ", doc.tran_id")),
    "paid": _records("p", DOCUMENTS, lambda asked, own, _: _paid(asked, own, _OF_DOCUMENT)),
    "expected": _records(
        "e",
        DOCUMENTS,
        lambda asked, own, amounts: _expected(asked, amounts, own, _OF_DOCUMENT),
    ),
}
"""The documents that the figures of joins are added up of."""
