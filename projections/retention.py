"""Which persons were removed and not erased, and what may stand in the way of erasing them."""

from datetime import date

from msgspec import Struct

from domain.account import ACCOUNT
from domain.contact import CONTACT
from domain.personal_contact import PERSONAL_CONTACT
from domain.shared.streams import stream_name
from projections.contacts import CONTACTS
from projections.erasures import ASKED, ERASURES
from projections.legal_holds import LEGAL_HOLDS
from projections.personal_contacts import PERSONAL_CONTACTS
from projections.query import Query, sql

DUE_MAX = 10_000
"""Persons told at once at most, the longest removed first; the others are told the next time."""

(_CONTACTS,) = CONTACTS.tables
(_PERSONAL_CONTACTS,) = PERSONAL_CONTACTS.tables


class Removed(Struct, frozen=True):
    """A person who was removed, and not erased; personal contacts are of no `account`."""

    person: str
    account: str | None
    removed_on: date


def removed_until(tenant: int, on: date) -> Query[Removed]:
    """Return the question for contacts removed up to a date, who were not erased."""
    statement = f"""
        SELECT company_id, cust_id, cntct_id, removed_on FROM {_CONTACTS.name}
        WHERE tenant = %(tenant)s AND removed_on <= %(until)s AND erased_on IS NULL
        UNION ALL
        SELECT NULL, NULL, contact_id, removed_on FROM {_PERSONAL_CONTACTS.name}
        WHERE tenant = %(tenant)s AND removed_on <= %(until)s AND erased_on IS NULL
        ORDER BY removed_on, 1, 2, 3 LIMIT {DUE_MAX:d}"""
    return Query(sql(statement), {"tenant": tenant, "until": on}, _removed)


def _removed(company_id: str | None, cust_id: str | None, contact: str, on: date) -> Removed:
    if company_id is None or cust_id is None:
        return Removed(stream_name(PERSONAL_CONTACT.category, contact), None, on)
    person = stream_name(CONTACT.category, company_id, cust_id, contact)
    return Removed(person, stream_name(ACCOUNT.category, company_id, cust_id), on)


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
