"""An action code: what a user or the software is to do, and why (CODE-01).

    NotDefined --define--> Defined --define--> Defined, changed
                             |  ^
                    retire --v  |-- define
                           Retired

Rules make actions by their codes, and people use the same codes (CODE-03). One that is retired is
used for nothing new; what was done by it still counts as what it was.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import ActionCodeFacts, ActivityTypeFacts
from domain.shared.standard_type import standard_type_of
from domain.shared.wording import (
    TEXT_CHARACTERS_MAX,
    checked_priority,
    optional_text,
    required_text,
)


class ActionCodeDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a code stands for.

    `priority` 1 is the most urgent (CODE-02). `issue_description` becomes the subject of issues
    (ISS-08), `communication_note` tells what to do and why, `activity_type` is the type of the
    activity (ACT-03). A template makes letters of it (CODE-04); with `attach_invoices` the
    documents go with them (CODE-05). `cust_contact` says whether it counts as contact with the
    customer (CODE-06), `system` that it came with the product (RULE-31), changed since or not.
    """

    code: str
    priority: int
    issue_description: str
    communication_note: str
    activity_type: str
    email_template: str | None = None
    report_template: str | None = None
    attach_invoices: bool = False
    cust_contact: bool = False
    system: bool = False


# Events: stored for ever under these names and fields. Add, never rename.


class ActionCodeDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody defined the code."""

    document: ActionCodeDocument


class ActionCodeChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody changed what the code stands for."""

    document: ActionCodeDocument


class ActionCodeRetired(Event, frozen=True, omit_defaults=True, gc=False):
    """The code is used for nothing new."""


ActionCodeEvent: TypeAlias = ActionCodeDefined | ActionCodeChanged | ActionCodeRetired


class DefineActionCode(Struct, frozen=True, gc=False):
    """Define a code, or change what it stands for, knowing its type if somebody defined it.

    With `only_new` a code that is defined is left as it is. `account_rules` is how many rules in
    force about accounts use it, as was measured when it was asked for.
    """

    document: ActionCodeDocument
    only_new: bool = False
    account_rules: int = 0
    defined_type: ActivityTypeFacts | None = None

    def knowing(self, facts: Sequence[ActivityTypeFacts | None]) -> "DefineActionCode":
        """Return the command that knows the type of activities."""
        return replace(self, defined_type=facts[0])


class RetireActionCode(Struct, frozen=True, gc=False):
    """Use a code for nothing new.

    `use` is how many rules in force make their actions by it, as was measured when it was asked
    for.
    """

    use: int = 0


ActionCodeCommand: TypeAlias = DefineActionCode | RetireActionCode


class NotDefined(Struct, frozen=True):
    """Nobody defined the code."""


class Defined(Struct, frozen=True, gc=False):
    """The code as defined."""

    document: ActionCodeDocument


class Retired(Struct, frozen=True, gc=False):
    """The code as it was defined, used for nothing new."""

    document: ActionCodeDocument


ActionCode: TypeAlias = NotDefined | Defined | Retired


def evolve(action_code: ActionCode, event: ActionCodeEvent) -> ActionCode:
    """Remember `event`."""
    match action_code, event:
        case NotDefined(), ActionCodeDefined(document):
            return Defined(document)
        case Defined(), ActionCodeChanged(document):
            return Defined(document)
        case Defined(document), ActionCodeRetired():
            return Retired(document)
        case Retired(), ActionCodeDefined(document):
            return Defined(document)
        case _:
            raise ImpossibleHistory(f"{event} after {action_code}")


def decide(command: ActionCodeCommand, action_code: ActionCode) -> Sequence[ActionCodeEvent]:
    """Return the facts that `command` adds."""
    if isinstance(command, RetireActionCode):
        return retire(command, action_code)
    if command.only_new and not isinstance(action_code, NotDefined):
        return []
    document = checked(command.document)
    if standard_type_of(document.activity_type) is None and command.defined_type is None:
        raise Refused(
            "activity_type_unknown",
            f"There is no activity type {document.activity_type}.",
            "activityType",
        )
    match action_code:
        case NotDefined():
            return [ActionCodeDefined(document)]
        case Retired(known):
            return [ActionCodeDefined(replace(document, system=document.system or known.system))]
        case Defined(known):
            told = replace(document, system=document.system or known.system)
            if told == known:
                return []
            if told.attach_invoices and command.account_rules:
                raise Refused(
                    "attach_invoices_needs_invoices",
                    f"Rules about accounts use {told.code} ({command.account_rules:,} of them), and"
                    " only those about documents have documents to attach.",
                    "attachInvoices",
                )
            return [ActionCodeChanged(told)]


def retire(command: RetireActionCode, action_code: ActionCode) -> Sequence[ActionCodeEvent]:
    """Use a code for nothing new, unless rules in force make their actions by it."""
    match action_code:
        case NotDefined():
            raise Refused("action_code_unknown", "There is no such action code.", "code")
        case Retired():
            return []  # retired already
        case Defined(document):
            if command.use:
                raise Refused(
                    "action_code_in_use",
                    f"{command.use:,} rules in force make their actions by {document.code}; retire"
                    " them first, or let them use another code.",
                    "code",
                )
            return [ActionCodeRetired()]


def checked(document: ActionCodeDocument) -> ActionCodeDocument:
    """Return what is told of a code, trimmed.

    Raises:
        Refused: if something of it cannot be.
    """
    code = required_text(document.code, "code", "code")
    if code != document.code:
        raise Refused("code_not_trimmed", "The code has space around it.", "code")
    checked_priority(document.priority)
    told = replace(
        document,
        issue_description=required_text(
            document.issue_description, "issue description", "issueDescription"
        ),
        communication_note=required_text(
            document.communication_note,
            "communication note",
            "communicationNote",
            TEXT_CHARACTERS_MAX,
        ),
        email_template=optional_text(document.email_template, "template", "emailTemplate"),
        report_template=optional_text(document.report_template, "template", "reportTemplate"),
    )
    if told.attach_invoices and told.email_template is None and told.report_template is None:
        raise Refused(
            "attachment_without_letter",
            "Documents are attached to letters: name a template.",
            "attachInvoices",
        )
    return told


def facts(action_code: ActionCode) -> ActionCodeFacts | None:
    """Return what other decisions may know of the code; None if it is not in force."""
    if not isinstance(action_code, Defined):
        return None
    return ActionCodeFacts(action_code.document.code, action_code.document.attach_invoices)


ACTION_CODE: Decider[ActionCode, ActionCodeCommand, ActionCodeEvent] = Decider(
    category="action_code",
    events=(ActionCodeDefined, ActionCodeChanged, ActionCodeRetired),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
