"""A rule of a credit class: a condition, and the action that it leads to (RULE-02).

    NotDefined --define--> Active --define--> Active, the next version
                             ^ |
                             | |---retire---> Retired --define--> Active, the next version

Every change makes a version, and every action tells by which version it was made.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.rule_view import RuleView
from domain.scheduling import DAYS_TO_RESPOND_MAX
from domain.shared.assignee import check_user
from domain.shared.credit_class import class_unknown
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import ActionCodeFacts, UserFacts
from domain.shared.wording import TEXT_CHARACTERS_MAX, optional_text, required_text

SEQ_NO_MAX = 99_999
FOLLOW_UP_DAYS_MAX = 365

BROAD_RECORDS_MIN = 100
"""A rule that meets so many records or fewer is never too broad."""


class RuleDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a rule is.

    Its `filter` is a condition on records of its `view`, in the text form of filters (RULE-04,
    RULE-05); its actions are made by its `action_code`. Rules are evaluated and listed by `seq_no`
    (RULE-07), those that are `standalone` outside that sequence (RULE-08). A rule makes its action
    once while that is open, with `create_if_exists` each time (RULE-10); with `auto_close` it is
    closed when the condition does not hold any more (RULE-11). Actions go to `override_user_id`
    before the account's user (RULE-15). `days_to_respond` 0 leaves them to others (RULE-17). With
    `follow_up_days` an action is followed up so many days later, by a user of its own if one is
    named (FUP-17). `system` rules came with the product, however changed since (RULE-31).
    """

    class_id: str
    rule_id: str
    seq_no: int
    name: str
    view: RuleView
    filter: str
    action_code: str
    standalone: bool = False
    create_if_exists: bool = False
    auto_close: bool = False
    override_user_id: str | None = None
    days_to_respond: int = 0
    follow_up_days: int | None = None
    follow_up_user_id: str | None = None
    follow_up_desc: str | None = None
    system: bool = False


# Events: stored for ever under these names and fields. Add, never rename.


class RuleDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody defined the rule, or what it is from now on."""

    version: int
    document: RuleDocument


class RuleRetired(Event, frozen=True, omit_defaults=True, gc=False):
    """It is not evaluated any more."""


RuleEvent: TypeAlias = RuleDefined | RuleRetired


class Reach(Struct, frozen=True, gc=False):
    """How many records a filter meets, of how many that there are."""

    met: int
    of: int

    @property
    def is_broad(self) -> bool:
        """Whether a rule with this filter would make actions for more than half of all records."""
        return self.met > BROAD_RECORDS_MIN and 2 * self.met > self.of


class DefineRule(Struct, frozen=True, gc=False):
    """Define a rule, or its next version.

    One that is too broad must be confirmed; `reach` was measured when it was asked for. With
    `only_new` a rule that is defined is left as it is, be it retired.
    """

    document: RuleDocument
    reach: Reach = Reach(0, 0)
    confirmed: bool = False
    only_new: bool = False
    class_defined: bool = False
    code: ActionCodeFacts | None = None
    override_user: UserFacts | None = None
    follow_up_user: UserFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "DefineRule":
        """Return the command that knows class and code, and the users that are named."""
        class_defined, code, *users = facts
        override = users.pop(0) if self.document.override_user_id is not None else None
        follow_up = users.pop(0) if self.document.follow_up_user_id is not None else None
        return replace(
            self,
            class_defined=class_defined,
            code=code,
            override_user=override,
            follow_up_user=follow_up,
        )


class RetireRule(Struct, frozen=True, gc=False):
    """Evaluate it no more. Its open actions stay."""


RuleCommand: TypeAlias = DefineRule | RetireRule


class NotDefined(Struct, frozen=True):
    """There is no such rule."""


class Defined(Struct, frozen=True, gc=False):
    """The rule as defined; a retired one is not `active`."""

    document: RuleDocument
    version: int
    active: bool = True


Rule: TypeAlias = NotDefined | Defined


def evolve(rule: Rule, event: RuleEvent) -> Rule:
    """Remember `event`."""
    match rule, event:
        case NotDefined(), RuleDefined(1, document):
            return Defined(document, 1)
        case Defined(version=known), RuleDefined(version, document) if version == known + 1:
            return Defined(document, version)
        case Defined(active=True), RuleRetired():
            return replace(rule, active=False)
        case _:
            raise ImpossibleHistory(f"{event} after {rule}")


def decide(command: RuleCommand, rule: Rule) -> Sequence[RuleEvent]:
    """Return the facts that `command` adds."""
    match rule, command:
        case NotDefined(), DefineRule():
            check(command)
            return [RuleDefined(1, trimmed(command.document))]
        case Defined(), DefineRule(only_new=True):
            return []
        case Defined(known, version, active), DefineRule():
            told = trimmed(command.document)
            document = replace(told, system=told.system or known.system)
            if active and document == known:
                return []  # told twice: it is in force, whatever has changed around it
            check(command)
            if document.view is not known.view:
                raise Refused(
                    "rule_view_fixed",
                    f"The rule is about {known.view}s, and so are its actions; define another one.",
                    "view",
                )
            return [RuleDefined(version + 1, document)]
        case Defined(active=active), RetireRule():
            return [RuleRetired()] if active else []
        case NotDefined(), RetireRule():
            raise Refused("rule_unknown", "There is no such rule.", "ruleId")


def trimmed(document: RuleDocument) -> RuleDocument:
    """Return what is told of a rule, without the space around texts.

    Raises:
        Refused: if a text is missing or too long.
    """
    return replace(
        document,
        name=required_text(document.name, "name", "name"),
        follow_up_desc=optional_text(
            document.follow_up_desc, "description", "followUpDesc", TEXT_CHARACTERS_MAX
        ),
    )


def check(command: DefineRule) -> None:
    """Check what is told of a rule against what the command knows.

    Raises:
        Refused: if something of it cannot be.
    """
    document = command.document
    if required_text(document.rule_id, "rule id", "ruleId") != document.rule_id:
        raise Refused("rule_id_not_trimmed", "The rule id has space around it.", "ruleId")
    if not command.class_defined:
        raise class_unknown(document.class_id, "classId")
    if command.code is None:
        raise Refused(
            "action_code_unknown", f"There is no action code {document.action_code}.", "actionCode"
        )
    if command.code.attach_invoices and document.view is RuleView.ACCOUNT:
        raise Refused(
            "attach_invoices_needs_invoices",
            f"{document.action_code} attaches the documents that a rule is about, and this one is"
            " about accounts.",
            "actionCode",
        )
    if document.override_user_id is not None:
        check_user(document.override_user_id, command.override_user, "overrideUserId")
    if document.follow_up_user_id is not None:
        check_user(document.follow_up_user_id, command.follow_up_user, "followUpUserId")
    _check_numbers(document)
    if command.reach.is_broad and not command.confirmed:
        raise Refused(
            "rule_too_broad",
            f"The filter meets {command.reach.met:,} of {command.reach.of:,} {document.view}s;"
            " confirm it if that is meant.",
            "filter",
        )


def _check_numbers(document: RuleDocument) -> None:
    if not 0 <= document.seq_no <= SEQ_NO_MAX:
        raise Refused("seq_no_invalid", f"A sequence number is from 0 to {SEQ_NO_MAX}.", "seqNo")
    if not 0 <= document.days_to_respond <= DAYS_TO_RESPOND_MAX:
        raise Refused(
            "days_to_respond_invalid",
            f"Days to respond are from 0, which means not set, to {DAYS_TO_RESPOND_MAX}.",
            "daysToRespond",
        )
    days = document.follow_up_days
    if days is not None and not 1 <= days <= FOLLOW_UP_DAYS_MAX:
        raise Refused(
            "follow_up_days_invalid",
            f"An action is followed up after 1 to {FOLLOW_UP_DAYS_MAX} days.",
            "followUpDays",
        )
    if days is None and (document.follow_up_user_id or document.follow_up_desc):
        raise Refused(
            "follow_up_days_missing", "A follow-up needs a number of days.", "followUpDays"
        )


RULE: Decider[Rule, RuleCommand, RuleEvent] = Decider(
    category="rule",
    events=(RuleDefined, RuleRetired),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
