"""Loading an export into a tenant, and reading its aging, as tests do it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from domain.aging import Basis
from domain.site_options import SiteOptions
from erp.mapping import export_files
from projections.aging import AgingBy, aging_cells, aging_groups
from projections.query import fetch
from runtime.database import Database
from runtime.syncing import Synced, sync
from runtime.tenants import Tenant

Cells = dict[tuple[str, str | None, str], tuple[Decimal, int]]
"""Amount and count by company, account and bucket's label; without empty buckets."""


def load(
    database: Database,
    tenant: Tenant,
    folder: Path,
    *,
    business_date: date,
    mapping: Path | None = None,
) -> Synced:
    """Sync a folder."""
    sources = export_files(folder, mapping)
    return sync(database, tenant, sources, actor="test", business_date=business_date)


def rejects(synced: Synced) -> list[tuple[str, int, str | None, str]]:
    """The rejected rows, in full."""
    return [(one.file, one.line, one.column, one.reason) for one in synced.outcome.rejected]


def write_csv(path: Path, header: str, rows: Iterable[str]) -> None:
    """Write a file of whole lines."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def aging(
    database: Database,
    tenant: Tenant,
    as_of: date,
    *,
    basis: Basis = Basis.DUE,
    by: AgingBy = AgingBy.COMPANY,
    known_at: datetime | None = None,
    options: SiteOptions = SiteOptions(),  # noqa: B008
) -> Cells:
    """The aging at a date, without empty buckets."""
    query = aging_cells(tenant.id, options, as_of=as_of, basis=basis, by=by, known_at=known_at)
    with database.connect("worker") as connection:
        groups = aging_groups(fetch(connection, query), options, basis)
    return {
        (group.company, group.account, bucket.label): (bucket.amount, bucket.count)
        for group in groups
        for bucket in group.buckets
        if bucket.count
    }


def recorded_at(database: Database, tenant: Tenant) -> datetime:
    """When the last event was recorded."""
    with database.connect("worker") as connection:
        row = connection.execute(
            "SELECT recorded_at FROM heads WHERE tenant = %s", (tenant.id,)
        ).fetchone()
    assert row is not None
    return row[0]


def total(cells: Cells, keys: Sequence[str] | None = None) -> Decimal:
    """The sum of cells, of all buckets or of some."""
    return sum(
        (amount for (_, _, label), (amount, _) in cells.items() if keys is None or label in keys),
        Decimal(0),
    )
