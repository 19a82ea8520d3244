"""On what collectors work: open documents, recent payments and accounts, by the read models.

Only what the ERP says is read, so that the choice is the same after half of the work is done.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg import Connection

from domain.conditions import AllOf, Compared, Condition, Operator
from projections.account_view import ACCOUNT_VIEW
from projections.invoice_view import INVOICE_VIEW
from projections.listing import Cut, Listing, Order, page
from projections.payment_view import PAYMENT_VIEW
from projections.query import fetch
from projections.view import Asked, View

ACCOUNTS_MAX = 1_000
"""Accounts that are assigned to somebody at most."""

DOCUMENTS_MAX = 20_000
"""Open documents to choose from, the oldest first."""

WORKED_SHARE = 0.05
"""The share of the accounts that somebody works on."""

WORKED_MIN = 12
WORKED_MAX = 120

PAYMENT_DAYS = 60
"""For so many days back payments are of interest."""

AccountKey = tuple[str, str]


class Document(Struct, frozen=True):
    """An invoice with something to pay; amounts are in `curr_id`."""

    company_id: str
    tran_id: str
    cust_id: str
    tran_date: date
    curr_id: str
    amount: Decimal
    balance: Decimal
    last_pmt_date: date | None
    pmt_count: int


class Paid(Struct, frozen=True):
    """A payment that the ERP recorded; `amount` is in `curr_id`."""

    company_id: str
    payment_id: str
    cust_id: str
    pmt_date: date
    curr_id: str
    amount: Decimal
    reference: str | None


class Worked(Struct, frozen=True):
    """An account that somebody works on, and its documents, the oldest first."""

    key: AccountKey
    documents: tuple[Document, ...]


class Choice(Struct, frozen=True):
    """What there is to work on."""

    accounts: Sequence[AccountKey]
    worked: Sequence[Worked]
    payments: Sequence[Paid]


def choose(connection: Connection[Any], asked: Asked) -> Choice:
    """Choose what collectors work on, by a ledger as it is on the date of `asked`."""
    accounts: list[AccountKey] = [
        (company_id, cust_id)
        for company_id, cust_id in _values(
            connection, asked, ACCOUNT_VIEW, ACCOUNT_VIEW.key, ACCOUNTS_MAX
        )
    ]
    documents = [
        Document(*values)
        for values in _values(
            connection,
            asked,
            INVOICE_VIEW,
            Document.__struct_fields__,
            DOCUMENTS_MAX,
            AllOf(
                (
                    Compared("type", Operator.EQ, "IN"),
                    Compared("balance", Operator.GT, 0),
                    Compared("tran_date", Operator.LTE, asked.as_of),
                )
            ),
            (Order("tran_date"),),
        )
    ]
    count = min(max(round(WORKED_SHARE * len(accounts)), WORKED_MIN), WORKED_MAX)
    since = asked.as_of - timedelta(PAYMENT_DAYS)
    payments = [
        Paid(*values)
        for values in _values(
            connection,
            asked,
            PAYMENT_VIEW,
            Paid.__struct_fields__,
            count,
            AllOf((Compared("pmt_date", Operator.GTE, since), Compared("amount", Operator.GT, 0))),
            (Order("pmt_date", descending=True),),
        )
    ]
    return Choice(accounts, _most_open(documents)[:count], payments)


def _values(
    connection: Connection[Any],
    asked: Asked,
    view: View,
    fields: Sequence[str],
    count: int,
    where: Condition = AllOf(()),  # noqa: B008
    order: tuple[Order, ...] = (),
) -> Iterable[tuple[Any, ...]]:
    """Yield the fields of the first `count` records of a list."""
    listing = Listing(view, asked, tuple(fields), where, order)
    places = [listing.columns.index(name) for name in fields]
    for record in fetch(connection, page(listing, Cut(count))):
        yield tuple(record.values[place] for place in places)


def _most_open(documents: Iterable[Document]) -> list[Worked]:
    """Return the accounts with the most open documents, of each company in turn."""
    by_company: dict[str, dict[str, list[Document]]] = defaultdict(lambda: defaultdict(list))
    for one in documents:
        by_company[one.company_id][one.cust_id].append(one)
    ranked: list[tuple[int, Worked]] = []
    for company_id, accounts in sorted(by_company.items()):
        by_count = sorted(accounts.items(), key=lambda one: (-len(one[1]), one[0]))
        ranked += [
            (rank, Worked((company_id, cust_id), tuple(open_ones)))
            for rank, (cust_id, open_ones) in enumerate(by_count)
        ]
    return [one for _, one in sorted(ranked, key=lambda one: (one[0], one[1].key))]
