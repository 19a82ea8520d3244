"""A site that wants only customers with open documents has those, whole, and no others (SYN-05)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions, CustomerSync
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import rejects
from tests.runtime.test_syncing import INVOICES, ON, Export, counts
from tests.runtime.test_syncing_records import APPLICATIONS, carry_out

CUSTOMERS = "company_id,cust_id,cust_name,parent_id"
PAYMENTS = "company_id,payment_id,cust_id,pmt_date,amount"
LINES = "company_id,tran_id,line_no,description"
D = Decimal


@pytest.fixture
def export(database: Database, tenant: Tenant, tmp_path: Path) -> Export:
    export = Export(database, tenant, tmp_path)
    want(export, CustomerSync.WITH_OPEN_DOCUMENTS)
    return export


def want(export: Export, customers: CustomerSync) -> None:
    command = ChangeSiteOptions(sync_customers=customers)
    carry_out(export, SITE_OPTIONS, (SITE,), command)


def accounts(export: Export) -> list[str]:
    return [cust_id for (cust_id,) in export.rows("cust_id", "accounts")]


def write_paid_and_open(export: Export) -> None:
    """A is paid, B owes; both have everything that a customer may have."""
    export.write("customers.csv", CUSTOMERS, "1,A,Paid,", "1,B,Owing,")
    export.write("contacts.csv", "company_id,cust_id,cntct_id,cntct_name", "1,A,1,Ann", "1,B,1,Bo")
    export.write("sales_orders.csv", "company_id,order_id,cust_id,order_date", "1,O,A,2026-01-01")
    export.write("payments.csv", PAYMENTS, "1,P1,A,2026-02-01,100", "1,P2,B,2026-02-01,30")
    export.write(
        "payment_applications.csv", APPLICATIONS, "1,P1,A1,100,2026-02-01", "1,P2,B1,30,2026-02-01"
    )
    export.write("invoices.csv", INVOICES, "1,A1,A,2026-01-01,,100", "1,B1,B,2026-01-01,,100")
    export.write("invoice_lines.csv", LINES, "1,A1,1,Bolts", "1,B1,1,Nuts")


def test_a_customer_who_owes_nothing_is_passed_over_with_all_that_is_theirs(
    export: Export,
) -> None:
    write_paid_and_open(export)
    first, again = export.load(), export.load()

    assert counts(first) == (13, 6, 0, 7, 0)
    assert counts(again) == (13, 0, 0, 13, 0)
    assert again.outcome.events == 0
    assert accounts(export) == ["B"]
    assert export.rows("tran_id, balance", "invoices") == [("B1", D(70))]
    for table in ("contacts", "payments", "payment_applications", "invoice_lines"):
        assert len(export.rows("*", table)) == 1
    assert export.rows("*", "sales_orders") == []


def test_all_that_the_export_tells_of_a_customer_comes_once_they_owe(export: Export) -> None:
    write_paid_and_open(export)
    export.load()
    export.write(
        "invoices.csv",
        INVOICES,
        "1,A1,A,2026-01-01,,100",
        "1,B1,B,2026-01-01,,100",
        "1,A2,A,2026-03-01,,5",
    )
    assert counts(export.load()) == (14, 8, 0, 6, 0)
    assert accounts(export) == ["A", "B"]
    assert export.rows("tran_id, balance", "invoices") == [
        ("A1", D(0)),
        ("A2", D(5)),
        ("B1", D(70)),
    ]
    assert export.rows("cntct_name", "contacts") == [("Ann",), ("Bo",)]


def test_a_customer_who_is_known_stays_so_when_all_is_paid(export: Export) -> None:
    write_paid_and_open(export)
    export.load()
    export.write("customers.csv", CUSTOMERS, "1,A,Paid,", "1,B,Paid at last,")
    export.write(
        "payment_applications.csv", APPLICATIONS, "1,P1,A1,100,2026-02-01", "1,P2,B1,100,2026-02-01"
    )
    assert counts(export.load()) == (13, 0, 2, 11, 0)
    assert export.rows("cust_name", "accounts") == [("Paid at last",)]
    assert export.rows("tran_id, balance", "invoices") == [("B1", D(0))]


def test_a_site_that_wants_all_customers_again_gets_them(export: Export) -> None:
    write_paid_and_open(export)
    export.load()
    want(export, CustomerSync.ALL)
    assert counts(export.load()) == (13, 7, 0, 6, 0)
    assert accounts(export) == ["A", "B"]
    assert export.rows("tran_id, balance", "invoices") == [("A1", D(0)), ("B1", D(70))]


@pytest.mark.parametrize(
    ("row", "is_open"),
    [
        ("100,,", True),
        ("100,0,", False),
        ("100,20,", True),
        ("100,,2026-02-01", False),
        ("100,,2026-04-01", True),  # it is closed after the business date
        ("-100,,", True),
        ("0,,", False),
    ],
)
def test_what_is_open_is_what_a_balance_a_closing_or_payments_leave(
    export: Export, row: str, is_open: bool
) -> None:
    header = "company_id,tran_id,cust_id,tran_date,amount,balance,closing_tran_date"
    export.write("invoices.csv", header, f"1,I,A,2026-01-01,{row}")
    export.load()
    assert accounts(export) == (["A"] if is_open else [])


@pytest.mark.parametrize(
    ("paid", "applied", "is_open"),
    [("40", "2026-02-01", True), ("100", "2026-02-01", False), ("100", "2026-03-03", True)],
)
def test_a_payment_that_is_dated_ahead_settles_nothing_yet(
    export: Export, paid: str, applied: str, is_open: bool
) -> None:
    assert date.fromisoformat("2026-02-01") < ON < date.fromisoformat("2026-03-03")
    export.write("invoices.csv", INVOICES, "1,I,A,2026-01-01,,100")
    export.write("payment_applications.csv", APPLICATIONS, f"1,P,I,{paid},{applied}")
    export.load()
    assert accounts(export) == (["A"] if is_open else [])


def test_whoever_stands_above_a_customer_who_owes_is_wanted(export: Export) -> None:
    export.write(
        "customers.csv", CUSTOMERS, "1,TOP,,", "1,MID,,TOP", "1,LOW,,MID", "1,X,,Y", "1,Y,,X"
    )
    export.write("invoices.csv", INVOICES, "1,I,LOW,2026-01-01,,1", "1,J,X,2026-01-01,,1")
    loaded = export.load()
    assert [line for _, line, _, _ in rejects(loaded)] == [6]
    assert accounts(export) == ["LOW", "MID", "TOP", "X"]


def test_what_was_taken_over_may_go_to_a_customer_who_owes_nothing(export: Export) -> None:
    write_paid_and_open(export)
    export.load()
    export.write("payments.csv", PAYMENTS, "1,P1,A,2026-02-01,100", "1,P2,A,2026-02-01,30")
    assert counts(export.load()) == (13, 7, 1, 5, 0)
    assert export.load().outcome.events == 0
    assert accounts(export) == ["A", "B"]
    assert export.rows("payment_id, cust_id", "payments") == [("P1", "A"), ("P2", "A")]


def test_bad_rows_are_told_whoever_they_are_of(export: Export) -> None:
    export.write("invoices.csv", INVOICES, "1,I,A,2026-01-01,,x", "1,J,A,2026-01-01,,0")
    export.write("payment_applications.csv", APPLICATIONS, "1,P,I,5,2026-02-01")
    export.write("invoice_lines.csv", LINES, "1,I,1,Bolts", "1,J,1,Nuts")
    first, again = export.load(), export.load()
    assert rejects(first) == rejects(again)
    assert [(file, line) for file, line, _, _ in rejects(first)] == [
        ("invoices.csv", 2),
        ("invoice_lines.csv", 2),
        ("payment_applications.csv", 2),
    ]
    assert counts(first) == counts(again) == (5, 0, 0, 2, 3)
