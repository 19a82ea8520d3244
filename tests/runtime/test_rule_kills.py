"""A run that is killed between its appends: the next one makes just what is missing of it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant, create_tenant
from tests.runtime.rules import Site, day, did, rule

ROOT = Path(__file__).parents[2]
ACCOUNTS = 6_000
"""Accounts of which each gets an action: some batches of events."""

RUN = """
import sys
from datetime import date
from runtime.database import Database
from runtime.rule_runs import RuleRunner
from runtime.settings import load_settings
from runtime.tenants import find_tenant

database = Database.open(load_settings())
with database.connect("worker") as connection:
    tenant = find_tenant(connection, sys.argv[1])
with RuleRunner(database, tenant, actor="t") as runner:
    runner.run(date.fromisoformat(sys.argv[2]))
"""

LOG = """SELECT stream, version, type, data, effective_on, actor FROM public.events
    WHERE tenant = %(tenant)s AND (stream LIKE 'issue/%%' OR stream LIKE 'activity/%%')
    ORDER BY stream, version"""


def site_of(database: Database, tenant: Tenant, folder: Path) -> Site:
    """A site with a rule that makes an action for each of its accounts."""
    folder.mkdir()
    site = Site(database, tenant, folder)
    for number in range(ACCOUNTS):
        site.document(f"I{number}", cust_id=f"C{number}")
    site.sync(day(0))
    site.define(rule("late", "due_date_days >= 1"))
    return site


def written(site: Site) -> list[tuple[Any, ...]]:
    """What runs wrote, byte by byte, but for how far each had read the log."""
    return [
        (*told[:3], re.sub(rb'"read_position":\d+', b"", bytes(told[3])), *told[4:])
        for told in site.rows(LOG)
    ]


def test_a_killed_run_and_the_next_one_write_the_log_of_one_that_was_not_killed(
    database: Database, tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    site = site_of(database, tenant, tmp_path / "killed")
    other = create_tenant(database, f"t{uuid4().hex[:12]}")
    twin = site_of(database, other, tmp_path / "twin")
    read = "SELECT position FROM public.heads WHERE tenant = %(tenant)s"
    before = site.rows(read)

    process = subprocess.Popen(
        [sys.executable, "-c", RUN, tenant.name, day(1).isoformat()],
        env=os.environ | {"TALLYSTICK_HOME": str(settings.home)},
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        with database.connect("worker") as connection:
            head: Any = before
            while head == before and process.poll() is None:
                head = connection.execute(read.encode(), {"tenant": tenant.id}).fetchall()
                connection.commit()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    made = len(site.issues())
    assert 0 < made < ACCOUNTS
    assert made == len(site.activities())

    assert did(site.run(day(1))) == [ACCOUNTS - made, 0, 0]
    assert did(twin.run(day(1))) == [ACCOUNTS, 0, 0]

    assert written(site) == written(twin)
    head = site.rows(read)
    assert did(site.run(day(1))) == [0, 0, 0]
    assert site.rows(read) == head
