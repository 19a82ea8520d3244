"""A sync in a process of its own, so that its memory can be told."""

import json
import os
import resource
import subprocess
import sys
from datetime import date
from pathlib import Path

from benchmarks.measure import timed
from erp.csv_folder import folder_files
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.settings import Settings
from runtime.syncing import sync
from runtime.tenants import find_tenant


def load(home: Path, tenant: str, folder: Path) -> dict[str, float]:
    """Sync a folder in a process of its own; return seconds, rows, events and peak memory."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.loading", tenant, str(folder)],
        env=os.environ | {"TALLYSTICK_HOME": str(home)},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(told.stdout)


def _main(tenant_name: str, folder: Path) -> None:
    database = Database.open(Settings())
    with database.connect("worker") as connection:
        tenant = find_tenant(connection, tenant_name)
    on: date = business_date(now(), "UTC")
    with timed() as spent:
        synced = sync(database, tenant, folder_files(folder), actor="benchmark", business_date=on)
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    outcome = synced.outcome
    told = {
        "seconds": spent[0],
        "rows": outcome.read,
        "events": outcome.events,
        "rejected": outcome.rejected_count,
        "peak_mebibytes": peak / 1024,
    }
    print(json.dumps(told))
    database.close()


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
