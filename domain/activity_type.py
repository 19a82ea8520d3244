"""A type of activities: one of the six standard ones, or one derived from them (ACT-01, ACT-02).

    NotDefined --define--> Defined --define--> Defined, changed

The standard types are there without being defined; defining one gives it a name, a priority and
a procedure of the site's own. What a type derives from stays, since activities behave by it.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import ActivityTypeFacts
from domain.shared.standard_type import StandardType, standard_type_of
from domain.shared.wording import (
    TEXT_CHARACTERS_MAX,
    checked_priority,
    optional_text,
    required_text,
)


class ActivityTypeDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a type is.

    `priority` 1 is the most urgent (ACT-23); `procedure` is a checklist or a script for those who
    carry such an activity out (ACT-22).
    """

    code: str
    standard_type: StandardType
    name: str
    priority: int | None = None
    procedure: str | None = None


# Events: stored for ever under these names and fields. Add, never rename.


class ActivityTypeDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody defined the type."""

    document: ActivityTypeDocument


class ActivityTypeChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody changed what is told of the type."""

    document: ActivityTypeDocument


ActivityTypeEvent: TypeAlias = ActivityTypeDefined | ActivityTypeChanged


class DefineActivityType(Struct, frozen=True, gc=False):
    """Define a type, or change the one that there is."""

    document: ActivityTypeDocument


class NotDefined(Struct, frozen=True):
    """Nobody defined the type; it may be a standard one."""


class Defined(Struct, frozen=True, gc=False):
    """The type as defined."""

    document: ActivityTypeDocument


ActivityType: TypeAlias = NotDefined | Defined


def evolve(activity_type: ActivityType, event: ActivityTypeEvent) -> ActivityType:
    """Remember `event`."""
    match activity_type, event:
        case NotDefined(), ActivityTypeDefined(document):
            return Defined(document)
        case Defined(), ActivityTypeChanged(document):
            return Defined(document)
        case _:
            raise ImpossibleHistory(f"{event} after {activity_type}")


def decide(command: DefineActivityType, activity_type: ActivityType) -> Sequence[ActivityTypeEvent]:
    """Return the facts that `command` adds."""
    document = checked(command.document)
    match activity_type:
        case NotDefined():
            fixed = standard_type_of(document.code)
            if fixed is not None and document.standard_type is not fixed:
                raise _fixed(document.code, fixed)
            return [ActivityTypeDefined(document)]
        case Defined(known) if known == document:
            return []  # told twice
        case Defined(known) if known.standard_type is not document.standard_type:
            raise _fixed(known.code, known.standard_type)
        case Defined():
            return [ActivityTypeChanged(document)]


def checked(document: ActivityTypeDocument) -> ActivityTypeDocument:
    """Return what is told of a type, trimmed.

    Raises:
        Refused: if something of it cannot be.
    """
    code = required_text(document.code, "code", "code")
    if code != document.code:
        raise Refused("code_not_trimmed", "The code has space around it.", "code")
    return ActivityTypeDocument(
        code,
        document.standard_type,
        required_text(document.name, "name", "name"),
        checked_priority(document.priority),
        optional_text(document.procedure, "procedure", "procedure", TEXT_CHARACTERS_MAX),
    )


def _fixed(code: str, standard_type: StandardType) -> Refused:
    return Refused(
        "standard_type_fixed",
        f"{code} derives from {standard_type}, and activities behave by that; define another type.",
        "standardType",
    )


def facts(activity_type: ActivityType) -> ActivityTypeFacts | None:
    """Return what other decisions may know of the type; None if nobody defined it."""
    if isinstance(activity_type, NotDefined):
        return None
    document = activity_type.document
    return ActivityTypeFacts(document.standard_type, document.priority)


ACTIVITY_TYPE: Decider[ActivityType, DefineActivityType, ActivityTypeEvent] = Decider(
    category="activity_type",
    events=(ActivityTypeDefined, ActivityTypeChanged),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
