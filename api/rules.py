"""GraphQL: rules of credit classes with their versions, and maintaining them (RULE-02)."""

from typing import Annotated

import strawberry

from api.accounts import AccountFilter
from api.action_codes import ACTION_CODES, ActionCode
from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, Payload, answer
from api.connections import (
    After,
    AsOf,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    connection_of_parent,
    offer,
    one,
)
from api.context import Info
from api.credit_classes import CREDIT_CLASSES, CreditClass
from api.errors import UserError
from api.nodes import Node
from api.rule_filters import InvoiceRuleFilter, rule_condition
from api.view_types import filter_of, object_of, order_of
from application.strategies import asked_by_rule
from domain.rule import RULE, DefineRule, Reach, RetireRule, RuleDocument
from domain.rule_language import printed
from domain.rule_view import RuleView
from domain.shared.decider import Refused
from domain.shared.streams import stream_name
from projections.listing import Order
from projections.rule_reach import reach_of
from projections.rule_version_view import RULE_VERSION_VIEW, RULE_VIEW

_KEY = ("class_id", "rule_id")


@strawberry.type(description="A version of a rule; each change of a rule makes the next one.")
class RuleVersion(object_of(RULE_VERSION_VIEW)):
    """A version of a rule."""


@strawberry.input(description="Which versions of rules; all that is given must hold.")
class RuleVersionFilter(filter_of(RULE_VERSION_VIEW, "api.rules", "RuleVersionFilter")):
    """Which versions of rules."""


@strawberry.input(description="An order of versions of rules by one field.")
class RuleVersionOrder(order_of(RULE_VERSION_VIEW, "RuleVersionOrder")):
    """An order of versions of rules."""


RULE_VERSIONS = offer(Capability(RULE_VERSION_VIEW, RuleVersion))


@strawberry.type(description="A rule of a credit class: a condition and what it leads to.")
class Rule(Node, object_of(RULE_VIEW)):
    """A rule."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(RULE.category, *self.values(*_KEY))

    @strawberry.field(description="Its credit class; null if that was deleted.")
    async def credit_class(self, info: Info) -> CreditClass | None:
        """Return the class."""
        return await one(info, CREDIT_CLASSES, self.reading, self.values("class_id"))

    @strawberry.field(description="What its action code stands for.")
    async def action(self, info: Info) -> ActionCode | None:
        """Return the action code."""
        return await one(info, ACTION_CODES, self.reading, self.values("action_code"))

    @strawberry.field(description="All versions that there have been, the first one first.")
    async def versions(self, info: Info, first: First = None) -> Connection[RuleVersion]:
        """Return the versions."""
        return await connection_of_parent(
            info, RULE_VERSIONS, self.reading, self.values(*_KEY), _KEY, first
        )


@strawberry.input(description="Which rules; all that is given must hold.")
class RuleFilter(filter_of(RULE_VIEW, "api.rules", "RuleFilter")):
    """Which rules."""


@strawberry.input(description="An order of rules by one field.")
class RuleOrder(order_of(RULE_VIEW, "RuleOrder")):
    """An order of rules."""


RULES = offer(Capability(RULE_VIEW, Rule, links={"action": ("action_code",)}))


@strawberry.type
class RuleQuery:
    """Rules."""

    @strawberry.field(
        description="Rules as they are now, retired ones included; by default by class in the order"
        " of their evaluation: by number, and after them those that stand alone."
    )
    async def rules(
        self,
        info: Info,
        where: Annotated[
            RuleFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[RuleOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[Rule]:
        """Return them."""
        return await connection(
            info,
            RULES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            order=(Order("class_id"), Order("standalone"), Order("seq_no")),
        )

    @strawberry.field(description="A rule; null if there is none.")
    async def rule(
        self,
        info: Info,
        class_id: Annotated[str, strawberry.argument(description="The credit class.")],
        rule_id: Annotated[str, strawberry.argument(description="The rule.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Rule | None:
        """Return a rule."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, RULES, reading, (class_id, rule_id))

    @strawberry.field(
        description="Every version of every rule; by default by class, rule and version."
    )
    async def rule_versions(
        self,
        info: Info,
        where: Annotated[
            RuleVersionFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[RuleVersionOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[RuleVersion]:
        """Return them."""
        return await connection(
            info,
            RULE_VERSIONS,
            await info.context.reading(None, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(
    description="A rule to define; all that is told takes the place of what there was, as its next"
    " version. Its condition is given in one of three forms, and kept as text."
)
class DefineRuleInput:
    """A rule to define."""

    class_id: str = strawberry.field(description="The credit class whose rule it is.")
    rule_id: str = strawberry.field(description="The rule: its key together with the class.")
    seq_no: int = strawberry.field(
        description="The place among the rules of the class: they are evaluated by it."
    )
    name: str = strawberry.field(description="What it is called.")
    view: RuleView = strawberry.field(description="What it is about; it never changes.")
    where: str | None = strawberry.field(
        name="filter",
        default=None,
        description="The condition as text, such as `balance > 0 and due_date_days = -3`.",
    )
    account_filter: AccountFilter | None = strawberry.field(
        default=None, description="The condition of a rule about accounts, as lists take it."
    )
    invoice_filter: InvoiceRuleFilter | None = strawberry.field(
        default=None, description="The condition of a rule about documents, as lists take it."
    )
    action_code: str = strawberry.field(description="The action code of its actions.")
    standalone: bool = strawberry.field(
        default=False, description="Whether it stands outside the sequence of its class."
    )
    create_if_exists: bool = strawberry.field(
        default=False,
        description="Whether it makes its action though the last one is still open.",
    )
    auto_close: bool = strawberry.field(
        default=False,
        description="Whether its issues are closed when the condition holds no longer.",
    )
    override_user_id: str | None = strawberry.field(
        default=None, description="The user who gets its actions instead of the account's."
    )
    days_to_respond: int = strawberry.field(
        default=0,
        description="How many working days there are to respond; 0 leaves it to the account and"
        " the site.",
    )
    follow_up_days: int | None = strawberry.field(
        default=None,
        description="After how many days its actions are followed up; null for not at all.",
    )
    follow_up_user_id: str | None = strawberry.field(
        default=None, description="Who follows up; null for the assignee of the action."
    )
    follow_up_desc: str | None = strawberry.field(
        default=None, description="What the follow-up is for."
    )
    confirm: bool = strawberry.field(
        default=False,
        description="That it is meant though the filter meets more than half of all records.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def document(self, filter: str) -> RuleDocument:  # noqa: A002
        """Return the rule, with its filter as it is kept."""
        return RuleDocument(
            self.class_id,
            self.rule_id,
            self.seq_no,
            self.name,
            self.view,
            filter,
            self.action_code,
            self.standalone,
            self.create_if_exists,
            self.auto_close,
            self.override_user_id,
            self.days_to_respond,
            self.follow_up_days,
            self.follow_up_user_id,
            self.follow_up_desc,
        )


@strawberry.input(description="The rule to retire.")
class RetireRuleInput:
    """The rule to retire."""

    class_id: str = strawberry.field(description="The credit class.")
    rule_id: str = strawberry.field(description="The rule.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type
class _AboutRule(Payload):
    @strawberry.field(
        description="The rule; null if it was refused or the read models did not follow in time."
    )
    async def rule(self, info: Info) -> Rule | None:
        """Return the rule."""
        return await self.record(info, RULES)


@strawberry.type(description="What defining a rule led to.")
class DefineRulePayload(_AboutRule):
    """What defining a rule led to."""


@strawberry.type(description="What retiring a rule led to.")
class RetireRulePayload(_AboutRule):
    """What retiring a rule led to."""


@strawberry.type
class RuleMutation:
    """Maintaining rules."""

    @strawberry.mutation(
        description="Define a rule, or its next version. A filter that meets more than half of all"
        " records must be confirmed. Needs one of the roles admin and credit_manager."
    )
    async def define_rule(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineRuleInput, strawberry.argument(description="The rule.")
        ],
    ) -> DefineRulePayload:
        """Define a rule."""
        info.context.require(*MAINTAINERS)
        try:
            condition = rule_condition(
                input.view, input.where, input.account_filter, input.invoice_filter
            )
        except Refused as refusal:
            return DefineRulePayload(
                user_errors=[UserError.of(refusal)],
                position=None,
                key=(input.class_id, input.rule_id),
                reading=None,
            )
        document = input.document(printed(condition))
        reach = Reach(0, 0)
        if not input.confirm:
            reading = await info.context.reading()
            reach = (await reading.fetch(reach_of(reading.asked, input.view, condition)))[0]
        return await answer(
            info.context,
            DefineRulePayload,
            RULE,
            (input.class_id, input.rule_id),
            DefineRule(document, reach, confirmed=input.confirm),
            mutation="defineRule",
            idempotency_key=input.idempotency_key,
            consults=asked_by_rule(document),
        )

    @strawberry.mutation(
        description="Evaluate a rule no more; its open actions stay. Needs one of the roles admin"
        " and credit_manager."
    )
    async def retire_rule(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RetireRuleInput, strawberry.argument(description="The rule.")
        ],
    ) -> RetireRulePayload:
        """Retire a rule."""
        info.context.require(*MAINTAINERS)
        return await answer(
            info.context,
            RetireRulePayload,
            RULE,
            (input.class_id, input.rule_id),
            RetireRule(),
            mutation="retireRule",
            idempotency_key=input.idempotency_key,
        )
