"""GraphQL: the options that the site gives a company of the ERP (CMP-03, CMP-04)."""

from typing import Annotated

import strawberry
from strawberry.types.unset import UNSET

from api.commands import IDEMPOTENCY_KEY, Payload, answer
from api.companies import COMPANIES, Company
from api.context import Info
from api.people import told
from application.consulting import user_asked
from application.handling import Consulted
from domain.api_key import Role
from domain.company import COMPANY, is_known
from domain.company_options import COMPANY_OPTIONS, UpdateCompanyOptions


@strawberry.input(description="Options of a company; those left out stay as they are.")
class UpdateCompanyOptionsInput:
    """Options of a company."""

    company_id: str = strawberry.field(description="The company.")
    default_user_id: str | None = strawberry.field(
        default=UNSET,
        description="The user who works on accounts that the company's exports bring for the first"
        " time; null for nobody.",
    )
    online_payments: bool | None = strawberry.field(
        default=UNSET,
        description="Whether customers whose account allows it may pay online; null for as the"
        " site's options say.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What changing options of a company led to.")
class UpdateCompanyOptionsPayload(Payload):
    """What changing options of a company led to."""

    @strawberry.field(
        description="The company; null if it was refused or the read models did not follow in time."
    )
    async def company(self, info: Info) -> Company | None:
        """Return the company."""
        return await self.record(info, COMPANIES)


@strawberry.type
class CompanyOptionsMutation:
    """Changing options of companies."""

    @strawberry.mutation(
        description="Change options of a company. Accounts that are known already keep their users."
        " Needs the role admin."
    )
    async def update_company_options(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            UpdateCompanyOptionsInput, strawberry.argument(description="The options to change.")
        ],
    ) -> UpdateCompanyOptionsPayload:
        """Change options of a company."""
        context = info.context
        context.require(Role.ADMIN)
        user_id = None if input.default_user_id is UNSET else input.default_user_id
        key = (input.company_id,)
        return await answer(
            context,
            UpdateCompanyOptionsPayload,
            COMPANY_OPTIONS,
            key,
            UpdateCompanyOptions(
                input.company_id, told(input.default_user_id), told(input.online_payments)
            ),
            mutation="updateCompanyOptions",
            idempotency_key=input.idempotency_key,
            consults=(Consulted(COMPANY, key, is_known), *user_asked(user_id)),
        )
