"""Jobs: each moment fired once, by whoever comes first, and completed whatever happens."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import pytest

from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.grid_alert import GRID_ALERT, DefineGridAlert, Grid, GridAlertDocument
from domain.job import Due, JobKind
from domain.job_firing import ATTEMPTS_MAX, CUT_OFF, JOB_FIRING, ClaimFiring
from domain.schedule import Schedule
from domain.sync_source import SYNC_SOURCE, DefineSyncSource, RetireSyncSource, SyncSourceDocument
from eventstore.proofs.verifying import verify
from runtime import jobs
from runtime.auditing import checkpoints
from runtime.clock import now
from runtime.database import Database
from runtime.jobs import Fired, JobRunner, Wanted, by_hand, find_job
from runtime.settings import Settings
from runtime.tenants import Tenant
from tests.loading import write_csv
from tests.runtime.rules import Site, rule
from tests.runtime.telling import Office, user_facts
from tests.runtime.telling import day as office_day

ROOT = Path(__file__).parents[2]
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
LATE = rule("late", "balance > 0 AND due_date_days > 0")


def coming(days: int = 1) -> date:
    """A date from tomorrow on; what is defined now is not due before."""
    return (now() + timedelta(days)).date()


def at(on: date, hour: int = 6, minute: int = 0) -> datetime:
    return datetime.combine(on, time_of_day(hour, minute), UTC)


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site whose rules run every day at six, and whose only document is late."""
    site = Site(database, tenant, tmp_path)
    schedule = Schedule(EVERY_DAY, "06:00")
    site.tell(
        CREDIT_CLASS, ("A",), DefineCreditClass(CreditClassDocument("A", "A", schedule=schedule))
    )
    site.define(LATE)
    site.document("I1")
    site.sync(date(2026, 3, 10))
    site.issues()  # the read models show it
    return site


def runner_of(site: Site, settings: Settings, name: str = "p") -> JobRunner:
    return JobRunner(site.database, settings, name)


def told(fired: list[Fired]) -> list[tuple[str, date, str]]:
    return [(one.wanted.job.name, one.wanted.due.business_date, one.told) for one in fired]


FIRINGS = """SELECT job, business_date, state, attempts, told FROM job_firings
    WHERE tenant = %(tenant)s ORDER BY due_at, job"""


def test_what_is_due_is_fired_once(site: Site, settings: Settings) -> None:
    runner = runner_of(site, settings)
    on = coming()
    assert runner.wanted(site.tenant, now()) == []
    fired = runner.fire_due(site.tenant, at(on))
    assert told(fired) == [
        ("day_roll/UTC", on, f"The day {on} began: 0 events."),
        ("rules/A", on, "Rules ran for 1 date: 1 created, 0 closed, 0 held."),
    ]
    assert runner.fire_due(site.tenant, at(on, 23)) == []
    assert site.rows(FIRINGS) == [
        ("day_roll/UTC", on, "completed", 1, f"The day {on} began: 0 events."),
        ("rules/A", on, "completed", 1, "Rules ran for 1 date: 1 created, 0 closed, 0 held."),
    ]
    assert [one[:3] for one in site.issues()] == [("late", "ACME", on)]


def test_missed_dates_of_rules_are_run_one_by_one_by_one_firing(
    site: Site, settings: Settings
) -> None:
    runner = runner_of(site, settings)
    first, last = coming(), coming(4)
    runner.fire_due(site.tenant, at(first))
    fired = runner.fire_due(site.tenant, at(last, 7))
    assert [one[:2] for one in told(fired)] == [("day_roll/UTC", last), ("rules/A", last)]
    assert fired[1].told == "Rules ran for 3 dates: 0 created, 0 closed, 0 held."
    dates = site.rows(
        "SELECT business_date FROM rule_runs WHERE tenant = %(tenant)s ORDER BY business_date"
    )
    assert dates == [(first + timedelta(number),) for number in range(4)]


def test_a_day_begins_with_a_checkpoint_of_the_log(site: Site, settings: Settings) -> None:
    runner, on = runner_of(site, settings), coming()
    runner.fire_due(site.tenant, at(on, 0))
    with site.database.connect("worker") as connection:
        (signed,) = checkpoints(connection, site.tenant.id)
        verified = verify(connection, site.tenant.id, site.tenant.name, [signed.checkpoint])
    assert verified.finding is None
    assert verified.size > signed.checkpoint.size > 0  # that the day has begun came after


def test_a_clock_that_is_put_back_fires_nothing_again(site: Site, settings: Settings) -> None:
    runner = runner_of(site, settings)
    runner.fire_due(site.tenant, at(coming(2)))
    site.issues()
    assert runner.fire_due(site.tenant, at(coming(1))) == []


@pytest.mark.parametrize("processes", [2, 10])
def test_however_many_look_one_fires(site: Site, settings: Settings, processes: int) -> None:
    on = coming()
    found: list[list[Fired]] = []
    barrier = threading.Barrier(processes)

    def look(number: int) -> None:
        barrier.wait()
        found.append(runner_of(site, settings, f"p{number}").fire_due(site.tenant, at(on)))

    threads = [threading.Thread(target=look, args=(number,)) for number in range(processes)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == processes
    names = sorted(one.wanted.job.name for fired in found for one in fired)
    assert names == ["day_roll/UTC", "rules/A"]
    claims = "SELECT count(*) FROM events WHERE tenant = %(tenant)s AND type = 'JobFiringClaimed'"
    assert site.rows(claims) == [(2,)]
    assert len(site.issues()) == 1


RACING = """
import sys
from datetime import datetime
from runtime.database import Database
from runtime.jobs import JobRunner
from runtime.settings import load_settings
from runtime.tenants import find_tenant

settings = load_settings()
database = Database.open(settings)
with database.connect("worker") as connection:
    tenant = find_tenant(connection, sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for one in JobRunner(database, settings).fire_due(tenant, datetime.fromisoformat(sys.argv[2])):
    print(one.wanted.job.name)
"""


def test_of_several_processes_one_fires(site: Site, settings: Settings) -> None:
    on = coming()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACING, site.tenant.name, at(on).isoformat()],
            env=os.environ | {"TALLYSTICK_HOME": str(settings.home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    try:
        for one in processes:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        told_by = [one.communicate(timeout=120)[0] for one in processes]
    finally:
        for one in processes:
            one.kill()
            one.communicate()
    assert [one.returncode for one in processes] == [0] * 4
    assert sorted("".join(told_by).split()) == ["day_roll/UTC", "rules/A"]
    assert [one[2:4] for one in site.rows(FIRINGS)] == [("completed", 1)] * 2
    assert len(site.issues()) == 1


STUCK = """
import sys, time
from datetime import datetime
from runtime.database import Database
from runtime.jobs import JobRunner
from runtime.settings import load_settings
from runtime.tenants import find_tenant

class Stuck(JobRunner):
    def _do(self, tenant, wanted):
        if wanted.job.name != "rules/A":
            return super()._do(tenant, wanted)
        if sys.argv[3] == "after":
            super()._do(tenant, wanted)
        print("stuck", flush=True)
        time.sleep(600)

settings = load_settings()
database = Database.open(settings)
with database.connect("worker") as connection:
    tenant = find_tenant(connection, sys.argv[1])
Stuck(database, settings).fire_due(tenant, datetime.fromisoformat(sys.argv[2]))
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_killed_process_was_at_another_completes(
    site: Site, settings: Settings, when: str
) -> None:
    on = coming()
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, site.tenant.name, at(on).isoformat(), when],
        env=os.environ | {"TALLYSTICK_HOME": str(settings.home)},
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        site.issues()
        other = runner_of(site, settings)
        assert other.fire_due(site.tenant, at(on)) == []  # it is alive, and at it
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    fired: list[Fired] = []
    deadline = time.monotonic() + 60
    while not fired and time.monotonic() < deadline:  # until the server has seen it go
        fired = other.fire_due(site.tenant, at(on))
    created = 0 if when == "after" else 1
    assert [one.told for one in fired] == [
        f"Rules ran for 1 date: {created} created, 0 closed, 0 held."
    ]
    assert [(one[0], *one[2:4]) for one in site.rows(FIRINGS)] == [
        ("day_roll/UTC", "completed", 1),
        ("rules/A", "completed", 2),
    ]
    assert len(site.issues()) == 1


def test_what_fails_is_tried_again_then_given_up_and_holds_up_nothing(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(jobs, "roll_day", failing)
    runner, on = runner_of(site, settings), coming()
    fired = runner.fire_due(site.tenant, at(on))
    assert [(one.completed, one.told) for one in fired] == [
        (False, "OSError: no room"),
        (True, "Rules ran for 1 date: 1 created, 0 closed, 0 held."),
    ]
    site.issues()
    assert runner.wanted(site.tenant, now() + timedelta(seconds=50)) == []
    (again,) = runner.wanted(site.tenant, now() + timedelta(seconds=61))
    assert again.job.name == "day_roll/UTC"
    soon, later = (now() + timedelta(minutes=number) for number in (2, 12))
    assert runner.fire(site.tenant, again, soon) is not None
    site.issues()
    assert runner.wanted(site.tenant, now() + timedelta(minutes=9)) == []
    (again,) = runner.wanted(site.tenant, later)
    runner.fire(site.tenant, again, later)
    site.issues()
    assert runner.wanted(site.tenant, at(on)) == []
    assert site.rows(FIRINGS)[0] == ("day_roll/UTC", on, "given_up", 3, "OSError: no room")
    assert runner.fire(site.tenant, again, at(on)) is None


def test_who_looked_before_a_failure_does_not_try_again_at_once(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(jobs, "roll_day", failing)
    first, second = runner_of(site, settings, "p1"), runner_of(site, settings, "p2")
    moment = now()
    due = Due(moment, moment.date())
    found = Wanted(find_job(first.jobs(site.tenant), "day_roll/UTC"), due, "x")
    assert [one.fire(site.tenant, found, moment) is None for one in (first, second)] == [
        False,
        True,
    ]
    assert site.rows(FIRINGS) == [("day_roll/UTC", moment.date(), "failed", 1, "OSError: no room")]
    ((retry_at, ended_at),) = site.rows(
        "SELECT retry_at, ended_at FROM job_firings WHERE tenant = %(tenant)s"
    )
    assert timedelta(seconds=50) < retry_at - ended_at <= timedelta(minutes=1)


def test_what_cuts_off_each_process_that_is_at_it_is_given_up(
    site: Site, settings: Settings
) -> None:
    on = coming()
    claim = ClaimFiring("day_roll/UTC", "x", at(on), on, "gone", at(on))
    for _ in range(ATTEMPTS_MAX):
        site.tell(JOB_FIRING, ("day_roll/UTC", "x"), claim)
    site.issues()
    runner = runner_of(site, settings)
    fired = runner.fire_due(site.tenant, now())
    assert told(fired) == [("day_roll/UTC", on, CUT_OFF)]
    assert not fired[0].completed
    assert site.rows(FIRINGS) == [("day_roll/UTC", on, "given_up", ATTEMPTS_MAX, CUT_OFF)]
    assert runner.fire_due(site.tenant, now()) == []


def test_what_cannot_be_told_to_the_log_does_not_hold_up_others(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, on = runner_of(site, settings), coming()
    fire = runner.fire

    def failing(tenant: Tenant, wanted: Wanted, moment: datetime) -> Fired | None:
        if wanted.job.kind == JobKind.DAY_ROLL:
            raise OSError("no connection")
        return fire(tenant, wanted, moment)

    monkeypatch.setattr(runner, "fire", failing)
    assert [one.wanted.job.name for one in runner.fire_due(site.tenant, at(on))] == ["rules/A"]


def test_who_is_ending_begins_nothing_more(site: Site, settings: Settings) -> None:
    runner, on = runner_of(site, settings), coming()
    answers = iter([False, True])
    fired = runner.fire_due(site.tenant, at(on), lambda: next(answers))
    assert [one.wanted.job.name for one in fired] == ["day_roll/UTC"]


def test_a_job_is_there_since_its_schedule_is(site: Site, settings: Settings) -> None:
    runner = runner_of(site, settings)

    def since(**document: Any) -> datetime:
        told = CreditClassDocument("A", **document)
        site.tell(CREDIT_CLASS, ("A",), DefineCreditClass(told))
        site.issues()
        return find_job(runner.jobs(site.tenant), "rules/A").since

    at_six, at_seven = (Schedule(EVERY_DAY, hour) for hour in ("06:00", "07:00"))
    first = since(name="A", schedule=at_six)
    assert since(name="Renamed", schedule=at_six) == first
    assert since(name="Renamed", frequency_days=3, schedule=at_six) == first
    second = since(name="Renamed", schedule=at_seven)
    assert second > first
    assert since(name="Again", schedule=at_seven) == second
    assert since(name="Again", schedule=at_six) > second


def test_what_the_business_refuses_is_not_tried_again(site: Site, settings: Settings) -> None:
    runner = runner_of(site, settings)
    runner.fire_due(site.tenant, at(coming(3)))
    job = find_job(runner.jobs(site.tenant), "rules/A")
    due = Due(now(), date(2026, 3, 11))
    fired = runner.fire(site.tenant, Wanted(job, due, "by hand x", by_hand=True), due.at)
    assert fired is not None
    assert not fired.completed
    assert fired.told.startswith("The rules of A ran for")
    site.issues()
    assert runner.wanted(site.tenant, at(coming(3))) == []
    again = Wanted(job, due, "by hand x", by_hand=True)
    assert runner.fire(site.tenant, again, due.at) is None


def test_an_export_is_loaded_from_its_folder(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"sync_root": tmp_path})
    document = SyncSourceDocument("erp", "ERP", "out", None, (Schedule(EVERY_DAY, "05:00"),))
    site.tell(SYNC_SOURCE, ("erp",), DefineSyncSource(document))
    site.issues()
    runner, on = runner_of(site, settings), coming()
    fired = runner.fire_due(site.tenant, at(on))
    assert [one.wanted.job.kind for one in fired] == [
        JobKind.DAY_ROLL,
        JobKind.SYNC,
        JobKind.RULES,
    ]
    assert fired[1].told == "out holds none of the files of an export."
    (tmp_path / "out").mkdir()
    write_csv(tmp_path / "out" / "customers.csv", "company_id,cust_id,cust_name", ["1,NEW,New"])
    site.issues()
    (again,) = runner.fire_due(site.tenant, at(on))
    assert again.told == "1 row read: 1 new, 0 changed, 0 rejected."
    subjects = site.rows("SELECT kind, subject FROM messages WHERE tenant = %(tenant)s")
    assert sorted(kind for kind, _ in subjects) == ["actions_generated", "sync_done"]
    site.tell(SYNC_SOURCE, ("erp",), RetireSyncSource())
    site.issues()
    assert [job.kind for job in runner.jobs(site.tenant)] == [JobKind.DAY_ROLL, JobKind.RULES]


def test_an_export_without_a_schedule_is_loaded_by_hand(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"sync_root": tmp_path})
    document = SyncSourceDocument("erp", "ERP", "out", company_ids=("2",))
    site.tell(SYNC_SOURCE, ("erp",), DefineSyncSource(document))
    site.issues()
    (tmp_path / "out").mkdir()
    customers = ["1,NEW,New", "2,NEW,New"]
    write_csv(tmp_path / "out" / "customers.csv", "company_id,cust_id,cust_name", customers)
    runner, moment = runner_of(site, settings), now()
    assert "sync/erp" not in [
        one.wanted.job.name for one in runner.fire_due(site.tenant, at(coming(7)))
    ]
    wanted = by_hand(find_job(runner.jobs(site.tenant), "sync/erp"), moment, None, "k")
    fired = runner.fire(site.tenant, wanted, moment)
    assert fired is not None
    assert (fired.completed, fired.told) == (True, "1 row read: 1 new, 0 changed, 0 rejected.")
    accounts = "SELECT company_id, cust_id FROM accounts WHERE tenant = %(tenant)s ORDER BY 1"
    assert site.rows(accounts) == [("1", "ACME"), ("2", "NEW")]
    assert runner.fire(site.tenant, wanted, moment) is None


def test_an_alert_is_told_once_for_each_date_of_its_schedule(
    database: Database, tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    office = Office(database, tenant, tmp_path)
    schedule = Schedule(EVERY_DAY, "07:00")
    columns, recipients = ("tran_id", "balance"), ("dana", "kim")
    document = GridAlertDocument(
        "open", "Open", Grid.INVOICES, "balance > 60", columns, recipients, schedule
    )
    users = tuple(user_facts(one) for one in recipients)
    office.tell(GRID_ALERT, "open", DefineGridAlert(document, users))
    office.sync(0)
    runner, on = JobRunner(database, settings, "p"), coming(3)

    def told_of_alerts() -> list[str]:
        fired = runner.fire_due(tenant, at(on, 7))
        return [one.told for one in fired if one.wanted.job.kind == JobKind.GRID_ALERT]

    assert told_of_alerts() == ["1 user told."]
    assert told_of_alerts() == []


def test_a_day_begins_for_the_companies_of_its_time_zone(
    database: Database, tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    companies = ["1,One,EUR,Europe/Berlin", "2,Two,NZD,Pacific/Auckland"]
    write_csv(tmp_path / "companies.csv", "company_id,name,home_currency,time_zone", companies)
    office = Office(database, tenant, tmp_path)
    office.follow_up("F", by=2)
    office.sync(0)
    runner = JobRunner(database, settings, "p")
    there = runner.jobs(tenant)
    assert [job.name for job in there] == ["day_roll/Europe/Berlin", "day_roll/Pacific/Auckland"]
    moment = at(coming(2), 12)
    dues = [(one.job.subject, one.due.at) for one in runner.wanted(tenant, moment)]
    assert [zone for zone, _ in dues] == ["Europe/Berlin", "Pacific/Auckland"] or [
        zone for zone, _ in dues
    ] == ["Pacific/Auckland", "Europe/Berlin"]
    assert len({due for _, due in dues}) == 2

    def roll(number: int) -> None:
        due = Due(now(), office_day(3))
        wanted = Wanted(there[number], due, f"by hand {number}", by_hand=True)
        runner.fire(tenant, wanted, due.at)

    roll(1)
    assert office.actions() == []
    roll(0)
    assert [one[:2] for one in office.actions()] == [("follow_up_past_due", "F")]
