"""Which accounts a sync takes over: all, or those with open documents (SYN-05).

For the latter an export is read once before it is taken over. An account is wanted if the log
knows it, if the export holds a document of it with something open, if it stands above such an
account, or if a row that was taken over before now names it. Rows of others are passed over and
remembered nowhere, so that all that the export tells of an account comes with the sync that first
wants it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from application.importing.manifest import Hashes, Manifest
from application.importing.source import Source, SourcePage, key_hash
from domain.shared.rows import KEY_SEPARATOR, BadRow
from eventstore.importing import ImportSession, StagedAmount

AccountKey = tuple[str, ...]
"""The company and the customer."""

_CUSTOMER = {"customers": 1, "contacts": 1, "sales_orders": 2, "payments": 2, "invoices": 2}
"""Where rows of the kinds that belong to accounts name the customer."""

_PARENT = 7


class WantedAccounts:
    """Which accounts a sync takes over: all of them."""

    def wants(self, kind: str, values: Sequence[Any]) -> bool:  # noqa: ARG002
        """Whether a row of a kind, whose key was not known before, is to be taken over."""
        return True

    def pass_over(self, documents: Hashes) -> None:
        """Note documents that are passed over, told by the hashes of their keys."""


class OpenAccounts(WantedAccounts):
    """Those that were known or found, and the documents that were passed over with others."""

    def __init__(self, known: Collection[AccountKey], found: Collection[AccountKey]) -> None:
        self._known = known
        self._found = found
        self._passed_over: Hashes = np.zeros(0, np.uint64)
        self._noted: list[Hashes] = []

    def wants(self, kind: str, values: Sequence[Any]) -> bool:
        """Whether a row is of an account that is wanted, or of none."""
        if kind == "invoice_lines":
            return not self._is_passed_over(values[0], values[1])
        place = _CUSTOMER.get(kind)
        if place is None:
            return True
        key = (values[0], values[place])
        return key in self._found or key in self._known

    def pass_over(self, documents: Hashes) -> None:
        """Note documents that are passed over, told by the hashes of their keys."""
        self._noted.append(documents)

    def _is_passed_over(self, company_id: str, tran_id: str) -> bool:
        if self._noted:
            self._passed_over = np.sort(np.concatenate((self._passed_over, *self._noted)))
            self._noted = []
        document = np.uint64(key_hash(f"{company_id}{KEY_SEPARATOR}{tran_id}"))
        place = int(np.searchsorted(self._passed_over, document))
        return place < len(self._passed_over) and bool(self._passed_over[place] == document)


def open_accounts(
    sources: Sequence[Source],
    session: ImportSession,
    manifest_of: Callable[[str], Manifest],
    known: Collection[AccountKey],
    business_date: date,
) -> OpenAccounts:
    """Read an export for the accounts that are wanted; `known` are those of the log."""
    found: set[AccountKey] = set()
    parents: dict[AccountKey, AccountKey] = {}
    with session.balances() as balances:
        for source in sources:
            place = _CUSTOMER.get(source.kind)
            if place is None and source.kind != "payment_applications":
                continue
            for page in source.pages():
                news = list(_news(manifest_of(source.kind), page))
                rows = [values for values, _ in news]
                if place is not None:
                    found.update((told[0], told[place]) for told, is_known in news if is_known)
                match source.kind:
                    case "customers":
                        parents.update(_parents(rows))
                    case "payment_applications":
                        balances.stage(_applied(rows, business_date))
                    case "invoices":
                        of_unknown = [told for told in rows if (told[0], told[2]) not in known]
                        balances.stage(_billed(of_unknown, business_date))
                    case _:
                        pass
        found.update(balances.open_accounts())
    return OpenAccounts(known, found | _above(found, parents))


def _news(manifest: Manifest, page: SourcePage) -> Iterator[tuple[Sequence[Any], bool]]:
    """Yield the rows that say something else than last time, and whether their keys are known."""
    contents = np.fromiter(page.contents, np.uint64, len(page.lines))
    numbers: list[int] = np.flatnonzero(~manifest.keys_of(contents)[1]).tolist()
    keys = page.keys(numbers)
    hashes = np.fromiter((key_hash(key or "") for key in keys), np.uint64, len(keys))
    is_known: list[bool] = manifest.knows(hashes).tolist()
    for values, one in zip(page.values(numbers), is_known, strict=True):
        if not isinstance(values, BadRow):
            yield values, one


def _billed(rows: Iterable[Sequence[Any]], business_date: date) -> Iterator[StagedAmount]:
    """Yield what rows of invoices say is open: the balance, or what applications leave of it."""
    for company_id, tran_id, cust_id, _, amount, *rest in rows:
        balance, closed_on = rest[3], rest[8]
        if closed_on is not None and closed_on > business_date:
            balance = None
        elif closed_on is not None and balance is None:
            balance = Decimal(0)
        yield (
            key_hash(f"{company_id}{KEY_SEPARATOR}{tran_id}"),
            company_id,
            cust_id,
            amount,
            balance,
        )


def _applied(rows: Iterable[Sequence[Any]], business_date: date) -> Iterator[StagedAmount]:
    """Yield what payments have settled of documents by now."""
    for company_id, _, tran_id, amount, applied_on, *_ in rows:
        if applied_on <= business_date:
            yield key_hash(f"{company_id}{KEY_SEPARATOR}{tran_id}"), None, None, -amount, None


def _parents(rows: Iterable[Sequence[Any]]) -> dict[AccountKey, AccountKey]:
    return {
        (values[0], values[1]): (values[0], values[_PARENT])
        for values in rows
        if values[_PARENT] is not None
    }


def _above(
    accounts: Iterable[AccountKey], parents: Mapping[AccountKey, AccountKey]
) -> set[AccountKey]:
    """Return the accounts above others."""
    above: set[AccountKey] = set()
    for account in accounts:
        parent = parents.get(account)
        while parent is not None and parent not in above:
            above.add(parent)
            parent = parents.get(parent)
    return above
