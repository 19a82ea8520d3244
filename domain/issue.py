"""An issue: something about an account that must be resolved (ISS-01), by its activities (ISS-03).

    NotOpened --open--> Open --resolve--> Resolved --reopen--> Open
                         |---reassign, extend, lapse---> Open       (and so while resolved)

Whether it is resolved has nothing to do with whether its activities are complete (ISS-04), its
disputes closed or its documents paid [C26].

A rule opens an issue about an account, or about documents of one account that meet its condition.
Each of these subjects lapses once the condition does not hold of it. Until then the rule makes
nothing else of the subject, though the issue be resolved (RULE-09, G11).
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from domain.rule_view import RuleView
from domain.shared.action_codes import require_code
from domain.shared.assignee import (
    assignee,
    check_not_passed_back,
    check_user,
    manager_of,
    passed_on,
)
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import (
    AccountFacts,
    ActionCodeFacts,
    CareFacts,
    DocumentFacts,
    IssueFacts,
    UserFacts,
)
from domain.shared.on_account import require_account, require_on_account
from domain.shared.wording import (
    TEXT_CHARACTERS_MAX,
    checked_priority,
    optional_text,
    required_text,
)

ACCOUNT = ""
"""The subject of a rule of the account view, beside documents' ids, none of which is empty."""


class Resolver(StrEnum):
    """Who found that an issue is resolved (ISS-05, ISS-07)."""

    USER = "user"
    SOFTWARE = "software"
    """The condition that had opened it no longer held."""


class RuleOrigin(Struct, frozen=True, omit_defaults=True, gc=False):
    """Which rule opened an issue: its version, and up to which position of the log it had read."""

    class_id: str
    rule_id: str
    rule_version: int
    view: RuleView
    read_position: int


# Events: stored for ever under these names and fields. Add, never rename.


class IssueOpened(Event, frozen=True, omit_defaults=True, gc=False):
    """Something must be resolved with the account; `tran_ids` are documents that it is about.

    `reason` says what was the case when a rule opened it.
    """

    issue_id: str
    company_id: str
    cust_id: str
    subject: str
    opened_on: date
    priority: int | None = None
    action_code: str | None = None
    assigned_user_id: str | None = None
    note: str | None = None
    tran_ids: tuple[str, ...] = ()
    origin: RuleOrigin | None = None
    reason: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the opening."""
        return self.opened_on


class IssueExtended(Event, frozen=True, omit_defaults=True, gc=False):
    """More documents of the account met the condition of its rule, and it is about them, too."""

    extended_on: date
    tran_ids: tuple[str, ...]

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the extension."""
        return self.extended_on


class IssueConditionLapsed(Event, frozen=True, omit_defaults=True, gc=False):
    """The condition of its rule holds no longer: of these documents, or of the account."""

    lapsed_on: date
    tran_ids: tuple[str, ...] = ()

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was found."""
        return self.lapsed_on


class IssueReassigned(Event, frozen=True, omit_defaults=True, gc=False):
    """Another user is to resolve it (ISS-13)."""

    assigned_user_id: str


class IssueResolved(Event, frozen=True, omit_defaults=True, gc=False):
    """It is no longer open (ISS-07); `resolution` says why."""

    resolved_on: date
    resolved_by: Resolver
    resolution: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the resolution."""
        return self.resolved_on


class IssueReopened(Event, frozen=True, omit_defaults=True, gc=False):
    """It was not resolved after all."""


IssueEvent: TypeAlias = (
    IssueOpened
    | IssueExtended
    | IssueConditionLapsed
    | IssueReassigned
    | IssueResolved
    | IssueReopened
)


# Commands.


class OpenIssue(Struct, frozen=True, gc=False):
    """Open an issue. `issue_id` is new for each issue.

    Where no user is named it is assigned to the user of the account (ISS-09). `origin` is the rule
    that asks for it, if one does.
    """

    issue_id: str
    company_id: str
    cust_id: str
    subject: str
    business_date: date
    priority: int | None = None
    action_code: str | None = None
    assigned_user_id: str | None = None
    note: str | None = None
    tran_ids: tuple[str, ...] = ()
    origin: RuleOrigin | None = None
    reason: str | None = None
    account: AccountFacts | None = None
    care: CareFacts = CareFacts()
    user: UserFacts | None = None
    code: ActionCodeFacts | None = None
    documents: tuple[DocumentFacts | None, ...] = ()

    def knowing(self, facts: Sequence[Any]) -> "OpenIssue":
        """Return the command that knows account and care, user and code if named, and documents."""
        account, care, *rest = facts
        user = None if self.assigned_user_id is None else rest.pop(0)
        code = None if self.action_code is None else rest.pop(0)
        return replace(
            self, account=account, care=care, user=user, code=code, documents=tuple(rest)
        )


class ReassignIssue(Struct, frozen=True, gc=False):
    """Let another user resolve it; with `hand_back` one who had it before and passed it on."""

    assigned_user_id: str
    user: UserFacts | None = None
    hand_back: bool = False

    def knowing(self, facts: Sequence[UserFacts | None]) -> "ReassignIssue":
        """Return the command that knows the user."""
        return replace(self, user=facts[0])


class EscalateIssue(Struct, frozen=True, gc=False):
    """Let the manager of the user it is assigned to resolve it (ISS-13).

    `users` are the user `assigned_user_id` and that user's manager, as far as they are known.
    """

    assigned_user_id: str | None
    hand_back: bool = False
    users: tuple[UserFacts | None, ...] = ()

    def knowing(self, facts: Sequence[UserFacts | None]) -> "EscalateIssue":
        """Return the command that knows the user and the manager."""
        return replace(self, users=tuple(facts))


class ResolveIssue(Struct, frozen=True, gc=False):
    """Find it resolved, on the business date unless `resolved_on` is given."""

    business_date: date
    resolved_by: Resolver
    resolved_on: date | None = None
    resolution: str | None = None


class ReopenIssue(Struct, frozen=True, gc=False):
    """Take the resolution back."""


class ExtendIssue(Struct, frozen=True, gc=False):
    """Let an open issue of a rule be about more documents of the account."""

    tran_ids: tuple[str, ...]
    business_date: date
    documents: tuple[DocumentFacts | None, ...] = ()


class LapseIssue(Struct, frozen=True, gc=False):
    """Find that the rule's condition holds no longer: of some documents, or of the account.

    With `auto_close` an open issue whose condition holds of nothing any more is resolved (RULE-11);
    `resolution` says why.
    """

    business_date: date
    tran_ids: tuple[str, ...] = ()
    auto_close: bool = False
    resolution: str | None = None


IssueCommand: TypeAlias = (
    OpenIssue
    | ExtendIssue
    | LapseIssue
    | ReassignIssue
    | EscalateIssue
    | ResolveIssue
    | ReopenIssue
)


# State: only what decisions need.


class NotOpened(Struct, frozen=True):
    """There is no such issue."""


class Open(Struct, frozen=True, gc=False):
    """It is to be resolved.

    `passed_on` are users who had it before, the first one first; `subjects` those of which the
    condition of its rule still holds.
    """

    opened: IssueOpened
    assigned_user_id: str | None
    passed_on: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()


class Resolved(Struct, frozen=True, gc=False):
    """It was resolved."""

    opened: IssueOpened
    assigned_user_id: str | None
    resolved: IssueResolved
    passed_on: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()


Issue: TypeAlias = NotOpened | Open | Resolved


def evolve(issue: Issue, event: IssueEvent) -> Issue:
    """Remember `event`."""
    match issue, event:
        case NotOpened(), IssueOpened():
            return Open(event, event.assigned_user_id, subjects=subjects_of(event))
        case ((Open() | Resolved()), IssueExtended(tran_ids=tran_ids)):
            return replace(issue, subjects=issue.subjects | set(tran_ids))
        case ((Open() | Resolved()), IssueConditionLapsed(tran_ids=tran_ids)):
            return replace(issue, subjects=issue.subjects - set(tran_ids or (ACCOUNT,)))
        case ((Open() | Resolved()), IssueReassigned(assigned_user_id)):
            had = passed_on(issue.passed_on, issue.assigned_user_id, assigned_user_id)
            return replace(issue, assigned_user_id=assigned_user_id, passed_on=had)
        case Open(opened, assigned_user_id, had, subjects), IssueResolved():
            return Resolved(opened, assigned_user_id, event, had, subjects)
        case Resolved(opened, assigned_user_id, _, had, subjects), IssueReopened():
            return Open(opened, assigned_user_id, had, subjects)
        case _:
            raise ImpossibleHistory(f"{event} after {issue}")


def decide(command: IssueCommand, issue: Issue) -> Sequence[IssueEvent]:
    """Return the facts that `command` adds."""
    match issue, command:
        case NotOpened(), OpenIssue():
            return open_issue(command)
        case ((Open() | Resolved()), OpenIssue()):
            return open_again(command, issue.opened)
        case Open(), ExtendIssue():
            return extend(command, issue)
        case Resolved(), ExtendIssue():
            raise Refused("issue_resolved", "It is resolved.", "issueId")
        case ((Open() | Resolved()), LapseIssue()):
            return lapse(command, issue)
        case ((Open() | Resolved()), ReassignIssue()):
            return reassign(command, issue)
        case ((Open() | Resolved()), EscalateIssue()):
            return escalate(command, issue)
        case Open(), ResolveIssue():
            return resolve(command, issue)
        case Resolved(), ResolveIssue():
            return resolve_again(command, issue.resolved)
        case Resolved(), ReopenIssue():
            return [IssueReopened()]
        case Open(), ReopenIssue():
            return []  # open already
        case NotOpened(), _:
            raise Refused("issue_unknown", "There is no such issue.", "issueId")


def open_issue(command: OpenIssue) -> Sequence[IssueEvent]:
    """Open an issue of an account that is known, about documents that are on it."""
    require_account(command.account)
    user_id = assignee(command.assigned_user_id, command.user, command.care)
    opened = opening(command, user_id)
    if command.origin is None:  # a rule has a code that was checked when it was defined
        require_code(opened.action_code, command.code)
    require_on_account(command.company_id, command.cust_id, command.tran_ids, command.documents)
    return [opened]


def open_again(command: OpenIssue, opened: IssueOpened) -> Sequence[IssueEvent]:
    """Add nothing to an issue that was opened just so, on whatever date."""
    told = opening(command, command.assigned_user_id or opened.assigned_user_id)
    if replace(told, opened_on=opened.opened_on) != opened:
        raise Refused("issue_exists", "Another issue was opened with this id.", "idempotencyKey")
    return []


def opening(command: OpenIssue, assigned_user_id: str | None) -> IssueOpened:
    """Return the fact that a command would lead to."""
    return IssueOpened(
        command.issue_id,
        command.company_id,
        command.cust_id,
        required_text(command.subject, "subject", "subject"),
        command.business_date,
        checked_priority(command.priority),
        optional_text(command.action_code, "action code", "actionCode"),
        optional_text(assigned_user_id, "user", "assignedUserId"),
        optional_text(command.note, "note", "note", TEXT_CHARACTERS_MAX),
        tuple(dict.fromkeys(command.tran_ids)),
        command.origin,
        optional_text(command.reason, "reason", "reason", TEXT_CHARACTERS_MAX),
    )


def subjects_of(opened: IssueOpened) -> frozenset[str]:
    """Return of what the condition of its rule held when an issue was opened."""
    if opened.origin is None:
        return frozenset()
    if opened.origin.view is RuleView.ACCOUNT:
        return frozenset((ACCOUNT,))
    return frozenset(opened.tran_ids)


def extend(command: ExtendIssue, issue: Open) -> Sequence[IssueEvent]:
    """Let it be about documents of the account that it is not about yet."""
    opened = issue.opened
    if opened.origin is None or opened.origin.view is RuleView.ACCOUNT:
        raise Refused("issue_not_of_documents", "No rule opened it for documents.", "issueId")
    require_on_account(opened.company_id, opened.cust_id, command.tran_ids, command.documents)
    new = tuple(one for one in dict.fromkeys(command.tran_ids) if one not in issue.subjects)
    return [IssueExtended(command.business_date, new)] if new else []


def lapse(command: LapseIssue, issue: Open | Resolved) -> Sequence[IssueEvent]:
    """Note of what the condition holds no longer; resolve it if that is all it was about."""
    asked = tuple(dict.fromkeys(command.tran_ids or (ACCOUNT,)))
    lapsed = tuple(one for one in asked if one in issue.subjects)
    if not lapsed:
        return []
    tran_ids = () if lapsed == (ACCOUNT,) else lapsed
    events: list[IssueEvent] = [IssueConditionLapsed(command.business_date, tran_ids)]
    if command.auto_close and isinstance(issue, Open) and issue.subjects == frozenset(lapsed):
        events.append(IssueResolved(command.business_date, Resolver.SOFTWARE, _resolution(command)))
    return events


def reassign(command: ReassignIssue, issue: Open | Resolved) -> Sequence[IssueEvent]:
    """Assign it to another user."""
    user_id = required_text(command.assigned_user_id, "user", "assignedUserId")
    if user_id == issue.assigned_user_id:
        return []  # assigned already
    check_user(user_id, command.user, "assignedUserId")
    check_not_passed_back(user_id, issue.passed_on, hand_back=command.hand_back)
    return [IssueReassigned(user_id)]


def escalate(command: EscalateIssue, issue: Open | Resolved) -> Sequence[IssueEvent]:
    """Assign it to the manager of the user it is assigned to."""
    user_id = manager_of(issue.assigned_user_id, command.assigned_user_id, command.users)
    if user_id == issue.assigned_user_id:
        return []  # escalated already
    check_not_passed_back(user_id, issue.passed_on, hand_back=command.hand_back)
    return [IssueReassigned(user_id)]


def resolve(command: ResolveIssue, issue: Open) -> Sequence[IssueEvent]:
    """Resolve it, not before it was opened and not ahead of time."""
    resolution = _resolution(command)
    on = command.resolved_on or command.business_date
    if on < issue.opened.opened_on:
        raise Refused(
            "resolved_before_opened",
            f"It was opened on {issue.opened.opened_on}, and cannot be resolved earlier.",
            "resolvedOn",
        )
    if on > command.business_date:
        raise Refused("resolved_ahead", "It cannot be resolved ahead of time.", "resolvedOn")
    return [IssueResolved(on, command.resolved_by, resolution)]


def resolve_again(command: ResolveIssue, resolved: IssueResolved) -> Sequence[IssueEvent]:
    """Add nothing to an issue that is resolved, unless something else is told of it."""
    resolution = _resolution(command)
    if command.resolved_on not in {None, resolved.resolved_on} or resolution not in {
        None,
        resolved.resolution,
    }:
        raise Refused(
            "issue_resolved",
            f"It was resolved on {resolved.resolved_on} already; reopen it first.",
            "issueId",
        )
    return []


def _resolution(command: ResolveIssue | LapseIssue) -> str | None:
    return optional_text(command.resolution, "resolution", "resolution", TEXT_CHARACTERS_MAX)


def facts(issue: Issue) -> IssueFacts | None:
    """Return what other decisions may know of the issue; None if there is none."""
    if isinstance(issue, NotOpened):
        return None
    return IssueFacts(issue.opened.company_id, issue.opened.cust_id)


ISSUE: Decider[Issue, IssueCommand, IssueEvent] = Decider(
    category="issue",
    events=get_args(IssueEvent),
    initial=NotOpened(),
    evolve=evolve,
    decide=decide,
)
