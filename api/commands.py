"""Mutations: an input becomes a command, the command's outcome a payload."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import uuid4

import strawberry
from msgspec import Struct

from api.connections import Capability, one
from api.context import Context, Info, Reading
from api.errors import ApiError, Code, UserError
from application.handling import Consulted, Request
from domain.api_key import Role
from domain.shared.decider import Decider, Refused
from domain.shared.text import can_be_kept

IDEMPOTENCY_KEY_CHARACTERS_MAX = 200

IDEMPOTENCY_KEY = (
    "A key that is new for each wish: sent again with the same key, the mutation is carried out"
    " once and answers with its first result."
)
"""What every input says of its key."""

HAND_BACK = "Whether it may go to somebody who had it before and passed it on."
"""What inputs of reassignments say of handing back (ISS-13)."""

COLLECTORS = (Role.ADMIN, Role.CREDIT_MANAGER, Role.CREDIT_USER)
"""Those who work on accounts (USR-02, USR-05)."""

MAINTAINERS = (Role.ADMIN, Role.CREDIT_MANAGER)
"""Those who maintain reason codes, action codes, credit classes and rules."""

NOTE_WRITERS = (*COLLECTORS, Role.INQUIRY_USER)
"""Those who may write notes (USR-06)."""


class Told(Struct, frozen=True):
    """What a command led to: the position at which its effect is complete, or refusals."""

    position: int | None
    errors: Sequence[UserError]


@strawberry.type(description="What a mutation led to.")
class Payload:
    """What a mutation led to; a payload's own fields tell the records that it is about."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; then nothing has changed."
    )
    position: int | None = strawberry.field(
        description="Position of the log at which its effect is complete, for `atLeast`; null if"
        " it was refused."
    )
    key: strawberry.Private[tuple[str, ...]]
    reading: strawberry.Private[Reading | None]

    async def record(self, info: Info, capability: Capability, *key: str) -> Any | None:
        """Return the record that it is about, or that of another key.

        None if it was refused or the read models did not follow in time.
        """
        if self.reading is None:
            return None
        return await one(info, capability, self.reading, key or self.key)


AnyPayload = TypeVar("AnyPayload", bound=Payload)


async def answer(
    context: Context,
    payload: type[AnyPayload],
    decider: Decider[Any, Any, Any],
    key: tuple[str, ...],
    command: Struct,
    *,
    mutation: str,
    idempotency_key: str | None,
    consults: tuple[Consulted, ...] = (),
) -> AnyPayload:
    """Carry out a command of the caller and return the payload about the record of `key`."""
    told = await carry_out(
        context,
        decider,
        key,
        command,
        mutation=mutation,
        idempotency_key=idempotency_key,
        consults=consults,
    )
    reading = None
    if told.position is not None:
        reading = await context.reading_at_least(told.position)
    return payload(user_errors=list(told.errors), position=told.position, key=key, reading=reading)


async def carry_out(
    context: Context,
    decider: Decider[Any, Any, Any],
    key: tuple[str, ...],
    command: Struct,
    *,
    mutation: str,
    idempotency_key: str | None,
    consults: tuple[Consulted, ...] = (),
) -> Told:
    """Carry out a command of the caller."""
    check_keys(idempotency_key, key, *(one.key for one in consults))
    reading = await context.reading()
    request = Request(
        decider,
        key,
        command,
        actor=context.caller.actor,
        business_date=reading.asked.as_of,
        cause=f"mutation/{mutation}",
        correlation=context.request_id,
        idempotency_key=idempotency_key,
        consults=consults,
    )
    try:
        handled = await context.services.submit(context.caller.tenant, request)
    except Refused as refusal:
        return Told(None, [UserError.of(refusal)])
    return Told(handled.position, [])


def check_keys(idempotency_key: str | None, *keys: tuple[str, ...]) -> None:
    """See that an idempotency key and the keys of streams can be ones.

    Raises:
        ApiError: if one cannot.
    """
    if idempotency_key is not None and not (
        0 < len(idempotency_key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX and can_be_kept(idempotency_key)
    ):
        reason = f"has 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} characters, in plain text"
        raise ApiError(Code.BAD_USER_INPUT, f"An idempotency key {reason}.")
    if not all(can_be_kept(part) for key in keys for part in key):
        raise ApiError(Code.BAD_USER_INPUT, "An id is plain text, without the character NUL.")


def new_id(idempotency_key: str | None) -> str:
    """Return an id for something new: the same one whenever the same wish is sent."""
    return idempotency_key or str(uuid4())
