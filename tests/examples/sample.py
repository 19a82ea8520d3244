"""A sample ledger with the sample work done on it."""

from datetime import date
from pathlib import Path

from erp.csv_folder import folder_files
from examples.sample_ledger import write_sample_ledger
from examples.sample_work import Desk, carry_out_work, set_up_site
from runtime.database import Database
from runtime.syncing import sync
from runtime.tenants import Tenant

TODAY = date(2026, 3, 2)
INVOICES = 600
OWNER = "key/dana"


def load_sample(database: Database, tenant: Tenant, folder: Path) -> Desk:
    """Load a ledger that ends today; return the desk to work at."""
    write_sample_ledger(folder, invoices=INVOICES, last_date=TODAY)
    sync(database, tenant, folder_files(folder), actor="test", business_date=TODAY)
    return Desk(database, tenant, TODAY)


def work(desk: Desk, owner: str = OWNER) -> int:
    """Do all of the work; return how many events that led to."""
    return set_up_site(desk) + carry_out_work(desk, owner)
