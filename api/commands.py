"""Mutations: an input becomes a command, the command's outcome a payload."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from msgspec import Struct

from api.context import Context
from api.errors import ApiError, Code, UserError
from application.handling import Request
from domain.shared.decider import Decider, Refused

IDEMPOTENCY_KEY_CHARACTERS_MAX = 200

IDEMPOTENCY_KEY = (
    "A key that is new for each wish: sent again with the same key, the mutation is carried out"
    " once and answers with its first result."
)
"""What every input says of its key."""


class Told(Struct, frozen=True):
    """What a command led to: the position at which its effect is complete, or refusals."""

    position: int | None
    errors: Sequence[UserError]


async def carry_out(
    context: Context,
    decider: Decider[Any, Any, Any],
    key: tuple[str, ...],
    command: Struct,
    *,
    mutation: str,
    idempotency_key: str | None,
) -> Told:
    """Carry out a command of the caller."""
    if idempotency_key is not None and not 0 < len(idempotency_key) <= (
        IDEMPOTENCY_KEY_CHARACTERS_MAX
    ):
        raise ApiError(
            Code.BAD_USER_INPUT,
            f"An idempotency key has 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} characters.",
        )
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
    )
    try:
        handled = await context.services.submit(context.caller.tenant, request)
    except Refused as refusal:
        return Told(None, [UserError.of(refusal)])
    return Told(handled.position, [])


def new_id(idempotency_key: str | None) -> str:
    """Return an id for something new: the same one whenever the same wish is sent."""
    return idempotency_key or str(uuid4())
