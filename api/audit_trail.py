"""GraphQL: the log, event by event, for auditors."""

from typing import Annotated

import strawberry

from api.connections import (
    After,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
)
from api.context import Info
from api.scalars import Json
from api.view_types import filter_of, object_of, order_of
from domain.api_key import Role
from domain.conditions import AllOf, AnyOf, Compared, Condition, Negated, Operator
from domain.personal_contact import PERSONAL_CONTACT
from projections.audit_trail import AUDIT_TRAIL, told_data
from runtime.services import Caller


@strawberry.type(description="An event of the log: a fact, who recorded it, when and why.")
class AuditEvent(object_of(AUDIT_TRAIL)):
    """An event of the log."""

    @strawberry.field(description=AUDIT_TRAIL.field("data").description)
    def data(self) -> Json:
        """Return the event's JSON."""
        return told_data(*self.values("data"))


@strawberry.input(description="Which events; all that is given must hold.")
class AuditEventFilter(filter_of(AUDIT_TRAIL, "api.audit_trail", "AuditEventFilter")):
    """Which events."""


@strawberry.input(description="An order of events by one field.")
class AuditEventOrder(order_of(AUDIT_TRAIL, "AuditEventOrder")):
    """An order of events."""


EVENTS = offer(
    Capability(AUDIT_TRAIL, AuditEvent, roles=frozenset(Role) - frozenset([Role.INQUIRY_USER]))
)


@strawberry.type
class AuditTrailQuery:
    """The audit trail."""

    @strawberry.field(
        description="Every event of the tenant, or of one stream, by default in the order in which"
        " they were recorded. Inquiry users may not read it; personal contacts are told to their"
        " owner and to auditors alone."
    )
    async def audit_trail(
        self,
        info: Info,
        stream: Annotated[
            str | None,
            strawberry.argument(
                description="Only this stream, such as invoice/406/0000611365; records tell theirs"
                " as `stream`."
            ),
        ] = None,
        where: Annotated[
            AuditEventFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[AuditEventOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[AuditEvent]:
        """Return events."""
        return await connection(
            info,
            EVENTS,
            await info.context.reading(None, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            also=AllOf(
                [
                    *([Compared("stream", Operator.EQ, stream)] if stream is not None else []),
                    *_visible(info.context.caller),
                ]
            ),
        )


def _visible(caller: Caller) -> list[Condition]:
    """Return what holds of events that a caller may see: personal contacts are their owner's.

    Auditors see every event, as the log must be proven whole.
    """
    if caller.role is Role.AUDITOR:
        return []
    of_persons = Compared("stream", Operator.STARTS_WITH, f"{PERSONAL_CONTACT.category}/")
    return [AnyOf([Negated(of_persons), Compared("actor", Operator.EQ, caller.actor)])]
