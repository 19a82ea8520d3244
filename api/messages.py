"""GraphQL: the messages of who asks, and reading them (LOG-03)."""

from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, NOTE_WRITERS, Payload, answer
from api.connections import (
    After,
    AsOf,
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
from api.downloads import attachment_path
from api.view_types import filter_of, object_of, order_of
from domain.api_key import Role
from domain.conditions import AllOf, AnyOf, Compared, Condition, Operator
from domain.message import MESSAGE, MarkMessageRead
from domain.shared.streams import stream_name
from projections.listing import Listing, Order, total
from projections.message_view import MESSAGE_VIEW
from runtime.services import Caller


@strawberry.type(description="A message: what the software tells a user of what it did.")
class Message(object_of(MESSAGE_VIEW)):
    """A message."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(MESSAGE.category, *self.values("message_id"))

    @strawberry.field(
        description="Where its file is downloaded, with the same authorization as a query; null if"
        " it has none."
    )
    def attachment(self) -> str | None:
        """Return the path of the file."""
        message_id, sha256 = self.values("message_id", "sha256")
        return None if sha256 is None else attachment_path(message_id)


@strawberry.input(description="Which messages; all that is given must hold.")
class MessageFilter(filter_of(MESSAGE_VIEW, "api.messages", "MessageFilter")):
    """Which messages."""


@strawberry.input(description="An order of messages by one field.")
class MessageOrder(order_of(MESSAGE_VIEW, "MessageOrder")):
    """An order of messages."""


MESSAGES = offer(Capability(MESSAGE_VIEW, Message, links={"attachment": ("sha256",), "stream": ()}))

NEWEST_FIRST = (Order("message_no", descending=True),)


def own_messages(caller: Caller) -> Condition:
    """Return the condition on messages that are for a caller."""
    for_reader = Compared("user_id", Operator.EQ, caller.reader)
    if caller.role is not Role.ADMIN:
        return for_reader
    return AnyOf((for_reader, Compared("user_id", Operator.IS_NULL, True)))


@strawberry.type
class MessageQuery:
    """Messages."""

    @strawberry.field(
        description="The messages for the user that the caller acts for, and for an ADMIN those"
        " for everybody who runs the site; by default the newest first."
    )
    async def messages(
        self,
        info: Info,
        where: Annotated[
            MessageFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[MessageOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Message]:
        """Return the caller's messages."""
        return await connection(
            info,
            MESSAGES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            also=own_messages(info.context.caller),
            order=NEWEST_FIRST,
        )

    @strawberry.field(description="How many messages the caller has not read.")
    async def unread_message_count(
        self,
        info: Info,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> int:
        """Return the number of unread messages."""
        reading = await info.context.reading()
        unread = Compared("read", Operator.EQ, False)
        where = AllOf((own_messages(info.context.caller), unread))
        return (await reading.fetch(total(Listing(MESSAGE_VIEW, reading.asked, (), where))))[0]


@strawberry.input(description="The message that was read.")
class MarkMessageReadInput:
    """The message that was read."""

    message_id: str = strawberry.field(description="The message.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What marking a message as read led to.")
class MarkMessageReadPayload(Payload):
    """What marking a message as read led to."""

    @strawberry.field(
        description="The message; null if it was refused or the read models did not follow in time."
    )
    async def message(self, info: Info) -> Message | None:
        """Return the message."""
        return await self.record(info, MESSAGES)


@strawberry.type
class MessageMutation:
    """Reading messages."""

    @strawberry.mutation(
        description="Say that the caller has read a message. Everybody reads those for who runs the"
        " site by themselves. Auditors read messages and leave no mark."
    )
    async def mark_message_read(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            MarkMessageReadInput, strawberry.argument(description="The message.")
        ],
    ) -> MarkMessageReadPayload:
        """Mark a message as read."""
        info.context.require(*NOTE_WRITERS)
        caller = info.context.caller
        return await answer(
            info.context,
            MarkMessageReadPayload,
            MESSAGE,
            (input.message_id,),
            MarkMessageRead(caller.reader, runs_site=caller.role is Role.ADMIN),
            mutation="markMessageRead",
            idempotency_key=input.idempotency_key,
        )
