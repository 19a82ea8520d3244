"""A credit class: accounts that are worked on by the same rules (RULE-01).

NotDefined --define--> Defined --define--> Defined, changed
    ^                     |
    |---- delete ---------|
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.schedule import Schedule, checked_schedule
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.wording import TEXT_CHARACTERS_MAX, optional_text, required_text

FREQUENCY_DAYS_MAX = 365


class CreditClassDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a class is.

    `frequency_days` is the least number of days between a contact with a customer and the next
    letter that the software sends (RULE-18); 0 sets no limit (G18). By its `schedule` actions are
    made without anybody asking (RULE-22); without one somebody must.
    """

    class_id: str
    name: str
    description: str | None = None
    frequency_days: int = 0
    schedule: Schedule | None = None


# Events: stored for ever under these names and fields. Add, never rename.


class CreditClassDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody defined the class."""

    document: CreditClassDocument


class CreditClassChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody changed what is told of the class."""

    document: CreditClassDocument


class CreditClassDeleted(Event, frozen=True, omit_defaults=True, gc=False):
    """There is no such class any more."""


CreditClassEvent: TypeAlias = CreditClassDefined | CreditClassChanged | CreditClassDeleted


class DefineCreditClass(Struct, frozen=True, gc=False):
    """Define a class, or change the one that there is; with `only_new` that is left as it is."""

    document: CreditClassDocument
    only_new: bool = False


class ClassUse(Struct, frozen=True, gc=False):
    """How many accounts are in a class, and how many rules of it are in force."""

    accounts: int = 0
    rules: int = 0


class DeleteCreditClass(Struct, frozen=True, gc=False):
    """Delete a class that is not in use, as was measured when it was asked for."""

    use: ClassUse
    is_default: bool = False

    def knowing(self, facts: Sequence[bool]) -> "DeleteCreditClass":
        """Return the command that knows whether it is the site's default class."""
        return replace(self, is_default=facts[0])


CreditClassCommand: TypeAlias = DefineCreditClass | DeleteCreditClass


class NotDefined(Struct, frozen=True):
    """There is no such class."""


class Defined(Struct, frozen=True, gc=False):
    """The class as defined."""

    document: CreditClassDocument


CreditClass: TypeAlias = NotDefined | Defined


def evolve(credit_class: CreditClass, event: CreditClassEvent) -> CreditClass:
    """Remember `event`."""
    match credit_class, event:
        case NotDefined(), CreditClassDefined(document):
            return Defined(document)
        case Defined(), CreditClassChanged(document):
            return Defined(document)
        case Defined(), CreditClassDeleted():
            return NotDefined()
        case _:
            raise ImpossibleHistory(f"{event} after {credit_class}")


def decide(command: CreditClassCommand, credit_class: CreditClass) -> Sequence[CreditClassEvent]:
    """Return the facts that `command` adds."""
    match credit_class, command:
        case NotDefined(), DefineCreditClass(document):
            return [CreditClassDefined(checked(document))]
        case Defined(), DefineCreditClass(only_new=True):
            return []
        case Defined(known), DefineCreditClass(document):
            told = checked(document)
            return [] if told == known else [CreditClassChanged(told)]
        case NotDefined(), DeleteCreditClass():
            return []  # deleted already
        case Defined(known), DeleteCreditClass(use, is_default):
            return delete(known, use, is_default=is_default)


def delete(
    document: CreditClassDocument, use: ClassUse, *, is_default: bool
) -> Sequence[CreditClassEvent]:
    """Delete a class that no account is in and none would come into, and that has no rules."""
    if use.accounts:
        raise Refused(
            "credit_class_in_use",
            f"{use.accounts:,} accounts are in the class {document.class_id};"
            " put them into another one first.",
            "classId",
        )
    if use.rules:
        raise Refused(
            "credit_class_has_rules",
            f"{use.rules:,} rules of the class {document.class_id} are in force;"
            " retire them first.",
            "classId",
        )
    if is_default:
        raise Refused(
            "credit_class_is_default",
            f"Accounts that come for the first time are put into {document.class_id};"
            " make another class the site's default first.",
            "classId",
        )
    return [CreditClassDeleted()]


def checked(document: CreditClassDocument) -> CreditClassDocument:
    """Return what is told of a class, trimmed.

    Raises:
        Refused: if something of it cannot be.
    """
    if required_text(document.class_id, "class id", "classId") != document.class_id:
        raise Refused("class_id_not_trimmed", "The class id has space around it.", "classId")
    if not 0 <= document.frequency_days <= FREQUENCY_DAYS_MAX:
        raise Refused(
            "frequency_invalid",
            f"Between contacts are from 0 days, which sets no limit, to {FREQUENCY_DAYS_MAX}.",
            "frequencyDays",
        )
    schedule = document.schedule
    return replace(
        document,
        name=required_text(document.name, "name", "name"),
        description=optional_text(
            document.description, "description", "description", TEXT_CHARACTERS_MAX
        ),
        schedule=None if schedule is None else checked_schedule(schedule, "schedule"),
    )


def is_defined(credit_class: CreditClass) -> bool:
    """Return whether there is such a class, for decisions about others."""
    return isinstance(credit_class, Defined)


CREDIT_CLASS: Decider[CreditClass, CreditClassCommand, CreditClassEvent] = Decider(
    category="credit_class",
    events=(CreditClassDefined, CreditClassChanged, CreditClassDeleted),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
