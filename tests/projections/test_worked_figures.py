"""The requirements' worked examples of figures, each on a few documents told in full."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from application.handling import Request
from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.aging import Basis
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.invoice import ImportInvoice, InvoiceDocument
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions, SiteOptions
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.view import Asked
from runtime.database import Database
from runtime.site import site_options
from runtime.tenants import Tenant
from tests.projections.ledger import invoicing, request
from tests.projections.running import append, fold
from tests.projections.test_views import ask

FIRST = date(2015, 1, 1)
DUE = date(2015, 1, 31)
TODAY = date(2015, 6, 30)


def account(limit: int | None = None) -> Request:
    """Acme, with a credit limit."""
    document = AccountDocument(
        "1", "ACME", "Acme", credit_limit=None if limit is None else Decimal(limit)
    )
    return request(ACCOUNT, ("1", "ACME"), ImportAccount(document))


def invoice(
    number: str,
    amount: str,
    *,
    paid: date | None = None,
    dated: date = FIRST,
    due: date = DUE,
    customer: str = "ACME",
) -> Request:
    """An invoice in full; open unless it was paid."""
    euros = Decimal(amount)
    document = InvoiceDocument(
        "1", number, customer, dated, euros, "EUR", euros, "EUR", due_date=due
    )
    command = ImportInvoice(
        document, TODAY, None if paid is None else Decimal(0), closing_tran_date=paid
    )
    return invoicing(command)


def late(days: int) -> date:
    """So many days after the due date."""
    return DUE + timedelta(days)


def tell(database: Database, tenant: Tenant, *requests: Request) -> None:
    """Take over what the ERP says."""
    company = request(COMPANY, ("1",), ImportCompany(CompanyDocument("1", "EUR")))
    append(database, tenant, company, *requests)
    fold(database, tenant)


def acme(
    database: Database,
    tenant: Tenant,
    *names: str,
    on: date = TODAY,
    options: SiteOptions = SiteOptions(),  # noqa: B008
) -> list[Any]:
    """Figures of Acme on a date."""
    found = ask(database, ACCOUNT_VIEW, Asked(tenant.id, options, on), names)["1", "ACME"]
    return [found[name] for name in names]


def of_invoice(
    database: Database,
    tenant: Tenant,
    number: str,
    *names: str,
    on: date,
    options: SiteOptions = SiteOptions(),  # noqa: B008
) -> list[Any]:
    """Figures of an invoice on a date."""
    found = ask(database, INVOICE_VIEW, Asked(tenant.id, options, on), names)["1", number]
    return [found[name] for name in names]


# Available credit (KPI-19)


def test_v18_available_credit_is_the_limit_less_what_is_open(
    database: Database, tenant: Tenant
) -> None:
    tell(database, tenant, account(15_000), invoice("I1", "4000"), invoice("I2", "6000"))
    assert acme(database, tenant, "total_age", "available_credit") == [10_000, 5_000]


def test_available_credit_is_negative_beyond_the_limit(database: Database, tenant: Tenant) -> None:
    tell(database, tenant, account(15_000), invoice("I1", "15000.01"))
    assert acme(database, tenant, "available_credit") == [Decimal("-0.01")]


def test_without_a_limit_available_credit_is_unknown(database: Database, tenant: Tenant) -> None:
    tell(database, tenant, account(), invoice("I1", "1"))
    assert acme(database, tenant, "available_credit") == [None]


# Projected payments (KPI-20 to KPI-24)


def projected(database: Database, tenant: Tenant, number: str, on: date) -> list[Any]:
    names = ("proj_pmt_date", "proj_pmt_days", "payment_due_days")
    return of_invoice(database, tenant, number, *names, on=on)


def test_v19_an_invoice_is_expected_as_late_as_the_customer_paid_others_of_its_size(
    database: Database, tenant: Tenant
) -> None:
    due = date(2015, 7, 30)
    tell(
        database,
        tenant,
        account(),
        invoice("P1", "5000", paid=late(2)),
        invoice("P2", "9999.99", paid=late(4)),
        invoice("SMALL", "4999.99", paid=late(40)),
        invoice("LARGE", "10000", paid=late(80)),
        invoice("NEIGHBOUR", "7000", paid=late(60), customer="OTHER"),
        invoice("OPEN", "7000", dated=TODAY, due=due),
    )
    assert projected(database, tenant, "OPEN", TODAY) == [date(2015, 8, 2), 3, 33]
    assert acme(database, tenant, "proj_pmts28_days", "proj_pmts35_days") == [0, 7_000]


def test_without_history_of_the_size_that_of_all_sizes_tells_when_an_invoice_is_expected(
    database: Database, tenant: Tenant
) -> None:
    tell(
        database,
        tenant,
        account(),
        invoice("SMALL", "100", paid=late(-5)),
        invoice("LARGE", "20000", paid=late(-6)),
        invoice("OPEN", "7000", dated=TODAY, due=date(2015, 7, 30)),
    )
    # 5.5 days early on average: whole days, the half away from zero.
    assert projected(database, tenant, "OPEN", TODAY) == [date(2015, 7, 24), -6, 24]


def test_without_any_history_an_invoice_is_expected_when_it_is_due(
    database: Database, tenant: Tenant
) -> None:
    tell(
        database,
        tenant,
        account(),
        invoice("NEIGHBOUR", "7000", paid=late(60), customer="OTHER"),
        invoice("OPEN", "7000", dated=TODAY, due=date(2015, 7, 30)),
    )
    assert projected(database, tenant, "OPEN", TODAY) == [date(2015, 7, 30), 0, 30]


def test_what_should_have_been_paid_is_expected_on_the_day(
    database: Database, tenant: Tenant
) -> None:
    tell(database, tenant, account(), invoice("OPEN", "7000"))
    assert projected(database, tenant, "OPEN", late(10)) == [late(10), 10, 0]
    assert acme(database, tenant, "proj_pmts7_days", on=late(10)) == [7_000]


def test_projected_sums_are_cumulative(database: Database, tenant: Tenant) -> None:
    days = (7, 14, 21, 28, 35, 36)
    tell(
        database,
        tenant,
        account(),
        *(invoice(f"I{n}", "10", dated=TODAY, due=TODAY + timedelta(n)) for n in days),
    )
    names = [f"proj_pmts{n}_days" for n in days[:-1]]
    assert acme(database, tenant, *names) == [10, 20, 30, 40, 50]


# Cost of credit (KPI-16, KPI-17)


def test_v20_a_rate_of_8_is_8_percent_a_year_and_10_by_default(
    database: Database, tenant: Tenant
) -> None:
    tell(database, tenant, account(), invoice("I1", "1000"))
    a_year_on = date(2016, 1, 1)
    with database.connect("worker") as connection:
        unchanged = site_options(connection, tenant.id)
    change = request(SITE_OPTIONS, (SITE,), ChangeSiteOptions(credit_apr=8))
    append(database, tenant, change)
    fold(database, tenant)
    with database.connect("worker") as connection:
        changed = site_options(connection, tenant.id)

    assert (unchanged.credit_apr, changed.credit_apr) == (10, 8)
    for options, cost in ((unchanged, 100), (changed, 80)):
        assert acme(database, tenant, "coc_balance", on=a_year_on, options=options) == [cost]


def test_credit_costs_the_balance_at_the_rate_for_the_days_since_the_invoice_to_the_cent(
    database: Database, tenant: Tenant
) -> None:
    tell(database, tenant, account(), invoice("I1", "1000"), invoice("I2", "250.5", dated=DUE))
    on = date(2015, 3, 2)  # 60 days after the one, 30 after the other
    names = ("coc_balance", "daily_carry")

    # 1000 x 10/100 x 60/365 = 16.438…; 1000 x 10/100 / 365 = 0.273…
    assert of_invoice(database, tenant, "I1", *names, on=on) == [Decimal("16.44"), Decimal("0.27")]
    # 250.50 x 10/100 x 30/365 = 2.058…; 250.50 x 10/100 / 365 = 0.068…
    assert of_invoice(database, tenant, "I2", *names, on=on) == [Decimal("2.06"), Decimal("0.07")]
    # 16.4383… + 2.0589… = 18.4972…; 1250.50 x 10/100 / 365 = 0.342…
    assert acme(database, tenant, *names, on=on) == [Decimal("18.50"), Decimal("0.34")]


def test_what_was_paid_costs_nothing_any_more(database: Database, tenant: Tenant) -> None:
    tell(database, tenant, account(), invoice("I1", "1000", paid=late(10)))
    names = ("coc_balance", "daily_carry")
    # 1000 x 10/100 x 39/365 = 10.684…
    assert acme(database, tenant, *names, on=late(9)) == [Decimal("10.68"), Decimal("0.27")]
    assert acme(database, tenant, *names, on=late(10)) == [0, 0]


# Days late and days to pay (KPI-05 to KPI-15)


THREE = (
    invoice("I1", "100", paid=late(10)),
    invoice("I2", "300", paid=late(-2)),
    invoice("I3", "600", paid=late(5)),
)


def test_days_late_count_each_invoice_once_or_by_its_amount(
    database: Database, tenant: Tenant
) -> None:
    tell(database, tenant, account(), *THREE, invoice("OPEN", "5000"))

    # (10 - 2 + 5) / 3 = 4.333…; (10 x 100 - 2 x 300 + 5 x 600) / 1000 = 3400 / 1000
    names = ("avg_days_late", "avg_days_late_weighted", "avg_days_late_diff")
    assert acme(database, tenant, *names) == [Decimal("4.33"), Decimal("3.40"), Decimal("0.93")]
    sums = ("avg_days_count_total", "avg_days_sum_total", "avg_days_amt_total")
    assert acme(database, tenant, *sums, "avg_days_weighted_total") == [3, 13, 1_000, 3_400]


def test_days_late_count_what_was_paid_by_the_date(database: Database, tenant: Tenant) -> None:
    tell(database, tenant, account(), *THREE)
    names = ("avg_days_late", "avg_days_count_total")
    assert acme(database, tenant, *names, on=late(-3)) == [None, 0]
    assert acme(database, tenant, *names, on=late(-2)) == [-2, 1]
    assert acme(database, tenant, *names, on=late(5)) == [Decimal("1.50"), 2]


def test_days_to_pay_are_negative_if_invoices_are_paid_before_they_are_due(
    database: Database, tenant: Tenant
) -> None:
    tell(
        database,
        tenant,
        account(),
        invoice("I1", "100", paid=late(-3)),
        invoice("I2", "900", paid=late(-4)),
    )
    names = ("avg_days_to_pay_total", "avg_days_to_pay1", "avg_days_to_pay2", "avg_days_to_pay3")
    assert acme(database, tenant, *names) == [Decimal("-3.50"), -3, -4, None]


@pytest.mark.parametrize(("early", "days"), [(None, 32), (date(2015, 1, 2), 38), (TODAY, None)])
def test_days_to_pay_count_from_the_invoice_date_and_for_invoices_dated_late_enough(
    database: Database, tenant: Tenant, early: date | None, days: int | None
) -> None:
    tell(
        database,
        tenant,
        account(),
        invoice("I1", "100", paid=late(-4)),
        invoice("I2", "100", dated=date(2015, 1, 2), paid=late(9)),
    )
    options = SiteOptions(aging_basis=Basis.INVOICE, exclude_invoices_before=early)
    found = acme(database, tenant, "avg_days_to_pay_total", "avg_days_late", options=options)
    assert found == [days, Decimal("2.50")]


# Days sales outstanding (KPI-02)


def test_days_sales_outstanding_are_what_is_open_in_days_of_the_net_sales_of_a_year(
    database: Database, tenant: Tenant
) -> None:
    tell(
        database,
        tenant,
        account(),
        invoice("PAID", "3500", paid=late(0)),
        invoice("OPEN", "500"),
        invoice("CREDIT", "-350"),
    )
    assert acme(database, tenant, "sales", "dso") == [3_650, 50]


def test_without_sales_in_the_year_days_sales_outstanding_are_unknown(
    database: Database, tenant: Tenant
) -> None:
    tell(database, tenant, account(), invoice("OPEN", "500"))
    names = ("total_age", "sales", "dso")
    assert acme(database, tenant, *names, on=date(2015, 12, 31)) == [500, 500, 365]
    assert acme(database, tenant, *names, on=date(2016, 1, 1)) == [500, 0, None]
