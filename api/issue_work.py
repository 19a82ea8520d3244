"""GraphQL: opening, reassigning, resolving and reopening issues."""

from datetime import date
from typing import Annotated

import strawberry

from api.commands import COLLECTORS, HAND_BACK, IDEMPOTENCY_KEY, Payload, answer, new_id
from api.context import Info
from api.escalation import managers_asked
from api.issues import ISSUES, Issue
from application.consulting import asked_by_issue, user_asked
from application.handling import Consulted
from domain.issue import (
    ISSUE,
    EscalateIssue,
    IssueCommand,
    OpenIssue,
    ReassignIssue,
    ReopenIssue,
    ResolveIssue,
    Resolver,
)

_ISSUE_ID = "The issue's key."


@strawberry.input(description="An issue to open.")
class OpenIssueInput:
    """An issue to open."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")
    subject: str = strawberry.field(description="What must be resolved.")
    priority: int | None = strawberry.field(
        default=None, description="How urgent it is; 1 is the most urgent."
    )
    action_code: str | None = strawberry.field(
        default=None, description="The action code that it comes of."
    )
    assigned_user_id: str | None = strawberry.field(
        default=None,
        description="The user who is to resolve it; by default the one of the account.",
    )
    note: str | None = strawberry.field(default=None, description="What to note about it.")
    tran_ids: list[str] | None = strawberry.field(
        default=None, description="Documents on the account that it is about."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An issue to reassign.")
class ReassignIssueInput:
    """An issue to reassign."""

    issue_id: str = strawberry.field(description=_ISSUE_ID)
    assigned_user_id: str = strawberry.field(description="The user who is to resolve it.")
    hand_back: bool = strawberry.field(default=False, description=HAND_BACK)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An issue to escalate.")
class EscalateIssueInput:
    """An issue to escalate."""

    issue_id: str = strawberry.field(description=_ISSUE_ID)
    hand_back: bool = strawberry.field(default=False, description=HAND_BACK)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An issue to resolve.")
class ResolveIssueInput:
    """An issue to resolve."""

    issue_id: str = strawberry.field(description=_ISSUE_ID)
    resolved_on: date | None = strawberry.field(
        default=None,
        description="When it was resolved: from its opening on, and not ahead of time; by default"
        " on the business date of now.",
    )
    resolution: str | None = strawberry.field(default=None, description="Why it is resolved.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An issue to reopen.")
class ReopenIssueInput:
    """An issue to reopen."""

    issue_id: str = strawberry.field(description=_ISSUE_ID)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a mutation of an issue led to.")
class IssuePayload(Payload):
    """What a mutation of an issue led to."""

    @strawberry.field(
        description="The issue; null if it was refused or the read models did not follow in time."
    )
    async def issue(self, info: Info) -> Issue | None:
        """Return the issue."""
        return await self.record(info, ISSUES)


@strawberry.type
class IssueMutation:
    """Work on issues."""

    @strawberry.mutation(
        description="Open an issue of an account. Needs a role of those who work on accounts."
    )
    async def open_issue(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            OpenIssueInput, strawberry.argument(description="The issue.")
        ],
    ) -> IssuePayload:
        """Open an issue."""
        info.context.require(*COLLECTORS)
        issue_id = new_id(input.idempotency_key)
        tran_ids = tuple(dict.fromkeys(input.tran_ids or ()))
        command = OpenIssue(
            issue_id,
            input.company_id,
            input.cust_id,
            input.subject,
            await info.context.today(),
            input.priority,
            input.action_code,
            input.assigned_user_id,
            input.note,
            tran_ids,
        )
        return await answer(
            info.context,
            IssuePayload,
            ISSUE,
            (issue_id,),
            command,
            mutation="openIssue",
            idempotency_key=input.idempotency_key,
            consults=asked_by_issue(command),
        )

    @strawberry.mutation(
        description="Let another user resolve an issue. Needs a role of those who work on accounts."
    )
    async def reassign_issue(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ReassignIssueInput, strawberry.argument(description="The issue and the user.")
        ],
    ) -> IssuePayload:
        """Reassign an issue."""
        user_id = input.assigned_user_id
        return await _changed(
            info,
            input,
            ReassignIssue(user_id, hand_back=input.hand_back),
            "reassignIssue",
            user_asked(user_id),
        )

    @strawberry.mutation(
        description="Let the manager of the user it is assigned to resolve an issue. Needs a role"
        " of those who work on accounts."
    )
    async def escalate_issue(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            EscalateIssueInput, strawberry.argument(description="The issue.")
        ],
    ) -> IssuePayload:
        """Escalate an issue."""
        info.context.require(*COLLECTORS)
        user_id, asked = await managers_asked(info.context, ISSUES, input.issue_id)
        command = EscalateIssue(user_id, input.hand_back)
        return await _changed(info, input, command, "escalateIssue", asked)

    @strawberry.mutation(
        description="Find an issue resolved; its activities stay as they are. Needs a role of"
        " those who work on accounts."
    )
    async def resolve_issue(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ResolveIssueInput, strawberry.argument(description="The issue and why.")
        ],
    ) -> IssuePayload:
        """Resolve an issue."""
        command = ResolveIssue(
            await info.context.today(), Resolver.USER, input.resolved_on, input.resolution
        )
        return await _changed(info, input, command, "resolveIssue")

    @strawberry.mutation(
        description="Take the resolution of an issue back. Needs a role of those who work on"
        " accounts."
    )
    async def reopen_issue(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ReopenIssueInput, strawberry.argument(description="The issue.")
        ],
    ) -> IssuePayload:
        """Reopen an issue."""
        return await _changed(info, input, ReopenIssue(), "reopenIssue")


async def _changed(
    info: Info,
    given: ReassignIssueInput | EscalateIssueInput | ResolveIssueInput | ReopenIssueInput,
    command: IssueCommand,
    mutation: str,
    consults: tuple[Consulted, ...] = (),
) -> IssuePayload:
    """Carry out a command to an issue that there is."""
    info.context.require(*COLLECTORS)
    return await answer(
        info.context,
        IssuePayload,
        ISSUE,
        (given.issue_id,),
        command,
        mutation=mutation,
        idempotency_key=given.idempotency_key,
        consults=consults,
    )
