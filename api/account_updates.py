"""GraphQL: setting attributes of many accounts in one operation (ACC-21, ACC-23, USR-10)."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry
from msgspec import UNSET as NOT_GIVEN
from strawberry.types.unset import UNSET

from api.account_care import kept_or
from api.accounts import AccountFilter
from api.commands import COLLECTORS, Payload, check_keys
from api.context import Context, Info, Reading
from api.errors import ApiError, Code, UserError
from api.view_types import condition
from application.consulting import account_asked, class_asked, user_asked
from application.handling import BATCH_COMMANDS_MAX, Consulted, Handled, Request
from domain.account_care import (
    ACCOUNT_CARE,
    AccountCareCommand,
    AddSalesRep,
    AssignAccount,
    UpdateAccount,
)
from domain.shared.decider import Refused
from projections.account_care import accounts_with
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Cut, Listing, page

ACCOUNTS_MAX = 100_000
"""Accounts that a filter may find at most."""

LISTED_MAX = 10_000
"""Accounts that may be listed one by one at most."""

KEYS_PAGE = 10_000
"""Accounts of which the keys are read at once."""

REFUSALS_TOLD_MAX = 100
"""Refused accounts told one by one; more are only counted."""

SUBMITTING_SHARE = 0.6
"""The share of a request's time for which commands are submitted."""

WAITING_SHARE = 0.2
"""The share of a request's time for which the read models are waited for after that, at most."""

AccountKey = tuple[str, ...]

_IDEMPOTENCY_KEY = (
    "A key that is new for each wish: sent again with the same key, accounts that were done are"
    " left alone, and counted as not changed."
)
_ACCOUNTS = f"The accounts, at most {LISTED_MAX}; give these or a filter."
_FILTER = f"Which accounts, at most {ACCOUNTS_MAX}; give this or accounts."


@strawberry.input(description="An account by its key.")
class AccountKeyInput:
    """An account by its key."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")


@strawberry.input(description="What to set of accounts; what is left out stays as it is.")
class AccountAttributesInput:
    """What to set of accounts."""

    credit_class_id: str | None = strawberry.field(
        default=UNSET, description="The credit class; null for none."
    )
    assigned_user_id: str | None = strawberry.field(
        default=UNSET, description="The user who works on them; null for nobody."
    )
    online_pmt_option: bool | None = strawberry.field(
        default=UNSET, description="Whether the customers may pay by card or ACH in the portal."
    )

    def command(self) -> UpdateAccount:
        """Return the command.

        Raises:
            ApiError: if nothing is to be set.
        """
        option = self.online_pmt_option
        command = UpdateAccount(
            kept_or(self.credit_class_id),
            kept_or(self.assigned_user_id),
            NOT_GIVEN if option is UNSET or option is None else option,
        )
        if command == UpdateAccount():
            raise ApiError(Code.BAD_USER_INPUT, "Say what to set.")
        return command


@strawberry.input(description="What to set of which accounts.")
class UpdateAccountsInput:
    """What to set of which accounts."""

    set: AccountAttributesInput = strawberry.field(description="What to set.")
    accounts: list[AccountKeyInput] | None = strawberry.field(default=None, description=_ACCOUNTS)
    where: AccountFilter | None = strawberry.field(name="filter", default=None, description=_FILTER)
    idempotency_key: str | None = strawberry.field(default=None, description=_IDEMPOTENCY_KEY)


@strawberry.enum(description="As what a user is given customers.")
class CustomersAs(Enum):
    """As what a user is given customers."""

    ASSIGNED_USER = strawberry.enum_value(
        "assigned_user", description="As the one who works on them, in place of another."
    )
    SALES_REP = strawberry.enum_value(
        "sales_rep", description="As a sales rep beside those that they have."
    )


@strawberry.input(description="Which customers to give to a user.")
class AssignCustomersInput:
    """Which customers to give to a user."""

    user_id: str = strawberry.field(description="The user.")
    given_as: CustomersAs = strawberry.field(
        name="as", default=CustomersAs.ASSIGNED_USER, description="As what."
    )
    accounts: list[AccountKeyInput] | None = strawberry.field(default=None, description=_ACCOUNTS)
    where: AccountFilter | None = strawberry.field(name="filter", default=None, description=_FILTER)
    idempotency_key: str | None = strawberry.field(default=None, description=_IDEMPOTENCY_KEY)


@strawberry.type(description="What setting attributes of many accounts led to.")
class UpdateAccountsPayload(Payload):
    """What setting attributes of many accounts led to."""

    user_errors: list[UserError] = strawberry.field(
        description="Why all of it was refused, or why single accounts were (with the field"
        f" custId), of which the first {REFUSALS_TOLD_MAX} are told."
    )
    matched: int = strawberry.field(description="How many accounts were meant.")
    changed: int = strawberry.field(description="How many accounts were changed.")
    refused: int = strawberry.field(description="How many accounts were refused.")
    unfinished: int = strawberry.field(
        description="How many accounts were not come to in the time that a request has; send it"
        " again to go on."
    )


@strawberry.type
class AccountUpdateMutation:
    """Setting attributes of many accounts."""

    @strawberry.mutation(
        description="Set the credit class, the assigned user or whether customers may pay online"
        " of many accounts. For collectors."
    )
    async def update_accounts(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            UpdateAccountsInput, strawberry.argument(description="What of which.")
        ],
    ) -> UpdateAccountsPayload:
        """Update accounts."""
        info.context.require(*COLLECTORS)
        command = input.set.command()
        user_id = input.set.assigned_user_id
        class_id = input.set.credit_class_id
        asked = (
            *user_asked(None if user_id is UNSET else user_id),
            *class_asked(None if class_id is UNSET else class_id),
        )
        said = {
            name: value
            for name in ("credit_class_id", "assigned_user_id", "online_pmt_option")
            if (value := getattr(command, name)) is not NOT_GIVEN
        }
        key = input.idempotency_key
        update = _Update(info.context, "updateAccounts", command, said, asked, key)
        return await update.carry_out(input.accounts, input.where)

    @strawberry.mutation(
        description="Give customers to a user, to work on them or as a sales rep. For collectors."
    )
    async def assign_customers(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AssignCustomersInput, strawberry.argument(description="Which to whom.")
        ],
    ) -> UpdateAccountsPayload:
        """Assign customers."""
        info.context.require(*COLLECTORS)
        command, column = (
            (AddSalesRep(input.user_id), "sales_reps")
            if input.given_as is CustomersAs.SALES_REP
            else (AssignAccount(input.user_id), "assigned_user_id")
        )
        said, user, key = {column: input.user_id}, user_asked(input.user_id), input.idempotency_key
        update = _Update(info.context, "assignCustomers", command, said, user, key)
        return await update.carry_out(input.accounts, input.where)


class _Update:
    """One command to many accounts, in numbers that leave room for others' commands.

    Accounts of which `said` is known already are passed over, so that one that was cut short gets
    on when it is sent again.
    """

    def __init__(
        self,
        context: Context,
        mutation: str,
        command: AccountCareCommand,
        said: dict[str, Any],
        consults: tuple[Consulted, ...],
        idempotency_key: str | None,
    ) -> None:
        check_keys(idempotency_key, *(one.key for one in consults))
        self._context = context
        self._mutation = mutation
        self._command = command
        self._said = said
        self._consults = consults
        self._idempotency_key = idempotency_key
        self._changed = 0
        self._refused = 0
        self._position: int | None = None
        self._errors: list[UserError] = []

    async def carry_out(
        self, listed: Sequence[AccountKeyInput] | None, where: AccountFilter | None
    ) -> UpdateAccountsPayload:
        """Carry the command out for all accounts that are meant."""
        if (listed is None) == (where is None):
            raise ApiError(Code.BAD_USER_INPUT, "Give accounts or a filter, not both.")
        reading = await self._context.reading()
        business_date = reading.asked.as_of
        if listed is not None:
            accounts: list[AccountKey] = list(
                dict.fromkeys((one.company_id, one.cust_id) for one in listed)
            )
            check_keys(None, *accounts)
            field, most = "accounts", LISTED_MAX
        else:
            accounts = await _matching(reading, where)
            field, most = "filter", ACCOUNTS_MAX
        if len(accounts) > most:
            text = f"These are more than {most} accounts; narrow them down."
            error = UserError(code="accounts_too_many", field=field, message=text)
            return self._payload(0, 0, [error])
        done = await reading.fetch(accounts_with(reading.asked.tenant, self._said))
        await self._context.aclose()  # no snapshot is held while commands are carried out
        left = dict.fromkeys(accounts)
        for one in done:
            left.pop(one, None)
        return await self._submit(len(accounts), list(left), business_date)

    async def _submit(
        self, matched: int, accounts: Sequence[AccountKey], business_date: date
    ) -> UpdateAccountsPayload:
        """Submit the commands batch by batch; the first alone, which tells what cannot be set."""
        services, tenant = self._context.services, self._context.caller.tenant
        seconds = services.settings.request_seconds_max
        until = time.monotonic() + seconds * SUBMITTING_SHARE
        done = 0
        while done < len(accounts) and time.monotonic() < until:
            batch = accounts[done : done + (BATCH_COMMANDS_MAX if done else 1)]
            outcomes = await asyncio.gather(
                *(self._one(account, business_date) for account in batch), return_exceptions=True
            )
            done += len(batch)
            for account, outcome in zip(batch, outcomes, strict=True):
                if (refusal := self._count(account, outcome)) is not None:
                    left = len(accounts) - done
                    return self._payload(matched, left, [UserError.of(refusal)])
        if self._position is not None:
            await services.wait_until(tenant, self._position, seconds * WAITING_SHARE)
        return self._payload(matched, len(accounts) - done, self._errors)

    async def _one(self, account: AccountKey, business_date: date) -> Handled:
        context, key = self._context, self._idempotency_key
        company_id, cust_id = account
        request = Request(
            ACCOUNT_CARE,
            account,
            self._command,
            actor=context.caller.actor,
            business_date=business_date,
            cause=f"mutation/{self._mutation}",
            correlation=context.request_id,
            idempotency_key=None if key is None else f"{key}/{company_id}/{cust_id}",
            consults=(account_asked(company_id, cust_id), *self._consults),
        )
        return await context.services.submit(context.caller.tenant, request)

    def _count(self, account: AccountKey, outcome: Handled | BaseException) -> Refused | None:
        """Count an outcome; return a refusal that is not of this account alone."""
        match outcome:
            case Handled(events, position):
                self._changed += bool(events)
                self._position = max(self._position or 0, position)
            case Refused(field="custId" | "salesReps"):
                self._refused += 1
                if len(self._errors) < REFUSALS_TOLD_MAX:
                    message = f"{account[1]} of company {account[0]}: {outcome.message}"
                    error = UserError(code=outcome.code, field=outcome.field, message=message)
                    self._errors.append(error)
            case Refused():
                return outcome
            case _:
                raise outcome
        return None

    def _payload(
        self, matched: int, unfinished: int, errors: list[UserError]
    ) -> UpdateAccountsPayload:
        return UpdateAccountsPayload(
            user_errors=errors,
            position=self._position,
            key=(),
            reading=None,
            matched=matched,
            changed=self._changed,
            refused=self._refused,
            unfinished=unfinished,
        )


async def _matching(reading: Reading, where: AccountFilter | None) -> list[AccountKey]:
    """Return the keys of the accounts that a filter finds, or of one more than may be."""
    listing = Listing(ACCOUNT_VIEW, reading.asked, ACCOUNT_VIEW.key, condition(ACCOUNT_VIEW, where))
    found: list[Any] = []
    while len(found) <= ACCOUNTS_MAX:
        after = found[-1] if found else None
        records = await reading.fetch(page(listing, Cut(KEYS_PAGE, after)))
        found += [record.values for record in records]
        if len(records) < KEYS_PAGE:
            break
    return found
