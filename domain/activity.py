"""An activity: a call, a letter or a note on an account, done or still to be done (ACT-01).

    NotRecorded --record--> Recorded

Four things about it change independently of each other: whether it is complete (ACT-06), to whom
it is assigned (ACT-05), which documents are tagged to it (ACT-12), and its follow-up (FUP-01).
Completing it resolves no issue (ISS-04). One that lost its reason before it was carried out is
withdrawn for good, and so is what was to be followed up (RULE-12): nobody contacted anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from domain.follow_up import (
    CompleteFollowUp,
    FollowUpCompleted,
    FollowUpSet,
    SetFollowUp,
    complete_follow_up,
    follow_up_of,
    set_follow_up,
)
from domain.scheduling import (
    FollowUp,
    checked_duration,
    completion_date,
    respond_by,
    scheduled,
)
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
    ActivityFacts,
    ActivityTypeFacts,
    CareFacts,
    DocumentFacts,
    IssueFacts,
    UserFacts,
)
from domain.shared.on_account import require_account, require_issue, require_on_account
from domain.shared.standard_type import StandardType, standard_type_of
from domain.shared.wording import (
    TEXT_CHARACTERS_MAX,
    checked_priority,
    optional_text,
    required_text,
)
from domain.working_days import EVERY_DAY, WorkCalendar, in_force


class Tag(Struct, frozen=True, gc=False):
    """A document tagged to an activity, and what was open of it then in home currency (G14)."""

    tran_id: str
    balance_hc: Decimal
    home_curr_id: str


# Events: stored for ever under these names and fields. Add, never rename.


class ActivityRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody did something about an account, or planned to.

    `standard_type` is what `activity_type` derives from; `due_on` the date it is scheduled for.
    `days_counted` says whether there are days to respond until `respond_by`; None that the dates
    tell: it is then later than `entered_on`.
    """

    activity_id: str
    company_id: str
    cust_id: str
    activity_type: str
    standard_type: StandardType
    entered_on: date
    issue_id: str | None = None
    note: str | None = None
    due_on: date | None = None
    respond_by: date | None = None
    duration_minutes: int | None = None
    assigned_user_id: str | None = None
    user_id: str | None = None
    action_code: str | None = None
    priority: int | None = None
    days_counted: bool | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the entry."""
        return self.entered_on


class ActivityCompleted(Event, frozen=True, omit_defaults=True, gc=False):
    """It was carried out.

    `note` is its result where one was told; `successful` says of a phone call whether the
    customer was spoken to (ACT-16).
    """

    completed_on: date
    note: str | None = None
    successful: bool | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the completion."""
        return self.completed_on


class ActivityReopened(Event, frozen=True, omit_defaults=True, gc=False):
    """It was not complete after all."""


class ActivityWithdrawn(Event, frozen=True, omit_defaults=True, gc=False):
    """It lost its reason before it was carried out, and so did an open follow-up of it (RULE-12).

    It is no longer open, and was never complete.
    """

    withdrawn_on: date
    reason: str

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the withdrawal."""
        return self.withdrawn_on


class ActivityReassigned(Event, frozen=True, omit_defaults=True, gc=False):
    """Another user is to carry it out."""

    assigned_user_id: str


class InvoicesTagged(Event, frozen=True, omit_defaults=True, gc=False):
    """Documents of the account were tagged to it."""

    tagged_on: date
    tags: tuple[Tag, ...]

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the tagging."""
        return self.tagged_on


class InvoicesUntagged(Event, frozen=True, omit_defaults=True, gc=False):
    """Documents were not meant after all."""

    tran_ids: tuple[str, ...]


ActivityEvent: TypeAlias = (
    ActivityRecorded
    | ActivityCompleted
    | ActivityReopened
    | ActivityWithdrawn
    | ActivityReassigned
    | InvoicesTagged
    | InvoicesUntagged
    | FollowUpSet
    | FollowUpCompleted
)


# Commands.


class RecordActivity(Struct, frozen=True, gc=False):
    """Record an activity, complete or to be done. `activity_id` is new for each.

    Without a priority it has that of its type, and without a user that of the account (ACT-05).
    Where nothing is followed up, `follow_up` may still say by when to respond and how long the
    activity takes. What a rule asks for is answered within the days of the account or the site
    even then, if the rule gives none (FUP-09). `site_days` are the site's own days to respond;
    `calendar` says on which days the company's people work.
    """

    activity_id: str
    company_id: str
    cust_id: str
    activity_type: str
    business_date: date
    issue_id: str | None = None
    note: str | None = None
    due_on: date | None = None
    assigned_user_id: str | None = None
    user_id: str | None = None
    action_code: str | None = None
    priority: int | None = None
    tran_ids: tuple[str, ...] = ()
    follow_up: FollowUp = FollowUp()
    complete: bool = False
    successful: bool | None = None
    by_rule: bool = False
    account: AccountFacts | None = None
    care: CareFacts = CareFacts()
    site_days: int = 0
    defined_type: ActivityTypeFacts | None = None
    calendar: WorkCalendar = EVERY_DAY
    user: UserFacts | None = None
    follow_up_user: UserFacts | None = None
    issue: IssueFacts | None = None
    code: ActionCodeFacts | None = None
    documents: tuple[DocumentFacts | None, ...] = ()

    def knowing(self, facts: Sequence[Any]) -> "RecordActivity":
        """Return the command that knows what it asks.

        That is account, care, the site's days, the type, and the calendars of the company and of
        the site; the user, the one of the follow-up, the issue and the action code, if they are
        named; and the documents.
        """
        account, care, site_days, defined_type, company, site, *rest = facts
        user = None if self.assigned_user_id is None else rest.pop(0)
        follow_up_user = None if self.follow_up.user_id is None else rest.pop(0)
        issue = None if self.issue_id is None else rest.pop(0)
        code = None if self.action_code is None else rest.pop(0)
        return replace(
            self,
            account=account,
            care=care,
            site_days=site_days,
            defined_type=defined_type,
            calendar=in_force(company, site),
            user=user,
            follow_up_user=follow_up_user,
            issue=issue,
            code=code,
            documents=tuple(rest),
        )


class CompleteActivity(Struct, frozen=True, gc=False):
    """Carry it out, on the business date unless `completed_on` is given."""

    business_date: date
    completed_on: date | None = None
    note: str | None = None
    successful: bool | None = None


class ReopenActivity(Struct, frozen=True, gc=False):
    """Take the completion back."""


class WithdrawActivity(Struct, frozen=True, gc=False):
    """Find that there is no reason any more to carry it out."""

    business_date: date
    reason: str


class ReassignActivity(Struct, frozen=True, gc=False):
    """Let another user carry it out; with `hand_back` one who had it before and passed it on."""

    assigned_user_id: str
    user: UserFacts | None = None
    hand_back: bool = False

    def knowing(self, facts: Sequence[UserFacts | None]) -> "ReassignActivity":
        """Return the command that knows the user."""
        return replace(self, user=facts[0])


class EscalateActivity(Struct, frozen=True, gc=False):
    """Let the manager of the user it is assigned to carry it out (ISS-13).

    `users` are the user `assigned_user_id` and that user's manager, as far as they are known.
    """

    assigned_user_id: str | None
    hand_back: bool = False
    users: tuple[UserFacts | None, ...] = ()

    def knowing(self, facts: Sequence[UserFacts | None]) -> "EscalateActivity":
        """Return the command that knows the user and the manager."""
        return replace(self, users=tuple(facts))


class TagInvoices(Struct, frozen=True, gc=False):
    """Tag documents of the account to it."""

    tran_ids: tuple[str, ...]
    business_date: date
    documents: tuple[DocumentFacts | None, ...] = ()

    def knowing(self, facts: Sequence[Any]) -> "TagInvoices":
        """Return the command that knows the documents of `tran_ids`."""
        return replace(self, documents=tuple(facts))


class UntagInvoices(Struct, frozen=True, gc=False):
    """Take tags back."""

    tran_ids: tuple[str, ...]


ActivityCommand: TypeAlias = (
    RecordActivity
    | CompleteActivity
    | ReopenActivity
    | WithdrawActivity
    | ReassignActivity
    | EscalateActivity
    | TagInvoices
    | UntagInvoices
    | SetFollowUp
    | CompleteFollowUp
)


# State: only what decisions need.


class NotRecorded(Struct, frozen=True):
    """There is no such activity."""


class Recorded(Struct, frozen=True, gc=False):
    """The activity as known; what is None has not happened, or was taken back.

    `passed_on` are the users who had it before the one it is assigned to, the first one first.
    """

    recorded: ActivityRecorded
    assigned_user_id: str | None
    completed: ActivityCompleted | None = None
    withdrawn: ActivityWithdrawn | None = None
    tagged: frozenset[str] = frozenset()
    passed_on: tuple[str, ...] = ()
    follow_up: FollowUpSet | None = None
    followed_up: FollowUpCompleted | None = None


Activity: TypeAlias = NotRecorded | Recorded


def evolve(activity: Activity, event: ActivityEvent) -> Activity:
    """Remember `event`."""
    match activity, event:
        case NotRecorded(), ActivityRecorded():
            return Recorded(event, event.assigned_user_id)
        case Recorded(completed=None, withdrawn=None), ActivityCompleted():
            return replace(activity, completed=event)
        case Recorded(completed=ActivityCompleted()), ActivityReopened():
            return replace(activity, completed=None)
        case Recorded(completed=None, withdrawn=None), ActivityWithdrawn():
            return replace(activity, withdrawn=event)
        case Recorded(), ActivityReassigned(assigned_user_id):
            had = passed_on(activity.passed_on, activity.assigned_user_id, assigned_user_id)
            return replace(activity, assigned_user_id=assigned_user_id, passed_on=had)
        case Recorded(tagged=tagged), InvoicesTagged(tags=tags):
            return replace(activity, tagged=tagged | {tag.tran_id for tag in tags})
        case Recorded(tagged=tagged), InvoicesUntagged(tran_ids):
            return replace(activity, tagged=tagged - set(tran_ids))
        case Recorded(withdrawn=None), FollowUpSet():
            return replace(activity, follow_up=event, followed_up=None)
        case (
            Recorded(follow_up=FollowUpSet(), followed_up=None, withdrawn=None),
            FollowUpCompleted(),
        ):
            return replace(activity, followed_up=event)
        case _:
            raise ImpossibleHistory(f"{event} after {activity}")


def decide(command: ActivityCommand, activity: Activity) -> Sequence[ActivityEvent]:
    """Return the facts that `command` adds."""
    match activity, command:
        case NotRecorded(), RecordActivity():
            return record(command)
        case Recorded(), RecordActivity():
            return record_again(command, activity)
        case Recorded(), WithdrawActivity():
            return withdraw(command, activity)
        case (
            Recorded(withdrawn=ActivityWithdrawn(withdrawn_on)),
            CompleteActivity() | ReopenActivity() | SetFollowUp() | CompleteFollowUp(),
        ):
            raise Refused(
                "activity_withdrawn", f"It was withdrawn on {withdrawn_on}.", "activityId"
            )
        case Recorded(recorded, completed=done), CompleteActivity():
            return complete(command, recorded) if done is None else complete_again(command, done)
        case Recorded(completed=completed), ReopenActivity():
            return [] if completed is None else [ActivityReopened()]
        case Recorded(), ReassignActivity():
            return reassign(command, activity)
        case Recorded(), EscalateActivity():
            return escalate(command, activity)
        case Recorded(), TagInvoices():
            return tag(command, activity)
        case Recorded(tagged=tagged), UntagInvoices():
            gone = tuple(one for one in dict.fromkeys(command.tran_ids) if one in tagged)
            return [InvoicesUntagged(gone)] if gone else []
        case Recorded(), SetFollowUp():
            return set_follow_up(command, activity.follow_up)
        case Recorded(), CompleteFollowUp():
            return complete_follow_up(command, activity.follow_up, activity.followed_up)
        case NotRecorded(), _:
            raise Refused("activity_unknown", "There is no such activity.", "activityId")


def record(command: RecordActivity) -> Sequence[ActivityEvent]:
    """Record an activity on an account that is known, with all that is told of it."""
    require_account(command.account)
    recorded = recording(command)
    if not command.by_rule:  # a rule has a code that was checked when it was defined
        require_code(recorded.action_code, command.code)
    if command.issue_id is not None:
        require_issue(command.company_id, command.cust_id, command.issue)
    documents = require_on_account(
        command.company_id, command.cust_id, command.tran_ids, command.documents
    )
    events: list[ActivityEvent] = [recorded]
    if documents:
        tags = tags_of({one.tran_id: one for one in documents})
        events.append(InvoicesTagged(command.business_date, tags))
    if command.follow_up.follow_up_on is not None:
        days = (command.care.days_to_respond, command.site_days)
        events.append(
            follow_up_of(
                command.follow_up,
                command.business_date,
                command.calendar,
                command.follow_up_user,
                *days,
            )
        )
    if command.complete:
        if recorded.standard_type is StandardType.ACCOUNT_NOTE and recorded.note is None:
            raise Refused("note_empty", "A note needs some text.", "note")
        told = CompleteActivity(command.business_date, successful=command.successful)
        events += complete(told, recorded)
    elif command.successful is not None:
        raise Refused(
            "activity_not_complete", "Only a call that is complete can be successful.", "successful"
        )
    return events


def record_again(command: RecordActivity, activity: Recorded) -> Sequence[ActivityEvent]:
    """Add nothing: an id is new for each activity, so this one was told before."""
    known = activity.recorded
    told = (command.company_id, command.cust_id, command.activity_type)
    if told != (known.company_id, known.cust_id, known.activity_type):
        raise Refused(
            "activity_exists", "Another activity was recorded with this id.", "idempotencyKey"
        )
    return []


def recording(command: RecordActivity) -> ActivityRecorded:
    """Return the fact of the recording itself."""
    today, follow_up, defined = command.business_date, command.follow_up, command.defined_type
    calendar = command.calendar
    standard_type = standard_type_of(command.activity_type) or (defined and defined.standard_type)
    if standard_type is None:
        raise Refused(
            "activity_type_unknown",
            f"There is no activity type {command.activity_type}.",
            "activityType",
        )
    respond, duration, due_on = None, None, command.due_on
    if follow_up.follow_up_on is None:
        if (follow_up.follow_up_desc, follow_up.user_id) != (None, None):
            raise Refused("follow_up_date_missing", "A follow-up needs a date.", "followUpOn")
        days = (command.care.days_to_respond, command.site_days) if command.by_rule else ()
        respond = respond_by(follow_up, today, *days, calendar=calendar)
        duration = checked_duration(follow_up.duration_minutes)
    if due_on is not None:
        due_on = calendar.next_working_day(scheduled(due_on, today, "due date", "dueOn"))
    return ActivityRecorded(
        command.activity_id,
        command.company_id,
        command.cust_id,
        command.activity_type,
        standard_type,
        today,
        command.issue_id,
        optional_text(command.note, "note", "note", TEXT_CHARACTERS_MAX),
        due_on,
        respond,
        duration,
        assignee(command.assigned_user_id, command.user, command.care),
        optional_text(command.user_id, "user", "userId"),
        optional_text(command.action_code, "action code", "actionCode"),
        checked_priority(command.priority) or (defined.priority if defined else None),
        None if respond is None else respond > calendar.next_working_day(today),
    )


def complete(command: CompleteActivity, recorded: ActivityRecorded) -> list[ActivityEvent]:
    """Complete it, not before it was entered and not ahead of time."""
    note = optional_text(command.note, "note", "note", TEXT_CHARACTERS_MAX)
    on = completion_date(command.completed_on, command.business_date, recorded.entered_on)
    successful = command.successful
    if recorded.standard_type is StandardType.PHONE:
        successful = bool(successful)
    elif successful is not None:
        raise Refused("not_a_phone_call", "Only a phone call can be successful.", "successful")
    return [ActivityCompleted(on, note, successful)]


def complete_again(
    command: CompleteActivity, completed: ActivityCompleted
) -> Sequence[ActivityEvent]:
    """Add nothing to an activity that is complete, unless something else is told of it."""
    note = optional_text(command.note, "note", "note", TEXT_CHARACTERS_MAX)
    if (
        command.completed_on not in {None, completed.completed_on}
        or note not in {None, completed.note}
        or command.successful not in {None, completed.successful}
    ):
        raise Refused(
            "activity_complete",
            f"It was completed on {completed.completed_on} already; reopen it first.",
            "activityId",
        )
    return []


def withdraw(command: WithdrawActivity, activity: Recorded) -> Sequence[ActivityEvent]:
    """Withdraw it, unless it was carried out or is withdrawn already."""
    reason = required_text(command.reason, "reason", "reason", TEXT_CHARACTERS_MAX)
    if activity.completed is not None or activity.withdrawn is not None:
        return []
    return [ActivityWithdrawn(command.business_date, reason)]


def reassign(command: ReassignActivity, activity: Recorded) -> Sequence[ActivityEvent]:
    """Assign it to another user."""
    user_id = required_text(command.assigned_user_id, "user", "assignedUserId")
    if user_id == activity.assigned_user_id:
        return []  # assigned already
    check_user(user_id, command.user, "assignedUserId")
    check_not_passed_back(user_id, activity.passed_on, hand_back=command.hand_back)
    return [ActivityReassigned(user_id)]


def escalate(command: EscalateActivity, activity: Recorded) -> Sequence[ActivityEvent]:
    """Assign it to the manager of the user it is assigned to."""
    user_id = manager_of(activity.assigned_user_id, command.assigned_user_id, command.users)
    if user_id == activity.assigned_user_id:
        return []  # escalated already
    check_not_passed_back(user_id, activity.passed_on, hand_back=command.hand_back)
    return [ActivityReassigned(user_id)]


def tag(command: TagInvoices, activity: Recorded) -> Sequence[ActivityEvent]:
    """Tag documents of its account that are not tagged yet."""
    recorded = activity.recorded
    documents = require_on_account(
        recorded.company_id, recorded.cust_id, command.tran_ids, command.documents
    )
    new = {one.tran_id: one for one in documents if one.tran_id not in activity.tagged}
    return [InvoicesTagged(command.business_date, tags_of(new))] if new else []


def tags_of(documents: Mapping[str, DocumentFacts]) -> tuple[Tag, ...]:
    """Return the tags of documents, with what is open of them now (ACT-13, G14)."""
    return tuple(
        Tag(tran_id, one.balance_hc, one.home_curr_id) for tran_id, one in documents.items()
    )


def facts(activity: Activity) -> ActivityFacts | None:
    """Return what other decisions may know of the activity; None if there is none."""
    if isinstance(activity, NotRecorded):
        return None
    return ActivityFacts(activity.recorded.company_id, activity.recorded.cust_id)


ACTIVITY: Decider[Activity, ActivityCommand, ActivityEvent] = Decider(
    category="activity",
    events=get_args(ActivityEvent),
    initial=NotRecorded(),
    evolve=evolve,
    decide=decide,
)
