"""GraphQL: recording activities, and working on those that there are."""

from typing import Annotated

import strawberry

from api.activities import ACTIVITIES, Activity
from api.activity_inputs import (
    ChangeInput,
    CompleteActivityInput,
    CompleteFollowUpInput,
    EscalateActivityInput,
    ReassignActivityInput,
    RecordActivityInput,
    ReopenActivityInput,
    SetFollowUpInput,
    TagInvoicesInput,
    UntagInvoicesInput,
    WithdrawActivityInput,
)
from api.commands import COLLECTORS, Payload, answer, new_id
from api.connections import records_of
from api.context import Context, Info
from api.escalation import managers_asked
from application.consulting import (
    asked_by_activity,
    asked_by_follow_up,
    documents_asked,
    user_asked,
)
from application.handling import Consulted
from domain.activity import (
    ACTIVITY,
    ActivityCommand,
    CompleteActivity,
    EscalateActivity,
    ReassignActivity,
    RecordActivity,
    ReopenActivity,
    TagInvoices,
    UntagInvoices,
    WithdrawActivity,
)
from domain.follow_up import CompleteFollowUp, SetFollowUp

_NEEDS = "Needs a role of those who work on accounts."


@strawberry.type(description="What a mutation of an activity led to.")
class ActivityPayload(Payload):
    """What a mutation of an activity led to."""

    @strawberry.field(
        description="The activity; null if it was refused or the read models did not follow in"
        " time."
    )
    async def activity(self, info: Info) -> Activity | None:
        """Return the activity."""
        return await self.record(info, ACTIVITIES)


@strawberry.type
class ActivityMutation:
    """Work on activities."""

    @strawberry.mutation(
        description=f"Record an activity on an account, done or to be done. {_NEEDS}"
    )
    async def record_activity(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RecordActivityInput, strawberry.argument(description="The activity.")
        ],
    ) -> ActivityPayload:
        """Record an activity."""
        info.context.require(*COLLECTORS)
        command = RecordActivity(
            new_id(input.idempotency_key),
            input.company_id,
            input.cust_id,
            input.activity_type,
            await info.context.today(),
            issue_id=input.issue_id,
            note=input.note,
            due_on=input.due_on,
            assigned_user_id=input.assigned_user_id,
            user_id=input.user_id or info.context.caller.actor,
            action_code=input.action_code,
            priority=input.priority,
            tran_ids=tuple(dict.fromkeys(input.tran_ids or ())),
            follow_up=input.follow_up(),
            complete=input.complete,
            successful=input.successful,
        )
        return await _recorded(info, command, "recordActivity", input.idempotency_key)

    @strawberry.mutation(description=f"Complete an activity; its issue stays open. {_NEEDS}")
    async def complete_activity(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            CompleteActivityInput, strawberry.argument(description="The activity and its result.")
        ],
    ) -> ActivityPayload:
        """Complete an activity."""
        today = await info.context.today()
        command = CompleteActivity(today, input.completed_on, input.note, input.successful)
        return await _changed(info, input, command, "completeActivity")

    @strawberry.mutation(description=f"Take the completion of an activity back. {_NEEDS}")
    async def reopen_activity(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ReopenActivityInput, strawberry.argument(description="The activity.")
        ],
    ) -> ActivityPayload:
        """Reopen an activity."""
        return await _changed(info, input, ReopenActivity(), "reopenActivity")

    @strawberry.mutation(description=f"Let another user carry an activity out. {_NEEDS}")
    async def reassign_activity(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ReassignActivityInput, strawberry.argument(description="The activity and the user.")
        ],
    ) -> ActivityPayload:
        """Reassign an activity."""
        user_id = input.assigned_user_id
        command = ReassignActivity(user_id, hand_back=input.hand_back)
        return await _changed(info, input, command, "reassignActivity", user_asked(user_id))

    @strawberry.mutation(
        description=f"Let the manager of the user it is assigned to carry an activity out. {_NEEDS}"
    )
    async def escalate_activity(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EscalateActivityInput, strawberry.argument(description="The activity.")
        ],
    ) -> ActivityPayload:
        """Escalate an activity."""
        info.context.require(*COLLECTORS)
        user_id, asked = await managers_asked(info.context, ACTIVITIES, input.activity_id)
        command = EscalateActivity(user_id, input.hand_back)
        return await _changed(info, input, command, "escalateActivity", asked)

    @strawberry.mutation(
        description="Withdraw an activity that lost its reason before it was carried out, and what"
        f" was to be followed up of it. It is no longer open, and never was complete. {_NEEDS}"
    )
    async def withdraw_activity(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            WithdrawActivityInput, strawberry.argument(description="The activity and why.")
        ],
    ) -> ActivityPayload:
        """Withdraw an activity."""
        command = WithdrawActivity(await info.context.today(), input.reason)
        return await _changed(info, input, command, "withdrawActivity")

    @strawberry.mutation(
        description="Tag documents to an activity, with what is open of each now. Those that are"
        f" tagged already stay as they are. {_NEEDS}"
    )
    async def tag_invoices(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            TagInvoicesInput, strawberry.argument(description="The activity and the documents.")
        ],
    ) -> ActivityPayload:
        """Tag documents to an activity."""
        tran_ids = tuple(dict.fromkeys(input.tran_ids))
        command = TagInvoices(tran_ids, await info.context.today())
        consults = documents_asked(input.company_id, tran_ids)
        return await _changed(info, input, command, "tagInvoices", consults)

    @strawberry.mutation(description=f"Take tags of documents to an activity back. {_NEEDS}")
    async def untag_invoices(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            UntagInvoicesInput, strawberry.argument(description="The activity and the documents.")
        ],
    ) -> ActivityPayload:
        """Take tags back."""
        return await _changed(info, input, UntagInvoices(tuple(input.tran_ids)), "untagInvoices")

    @strawberry.mutation(description=f"Set when to follow an activity up. {_NEEDS}")
    async def set_follow_up(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetFollowUpInput, strawberry.argument(description="The activity and the follow-up.")
        ],
    ) -> ActivityPayload:
        """Set a follow-up."""
        command = SetFollowUp(input.follow_up(), await info.context.today())
        account = await _account_of(info.context, input.activity_id)
        consults = asked_by_follow_up(command, account)
        return await _changed(info, input, command, "setFollowUp", consults)

    @strawberry.mutation(
        description=f"Complete the follow-up of an activity; the activity stays as it is. {_NEEDS}"
    )
    async def complete_follow_up(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            CompleteFollowUpInput, strawberry.argument(description="The activity.")
        ],
    ) -> ActivityPayload:
        """Complete a follow-up."""
        command = CompleteFollowUp(await info.context.today(), input.completed_on)
        return await _changed(info, input, command, "completeFollowUp")


async def _recorded(
    info: Info, command: RecordActivity, mutation: str, idempotency_key: str | None
) -> ActivityPayload:
    """Record an activity."""
    return await answer(
        info.context,
        ActivityPayload,
        ACTIVITY,
        (command.activity_id,),
        command,
        mutation=mutation,
        idempotency_key=idempotency_key,
        consults=asked_by_activity(command),
    )


async def _account_of(context: Context, activity_id: str) -> tuple[str, str] | None:
    """Return the account of an activity, which never changes; None if it is unknown."""
    asked_for = frozenset({"companyId", "custId"})
    reading = await context.reading()
    found = await records_of(ACTIVITIES, reading, [(activity_id,)], asked_for, None)
    for one in found:
        company_id, cust_id = one.values("company_id", "cust_id")
        return str(company_id), str(cust_id)
    return None


async def _changed(
    info: Info,
    given: ChangeInput,
    command: ActivityCommand,
    mutation: str,
    consults: tuple[Consulted, ...] = (),
) -> ActivityPayload:
    """Carry out a command to an activity that there is."""
    info.context.require(*COLLECTORS)
    return await answer(
        info.context,
        ActivityPayload,
        ACTIVITY,
        (given.activity_id,),
        command,
        mutation=mutation,
        idempotency_key=given.idempotency_key,
        consults=consults,
    )
