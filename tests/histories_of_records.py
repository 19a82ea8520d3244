"""Commands at random to options of companies, contacts, notes, the ERP's records and fields."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from domain.company_options import COMPANY_OPTIONS, UpdateCompanyOptions
from domain.contact import (
    CONTACT,
    AddContact,
    ChangeContact,
    ContactDocument,
    ImportContact,
    RemoveContact,
)
from domain.invoice_line import INVOICE_LINE, InvoiceLineDocument
from domain.invoice_note import INVOICE_NOTE, AddInvoiceNote
from domain.payment_application import (
    PAYMENT_APPLICATION,
    DescribePaymentApplication,
    PaymentApplicationDocument,
)
from domain.personal_contact import (
    PERSONAL_CONTACT,
    AddPersonalContact,
    ChangePersonalContact,
    RemovePersonalContact,
)
from domain.sales_order import SALES_ORDER, SalesOrderDocument
from domain.sales_person import SALES_PERSON, SalesPersonDocument
from domain.shared.decider import Decider
from domain.shared.facts import AccountFacts, UserFacts
from domain.shared.imported import ImportDocument
from domain.shared.person import Person, PersonChange
from domain.shared.record_types import KEYS, RecordType
from domain.user_fields import USER_FIELDS, SetUserFields

ON = date(2025, 1, 1)

Parts = tuple[Decider[Any, Any, Any], tuple[str, ...], Any]
"""A decider, a key and a command."""


@st.composite
def contacts(draw: st.DrawFn, one: str) -> Parts:
    """A command to a contact of an account."""
    key = ("1", "A", one)
    word = draw(st.sampled_from(["x", "y"]))
    primary = draw(st.booleans())
    document = ContactDocument(*key, Person(word), primary)
    commands = [
        ImportContact(document, draw(st.booleans())),
        AddContact(document, ON, AccountFacts("1", "A", None)),
        ChangeContact(PersonChange(cntct_title=word), primary=primary),
        RemoveContact(ON),
    ]
    return CONTACT, key, draw(st.sampled_from(commands))


@st.composite
def personal_contacts(draw: st.DrawFn, one: str) -> Parts:
    """A command to a personal contact."""
    word, owner = draw(st.sampled_from(["x", "y"])), draw(st.sampled_from(["key/1", "key/2"]))
    commands = [
        AddPersonalContact(one, owner, Person(word), ON),
        ChangePersonalContact(owner, PersonChange(cntct_comment=word)),
        RemovePersonalContact(owner, ON),
    ]
    return PERSONAL_CONTACT, (one,), draw(st.sampled_from(commands))


@st.composite
def records(draw: st.DrawFn, category: str, one: str) -> Parts:
    """A command to a stream of one of the categories here."""
    udf1 = draw(st.sampled_from([None, "x", "y"]))
    match category:
        case "company_options":
            user = UserFacts("dana", "credit_user", None, active=True)
            user_id = draw(st.sampled_from([None, "dana"]))
            online = draw(st.sampled_from([None, True, False]))
            told = UpdateCompanyOptions(one, user_id, online, company_known=True, user=user)
            return COMPANY_OPTIONS, (one,), told
        case "contact":
            return draw(contacts(one))
        case "personal_contact":
            return draw(personal_contacts(one))
        case "invoice_note":
            ids = tuple(draw(st.sets(st.sampled_from(["I1", "I2"]), min_size=1)))
            return INVOICE_NOTE, (one,), AddInvoiceNote(one, "1", ids, "x", ON, ids)
        case "invoice_line":
            key = ("1", "I1", one)
            line = InvoiceLineDocument(*key, amount=Decimal(draw(st.integers(0, 9))), udf1=udf1)
            return INVOICE_LINE, key, ImportDocument(line)
        case "payment_application":
            key = ("1", "I1", one)
            document = PaymentApplicationDocument(*key, udf1)
            return PAYMENT_APPLICATION, key, DescribePaymentApplication(document)
        case "sales_order":
            key = ("1", one)
            order = SalesOrderDocument(*key, "A", ON, None, "EUR", udf1=udf1)
            return SALES_ORDER, key, ImportDocument(order)
        case "sales_person":
            key = ("1", one)
            return SALES_PERSON, key, ImportDocument(SalesPersonDocument(*key, udf1=udf1))
        case _:
            assert category == "user_fields"
            kind = draw(st.sampled_from(RecordType))
            key = ("1", one, "L1")[: len(KEYS[kind])]
            command = SetUserFields(kind, key, udf6=udf1, known=True)
            return USER_FIELDS, (kind.value, *key), command


CATEGORIES = frozenset(
    {
        "company_options",
        "contact",
        "invoice_line",
        "invoice_note",
        "payment_application",
        "personal_contact",
        "sales_order",
        "sales_person",
        "user_fields",
    }
)
