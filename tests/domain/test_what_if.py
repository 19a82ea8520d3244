"""A simulation in figures, and two of them compared."""

from datetime import date, timedelta
from decimal import Decimal
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rule_plan import LapseKind
from domain.rule_run import RuleOutcome
from domain.shared.decider import Refused
from domain.simulated_actions import SimulatedIssue
from domain.what_if import (
    DATES_MAX,
    Known,
    SimulatedRule,
    SimulatedRun,
    Simulation,
    check_dates,
    compared,
    contacts_of,
    figures,
)

FIRST = date(2026, 1, 30)
LAST = FIRST + timedelta(20)
CURRENCIES = ("EUR", "USD")


def issue(
    cust_id: str,
    opened: int = 0,
    *,
    rule_id: str = "late",
    due: int | None = None,
    closed: int | None = None,
    contacts: bool = True,
    delayed: bool = False,
    amounts: dict[str, Decimal] | None = None,
) -> SimulatedIssue:
    """An issue about one document of a customer, opened so many days after the first date."""
    on = FIRST + timedelta(opened)
    resolved_on = None if closed is None else FIRST + timedelta(closed)
    return SimulatedIssue(
        "A",
        rule_id,
        f"{rule_id}-{cust_id}-{opened}",
        "1",
        cust_id,
        on,
        {"I1": (on, resolved_on)},
        {"X": resolved_on},
        [(on, "I1")],
        resolved_on,
        FIRST + timedelta(opened if due is None else due),
        contacts,
        delayed=delayed,
        amounts=amounts or {},
        closed_by=None if closed is None else LapseKind.PAID,
    )


def simulation(*issues: SimulatedIssue, runs: tuple[SimulatedRun, ...] = ()) -> Simulation:
    """A simulation that made some issues."""
    rules = [SimulatedRule("A", one, one.title()) for one in ("late", "other")]
    return Simulation("draft", FIRST, LAST, Known.NOW, rules, runs, issues)


some_issues = st.lists(
    st.builds(
        issue,
        st.sampled_from("ABCDEFGH"),
        st.integers(0, 20),
        rule_id=st.sampled_from(("late", "other")),
        contacts=st.booleans(),
        closed=st.none() | st.integers(21, 25),
        amounts=st.dictionaries(st.sampled_from(CURRENCIES), st.decimals(-10, 10, places=2)),
    ),
    max_size=30,
)


def test_counts_are_of_issues_and_runs() -> None:
    euros = {"EUR": Decimal("10.00")}
    runs = (
        SimulatedRun("A", FIRST, (RuleOutcome("late", 1, 2, 3, held=4), RuleOutcome("other", 1))),
        SimulatedRun("A", LAST, (RuleOutcome("late", 1, 0, 1), RuleOutcome("other", 1, 1))),
    )
    told = figures(
        simulation(
            issue("ACME", closed=3, amounts=euros),
            issue("BOLT", delayed=True, amounts={"USD": Decimal(5), "EUR": Decimal(1)}),
            issue("ACME", 20, rule_id="other", contacts=False, amounts=euros),
            runs=runs,
        )
    )

    late, other = (one.counts for one in told.rules)
    assert (late.created, late.extended, late.closed, late.still_open) == (2, 4, 1, 1)
    assert (late.closed_by, late.delayed, late.held) == ({LapseKind.PAID: 1}, 1, 4)
    assert (late.customers, other.customers, told.total.customers) == (2, 1, 2)
    assert late.amounts == {"EUR": Decimal("11.00"), "USD": Decimal(5)}
    assert told.total.amounts == {"EUR": Decimal("21.00"), "USD": Decimal(5)}
    assert told.dates == 2


def test_contacts_are_those_that_would_have_come_about() -> None:
    told = simulation(
        issue("ACME"),
        issue("ACME", 2, due=5),
        issue("ACME", 3, due=5, closed=5),  # closed on the day on which it was to go
        issue("ACME", 19, due=22),  # planned for after the last date
        issue("ACME", 4, contacts=False),
        issue("BOLT", 1, due=3, closed=4),
    )

    assert contacts_of(told) == [
        (("1", "ACME"), FIRST),
        (("1", "ACME"), FIRST + timedelta(5)),
        (("1", "BOLT"), FIRST + timedelta(3)),
    ]
    contacts = figures(told).contacts
    assert (contacts.contacts, contacts.customers) == (3, 2)
    assert (contacts.least, contacts.median, contacts.most) == (1, Decimal("1.5"), 2)
    assert contacts.by_month == {"2026-01": 1, "2026-02": 2}


def test_without_actions_there_is_nothing_to_divide_by() -> None:
    told = compared(simulation(), simulation())

    assert (told.first.contacts.customers, told.first.contacts.by_month) == (0, {})
    assert told.overlap.jaccard is None


@given(some_issues)
def test_the_rules_add_up_to_the_total(issues: list[SimulatedIssue]) -> None:
    told = figures(simulation(*issues))

    for count in ("created", "closed", "still_open", "delayed"):
        assert getattr(told.total, count) == sum(getattr(one.counts, count) for one in told.rules)
    for currency in CURRENCIES:
        of_rules = sum(one.counts.amounts.get(currency, Decimal(0)) for one in told.rules)
        assert told.total.amounts.get(currency, Decimal(0)) == of_rules


@given(some_issues)
def test_contacts_of_customers_are_told_by_rank(issues: list[SimulatedIssue]) -> None:
    told = simulation(*issues)
    accounts = [account for account, _ in contacts_of(told)]
    counts = sorted(accounts.count(one) for one in set(accounts))

    contacts = figures(told).contacts

    assert contacts.contacts == sum(counts) == sum(contacts.by_month.values())
    if counts:
        assert (contacts.least, contacts.most) == (counts[0], counts[-1])
        assert contacts.median == Decimal(str(median(counts)))
        at_most = sum(one <= contacts.p90 for one in counts)
        below = sum(one < contacts.p90 for one in counts)
        assert at_most * 10 >= len(counts) * 9 > below * 10


@given(some_issues, some_issues)
def test_what_one_has_alone_the_other_lacks(
    ours: list[SimulatedIssue], theirs: list[SimulatedIssue]
) -> None:
    told = compared(simulation(*ours), simulation(*theirs)).overlap
    back = compared(simulation(*theirs), simulation(*ours)).overlap

    assert (told.both, told.only_first, told.only_second) == (
        back.both,
        back.only_second,
        back.only_first,
    )
    assert told.jaccard == back.jaccard
    assert told.contacted_only_by_first == back.contacted_only_by_second
    hits = {(one.account, one.opened_on) for one in ours}
    assert told.both + told.only_first == len(hits)
    same = compared(simulation(*ours), simulation(*ours)).overlap
    assert (same.only_first, same.only_second, same.contacted_only_by_first) == (0, 0, [])


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (LAST, FIRST, "dates_reversed"),
        (FIRST, LAST + timedelta(1), "date_in_future"),
        (LAST - timedelta(DATES_MAX), LAST, "dates_too_many"),
    ],
)
def test_dates_that_cannot_be_are_refused(first: date, last: date, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_dates(first, last, LAST)
    assert (refused.value.code, refused.value.field) == (code, "to")


def test_as_many_dates_as_there_may_be_are_taken() -> None:
    check_dates(LAST - timedelta(DATES_MAX - 1), LAST, LAST)
