"""`tallystick jobs`: what is done unattended, and doing it by hand."""

from pathlib import Path

from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.schedule import Schedule
from runtime.clock import now
from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.runtime.rules import Site, rule


def test_jobs_are_listed_and_fired(database: Database, tenant: Tenant, tmp_path: Path) -> None:
    site = Site(database, tenant, tmp_path)
    document = CreditClassDocument("A", "Class A", schedule=Schedule((1, 4), "06:00"))
    site.tell(CREDIT_CLASS, ("A",), DefineCreditClass(document))
    site.define(rule("late", "balance > 0 AND due_date_days > 0"))
    site.document("I1")
    site.sync(now().date())
    site.issues()
    tallystick = Command(database, tenant)
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
