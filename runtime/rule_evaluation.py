"""What the rules of a class say on a date, read from the read models: the plan of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from domain.conditions import Condition
from domain.credit_class import CreditClassDocument
from domain.issue import ACCOUNT
from domain.rule_plan import (
    ACTIONS_MAX,
    Account,
    Begun,
    Lapsed,
    LapseKind,
    OpenAction,
    Plan,
    RuleInForce,
    Situation,
    planned,
)
from domain.rule_run import RuleOutcome
from domain.rule_situation import Made, Past, Subject
from domain.rule_view import RuleView
from projections.query import fetch
from projections.rule_records import class_of, record_key, values_of, why_not
from projections.rule_scan import RULES_MAX, Changed, Scan, ScannedRule, changes, later_changes
from projections.rule_views import checked_filter
from projections.rule_words import CaseInWords
from projections.rules_in_force import rules_in_force, users_named
from projections.view import Asked
from projections.work_calendars import set_calendars
from runtime.rule_past import KEYS_MAX, RecordedPast


class Evaluation(Struct, frozen=True):
    """The rules of a class on a date, and what a run does about them.

    `made` says what the rules did for the date already.
    """

    credit_class: CreditClassDocument
    rules: Sequence[RuleInForce]
    plan: Plan
    made: Sequence[Made]

    @property
    def done(self) -> tuple[RuleOutcome, ...]:
        """What each rule does now, in order."""
        plan = self.plan
        created = Counter(one.rule for one in plan.actions)
        extended = Counter(one.rule for one in plan.extensions)
        closed = Counter(one.rule for one in plan.lapses if one.closes)
        delayed = Counter(one.rule for one in plan.actions if one.delayed)
        return tuple(
            RuleOutcome(
                rule.document.rule_id,
                rule.version,
                created[place],
                extended[place],
                closed[place],
                delayed[place],
                plan.held.get(place, 0),
            )
            for place, rule in enumerate(self.rules)
        )

    def outcomes(self, before: Mapping[str, RuleOutcome]) -> tuple[RuleOutcome, ...]:
        """Return what each rule did for the date: now, and in firings `before`."""
        opened = Counter(one.rule_id for one in self.made if one.opened)
        closed = Counter(one.rule_id for one in self.made if one.closed)
        nothing = RuleOutcome("", 0)
        return tuple(
            replace(
                now,
                created=opened[now.rule_id] + now.created,
                extended=before.get(now.rule_id, nothing).extended + now.extended,
                closed=closed[now.rule_id] + now.closed,
                delayed=before.get(now.rule_id, nothing).delayed + now.delayed,
            )
            for now in self.done
        )


def evaluate(
    connection: Connection[Any],
    asked: Asked,
    credit_class: CreditClassDocument,
    *,
    read_position: int,
    actions_max: int = ACTIONS_MAX,
    closing_only: bool = False,
    rules: Sequence[RuleInForce] | None = None,
    past: Past | None = None,
    everyone: bool = False,
) -> Evaluation:
    """Return what the rules of a class do on the as-of date.

    With `closing_only` nothing is created: only what lapsed is looked at. Other `rules` than those
    in force, another `past` than the one that is recorded, and `everyone` in the class are what a
    simulation asks for.
    """
    class_id = credit_class.class_id
    (later,) = fetch(connection, later_changes(asked))
    asked = replace(asked, settled=not later)
    if rules is None:
        rules = fetch(connection, rules_in_force(asked, class_id))
    if past is None:
        past = RecordedPast(connection, asked, class_id)
    changed: list[tuple[Sequence[int], Changed]] = []
    for places in _scans(rules):
        scan = _scan(
            asked,
            class_id,
            rules,
            places,
            past,
            told_only=closing_only,
            everyone=everyone,
        )
        changed += ((places, one) for one in fetch(connection, changes(scan)))
    begun = (
        []
        if closing_only
        else [
            Begun(places[bit], (one.company_id, one.cust_id), one.care, one.document, one.values)
            for places, one in changed
            for bit in one.begun
        ]
    )
    lapsed = _lapsed(
        connection,
        asked,
        None if everyone else class_id,
        rules,
        past,
        [
            (places[bit], Subject(rules[places[bit]].document.rule_id, *_key(one)))
            for places, one in changed
            for bit in one.lapsed
        ],
    )
    made = past.made()
    users = fetch(connection, users_named(asked, rules)) if begun else []
    calendars = fetch(connection, set_calendars(asked.tenant, asked.known_at)) if begun else []
    situation = Situation(
        credit_class,
        asked.as_of,
        read_position,
        rules,
        [CaseInWords(condition_of(rule)).of for rule in rules],
        asked.options.auto_close,
        asked.options.default_days_to_respond,
        {one.company_id: one.calendar for one in calendars},
        frozenset(one.issue_id for one in made if one.opened),
        past.last_contacts(sorted({one.account for one in begun if rules[one.rule].automated})),
        _open_actions(past, rules, begun),
        {one.user_id: one for one in users},
        actions_max,
    )
    return Evaluation(credit_class, rules, planned(situation, begun, lapsed), made)


def _key(one: Changed) -> tuple[str, str, str]:
    return one.company_id, one.cust_id, one.tran_id


def _scans(rules: Sequence[RuleInForce]) -> list[list[int]]:
    """Return the places of rules that are scanned together."""
    scans: list[list[int]] = []
    for view in RuleView:
        places = [place for place, rule in enumerate(rules) if rule.document.view is view]
        scans += (places[start : start + RULES_MAX] for start in range(0, len(places), RULES_MAX))
    return scans


def _scan(
    asked: Asked,
    class_id: str,
    rules: Sequence[RuleInForce],
    places: Sequence[int],
    past: Past,
    *,
    told_only: bool,
    everyone: bool,
) -> Scan:
    scanned = tuple(
        ScannedRule(
            rules[place].document.rule_id,
            condition_of(rules[place]),
            rules[place].document.create_if_exists,
        )
        for place in places
    )
    told = past.told([one.rule_id for one in scanned], [one.repeats for one in scanned])
    return Scan(
        asked,
        class_id,
        rules[places[0]].document.view,
        scanned,
        told_only,
        None if told is None else tuple(told),
        everyone,
    )


def condition_of(rule: RuleInForce) -> Condition:
    """Return the condition of a rule."""
    return checked_filter(rule.document.view, rule.document.filter)


def _open_actions(
    past: Past, rules: Sequence[RuleInForce], begun: Sequence[Begun]
) -> dict[tuple[int, Account], OpenAction]:
    """Return the open actions that what began may join."""
    places = {
        rules[one.rule].document.rule_id: one.rule for one in begun if one.document is not None
    }
    accounts = sorted({one.account for one in begun if one.document is not None})
    return {
        (places[rule_id], account): action
        for (rule_id, account), action in past.open_actions(sorted(places), accounts).items()
    }


def _lapsed(
    connection: Connection[Any],
    asked: Asked,
    class_id: str | None,
    rules: Sequence[RuleInForce],
    past: Past,
    subjects: Sequence[tuple[int, Subject]],
) -> list[Lapsed]:
    """Return the issues of the subjects that lapsed, each with the reason of its first one.

    Without a class everyone is in it.
    """
    reasons = _reasons(connection, asked, class_id, rules, subjects)
    places = {subject.rule_id: place for place, subject in subjects}
    found: list[Lapsed] = []
    for one in past.lapsing([subject for _, subject in subjects]):
        first = Subject(one.rule_id, one.company_id, one.cust_id, one.tran_ids[0])
        kind, reason = reasons[first]
        found.append(
            Lapsed(
                places[one.rule_id],
                one.issue_id,
                tuple(tran_id for tran_id in one.tran_ids if tran_id != ACCOUNT),
                one.rest,
                tuple(one.activity_ids),
                reason,
                one.is_open,
                kind,
            )
        )
    return found


def _reasons(
    connection: Connection[Any],
    asked: Asked,
    class_id: str | None,
    rules: Sequence[RuleInForce],
    subjects: Sequence[tuple[int, Subject]],
) -> dict[Subject, tuple[LapseKind, str]]:
    """Return why the conditions of rules hold no longer of subjects, each in a sentence."""
    found: dict[Subject, tuple[LapseKind, str]] = {}
    for view in RuleView:
        of_view = [one for one in subjects if rules[one[0]].document.view is view]
        for start in range(0, len(of_view), KEYS_MAX):
            page = of_view[start : start + KEYS_MAX]
            conditions = {place: condition_of(rules[place]) for place, _ in page}
            keys = sorted({record_key(*_subject(one)) for _, one in page})
            asked_for = values_of(asked, view, list(conditions.values()), keys)
            values = dict(fetch(connection, asked_for))
            for place, one in page:
                known = values.get(record_key(*_subject(one)))
                found[one] = _reason(asked, class_id, view, conditions[place], one, known)
    return found


def _subject(one: Subject) -> tuple[str, str, str]:
    return one.company_id, one.cust_id, one.tran_id


def _reason(
    asked: Asked,
    class_id: str | None,
    view: RuleView,
    condition: Condition,
    subject: Subject,
    values: Mapping[str, Any] | None,
) -> tuple[LapseKind, str]:
    """Return why a rule's condition holds no longer of a subject."""
    if values is None:
        return LapseKind.GONE, "There is no such record on the date."
    if view is RuleView.INVOICE:
        if values["cust_id"] != subject.cust_id:
            moved = f"The document is on account {values['cust_id']} now."
            return LapseKind.OTHER_ACCOUNT, moved
        if not values["whole_balance"]:
            return LapseKind.PAID, "The document is paid."
    own_class = class_of(view, values) or asked.options.default_credit_class_id
    if class_id is not None and own_class != class_id:
        return LapseKind.OTHER_CLASS, "The account is of another credit class now."
    return LapseKind.CONDITION, why_not(condition, values)
