"""What the site itself says of a company of the ERP: its options (CMP-03, CMP-04).

    nothing said --update--> said

The stream is one beside the company's, which the ERP owns; so no export can overwrite it.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain.shared.assignee import check_user
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.facts import UserFacts


class CompanyOptions(Struct, frozen=True, omit_defaults=True, gc=False):
    """The options of a company and their defaults.

    `default_user_id` works on accounts that the company's exports bring for the first time; without
    one nobody does [C40]. `online_payments` says whether its customers may pay online (PND-15);
    None: as the site says.
    """

    default_user_id: str | None = None
    online_payments: bool | None = None


class CompanyOptionsUpdated(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody changed the options of a company; these hold from now on."""

    company_id: str
    options: CompanyOptions


class UpdateCompanyOptions(Struct, frozen=True, gc=False):
    """Change the options that are given of a company that is known."""

    company_id: str
    default_user_id: str | UnsetType | None = UNSET
    online_payments: bool | UnsetType | None = UNSET
    company_known: bool = False
    user: UserFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "UpdateCompanyOptions":
        """Return the command that knows of the company, and the user if one is named."""
        company_known, *user = facts
        return replace(self, company_known=company_known, user=user[0] if user else None)


def evolve(options: CompanyOptions, event: CompanyOptionsUpdated) -> CompanyOptions:  # noqa: ARG001
    """Remember `event`."""
    return event.options


def decide(
    command: UpdateCompanyOptions, options: CompanyOptions
) -> Sequence[CompanyOptionsUpdated]:
    """Change what differs, if it may be."""
    if not command.company_known:
        raise Refused("company_unknown", "There is no such company.", "companyId")
    changed = options
    user_id = command.default_user_id
    if not isinstance(user_id, UnsetType) and user_id != options.default_user_id:
        if user_id is not None:
            check_user(user_id, command.user, "defaultUserId")
        changed = replace(changed, default_user_id=user_id)
    if not isinstance(command.online_payments, UnsetType):
        changed = replace(changed, online_payments=command.online_payments)
    return [] if changed == options else [CompanyOptionsUpdated(command.company_id, changed)]


COMPANY_OPTIONS: Decider[CompanyOptions, UpdateCompanyOptions, CompanyOptionsUpdated] = Decider(
    category="company_options",
    events=(CompanyOptionsUpdated,),
    initial=CompanyOptions(),
    evolve=evolve,
    decide=decide,
)
