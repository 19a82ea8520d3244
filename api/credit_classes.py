"""GraphQL: credit classes, and maintaining them (RULE-01, RULE-18, RULE-22)."""

from typing import TYPE_CHECKING, Annotated

import strawberry

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
    offered,
    one,
)
from api.context import Info
from api.nodes import Node
from api.schedules import ScheduleInput, ScheduleResult
from api.view_types import filter_of, object_of, order_of
from application.handling import Consulted
from domain.credit_class import (
    CREDIT_CLASS,
    CreditClassDocument,
    DefineCreditClass,
    DeleteCreditClass,
)
from domain.shared.streams import stream_name
from domain.site_options import SITE, SITE_OPTIONS
from projections.credit_class_view import CREDIT_CLASS_VIEW, use_of_class
from projections.listing import Order

if TYPE_CHECKING:
    from api.rules import Rule


@strawberry.type(description="A credit class: accounts that are worked on by the same rules.")
class CreditClass(Node, object_of(CREDIT_CLASS_VIEW)):
    """A credit class."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(CREDIT_CLASS.category, *self.values("class_id"))

    @strawberry.field(
        description="When its rules are run without anybody asking; null if somebody must ask."
    )
    def schedule(self) -> ScheduleResult | None:
        """Return the schedule."""
        return ScheduleResult.of_json(*self.values("schedule"))

    @strawberry.field(
        description="Its rules, retired ones included, in the order of their evaluation: by number,"
        " and after them those that stand alone."
    )
    async def rules(
        self, info: Info, first: First = None
    ) -> Connection[Annotated["Rule", strawberry.lazy("api.rules")]]:
        """Return the rules."""
        return await connection_of_parent(
            info,
            offered("rules"),
            self.reading,
            self.values("class_id"),
            ("class_id",),
            first,
            order=(Order("standalone"), Order("seq_no")),
        )


@strawberry.input(description="Which credit classes; all that is given must hold.")
class CreditClassFilter(filter_of(CREDIT_CLASS_VIEW, "api.credit_classes", "CreditClassFilter")):
    """Which credit classes."""


@strawberry.input(description="An order of credit classes by one field.")
class CreditClassOrder(order_of(CREDIT_CLASS_VIEW, "CreditClassOrder")):
    """An order of credit classes."""


CREDIT_CLASSES = offer(Capability(CREDIT_CLASS_VIEW, CreditClass))


@strawberry.type
class CreditClassQuery:
    """Credit classes."""

    @strawberry.field(description="The credit classes; by default by their id.")
    async def credit_classes(
        self,
        info: Info,
        where: Annotated[
            CreditClassFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[CreditClassOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[CreditClass]:
        """Return them."""
        return await connection(
            info,
            CREDIT_CLASSES,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(description="A credit class; null if there is none.")
    async def credit_class(
        self,
        info: Info,
        class_id: Annotated[str, strawberry.argument(description="The class.")],
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> CreditClass | None:
        """Return a credit class."""
        reading = await info.context.reading(as_of, known_at)
        return await one(info, CREDIT_CLASSES, reading, (class_id,))


@strawberry.input(
    description="A credit class to define; all that is told takes the place of what there was."
)
class DefineCreditClassInput:
    """A credit class to define."""

    class_id: str = strawberry.field(description="The class: its key.")
    name: str = strawberry.field(description="What it is called.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    frequency_days: int = strawberry.field(
        default=0,
        description="The least number of days between a contact with a customer and the next"
        " letter that the software sends; 0 sets no limit.",
    )
    schedule: ScheduleInput | None = strawberry.field(
        default=None, description="When its rules are run; null if somebody must ask for it."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="The credit class to delete.")
class DeleteCreditClassInput:
    """The credit class to delete."""

    class_id: str = strawberry.field(description="The class.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What defining a credit class led to.")
class DefineCreditClassPayload(Payload):
    """What defining a credit class led to."""

    @strawberry.field(
        description="The class; null if it was refused or the read models did not follow in time."
    )
    async def credit_class(self, info: Info) -> CreditClass | None:
        """Return the class."""
        return await self.record(info, CREDIT_CLASSES)


@strawberry.type(description="What deleting a credit class led to.")
class DeleteCreditClassPayload(Payload):
    """What deleting a credit class led to."""


@strawberry.type
class CreditClassMutation:
    """Maintaining credit classes."""

    @strawberry.mutation(
        description="Define a credit class, or change it. Needs one of the roles admin and"
        " credit_manager."
    )
    async def define_credit_class(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineCreditClassInput, strawberry.argument(description="The class.")
        ],
    ) -> DefineCreditClassPayload:
        """Define a class."""
        info.context.require(*MAINTAINERS)
        document = CreditClassDocument(
            input.class_id,
            input.name,
            input.description,
            input.frequency_days,
            None if input.schedule is None else input.schedule.schedule(),
        )
        return await answer(
            info.context,
            DefineCreditClassPayload,
            CREDIT_CLASS,
            (input.class_id,),
            DefineCreditClass(document),
            mutation="defineCreditClass",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Delete a credit class that no account is in, that has no rules in force and"
        " is not the site's default. Needs one of the roles admin and credit_manager."
    )
    async def delete_credit_class(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DeleteCreditClassInput, strawberry.argument(description="The class.")
        ],
    ) -> DeleteCreditClassPayload:
        """Delete a class that nothing uses, as the log knows by now."""
        info.context.require(*MAINTAINERS)
        class_id = input.class_id
        reading = await info.context.newest_reading()
        use = (await reading.fetch(use_of_class(reading.asked, class_id)))[0]
        default = Consulted(
            SITE_OPTIONS, (SITE,), lambda options: options.default_credit_class_id == class_id
        )
        return await answer(
            info.context,
            DeleteCreditClassPayload,
            CREDIT_CLASS,
            (class_id,),
            DeleteCreditClass(use),
            mutation="deleteCreditClass",
            idempotency_key=input.idempotency_key,
            consults=(default,),
        )
