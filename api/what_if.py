"""GraphQL: what strategies would have done over past dates, and two of them compared."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeVar

import strawberry

from api.commands import MAINTAINERS
from api.connections import AtLeast
from api.context import Info
from api.errors import UserError
from api.money import Money
from domain.rule_plan import LapseKind
from domain.shared.decider import Refused
from domain.strategy import Strategy, StrategyError, parsed_strategy, starter_strategy
from domain.what_if import (
    CAVEAT,
    DATES_MAX,
    Contacts,
    Counts,
    Figures,
    Known,
    Overlap,
    RuleFigures,
    figures,
)
from runtime.database import Database
from runtime.what_if import (
    RULES_MAX,
    Draft,
    InForce,
    Progress,
    Question,
    Source,
    compare,
    simulate,
)

Answer = TypeVar("Answer")

CUSTOMERS_MAX = 1_000
"""Customers that a comparison names at most, of each side."""

strawberry.enum(
    Known,
    name="KnownWhen",
    description="As of which knowledge past dates are looked at: what was known at the end of each"
    " (THEN), or all that is known by now (NOW).",
)
strawberry.enum(
    LapseKind,
    name="LapseKind",
    description="Why a rule's condition holds no longer: the document is paid (PAID), a part of"
    " the condition fails (CONDITION), the account is of another credit class (OTHER_CLASS), the"
    " document is on another account (OTHER_ACCOUNT), or there is no such record (GONE).",
)


@strawberry.enum(
    description="Where a strategy comes from: it is in force, or was at a moment (IN_FORCE), comes"
    " with the product (STARTER), or is a text (DRAFT)."
)
class StrategySource(StrEnum):
    """Where a strategy comes from."""

    IN_FORCE = "in_force"
    STARTER = "starter"
    DRAFT = "draft"


@strawberry.input(description="A strategy to simulate.")
class StrategyInput:
    """A strategy to simulate."""

    source: StrategySource = strawberry.field(
        default=StrategySource.IN_FORCE, description="Where it comes from."
    )
    at: datetime | None = strawberry.field(
        default=None,
        description="For IN_FORCE, the moment at which it was; null for the one that is now.",
    )
    text: str | None = strawberry.field(
        default=None,
        description="For DRAFT, the strategy as TOML, as `tallystick rules export` prints it, of"
        f" {RULES_MAX} rules at most. Action codes and classes that it lacks are the site's.",
    )
    name: str | None = strawberry.field(
        default=None, description="What the answer calls it; null for the usual name."
    )


@strawberry.input(description="Over which past dates strategies are simulated, and how.")
class WhatIfDatesInput:
    """Over which dates strategies are simulated."""

    first: date = strawberry.field(name="from", description="The first date.")
    last: date = strawberry.field(
        name="to", description=f"The last date, today at most; {DATES_MAX} dates in all at most."
    )
    known: Known = strawberry.field(
        default=Known.THEN, description="As of which knowledge each date is looked at."
    )
    every_day: bool = strawberry.field(
        default=False,
        description="Evaluate each class on every date, and not on the days of its schedule.",
    )
    class_id: str | None = strawberry.field(
        default=None, description="Only this credit class; null for all of the strategy."
    )
    everyone: bool = strawberry.field(
        default=False,
        description="Take all customers for those of the class, whatever class they are of.",
    )

    def question(self, business_date: date) -> Question:
        """Return the question that is asked on a business date."""
        return Question(
            self.first,
            self.last,
            business_date,
            self.known,
            self.every_day,
            self.class_id,
            self.everyone,
        )


@strawberry.type(description="How many actions were closed for a kind of reason.")
class ClosedCount:
    """How many actions were closed for a kind of reason."""

    reason: LapseKind = strawberry.field(description="The kind of reason.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="How much a rule would have done, or all of them.")
class SimulatedCounts:
    """How much a rule would have done."""

    created: int = strawberry.field(description="How many actions it would have made.")
    extended: int = strawberry.field(
        description="How often further documents would have joined an open action."
    )
    closed: int = strawberry.field(
        description="How many of its actions the software would have closed."
    )
    closed_by: list[ClosedCount] = strawberry.field(description="The same by kind of reason.")
    still_open: int = strawberry.field(
        description="How many of its actions would have been open on the last date."
    )
    delayed: int = strawberry.field(
        description="How many of its actions were letters that would have waited, as their"
        " customers had been contacted too recently."
    )
    held: int = strawberry.field(
        description="How many actions it would not have made, as they were too many at once."
    )
    customers: int = strawberry.field(description="How many accounts they are about.")
    amounts: list[Money] = strawberry.field(
        description="What was open of their subjects when these joined them, in home currency, by"
        " currency. A document counts in each action that is about it."
    )

    @classmethod
    def of(cls, told: Counts) -> "SimulatedCounts":
        """Return counts as they are told."""
        return cls(
            created=told.created,
            extended=told.extended,
            closed=told.closed,
            closed_by=[
                ClosedCount(reason=kind, count=count) for kind, count in told.closed_by.items()
            ],
            still_open=told.still_open,
            delayed=told.delayed,
            held=told.held,
            customers=told.customers,
            amounts=[Money.of(amount, currency) for currency, amount in told.amounts.items()],
        )


@strawberry.type(description="What a rule of a strategy would have done.")
class SimulatedRuleFigures:
    """What a rule would have done."""

    class_id: str = strawberry.field(description="The credit class.")
    rule_id: str = strawberry.field(description="The rule.")
    name: str = strawberry.field(description="What it is called.")
    fed_by: list[str] = strawberry.field(
        description="Fields of its condition that follow from issues and activities. Of these it"
        " saw those that really were, not those that were simulated."
    )
    counts: SimulatedCounts = strawberry.field(description="How much it would have done.")

    @classmethod
    def of(cls, told: RuleFigures) -> "SimulatedRuleFigures":
        """Return a rule as it is told."""
        return cls(
            class_id=told.rule.class_id,
            rule_id=told.rule.rule_id,
            name=told.rule.name,
            fed_by=list(told.rule.fed_by),
            counts=SimulatedCounts.of(told.counts),
        )


@strawberry.type(description="How many contacts there would have been in a month.")
class MonthContacts:
    """Contacts in a month."""

    month: str = strawberry.field(description="The month, written YYYY-MM.")
    contacts: int = strawberry.field(description="How many contacts.")


@strawberry.type(
    description="How often customers would have been contacted: by actions of a code that counts as"
    " contact, scheduled no later than the last date, and not closed before. The figures are of"
    " customers with at least one."
)
class ContactFigures:
    """How often customers would have been contacted."""

    contacts: int = strawberry.field(description="How many contacts.")
    customers: int = strawberry.field(description="With how many accounts.")
    least: int = strawberry.field(description="The fewest contacts with one of them.")
    median: Decimal = strawberry.field(description="The median of contacts with one of them.")
    p90: int = strawberry.field(
        description="How many contacts nine of ten of them had at most (the nearest rank)."
    )
    most: int = strawberry.field(description="The most contacts with one of them.")
    by_month: list[MonthContacts] = strawberry.field(description="The contacts by month.")

    @classmethod
    def of(cls, told: Contacts) -> "ContactFigures":
        """Return contacts as they are told."""
        return cls(
            contacts=told.contacts,
            customers=told.customers,
            least=told.least,
            median=told.median,
            p90=told.p90,
            most=told.most,
            by_month=[
                MonthContacts(month=month, contacts=count) for month, count in told.by_month.items()
            ],
        )


@strawberry.type(description="What a strategy would have done between two dates, in figures.")
class StrategyFigures:
    """What a strategy would have done."""

    strategy: str = strawberry.field(description="What the strategy is called.")
    dates: int = strawberry.field(description="On how many dates rules were evaluated.")
    total: SimulatedCounts = strawberry.field(description="What all of its rules would have done.")
    rules: list[SimulatedRuleFigures] = strawberry.field(
        description="The same by rule, in the order of their evaluation."
    )
    contacts: ContactFigures = strawberry.field(
        description="How often customers would have been contacted."
    )

    @classmethod
    def of(cls, told: Figures) -> "StrategyFigures":
        """Return figures as they are told."""
        return cls(
            strategy=told.strategy,
            dates=told.dates,
            total=SimulatedCounts.of(told.total),
            rules=[SimulatedRuleFigures.of(one) for one in told.rules],
            contacts=ContactFigures.of(told.contacts),
        )


@strawberry.type(description="An account, named by its key.")
class ContactedAccount:
    """An account."""

    company_id: str = strawberry.field(description="The ERP company.")
    cust_id: str = strawberry.field(description="The account.")


def _accounts(keys: tuple[tuple[str, str], ...]) -> list[ContactedAccount]:
    return [ContactedAccount(company_id=one, cust_id=other) for one, other in keys]


@strawberry.type(description="How much two strategies would have done about the same.")
class StrategyOverlap:
    """How much two strategies would have done about the same."""

    both: int = strawberry.field(
        description="How many subjects joined an action on a date by both: documents on a date, or"
        " accounts on one."
    )
    only_first: int = strawberry.field(description="How many did by the first one alone.")
    only_second: int = strawberry.field(description="How many did by the second one alone.")
    jaccard: Decimal | None = strawberry.field(
        description="The share of those of both in those of either, from 0 to 1; null where there"
        " are none."
    )
    contacted_by_both: int = strawberry.field(
        description="How many accounts would have been contacted by both, whenever."
    )
    contacted_only_by_first_count: int = strawberry.field(
        description="How many would have been contacted by the first one alone."
    )
    contacted_only_by_second_count: int = strawberry.field(
        description="How many would have been contacted by the second one alone."
    )
    contacted_only_by_first: list[ContactedAccount] = strawberry.field(
        description=f"Which these are, {CUSTOMERS_MAX} at most, by company and account."
    )
    contacted_only_by_second: list[ContactedAccount] = strawberry.field(
        description=f"Which these are, {CUSTOMERS_MAX} at most, by company and account."
    )

    @classmethod
    def of(cls, told: Overlap) -> "StrategyOverlap":
        """Return an overlap as it is told."""
        first, second = told.contacted_only_by_first, told.contacted_only_by_second
        return cls(
            both=told.both,
            only_first=told.only_first,
            only_second=told.only_second,
            jaccard=told.jaccard,
            contacted_by_both=told.contacted_by_both,
            contacted_only_by_first_count=len(first),
            contacted_only_by_second_count=len(second),
            contacted_only_by_first=_accounts(tuple(first[:CUSTOMERS_MAX])),
            contacted_only_by_second=_accounts(tuple(second[:CUSTOMERS_MAX])),
        )


@strawberry.type(description="What a strategy would have done.")
class RulesSimulation:
    """What a strategy would have done."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it cannot be simulated; then there are no figures."
    )
    figures: StrategyFigures | None = strawberry.field(
        description="What it would have done; null if it cannot be simulated."
    )
    caveat: str = strawberry.field(description="What nobody can know of it, in a sentence.")


@strawberry.type(description="What two strategies would have done on the same history.")
class StrategyComparison:
    """What two strategies would have done."""

    user_errors: list[UserError] = strawberry.field(
        description="Why they cannot be compared; then there are no figures."
    )
    first: StrategyFigures | None = strawberry.field(
        description="What the first one would have done; null if they cannot be compared."
    )
    second: StrategyFigures | None = strawberry.field(
        description="What the second one would have done; null if they cannot be compared."
    )
    overlap: StrategyOverlap | None = strawberry.field(
        description="How much of it is the same; null if they cannot be compared."
    )
    caveat: str = strawberry.field(description="What nobody can know of them, in a sentence.")


@strawberry.type
class WhatIfQuery:
    """What strategies would have done."""

    @strawberry.field(
        description="What a strategy would have done over past dates if it had been put into force"
        " on the first one. Nothing is changed. Needs one of the roles admin and credit_manager."
    )
    async def simulate_rules(
        self,
        info: Info,
        dates: Annotated[
            WhatIfDatesInput, strawberry.argument(description="Over which dates, and how.")
        ],
        strategy: Annotated[
            StrategyInput | None,
            strawberry.argument(description="The strategy; by default the one in force."),
        ] = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> RulesSimulation:
        """Return what it would have done."""
        info.context.require(*MAINTAINERS)
        question = dates.question(await info.context.today())
        try:
            source = _source(strategy or StrategyInput())
            told = await _simulated(
                info,
                lambda database, tenant, progress: figures(
                    simulate(database, tenant, source, question, progress)
                ),
            )
        except Refused as refusal:
            errors = [UserError.of(refusal)]
            return RulesSimulation(user_errors=errors, figures=None, caveat=CAVEAT)
        return RulesSimulation(user_errors=[], figures=StrategyFigures.of(told), caveat=CAVEAT)

    @strawberry.field(
        description="What two strategies would have done over the same past dates, each as if it"
        " had been put into force on the first one, and what they have in common. Nothing is"
        " changed."
        " Needs one of the roles admin and credit_manager."
    )
    async def compare_strategies(
        self,
        info: Info,
        dates: Annotated[
            WhatIfDatesInput, strawberry.argument(description="Over which dates, and how.")
        ],
        first: Annotated[StrategyInput, strawberry.argument(description="One strategy.")],
        second: Annotated[StrategyInput, strawberry.argument(description="Another one.")],
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> StrategyComparison:
        """Return what they would have done."""
        info.context.require(*MAINTAINERS)
        question = dates.question(await info.context.today())
        try:
            sources = _source(first), _source(second)
            told = await _simulated(
                info,
                lambda database, tenant, progress: compare(
                    database, tenant, sources, question, progress
                ),
            )
        except Refused as refusal:
            return StrategyComparison(
                user_errors=[UserError.of(refusal)],
                first=None,
                second=None,
                overlap=None,
                caveat=CAVEAT,
            )
        return StrategyComparison(
            user_errors=[],
            first=StrategyFigures.of(told.first),
            second=StrategyFigures.of(told.second),
            overlap=StrategyOverlap.of(told.overlap),
            caveat=told.caveat,
        )


def _source(given: StrategyInput) -> Source:
    """Return where a strategy comes from.

    Raises:
        Refused: if that is told wrongly, or the text is none.
    """
    if (given.text is None) is (given.source is StrategySource.DRAFT):
        message = "A strategy has a text if it is a draft, and only then."
        raise Refused("strategy_text_missing", message, "text")
    if given.at is not None and given.source is not StrategySource.IN_FORCE:
        raise Refused("moment_unused", "Only a strategy in force has a moment.", "at")
    match given.source:
        case StrategySource.IN_FORCE:
            return InForce(given.at, given.name)
        case StrategySource.STARTER:
            return Draft(given.name or "starter", starter_strategy())
        case StrategySource.DRAFT:
            return Draft(given.name or "draft", _parsed(given.text or ""))


def _parsed(text: str) -> Strategy:
    try:
        strategy, problems = parsed_strategy(text)
    except StrategyError as failure:
        raise Refused("strategy_unreadable", str(failure), "text") from failure
    for one in problems:
        message = f"{one.kind} {one.name}: {one.reason}"
        raise Refused("strategy_unreadable", message, "text")
    return strategy


async def _simulated(info: Info, work: Callable[[Database, int, Progress], Answer]) -> Answer:
    """Simulate on a thread, with a connection of its own, until nobody waits for it any more."""
    services, tenant = info.context.services, info.context.caller.tenant
    return await services.simulate(
        lambda proceed: work(services.database, tenant, lambda _name, _on: proceed())
    )
