"""The erasure of a person: who asked for it and why, who approved it, and when it was done.

    NotAsked --ask--> Erased
    NotAsked --ask, where two are needed--> Asked --approve--> Erased
                                            Asked --withdraw--> NotAsked

A person is named by their own stream, such as contact/406/0100001/1. What is erased of them, and
how, is told there: that stream's last event is appended together with `PersonErased`, and so is
the key destroyed. Where a site wants two people, somebody else than who asked approves. Nothing is
erased of whom a legal hold is on, nor while one is on their account.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.wording import TEXT_CHARACTERS_MAX, required_text

# Events: stored for ever under these names and fields. Add, never rename.


class ErasureAsked(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody asked that a person be erased, and somebody else is to approve it."""

    person: str
    reason: str
    asked_by: str
    asked_on: date


class ErasureWithdrawn(Event, frozen=True, omit_defaults=True, gc=False):
    """Who asked takes it back."""

    withdrawn_by: str
    withdrawn_on: date


class PersonErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The person's key was destroyed; nobody approved it where one is enough."""

    person: str
    reason: str
    asked_by: str
    erased_on: date
    approved_by: str | None = None


ErasureEvent: TypeAlias = ErasureAsked | ErasureWithdrawn | PersonErased


# Commands: `by` is who wishes it.


class AskErasure(Struct, frozen=True, gc=False):
    """Ask that a person be erased.

    `two_needed` says whether somebody else must approve, `there` whether there is somebody to be
    erased, `held` whether a legal hold is on them or their account.
    """

    person: str
    reason: str
    by: str
    business_date: date
    there: bool = False
    two_needed: bool = False
    held: bool = False

    def knowing(self, facts: Sequence[Any]) -> "AskErasure":
        """Return the command that knows the person, the site's option and holds."""
        there, two_needed, *holds = facts
        return replace(self, there=there, two_needed=two_needed, held=any(holds))


class ApproveErasure(Struct, frozen=True, gc=False):
    """Approve that a person be erased."""

    by: str
    business_date: date
    there: bool = False
    held: bool = False

    def knowing(self, facts: Sequence[Any]) -> "ApproveErasure":
        """Return the command that knows the person and holds."""
        there, _, *holds = facts
        return replace(self, there=there, held=any(holds))


class WithdrawErasure(Struct, frozen=True, gc=False):
    """Take back what one asked for."""

    by: str
    business_date: date


ErasureCommand: TypeAlias = AskErasure | ApproveErasure | WithdrawErasure


# State: only what decisions need.


class NotAsked(Struct, frozen=True):
    """Nobody asked for it."""


class Asked(Struct, frozen=True, gc=False):
    """It waits for somebody else to approve it."""

    person: str
    reason: str
    by: str


class Erased(Struct, frozen=True):
    """The person was erased."""


Erasure: TypeAlias = NotAsked | Asked | Erased


def evolve(erasure: Erasure, event: ErasureEvent) -> Erasure:
    """Remember `event`."""
    match erasure, event:
        case NotAsked(), ErasureAsked(person, reason, by):
            return Asked(person, reason, by)
        case Asked(), ErasureWithdrawn():
            return NotAsked()
        case NotAsked() | Asked(), PersonErased():
            return Erased()
        case _:
            raise ImpossibleHistory(f"{event} after {erasure}")


def decide(command: ErasureCommand, erasure: Erasure) -> Sequence[ErasureEvent]:
    """Return the facts that `command` adds."""
    match command:
        case AskErasure():
            return ask(command, erasure)
        case ApproveErasure():
            return approve(command, erasure)
        case WithdrawErasure():
            return withdraw(command, erasure)


def ask(command: AskErasure, erasure: Erasure) -> Sequence[ErasureEvent]:
    """Ask for it, or have it done where one person is enough."""
    reason = required_text(command.reason, "reason", "reason", TEXT_CHARACTERS_MAX)
    match erasure:
        case Erased():
            return []  # told twice
        case Asked(_, known, by) if (known, by) == (reason, command.by):
            return []  # told twice
        case Asked():
            raise Refused(
                "erasure_asked", "This erasure was asked for already and waits for approval."
            )
        case NotAsked():
            see_that_it_may_be(there=command.there, held=command.held)
            told = command.person, reason, command.by, command.business_date
            return [ErasureAsked(*told) if command.two_needed else PersonErased(*told)]


def approve(command: ApproveErasure, erasure: Erasure) -> Sequence[ErasureEvent]:
    """Have it done, if somebody else asked for it."""
    match erasure:
        case Erased():
            return []  # told twice
        case NotAsked():
            raise Refused("erasure_not_asked", "Nobody asked for this erasure.")
        case Asked(person, reason, by):
            if by == command.by:
                raise Refused(
                    "erasure_own", "Somebody else than who asked for an erasure approves it."
                )
            see_that_it_may_be(there=command.there, held=command.held)
            return [PersonErased(person, reason, by, command.business_date, command.by)]


def withdraw(command: WithdrawErasure, erasure: Erasure) -> Sequence[ErasureEvent]:
    """Take it back, if it was one's own."""
    match erasure:
        case NotAsked():
            return []  # told twice
        case Erased():
            raise Refused("person_erased", "This person was erased; nobody can undo that.")
        case Asked(by=by) if by != command.by:
            raise Refused("erasure_of_other", "Only who asked for an erasure withdraws it.")
        case Asked():
            return [ErasureWithdrawn(command.by, command.business_date)]


def see_that_it_may_be(*, there: bool, held: bool) -> None:
    """See that there is somebody to be erased, and that no legal hold forbids it.

    Raises:
        Refused: if that is not so.
    """
    if not there:
        raise Refused(
            "person_unknown", "There is no such person, or they are a user who is not retired."
        )
    if held:
        raise Refused("legal_hold", "A legal hold forbids to erase this person until it is lifted.")


def is_done(erasure: Erasure) -> bool:
    """Whether the person was erased, for decisions on what is told of them."""
    return isinstance(erasure, Erased)


ERASURE: Decider[Erasure, ErasureCommand, ErasureEvent] = Decider(
    category="erasure",
    events=(ErasureAsked, ErasureWithdrawn, PersonErased),
    initial=NotAsked(),
    evolve=evolve,
    decide=decide,
)
"""Streams: erasure/ and the name of the person's stream."""
