"""What a sync makes of contacts, sales records, lines and user-defined fields, and leaves alone."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from application.handling import Consulted, Request, handle
from application.records import existence
from domain.account import ACCOUNT, facts
from domain.contact import CONTACT, AddContact, ContactDocument
from domain.shared.person import Person
from domain.shared.record_types import RecordType
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions, ContactSync
from domain.user_fields import USER_FIELDS, SetUserFields
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import rejects
from tests.runtime.test_syncing import INVOICES, ON, Export, counts

CONTACTS = "company_id,cust_id,cntct_id,cntct_name,primary"
APPLICATIONS = "company_id,payment_id,tran_id,amount,applied_date"


@pytest.fixture
def export(database: Database, tenant: Tenant, tmp_path: Path) -> Export:
    return Export(database, tenant, tmp_path)


def carry_out(
    export: Export, decider: Any, key: tuple[str, ...], command: Any, *consults: Any
) -> None:
    """Carry out a person's command."""
    with export.database.pool("app", size=1) as pool:
        log = PostgresLog(pool, export.tenant.id)
        handle(log, Request(decider, key, command, "t", ON, "t", "t", consults=consults))


def add_contact(export: Export, *key: str, name: str) -> None:

    command = AddContact(ContactDocument(*key, Person(name)), ON)
    carry_out(export, CONTACT, key, command, Consulted(ACCOUNT, key[:2], facts))


def names(export: Export) -> list[tuple[Any, ...]]:
    return export.rows("cntct_id, cntct_name, origin", "contacts")


def want(export: Export, contacts: ContactSync) -> None:
    carry_out(export, SITE_OPTIONS, (SITE,), ChangeSiteOptions(sync_contacts=contacts))


def test_a_row_with_the_key_of_a_local_contact_is_rejected_and_holds_up_no_others(
    export: Export,
) -> None:
    export.write("customers.csv", "company_id,cust_id", "1,A")
    export.load()
    add_contact(export, "1", "A", "7", name="Local Zoe")
    export.write("contacts.csv", CONTACTS, "1,A,7,Zoe,true", "1,A,8,Adam,false")
    first, again = export.load(), export.load()

    reason = "The contact 7 of account A is kept here and not the ERP's; a sync leaves it alone."
    assert rejects(first) == rejects(again) == [("contacts.csv", 2, "cntct_id", reason)]
    assert counts(first) == (3, 1, 0, 1, 1)
    assert again.outcome.events == 0
    assert names(export) == [("7", "Local Zoe", "LOCAL"), ("8", "Adam", "ERP")]


def test_a_site_that_wants_no_contacts_has_none_until_it_does(export: Export) -> None:
    want(export, ContactSync.NONE)
    export.write("contacts.csv", CONTACTS, "1,A,7,Zoe,true", "1,A,8,Adam,false")
    assert counts(export.load()) == (0, 0, 0, 0, 0)
    assert export.rows("cust_id", "accounts") == []
    want(export, ContactSync.ALL)
    assert counts(export.load()) == (2, 2, 0, 0, 0)
    assert names(export) == [("7", "Zoe", "ERP"), ("8", "Adam", "ERP")]


def test_a_site_that_wants_primary_contacts_has_those_and_the_known_ones(export: Export) -> None:
    want(export, ContactSync.PRIMARY)
    export.write("contacts.csv", CONTACTS, "1,A,7,Zoe,true", "1,B,8,Adam,false")
    assert counts(export.load()) == (2, 1, 0, 1, 0)
    assert counts(export.load()) == (2, 0, 0, 2, 0)
    assert names(export) == [("7", "Zoe", "ERP")]
    assert export.rows("cust_id", "accounts") == [("A",)]

    export.write("contacts.csv", CONTACTS, "1,A,7,Zoe,false", "1,B,8,Adam,true")
    assert counts(export.load()) == (2, 1, 1, 0, 0)
    assert export.rows("cntct_id, is_primary", "contacts") == [("7", False), ("8", True)]

    export.write("contacts.csv", CONTACTS, "1,A,7,Zoe,false", "1,A,9,Ann,false")
    assert counts(export.load()) == (2, 0, 0, 2, 0)
    want(export, ContactSync.ALL)
    assert counts(export.load()) == (2, 1, 0, 1, 0)
    assert [one for one, *_ in names(export)] == ["7", "8", "9"]


def test_sales_persons_and_orders_are_taken_over_and_name_their_accounts(export: Export) -> None:
    export.write("companies.csv", "company_id,home_currency", "1,EUR")
    export.write("sales_persons.csv", "company_id,sper_id,sper_name,udf1", "1,S1,Sue,north")
    export.write(
        "sales_orders.csv",
        "company_id,order_id,cust_id,order_date,amount,curr_id,status,cust_po_no,udf5",
        "1,O1,A,2026-01-05,120.50,,open,PO-9,x",
        "2,O1,B,2026-01-06,,SEK,,,",
        "1,O2,A,,1,,,,",
    )
    first, again = export.load(), export.load()

    assert rejects(first) == [("sales_orders.csv", 4, "order_date", "order_date is missing.")]
    assert counts(first) == (5, 4, 0, 0, 1)
    assert again.outcome.events == 0
    assert export.rows("company_id, sper_id, sper_name, udf1", "sales_persons") == [
        ("1", "S1", "Sue", "north")
    ]
    columns = "company_id, order_id, cust_id, order_date, amount, curr_id, status, udf5"
    assert export.rows(columns, "sales_orders") == [
        ("1", "O1", "A", date(2026, 1, 5), Decimal("120.50"), "EUR", "open", "x"),
        ("2", "O1", "B", date(2026, 1, 6), None, "SEK", None, None),
    ]
    assert export.rows("company_id, cust_id", "accounts") == [("1", "A"), ("2", "B")]
    assert export.rows("home_currency", "companies") == [("EUR",), ("SEK",)]

    export.write("sales_persons.csv", "company_id,sper_id,sper_name,udf1", "1,S1,Sue,south")
    assert counts(export.load()) == (5, 0, 1, 3, 1)


def test_lines_are_of_documents_that_there_are(export: Export) -> None:
    lines = "company_id,tran_id,line_no,item,quantity,amount,udf1"
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100", "1,I2,A,x,,5")
    export.write("invoice_lines.csv", lines, "1,I1,1,Bolts,2.5,60,a", "1,I2,1,Nuts,1,5,")
    first = export.load()

    reason = "There is no document I2 of company 1."
    assert rejects(first)[1:] == [("invoice_lines.csv", 3, "tran_id", reason)]
    assert counts(first) == (4, 2, 0, 0, 2)

    export.write("invoices.csv", INVOICES, "1,I2,A,2026-01-02,,5")
    export.write("invoice_lines.csv", lines, "1,I1,1,Bolts,2.5,60,b", "1,I2,1,Nuts,1,5,")
    second, again = export.load(), export.load()
    assert counts(second) == (3, 2, 1, 0, 0)
    assert again.outcome.events == 0
    assert export.rows("tran_id, line_no, item, quantity, amount, udf1", "invoice_lines") == [
        ("I1", "1", "Bolts", Decimal("2.5"), Decimal(60), "b"),
        ("I2", "1", "Nuts", Decimal(1), Decimal(5), None),
    ]


def test_fields_of_applications_come_and_go_with_their_rows(export: Export) -> None:
    def applied(*rows: str) -> None:
        export.write("payment_applications.csv", f"{APPLICATIONS},udf1,udf5", *rows)

    def fields() -> list[tuple[Any, ...]]:
        return export.rows("payment_id, udf1, udf5", "payment_application_fields")

    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100")
    applied(
        "1,P1,I1,10,2026-01-10,batch 7,", "1,P2,I1,5,2026-01-10,,", "1,P3,I9,5,2026-01-10,lost,"
    )
    first, again = export.load(), export.load()
    assert len(rejects(first)) == 1  # the document I9 is not there
    assert fields() == [("P1", "batch 7", None)]
    assert again.outcome.events == 0

    (export.folder / "invoices.csv").unlink()
    applied("1,P1,I1,10,2026-01-10,,end", "1,P2,I1,5,2026-01-10,now,")
    second = export.load()
    assert counts(second) == (2, 0, 2, 0, 0)
    assert fields() == [("P1", None, "end"), ("P2", "now", None)]
    assert export.rows("payment_id, amount", "payment_applications") == [("P1", 10), ("P2", 5)]

    export.write("payment_applications.csv", APPLICATIONS, "1,P1,I1,10,2026-01-10")
    export.load()
    assert fields() == [("P1", None, None), ("P2", "now", None)]


def test_a_folder_whose_applications_have_no_fields_tells_of_none(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I1,A,2026-01-01,,100")
    export.write("payment_applications.csv", APPLICATIONS, "1,P1,I1,10,2026-01-10")
    export.load()
    export.write("payment_applications.csv", APPLICATIONS, "1,P1,I1,20,2026-01-10")
    export.load()
    assert export.rows("payment_id", "payment_application_fields") == []


def test_no_sync_touches_what_is_kept_here(export: Export) -> None:
    header = "company_id,cust_id,cust_name,udf1,udf6,udf10"
    export.write("customers.csv", header, "1,A,Acme,erp,theirs,theirs")
    export.load()
    command = SetUserFields(RecordType.CUSTOMER, ("1", "A"), udf6="ours")
    key = ("customer", "1", "A")
    carry_out(export, USER_FIELDS, key, command, existence(RecordType.CUSTOMER, ("1", "A")))
    add_contact(export, "1", "A", "7", name="Zoe")
    export.write("customers.csv", header, "1,A,Acme Corp,erp 2,other,")
    export.write("contacts.csv", CONTACTS, "1,A,8,Adam,true")
    export.load()

    assert export.rows("cust_name, udf1", "accounts") == [("Acme Corp", "erp 2")]
    assert export.rows("record_type, key1, key2, key3, udf6, udf10", "user_fields") == [
        ("customer", "1", "A", "", "ours", None)
    ]
    assert names(export) == [("7", "Zoe", "LOCAL"), ("8", "Adam", "ERP")]
