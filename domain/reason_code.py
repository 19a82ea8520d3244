"""A reason code: one of the site's own reasons for disputes and tags of invoices (DSP-05).

    NotDefined --define--> Defined --define--> Defined, changed
                            |  ^
                        retire define
                            v  |
                           Retired

What carries a code keeps it when the code is retired; only new disputes and tags cannot have it.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import ReasonCodeFacts
from domain.shared.text import cleaned

CODE_CHARACTERS_MAX = 50
DESCRIPTION_CHARACTERS_MAX = 500

SEVERITY_MAX = 1_000
"""The least severe there can be."""


# Events: stored for ever under these names and fields. Add, never rename.


class ReasonCodeDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """A code can be given from now on; `severity` 1 is the most severe, None unrated (DSP-08)."""

    code: str
    description: str
    severity: int | None = None


class ReasonCodeChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """What the code means, or how severe it is, is told in another way."""

    code: str
    description: str
    severity: int | None = None


class ReasonCodeRetired(Event, frozen=True, omit_defaults=True, gc=False):
    """The code is not given any more."""

    code: str


ReasonCodeEvent: TypeAlias = ReasonCodeDefined | ReasonCodeChanged | ReasonCodeRetired


# Commands.


class DefineReasonCode(Struct, frozen=True, gc=False):
    """Let a code be given and say what it means; also of one that is known or was retired."""

    code: str
    description: str
    severity: int | None = None


class RetireReasonCode(Struct, frozen=True, gc=False):
    """Let the code be given no more."""


ReasonCodeCommand: TypeAlias = DefineReasonCode | RetireReasonCode


# State: only what decisions need.


class NotDefined(Struct, frozen=True):
    """There is no such code."""


class Defined(Struct, frozen=True, gc=False):
    """The code can be given."""

    code: str
    description: str
    severity: int | None


class Retired(Struct, frozen=True, gc=False):
    """The code could be given once."""

    code: str


ReasonCode: TypeAlias = NotDefined | Defined | Retired


def evolve(reason: ReasonCode, event: ReasonCodeEvent) -> ReasonCode:
    """Remember `event`."""
    match reason, event:
        case NotDefined() | Retired(), ReasonCodeDefined(code, description, severity):
            return Defined(code, description, severity)
        case Defined(), ReasonCodeChanged(code, description, severity):
            return Defined(code, description, severity)
        case Defined(), ReasonCodeRetired(code):
            return Retired(code)
        case _:
            raise ImpossibleHistory(f"{event} after {reason}")


def decide(command: ReasonCodeCommand, reason: ReasonCode) -> Sequence[ReasonCodeEvent]:
    """Return the facts that `command` adds."""
    match reason, command:
        case _, DefineReasonCode():
            return define(command, reason)
        case Defined(code), RetireReasonCode():
            return [ReasonCodeRetired(code)]
        case Retired(), RetireReasonCode():
            return []  # retired already
        case NotDefined(), RetireReasonCode():
            raise Refused("reason_code_unknown", "There is no such reason code.", "code")


def define(command: DefineReasonCode, reason: ReasonCode) -> Sequence[ReasonCodeEvent]:
    """Define a code, or change what it says."""
    code, severity = command.code, command.severity
    if cleaned(code, "reason_code", "code", CODE_CHARACTERS_MAX) != code:
        raise Refused("reason_code_spaced", "A reason code has no space around it.", "code")
    if not code:
        raise Refused("reason_code_empty", "A reason code needs some text.", "code")
    description = cleaned(
        command.description, "description", "description", DESCRIPTION_CHARACTERS_MAX
    )
    if not description:
        raise Refused("description_empty", "A reason code says what it means.", "description")
    if severity is not None and not 1 <= severity <= SEVERITY_MAX:
        raise Refused(
            "severity_invalid",
            f"A severity is a whole number from 1, the most severe, to {SEVERITY_MAX}.",
            "severity",
        )
    wanted = Defined(code, description, severity)
    if reason == wanted:
        return []  # told twice
    if isinstance(reason, Defined):
        return [ReasonCodeChanged(code, description, severity)]
    return [ReasonCodeDefined(code, description, severity)]


def facts(reason: ReasonCode) -> ReasonCodeFacts | None:
    """Return what other decisions may know of the code; None if there is no such code."""
    match reason:
        case NotDefined():
            return None
        case Defined(code):
            return ReasonCodeFacts(code, active=True)
        case Retired(code):
            return ReasonCodeFacts(code, active=False)


REASON_CODE: Decider[ReasonCode, ReasonCodeCommand, ReasonCodeEvent] = Decider(
    category="reason_code",
    events=(ReasonCodeDefined, ReasonCodeChanged, ReasonCodeRetired),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
