"""Issues of accounts and what was done about them: calls, e-mails and follow-ups."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from application.consulting import asked_by_activity, asked_by_follow_up, asked_by_issue
from domain.activity import (
    ACTIVITY,
    RecordActivity,
)
from domain.follow_up import CompleteFollowUp, SetFollowUp
from domain.issue import ISSUE, OpenIssue, ResolveIssue, Resolver
from domain.scheduling import FollowUp
from domain.shared.standard_type import StandardType
from examples.sample_work.choosing import Document, Worked
from examples.sample_work.diary import Diary, work_id
from examples.sample_work.people import REMINDER_CALL
from examples.sample_work.texts import (
    ANSWERS,
    CALLS,
    MAILS,
    NEXT_STEPS,
    PLANS,
    RESOLUTIONS,
    SUBJECTS,
    pick,
)

TAGGED_MAX = 3
"""Documents that a conversation is about, at most."""

DAYS_TO_ANSWER = 7

NEXT_DAYS = (2, 5, -3)
"""When the next call is to be, in days from today; what was to be days ago is past due, also after
a weekend.
"""


def talk(diary: Diary, today: date, number: int, worked: Worked, user_id: str) -> None:
    """Note an issue of an account, and what was done about it in the weeks before a date."""
    opened_on = max(today - timedelta(20 + number % 15), worked.documents[0].tran_date)
    about = [one for one in worked.documents if one.tran_date <= opened_on][:TAGGED_MAX]
    conversation = Conversation(diary, number, worked, user_id)
    conversation.open(opened_on, about)
    days_left = (today - opened_on).days
    if days_left > DAYS_TO_ANSWER:
        conversation.call(opened_on, about)
        conversation.write(opened_on + timedelta(DAYS_TO_ANSWER - 1), about)
    if number % 2:
        conversation.answer(today - timedelta(min(days_left, 4)), about)
    planned_on = today - timedelta(min(days_left, 4))
    next_on = today + timedelta(NEXT_DAYS[number % len(NEXT_DAYS)])
    conversation.plan(planned_on, max(planned_on, next_on))
    if (number + 1) % 4 == 0:
        conversation.resolve(today)


class Conversation:
    """An issue and its activities."""

    def __init__(self, diary: Diary, number: int, worked: Worked, user_id: str) -> None:
        self._diary = diary
        self._number = number
        self._company_id, self._cust_id = worked.key
        self._user_id = user_id
        self._issue_id = work_id("issue", *worked.key)

    def open(self, day: date, about: Sequence[Document]) -> None:
        """Open the issue."""
        tran_ids = tuple(one.tran_id for one in about)
        command = OpenIssue(
            self._issue_id,
            self._company_id,
            self._cust_id,
            pick(SUBJECTS, self._number),
            day,
            priority=1 + self._number % 5,
            assigned_user_id=self._user_id,
            tran_ids=tran_ids,
        )
        asked = asked_by_issue(command)
        key = self._issue_id
        self._diary.note(day, self._user_id, "openIssue", ISSUE, (key,), command, key, asked)

    def call(self, day: date, about: Sequence[Document]) -> None:
        """Call the customer; follow it up two days later, a day late."""
        follow_up = FollowUp(day + timedelta(2), pick(NEXT_STEPS, self._number), None, None, 15)
        call_id = self._record(
            day,
            "call",
            REMINDER_CALL,
            about,
            note=pick(CALLS, self._number),
            follow_up=follow_up,
            complete=True,
            successful=self._number % 3 != 1,
        )
        done_on = day + timedelta(3)
        key, done = f"{call_id}-followed-up", CompleteFollowUp(done_on)
        self._diary.note(
            done_on, self._user_id, "completeFollowUp", ACTIVITY, (call_id,), done, key
        )

    def write(self, day: date, about: Sequence[Document]) -> None:
        """Write to the customer, who is to answer within some days."""
        self._record(
            day,
            "mail",
            StandardType.EMAIL_SENT,
            about,
            note=pick(MAILS, self._number),
            follow_up=FollowUp(days_to_respond=DAYS_TO_ANSWER),
            complete=True,
        )

    def answer(self, day: date, about: Sequence[Document]) -> None:
        """Have an answer of the customer."""
        self._record(
            day,
            "answer",
            StandardType.EMAIL_RECEIVED,
            about,
            note=pick(ANSWERS, self._number // 2),
            complete=True,
        )

    def plan(self, day: date, due_on: date) -> None:
        """Plan another call, and when to follow it up."""
        call_id = self._record(
            day, "plan", StandardType.PHONE, (), note=pick(PLANS, self._number), due_on=due_on
        )
        follow_up = FollowUp(due_on, pick(NEXT_STEPS, self._number))
        key, command = f"{call_id}-follow-up", SetFollowUp(follow_up, day)
        asked = asked_by_follow_up(command, (self._company_id, self._cust_id))
        self._diary.note(
            day, self._user_id, "setFollowUp", ACTIVITY, (call_id,), command, key, asked
        )

    def resolve(self, day: date) -> None:
        """Find the issue resolved; what is planned stays so."""
        text = pick(RESOLUTIONS, self._number // 4)
        command = ResolveIssue(day, Resolver.USER, resolution=text)
        key = f"{self._issue_id}-resolved"
        self._diary.note(day, self._user_id, "resolveIssue", ISSUE, (self._issue_id,), command, key)

    def _record(
        self, day: date, name: str, activity_type: str, about: Sequence[Document], **told: Any
    ) -> str:
        """Record an activity of the issue; return its id."""
        activity_id = work_id(name, self._company_id, self._cust_id)
        command = RecordActivity(
            activity_id,
            self._company_id,
            self._cust_id,
            str(activity_type),
            day,
            issue_id=self._issue_id,
            user_id=self._user_id,
            assigned_user_id=self._user_id,
            tran_ids=tuple(one.tran_id for one in about),
            **told,
        )
        record(self._diary, self._user_id, command)
        return activity_id


def record(diary: Diary, user_id: str, command: RecordActivity) -> None:
    """Note an activity."""
    diary.note(
        command.business_date,
        user_id,
        "recordActivity",
        ACTIVITY,
        (command.activity_id,),
        command,
        command.activity_id,
        asked_by_activity(command),
    )
