"""GraphQL: action codes, and maintaining them (CODE-01 to CODE-06)."""

from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, Payload, answer, check_keys
from api.connections import (
    After,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
)
from api.context import Info
from api.nodes import Node
from api.view_types import filter_of, object_of, order_of
from application.strategies import asked_by_code
from domain.action_code import (
    ACTION_CODE,
    ActionCodeDocument,
    DefineActionCode,
    RetireActionCode,
)
from domain.shared.streams import stream_name
from projections.action_code_view import ACTION_CODE_VIEW, account_rules_of, rules_using


@strawberry.type(description="An action code: what is to be done, and why.")
class ActionCode(Node, object_of(ACTION_CODE_VIEW)):
    """An action code."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(ACTION_CODE.category, *self.values("code"))


@strawberry.input(description="Which action codes; all that is given must hold.")
class ActionCodeFilter(filter_of(ACTION_CODE_VIEW, "api.action_codes", "ActionCodeFilter")):
    """Which action codes."""


@strawberry.input(description="An order of action codes by one field.")
class ActionCodeOrder(order_of(ACTION_CODE_VIEW, "ActionCodeOrder")):
    """An order of action codes."""


ACTION_CODES = offer(Capability(ACTION_CODE_VIEW, ActionCode))


@strawberry.type
class ActionCodeQuery:
    """Action codes."""

    @strawberry.field(description="The action codes; by default by code.")
    async def action_codes(
        self,
        info: Info,
        where: Annotated[
            ActionCodeFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[ActionCodeOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[ActionCode]:
        """Return them."""
        return await connection(
            info,
            ACTION_CODES,
            await info.context.reading(None, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(
    description="An action code to define; all that is told takes the place of what there was."
)
class DefineActionCodeInput:
    """An action code to define."""

    code: str = strawberry.field(description="The action id, such as CALL2: its key.")
    priority: int = strawberry.field(
        description="How urgent its actions are; 1 is the most urgent."
    )
    issue_description: str = strawberry.field(
        description="What the issue is about: it becomes its subject."
    )
    communication_note: str = strawberry.field(description="What to do and why.")
    activity_type: str = strawberry.field(description="The type of the activity that it makes.")
    email_template: str | None = strawberry.field(
        default=None, description="The e-mail template of its letters."
    )
    report_template: str | None = strawberry.field(
        default=None, description="The report template of its letters."
    )
    attach_invoices: bool = strawberry.field(
        default=False, description="Whether its letters have the documents attached."
    )
    cust_contact: bool = strawberry.field(
        default=False, description="Whether it counts as contact with the customer."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What defining an action code led to.")
class DefineActionCodePayload(Payload):
    """What defining an action code led to."""

    @strawberry.field(
        description="The code; null if it was refused or the read models did not follow in time."
    )
    async def action_code(self, info: Info) -> ActionCode | None:
        """Return the code."""
        return await self.record(info, ACTION_CODES)


@strawberry.input(description="The action code to retire.")
class RetireActionCodeInput:
    """The action code to retire."""

    code: str = strawberry.field(description="The code.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What retiring an action code led to.")
class RetireActionCodePayload(Payload):
    """What retiring an action code led to."""

    @strawberry.field(
        description="The code; null if it was refused or the read models did not follow in time."
    )
    async def action_code(self, info: Info) -> ActionCode | None:
        """Return the code."""
        return await self.record(info, ACTION_CODES)


@strawberry.type
class ActionCodeMutation:
    """Maintaining action codes."""

    @strawberry.mutation(
        description="Define an action code, or change what it stands for. Needs one of the roles"
        " admin and credit_manager."
    )
    async def define_action_code(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineActionCodeInput, strawberry.argument(description="The code.")
        ],
    ) -> DefineActionCodePayload:
        """Define a code."""
        info.context.require(*MAINTAINERS)
        document = ActionCodeDocument(
            input.code,
            input.priority,
            input.issue_description,
            input.communication_note,
            input.activity_type,
            input.email_template,
            input.report_template,
            input.attach_invoices,
            input.cust_contact,
        )
        account_rules = 0
        if document.attach_invoices:
            reading = await info.context.newest_reading()
            account_rules = (await reading.fetch(account_rules_of(reading.asked, input.code)))[0]
        return await answer(
            info.context,
            DefineActionCodePayload,
            ACTION_CODE,
            (input.code,),
            DefineActionCode(document, account_rules=account_rules),
            mutation="defineActionCode",
            idempotency_key=input.idempotency_key,
            consults=asked_by_code(document),
        )

    @strawberry.mutation(
        description="Use an action code for nothing new; what was done by it stays what it was, and"
        " defining it again brings it back. Refused while rules in force make their actions by it."
        " Needs one of the roles admin and credit_manager."
    )
    async def retire_action_code(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RetireActionCodeInput, strawberry.argument(description="The code.")
        ],
    ) -> RetireActionCodePayload:
        """Retire a code."""
        info.context.require(*MAINTAINERS)
        check_keys(input.idempotency_key, (input.code,))
        reading = await info.context.newest_reading()
        (use,) = await reading.fetch(rules_using(reading.asked, input.code))
        return await answer(
            info.context,
            RetireActionCodePayload,
            ACTION_CODE,
            (input.code,),
            RetireActionCode(use),
            mutation="retireActionCode",
            idempotency_key=input.idempotency_key,
        )
