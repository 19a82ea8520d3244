"""What if other rules had been in force: strategies run over past dates, without effect.

A simulation evaluates rules date by date as a run does, by the same code; what they would have
made it remembers instead of appending it (`domain/simulated_actions.py`). It begins without any
action, as if the strategy had been put into force on the first date. It reads one state of the
database, and writes nothing.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct
from psycopg import Connection

from domain.action_code import ACTION_CODE, ActionCodeDocument, DefineActionCode
from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.rule import RULE, DefineRule, RuleDocument
from domain.rule_plan import ACTIONS_MAX, Account, RuleInForce
from domain.rule_view import RuleView
from domain.shared.decider import Refused
from domain.shared.facts import ActionCodeFacts, ActivityTypeFacts, UserFacts
from domain.shared.standard_type import standard_type_of
from domain.simulated_actions import SimulatedActions
from domain.strategy import Strategy
from domain.what_if import (
    Comparison,
    Known,
    SimulatedRule,
    SimulatedRun,
    Simulation,
    check_dates,
    compared,
)
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Listing, by_key
from projections.query import Query, fetch
from projections.rule_evidence import moment_of
from projections.rule_views import fed_by_actions
from projections.rules_in_force import (
    action_codes,
    activity_types,
    credit_classes,
    rules_in_force,
    users_named,
)
from projections.view import Asked
from runtime.database import Database
from runtime.rule_evaluation import Evaluation, condition_of, evaluate
from runtime.rule_past import KEYS_MAX, SimulatedPast
from runtime.site import site_options
from runtime.snapshots import at_one_moment

RULES_MAX = 500
"""Rules of a draft at most."""


class InForce(Struct, frozen=True):
    """The strategy that is in force, or was at a moment; `called` is a name of its own."""

    at: datetime | None = None
    called: str | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        usual = "in force" if self.at is None else f"in force at {self.at.isoformat()}"
        return self.called or usual


class Draft(Struct, frozen=True):
    """A strategy that is a text, of whatever name; codes that it lacks are those of the site."""

    name: str
    strategy: Strategy


Source: TypeAlias = InForce | Draft
"""Where a strategy comes from."""


class Question(Struct, frozen=True):
    """Over which dates strategies are simulated, and how; `business_date` is the present one.

    A class is evaluated on the days of its schedule, or on `every_day`. `class_id` asks for one
    class alone; with `everyone` all customers are taken for those of that class.
    """

    first: date
    last: date
    business_date: date
    known: Known = Known.THEN
    every_day: bool = False
    class_id: str | None = None
    everyone: bool = False


class Rules(Struct, frozen=True):
    """A strategy as it is evaluated: its classes, and the rules of each in their order."""

    name: str
    classes: Sequence[CreditClassDocument]
    of_class: Mapping[str, Sequence[RuleInForce]]


Progress: TypeAlias = Callable[[str, date], None]
"""Told of each date of a strategy, or of a class, before it is evaluated."""


def quiet(_name: str, _on: date) -> None:
    """Tell nobody of a date."""


def simulate(
    database: Database,
    tenant: int,
    source: Source,
    question: Question,
    progress: Progress = quiet,
) -> Simulation:
    """Return what a strategy would have done.

    Raises:
        Refused: if it cannot be evaluated, or not over these dates.
    """
    with _simulator(database, tenant, question) as simulator:
        return simulator.simulated(simulator.rules(source), progress)


def compare(
    database: Database,
    tenant: int,
    sources: tuple[Source, Source],
    question: Question,
    progress: Progress = quiet,
) -> Comparison:
    """Return what differs between what two strategies would have done.

    Raises:
        Refused: if one cannot be evaluated, or not over these dates.
    """
    with _simulator(database, tenant, question) as simulator:
        rules = [simulator.rules(source) for source in sources]  # first what may be refused
        first, second = (simulator.simulated(one, progress) for one in rules)
        return compared(first, second)


@contextmanager
def _simulator(database: Database, tenant: int, question: Question) -> "Generator[_Simulator]":
    with database.connect("worker") as connection, at_one_moment(connection):
        yield _Simulator(connection, tenant, question)


class _Simulator:
    """Simulates strategies over the same dates, on one state of the database."""

    def __init__(self, connection: Connection[Any], tenant: int, question: Question) -> None:
        self._connection = connection
        self._tenant = tenant
        self._question = question
        self._options = site_options(connection, tenant)
        check_dates(question.first, question.last, question.business_date)
        if question.everyone and question.class_id is None:
            raise Refused(
                "class_missing", "Say which class all customers are taken for.", "classId"
            )
        if question.known is Known.THEN:
            self._check_known()

    def _check_known(self) -> None:
        begins = fetch(self._connection, moment_of(self._tenant, 1))
        last = self._question.last
        if not begins or begins[0] > self._end_of(last):
            since = f" begins on {begins[0]:%Y-%m-%d}" if begins else " is empty"
            raise Refused(
                "nothing_known_then",
                f"The log{since}, so nothing was known on {last} yet; ask for what is known now.",
                "known",
            )

    def _end_of(self, on: date) -> datetime:
        """Return the last moment of a date in the site's time zone."""
        midnight = datetime.combine(on + timedelta(1), time.min, ZoneInfo(self._options.time_zone))
        return midnight - timedelta(microseconds=1)

    def rules(self, source: Source) -> Rules:
        """Return a strategy as it is evaluated.

        Raises:
            Refused: if it cannot be, or lacks the class that is asked for.
        """
        today = self._question.business_date
        asked = Asked(self._tenant, self._options, today)
        if isinstance(source, InForce):
            asked = Asked(self._tenant, self._options, today, known_at=source.at)
            classes = fetch(self._connection, credit_classes(asked))
            of_class = {
                one.class_id: fetch(self._connection, rules_in_force(asked, one.class_id))
                for one in classes
            }
            found = Rules(source.name, classes, of_class)
        else:
            found = _drafted(self._connection, asked, source)
        class_id = self._question.class_id
        if class_id is None:
            return found
        classes = [one for one in found.classes if one.class_id == class_id]
        if not classes:
            message = f"The strategy {found.name} has no credit class {class_id}."
            raise Refused("credit_class_unknown", message, "classId")
        return Rules(found.name, classes, found.of_class)

    def simulated(self, rules: Rules, progress: Progress) -> Simulation:
        """Return what a strategy would have done."""
        question = self._question
        actions = SimulatedActions()
        runs: list[SimulatedRun] = []
        for number in range((question.last - question.first).days + 1):
            on = question.first + timedelta(number)
            progress(rules.name, on)
            known_at = self._end_of(on) if question.known is Known.THEN else None
            asked = Asked(self._tenant, self._options, on, in_past=True, known_at=known_at)
            for credit_class in rules.classes:
                schedule = credit_class.schedule
                due = schedule is None or on.isoweekday() in schedule.days
                of_class = rules.of_class.get(credit_class.class_id, ())
                if of_class and (due or question.every_day):
                    evaluation = simulated_run(
                        self._connection,
                        asked,
                        credit_class,
                        actions,
                        rules=of_class,
                        everyone=question.everyone,
                    )
                    runs.append(SimulatedRun(credit_class.class_id, on, evaluation.done))
        told = [
            SimulatedRule(
                one.class_id,
                rule.document.rule_id,
                rule.document.name,
                fed_by_actions(rule.document.view, condition_of(rule)),
            )
            for one in rules.classes
            for rule in rules.of_class.get(one.class_id, ())
        ]
        return Simulation(
            rules.name, question.first, question.last, question.known, told, runs, actions.issues
        )


def simulated_run(
    connection: Connection[Any],
    asked: Asked,
    credit_class: CreditClassDocument,
    actions: SimulatedActions,
    *,
    rules: Sequence[RuleInForce],
    everyone: bool = False,
    goes_on: bool = False,
    read_position: int = 0,
    actions_max: int = ACTIONS_MAX,
) -> Evaluation:
    """Return what the rules of a class do on the as-of date, and remember it in `actions`.

    A simulation that `goes_on` from what really was counts all contacts that are recorded; one
    that begins anew only those that people made without a rule.
    """
    class_id = credit_class.class_id
    past = SimulatedPast(connection, asked, class_id, actions, goes_on=goes_on)
    evaluation = evaluate(
        connection,
        asked,
        credit_class,
        read_position=read_position,
        actions_max=actions_max,
        rules=rules,
        past=past,
        everyone=everyone,
    )
    plan = evaluation.plan
    accounts = {
        one.account for one in plan.actions if rules[one.rule].document.view is RuleView.ACCOUNT
    }
    amounts = _open_of(connection, asked, sorted(accounts))
    actions.add(class_id, rules, plan, asked.as_of, amounts)
    return evaluation


def _open_of(
    connection: Connection[Any], asked: Asked, accounts: Sequence[Account]
) -> dict[Account, tuple[str, Decimal]]:
    """Return what accounts have open in all, in home currency, with the currency."""
    columns = ("company_id", "cust_id", "home_curr_id", "total_age")
    found: dict[Account, tuple[str, Decimal]] = {}
    for start in range(0, len(accounts), KEYS_MAX):
        query = by_key(Listing(ACCOUNT_VIEW, asked, columns), accounts[start : start + KEYS_MAX])
        told = Query(query.statement, query.parameters, lambda *values: values)
        for company_id, cust_id, currency, amount in fetch(connection, told):
            found[company_id, cust_id] = currency, amount
    return found


def _drafted(connection: Connection[Any], asked: Asked, draft: Draft) -> Rules:
    """Return a draft as it is evaluated, checked as if it were put into force.

    Raises:
        Refused: if a part of it cannot be.
    """
    strategy = draft.strategy
    if len(strategy.rules) > RULES_MAX:
        message = f"The draft has {len(strategy.rules):,} rules; at most {RULES_MAX} can be tried."
        raise Refused("strategy_too_large", message, "strategy")
    types = dict(fetch(connection, activity_types(asked)))
    codes = {one.code: one for one in fetch(connection, action_codes(asked))}
    classes = {one.class_id: one for one in fetch(connection, credit_classes(asked))}
    for code in strategy.action_codes:
        with _named("Action code", code.code):
            defined = DefineActionCode(code, defined_type=types.get(code.activity_type))
            ACTION_CODE.decide(defined, ACTION_CODE.initial)
        codes[code.code] = code
    for one in strategy.credit_classes:
        with _named("Credit class", one.class_id):
            CREDIT_CLASS.decide(DefineCreditClass(one), CREDIT_CLASS.initial)
        classes[one.class_id] = one
    rules: list[RuleInForce] = []
    for document in strategy.rules:
        with _named("Rule", document.rule_id):
            rules.append(_rule(document, codes, types))
    users = {one.user_id: one for one in fetch(connection, users_named(asked, rules))}
    for rule in rules:
        with _named("Rule", rule.document.rule_id):
            _check(rule, class_defined=rule.document.class_id in classes, users=users)
    of_class: dict[str, list[RuleInForce]] = {}
    for rule in sorted(rules, key=lambda one: one.order):
        of_class.setdefault(rule.document.class_id, []).append(rule)
    told = {one.class_id for one in strategy.credit_classes} | set(of_class)
    return Rules(draft.name, [classes[one] for one in sorted(told)], of_class)


@contextmanager
def _named(kind: str, name: str) -> Generator[None]:
    """Let a refusal tell the part of a draft at which it arose."""
    try:
        yield
    except Refused as refusal:
        where = f" ({refusal.field})" if refusal.field else ""
        message = f"{kind} {name}{where}: {refusal.message}"
        raise Refused(refusal.code, message, "strategy") from refusal


def _rule(
    document: RuleDocument,
    codes: Mapping[str, ActionCodeDocument],
    types: Mapping[str, ActivityTypeFacts],
) -> RuleInForce:
    """Return a rule of a draft; its version is 0."""
    code = codes.get(document.action_code)
    if code is None:
        message = f"There is no action code {document.action_code}."
        raise Refused("action_code_unknown", message, "actionCode")
    activity_type = types.get(code.activity_type)
    if activity_type is None:
        standard_type = standard_type_of(code.activity_type)
        assert standard_type is not None, code  # it was checked with the code
        activity_type = ActivityTypeFacts(standard_type, None)
    rule = RuleInForce(document, 0, code, activity_type)
    condition_of(rule)
    return rule


def _check(rule: RuleInForce, *, class_defined: bool, users: Mapping[str, UserFacts]) -> None:
    """Check a rule of a draft as if it were put into force."""
    document, code = rule.document, rule.code
    command = DefineRule(
        document,
        confirmed=True,
        class_defined=class_defined,
        code=ActionCodeFacts(code.code, code.attach_invoices),
        override_user=users.get(document.override_user_id or ""),
        follow_up_user=users.get(document.follow_up_user_id or ""),
    )
    RULE.decide(command, RULE.initial)
