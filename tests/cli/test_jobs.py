"""`tallystick jobs`: what is done unattended, and doing it by hand."""

import re
from pathlib import Path

import pytest

from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.schedule import Schedule
from runtime.clock import now
from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.runtime.rules import Site, rule

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-jobs.md"


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site whose rules run twice a week, and whose only document is late."""
    site = Site(database, tenant, tmp_path)
    document = CreditClassDocument("A", "Class A", schedule=Schedule((1, 4), "06:00"))
    site.tell(CREDIT_CLASS, ("A",), DefineCreditClass(document))
    site.define(rule("late", "balance > 0 AND due_date_days > 0"))
    site.document("I1")
    site.sync(now().date())
    site.issues()
    return site


def test_the_page_is_carried_out_as_it_says(site: Site) -> None:
    tallystick = Command(site.database, site.tenant)
    commands = re.findall(r"^\$ tallystick (.*)$", PAGE.read_text(), flags=re.MULTILINE)
    assert [one.split()[1] for one in commands] == ["list", "history", "fire"]
    for one in commands:
        tallystick.told(*one.split())


def test_jobs_are_listed_and_fired(site: Site) -> None:
    tallystick = Command(site.database, site.tenant)
    listed = tallystick.told("jobs", "list")
    assert [(one["job"], one["schedule"], one["last_state"]) for one in listed] == [
        ("day_roll/UTC", "every day at 00:00 UTC", None),
        ("rules/A", "Mon, Thu at 06:00 UTC", None),
    ]
    assert all(one["next_due_at"] for one in listed)
    (fired,) = tallystick.told("jobs", "fire", "rules/A", "--date", "2026-04-01")
    assert (fired["state"], fired["told"]) == (
        "completed",
        "Rules ran for 1 date: 1 created, 0 closed, 0 held.",
    )
    site.issues()
    (told,) = tallystick.told("jobs", "history", "--job", "rules/A")
    assert (told["business_date"], told["state"], told["attempts"]) == (
        "2026-04-01",
        "completed",
        1,
    )
    failed = tallystick("jobs", "fire", "rules/A", "--date", "2026-03-01", "--format", "json")
    assert failed.returncode == 1
    assert '"state": "failed"' in failed.stdout
    unknown = tallystick("jobs", "fire", "rules/B")
    assert unknown.returncode == 1
    assert "There is no job rules/B; there are: day_roll/UTC, rules/A." in unknown.stderr
