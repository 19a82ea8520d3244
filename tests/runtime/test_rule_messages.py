"""Messages of runs of rules: what was done, what would be done, and what failed; each told once."""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from application.rule_messages import LINES_MAX, Telling, run_message
from domain.message import DeliverMessage
from domain.rule_run import RuleOutcome, RuleRunCompleted
from domain.shared.decider import Refused
from runtime.database import Database
from runtime.rule_messages import deliver_preview, run_and_tell
from runtime.rule_runs import RuleRunner, RunResult
from runtime.tenants import Tenant
from tests.runtime.rules import Site, day, did, rule

MESSAGES = """SELECT kind, user_id, subject, body, delivered_on FROM messages
    WHERE tenant = %(tenant)s ORDER BY message_no"""


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site with two rules and two accounts, before anything was made."""
    site = Site(database, tenant, tmp_path)
    site.define_class(frequency_days=3)
    site.document("I1", balance="60.00")
    site.document("I2", balance="90.00")
    site.document("I3", cust_id="BOLT", due=day(1))
    site.sync(day(0))
    site.assign("ACME", "dana")
    site.define(
        rule("call", "due_date_days >= 1", auto_close=True),
        rule("letter", "due_date_days >= 1", "LETTER", seq_no=20),
    )
    return site


def asked(on: int, user_id: str | None = "dana", class_id: str | None = None) -> Telling:
    return Telling(day(on), class_id, user_id, "key/dana", "mutation/runRules")


def run(site: Site, told: Telling, **options: Any) -> RunResult:
    return run_and_tell(site.database, site.tenant, told, **options)


def test_who_asked_for_a_run_is_told_what_it_did_once(site: Site) -> None:
    assert did(run(site, asked(1))) == [2, 0, 0]
    assert did(run(site, asked(1))) == [0, 0, 0]

    (told,) = site.rows(MESSAGES)
    assert told == (
        "actions_generated",
        "dana",
        "Rules run for 2026-03-03: 2 actions made, 0 closed",
        (
            "Class A, 2026-03-03: 2 actions made, 0 closed.\n"
            "- call, version 1: 1 action made, 0 closed\n"
            "- letter, version 1: 1 action made, 0 closed"
        ),
        day(1),
    )


def test_what_was_missed_is_told_with_it_and_more_for_the_date_again(site: Site) -> None:
    run(site, asked(0, None))
    run(site, asked(2, None))
    site.document("I4", cust_id="CORK")
    site.sync(day(2))
    run(site, asked(2, None))

    told = site.rows(MESSAGES)
    assert [one[2] for one in told] == [
        "Rules run for 2026-03-02: 0 actions made, 0 closed",
        "Rules run for 2026-03-04: 4 actions made, 0 closed",
        "Rules run for 2026-03-04: 4 actions made, 0 closed",
    ]
    assert [line for line in told[1][3].splitlines() if line.startswith("Class")] == [
        "Class A, 2026-03-03: 2 actions made, 0 closed.",
        "Class A, 2026-03-04: 2 actions made, 0 closed.",
    ]
    assert {one[1] for one in told} == {None}


def test_a_message_that_was_lost_is_delivered_by_the_next_run(site: Site) -> None:
    with RuleRunner(site.database, site.tenant, actor="t") as runner:
        runner.run(day(1))
    assert site.rows(MESSAGES) == []

    run(site, asked(1))

    assert [one[2] for one in site.rows(MESSAGES)] == [
        "Rules run for 2026-03-03: 2 actions made, 0 closed"
    ]


def test_what_a_run_held_back_is_told_and_what_was_then_confirmed(site: Site) -> None:
    site.retire("letter")
    run(site, asked(2), actions_max=1)
    run(site, asked(2), actions_max=2)

    held, confirmed = site.rows(MESSAGES)
    assert held[3].splitlines()[1:] == [
        "- call, version 1: 0 actions made, 0 closed",
        "- call would make 2 actions at once and made none; who runs the rules may confirm it.",
    ]
    assert confirmed[2] == "Rules run for 2026-03-04: 2 actions made, 0 closed"


def test_a_preview_is_delivered_with_a_file_of_its_actions_once(site: Site) -> None:
    before = site.issues()
    result, delivered = deliver_preview(site.database, site.tenant, asked(2))
    again = deliver_preview(site.database, site.tenant, asked(2))[1]

    assert did(result) == [4, 0, 0]
    assert (delivered.new, again.new) == (True, False)
    assert again.message_id == delivered.message_id
    assert site.issues() == before
    ((kind, user_id, subject, body, _),) = site.rows(MESSAGES)
    assert (kind, user_id) == ("preview_ready", "dana")
    assert subject == "Preview of the rules for 2026-03-04: 4 actions made, 0 closed"
    assert body.startswith("Nothing of it was done.")
    ((name, content),) = site.rows("""SELECT m.file_name, f.content FROM messages m
        JOIN public.stored_files f ON f.tenant = m.tenant AND f.sha256 = m.sha256
        WHERE m.tenant = %(tenant)s""")
    assert name == "Preview of the rules 2026-03-04.xlsx"
    header, *rows = load_workbook(BytesIO(content)).active.iter_rows(values_only=True)
    assert header[:4] == ("Credit class", "Rule", "Company", "Account")
    assert [(row[1], row[3], row[4], row[8], float(row[9]), row[10], row[11]) for row in rows] == [
        ("call", "ACME", 20, "I1, I2", 150.0, "USD", "dana"),
        ("letter", "ACME", 50, "I1, I2", 150.0, "USD", "dana"),
        ("call", "BOLT", 20, "I3", 100.0, "USD", None),
        ("letter", "BOLT", 50, "I3", 100.0, "USD", None),
    ]
    assert (
        rows[0][7] == "Call: I1, 2 days past due; and 1 more document, with 150.00 USD open in all."
    )


def test_a_preview_tells_of_as_many_missed_dates_as_it_is_asked_for(site: Site) -> None:
    run(site, asked(0))
    site.document("I6", cust_id="EDEN", due=day(2))
    site.sync(day(3))

    def told(days: int) -> list[tuple[date, list[tuple[str, int]]]]:
        result, delivered = deliver_preview(
            site.database, site.tenant, asked(4), catch_up_days=days
        )
        assert delivered.new
        assert did(result) == did(preview := site.preview(day(4), catch_up_days=days))
        assert [one.business_date for one in preview.runs] == [
            one.business_date for one in result.runs
        ]
        return [
            (one.business_date, [(rule.rule_id, rule.created) for rule in one.rules])
            for one in result.runs
        ]

    assert told(0) == [(day(4), [("call", 3), ("letter", 3)])]
    assert told(1) == [
        (day(3), [("call", 3), ("letter", 3)]),
        (day(4), [("call", 0), ("letter", 0)]),
    ]
    assert told(31) == [
        (day(1), [("call", 1), ("letter", 1)]),
        (day(2), [("call", 1), ("letter", 1)]),
        (day(3), [("call", 1), ("letter", 1)]),
        (day(4), [("call", 0), ("letter", 0)]),
    ]


def test_a_preview_that_says_something_else_is_another_message(site: Site) -> None:
    first = deliver_preview(site.database, site.tenant, asked(2))[1]
    site.document("I5", cust_id="DORN")
    site.sync(day(2))
    second = deliver_preview(site.database, site.tenant, asked(2))[1]

    assert second.new
    assert second.message_id != first.message_id


def test_a_run_that_fails_is_told_of_and_one_that_is_refused_is_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused):
        run(site, asked(1, class_id="NONE"))
    assert site.rows(MESSAGES) == []

    def carry_out(self: RuleRunner, _: object) -> None:
        raise ConnectionError("the disk is full\0")

    with monkeypatch.context() as broken:
        broken.setattr(RuleRunner, "carry_out", carry_out)
        for _ in range(2):
            with pytest.raises(ConnectionError):
                run(site, asked(1, None, "A"))

    (told,) = site.rows(MESSAGES)
    assert told[:4] == (
        "run_failed",
        None,
        "The rules of A could not be run for 2026-03-03",
        "the disk is full\ufffd\nWhat was done is whole; the next run does the rest.",
    )
    run(site, asked(1, None, "A"))
    assert len(site.rows(MESSAGES)) == 2


def test_a_message_of_many_rules_is_cut() -> None:
    rules = tuple(RuleOutcome(f"r{number}", 1, created=1) for number in range(LINES_MAX + 5))
    command = run_message(asked(1), [RuleRunCompleted("A", day(1), 1, rules)]).command

    assert isinstance(command, DeliverMessage)
    lines = command.body.splitlines()
    assert (len(lines), lines[-1]) == (LINES_MAX + 1, "… and 6 more lines.")
