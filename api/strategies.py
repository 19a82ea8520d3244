"""GraphQL: putting the strategy that comes with the product into force (RULE-31)."""

from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, Payload, check_keys
from api.context import Info
from api.credit_classes import CREDIT_CLASSES, CreditClass
from api.errors import UserError
from domain.shared.decider import Refused
from domain.strategy import STANDARD_CLASS
from runtime.strategies import starter_wishes


@strawberry.input(description="How the starter strategy is put into force.")
class InstallStarterStrategyInput:
    """How the starter strategy is put into force."""

    idempotency_key: str | None = strawberry.field(
        default=None,
        description=f"{IDEMPOTENCY_KEY} It needs none: told twice it adds nothing anyway.",
    )


@strawberry.type(description="What putting the starter strategy into force led to.")
class InstallStarterStrategyPayload(Payload):
    """What putting the starter strategy into force led to."""

    user_errors: list[UserError] = strawberry.field(
        description="Why parts of it were refused; the others are in force."
    )
    added: int = strawberry.field(description="How many of its parts were not there before.")

    @strawberry.field(
        description="Its credit class, with its rules; null if the read models did not follow in"
        " time."
    )
    async def credit_class(self, info: Info) -> CreditClass | None:
        """Return the class."""
        return await self.record(info, CREDIT_CLASSES)


@strawberry.type
class StrategyMutation:
    """Putting strategies into force."""

    @strawberry.mutation(
        description="Define what the site lacks of the strategy that comes with the product: the"
        f" credit class `{STANDARD_CLASS}`, action codes and rules; what is there already, even if"
        " changed or retired, is left as it is. The class becomes the site's default one if it has"
        " none. Needs one of the roles admin and credit_manager."
    )
    async def install_starter_strategy(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            InstallStarterStrategyInput, strawberry.argument(description="How.")
        ],
    ) -> InstallStarterStrategyPayload:
        """Put the starter strategy into force."""
        context = info.context
        context.require(*MAINTAINERS)
        check_keys(input.idempotency_key)
        wishes = starter_wishes(
            actor=context.caller.actor,
            business_date=await context.today(),
            cause="mutation/installStarterStrategy",
        )
        added, position = 0, 0
        errors: list[UserError] = []
        for wish in wishes:
            try:
                handled = await context.services.submit(context.caller.tenant, wish.request)
            except Refused as refusal:
                errors.append(UserError.of(refusal))
            else:
                added += len(handled.events)
                position = max(position, handled.position)
        return InstallStarterStrategyPayload(
            user_errors=errors,
            position=position,
            key=(STANDARD_CLASS,),
            reading=await context.reading_at_least(position),
            added=added,
        )
