"""Contacts, notes, sales records and user-defined fields: a change leaves its neighbour alone."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.contact import (
    ContactAdded,
    ContactChanged,
    ContactDocument,
    ContactRecorded,
    ContactRemoved,
)
from domain.invoice_line import InvoiceLineAmended, InvoiceLineDocument, InvoiceLineRecorded
from domain.invoice_note import InvoiceNoteAdded
from domain.payment_application import PaymentApplicationDescribed, PaymentApplicationDocument
from domain.personal_contact import (
    PersonalContactAdded,
    PersonalContactChanged,
    PersonalContactRemoved,
)
from domain.sales_order import SalesOrderAmended, SalesOrderDocument, SalesOrderRecorded
from domain.sales_person import SalesPersonAmended, SalesPersonDocument, SalesPersonRecorded
from domain.shared.event import Event
from domain.shared.person import Person
from domain.shared.record_types import RecordType
from domain.user_fields import UserFields, UserFieldsSet
from projections.contacts import CONTACTS
from projections.invoice_notes import INVOICE_NOTES
from projections.personal_contacts import PERSONAL_CONTACTS
from tests.projections.test_folds import Tables, recorded
from tests.projections.test_read_models import (
    test_a_change_moves_one_row_to_history_and_leaves_its_neighbour as leaves_its_neighbour,
)
from tests.projections.test_read_models import (
    test_it_is_the_same_in_one_page_or_in_several as is_the_same_in_several,
)

ON = date(2026, 3, 1)
LOU, ANN = ContactDocument("1", "A", "1", Person("Lou")), ContactDocument("1", "A", "2", Person())

CASES: list[tuple[str, str, Event, str, Event, Event, dict[str, Any]]] = [
    (
        "contacts",
        "contact/1/A/1",
        ContactAdded(LOU, ON),
        "contact/1/A/2",
        ContactRecorded(ANN),
        ContactRemoved("1", "A", "1", ON),
        {"cntct_name": "Lou", "origin": "LOCAL", "added_on": ON, "removed_on": ON},
    ),
    (
        "personal_contacts",
        "personal_contact/c1",
        PersonalContactAdded("c1", "key/1", Person("Lou"), ON),
        "personal_contact/c2",
        PersonalContactAdded("c2", "key/2", Person("Ann"), ON),
        PersonalContactChanged(Person("Lou", "CFO")),
        {"owner": "key/1", "cntct_title": "CFO", "removed_on": None},
    ),
    (
        "invoice_lines",
        "invoice_line/1/I1/1",
        InvoiceLineRecorded(InvoiceLineDocument("1", "I1", "1")),
        "invoice_line/1/I1/2",
        InvoiceLineRecorded(InvoiceLineDocument("1", "I1", "2")),
        InvoiceLineAmended(InvoiceLineDocument("1", "I1", "1", amount=Decimal(9))),
        {"line_no": "1", "amount": Decimal(9)},
    ),
    (
        "sales_orders",
        "sales_order/1/O1",
        SalesOrderRecorded(SalesOrderDocument("1", "O1", "A", ON, None, "EUR")),
        "sales_order/1/O2",
        SalesOrderRecorded(SalesOrderDocument("1", "O2", "A", ON, None, "EUR")),
        SalesOrderAmended(SalesOrderDocument("1", "O1", "B", ON, None, "EUR")),
        {"order_id": "O1", "cust_id": "B"},
    ),
    (
        "sales_persons",
        "sales_person/1/S1",
        SalesPersonRecorded(SalesPersonDocument("1", "S1")),
        "sales_person/1/S2",
        SalesPersonRecorded(SalesPersonDocument("1", "S2")),
        SalesPersonAmended(SalesPersonDocument("1", "S1", "Sue")),
        {"sper_id": "S1", "sper_name": "Sue"},
    ),
    (
        "payment_application_fields",
        "payment_application/1/I1/P1",
        PaymentApplicationDescribed(PaymentApplicationDocument("1", "I1", "P1", "x")),
        "payment_application/1/I1/P2",
        PaymentApplicationDescribed(PaymentApplicationDocument("1", "I1", "P2", "x")),
        PaymentApplicationDescribed(PaymentApplicationDocument("1", "I1", "P1")),
        {"payment_id": "P1", "udf1": None},
    ),
    (
        "user_fields",
        "user_fields/customer/1/A",
        UserFieldsSet(RecordType.CUSTOMER, ("1", "A"), UserFields("x")),
        "user_fields/contact/1/A/1",
        UserFieldsSet(RecordType.CONTACT, ("1", "A", "1"), UserFields("x")),
        UserFieldsSet(RecordType.CUSTOMER, ("1", "A"), UserFields("y")),
        {"record_type": "customer", "key2": "A", "key3": "", "udf6": "y"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_change_moves_one_row_to_history(case: Any) -> None:
    leaves_its_neighbour(case)
    is_the_same_in_several(case)


def test_a_note_has_a_row_for_each_of_its_documents() -> None:
    tables = Tables(INVOICE_NOTES)
    note = InvoiceNoteAdded("n1", "1", ("I1", "I2"), "text", ON)
    other = InvoiceNoteAdded("n2", "1", ("I1",), "other", ON)
    tables.take(recorded([[("invoice_note/n1", note)], [("invoice_note/n2", other)]]))
    assert {row[1:-1] for row in tables.live[0]} == {
        ("n1", "1", "I1", "text", ON),
        ("n1", "1", "I2", "text", ON),
        ("n2", "1", "I1", "other", ON),
    }


def test_what_happened_to_a_contact_that_was_never_told_of_cannot_be_folded() -> None:
    with pytest.raises(LookupError, match="contact/1/A/1 is not known"):
        Tables(CONTACTS).take(recorded([[("contact/1/A/1", ContactChanged(LOU))]]))
    with pytest.raises(LookupError, match="personal_contact/c1 is not known"):
        Tables(PERSONAL_CONTACTS).take(
            recorded([[("personal_contact/c1", PersonalContactRemoved(ON))]])
        )
