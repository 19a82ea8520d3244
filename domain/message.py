"""A message: what the software tells a user of what it did, with a file if there is one (LOG-03).

NotDelivered --deliver--> Delivered --mark read--> Delivered, read by somebody

What was delivered stays as it is: whoever delivers it again adds nothing.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event

ID_CHARACTERS = 32


class MessageKind(StrEnum):
    """What a message tells."""

    SYNC_DONE = "sync_done"
    """A sync is over (SYN-10)."""
    ACTIONS_GENERATED = "actions_generated"
    """Rules were run (RULE-33)."""
    RUN_FAILED = "run_failed"
    """Rules could not be run (RULE-33)."""
    PREVIEW_READY = "preview_ready"
    """What rules would do is worked out (RULE-24)."""
    EXPORT_READY = "export_ready"
    """A file is written (PND-08)."""
    ALERT = "alert"
    """Records that somebody wants to be told of (ALR-01)."""


class StoredFile(Struct, frozen=True, gc=False):
    """A file that is kept under the hash of its bytes, in hexadecimal digits."""

    name: str
    media_type: str
    size: int
    sha256: str


def message_id(*occasion: str) -> str:
    """Return the id of the message about an occasion, such as an alert, a user and a date."""
    told = "\n".join(f"{len(part)} {part}" for part in occasion)
    return sha256(told.encode()).hexdigest()[:ID_CHARACTERS]


# Events: stored for ever under these names and fields. Add, never rename.


class MessageDelivered(Event, frozen=True, omit_defaults=True, gc=False):
    """A user is told something; without one, everybody who runs the site is.

    `link` is where more of it is shown.
    """

    message_id: str
    kind: MessageKind
    subject: str
    body: str
    delivered_on: date
    user_id: str | None = None
    attachment: StoredFile | None = None
    link: str | None = None


class MessageRead(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody read it: a user, or a key that acts for none, as the log names it."""

    reader: str


MessageEvent: TypeAlias = MessageDelivered | MessageRead


# Commands.


class DeliverMessage(Struct, frozen=True, gc=False):
    """Tell a user something, or everybody who runs the site."""

    message_id: str
    kind: MessageKind
    subject: str
    body: str
    business_date: date
    user_id: str | None = None
    attachment: StoredFile | None = None
    link: str | None = None


class MarkMessageRead(Struct, frozen=True, gc=False):
    """Say that somebody read it, who may run the site."""

    reader: str
    runs_site: bool


MessageCommand: TypeAlias = DeliverMessage | MarkMessageRead


# State: only what decisions need.


class NotDelivered(Struct, frozen=True):
    """There is no such message."""


class Delivered(Struct, frozen=True, gc=False):
    """It is there, for a user or for who runs the site, and was read by these."""

    user_id: str | None
    readers: frozenset[str] = frozenset()


Message: TypeAlias = NotDelivered | Delivered


def evolve(message: Message, event: MessageEvent) -> Message:
    """Remember `event`."""
    match message, event:
        case NotDelivered(), MessageDelivered():
            return Delivered(event.user_id)
        case Delivered(), MessageRead(reader):
            return replace(message, readers=message.readers | {reader})
        case _:
            raise ImpossibleHistory(f"{event} after {message}")


def decide(command: MessageCommand, message: Message) -> Sequence[MessageEvent]:
    """Return the facts that `command` adds."""
    match message, command:
        case NotDelivered(), DeliverMessage():
            return [delivering(command)]
        case Delivered(), DeliverMessage():
            return []  # delivered already
        case Delivered(user_id, readers), MarkMessageRead(reader, runs_site):
            if not (runs_site if user_id is None else user_id == reader):
                raise unknown()
            return [] if reader in readers else [MessageRead(reader)]
        case NotDelivered(), MarkMessageRead():
            raise unknown()


def unknown() -> Refused:
    """Return the refusal of a message that is not there, or not for who asks."""
    return Refused("message_unknown", "You have no such message.", "messageId")


def delivering(command: DeliverMessage) -> MessageDelivered:
    """Return the fact that a message is delivered."""
    return MessageDelivered(
        command.message_id,
        command.kind,
        command.subject,
        command.body,
        command.business_date,
        command.user_id,
        command.attachment,
        command.link,
    )


MESSAGE: Decider[Message, MessageCommand, MessageEvent] = Decider(
    category="message",
    events=(MessageDelivered, MessageRead),
    initial=NotDelivered(),
    evolve=evolve,
    decide=decide,
)
