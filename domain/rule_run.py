"""A rule run: the rules of a credit class, evaluated for one business date (RULE-33).

    NotRun --record--> Ran --record--> Ran, with more done

A class has one run for a date, however often it is fired. Fired again on news it may do more, and
its counts are those of the date; where there is nothing more to do it leaves no trace.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider
from domain.shared.event import Event


class RuleOutcome(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a rule did in a run; `version` is the one that was evaluated.

    It is `held` where it would have made more actions at once than a rule may, and made none.
    """

    rule_id: str
    version: int
    created: int = 0
    extended: int = 0
    closed: int = 0
    delayed: int = 0
    held: int = 0


class RuleRunCompleted(Event, frozen=True, omit_defaults=True, gc=False):
    """The rules of a class were evaluated for a date, as the log was known up to a position."""

    class_id: str
    business_date: date
    read_position: int
    rules: tuple[RuleOutcome, ...] = ()

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the run."""
        return self.business_date


class RecordRuleRun(Struct, frozen=True, gc=False):
    """Record what the rules of a class did for a date, in this firing and those before."""

    completed: RuleRunCompleted


class NotRun(Struct, frozen=True):
    """The rules have not been evaluated for the date."""


class Ran(Struct, frozen=True, gc=False):
    """They have been."""

    completed: RuleRunCompleted


RuleRun: TypeAlias = NotRun | Ran


def evolve(run: RuleRun, event: RuleRunCompleted) -> RuleRun:  # noqa: ARG001
    """Remember `event`."""
    return Ran(event)


def decide(command: RecordRuleRun, run: RuleRun) -> Sequence[RuleRunCompleted]:
    """Record what differs from what is recorded; having read further is no difference."""
    told = command.completed
    if isinstance(run, Ran):
        known = run.completed
        if replace(told, read_position=known.read_position) == known:
            return []
    return [told]


RULE_RUN: Decider[RuleRun, RecordRuleRun, RuleRunCompleted] = Decider(
    category="rule_run",
    events=(RuleRunCompleted,),
    initial=NotRun(),
    evolve=evolve,
    decide=decide,
)
