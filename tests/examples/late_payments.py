"""The ledger of late payments, asked through views and, by DuckDB, in the files themselves."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct
from psycopg import Connection

from domain.conditions import ALWAYS, Condition
from domain.site_options import SiteOptions
from projections.listing import Cut, Listing, page, summary
from projections.query import fetch
from projections.view import Asked, View

CENT = Decimal("0.01")
DEFAULTS = SiteOptions()

Figures = dict[tuple[Any, ...], dict[str, Any]]
"""Figures by name of each account or document, by key."""


class File:
    """The ledger as a file tells it."""

    def __init__(self, path: Path) -> None:
        self._sql = duckdb.connect()
        self._sql.execute(
            """
            CREATE TABLE ledger AS
            SELECT countryCode AS company, customerID AS customer, invoiceNumber AS number,
                   strptime(InvoiceDate, '%m/%d/%Y')::DATE AS invoiced,
                   strptime(DueDate, '%m/%d/%Y')::DATE AS due,
                   strptime(SettledDate, '%m/%d/%Y')::DATE AS settled,
                   InvoiceAmount::DECIMAL(12, 2) AS amount
            FROM read_csv(?, all_varchar = true)
            """,
            [str(path)],
        )

    def rows(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """What a statement finds, by name of its columns."""
        found = self._sql.execute(statement, parameters)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def row(self, statement: str, **parameters: Any) -> dict[str, Any]:
        """The one row that a statement finds."""
        (found,) = self.rows(statement, **parameters)
        return found

    def accounts(self, statement: str, **parameters: Any) -> Figures:
        """What a statement finds of each account."""
        rows = self.rows(statement, **parameters)
        return {(row.pop("company"), row.pop("customer")): row for row in rows}


class Ledger(Struct):
    """The file, loaded, corrected and loaded again; with what it said at each time."""

    connection: Connection[Any]
    tenant: int
    told: list[tuple[datetime | None, File]]
    """What the file said, with the moment as of whose knowledge it is asked for."""

    def asked(
        self, as_of: date, known_at: datetime | None, options: SiteOptions = DEFAULTS
    ) -> Asked:
        return Asked(self.tenant, options, as_of, in_past=True, known_at=known_at)

    def figures(
        self,
        view: View,
        asked: Asked,
        names: Iterable[str],
        where: Condition = ALWAYS,
    ) -> Figures:
        """What a view shows."""
        listing = Listing(view, asked, tuple(names), where)
        found = [
            dict(zip(listing.columns, one.values, strict=True))
            for one in fetch(self.connection, page(listing, Cut(5_000)))
        ]
        return {
            tuple(one[key] for key in view.key): {name: one[name] for name in names}
            for one in found
        }

    def summed_up(
        self, view: View, asked: Asked, names: Sequence[str], where: Condition = ALWAYS
    ) -> dict[str, Any]:
        """The totals that a view shows of a list, with its count of records."""
        (found,) = fetch(self.connection, summary(Listing(view, asked, (), where), names))
        told = [one.name for one in view.totals if one.name in names]
        assert sorted(told) == sorted(names)
        values = found.values[len(view.summed_by) :]
        return dict(zip(["count", *told], values, strict=True))


def ratio(total: Decimal | int, by: Decimal | int, times: int = 1) -> Decimal | None:
    """The quotient to the hundredth; nothing if there is nothing to divide by."""
    return rounded(Decimal(total) / Decimal(by) * times) if by else None


def rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)
