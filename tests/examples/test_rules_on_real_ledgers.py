"""The starter strategy over real ledgers, day by day, held to what may never be (RULE-06 to 20).

A part of it is run always, and every day of both ledgers, whole, where TALLYSTICK_TEST_EVERY_DAY
is set (`make ledgers`). Letters are sent when they are due, and half of the calls are made on the
day on which they are asked for; the others wait.
"""

import os
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from csv import reader, writer
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import pytest
from msgspec.structs import replace

from application.handling import BATCH_COMMANDS_MAX, Request, handle, handle_all
from domain.activity import ACTIVITY, CompleteActivity
from domain.credit_class import CREDIT_CLASS, DefineCreditClass
from domain.strategy import starter_strategy
from eventstore.postgres import PostgresLog
from projections.activities import ACTIVITIES
from projections.issues import ISSUES
from projections.rule_issues import RULE_ISSUES
from projections.rule_runs import RULE_RUNS
from runtime.database import Database
from runtime.read_models import check
from runtime.rule_runs import RuleRunner
from runtime.strategies import put_starter_in_force
from runtime.tenants import Tenant, create_tenant
from tests.examples.actions_by_hand import ByHand
from tests.examples.test_real_ledgers import DATA, ROOT, needs_ledgers
from tests.loading import load, rejects

EVERY_DAY = bool(os.environ.get("TALLYSTICK_TEST_EVERY_DAY"))

FREQUENCY_DAYS = 7
PAGE_EVENTS = 5_000

IBM, FINES = "ibm-late-payments", "road-traffic-fines"
LOADED = {IBM: date(2014, 1, 31), FINES: date(2014, 12, 31)}
WHOLE = {
    IBM: (date(2012, 1, 1), date(2014, 1, 10)),
    FINES: (date(2006, 6, 16), date(2013, 6, 30)),
}
DAILY = {
    IBM: (date(2012, 3, 1), date(2012, 4, 10)),
    FINES: (date(2006, 10, 1), date(2006, 11, 15)),
}
"""Of these every day is run always, and of what is left of the whole the first of each quarter."""

CASES_SHARE = 20
"""Of so many fines one is looked at, unless every day is."""


def days(first: date, last: date) -> list[date]:
    """All days from one to another."""
    return [first + timedelta(one) for one in range((last - first).days + 1)]


def is_first(on: date) -> bool:
    """Whether a date is the first of a quarter."""
    return (on.month % 3, on.day) == (1, 1)


def dates_of(ledger: str) -> list[date]:
    """The dates on which the rules are run."""
    daily = set(days(*DAILY[ledger]))
    return [one for one in days(*WHOLE[ledger]) if EVERY_DAY or one in daily or is_first(one)]


def folder_of(ledger: str, folder: Path) -> Path:
    """The folder of a ledger; of the fines, unless every day is run, one with some of them."""
    if ledger == IBM or EVERY_DAY:
        return DATA / ledger
    name = "traffic_fines.csv"
    with (DATA / ledger / name).open(newline="") as whole, (folder / name).open("w") as part:
        rows = reader(whole)
        some = writer(part)
        some.writerow(next(rows))
        some.writerows(row for row in rows if crc32(row[0].encode()) % CASES_SHARE == 0)
    return folder


class Collecting:
    """A site that runs the starter strategy over a ledger, and carries out what it asks for."""

    def __init__(self, database: Database, tenant: Tenant, log: PostgresLog) -> None:
        self.database = database
        self.tenant = tenant
        self.log = log
        self.by_hand = ByHand()
        self.position = 0

    def run(self, dates: Iterable[date], catch_up_days: int = 0) -> None:
        """Run the rules for dates, and after each carry out what people and mail would."""
        with RuleRunner(self.database, self.tenant, actor="rules") as runner:
            for on in dates:
                runner.run(on, catch_up_days=catch_up_days)
                self.fold()
                self.by_hand.day_is_over(on)
                self.carry_out(on)

    def fold(self) -> None:
        """Read what is new in the log."""
        while page := self.log.page(self.position, PAGE_EVENTS):
            self.by_hand.fold(page)
            self.position = page[-1].position

    def carry_out(self, on: date) -> None:
        """Send the letters that are due, and make half of the calls."""
        by_hand = self.by_hand
        sent = [(one, by_hand.activities[one].recorded.due_on) for one in by_hand.letters_due(on)]
        made = [(one, on) for one in by_hand.calls_to_make(on) if int(one[:2], 16) % 2]
        requests = [
            Request(
                ACTIVITY, (one,), CompleteActivity(on, done_on), "people", on, f"day/{on}", "day"
            )
            for one, done_on in (*sent, *made)
        ]
        for start in range(0, len(requests), BATCH_COMMANDS_MAX):
            handle_all(self.log, requests[start : start + BATCH_COMMANDS_MAX])
        self.fold()

    def events(self, after: int = 0) -> list[tuple[Any, ...]]:
        """The events of the log, byte for byte, but for when they were recorded."""
        with self.database.connect("worker") as connection:
            return connection.execute(
                "SELECT stream, version, type, data, effective_on, actor, cause, correlation"
                " FROM events WHERE tenant = %s AND position > %s ORDER BY position",
                (self.tenant.id, after),
            ).fetchall()

    def states(self) -> list[tuple[Any, ...]]:
        """What the read models say of issues and activities, but for when it became known."""
        found: list[tuple[Any, ...]] = []
        with self.database.connect("worker") as connection:
            for model in (ISSUES, RULE_ISSUES, ACTIVITIES, RULE_RUNS):
                for table in model.tables:
                    names = [one for one in table.columns if one not in {"tenant", "known_from"}]
                    rows = connection.execute(
                        f"SELECT {', '.join(names)} FROM read_models.{table.name}"
                        " WHERE tenant = %s",
                        (self.tenant.id,),
                    )
                    found += sorted(rows, key=repr)
        return found


@contextmanager
def collecting(database: Database, ledger: str, folder: Path) -> Generator[Collecting]:
    """A site of its own with a ledger, loaded late, and the starter strategy."""
    tenant = create_tenant(database, f"t-{uuid4().hex}")
    assert not put_starter_in_force(database, tenant, actor="t").refused
    with database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        (credit_class,) = starter_strategy().credit_classes
        changed = replace(credit_class, frequency_days=FREQUENCY_DAYS, schedule=None)
        key = (changed.class_id,)
        handle(log, Request(CREDIT_CLASS, key, DefineCreditClass(changed), "t", date.min, "t", "t"))
        mapping = ROOT / "examples" / ledger / "mapping.toml"
        on = LOADED[ledger]
        synced = load(database, tenant, folder, business_date=on, mapping=mapping)
        assert rejects(synced) == []
        yield Collecting(database, tenant, log)


@needs_ledgers
@pytest.mark.parametrize("ledger", [IBM, FINES])
def test_nothing_is_done_that_may_not_be(
    database: Database, ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dates = dates_of(ledger)
    with collecting(database, ledger, folder_of(ledger, tmp_path)) as site:
        site.run(dates)

        by_hand = site.by_hand
        assert by_hand.wrong == []
        assert list(by_hand.letters_too_soon()) == []
        assert sorted(on for _, on in by_hand.runs) == dates
        did = by_hand.counts
        assert min(did[one] for one in ("created", "closed", "letters", "withdrawn")) > 0
        with capsys.disabled():
            told = ", ".join(f"{count:,} {what}" for what, count in sorted(did.items()))
            sys.stderr.write(f"\n{ledger}: {told}\n")


@needs_ledgers
def test_the_same_runs_of_the_same_ledger_say_the_same_byte_for_byte(database: Database) -> None:
    folder, dates = DATA / IBM, days(date(2012, 3, 1), date(2012, 3, 14))
    with collecting(database, IBM, folder) as site, collecting(database, IBM, folder) as other:
        loaded = site.log.head().position
        assert other.log.head().position == loaded

        site.run(dates)
        other.run(dates)

        assert (told := site.events(loaded))
        assert other.events(loaded) == told
        with RuleRunner(database, site.tenant, actor="again") as runner:
            runner.run(dates[-1])
            runner.run(dates[0])
        assert site.events(loaded) == told


@needs_ledgers
def test_days_run_late_say_what_they_say_day_by_day(database: Database) -> None:
    folder, dates = DATA / IBM, days(date(2012, 3, 1), date(2012, 4, 10))
    with collecting(database, IBM, folder) as daily, collecting(database, IBM, folder) as late:
        loaded = daily.log.head().position
        for site in (daily, late):
            with RuleRunner(database, site.tenant, actor="rules") as runner:
                for on in dates if site is daily else (dates[0], dates[-1]):
                    runner.run(on, catch_up_days=len(dates))

        assert late.events(loaded) == daily.events(loaded)
        assert len(set(late.states())) > 200
        assert late.states() == daily.states()
        assert check(database, late.tenant.id) == []
