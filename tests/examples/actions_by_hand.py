"""What rules did to a ledger, folded from the log in plain Python, and what must hold of it.

Nothing of the engine is used: neither its statements nor its read models nor its deciders. The log
alone is read, event by event, and each action is held to what the log had said by then.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from domain.action_code import ActionCodeChanged, ActionCodeDefined, ActionCodeDocument
from domain.activity import (
    ActivityCompleted,
    ActivityRecorded,
    ActivityWithdrawn,
    InvoicesTagged,
)
from domain.credit_class import CreditClassChanged, CreditClassDefined
from domain.invoice import (
    InvoiceAmended,
    InvoiceBalanceReconciled,
    InvoiceRegistered,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.issue import (
    IssueConditionLapsed,
    IssueExtended,
    IssueOpened,
    IssueResolved,
    Resolver,
    RuleOrigin,
)
from domain.rule import RuleDefined, RuleDocument
from domain.rule_run import RuleOutcome, RuleRunCompleted
from domain.shared.standard_type import StandardType
from eventstore.log import Recorded

Key = tuple[str, str]
"""The key of an account or of a document."""

ACCOUNT = ""
"""The subject of a rule that is about accounts."""


@dataclass
class Document:
    """A document: on which account, from when on, and what changed its balance when."""

    cust_id: str
    amount: Decimal
    since: date
    applied: dict[str, tuple[date, Decimal]] = field(default_factory=dict)
    unexplained: list[tuple[date, Decimal]] = field(default_factory=list)

    def balance(self, on: date) -> Decimal:
        """What is open of it on a date."""
        if on < self.since:
            return Decimal(0)
        lowered = (*self.applied.values(), *self.unexplained)
        return self.amount - sum(amount for when, amount in lowered if when <= on)


@dataclass
class Issue:
    """An issue of a rule, the subjects of which its condition still holds, and its activity."""

    opened: IssueOpened
    origin: RuleOrigin
    live: set[str]
    resolved: bool = False
    activity_id: str | None = None


@dataclass
class Activity:
    """An activity of a rule; a letter is one that the software carries out by itself."""

    recorded: ActivityRecorded
    is_letter: bool
    completed_on: date | None = None
    withdrawn: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still to be carried out."""
        return self.completed_on is None and not self.withdrawn


class ByHand:
    """The ledger and the actions as the log tells them; `wrong` is what may not be."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self.codes: dict[str, ActionCodeDocument] = {}
        self.rules: dict[Key, RuleDocument] = {}
        self.frequencies: dict[str, int] = {}
        self.documents: dict[Key, Document] = {}
        self.issues: dict[str, Issue] = {}
        self.activities: dict[str, Activity] = {}
        self.runs: dict[tuple[str, date], dict[str, RuleOutcome]] = {}
        self._open: dict[str, Issue] = {}
        self._waiting: dict[str, Activity] = {}
        self._of_account: dict[tuple[Key, Key], list[str]] = defaultdict(list)
        self._letters: dict[Key, list[str]] = defaultdict(list)
        self._contacts: dict[Key, list[str]] = defaultdict(list)
        self._did: dict[tuple[str, date], Counter[tuple[str, str]]] = defaultdict(Counter)

    def fold(self, events: Iterable[Recorded]) -> None:
        """Go on by events, in the order of the log."""
        for one in events:
            self._fold(one)

    def letters_due(self, on: date) -> Iterator[str]:
        """Give the letters that are to be sent on a date, or were before."""
        for one in self._waiting.values():
            due = one.recorded.due_on
            if one.is_letter and due is not None and due <= on:
                yield one.recorded.activity_id

    def calls_to_make(self, on: date) -> Iterator[str]:
        """Give the open activities that people carry out and that were made on a date."""
        for one in self._waiting.values():
            if not one.is_letter and one.recorded.entered_on == on:
                yield one.recorded.activity_id

    def day_is_over(self, on: date) -> None:
        """See that nothing is left open on a date that has lost its reason."""
        for issue in self._open.values():
            rule = self.rules[issue.origin.class_id, issue.origin.rule_id]
            if not rule.auto_close:
                continue
            if not issue.live:
                self._say(issue.opened.issue_id, "is open on", on, "without a subject")
            for tran_id in issue.live - {ACCOUNT}:
                if not self.documents[issue.opened.company_id, tran_id].balance(on):
                    self._say(issue.opened.issue_id, "is open on", on, "though paid is", tran_id)

    def _say(self, *words: object) -> None:
        self.wrong.append(" ".join(str(one) for one in words))

    def _fold(self, recorded: Recorded) -> None:
        event = recorded.event
        match event:
            case InvoiceRegistered(document, since):
                key = document.company_id, document.tran_id
                self.documents[key] = Document(document.cust_id, document.amount, since)
            case InvoiceAmended(document, since):
                known = self.documents[document.company_id, document.tran_id]
                known.cust_id, known.amount, known.since = (
                    document.cust_id,
                    document.amount,
                    since,
                )
            case PaymentApplied(company_id, tran_id, payment_id, amount):
                applied = self.documents[company_id, tran_id].applied
                applied[payment_id] = event.applied_on, amount
            case PaymentUnapplied(company_id, tran_id, payment_id):
                del self.documents[company_id, tran_id].applied[payment_id]
            case InvoiceBalanceReconciled(unexplained):
                _, company_id, tran_id = recorded.stream.split("/")
                self.documents[company_id, tran_id].unexplained = [
                    (one.effective_on, one.amount) for one in unexplained
                ]
            case ActionCodeDefined(document) | ActionCodeChanged(document):
                self.codes[document.code] = document
            case RuleDefined(document=document):
                self.rules[document.class_id, document.rule_id] = document
            case CreditClassDefined(document) | CreditClassChanged(document):
                self.frequencies[document.class_id] = document.frequency_days
            case RuleRunCompleted(class_id, business_date, _, rules):
                self._ran(class_id, business_date, rules)
            case _:
                self._act(recorded)

    def _act(self, recorded: Recorded) -> None:
        event = recorded.event
        id_ = recorded.stream.partition("/")[2]
        match event:
            case IssueOpened(origin=RuleOrigin()):
                self._opened(event)
            case IssueExtended():
                self._extended(id_, event)
            case IssueConditionLapsed(_, tran_ids):
                self.issues[id_].live -= set(tran_ids or (ACCOUNT,))
            case IssueResolved():
                self._resolved(id_, event)
            case ActivityRecorded(issue_id=str()):
                self._recorded(event)
            case InvoicesTagged(tags=tags):
                self.counts["tags"] += len(tags)
            case ActivityCompleted(completed_on):
                activity = self.activities[id_]
                activity.completed_on = completed_on
                if self._waiting.pop(id_, None) is None:
                    self._say(id_, "was carried out, though nobody waited for it")
            case ActivityWithdrawn(withdrawn_on, reason):
                activity = self.activities[id_]
                activity.withdrawn = True
                del self._waiting[id_]
                self.counts["withdrawn"] += 1
                issue_id = activity.recorded.issue_id
                if issue_id is not None and not self.issues[issue_id].resolved:
                    self._say(id_, "was withdrawn, though open is", issue_id)
                if not reason:
                    self._say(id_, "was withdrawn on", withdrawn_on, "for no reason")
            case _:
                pass

    def _opened(self, event: IssueOpened) -> None:
        origin = event.origin
        assert origin is not None
        rule = self.rules[origin.class_id, origin.rule_id]
        account = event.company_id, event.cust_id
        key = (origin.class_id, origin.rule_id), account
        subjects = set(event.tran_ids) or {ACCOUNT}
        self.counts["created"] += 1
        self._did[origin.class_id, event.opened_on]["created", origin.rule_id] += 1
        if not event.reason:
            self._say(event.issue_id, "was opened without a reason")
        for tran_id in subjects - {ACCOUNT}:
            self._about(event.issue_id, account, tran_id, event.opened_on)
        for known in (self.issues[one] for one in self._of_account[key]):
            if not rule.create_if_exists:
                self._told_again(event.issue_id, known, subjects)
                waits = known.activity_id and self.activities[known.activity_id].is_open
                if not known.resolved and waits and ACCOUNT not in subjects:
                    self._say(event.issue_id, "stands beside", known.opened.issue_id)
        if event.issue_id in self.issues:
            self._say(event.issue_id, "was opened twice")
        issue = Issue(event, origin, subjects)
        self.issues[event.issue_id] = self._open[event.issue_id] = issue
        self._of_account[key].append(event.issue_id)

    def _extended(self, issue_id: str, event: IssueExtended) -> None:
        issue = self.issues[issue_id]
        account = issue.opened.company_id, issue.opened.cust_id
        self.counts["extended"] += 1
        if issue.resolved:
            self._say(issue_id, "was extended, though it was resolved")
        for tran_id in event.tran_ids:
            self._about(issue_id, account, tran_id, event.extended_on)
        key = (issue.origin.class_id, issue.origin.rule_id), account
        for other in self._of_account[key]:
            self._told_again(issue_id, self.issues[other], set(event.tran_ids))
        issue.live |= set(event.tran_ids)

    def _about(self, issue_id: str, account: Key, tran_id: str, on: date) -> None:
        """See that a document is on the account, and that something is open of it."""
        document = self.documents[account[0], tran_id]
        if document.cust_id != account[1]:
            self._say(issue_id, "is about", tran_id, "of another account")
        if document.balance(on) <= 0:
            self._say(issue_id, "is about", tran_id, "which was paid on", on)

    def _told_again(self, issue_id: str, known: Issue, subjects: set[str]) -> None:
        for twice in sorted(known.live & subjects):
            self._say(issue_id, "tells", twice, "again, which", known.opened.issue_id, "told")

    def _resolved(self, issue_id: str, event: IssueResolved) -> None:
        issue = self.issues[issue_id]
        issue.resolved = True
        del self._open[issue_id]
        if event.resolved_by is not Resolver.SOFTWARE:
            return
        self.counts["closed"] += 1
        self._did[issue.origin.class_id, event.resolved_on]["closed", issue.origin.rule_id] += 1
        if not event.resolution:
            self._say(issue_id, "was closed without a reason")
        if issue.live:
            self._say(issue_id, "was closed, though its condition holds of", sorted(issue.live))

    def _recorded(self, event: ActivityRecorded) -> None:
        assert event.issue_id is not None
        assert event.action_code is not None
        issue, code = self.issues[event.issue_id], self.codes[event.action_code]
        account = event.company_id, event.cust_id
        is_letter = event.standard_type is StandardType.EMAIL_SENT and bool(
            code.email_template or code.report_template
        )
        frequency = self.frequencies[issue.origin.class_id]
        if issue.activity_id is not None:
            self._say(event.issue_id, "has two activities")
        if is_letter:
            self._planned(event, account, frequency)
        issue.activity_id = event.activity_id
        activity = Activity(event, is_letter)
        self.activities[event.activity_id] = self._waiting[event.activity_id] = activity
        if code.cust_contact:
            self._contacts[account].append(event.activity_id)
        if is_letter:
            self.counts["letters"] += 1
            self._letters[account].append(event.activity_id)

    def _planned(self, event: ActivityRecorded, account: Key, frequency: int) -> None:
        """See that a letter goes out so many days after the contacts that are known by then."""
        assert event.due_on is not None
        contacts = (self.activities[one] for one in self._contacts[account])
        for one in contacts:
            planned = one.recorded.due_on if one.is_letter and not one.withdrawn else None
            on = one.completed_on or planned
            if on is not None and event.due_on < on + timedelta(frequency):
                self._say(event.activity_id, "goes out on", event.due_on, "after a contact on", on)
        if event.due_on > event.entered_on:
            self.counts["delayed"] += 1

    def _ran(self, class_id: str, on: date, rules: tuple[RuleOutcome, ...]) -> None:
        """See that a run tells of each rule what the log says that it did."""
        self.runs[class_id, on] = {one.rule_id: one for one in rules}
        self.counts["runs"] = len(self.runs)
        did = self._did[class_id, on]
        for name, count_of in (("created", _created), ("closed", _closed)):
            told = {one.rule_id: count_of(one) for one in rules if count_of(one)}
            found = {rule_id: count for (what, rule_id), count in did.items() if what == name}
            if told != found:
                self._say(class_id, on, "tells", name, told, "and did", found)

    def letters_too_soon(self) -> Iterator[str]:
        """Give the letters that were sent too soon after another one to the same customer."""
        for account, ids in sorted(self._letters.items()):
            sent = sorted(filter(None, (self.activities[one].completed_on for one in ids)))
            frequency = timedelta(max(self.frequencies.values()))
            for before, after in pairwise(sent):
                if after - before < frequency:
                    yield f"{account} got letters on {before} and {after}"


def _created(outcome: RuleOutcome) -> int:
    return outcome.created


def _closed(outcome: RuleOutcome) -> int:
    return outcome.closed
