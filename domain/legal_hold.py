"""A legal hold: an account or a person of whom nothing may be erased until it is lifted.

NotHeld --place--> Held --lift--> NotHeld

What is held is named by its stream, such as account/406/0100001. A hold on an account holds its
contacts, too.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.wording import TEXT_CHARACTERS_MAX, required_text

# Events: stored for ever under these names and fields. Add, never rename.


class LegalHoldPlaced(Event, frozen=True, omit_defaults=True, gc=False):
    """Nothing of the subject may be erased from `placed_on` on."""

    subject: str
    reason: str
    placed_by: str
    placed_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was placed."""
        return self.placed_on


class LegalHoldLifted(Event, frozen=True, omit_defaults=True, gc=False):
    """The hold ended."""

    reason: str
    lifted_by: str
    lifted_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was lifted."""
        return self.lifted_on


LegalHoldEvent: TypeAlias = LegalHoldPlaced | LegalHoldLifted


# Commands: `by` is who asks.


class PlaceLegalHold(Struct, frozen=True, gc=False):
    """Hold a subject; `known` says whether it is there."""

    subject: str
    reason: str
    by: str
    business_date: date
    known: bool = False

    def knowing(self, facts: Sequence[bool]) -> "PlaceLegalHold":
        """Return the command that knows whether the subject is there."""
        return replace(self, known=facts[0])


class LiftLegalHold(Struct, frozen=True, gc=False):
    """End the hold."""

    reason: str
    by: str
    business_date: date


LegalHoldCommand: TypeAlias = PlaceLegalHold | LiftLegalHold


# State: only what decisions need.


class NotHeld(Struct, frozen=True):
    """Nothing speaks against erasing."""


class Held(Struct, frozen=True, gc=False):
    """Nothing of the subject may be erased."""

    reason: str


LegalHold: TypeAlias = NotHeld | Held


def evolve(hold: LegalHold, event: LegalHoldEvent) -> LegalHold:
    """Remember `event`."""
    match hold, event:
        case NotHeld(), LegalHoldPlaced(reason=reason):
            return Held(reason)
        case Held(), LegalHoldLifted():
            return NotHeld()
        case _:
            raise ImpossibleHistory(f"{event} after {hold}")


def decide(command: LegalHoldCommand, hold: LegalHold) -> Sequence[LegalHoldEvent]:
    """Return the facts that `command` adds."""
    reason = required_text(command.reason, "reason", "reason", TEXT_CHARACTERS_MAX)
    match command, hold:
        case PlaceLegalHold(known=False), _:
            raise Refused("hold_subject_unknown", "There is nothing by this key to hold.", "custId")
        case PlaceLegalHold(subject, _, by, day), NotHeld():
            return [LegalHoldPlaced(subject, reason, by, day)]
        case PlaceLegalHold(), Held(known) if known == reason:
            return []  # told twice
        case PlaceLegalHold(), Held():
            raise Refused("hold_exists", "It is held already, for another reason.", "reason")
        case LiftLegalHold(_, by, day), Held():
            return [LegalHoldLifted(reason, by, day)]
        case LiftLegalHold(), NotHeld():
            return []  # told twice


def is_held(hold: LegalHold) -> bool:
    """Whether there is a hold, for decisions about it elsewhere."""
    return isinstance(hold, Held)


LEGAL_HOLD: Decider[LegalHold, LegalHoldCommand, LegalHoldEvent] = Decider(
    category="legal_hold",
    events=(LegalHoldPlaced, LegalHoldLifted),
    initial=NotHeld(),
    evolve=evolve,
    decide=decide,
)
"""Streams: legal_hold/ and the name of the subject's stream."""
