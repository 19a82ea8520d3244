"""A diary: what whom asks of which record on which day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from application.handling import Consulted, Request
from domain.shared.decider import Decider

CORRELATION = "demo/sample-work"


def work_id(kind: str, *parts: str) -> str:
    """Return the id of something new, and the idempotency key of the command that makes it."""
    return "-".join(("sample", kind, *parts))


class Diary:
    """Requests, to be carried out in the order of their days."""

    def __init__(self) -> None:
        self._entries: list[Request] = []

    @property
    def requests(self) -> list[Request]:
        """The requests by day; those of a day in the order in which they were noted."""
        return sorted(self._entries, key=lambda one: one.business_date)

    def note(
        self,
        day: date,
        user_id: str,
        mutation: str,
        decider: Decider[Any, Any, Any],
        key: tuple[str, ...],
        command: Struct,
        idempotency_key: str,
        consults: Sequence[Consulted] = (),
    ) -> None:
        """Note what a user asks on a day, as the mutation of this name would."""
        self._entries.append(
            Request(
                decider,
                key,
                command,
                actor=f"demo/{user_id}",
                business_date=day,
                cause=f"demo/{mutation}",
                correlation=CORRELATION,
                idempotency_key=idempotency_key,
                consults=tuple(consults),
            )
        )
