"""What a run of rules does: a pure function from what is known on a date to commands.

A run is told of which subjects a rule's condition began to hold, and of which it holds no longer
(what is the case and was dealt with before is not told). It answers with actions to create, open
actions to extend by further documents, and subjects whose condition lapsed.

An action is an issue with an activity that resolves it. A rule makes one for an account on a date,
about all documents of which its condition began to hold (ACT-12); while its action is open, further
documents join it. Ids are derived from class, rule, account and date, so that the same run told
twice asks for the same.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from msgspec import Struct

from domain.action_code import ActionCodeDocument
from domain.activity import RecordActivity
from domain.credit_class import CreditClassDocument
from domain.issue import ExtendIssue, LapseIssue, OpenIssue, RuleOrigin
from domain.rule import RuleDocument
from domain.scheduling import FollowUp
from domain.shared.facts import (
    AccountFacts,
    ActivityTypeFacts,
    CareFacts,
    DocumentFacts,
    IssueFacts,
    UserFacts,
)
from domain.shared.on_account import INVOICES_MAX
from domain.shared.standard_type import StandardType
from domain.working_days import WorkCalendar, in_force

ACTIONS_MAX = 100_000
"""Actions that a rule makes in one run at most, unless somebody confirms that it may make more."""

Account = tuple[str, str]
"""The key of an account: its company and its id there."""


class RuleInForce(Struct, frozen=True):
    """A rule as a run evaluates it, with its action code and what type of activity that makes."""

    document: RuleDocument
    version: int
    code: ActionCodeDocument
    activity_type: ActivityTypeFacts

    @property
    def automated(self) -> bool:
        """Whether the software carries the action out itself: a letter made of a template."""
        has_template = self.code.email_template or self.code.report_template
        return bool(has_template) and self.activity_type.standard_type is StandardType.EMAIL_SENT

    @property
    def order(self) -> tuple[bool, int, str]:
        """Its place among others: by number, those outside the sequence last (RULE-07, RULE-08)."""
        return self.document.standalone, self.document.seq_no, self.document.rule_id


Told = Callable[[Mapping[str, Any]], str]
"""Says of the values that a condition looks at what was the case."""


class Begun(Struct, frozen=True, gc=False):
    """A rule's condition holds of a subject, of which nothing was made yet.

    `rule` is a place among the rules of the run. Without a document the account is the subject.
    `values` are those of the fields that the condition looks at.
    """

    rule: int
    account: Account
    care: CareFacts
    document: DocumentFacts | None = None
    values: Mapping[str, Any] = {}


class LapseKind(StrEnum):
    """Why a rule's condition holds no longer of a subject."""

    PAID = "paid"
    """Nothing is open of the document."""
    CONDITION = "condition"
    """A part of the condition fails."""
    OTHER_CLASS = "other_class"
    """Its account is of another credit class."""
    OTHER_ACCOUNT = "other_account"
    """The document is on another account."""
    GONE = "gone"
    """There is no such record."""


class Lapsed(Struct, frozen=True, gc=False):
    """A rule's condition holds no longer of subjects of an issue that it opened.

    `tran_ids` are empty where the account is the subject. `rest` says how many other subjects there
    are of which it still holds, `activity_ids` which activities of the issue are open, `reason` in
    a sentence why the condition does not hold, `kind` of which kind that is, and `is_open` whether
    the issue is to be resolved.
    """

    rule: int
    issue_id: str
    tran_ids: tuple[str, ...]
    rest: int
    activity_ids: tuple[str, ...]
    reason: str
    is_open: bool = True
    kind: LapseKind = LapseKind.CONDITION


class OpenAction(Struct, frozen=True, gc=False):
    """An open issue of a rule with an activity that is still to be carried out."""

    issue_id: str
    activity_id: str


class Situation(Struct, frozen=True):
    """What a run knows beside the subjects.

    `reasons` say of what a rule's condition looks at what was the case; `read_position` is how far
    the log was read, `made` are the issues that the rules of the class
    opened for the date already, `last_contacts` tell when customers were contacted last or will be
    by letters that are planned (RULE-21), `open_actions` what can be extended, by place of the rule
    and account; `calendars` are those of companies, and of the site under None; `users` are those
    that rules name.
    """

    credit_class: CreditClassDocument
    business_date: date
    read_position: int
    rules: Sequence[RuleInForce]
    reasons: Sequence[Told]
    auto_close: bool = False
    site_days: int = 0
    calendars: Mapping[str | None, WorkCalendar] = {}
    made: frozenset[str] = frozenset()
    last_contacts: Mapping[Account, date] = {}
    open_actions: Mapping[tuple[int, Account], OpenAction] = {}
    users: Mapping[str, UserFacts] = {}
    actions_max: int = ACTIONS_MAX


class Making(Struct, frozen=True):
    """What all actions have in common that a rule makes for accounts of a company on a date.

    `user` is whom the rule names, `follow_up_user` who follows up, if they still are users; `told`
    says why, `next_working_day` is the first day of work from the date on.
    """

    rule: RuleInForce
    business_date: date
    origin: RuleOrigin
    user: UserFacts | None
    follow_up: FollowUp
    follow_up_user: UserFacts | None
    site_days: int
    calendar: WorkCalendar
    next_working_day: date
    told: Told


class Action(Struct, frozen=True, gc=False):
    """An action to create: of a rule (its place), for an account, about documents that were found.

    Of an account, and of each document, its values; a letter is `delayed` if its customer was
    contacted too recently (RULE-20). The commands are made when they are asked for, as what is
    planned may be much and is often only counted.
    """

    rule: int
    making: Making
    account: Account
    members: Sequence[Begun]
    due_on: date
    delayed: bool = False

    @property
    def ids(self) -> tuple[str, str]:
        """The ids of its issue and of its activity."""
        return ids_of(self.making.rule.document, self.account, self.making.business_date)

    @property
    def documents(self) -> tuple[DocumentFacts, ...]:
        """All documents that it is about; none if it is about the account."""
        return tuple([one.document for one in self.members if one.document is not None])

    @property
    def tran_ids(self) -> tuple[str, ...]:
        """The ids of all documents that it is about."""
        return tuple([one.document.tran_id for one in self.members if one.document is not None])

    @property
    def user_id(self) -> str | None:
        """Who gets it: the user whom its rule names, else that of the account (RULE-15)."""
        user = self.making.user
        return self.members[0].care.assigned_user_id if user is None else user.user_id

    @property
    def reason(self) -> str:
        """What was the case, of the account or of the first document."""
        first, name = self.members[0], self.making.rule.document.name
        document = first.document
        if document is None:
            return f"{name}: {self.making.told(first.values)}."
        currencies = {"curr_id": document.curr_id, "home_curr_id": document.home_curr_id}
        told = f"{name}: {document.tran_id}, {self.making.told({**first.values, **currencies})}"
        further = len(self.members) - 1
        if not further:
            return f"{told}."
        total = sum((one.balance_hc for one in self.documents), Decimal(0))
        more = f"{further:,} more {'document' if further == 1 else 'documents'}"
        return f"{told}; and {more}, with {total:f} {document.home_curr_id} open in all."

    @property
    def commands(self) -> tuple[OpenIssue, RecordActivity]:
        """What opens its issue and records its activity, about the first documents."""
        making, account = self.making, self.account
        code, user, today = making.rule.code, making.user, making.business_date
        documents = self.documents[:INVOICES_MAX]
        tran_ids = tuple([one.tran_id for one in documents])
        care, facts = self.members[0].care, AccountFacts(*account, None)
        issue_id, activity_id = self.ids
        opened = OpenIssue(
            issue_id,
            *account,
            code.issue_description,
            today,
            code.priority,
            code.code,
            user and user.user_id,
            code.communication_note,
            tran_ids,
            making.origin,
            self.reason,
            account=facts,
            care=care,
            user=user,
            documents=documents,
        )
        recorded = RecordActivity(
            activity_id,
            *account,
            code.activity_type,
            today,
            issue_id,
            code.communication_note,
            self.due_on,
            user and user.user_id,
            action_code=code.code,
            priority=code.priority,
            tran_ids=tran_ids,
            follow_up=making.follow_up,
            by_rule=True,
            account=facts,
            care=care,
            site_days=making.site_days,
            defined_type=making.rule.activity_type,
            user=user,
            issue=IssueFacts(*account),
            documents=documents,
            calendar=making.calendar,
            follow_up_user=making.follow_up_user,
        )
        return opened, recorded

    @property
    def later(self) -> tuple[ExtendIssue, ...]:
        """What adds the documents beyond the first ones, page by page."""
        documents, tran_ids = self.documents, self.tran_ids
        pages = [
            slice(start, start + INVOICES_MAX)
            for start in range(INVOICES_MAX, len(documents), INVOICES_MAX)
        ]
        on = self.making.business_date
        return tuple(ExtendIssue(tran_ids[page], on, documents[page]) for page in pages)


class Extension(Struct, frozen=True, gc=False):
    """Documents that join an open action."""

    rule: int
    action: OpenAction
    documents: tuple[DocumentFacts, ...]


class Lapse(Struct, frozen=True, gc=False):
    """What to say to an issue whose condition lapsed.

    If it `closes`, its open activities have lost their reason, of some `kind`.
    """

    rule: int
    issue_id: str
    command: LapseIssue
    closes: bool
    activity_ids: tuple[str, ...]
    kind: LapseKind = LapseKind.CONDITION


class Plan(Struct, frozen=True):
    """What a run does; `held` says of rules how many actions they would have made, too many."""

    actions: Sequence[Action]
    extensions: Sequence[Extension]
    lapses: Sequence[Lapse]
    held: Mapping[int, int]


def planned(situation: Situation, begun: Sequence[Begun], lapsed: Sequence[Lapsed]) -> Plan:
    """Return what a run does about what began and what lapsed."""
    groups: dict[tuple[int, Account], list[Begun]] = {}
    for one in begun:
        groups.setdefault((one.rule, one.account), []).append(one)
    extensions: list[Extension] = []
    wanted: list[tuple[int, Account]] = []
    for key, members in groups.items():
        rule, account = key
        action = situation.open_actions.get(key)
        document = situation.rules[rule].document
        if action is not None and not document.create_if_exists:
            documents = tuple(one.document for one in members if one.document is not None)
            if documents:
                extensions.append(Extension(rule, action, documents))
        elif (
            not situation.made
            or ids_of(document, account, situation.business_date)[0] not in situation.made
        ):
            wanted.append(key)
    counts: dict[int, int] = {}
    for rule, _ in wanted:
        counts[rule] = counts.get(rule, 0) + 1
    held = {rule: count for rule, count in counts.items() if count > situation.actions_max}
    urgency = [_urgency(rule) for rule in situation.rules]
    wanted.sort(key=lambda key: (key[1], urgency[key[0]]))
    schedule = _Schedule(situation)
    actions = [schedule.action(key[0], key[1], groups[key]) for key in wanted if key[0] not in held]
    joined = {one.action.issue_id for one in extensions}
    lapses = [_lapse(situation, one, goes_on=one.issue_id in joined) for one in lapsed]
    return Plan(actions, extensions, lapses, held)


def ids_of(rule: RuleDocument, account: Account, business_date: date) -> tuple[str, str]:
    """Return the ids of what a rule makes about an account on a date: an issue, an activity."""
    told = "\n".join((rule.class_id, rule.rule_id, *account, business_date.isoformat()))
    digest = sha256(told.encode()).hexdigest()
    return digest[:32], digest[32:]


def _urgency(rule: RuleInForce) -> tuple[int, bool, int, str]:
    """Return the order in which the letters of an account are sent: by priority first (G16)."""
    return (rule.code.priority, *rule.order)


def earliest_contact(last_contact: date | None, frequency_days: int, business_date: date) -> date:
    """Return when a customer may be contacted by a letter: so many days after the last contact.

    Without a last contact, or without a frequency (0), at once (RULE-18, RULE-19; V16).
    """
    if last_contact is None or not frequency_days:
        return business_date
    return max(business_date, last_contact + timedelta(frequency_days))


class _Schedule:
    """Says when actions are carried out, in the order in which they are asked for."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._contacts = dict(situation.last_contacts)
        self._makings: dict[tuple[int, str], Making] = {}

    def action(self, place: int, account: Account, members: Sequence[Begun]) -> Action:
        """Return the action of a rule for an account; a letter of it counts among the contacts."""
        key = place, account[0]
        making = self._makings.get(key)
        if making is None:
            making = self._makings[key] = _making(self._situation, place, account[0])
        if not making.rule.automated:
            return Action(place, making, account, members, making.next_working_day)
        frequency, today = self._situation.credit_class.frequency_days, making.business_date
        earliest = earliest_contact(self._contacts.get(account), frequency, today)
        due_on = making.calendar.next_working_day(earliest)
        if making.rule.code.cust_contact:
            self._contacts[account] = due_on
        return Action(place, making, account, members, due_on, earliest > today)


def _making(situation: Situation, place: int, company_id: str) -> Making:
    rule, today = situation.rules[place], situation.business_date
    document = rule.document
    calendar = in_force(situation.calendars.get(company_id), situation.calendars.get(None))
    follow_up_user = _active(situation, document.follow_up_user_id)
    return Making(
        rule,
        today,
        RuleOrigin(
            document.class_id,
            document.rule_id,
            rule.version,
            document.view,
            situation.read_position,
        ),
        _active(situation, document.override_user_id),
        _follow_up(situation, document, follow_up_user),
        follow_up_user,
        situation.site_days,
        calendar,
        calendar.next_working_day(today),
        situation.reasons[place],
    )


def _active(situation: Situation, user_id: str | None) -> UserFacts | None:
    """Return a user that a rule names, if there still is one (RULE-15)."""
    user = None if user_id is None else situation.users.get(user_id)
    return user if user is not None and user.active else None


def _follow_up(situation: Situation, document: RuleDocument, user: UserFacts | None) -> FollowUp:
    """Return the follow-up that a rule asks for, and its days to respond (RULE-16, RULE-17)."""
    if document.follow_up_days is None:
        return FollowUp(days_to_respond=document.days_to_respond)
    return FollowUp(
        situation.business_date + timedelta(document.follow_up_days),
        document.follow_up_desc,
        days_to_respond=document.days_to_respond,
        user_id=user and user.user_id,
    )


def _lapse(situation: Situation, lapsed: Lapsed, *, goes_on: bool) -> Lapse:
    """Return what to say to an issue; it `goes_on` if documents join it on the same date."""
    document = situation.rules[lapsed.rule].document
    auto_close = document.auto_close or situation.auto_close  # either is on (G7)
    command = LapseIssue(situation.business_date, lapsed.tran_ids, auto_close, lapsed.reason)
    closes = auto_close and lapsed.is_open and not lapsed.rest and not goes_on
    activity_ids = lapsed.activity_ids if closes else ()
    return Lapse(lapsed.rule, lapsed.issue_id, command, closes, activity_ids, lapsed.kind)
