"""Which promises there is something new to say about, and what was received towards them.

What a sync brought is compared set by set with what promises have been told; the deciders decide.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import msgspec

from domain.receipts import Receipt
from domain.shared.currency import ERP_CODES
from projections.query import Query, sql

Proposal = tuple[str, tuple[Receipt, ...]]
"""A promise by id, and all receipts since it was made, as far as they are known."""

PROPOSALS_MAX = 1_000
"""Promises whose receipts are read at once, at most."""


def _iso(column: str) -> str:
    """Return the SQL of a currency's ISO code (`domain.shared.currency.iso_code`)."""
    codes = " ".join(f"WHEN '{code}' THEN '{iso}'" for code, iso in ERP_CODES.items())
    return f"(CASE {column} {codes} ELSE {column} END)"


def _received(condition: str) -> str:
    """Return the SQL of the receipts since promises `pr` were made that meet a condition.

    For a promise with invoices, what payments and credit memos paid of them, dated by the payment
    where the ERP tells of it, and what their balances were lowered by without any; for one without,
    the account's payments in its currency.
    """
    return f"""
        SELECT pr.promise_id, i.tran_id, a.payment_id, a.amount,
               coalesce(p.pmt_date, a.applied_date) AS dated
        FROM promises pr
        JOIN promise_invoices i ON i.tenant = pr.tenant AND i.promise_id = pr.promise_id
        JOIN payment_applications a ON a.tenant = i.tenant AND a.company_id = i.company_id
            AND a.tran_id = i.tran_id
        LEFT JOIN payments p ON p.tenant = a.tenant AND p.company_id = a.company_id
            AND p.payment_id = a.payment_id
        WHERE pr.tenant = %(tenant)s AND {condition}
          AND coalesce(p.pmt_date, a.applied_date) >= pr.made_on
        UNION ALL
        SELECT pr.promise_id, i.tran_id, NULL, sum((u.entry ->> 1)::numeric),
               (u.entry ->> 0)::date
        FROM promises pr
        JOIN promise_invoices i ON i.tenant = pr.tenant AND i.promise_id = pr.promise_id
        JOIN invoices d ON d.tenant = i.tenant AND d.company_id = i.company_id
            AND d.tran_id = i.tran_id
        CROSS JOIN LATERAL json_array_elements(d.unexplained::json) u (entry)
        WHERE pr.tenant = %(tenant)s AND {condition} AND d.unexplained IS NOT NULL
          AND (u.entry ->> 1)::numeric > 0 AND (u.entry ->> 0)::date >= pr.made_on
        GROUP BY pr.promise_id, i.tran_id, (u.entry ->> 0)::date
        UNION ALL
        SELECT pr.promise_id, NULL, p.payment_id, p.amount, p.pmt_date
        FROM promises pr
        JOIN payments p ON p.tenant = pr.tenant AND p.company_id = pr.company_id
            AND p.cust_id = pr.cust_id AND p.pmt_date >= pr.made_on
            AND {_iso("p.curr_id")} = {_iso("pr.curr_id")}
        WHERE pr.tenant = %(tenant)s AND {condition}
          AND NOT EXISTS (SELECT FROM promise_invoices i
              WHERE i.tenant = pr.tenant AND i.promise_id = pr.promise_id)"""


def promises_to_judge(tenant: int, business_date: date, companies: Collection[str]) -> Query[str]:
    """Return the question for the promises that a sync on this date may change, by id.

    Those are open ones whose date has passed, of the `companies` whose invoices the export holds:
    what another company was paid by then may not be known yet (SYN-02). And any with receipts that
    were not told, or told and are no more; of a promise that is paid in full, only money taken
    back matters after that.
    """
    statement = f"""
        WITH found AS (
            SELECT r.* FROM ({_received("pr.status <> 'withdrawn'")}) r
            JOIN promises pr ON pr.tenant = %(tenant)s AND pr.promise_id = r.promise_id
            WHERE r.amount <> 0 AND r.dated <= %(business_date)s
              AND (pr.actual_amt < pr.amount OR r.dated <= pr.actual_date OR r.amount < 0)
        ), told AS (
            SELECT t.promise_id, t.tran_id, t.payment_id, t.amount, t.dated
            FROM promise_receipts t
            JOIN promises pr ON pr.tenant = t.tenant AND pr.promise_id = t.promise_id
            WHERE t.tenant = %(tenant)s AND t.dated <= %(business_date)s
              AND pr.status <> 'withdrawn'
        )
        SELECT promise_id FROM promises
        WHERE tenant = %(tenant)s AND status = 'open' AND expect_date < %(business_date)s
          AND company_id = ANY(%(companies)s)
        UNION SELECT promise_id FROM (TABLE found EXCEPT TABLE told) news
        UNION SELECT promise_id FROM (TABLE told EXCEPT TABLE found) void
        ORDER BY 1"""
    parameters = {
        "tenant": tenant,
        "business_date": business_date,
        "companies": sorted(companies),
    }
    return Query(sql(statement), parameters, str)


def received_by(tenant: int, promise_ids: Sequence[str]) -> Query[Proposal]:
    """Return the question for the receipts since each of at most `PROPOSALS_MAX` promises."""
    statement = f"""
        SELECT pr.promise_id, coalesce(r.receipts, '[]')
        FROM promises pr
        LEFT JOIN (
            SELECT promise_id, json_agg(json_build_object(
                'dated', dated, 'amount', amount::text, 'payment_id', payment_id,
                'tran_id', tran_id))::text AS receipts
            FROM ({_received("pr.promise_id = ANY(%(ids)s)")}) one GROUP BY promise_id
        ) r USING (promise_id)
        WHERE pr.tenant = %(tenant)s AND pr.promise_id = ANY(%(ids)s)
        ORDER BY pr.promise_id"""
    return Query(sql(statement), {"tenant": tenant, "ids": list(promise_ids)}, _proposal)


def _proposal(promise_id: str, receipts: Any) -> Proposal:
    return promise_id, msgspec.json.decode(receipts, type=tuple[Receipt, ...])
