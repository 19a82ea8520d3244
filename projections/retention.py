"""Who was removed or is of an inactive account, not erased, and what may stand in the way of it."""

from datetime import date

from msgspec import Struct

from domain.account import ACCOUNT
from domain.contact import CONTACT
from domain.personal_contact import PERSONAL_CONTACT
from domain.shared.streams import stream_name
from projections.account_notes import ACCOUNT_NOTES
from projections.activities import ACTIVITIES
from projections.contacts import CONTACTS
from projections.erasures import ASKED, ERASURES
from projections.invoices import INVOICES
from projections.issues import ISSUES
from projections.legal_holds import LEGAL_HOLDS
from projections.payments import PAYMENTS
from projections.pending_payments import PENDING_PAYMENTS
from projections.personal_contacts import PERSONAL_CONTACTS
from projections.promises import PROMISES
from projections.query import Query, sql

DUE_MAX = 10_000
"""Persons told at once at most, the longest removed first; the others are told the next time."""

(_CONTACTS,) = CONTACTS.tables
(_PERSONAL_CONTACTS,) = PERSONAL_CONTACTS.tables


_BALANCES = next(one for one in INVOICES.tables if one.name == "balances")
_ISSUES = ISSUES.tables[0]

_DATES = (
    (INVOICES.tables[0].name, "tran_date"),
    (PAYMENTS.tables[0].name, "pmt_date"),
    (ACTIVITIES.tables[0].name, "greatest(entered_on, completed_on)"),
    (PENDING_PAYMENTS.tables[0].name, "create_date"),
    (PROMISES.tables[0].name, "made_on"),
    (ACCOUNT_NOTES.tables[0].name, "noted_on"),
    (ISSUES.tables[0].name, "greatest(opened_on, resolved_on)"),
)
"""What dates tell that something happened with an account: a table, and its newest date."""


class Kept(Struct, frozen=True):
    """A person who is kept `since` a date and not erased; personal contacts are of no `account`."""

    person: str
    account: str | None
    since: date


def removed_until(tenant: int, on: date) -> Query[Kept]:
    """Return the question for contacts removed up to a date, who were not erased."""
    statement = f"""
        SELECT company_id, cust_id, cntct_id, removed_on FROM {_CONTACTS.name}
        WHERE tenant = %(tenant)s AND removed_on <= %(until)s AND erased_on IS NULL
        UNION ALL
        SELECT NULL, NULL, contact_id, removed_on FROM {_PERSONAL_CONTACTS.name}
        WHERE tenant = %(tenant)s AND removed_on <= %(until)s AND erased_on IS NULL
        ORDER BY removed_on, 1, 2, 3 LIMIT {DUE_MAX:d}"""
    return Query(sql(statement), {"tenant": tenant, "until": on}, _removed)


def _removed(company_id: str | None, cust_id: str | None, contact: str, on: date) -> Kept:
    if company_id is None or cust_id is None:
        return Kept(stream_name(PERSONAL_CONTACT.category, contact), None, on)
    person = stream_name(CONTACT.category, company_id, cust_id, contact)
    return Kept(person, stream_name(ACCOUNT.category, company_id, cust_id), on)


def inactive_since(tenant: int, on: date, until: date) -> Query[Kept]:
    """Return the question for contacts, the ERP's and local ones, of accounts that are inactive.

    Such an account has no document and no issue open on a date, and nothing of it is dated after
    `until` (`_DATES`); nor was anything said of the contact since.
    """
    dates = " UNION ALL ".join(
        f"SELECT max({column}) AS told FROM {table} d WHERE d.tenant = c.tenant"
        " AND d.company_id = c.company_id AND d.cust_id = c.cust_id"
        for table, column in _DATES
    )
    statement = f"""
        SELECT c.company_id, c.cust_id, c.cntct_id, l.since FROM {_CONTACTS.name} c,
            LATERAL (SELECT max(told) FROM (
                {dates} UNION ALL SELECT (c.known_from AT TIME ZONE 'UTC')::date
            ) d) l (since)
        WHERE c.tenant = %(tenant)s AND c.removed_on IS NULL AND c.erased_on IS NULL
          AND (c.known_from AT TIME ZONE 'UTC')::date <= %(until)s AND l.since <= %(until)s
          AND NOT EXISTS (SELECT FROM {_BALANCES.name} b
              WHERE b.tenant = c.tenant AND b.company_id = c.company_id AND b.cust_id = c.cust_id
                AND b.effective_from <= %(on)s AND b.effective_to > %(on)s AND b.balance <> 0)
          AND NOT EXISTS (SELECT FROM {_ISSUES.name} i
              WHERE i.tenant = c.tenant AND i.company_id = c.company_id AND i.cust_id = c.cust_id
                AND i.resolved_on IS NULL)
        ORDER BY l.since, 1, 2, 3 LIMIT {DUE_MAX:d}"""
    return Query(sql(statement), {"tenant": tenant, "on": on, "until": until}, _removed)


def holds_in_force(tenant: int) -> Query[str]:
    """Return the question for what is held, by the names of streams."""
    (table,) = LEGAL_HOLDS.tables
    statement = f"SELECT subject FROM {table.name} WHERE tenant = %(tenant)s AND lifted_on IS NULL"
    return Query(sql(statement), {"tenant": tenant}, str)


def erasures_asked(tenant: int) -> Query[str]:
    """Return the question for whose erasure waits for approval."""
    (table,) = ERASURES.tables
    statement = f"SELECT person FROM {table.name} WHERE tenant = %(tenant)s AND state = %(state)s"
    return Query(sql(statement), {"tenant": tenant, "state": ASKED}, str)
