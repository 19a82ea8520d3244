"""GraphQL: what collectors themselves say of an account (ACC-10, ACC-20, ACC-24, ACC-26)."""

from datetime import date
from typing import Annotated

import strawberry
from msgspec import UNSET as NOT_GIVEN
from msgspec import UnsetType
from strawberry.types.unset import UNSET

from api.accounts import ACCOUNTS, Account
from api.commands import COLLECTORS, IDEMPOTENCY_KEY, Payload, answer
from api.context import Context, Info
from application.consulting import account_asked, class_asked, user_asked
from application.handling import Consulted
from domain.account_care import (
    ACCOUNT_CARE,
    AccountCareCommand,
    AllowOnlinePayments,
    AssignAccount,
    ClassifyAccount,
    RateCredit,
    SetDaysToRespond,
    SetPrimarySalesPerson,
    SetSalesReps,
)


@strawberry.input
class AccountCareInput:
    """What every input says: of which account."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")


@strawberry.input(description="To whom to assign an account.")
class AssignAccountInput(AccountCareInput):
    """To whom to assign an account."""

    user_id: str | None = strawberry.field(description="The user; null for nobody.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Into which credit class to put an account.")
class ClassifyAccountInput(AccountCareInput):
    """Into which credit class to put an account."""

    credit_class_id: str | None = strawberry.field(description="The credit class; null for none.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Whether a customer may pay online.")
class AllowOnlinePaymentsInput(AccountCareInput):
    """Whether a customer may pay online."""

    online_pmt_option: bool = strawberry.field(
        description="Whether it may pay by card or ACH in the portal."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="How long a customer has to respond.")
class SetDaysToRespondInput(AccountCareInput):
    """How long a customer has to respond."""

    days_to_respond: int | None = strawberry.field(
        description="Working days; null or 0 for as many as the site's."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Who sells to a customer beside the primary sales person.")
class SetSalesRepsInput(AccountCareInput):
    """Who sells to a customer beside the primary sales person."""

    sales_reps: list[str] = strawberry.field(
        description="All additional sales reps, by the id of the user or of the ERP's sales person."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Who sells to a customer where the ERP names nobody.")
class SetPrimarySalesPersonInput(AccountCareInput):
    """Who sells to a customer where the ERP names nobody."""

    sper_id: str | None = strawberry.field(
        description="The id of the user or of the ERP's sales person; null takes it back."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Credit scores of an account; those left out stay as they are.")
class RateCreditInput(AccountCareInput):
    """Credit scores of an account."""

    credit_score: str | None = strawberry.field(
        default=UNSET,
        description="The account's own score; null takes back what was typed in, and lets it be"
        " computed again.",
    )
    rated_on: date | None = strawberry.field(
        default=None, description="The date of the score; by default the business date of now."
    )
    bureau1: str | None = strawberry.field(
        default=UNSET, description="The score of the first credit bureau; null for none."
    )
    bureau2: str | None = strawberry.field(
        default=UNSET, description="The score of the second credit bureau; null for none."
    )
    bureau3: str | None = strawberry.field(
        default=UNSET, description="The score of the third credit bureau; null for none."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What saying something of an account led to.")
class AccountCarePayload(Payload):
    """What saying something of an account led to."""

    @strawberry.field(
        description="The account; null if it was refused or the read models did not follow in time."
    )
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await self.record(info, ACCOUNTS)


def kept_or(value: str | None) -> str | UnsetType | None:
    """Return a value as commands take it: not given where the input leaves it out."""
    return NOT_GIVEN if value is UNSET else value


@strawberry.type
class AccountCareMutation:
    """Saying something of an account."""

    @strawberry.mutation(description="Assign an account to a user, or to nobody. For collectors.")
    async def assign_account(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AssignAccountInput, strawberry.argument(description="To whom.")
        ],
    ) -> AccountCarePayload:
        """Assign an account."""
        command = AssignAccount(input.user_id)
        return await _say(
            info.context,
            input,
            command,
            "assignAccount",
            input.idempotency_key,
            *user_asked(input.user_id),
        )

    @strawberry.mutation(description="Put an account into a credit class. For collectors.")
    async def classify_account(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ClassifyAccountInput, strawberry.argument(description="Into which.")
        ],
    ) -> AccountCarePayload:
        """Classify an account."""
        return await _say(
            info.context,
            input,
            ClassifyAccount(input.credit_class_id),
            "classifyAccount",
            input.idempotency_key,
            *class_asked(input.credit_class_id),
        )

    @strawberry.mutation(description="Let a customer pay online, or not. For collectors.")
    async def allow_online_payments(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AllowOnlinePaymentsInput, strawberry.argument(description="Whether.")
        ],
    ) -> AccountCarePayload:
        """Let a customer pay online."""
        command = AllowOnlinePayments(input.online_pmt_option)
        return await _say(
            info.context, input, command, "allowOnlinePayments", input.idempotency_key
        )

    @strawberry.mutation(
        description="Give a customer a time of its own to respond. For collectors."
    )
    async def set_days_to_respond(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetDaysToRespondInput, strawberry.argument(description="How long.")
        ],
    ) -> AccountCarePayload:
        """Set the days to respond."""
        command = SetDaysToRespond(input.days_to_respond)
        return await _say(info.context, input, command, "setDaysToRespond", input.idempotency_key)

    @strawberry.mutation(
        description="Say who sells to a customer beside the primary sales person. For collectors."
    )
    async def set_sales_reps(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetSalesRepsInput, strawberry.argument(description="Who.")
        ],
    ) -> AccountCarePayload:
        """Set the sales reps."""
        command = SetSalesReps(tuple(input.sales_reps))
        return await _say(info.context, input, command, "setSalesReps", input.idempotency_key)

    @strawberry.mutation(
        description="Say who the primary sales person of a customer is where the ERP names nobody;"
        " whom it names counts. For collectors."
    )
    async def set_primary_sales_person(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SetPrimarySalesPersonInput, strawberry.argument(description="Who.")
        ],
    ) -> AccountCarePayload:
        """Set the primary sales person."""
        command = SetPrimarySalesPerson(input.sper_id)
        return await _say(
            info.context, input, command, "setPrimarySalesPerson", input.idempotency_key
        )

    @strawberry.mutation(
        description="Type in credit scores of an account; they stand whatever is computed. For"
        " collectors."
    )
    async def rate_credit(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RateCreditInput, strawberry.argument(description="The scores.")
        ],
    ) -> AccountCarePayload:
        """Rate an account."""
        command = RateCredit(
            await info.context.today(),
            kept_or(input.credit_score),
            rated_on=input.rated_on,
            bureau_1=kept_or(input.bureau1),
            bureau_2=kept_or(input.bureau2),
            bureau_3=kept_or(input.bureau3),
        )
        return await _say(info.context, input, command, "rateCredit", input.idempotency_key)


async def _say(
    context: Context,
    given: AccountCareInput,
    command: AccountCareCommand,
    mutation: str,
    idempotency_key: str | None,
    *consults: Consulted,
) -> AccountCarePayload:
    """Carry out a command about an account."""
    context.require(*COLLECTORS)
    key = (given.company_id, given.cust_id)
    return await answer(
        context,
        AccountCarePayload,
        ACCOUNT_CARE,
        key,
        command,
        mutation=mutation,
        idempotency_key=idempotency_key,
        consults=(account_asked(*key), *consults),
    )
