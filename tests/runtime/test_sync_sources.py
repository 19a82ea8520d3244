"""Exports of which some companies are loaded: the parts together are the whole."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.shared.decider import Refused
from domain.sync_source import SyncSourceDocument
from runtime.database import Database
from runtime.settings import Settings
from runtime.sync_sources import ExportMissing, export_of
from runtime.syncing import Synced, sync
from runtime.tenants import Tenant, create_tenant
from tests.loading import rejects, write_csv

ON = date(2026, 3, 2)

TABLES = {
    "companies": "company_id, name, time_zone",
    "accounts": "company_id, cust_id, cust_name, parent_id",
    "contacts": "company_id, cust_id, cntct_id, cntct_name",
    "invoices": "company_id, tran_id, cust_id, amount, balance",
    "payment_applications": "company_id, tran_id, payment_id, amount",
}


def write_export(folder: Path) -> None:
    """An export of the companies 1, 2 and 3, in turns."""

    def write(file: str, header: str, *rows: str) -> None:
        write_csv(folder / file, header, rows)

    folder.mkdir()
    write(
        "companies.csv",
        "company_id,name,home_currency,time_zone",
        "1,One,EUR,Europe/Berlin",
        '"2","Two, the second",NZD,Pacific/Auckland',
        "3,Three,EUR,UTC",
    )
    write(
        "customers.csv",
        "company_id,cust_id,cust_name,parent_id",
        "1,A,Anna,",
        "2,A,Bob,P",
        "2,P,Parent,",
    )
    write("contacts.csv", "company_id,cust_id,cntct_id,cntct_name", "1,A,1,X", "2,A,1,Y")
    write(
        "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount",
        "1,I1,A,2026-01-01,2026-01-31,100",
        '"2",I1,A,2026-01-01,2026-01-31,200',
        " 1 ,I2,A,2026-01-01,2026-01-31,50",
        "2,I2,A,x,2026-01-31,70",
        "1,I3,A,x,2026-01-31,70",
        "3,I1,C,2026-01-01,2026-01-31,300",
        '1,"I4,A,2026-01-01,2026-01-31,9',
    )
    write(
        "payment_applications.csv",
        "company_id,payment_id,tran_id,amount,applied_date",
        "2,P1,I1,20,2026-02-01",
        "1,P1,I1,10,2026-02-01",
    )


class Loads:
    """Loads parts of an export into a tenant."""

    def __init__(self, database: Database, tenant: Tenant, settings: Settings) -> None:
        self._database = database
        self._tenant = tenant
        self._settings = settings

    def load(self, *company_ids: str) -> Synced:
        document = SyncSourceDocument("erp", "ERP", "out", company_ids=company_ids)
        sources = export_of(self._settings, document)
        return sync(self._database, self._tenant, sources, actor="t", business_date=ON)

    @property
    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        with self._database.connect("worker") as connection:
            for table, columns in TABLES.items():
                query = f"""
                    SELECT {columns} FROM read_models.{table} WHERE tenant = %s ORDER BY 1, 2, 3"""
                found[table] = connection.execute(query.encode(), (self._tenant.id,)).fetchall()
        return found


@pytest.fixture
def rooted(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"sync_root": tmp_path})


def counts(synced: Synced) -> tuple[int, int, int, int]:
    one = synced.outcome
    return one.read, one.new, one.unchanged, one.rejected_count


def test_parts_of_an_export_together_are_the_whole(
    database: Database, tenant: Tenant, rooted: Settings, tmp_path: Path
) -> None:
    write_export(tmp_path / "out")
    whole = Loads(database, create_tenant(database, f"{tenant.name}-whole"), rooted)
    parts = Loads(database, tenant, rooted)
    whole.load()
    one = parts.load("1")
    assert {row[0] for rows in parts.rows.values() for row in rows} == {"1"}
    # a company, an account, a contact, two documents of three, an application, and what is no row
    assert counts(one) == (8, 6, 0, 2)
    assert {(file, line) for file, line, *_ in rejects(one)} == {
        ("invoices.csv", 6),
        ("invoices.csv", 8),
    }
    assert one.vanished == []
    assert counts(parts.load("1")) == (8, 0, 6, 2)
    both = parts.load("2", "3")
    assert both.vanished == []
    assert parts.rows == whole.rows
    assert parts.load("1", "2", "3").outcome.events == 0
    assert parts.load().outcome.events == 0


def test_what_a_part_lacks_is_told_of_its_companies_alone(
    database: Database, tenant: Tenant, rooted: Settings, tmp_path: Path
) -> None:
    write_export(tmp_path / "out")
    parts = Loads(database, tenant, rooted)
    parts.load()
    write_csv(
        tmp_path / "out" / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount",
        ["1,I1,A,2026-01-01,2026-01-31,100"],
    )
    assert parts.load("1").vanished == ["1/I2"]


def test_an_export_without_files_is_missing_and_one_elsewhere_refused(
    rooted: Settings, settings: Settings, tmp_path: Path
) -> None:
    document = SyncSourceDocument("erp", "ERP", "out", company_ids=("1",))
    with pytest.raises(ExportMissing, match="out holds none"):
        export_of(rooted, document)
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportMissing, match="out holds none"):
        export_of(rooted, document)
    with pytest.raises(Refused, match="TALLYSTICK_SYNC_ROOT"):
        export_of(settings, document)
