"""Runs of rules, day by day, against PostgreSQL: what they make, extend, close and leave alone."""

import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from application.appending import Appender
from domain.rule_view import RuleView
from domain.shared.decider import Refused
from domain.work_calendar import WORK_CALENDAR, SetWorkCalendar, key_of
from domain.working_days import WorkCalendar
from runtime.clock import now
from runtime.database import Database
from runtime.read_models import check
from runtime.rule_runs import AHEAD_DAYS_MAX, RuleRunner
from runtime.tenants import Tenant
from tests.runtime.rules import Site, day, did, rule

IN_ALL = " open in all."
LATE = "balance > 0 and due_date_days >= 1 and due_date_days <= 10"


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site with the usual codes and no rules."""
    return Site(database, tenant, tmp_path)


def test_an_action_is_made_once_for_an_account_about_all_its_documents(site: Site) -> None:
    site.document("I1")
    site.document("I2")
    site.document("I3", cust_id="BOLT")
    site.document("I4", due=day(30))
    site.sync(day(0))
    site.assign("ACME", "dana")
    site.define(rule("late", LATE))

    assert did(site.run(day(0))) == [0, 0, 0]
    assert did(site.run(day(1))) == [2, 0, 0]
    assert did(site.run(day(1))) == [0, 0, 0]
    assert did(site.run(day(2))) == [0, 0, 0]

    assert site.issues() == [
        ("late", "ACME", day(1), ["I1", "I2"], None),
        ("late", "BOLT", day(1), ["I3"], None),
    ]
    assert site.activities() == [
        ("CALL", "ACME", day(1), "dana", None),
        ("CALL", "BOLT", day(1), None, None),
    ]
    assert site.rows("SELECT reason FROM issues WHERE tenant = %(tenant)s ORDER BY cust_id") == [
        (
            "Late: I1, 100.00 USD open, 1 day past due; and 1 more document, with 200.00 USD"
            + IN_ALL,
        ),
        ("Late: I3, 100.00 USD open, 1 day past due.",),
    ]


def test_further_documents_join_an_action_that_is_still_to_be_carried_out(site: Site) -> None:
    site.document("I1")
    site.document("I2", due=day(2))
    site.document("I3", due=day(4))
    site.sync(day(0))
    site.define(rule("late", LATE))

    assert did(site.run(day(1))) == [1, 0, 0]
    assert did(site.run(day(3))) == [0, 1, 0]
    site.complete(site.ids("activity_id")[0], day(4))
    assert did(site.run(day(5))) == [1, 0, 0]

    assert site.issues() == [
        ("late", "ACME", day(1), ["I1", "I2"], None),
        ("late", "ACME", day(5), ["I3"], None),
    ]
    tagged = "SELECT tran_id, tagged_on FROM activity_tags WHERE tenant = %(tenant)s ORDER BY 1"
    assert site.rows(tagged) == [("I1", day(1)), ("I2", day(3)), ("I3", day(5))]


def test_a_preview_says_the_same_and_does_nothing(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))
    before = site.rows("SELECT position FROM heads WHERE tenant = %(tenant)s")

    preview = site.preview(day(1))

    assert site.rows("SELECT position FROM heads WHERE tenant = %(tenant)s") == before
    assert [one.rules for one in site.run(day(1)).runs] == [one.rules for one in preview.runs]


def test_an_issue_is_closed_with_its_work_when_its_condition_holds_no_longer(site: Site) -> None:
    site.document("I1")
    site.document("I2", cust_id="BOLT")
    site.sync(day(0))
    site.define(rule("late", LATE, auto_close=True), rule("stays", LATE, "REVIEW", seq_no=20))
    site.run(day(1))

    assert did(site.run(day(11))) == [0, 0, 2]

    told = """SELECT rule_id, resolved_by, resolution FROM issues
        WHERE tenant = %(tenant)s ORDER BY cust_id, 1"""
    why = "The rule asks that days past the due date is at most 10, and found"
    assert site.rows(told) == [
        ("late", "software", f"{why} days past the due date 11."),
        ("stays", None, None),
        ("late", "software", f"{why} days past the due date 11."),
        ("stays", None, None),
    ]
    assert [one[0::4] for one in site.activities()] == [
        ("CALL", day(11)),
        ("REVIEW", None),
        ("CALL", day(11)),
        ("REVIEW", None),
    ]


def test_an_issue_that_documents_join_as_the_others_leave_it_stays_open_with_its_work(
    site: Site,
) -> None:
    site.document("I1")
    site.document("I2", due=day(10))
    site.sync(day(0))
    site.define(rule("late", LATE, auto_close=True))
    site.run(day(1))

    assert did(site.run(day(11))) == [0, 1, 0]

    assert site.issues() == [("late", "ACME", day(1), ["I1", "I2"], None)]
    assert site.activities() == [("CALL", "ACME", day(1), None, None)]
    assert did(site.run(day(21), catch_up_days=0)) == [0, 0, 1]
    assert site.activities() == [("CALL", "ACME", day(1), None, day(21))]


def test_a_sync_closes_what_was_paid_before_anybody_called(site: Site) -> None:
    site.document("I1")
    site.document("I2")
    site.sync(day(0))
    site.define(rule("late", LATE, auto_close=True))
    site.run(day(1))

    site.document("I1", balance="0.00")
    site.sync(day(2))
    assert site.issues() == [("late", "ACME", day(1), ["I1", "I2"], None)]
    site.document("I2", balance="0.00")
    site.sync(day(3))

    assert site.issues() == [("late", "ACME", day(1), ["I1", "I2"], day(3))]
    assert site.rows("SELECT resolution FROM issues WHERE tenant = %(tenant)s") == [
        ("The document is paid.",)
    ]
    assert did(site.run(day(3))) == [0, 0, 0]


def test_the_option_of_the_site_closes_the_issues_of_all_rules(site: Site) -> None:
    site.options(auto_close=True)
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))
    site.run(day(1))

    assert did(site.run(day(11))) == [0, 0, 1]


def test_what_a_user_closed_comes_again_only_after_the_condition_failed(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", "balance > 0 and due_date_days >= 1"))
    site.run(day(1))
    site.resolve(site.ids()[0], day(2))

    assert did(site.run(day(3))) == [0, 0, 0]
    site.document("I1", balance="0.00")
    site.sync(day(4))
    site.document("I1", balance="40.00")
    site.sync(day(5))

    assert did(site.run(day(6))) == [1, 0, 0]
    assert [one[2] for one in site.issues()] == [day(1), day(5)]  # the date that was missed


def test_a_rule_that_repeats_makes_its_action_each_day(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE, create_if_exists=True))

    assert [did(site.run(day(number)))[0] for number in (1, 1, 2, 3)] == [1, 0, 1, 1]


def test_letters_keep_the_frequency_and_the_most_urgent_one_goes_first(site: Site) -> None:
    site.define_class(frequency_days=3)
    site.document("I1")
    site.sync(day(0))
    site.define(rule("letter", LATE, "LETTER"), rule("notice", LATE, "NOTICE", seq_no=20))
    site.define(rule("late", "due_date_days >= 3", seq_no=30))

    result = site.run(day(1))

    assert result.total("delayed") == 1
    assert site.activities() == [
        ("NOTICE", "ACME", day(1), None, None),
        ("LETTER", "ACME", day(4), None, None),
    ]
    assert did(site.run(day(3))) == [1, 0, 0]  # a call is not held up


def test_a_letter_waits_after_a_call(site: Site) -> None:
    site.define_class(frequency_days=3)
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", "due_date_days = 1"), rule("letter", "due_date_days = 3", "LETTER"))
    site.run(day(1))
    site.complete(site.ids("activity_id")[0], day(2))

    assert did(site.run(day(3)), ("created", "delayed")) == [1, 1]

    assert site.activities()[1] == ("LETTER", "ACME", day(5), None, None)  # V16: 2 days later


def test_what_is_no_contact_holds_no_letter_up(site: Site) -> None:
    """RULE-21, CODE-06: a note is none, though a rule asked for it; nor is a call to be made."""
    site.define_class(frequency_days=3)
    site.document("I1")
    site.sync(day(0))
    site.define(
        rule("look", "due_date_days = 1", "REVIEW"),
        rule("call", "due_date_days = 2", "CALL"),
        rule("letter", "due_date_days = 3", "LETTER"),
    )
    site.run(day(1))
    site.complete(site.ids("activity_id")[0], day(1))
    site.run(day(2))

    assert did(site.run(day(3)), ("created", "delayed")) == [1, 0]

    assert site.activities()[-1] == ("LETTER", "ACME", day(3), None, None)


def test_a_letter_that_waits_is_withdrawn_when_its_condition_fails(site: Site) -> None:
    """RULE-20: it is delayed, not dropped, and not sent about what is paid meanwhile."""
    site.define_class(frequency_days=3)
    site.document("I1")
    site.document("I2", cust_id="BOLT")
    site.sync(day(0))
    site.define(
        rule("notice", "due_date_days = 1", "NOTICE"),
        rule("letter", "due_date_days >= 2", "LETTER", auto_close=True),
    )
    site.run(day(1))
    assert did(site.run(day(2)), ("created", "delayed")) == [2, 2]
    site.document("I1", balance="0.00")
    site.sync(day(3))

    letters = [one for one in site.activities() if one[0] == "LETTER"]
    assert letters == [
        ("LETTER", "ACME", day(4), None, day(3)),
        ("LETTER", "BOLT", day(4), None, None),
    ]


def test_nothing_is_scheduled_on_a_day_off(site: Site) -> None:
    command = SetWorkCalendar(WorkCalendar(weekend=(6, 7)), day(0))
    site.tell(WORK_CALENDAR, key_of(None), command)
    site.document("I1", due=day(4))
    site.sync(day(0))
    site.define(rule("late", LATE, days_to_respond=3, follow_up_days=7))

    site.run(day(5))  # a Saturday

    assert [one[2] for one in site.activities()] == [day(7)]
    dates = "SELECT follow_up_on, respond_by FROM activities WHERE tenant = %(tenant)s"
    assert site.rows(dates) == [(day(14), day(17))]


def test_a_rule_names_who_gets_its_actions(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE, override_user_id="dana"))

    site.run(day(1))

    assert [one[3] for one in site.activities()] == ["dana"]


def test_what_is_severe_or_large_goes_to_somebody_else(site: Site) -> None:
    """RULE-30: disputes of one reason to who settles them, large amounts to a manager."""
    for user_id in ("erik", "mona"):
        site.register(user_id)
    site.document("I1")
    site.document("I2", cust_id="BOLT", amount="9000.00", balance="9000.00")
    site.document("I3", cust_id="CORK")
    site.sync(day(0))
    for cust_id in ("ACME", "BOLT", "CORK"):
        site.assign(cust_id, "dana")
    site.dispute("I3", "40.00", severity=1)
    site.define(
        rule("usual", f"{LATE} and balance < 5000 and in_dispute = false"),
        rule("large", f"{LATE} and balance >= 5000", seq_no=20, override_user_id="mona"),
        rule("severe", f"{LATE} and severity <= 1", seq_no=30, override_user_id="erik"),
    )

    site.run(day(1))

    assert site.activities() == [
        ("CALL", "ACME", day(1), "dana", None),
        ("CALL", "BOLT", day(1), "mona", None),
        ("CALL", "CORK", day(1), "erik", None),
    ]


def test_rules_about_accounts_look_at_accounts(site: Site) -> None:
    site.document("I1")
    site.document("I2", cust_id="BOLT", balance="10.00")
    site.sync(day(0))
    told = "total_past_due > 50"
    site.define(rule("debtor", told, "REVIEW", view=RuleView.ACCOUNT, auto_close=True))

    site.run(day(1))
    assert site.issues() == [("debtor", "ACME", day(1), [], None)]
    site.document("I1", balance="50.00")
    site.sync(day(2))
    assert site.issues() == [("debtor", "ACME", day(1), [], day(2))]


def test_documents_and_their_account_are_asked_together(site: Site) -> None:
    site.document("I1", po="")
    site.document("I2", cust_id="BOLT", po="")
    site.document("I3")
    site.sync(day(0))
    told = 'cust_po_no is unknown and account.cust_id = "BOLT"'
    site.define(rule("po", told, "REVIEW"))

    site.run(day(1))

    assert site.issues() == [("po", "BOLT", day(1), ["I2"], None)]


def test_dates_that_were_missed_are_run_one_by_one(site: Site, database: Database) -> None:
    for number in range(6):
        site.document(f"I{number}", cust_id=f"C{number}", due=day(number))
    site.sync(day(0))
    site.define(rule("third", "due_date_days = 3", auto_close=True))

    site.run(day(3))
    result = site.run(day(8))

    assert [one.business_date for one in result.runs] == [day(number) for number in range(4, 9)]
    assert [(one[1], one[2], one[4]) for one in site.issues()] == [
        (f"C{number}", day(number + 3), day(number + 4)) for number in range(5)
    ] + [("C5", day(8), None)]
    assert check(database, site.tenant.id) == []


def test_an_earlier_date_than_one_that_ran_is_refused(site: Site) -> None:
    site.define(rule("late", LATE))
    site.run(day(1))
    site.run(day(5), catch_up_days=0)

    assert did(site.run(day(1))) == [0, 0, 0]
    with pytest.raises(Refused) as refused:
        site.run(day(3))
    assert (refused.value.code, refused.value.field) == ("rules_ran_later", "businessDate")


def test_a_date_that_is_mistyped_is_refused_and_spoils_no_other(site: Site) -> None:
    site.define(rule("late", "due_date_days >= 1"))
    site.document("I1")
    site.sync(day(0))

    for on in (date(9999, 12, 31), now().date() + timedelta(AHEAD_DAYS_MAX + 2)):
        for asked in (site.run, site.preview):
            with pytest.raises(Refused) as refused:
                asked(on)
            assert (refused.value.code, refused.value.field) == (
                "date_too_far_ahead",
                "businessDate",
            )
    for on in (date.min, date.min + timedelta(2)):
        assert did(site.run(on)) == [0, 0, 0]
    assert did(site.run(day(1), catch_up_days=2)) == [1, 0, 0]


def test_a_rule_that_would_make_too_many_actions_makes_none_until_confirmed(site: Site) -> None:
    for number in range(4):
        site.document(f"I{number}", cust_id=f"C{number}")
    site.sync(day(0))
    site.define(rule("late", LATE), rule("one", 'tran_id = "I1"', "REVIEW", seq_no=20))

    assert did(site.run(day(1), actions_max=3), ("created", "held")) == [1, 4]
    assert did(site.run(day(1), actions_max=4), ("created", "held")) == [4, 0]


def test_a_retired_rule_does_nothing_and_its_issues_stay(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE, auto_close=True))
    site.run(day(1))
    site.retire("late")

    assert did(site.run(day(20), catch_up_days=0)) == [0, 0, 0]
    assert [one[4] for one in site.issues()] == [None]


def test_a_run_that_was_cut_off_is_completed_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        site.document(f"I{number}", cust_id=f"C{number}")
    site.sync(day(0))
    site.define(rule("late", LATE))
    added: list[Any] = []
    add = Appender.add

    def cut_off(self: Appender, *tasks: Any) -> None:
        if len(added) == 4:
            self.finish()
            raise ConnectionError("killed")
        added.append(tasks)
        add(self, *tasks)

    monkeypatch.setattr(Appender, "add", cut_off)
    with pytest.raises(ConnectionError):
        site.run(day(1))
    monkeypatch.setattr(Appender, "add", add)
    assert len(site.issues()) == len(site.activities()) == 4

    assert did(site.run(day(1))) == [3, 0, 0]
    assert len(site.issues()) == len(site.activities()) == 7
    runs = "SELECT created FROM rule_runs WHERE tenant = %(tenant)s"
    assert site.rows(runs) == [(7,)]


def test_two_runs_that_race_make_everything_once(site: Site) -> None:
    for number in range(20):
        site.document(f"I{number}", cust_id=f"C{number}")
    site.sync(day(0))
    site.define(rule("late", LATE))
    created: list[int] = []

    def run(on: date) -> None:
        with RuleRunner(site.database, site.tenant, actor="t") as runner:
            created.append(runner.run(on).total("created"))

    threads = [threading.Thread(target=run, args=(day(1),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(created) == [0, 0, 20]
    assert len(site.issues()) == len(site.activities()) == 20
