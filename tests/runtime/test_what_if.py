"""What if: strategies over past dates, which append nothing and say what real runs would do."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.rule import RuleDocument
from domain.rule_plan import LapseKind
from domain.rule_view import RuleView
from domain.schedule import Schedule
from domain.shared.decider import Refused
from domain.strategy import Strategy, parsed_strategy, starter_strategy
from domain.what_if import CAVEAT, Comparison, Known, Simulation, figures
from runtime.clock import now
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.what_if import Draft, InForce, Question, Source, compare, simulate
from tests.runtime.rules import CALL, LETTER, Site, day, did, rule

LATE = "balance > 0 and due_date_days >= 1 and due_date_days <= 10"
TABLES = ("heads", "rule_issues", "rule_subjects", "issues", "activities", "rule_runs")


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site with the usual codes and no rules."""
    return Site(database, tenant, tmp_path)


def draft(*rules: RuleDocument, **parts: Any) -> Draft:
    """A draft of some rules."""
    return Draft("draft", Strategy(rules=rules, **parts))


def followed(site: Site) -> Site:
    """The site, when its read models show the log."""
    site.rows("SELECT 1")
    return site


def simulated(
    site: Site, first: int, last: int, source: Source | None = None, **asked: Any
) -> Simulation:
    """What a strategy would have done from one day to another, as known by now."""
    question = Question(day(first), day(last), day(60), **({"known": Known.NOW} | asked))
    return simulate(followed(site).database, site.tenant.id, source or InForce(), question)


def compared(site: Site, first: Source, second: Source, days: int, **asked: Any) -> Comparison:
    """What differs between two strategies, over so many days from the first Monday on."""
    question = Question(day(0), day(days), day(60), **({"known": Known.NOW} | asked))
    return compare(followed(site).database, site.tenant.id, (first, second), question)


def outcomes(runs: Any) -> list[Any]:
    """What runs did, by date, class and rule."""
    return [(one.business_date, one.class_id, one.rules) for one in runs]


def issues(simulation: Simulation) -> list[tuple[Any, ...]]:
    """The issues of a simulation as `Site.issues` tells those of the log."""
    return sorted(
        (
            (
                one.rule_id,
                one.cust_id,
                one.opened_on,
                sorted(tran_id for tran_id in one.subjects if tran_id),
                one.resolved_on,
            )
            for one in simulation.issues
        ),
        key=lambda one: (one[2], one[0], one[1]),
    )


def busy(site: Site) -> Iterator[date]:
    """Let a month pass on a small ledger: documents come and are paid; yield each of its days.

    What a document was on a date stays so, as documents are dated when they came.
    """
    for number in range(12):
        cust_id = f"C{number % 3}"
        balance = "0.00" if number % 4 == 3 else f"{100 + number}.00"
        site.document(f"I{number}", cust_id, due=day(number * 2), balance=balance)
    site.document("OLD", "C1", due=day(-60), balance="250.00", po="")
    site.sync(day(0))
    for number in range(1, 26):
        if number % 3 == 0:
            told = site.documents[f"I{number // 3}"]
            told[6] = "0.00"
            site.sync(day(number))
        yield day(number)


RULES = (
    rule("letter", "due_date_days >= 1 and due_date_days <= 4", "LETTER", auto_close=True),
    rule("notice", "due_date_days >= 5 and due_date_days <= 9", "NOTICE", seq_no=20),
    rule("call", "due_date_days >= 8 and account.total_past_due > 100", seq_no=30, auto_close=True),
    rule("often", 'tran_id = "OLD"', "REVIEW", seq_no=40, create_if_exists=True),
    rule("debtor", "total_past_due > 200", "REVIEW", view=RuleView.ACCOUNT, auto_close=True),
)


def test_a_simulation_says_what_runs_day_by_day_do(site: Site) -> None:
    site.define_class(frequency_days=6)
    days = list(busy(site))
    site.define(*RULES)

    before = simulated(site, 1, 25)
    ran = [run for on in days for run in site.run(on).runs]

    assert outcomes(before.runs) == outcomes(ran)
    for count, least in {"created": 30, "closed": 5, "delayed": 3, "extended": 2}.items():
        assert sum(getattr(one, count) for run in before.runs for one in run.rules) >= least
    assert issues(before) == site.issues()
    due = sorted((one.cust_id, one.due_on) for one in before.issues)
    assert due == sorted((one[1], one[2]) for one in site.activities())
    assert simulated(site, 1, 25).issues == before.issues  # whatever rules made meanwhile


def test_a_simulation_leaves_everything_as_it_was(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))
    site.run(day(1))

    def everything() -> list[Any]:
        return [
            site.rows(f"SELECT t.* FROM {table} t WHERE t.tenant = %(tenant)s ORDER BY t::text")
            for table in TABLES
        ]

    before = everything()
    told = compared(site, InForce(), draft(rule("early", "due_date_days >= 1")), 20)

    assert (told.first.total.created, told.second.total.created) == (1, 1)
    assert everything() == before


def test_a_preview_says_what_a_run_does_for_the_dates_that_were_missed(site: Site) -> None:
    site.define_class(frequency_days=6)
    days = list(busy(site))
    site.define(*RULES)
    for on in days[:9]:
        site.run(on)
    site.resolve(site.ids()[0], day(12))  # on a date that will be run later
    site.complete(site.ids("activity_id")[2], day(11))

    before = site.rows("SELECT position FROM heads WHERE tenant = %(tenant)s")
    preview = site.preview(day(20))

    assert site.rows("SELECT position FROM heads WHERE tenant = %(tenant)s") == before
    ran = site.run(day(20))
    assert [one.business_date for one in ran.runs] == [day(number) for number in range(10, 21)]
    assert outcomes(preview.runs) == outcomes(ran.runs)
    assert did(ran)[0] > 10
    told = [one.evaluation.plan for one in preview.runs]
    assert [[one.reason for one in plan.actions] for plan in told] == [
        [one.reason for one in run.evaluation.plan.actions] for run in ran.runs
    ]


def test_an_earlier_date_is_previewed_by_itself(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))
    site.run(day(5))

    assert [one.business_date for one in site.preview(day(3)).runs] == [day(3)]


def test_classes_are_simulated_on_the_days_of_their_schedule(site: Site) -> None:
    document = CreditClassDocument("A", "Class A", schedule=Schedule((1, 4), "06:00"))
    site.tell(CREDIT_CLASS, ("A",), DefineCreditClass(document))
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))

    dates = [one.business_date for one in simulated(site, 0, 8).runs]
    assert dates == [day(0), day(3), day(7)]
    assert [one.opened_on for one in simulated(site, 0, 8).issues] == [day(3)]
    assert [one.opened_on for one in simulated(site, 0, 8, every_day=True).issues] == [day(1)]


def test_two_strategies_are_compared(site: Site) -> None:
    site.document("I1")
    site.document("I2", cust_id="BOLT", balance="40.00")
    site.document("I3", cust_id="BOLT", due=day(3))
    site.document("I4", cust_id="CORK", due=day(30))
    site.sync(day(0))
    site.document("I1", balance="0.00")
    site.sync(day(4))
    site.define(rule("call", "due_date_days >= 1", auto_close=True))
    other = draft(
        rule("letter", "due_date_days >= 1 and balance >= 50", "LETTER", auto_close=True),
        rule("look", "due_date_days >= 3", "REVIEW", seq_no=20),
    )

    told = compared(site, InForce(), other, 9)

    assert told.caveat == CAVEAT
    first, second, overlap = told.first, told.second, told.overlap
    assert (first.strategy, second.strategy, first.dates) == ("in force", "draft", 10)
    total = first.total
    assert (total.created, total.extended, total.closed, total.still_open) == (2, 1, 1, 1)
    assert total.closed_by == {LapseKind.PAID: 1}
    assert (total.customers, total.amounts) == (2, {"USD": Decimal("240.00")})
    assert [(one.rule.rule_id, one.counts.created) for one in second.rules] == [
        ("letter", 2),
        ("look", 2),
    ]
    assert second.rules[0].counts.amounts == {"USD": Decimal("200.00")}
    assert second.rules[1].counts.closed == 0
    assert (first.contacts.contacts, first.contacts.customers) == (2, 2)
    assert first.contacts.by_month == {"2026-03": 2}
    assert (overlap.both, overlap.only_first, overlap.only_second) == (2, 1, 3)
    assert overlap.jaccard == Decimal("0.333")
    assert overlap.contacted_by_both == 2
    assert (overlap.contacted_only_by_first, overlap.contacted_only_by_second) == ([], [])


def test_a_strategy_that_is_no_longer_in_force_is_simulated(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))
    moment = now()
    site.define(rule("late", "due_date_days >= 5"))

    opened = [
        [one.opened_on for one in simulated(site, 0, 9, source).issues]
        for source in (
            InForce(moment),
            InForce(),
            InForce(datetime.min.replace(tzinfo=moment.tzinfo)),
        )
    ]

    assert opened == [[day(1)], [day(5)], []]


def test_a_date_is_looked_at_as_it_was_known_then(site: Site) -> None:
    site.document("I1", due=date(2020, 1, 1))
    site.sync(date(2020, 2, 1))
    site.define(rule("late", "due_date_days >= 1"))
    today = now().date()

    def made(known: Known, first: date, last: date) -> int:
        question = Question(first, last, today, known, every_day=True)
        return len(simulate(followed(site).database, site.tenant.id, InForce(), question).issues)

    yesterday = today - timedelta(1)
    assert made(Known.NOW, yesterday, yesterday) == 1
    assert made(Known.THEN, yesterday, today) == 1
    with pytest.raises(Refused) as refused:
        made(Known.THEN, yesterday - timedelta(5), yesterday)
    assert (refused.value.code, refused.value.field) == ("nothing_known_then", "known")


def test_the_starter_strategy_is_simulated_for_customers_of_other_classes(site: Site) -> None:
    site.document("I1")
    site.sync(day(0))
    starter = Draft("starter", starter_strategy())

    assert simulated(site, 0, 30, starter).issues == []
    told = figures(simulated(site, 0, 30, starter, class_id="standard", everyone=True))

    counts = {one.rule.rule_id: one.counts.created for one in told.rules if one.counts.created}
    assert counts == {"notice": 1, "first-call": 1, "second-call": 1}


def test_a_contact_by_hand_holds_letters_up_and_one_of_a_rule_does_not(site: Site) -> None:
    site.define_class(frequency_days=5)
    site.document("I1")
    site.sync(day(0))
    site.define(rule("call", "due_date_days = 1"))
    site.run(day(1))
    site.complete(site.ids("activity_id")[0], day(2))

    letters = simulated(site, 0, 5, draft(rule("letter", "due_date_days >= 3", "LETTER")))

    assert [(one.due_on, one.delayed) for one in letters.issues] == [(day(3), False)]


def test_rules_that_look_at_what_rules_make_are_told(site: Site) -> None:
    looks = rule("looks", "open_issue_cnt = 0 and balance > 0", view=RuleView.ACCOUNT)
    told = draft(rule("late", LATE), replace_filter(looks, "open_issue_cnt = 0"))

    assert [(one.rule_id, one.fed_by) for one in simulated(site, 0, 1, told).rules] == [
        ("late", ()),
        ("looks", ("open_issue_cnt",)),
    ]


def replace_filter(document: RuleDocument, told: str) -> RuleDocument:
    """A rule with another condition."""
    return rule(document.rule_id, told, view=document.view, seq_no=20)


WRONG: dict[str, tuple[Source, dict[str, Any]]] = {
    "filter_field_unknown": (draft(rule("late", "ballance > 0")), {}),
    "filter_syntax": (draft(rule("late", "balance >")), {}),
    "action_code_unknown": (draft(rule("late", LATE, "NONE")), {}),
    "user_unknown": (draft(rule("late", LATE, override_user_id="nobody")), {}),
    "credit_class_unknown": (InForce(), {"class_id": "Z"}),
    "class_missing": (InForce(), {"everyone": True}),
    "dates_reversed": (InForce(), {"last": day(-1)}),
    "dates_too_many": (InForce(), {"first": day(-400)}),
    "date_in_future": (InForce(), {"last": day(61)}),
    "strategy_too_large": (draft(*[rule(f"r{number}", LATE) for number in range(501)]), {}),
    "activity_type_unknown": (
        draft(action_codes=(type(CALL)("X", 1, "x", "x", "Nothing"),)),
        {},
    ),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_cannot_be_simulated_is_refused(site: Site, code: str) -> None:
    source, asked = WRONG[code]
    question = Question(
        **({"first": day(0), "last": day(3), "business_date": day(60)} | asked), known=Known.NOW
    )

    with pytest.raises(Refused) as refused:
        simulate(followed(site).database, site.tenant.id, source, question)

    assert refused.value.code == code


def test_a_draft_whose_class_is_unknown_is_refused(site: Site) -> None:
    strategy, problems = parsed_strategy(
        '[[rules]]\nclass_id = "Z"\nrule_id = "late"\nseq_no = 1\nname = "Late"\n'
        'view = "invoice"\nfilter = "balance > 0"\naction_code = "LETTER"\n'
    )
    assert (problems, LETTER.code) == ([], "LETTER")

    with pytest.raises(Refused, match=r"Rule late \(classId\): There is no credit class Z") as told:
        simulated(site, 0, 1, Draft("draft", strategy))
    assert (told.value.code, told.value.field) == ("credit_class_unknown", "strategy")
