"""Documents, payments and applications as rows of the files."""

from itertools import repeat

import numpy as np

from examples.sample_ledger.accounts import Accounts
from examples.sample_ledger.calendar_days import Calendar
from examples.sample_ledger.documents import (
    Applications,
    Documents,
    Payments,
    draw_documents,
    draw_payments,
)
from examples.sample_ledger.files import Sink
from examples.sample_ledger.habits import (
    BLOCK_INVOICES,
    COMMENT_SHARE,
    CURRENCIES,
    DISCOUNT_PERCENT,
    DISPUTE_COMMENT_SHARE,
    ORDERS,
    PO_MISSING_SHARE,
    PROJECT_SHARE,
    REFERENCES,
    TERMS,
)
from examples.sample_ledger.texts import csv_field, csv_fields, in_home, money_texts, text_array
from examples.sample_ledger.vocabulary import (
    CREDIT,
    CREDIT_COMMENTS,
    DISPUTE_COMMENTS,
    FUTURE,
    FUTURE_COMMENT,
    INVOICE,
    NO_COMMENT,
    PAYMENT_COMMENTS,
    PLAIN_COMMENTS,
    TENDER_SHARES,
    TENDERS,
    Site,
)


def write_documents(
    rng: np.random.Generator, sink: Sink, site: Site, accounts: Accounts, calendar: Calendar
) -> None:
    """Draw and write the documents of a company with their payments."""
    ends = np.cumsum(accounts.invoices)
    total = int(ends[-1])
    for start in range(0, total, BLOCK_INVOICES):
        numbers = np.arange(start, min(start + BLOCK_INVOICES, total))
        sold_to = np.searchsorted(ends, numbers, side="right")
        documents = draw_documents(rng, site, accounts, calendar, sold_to)
        payments, applications = draw_payments(rng, accounts, calendar, documents)
        write_invoices(rng, sink, site, accounts, calendar, documents, payments, applications)
        write_payments(rng, sink, site, accounts, calendar, documents, payments, applications)


def write_invoices(
    rng: np.random.Generator,
    sink: Sink,
    site: Site,
    accounts: Accounts,
    calendar: Calendar,
    documents: Documents,
    payments: Payments,
    applications: Applications,
) -> None:
    """Write the documents."""
    count = len(documents.ids)
    balance = documents.amount.copy()
    np.subtract.at(balance, applications.document, applications.amount)
    closed_on = np.zeros(count, dtype=np.int64)
    np.maximum.at(closed_on, applications.document, payments.applied_day[applications.payment])
    is_open = balance != 0
    is_child = documents.sold_to != documents.account
    order_numbers = np.where(rng.random(count) < PO_MISSING_SHARE, 0, rng.integers(*ORDERS, count))
    projects = np.where(rng.random(count) < PROJECT_SHARE, rng.integers(100, 1_000, count), 0)
    discount = documents.amount * DISCOUNT_PERCENT // 100
    discount *= accounts.discount[documents.account] & (documents.kind == INVOICE)
    rates = calendar.rates[documents.currency, documents.day]
    sink.columns(
        "invoices",
        repeat(site.company_id, count),
        documents.ids,
        accounts.ids[documents.account].tolist(),
        text_array(["IN", "CM", "IN"])[documents.kind].tolist(),
        calendar.iso[documents.day].tolist(),
        calendar.iso[documents.due].tolist(),
        np.where(documents.posted < 0, "", calendar.iso[documents.posted]).tolist(),
        money_texts(documents.amount, documents.currency),
        money_texts(balance, documents.currency),
        text_array(CURRENCIES)[documents.currency].tolist(),
        money_texts(in_home(documents.amount, documents.currency, rates)),
        money_texts(in_home(balance, documents.currency, rates)),
        np.where(is_open, "open,", calendar.closed[closed_on]).tolist(),
        [f"PO{number}" if number else "" for number in order_numbers.tolist()],
        np.where(is_child, accounts.ids[documents.sold_to], "").tolist(),
        money_texts(discount, documents.currency),
        draw_comments(rng, documents),
        text_array(TERMS)[documents.terms].tolist(),
        [f"PRJ-{number}" if number else "" for number in projects.tolist()],
        repeat("", count),
    )


def write_payments(
    rng: np.random.Generator,
    sink: Sink,
    site: Site,
    accounts: Accounts,
    calendar: Calendar,
    documents: Documents,
    payments: Payments,
    applications: Applications,
) -> None:
    """Write the payments and their applications."""
    count = len(payments.ids)
    luck = rng.random(count)
    comments = np.where(luck < COMMENT_SHARE, PAYMENT_COMMENTS[0], NO_COMMENT)
    comments = np.where(payments.unapplied > 0, PAYMENT_COMMENTS[1], comments)
    tenders = text_array([f"{tender},{kind}" for tender, kind in TENDERS])
    sink.columns(
        "payments",
        repeat(site.company_id, count),
        payments.ids,
        accounts.ids[payments.account].tolist(),
        calendar.iso[payments.day].tolist(),
        money_texts(payments.applied + payments.unapplied, payments.currency),
        text_array(CURRENCIES)[payments.currency].tolist(),
        tenders[rng.choice(len(TENDERS), count, p=TENDER_SHARES)].tolist(),
        map(str, rng.integers(*REFERENCES, count).tolist()),
        money_texts(payments.unapplied, payments.currency),
        comments.tolist(),
    )
    sink.columns(
        "payment_applications",
        repeat(site.company_id, len(applications.amount)),
        text_array(payments.ids)[applications.payment].tolist(),
        text_array(documents.ids)[applications.document].tolist(),
        money_texts(applications.amount, documents.currency[applications.document]),
        calendar.iso[payments.applied_day[applications.payment]].tolist(),
    )


def draw_comments(rng: np.random.Generator, documents: Documents) -> list[str]:
    """Return comments, mostly none."""
    count = len(documents.ids)
    luck = rng.random(count)
    which = rng.integers(0, 2**31, count)
    comments = np.where(
        luck < COMMENT_SHARE, csv_fields(PLAIN_COMMENTS)[which % len(PLAIN_COMMENTS)], NO_COMMENT
    )
    comments = np.where(
        documents.disputed & (luck < DISPUTE_COMMENT_SHARE),
        csv_fields(DISPUTE_COMMENTS)[which % len(DISPUTE_COMMENTS)],
        comments,
    )
    refunds = csv_fields(CREDIT_COMMENTS)[which % len(CREDIT_COMMENTS)]
    comments = np.where(documents.kind == CREDIT, refunds, comments)
    comments = np.where(documents.kind == FUTURE, csv_field(FUTURE_COMMENT), comments)
    texts: list[str] = comments.tolist()
    return texts
