"""GraphQL: adding notes to accounts (ACC-30)."""

from typing import Annotated

import strawberry

from api.accounts import ACCOUNT_NOTES, ACCOUNTS, Account, AccountNote
from api.commands import IDEMPOTENCY_KEY, carry_out, new_id
from api.connections import one
from api.context import Info, Reading
from api.errors import UserError
from domain.account import ACCOUNT, AddAccountNote
from domain.api_key import Role


@strawberry.input(description="A note to add to an account.")
class AddAccountNoteInput:
    """A note to add."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")
    text: str = strawberry.field(description="What to note.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What adding a note led to.")
class AddAccountNotePayload:
    """What adding a note led to."""

    user_errors: list[UserError] = strawberry.field(description="Why it was refused.")
    position: int | None = strawberry.field(
        description="Position of the log at which the note is complete, for `atLeast`."
    )
    key: strawberry.Private[tuple[str, str, str] | None]
    reading: strawberry.Private[Reading | None]

    @strawberry.field(
        description="The note; null if it was refused or the read models did not follow in time."
    )
    async def account_note(self, info: Info) -> AccountNote | None:
        """Return the note."""
        if self.key is None or self.reading is None:
            return None
        return await one(info, ACCOUNT_NOTES, self.reading, self.key)

    @strawberry.field(description="The account; null as the note is.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        if self.key is None or self.reading is None:
            return None
        return await one(info, ACCOUNTS, self.reading, self.key[:2])


@strawberry.type
class AccountNoteMutation:
    """Adding notes to accounts."""

    @strawberry.mutation(description="Add a note to an account. Needs any role but auditor.")
    async def add_account_note(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AddAccountNoteInput, strawberry.argument(description="The note.")
        ],
    ) -> AddAccountNotePayload:
        """Add a note."""
        context = info.context
        context.require(Role.ADMIN, Role.CREDIT_MANAGER, Role.CREDIT_USER, Role.INQUIRY_USER)
        note_id = new_id(input.idempotency_key)
        today = (await context.reading()).asked.as_of
        told = await carry_out(
            context,
            ACCOUNT,
            (input.company_id, input.cust_id),
            AddAccountNote(note_id, input.text, today),
            mutation="addAccountNote",
            idempotency_key=input.idempotency_key,
        )
        if told.position is None:
            return AddAccountNotePayload(
                user_errors=list(told.errors), position=None, key=None, reading=None
            )
        return AddAccountNotePayload(
            user_errors=[],
            position=told.position,
            key=(input.company_id, input.cust_id, note_id),
            reading=await context.reading_at_least(told.position),
        )
