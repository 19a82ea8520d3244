"""What pending payments wait for: the ERP's payments that they may be, and the file to export."""

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from domain.pending_payment import MatchCandidate, Status
from domain.pending_payment_export import EXPORT_MAX
from domain.shared.currency import money_text
from projections.query import Query, sql


class Target(Struct, frozen=True, gc=False):
    """The company of a pending payment, and whether a payment is another pending payment's."""

    company_id: str
    taken: bool


class ExportedLine(Struct, frozen=True, gc=False):
    """A line of a file for the ERP: a pending payment, and what it pays of one invoice, if any."""

    pend_pmt_id: int
    pending_payment_id: str
    company_id: str
    cust_id: str
    create_date: date
    amount: str
    curr_id: str
    proc_ref_no: str | None
    tran_id: str | None
    tran_amount: str | None


def match_candidates(tenant: int, days: int) -> Query[MatchCandidate]:
    """Return the question for payments of the ERP that waiting pending payments may be (G2).

    Of the same account, with the processor's reference number, or of the same amount and within
    so many days; none that is another pending payment's, or that somebody said it is not.
    """
    statement = f"""
        SELECT w.company_id, w.pending_payment_id, p.payment_id, m.by_reference, m.days_apart
        FROM pending_payments w
        JOIN payments p ON p.tenant = w.tenant
            AND p.company_id = w.company_id AND p.cust_id = w.cust_id
        CROSS JOIN LATERAL (
            SELECT coalesce(p.reference = nullif(btrim(w.proc_ref_no), ''), false) AS by_reference,
                   abs(p.pmt_date - w.create_date) AS days_apart) m
        WHERE w.tenant = %(tenant)s AND w.status = '{Status.NO_RESPONSE}'
          AND (m.by_reference OR (p.amount = w.amount AND p.curr_id = w.curr_id
                                  AND m.days_apart <= %(days)s))
          AND NOT coalesce(w.undone_payments::jsonb ? p.payment_id, false)
          AND NOT EXISTS (
              SELECT FROM pending_payments r
              WHERE r.tenant = p.tenant AND r.company_id = p.company_id
                AND r.payment_id = p.payment_id)"""
    return Query(sql(statement), {"tenant": tenant, "days": days}, MatchCandidate)


def target(tenant: int, pending_payment_id: str, payment_id: str) -> Query[Target]:
    """Return the question for what reconciling by hand must know; no answer if it is unknown."""
    statement = """
        SELECT p.company_id, EXISTS (
            SELECT FROM pending_payments r
            WHERE r.tenant = p.tenant AND r.company_id = p.company_id
              AND r.payment_id = %(payment_id)s AND r.pending_payment_id <> p.pending_payment_id)
        FROM pending_payments p
        WHERE p.tenant = %(tenant)s AND p.pending_payment_id = %(pending_payment_id)s"""
    parameters: dict[str, Any] = {
        "tenant": tenant,
        "pending_payment_id": pending_payment_id,
        "payment_id": payment_id,
    }
    return Query(sql(statement), parameters, Target)


def to_export(tenant: int, company_id: str) -> Query[str]:
    """Return the question for pending payments of a company that wait and are in no file yet."""
    statement = f"""
        SELECT p.pending_payment_id FROM pending_payments p
        WHERE p.tenant = %(tenant)s AND p.company_id = %(company_id)s
          AND p.status = '{Status.NO_RESPONSE}'
          AND NOT EXISTS (
              SELECT FROM pending_payment_exports e
              WHERE e.tenant = p.tenant AND e.pending_payment_id = p.pending_payment_id)
        ORDER BY p.pend_pmt_id LIMIT {EXPORT_MAX}"""
    return Query(sql(statement), {"tenant": tenant, "company_id": company_id}, str)


def exported_lines(tenant: int, company_id: str, export_batch: str) -> Query[ExportedLine]:
    """Return the question for the lines of a file, in the order of recording."""
    statement = """
        SELECT p.pend_pmt_id, p.pending_payment_id, p.company_id, p.cust_id, p.create_date,
               p.amount, p.curr_id, p.proc_ref_no, x.tran_id, x.amount
        FROM pending_payment_exports e
        JOIN pending_payments p
            ON p.tenant = e.tenant AND p.pending_payment_id = e.pending_payment_id
        LEFT JOIN pending_payment_invoices x
            ON x.tenant = e.tenant AND x.pending_payment_id = e.pending_payment_id
        WHERE e.tenant = %(tenant)s AND e.company_id = %(company_id)s
          AND e.export_batch = %(export_batch)s
        ORDER BY p.pend_pmt_id, x.tran_id"""
    parameters = {"tenant": tenant, "company_id": company_id, "export_batch": export_batch}
    return Query(sql(statement), parameters, _line)


def _line(
    pend_pmt_id: int,
    pending_payment_id: str,
    company_id: str,
    cust_id: str,
    create_date: date,
    amount: Decimal,
    curr_id: str,
    proc_ref_no: str | None,
    tran_id: str | None,
    tran_amount: Decimal | None,
) -> ExportedLine:
    return ExportedLine(
        pend_pmt_id,
        pending_payment_id,
        company_id,
        cust_id,
        create_date,
        money_text(amount, curr_id),
        curr_id,
        proc_ref_no,
        tran_id,
        None if tran_amount is None else money_text(tran_amount, curr_id),
    )
