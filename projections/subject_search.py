"""Query: what somebody looks for by the beginning of its number or name."""

from typing import Any

from msgspec import Struct

from projections.accounts import ACCOUNTS
from projections.companies import COMPANIES
from projections.invoices import INVOICES
from projections.payments import PAYMENTS
from projections.query import Query, sql
from projections.subjects import Subject, SubjectKind

FOUND_MAX = 20
"""Subjects of each kind in one answer at most."""


class FoundSubject(Struct, frozen=True):
    """A subject that was found, and what to tell of it beside its key."""

    subject: Subject
    about: str | None


def subjects_like(tenant: int, text: str) -> Query[FoundSubject]:
    """Return the question for documents, payments and accounts whose number begins with a text.

    An account is also found by a part of its name, whatever its case.
    """
    (companies,), (accounts, *_) = COMPANIES.tables, ACCOUNTS.tables
    invoices, (payments, *_) = INVOICES.tables[0], PAYMENTS.tables

    def beginning(table: str, own_id: str, about: str, kind: SubjectKind) -> str:
        return f"""
            (SELECT '{kind.value}' AS kind, c.company_id, f.own_id, f.about
            FROM {companies.name} c CROSS JOIN LATERAL (
                SELECT x.{own_id} AS own_id, {about} AS about FROM {table} x
                WHERE x.tenant = %(tenant)s AND x.company_id = c.company_id
                  AND x.{own_id} >= %(text)s AND x.{own_id} < %(beyond)s
                ORDER BY x.{own_id} LIMIT {FOUND_MAX}) f
            WHERE c.tenant = %(tenant)s ORDER BY 3, 2 LIMIT {FOUND_MAX})"""

    statement = f"""
        {beginning(invoices.name, "tran_id", "x.cust_id", SubjectKind.INVOICE)}
        UNION ALL
        {beginning(payments.name, "payment_id", "x.cust_id", SubjectKind.PAYMENT)}
        UNION ALL
        (SELECT '{SubjectKind.ACCOUNT.value}', a.company_id, a.cust_id, a.cust_name
        FROM {accounts.name} a
        WHERE a.tenant = %(tenant)s AND (starts_with(a.cust_id, %(text)s)
            OR strpos(lower(a.cust_name), lower(%(text)s)) > 0)
        ORDER BY a.company_id, a.cust_id LIMIT {FOUND_MAX})"""
    parameters = {"tenant": tenant, "text": text, "beyond": f"{text}\U0010ffff"}
    return Query(sql(statement), parameters, _found)


def _found(kind: str, company_id: str, own_id: str, about: Any) -> FoundSubject:
    return FoundSubject(Subject(SubjectKind(kind), (company_id, own_id)), about)
