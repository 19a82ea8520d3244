"""Rows of an export, already parsed, to commands."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from application.importing.applications import StagedApplication
from domain.account import AccountDocument, ImportAccount
from domain.company import DEFAULT_HOME_CURRENCY, CompanyDocument, ImportCompany
from domain.contact import ContactDocument, ImportContact
from domain.invoice import Application, ImportInvoice, InvoiceDocument
from domain.payment import ImportPayment, PaymentDocument
from domain.payment_application import DescribePaymentApplication, PaymentApplicationDocument
from domain.sales_order import SalesOrderDocument
from domain.shared.imported import ImportDocument
from domain.shared.person import Person
from domain.shared.rows import BadRow


def company(values: Sequence[Any]) -> ImportCompany:
    """Return the command of a row of companies."""
    company_id, home_currency, name, time_zone = values
    return ImportCompany(CompanyDocument(company_id, home_currency, name, time_zone or "UTC"))


def account(values: Sequence[Any]) -> ImportAccount:
    """Return the command of a row of customers."""
    company_id, cust_id, cust_name, cust_class, status, limit, hold, parent_id, *rest = values
    if parent_id == cust_id:
        raise BadRow("parent_id", "An account cannot be its own parent.")
    return ImportAccount(
        AccountDocument(
            company_id,
            cust_id,
            cust_name,
            cust_class,
            status,
            limit,
            bool(hold),
            parent_id,
            *rest,
        )
    )


def parents(parsed: Iterable[Sequence[Any] | BadRow]) -> Iterator[tuple[str, str]]:
    """Yield the accounts that rows of customers name as parents."""
    for values in parsed:
        if not isinstance(values, BadRow) and values[_PARENT_ID] is not None:
            yield values[0], values[_PARENT_ID]


_PARENT_ID = 7

_PERSON_FIELDS = len(Person.__struct_fields__)


def contact(values: Sequence[Any], *, primary_only: bool) -> ImportContact:
    """Return the command of a row of contacts, of which the site may want only primary ones."""
    company_id, cust_id, cntct_id, *rest = values
    person = Person(*rest[:_PERSON_FIELDS])
    primary, automated, *udfs = rest[_PERSON_FIELDS:]
    return ImportContact(
        ContactDocument(
            company_id, cust_id, cntct_id, person, bool(primary), bool(automated), *udfs
        ),
        primary_only,
    )


def sales_order(
    values: Sequence[Any], home_currency: str | None
) -> ImportDocument[SalesOrderDocument]:
    """Return the command of a row of sales orders; without a currency it is the company's own."""
    company_id, order_id, cust_id, order_date, amount, curr_id, *rest = values
    currency = curr_id or home_currency or DEFAULT_HOME_CURRENCY
    return ImportDocument(
        SalesOrderDocument(company_id, order_id, cust_id, order_date, amount, currency, *rest)
    )


def application_fields(one: StagedApplication) -> DescribePaymentApplication:
    """Return the command of the user-defined fields in a row of payment applications."""
    return DescribePaymentApplication(
        PaymentApplicationDocument(one.company_id, one.tran_id, one.payment_id, *(one.udfs or ()))
    )


def payment(values: Sequence[Any], home_currency: str | None) -> ImportPayment:
    """Return the command of a row of payments; without a currency it is the company's own."""
    company_id, payment_id, cust_id, pmt_date, amount, curr_id, *rest = values
    return ImportPayment(
        PaymentDocument(
            company_id,
            payment_id,
            cust_id,
            pmt_date,
            amount,
            curr_id or home_currency or DEFAULT_HOME_CURRENCY,
            *rest,
        )
    )


def invoice(
    values: Sequence[Any],
    home_currency: str,
    applications: tuple[Application, ...],
    business_date: date,
) -> ImportInvoice:
    """Return the command of a row of invoices.

    Home amounts come from the ERP alone (CMP-09): they may only be left out where the document
    is in home currency, and never differ from its amounts there.
    """
    (
        company_id,
        tran_id,
        cust_id,
        tran_date,
        amount,
        kind,
        due_date,
        post_date,
        balance,
        curr_id,
        amount_hc,
        balance_hc,
        status,
        closing_tran_date,
        *rest,
    ) = values
    if kind is None:
        kind = "IN" if amount >= 0 else "CM"
    elif kind == "CM" and amount > 0:
        raise BadRow("amount", "A credit memo (CM) carries a negative amount.")
    if curr_id is None:
        curr_id = home_currency
    if curr_id == home_currency:
        _same("amount_hc", amount_hc, amount, home_currency)
        _same("balance_hc", balance_hc, balance, home_currency)
        amount_hc = amount
    elif amount_hc is None:
        raise BadRow(
            "amount_hc",
            f"amount_hc is missing: the document is in {curr_id}, the home currency of company"
            f" {company_id} is {home_currency}, and amounts are never converted here.",
        )
    return ImportInvoice(
        InvoiceDocument(
            company_id,
            tran_id,
            cust_id,
            tran_date,
            amount,
            curr_id,
            amount_hc,
            home_currency,
            kind,
            due_date,
            post_date,
            *rest,
        ),
        business_date,
        balance,
        balance_hc,
        status,
        closing_tran_date,
        applications,
    )


def _same(column: str, home: Decimal | None, own: Decimal | None, currency: str) -> None:
    if home is not None and own is not None and home != own:
        raise BadRow(column, f"{column} differs, though both figures are in {currency}.")
