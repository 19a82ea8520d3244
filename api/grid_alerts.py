"""GraphQL: grid alerts, and telling of them at once (ALR-01 to ALR-05)."""

from datetime import date
from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, Payload, answer, check_keys, new_id
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
    offer,
)
from api.context import Info
from api.errors import UserError
from api.nodes import Node
from api.schedules import ScheduleInput, ScheduleResult
from api.view_types import filter_of, object_of, order_of
from application.handling import Consulted
from domain import user
from domain.grid_alert import (
    GRID_ALERT,
    DefineGridAlert,
    Grid,
    GridAlertDocument,
    RetireGridAlert,
)
from domain.rule_language import printed
from domain.shared.decider import Refused
from domain.shared.streams import stream_name
from domain.user import USER
from projections.grid_alert_view import GRID_ALERT_VIEW
from projections.grids import checked_grid_columns, checked_grid_filter
from runtime.grid_alerts import AlertProcessed, process_grid_alert
from runtime.tenants import Tenant

strawberry.enum(
    Grid,
    description="What a list is of: ACCOUNTS, INVOICES, ACTIVITIES, ISSUES, PROMISES, DISPUTES,"
    " PAYMENTS of the ERP or PENDING_PAYMENTS made online.",
)


@strawberry.type(description="Records of a list that users want to be told of.")
class GridAlert(Node, object_of(GRID_ALERT_VIEW)):
    """A grid alert."""

    @strawberry.field(description="The name of its stream in `auditTrail`.")
    def stream(self) -> str:
        """Return the stream's name."""
        return stream_name(GRID_ALERT.category, *self.values("alert_id"))

    @strawberry.field(description="When its recipients are told; null if only by hand.")
    def schedule(self) -> ScheduleResult | None:
        """Return the schedule."""
        return ScheduleResult.of_json(*self.values("schedule"))


@strawberry.input(description="Which alerts; all that is given must hold.")
class GridAlertFilter(filter_of(GRID_ALERT_VIEW, "api.grid_alerts", "GridAlertFilter")):
    """Which alerts."""


@strawberry.input(description="An order of alerts by one field.")
class GridAlertOrder(order_of(GRID_ALERT_VIEW, "GridAlertOrder")):
    """An order of alerts."""


GRID_ALERTS = offer(Capability(GRID_ALERT_VIEW, GridAlert))


@strawberry.type
class GridAlertQuery:
    """Grid alerts."""

    @strawberry.field(description="Grid alerts, retired ones included; by default by their id.")
    async def grid_alerts(
        self,
        info: Info,
        where: Annotated[
            GridAlertFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[GridAlertOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[GridAlert]:
        """Return them."""
        return await connection(
            info,
            GRID_ALERTS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )


@strawberry.input(
    description="An alert to define; all that is told takes the place of what there was."
)
class DefineGridAlertInput:
    """An alert to define."""

    alert_id: str = strawberry.field(description="The alert: its key.")
    name: str = strawberry.field(description="What it is called.")
    grid: Grid = strawberry.field(description="What it lists.")
    filter: str = strawberry.field(
        description="Which records it tells of, as conditions of rules are written, such as"
        " `in_dispute = true and not resolved = true`."
    )
    columns: list[str] = strawberry.field(
        description="The fields that it shows of each record, in order; an amount is followed by"
        " its currency."
    )
    recipients: list[str] = strawberry.field(
        description="The users whom it tells, each of the records of accounts that they are"
        " assigned or sell to."
    )
    schedule: ScheduleInput | None = strawberry.field(
        default=None, description="When it is told; null if somebody must ask for it."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="The alert to retire.")
class RetireGridAlertInput:
    """The alert to retire."""

    alert_id: str = strawberry.field(description="The alert.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="The alert to tell of at once.")
class ProcessGridAlertInput:
    """The alert to tell of at once."""

    alert_id: str = strawberry.field(description="The alert.")
    business_date: date | None = strawberry.field(
        default=None, description="The date of the figures; null for today."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What defining or retiring an alert led to.")
class GridAlertPayload(Payload):
    """What defining or retiring an alert led to."""

    @strawberry.field(
        description="The alert; null if it was refused or the read models did not follow in time."
    )
    async def grid_alert(self, info: Info) -> GridAlert | None:
        """Return the alert."""
        return await self.record(info, GRID_ALERTS)


@strawberry.type(description="A user who was told of records.")
class AlertDelivery:
    """A user who was told of records."""

    user_id: str = strawberry.field(description="The user.")
    records: int = strawberry.field(description="Of how many records.")


@strawberry.type(description="What telling of an alert led to.")
class ProcessGridAlertPayload:
    """What telling of an alert led to."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; then nothing has changed."
    )
    position: int | None = strawberry.field(
        description="Position of the log at which its effect is complete; null if it was refused."
    )
    deliveries: list[AlertDelivery] = strawberry.field(
        description="Who was told now: those of the recipients who have such records."
    )


@strawberry.type
class GridAlertMutation:
    """Maintaining grid alerts, and telling of them."""

    @strawberry.mutation(
        description="Define an alert, or change it. Needs one of the roles admin and"
        " credit_manager."
    )
    async def define_grid_alert(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DefineGridAlertInput, strawberry.argument(description="The alert.")
        ],
    ) -> GridAlertPayload:
        """Define an alert whose grid has what it names."""
        info.context.require(*MAINTAINERS)
        recipients = tuple(sorted(set(input.recipients)))
        try:
            text = printed(checked_grid_filter(input.grid, input.filter))
            columns = checked_grid_columns(input.grid, input.columns)
        except Refused as refusal:
            return GridAlertPayload(
                user_errors=[UserError.of(refusal)], position=None, key=(), reading=None
            )
        document = GridAlertDocument(
            input.alert_id,
            input.name,
            input.grid,
            text,
            columns,
            recipients,
            None if input.schedule is None else input.schedule.schedule(),
        )
        return await answer(
            info.context,
            GridAlertPayload,
            GRID_ALERT,
            (input.alert_id,),
            DefineGridAlert(document),
            mutation="defineGridAlert",
            idempotency_key=input.idempotency_key,
            consults=tuple(Consulted(USER, (one,), user.facts) for one in recipients),
        )

    @strawberry.mutation(
        description="Tell of an alert no longer. Needs one of the roles admin and credit_manager."
    )
    async def retire_grid_alert(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RetireGridAlertInput, strawberry.argument(description="The alert.")
        ],
    ) -> GridAlertPayload:
        """Retire an alert."""
        info.context.require(*MAINTAINERS)
        return await answer(
            info.context,
            GridAlertPayload,
            GRID_ALERT,
            (input.alert_id,),
            RetireGridAlert(),
            mutation="retireGridAlert",
            idempotency_key=input.idempotency_key,
        )

    @strawberry.mutation(
        description="Tell the recipients of an alert of their records at once, whatever its"
        " schedule; sent again with the same key, it tells nobody twice. Needs one of the roles"
        " admin and credit_manager."
    )
    async def process_grid_alert(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ProcessGridAlertInput, strawberry.argument(description="The alert.")
        ],
    ) -> ProcessGridAlertPayload:
        """Tell of an alert (ALR-04)."""
        context = info.context
        context.require(*MAINTAINERS)
        check_keys(input.idempotency_key, (input.alert_id,))
        business_date = input.business_date or await context.today()
        await context.aclose()
        occasion = new_id(input.idempotency_key)
        tenant = Tenant(context.caller.tenant, context.caller.tenant_name)
        services = context.services

        def on_thread() -> AlertProcessed:
            return process_grid_alert(
                services.database,
                tenant,
                input.alert_id,
                business_date,
                actor=context.caller.actor,
                cause="mutation/processGridAlert",
                occasion=occasion,
                public_url=services.settings.public_url,
            )

        try:
            done = await services.run(on_thread)
        except Refused as refusal:
            return ProcessGridAlertPayload(
                user_errors=[UserError.of(refusal)], position=None, deliveries=[]
            )
        deliveries = [
            AlertDelivery(user_id=user_id, records=count) for user_id, count in done.delivered
        ]
        return ProcessGridAlertPayload(
            user_errors=[], position=done.position, deliveries=deliveries
        )
