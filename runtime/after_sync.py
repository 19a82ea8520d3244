"""What follows a sync, in order, once the read models show it (SYN-06).

Each step asks the read models what there may be to do and turns it into commands; the deciders
decide. So a step that runs again, or late, changes nothing that it need not.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection

from application.handling import BATCH_COMMANDS_MAX, Handled, Request, handle_all
from eventstore.log import Log
from runtime.class_leaving import class_leaving
from runtime.issue_closing import issue_closing
from runtime.match_pending_payments import match_pending_payments
from runtime.promise_judging import promise_judging
from runtime.user_action_raising import user_action_raising
from runtime.worker import wait_until


class Following(Struct, frozen=True):
    """A sync that is followed: whose, on which business date, by whom and why.

    `companies` are those whose invoices the export holds.
    """

    connection: Connection[Any]
    log: Log
    tenant: int
    business_date: date
    actor: str
    cause: str
    companies: frozenset[str]


ALIVE_POLL_SECONDS = 0.5
"""How often it is seen to that the read models are kept, while they are waited for."""

Step = Callable[[Following], Sequence[Request]]

STEPS: tuple[Step, ...] = (
    match_pending_payments,
    promise_judging,
    class_leaving,
    issue_closing,
    user_action_raising,
)
"""The steps, in the order in which they depend on each other."""


class Followed(Struct):
    """What the steps did: how many events, and the position at which all of it is complete."""

    events: int = 0
    position: int = 0


def follow(
    following: Following, keep_alive: Callable[[], None], steps: Sequence[Step] = STEPS
) -> Followed:
    """Carry out the steps; return when the read models show what they did."""
    followed = Followed()
    for step in steps:
        position = 0
        requests = step(following)
        for start in range(0, len(requests), BATCH_COMMANDS_MAX):
            for outcome in handle_all(following.log, requests[start : start + BATCH_COMMANDS_MAX]):
                if isinstance(outcome, Handled):
                    followed.events += len(outcome.events)
                    position = max(position, outcome.position)
        followed.position = max(followed.position, position)
        while not wait_until(following.connection, following.tenant, position, ALIVE_POLL_SECONDS):
            keep_alive()
    return followed
