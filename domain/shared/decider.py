"""A decider: one kind of stream, told as three pure functions of its history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

State = TypeVar("State")
Command = TypeVar("Command")
Event = TypeVar("Event")


class Refused(Exception):
    """The business says no. The message is fit to show to the person who asked.

    `code` is stable and meant for programs; `field` names the input at fault, if one is.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class ImpossibleHistory(Exception):
    """The stored events contradict each other; no command may build on them."""


@dataclass(frozen=True, slots=True)
class Decider(Generic[State, Command, Event]):
    """One kind of stream: what it starts as, what its events do, what its commands lead to."""

    category: str
    events: tuple[type[Event], ...]
    initial: State
    evolve: Callable[[State, Event], State]
    decide: Callable[[Command, State], Sequence[Event]]

    def replay(self, history: Sequence[Event]) -> State:
        """Return the state that `history` led to."""
        return reduce(self.evolve, history, self.initial)
