"""GraphQL: adding notes to accounts (ACC-30)."""

from typing import Annotated

import strawberry

from api.accounts import ACCOUNT_NOTES, ACCOUNTS, Account, AccountNote
from api.commands import IDEMPOTENCY_KEY, NOTE_WRITERS, Payload, answer, new_id
from api.context import Info
from domain.account import ACCOUNT, AddAccountNote


@strawberry.input(description="A note to add to an account.")
class AddAccountNoteInput:
    """A note to add."""

    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")
    text: str = strawberry.field(description="What to note.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What adding a note led to.")
class AddAccountNotePayload(Payload):
    """What adding a note led to."""

    note_id: strawberry.Private[str] = ""

    @strawberry.field(
        description="The note; null if it was refused or the read models did not follow in time."
    )
    async def account_note(self, info: Info) -> AccountNote | None:
        """Return the note."""
        return await self.record(info, ACCOUNT_NOTES, *self.key, self.note_id)

    @strawberry.field(description="The account; null as the note is.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await self.record(info, ACCOUNTS)


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
        context.require(*NOTE_WRITERS)
        note_id = new_id(input.idempotency_key)
        payload = await answer(
            context,
            AddAccountNotePayload,
            ACCOUNT,
            (input.company_id, input.cust_id),
            AddAccountNote(note_id, input.text, await context.today()),
            mutation="addAccountNote",
            idempotency_key=input.idempotency_key,
        )
        payload.note_id = note_id
        return payload
