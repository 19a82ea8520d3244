"""What strategies would have done: a simulation in figures, and two of them compared.

A simulation says what rules would have made of the firm's own history. It is exact about what they
would have created, closed and delayed, given that nobody works the actions and that customers paid
what they really paid. How customers would have reacted is not known, and nothing here guesses it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from domain.rule_plan import Account, LapseKind
from domain.rule_run import RuleOutcome
from domain.shared.decider import Refused
from domain.simulated_actions import SimulatedIssue

DATES_MAX = 366
"""Dates from the first to the last of a simulation, at most."""

CAVEAT = (
    "How customers would have reacted to letters and calls that never were is not known: payments,"
    " promises and disputes are those that really came. Nobody works the actions meanwhile: each"
    " stays open until its rule closes it."
)
"""What is to be said of every simulation."""


class Known(StrEnum):
    """As of which knowledge a past date is looked at."""

    THEN = "then"
    """What was known at the end of that date."""
    NOW = "now"
    """All that is known by now of that date."""


class SimulatedRun(Struct, frozen=True):
    """What the rules of a class would have done for a date."""

    class_id: str
    business_date: date
    rules: tuple[RuleOutcome, ...]


class SimulatedRule(Struct, frozen=True):
    """A rule of a simulation.

    `fed_by` are fields of its condition that follow from issues and activities. Of these it sees
    those that really were, not those that were simulated.
    """

    class_id: str
    rule_id: str
    name: str
    fed_by: tuple[str, ...] = ()


class Simulation(Struct, frozen=True):
    """What a strategy would have done from the first date to the last, both included."""

    strategy: str
    first: date
    last: date
    known: Known
    rules: Sequence[SimulatedRule]
    runs: Sequence[SimulatedRun]
    issues: Sequence[SimulatedIssue]


class Counts(Struct, frozen=True):
    """How much a rule would have done, or all of them.

    `created` actions are `closed` by the software, each for a kind of reason, or `still_open` on
    the last date. `amounts` is what was open of their subjects when these joined them, by home
    currency; a document counts in each action that is about it.
    """

    created: int
    extended: int
    closed: int
    closed_by: Mapping[LapseKind, int]
    still_open: int
    delayed: int
    held: int
    customers: int
    amounts: Mapping[str, Decimal]


class RuleFigures(Struct, frozen=True):
    """What a rule would have done."""

    rule: SimulatedRule
    counts: Counts


class Contacts(Struct, frozen=True):
    """How often customers would have been contacted.

    A contact is an action of a code that counts as one, on the date for which it is scheduled if
    that is no later than the last one, and if it was not closed before. The figures are of
    customers with at least one; `by_month` is of months written YYYY-MM.
    """

    contacts: int
    customers: int
    least: int
    median: Decimal
    p90: int
    most: int
    by_month: Mapping[str, int]


class Figures(Struct, frozen=True):
    """A simulation in figures."""

    strategy: str
    first: date
    last: date
    known: Known
    dates: int
    total: Counts
    rules: Sequence[RuleFigures]
    contacts: Contacts


class Overlap(Struct, frozen=True):
    """How much two strategies would have done about the same.

    The first counts are of subjects on dates: a document, or an account, that joined an action.
    `jaccard` is the share of those of both in those of either; None where there are none.
    """

    both: int
    only_first: int
    only_second: int
    jaccard: Decimal | None
    contacted_by_both: int
    contacted_only_by_first: Sequence[Account]
    contacted_only_by_second: Sequence[Account]


class Comparison(Struct, frozen=True):
    """Two strategies on the same history."""

    first: Figures
    second: Figures
    overlap: Overlap
    caveat: str = CAVEAT


def check_dates(first: date, last: date, today: date) -> None:
    """Check the dates of a simulation.

    Raises:
        Refused: if they are reversed, too many or in the future.
    """
    if last < first:
        raise Refused("dates_reversed", f"The last date, {last}, is before {first}.", "to")
    if last > today:
        raise Refused("date_in_future", f"Nothing is known of {last} yet; today is {today}.", "to")
    count = (last - first).days + 1
    if count > DATES_MAX:
        raise Refused(
            "dates_too_many", f"These are {count:,} dates; at most {DATES_MAX} can be asked.", "to"
        )


def figures(simulation: Simulation) -> Figures:
    """Return a simulation in figures."""
    issues: dict[tuple[str, str], list[SimulatedIssue]] = defaultdict(list)
    for one in simulation.issues:
        issues[one.class_id, one.rule_id].append(one)
    outcomes: dict[tuple[str, str], list[RuleOutcome]] = defaultdict(list)
    for run in simulation.runs:
        for outcome in run.rules:
            outcomes[run.class_id, outcome.rule_id].append(outcome)
    rules = [
        RuleFigures(rule, _counts(issues[key], outcomes[key], simulation.last))
        for rule in simulation.rules
        for key in [(rule.class_id, rule.rule_id)]
    ]
    everything = [outcome for several in outcomes.values() for outcome in several]
    return Figures(
        simulation.strategy,
        simulation.first,
        simulation.last,
        simulation.known,
        len({run.business_date for run in simulation.runs}),
        _counts(simulation.issues, everything, simulation.last),
        rules,
        _contacts(contacts_of(simulation)),
    )


def _counts(
    issues: Sequence[SimulatedIssue], outcomes: Iterable[RuleOutcome], last: date
) -> Counts:
    outcomes = list(outcomes)
    closed_by = Counter(one.closed_by for one in issues if one.closed_by is not None)
    amounts: dict[str, Decimal] = {}
    for one in issues:
        for currency, amount in one.amounts.items():
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    return Counts(
        len(issues),
        sum(one.extended for one in outcomes),
        closed_by.total(),
        {kind: closed_by[kind] for kind in LapseKind if closed_by[kind]},
        sum(one.is_open(last) for one in issues),
        sum(one.delayed for one in issues),
        sum(one.held for one in outcomes),
        len({one.account for one in issues}),
        dict(sorted(amounts.items())),
    )


def contacts_of(simulation: Simulation) -> list[tuple[Account, date]]:
    """Return the contacts with customers that there would have been."""
    return [
        (one.account, one.due_on)
        for one in simulation.issues
        if one.contacts and one.due_on is not None and one.due_on <= simulation.last
        if one.is_open(one.due_on)
    ]


def _contacts(contacts: Sequence[tuple[Account, date]]) -> Contacts:
    of_customers = sorted(Counter(account for account, _ in contacts).values())
    months = Counter(f"{on:%Y-%m}" for _, on in contacts)
    count = len(of_customers)
    if not count:
        return Contacts(0, 0, 0, Decimal(0), 0, 0, {})
    middle = of_customers[(count - 1) // 2] + of_customers[count // 2]
    return Contacts(
        len(contacts),
        count,
        of_customers[0],
        Decimal(middle) / 2,
        of_customers[-(-count * 9 // 10) - 1],  # the nearest rank
        of_customers[-1],
        dict(sorted(months.items())),
    )


def compared(first: Simulation, second: Simulation) -> Comparison:
    """Return what differs between two strategies on the same history."""
    return Comparison(figures(first), figures(second), _overlap(first, second))


def _overlap(first: Simulation, second: Simulation) -> Overlap:
    one, other = _hits(first), _hits(second)
    both, either = len(one & other), len(one | other)
    contacted = {account for account, _ in contacts_of(first)}
    others = {account for account, _ in contacts_of(second)}
    return Overlap(
        both,
        len(one - other),
        len(other - one),
        round(Decimal(both) / either, 3) if either else None,
        len(contacted & others),
        sorted(contacted - others),
        sorted(others - contacted),
    )


def _hits(simulation: Simulation) -> set[tuple[Account, str, date]]:
    """Return which subjects joined an action on which dates."""
    return {
        (issue.account, tran_id, on) for issue in simulation.issues for on, tran_id in issue.joined
    }
