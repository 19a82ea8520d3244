"""GraphQL: what is told of activities to record them and to work on them."""

from datetime import date

import strawberry

from api.commands import HAND_BACK, IDEMPOTENCY_KEY
from domain.scheduling import FollowUp

_ACTIVITY_ID = "The activity's key."
_COMPLETED_ON = (
    "When: from its entry on, and not ahead of time; by default on the business date of now."
)
_SUCCESSFUL = "Of a phone call, whether the customer was spoken to; by default not."
_RESPOND_BY = (
    "By when to respond; by default so many days after the follow-up date, or after the entry"
    " where nothing is followed up, as `daysToRespond` says."
)
_DAYS_TO_RESPOND = (
    "Days to respond; 0 and null mean that none are set. Then those of the account count for a"
    " follow-up, else those of the site."
)
_FOLLOW_UP_USER = "The user who follows it up; by default the one it is assigned to."
_DURATION = "How many minutes what is scheduled takes."


@strawberry.input(description="An activity to record.")
class RecordActivityInput:
    """An activity to record."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")
    activity_type: str = strawberry.field(description="The code of its type.")
    issue_id: str | None = strawberry.field(
        default=None, description="The issue of the account that it belongs to."
    )
    note: str | None = strawberry.field(
        default=None, description="Its result, or what to note about it."
    )
    due_on: date | None = strawberry.field(
        default=None, description="The date it is scheduled for, from today on."
    )
    assigned_user_id: str | None = strawberry.field(
        default=None,
        description="The user who is to carry it out; by default the one of the account.",
    )
    user_id: str | None = strawberry.field(
        default=None, description="The user that it relates to; by default the one who asks."
    )
    action_code: str | None = strawberry.field(
        default=None, description="The action code that it comes of."
    )
    priority: int | None = strawberry.field(
        default=None,
        description="How urgent it is, 1 being the most urgent; by default as its type is.",
    )
    tran_ids: list[str] | None = strawberry.field(
        default=None, description="Documents on the account to tag to it."
    )
    follow_up_on: date | None = strawberry.field(
        default=None, description="When to follow up, from today on."
    )
    follow_up_desc: str | None = strawberry.field(default=None, description="What to do then.")
    follow_up_user_id: str | None = strawberry.field(default=None, description=_FOLLOW_UP_USER)
    respond_by: date | None = strawberry.field(default=None, description=_RESPOND_BY)
    days_to_respond: int | None = strawberry.field(default=None, description=_DAYS_TO_RESPOND)
    duration_minutes: int | None = strawberry.field(default=None, description=_DURATION)
    complete: bool = strawberry.field(default=False, description="Whether it is done already.")
    successful: bool | None = strawberry.field(default=None, description=_SUCCESSFUL)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def follow_up(self) -> FollowUp:
        """Return when to follow up and by when to respond."""
        return FollowUp(
            self.follow_up_on,
            self.follow_up_desc,
            self.respond_by,
            self.days_to_respond,
            self.duration_minutes,
            self.follow_up_user_id,
        )


@strawberry.input(description="An activity that is done.")
class CompleteActivityInput:
    """An activity that is done."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    completed_on: date | None = strawberry.field(default=None, description=_COMPLETED_ON)
    note: str | None = strawberry.field(
        default=None, description="Its result, which takes the place of its note."
    )
    successful: bool | None = strawberry.field(default=None, description=_SUCCESSFUL)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An activity to reopen.")
class ReopenActivityInput:
    """An activity to reopen."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An activity to withdraw.")
class WithdrawActivityInput:
    """An activity to withdraw."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    reason: str = strawberry.field(description="Why there is no reason any more to carry it out.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An activity to reassign.")
class ReassignActivityInput:
    """An activity to reassign."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    assigned_user_id: str = strawberry.field(description="The user who is to carry it out.")
    hand_back: bool = strawberry.field(default=False, description=HAND_BACK)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An activity to escalate.")
class EscalateActivityInput:
    """An activity to escalate."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    hand_back: bool = strawberry.field(default=False, description=HAND_BACK)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Documents to tag to an activity.")
class TagInvoicesInput:
    """Documents to tag."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    company_id: str = strawberry.field(description="The ERP company of the activity's account.")
    tran_ids: list[str] = strawberry.field(description="Documents on the activity's account.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Documents whose tags to take back.")
class UntagInvoicesInput:
    """Documents to untag."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    tran_ids: list[str] = strawberry.field(description="Documents that are tagged to it.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A follow-up; it takes the place of the one that there was.")
class SetFollowUpInput:
    """A follow-up to set."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    follow_up_on: date = strawberry.field(description="When to follow up, from today on.")
    follow_up_desc: str | None = strawberry.field(default=None, description="What to do then.")
    follow_up_user_id: str | None = strawberry.field(default=None, description=_FOLLOW_UP_USER)
    respond_by: date | None = strawberry.field(default=None, description=_RESPOND_BY)
    days_to_respond: int | None = strawberry.field(default=None, description=_DAYS_TO_RESPOND)
    duration_minutes: int | None = strawberry.field(default=None, description=_DURATION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def follow_up(self) -> FollowUp:
        """Return when to follow up and by when to respond."""
        return FollowUp(
            self.follow_up_on,
            self.follow_up_desc,
            self.respond_by,
            self.days_to_respond,
            self.duration_minutes,
            self.follow_up_user_id,
        )


@strawberry.input(description="A follow-up that is done.")
class CompleteFollowUpInput:
    """A follow-up that is done."""

    activity_id: str = strawberry.field(description=_ACTIVITY_ID)
    completed_on: date | None = strawberry.field(default=None, description=_COMPLETED_ON)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


ChangeInput = (
    CompleteActivityInput
    | ReopenActivityInput
    | WithdrawActivityInput
    | ReassignActivityInput
    | EscalateActivityInput
    | TagInvoicesInput
    | UntagInvoicesInput
    | SetFollowUpInput
    | CompleteFollowUpInput
)
"""What names an activity that there is."""
