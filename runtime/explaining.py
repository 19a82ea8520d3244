"""Why there is an action, and why there is none: told from the log, as it was known then.

An action is explained by the version of the rule that made it, on the date for which it was made,
from what the run had read: each value that the condition looks at, with the event that established
it. What is missing is explained by the first thing that stood in the way.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from domain.conditions import (
    Condition,
    comparisons,
    described,
    first_failing,
)
from domain.rule import RuleDocument
from domain.rule_view import RuleView
from domain.shared.decider import Refused
from domain.shared.streams import stream_name
from projections.query import fetch
from projections.rule_evidence import (
    Evidence,
    established_by,
    events_of,
    last_event,
    moment_of,
    sources_of,
    streams_of_records,
)
from projections.rule_explaining import (
    MadeIssue,
    RuleKnown,
    made_issue,
    open_subject,
    rule_known,
    rule_version,
    run_known,
)
from projections.rule_records import class_of, record_key, value_words, values_of
from projections.rule_views import checked_filter
from projections.rule_words import CaseInWords, asked_in_words
from projections.view import Asked
from runtime.site import site_options

SUBJECTS_TOLD_MAX = 50
"""Documents of one action that are explained, at most."""


class Fact(Struct, frozen=True):
    """A value that a condition looks at: of which document, if not of the account.

    `conditions` are what the rule asks of it in words, `established_by` the last event of those
    that it is made of; None where the log holds none.
    """

    tran_id: str | None
    field: str
    value: Any
    conditions: Sequence[str]
    established_by: Evidence | None


class ActionExplained(Struct, frozen=True):
    """Why there is an action."""

    issue: MadeIssue
    rule: RuleDocument
    known_at: datetime
    facts: Sequence[Fact]
    sentence: str


class Reason(StrEnum):
    """Why there is no action."""

    RULE_UNKNOWN = "rule_unknown"
    RULE_RETIRED = "rule_retired"
    RECORD_UNKNOWN = "record_unknown"
    OTHER_CLASS = "other_class"
    NOT_OPEN = "not_open"
    CONDITION = "condition"
    OPEN_ALREADY = "open_already"
    HELD_EVER_SINCE = "held_ever_since"
    NOT_RUN = "not_run"
    TOO_MANY = "too_many"
    NOT_ABSENT = "not_absent"
    NOT_YET = "not_yet"


class AbsenceExplained(Struct, frozen=True):
    """Why a rule made no action of a subject for a date: the first thing that stood in the way.

    `failing` is the first part of the condition that does not hold, in words, and `facts` what it
    looks at; `issue_id` an issue that there is.
    """

    reason: Reason
    sentence: str
    rule_version: int | None = None
    failing: str | None = None
    facts: Sequence[Fact] = ()
    issue_id: str | None = None


class Subject(Struct, frozen=True):
    """A subject of a rule: an account, or a document on it."""

    company_id: str
    cust_id: str
    tran_id: str = ""

    @property
    def words(self) -> str:
        """What it is called."""
        if self.tran_id:
            return f"document {self.tran_id} of company {self.company_id}"
        return f"account {self.cust_id} of company {self.company_id}"


class Explainer:
    """Explains actions of one tenant, on a connection that reads."""

    def __init__(self, connection: Connection[Any], tenant: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._options = site_options(connection, tenant)

    def action(self, issue_id: str) -> ActionExplained:
        """Return why there is an issue.

        Raises:
            Refused: if there is none, or no rule opened it.
        """
        found = fetch(self._connection, made_issue(self._asked(date.max), issue_id))
        if not found:
            raise Refused("issue_not_of_rule", "No rule opened such an issue.", "issueId")
        issue = found[0]
        moments = fetch(self._connection, moment_of(self._tenant, issue.read_position))
        asked = self._asked(issue.opened_on, moments[0] if moments else None)
        rule = fetch(
            self._connection,
            rule_version(self._tenant, issue.class_id, issue.rule_id, issue.rule_version),
        )[0]
        condition = checked_filter(rule.view, rule.filter)
        subjects = [
            Subject(issue.company_id, issue.cust_id, tran_id)
            for tran_id in (issue.tran_ids or ("",))[:SUBJECTS_TOLD_MAX]
        ]
        facts: list[Fact] = []
        for one in subjects:
            facts += self._facts(asked, rule.view, condition, one, issue.read_position)
        moment = moments[0] if moments else issue.known_from
        values = self._values(asked, rule.view, condition, subjects[0]) or {}
        return ActionExplained(issue, rule, moment, facts, _why(issue, rule, condition, values))

    def absence(
        self, class_id: str, rule_id: str, subject: Subject, business_date: date
    ) -> AbsenceExplained:
        """Return why a rule made no action of a subject for a date."""
        asked = self._asked(business_date)
        known = fetch(self._connection, rule_known(asked, class_id, rule_id))
        if not known:
            sentence = f"Class {class_id} has no rule {rule_id}."
            return AbsenceExplained(Reason.RULE_UNKNOWN, sentence)
        if not known[0].active:
            sentence = f"The rule {rule_id} is retired."
            return AbsenceExplained(Reason.RULE_RETIRED, sentence, known[0].version)
        told = self._of_condition(asked, known[0], subject) or self._of_run(
            asked, known[0], subject
        )
        return replace(told, rule_version=known[0].version)

    def _of_condition(
        self, asked: Asked, known: RuleKnown, subject: Subject
    ) -> AbsenceExplained | None:
        """Return what of the subject itself stands in the way; None if nothing does."""
        rule = known.document
        condition = checked_filter(rule.view, rule.filter)
        values = self._values(asked, rule.view, condition, subject)
        if values is None:
            sentence = f"There is no {subject.words} on {asked.as_of}."
            return AbsenceExplained(Reason.RECORD_UNKNOWN, sentence)
        of_class = class_of(rule.view, values) or self._options.default_credit_class_id
        if of_class != rule.class_id:
            sentence = f"The account is of the class {of_class or 'none'}, not {rule.class_id}."
            return AbsenceExplained(Reason.OTHER_CLASS, sentence)
        if rule.view is RuleView.INVOICE and not values["whole_balance"]:
            sentence = f"Nothing is open of {subject.words} on {asked.as_of}."
            return AbsenceExplained(Reason.NOT_OPEN, sentence)
        failing = first_failing(condition, values)
        if failing is None:
            return None
        position = self._head()
        facts = self._facts(asked, rule.view, failing, subject, position)
        told = ", ".join(map(_words, facts))
        sentence = f"The rule asks that {described(failing)}, and found {told}."
        return AbsenceExplained(Reason.CONDITION, sentence, failing=described(failing), facts=facts)

    def _of_run(self, asked: Asked, known: RuleKnown, subject: Subject) -> AbsenceExplained:
        """Return what of the rule's runs and issues stands in the way."""
        rule = known.document
        found = fetch(
            self._connection,
            open_subject(asked, rule.class_id, rule.rule_id, *_key(subject)),
        )
        if found:
            one = found[0]
            if one.since == asked.as_of:
                sentence = f"There is one: the issue {one.issue_number} was opened for it that day."
                return AbsenceExplained(Reason.NOT_ABSENT, sentence, issue_id=one.issue_id)
            if one.is_open and not rule.create_if_exists:
                sentence = (
                    f"The issue {one.issue_number}, opened for it on {one.since}, is still open."
                )
                return AbsenceExplained(Reason.OPEN_ALREADY, sentence, issue_id=one.issue_id)
            if not rule.create_if_exists:
                sentence = (
                    f"The issue {one.issue_number} was opened for it on {one.since}, and the"
                    " condition has held ever since: it must fail once before the rule does"
                    " anything again."
                )
                return AbsenceExplained(Reason.HELD_EVER_SINCE, sentence, issue_id=one.issue_id)
        runs = fetch(self._connection, run_known(asked, rule.class_id))
        if not runs:
            sentence = f"The rules of {rule.class_id} were not run for {asked.as_of}."
            return AbsenceExplained(Reason.NOT_RUN, sentence)
        outcome = next((one for one in runs[0] if one.rule_id == rule.rule_id), None)
        if outcome is None or outcome.version != known.version:
            sentence = f"This version of the rule was not run for {asked.as_of}."
            return AbsenceExplained(Reason.NOT_RUN, sentence)
        if outcome.held:
            sentence = (
                f"The rule would have made {outcome.held:,} actions at once and made none; the run"
                " must be confirmed."
            )
            return AbsenceExplained(Reason.TOO_MANY, sentence)
        sentence = (
            "Its condition holds by what is known now, which is more than the run had read."
            " Run again for the date, the rule makes it."
        )
        return AbsenceExplained(Reason.NOT_YET, sentence)

    def _asked(self, as_of: date, known_at: datetime | None = None) -> Asked:
        return Asked(self._tenant, self._options, as_of, in_past=True, known_at=known_at)

    def _head(self) -> int:
        row = self._connection.execute(
            "SELECT position FROM heads WHERE tenant = %s", (self._tenant,)
        ).fetchone()
        return row[0] if row else 0

    def _values(
        self, asked: Asked, view: RuleView, condition: Condition, subject: Subject
    ) -> dict[str, Any] | None:
        keys = [record_key(*_key(subject))]
        return dict(fetch(self._connection, values_of(asked, view, [condition], keys))).get(keys[0])

    def _facts(
        self, asked: Asked, view: RuleView, condition: Condition, subject: Subject, until: int
    ) -> list[Fact]:
        """Return the values that a condition looks at, each with the event behind it."""
        values = self._values(asked, view, condition, subject)
        if values is None:
            return []
        return [
            Fact(
                subject.tran_id or None,
                name,
                values.get(name),
                [described(one) for one in comparisons(condition) if one.field == name],
                self._evidence(view, name, subject, until),
            )
            for name in dict.fromkeys(one.field for one in comparisons(condition))
        ]

    def _evidence(self, view: RuleView, name: str, subject: Subject, until: int) -> Evidence | None:
        """Return the last event of those that a value is made of, up to a position."""
        found: list[Evidence] = []
        for source in sources_of(view, name):
            if source.table is None:
                own_id = (
                    subject.tran_id if source.decider.category == "invoice" else subject.cust_id
                )
                stream = stream_name(source.decider.category, subject.company_id, own_id)
                told = fetch(self._connection, events_of(self._tenant, stream, until))
                one = established_by(source.read_model, told, source.columns)
                found += [] if one is None else [one]
            else:
                records = streams_of_records(self._tenant, source, *_key(subject))
                streams = fetch(self._connection, records)
                found += fetch(self._connection, last_event(self._tenant, streams, until))
        return max(found, key=lambda one: one.position, default=None)


def _key(subject: Subject) -> tuple[str, str, str]:
    return subject.company_id, subject.cust_id, subject.tran_id


def _words(fact: Fact) -> str:
    return value_words(fact.field, fact.value)


def _why(
    issue: MadeIssue, rule: RuleDocument, condition: Condition, values: Mapping[str, Any]
) -> str:
    """Return why there is an issue as a person would say it, by the values of its first subject."""
    told = CaseInWords(condition).of(values)
    if issue.tran_ids:
        further = len(issue.tran_ids) - 1
        told = f"{issue.tran_ids[0]}, {told}"
        if further:
            told += f"; and {further:,} more {'document' if further == 1 else 'documents'}"
    assigned = (
        f"It is assigned to {issue.assigned_user_id}."
        if issue.assigned_user_id
        else "Nobody in particular is assigned to it."
    )
    closed = f" It was resolved on {issue.resolved_on}." if issue.resolved_on else ""
    if issue.resolved_on and issue.resolution:
        closed = f" It was resolved on {issue.resolved_on}: {issue.resolution}"
    record = "a document" if issue.tran_ids else "an account"
    return (
        f"{issue.subject} for {issue.cust_name or issue.cust_id}, as of {issue.opened_on}: {told}."
        f" The rule \u201c{rule.name}\u201d ({rule.rule_id} of class {rule.class_id}, version"
        f" {issue.rule_version}) asks for it of {record} where {asked_in_words(condition)}."
        f" {assigned}{closed}"
    )
