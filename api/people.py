"""GraphQL: what people enter of a person, for contacts of accounts and personal ones alike."""

from typing import TypeVar

import strawberry
from msgspec import UNSET as NOT_GIVEN
from msgspec import UnsetType
from strawberry.types.unset import UNSET

from domain.shared.person import Person, PersonChange

Given = TypeVar("Given")


def given(value: Given | None) -> Given | UnsetType:
    """Return a value that null leaves as it is, too, as a command is told it."""
    return NOT_GIVEN if value is UNSET or value is None else value


def told(value: Given) -> Given | UnsetType:
    """Return a value that null clears, as a command is told it."""
    return NOT_GIVEN if value is UNSET else value


@strawberry.input
class PersonFields:
    """A person."""

    cntct_name: str | None = strawberry.field(default=None, description="Name.")
    cntct_title: str | None = strawberry.field(default=None, description="Title.")
    cntct_email_addr: str | None = strawberry.field(default=None, description="E-mail address.")
    cntct_primary_addr_phone: str | None = strawberry.field(
        default=None, description="Phone number."
    )
    cntct_primary_addr_fax: str | None = strawberry.field(default=None, description="Fax number.")
    cntct_addr_line1: str | None = strawberry.field(
        default=None, description="Own address, line 1."
    )
    cntct_addr_line2: str | None = strawberry.field(
        default=None, description="Own address, line 2."
    )
    cntct_city: str | None = strawberry.field(default=None, description="City.")
    cntct_state: str | None = strawberry.field(
        default=None, description="State, province or county."
    )
    cntct_postal_code: str | None = strawberry.field(default=None, description="Postal code.")
    cntct_country: str | None = strawberry.field(default=None, description="Country.")
    cntct_comment: str | None = strawberry.field(
        default=None, description="A free note: role, hours …"
    )

    def person(self) -> Person:
        """Return the person."""
        return Person(*(getattr(self, name) for name in Person.__struct_fields__))


@strawberry.input
class PersonChangeFields:
    """What to change of a person."""

    cntct_name: str | None = strawberry.field(default=UNSET, description="Name.")
    cntct_title: str | None = strawberry.field(default=UNSET, description="Title.")
    cntct_email_addr: str | None = strawberry.field(default=UNSET, description="E-mail address.")
    cntct_primary_addr_phone: str | None = strawberry.field(
        default=UNSET, description="Phone number."
    )
    cntct_primary_addr_fax: str | None = strawberry.field(default=UNSET, description="Fax number.")
    cntct_addr_line1: str | None = strawberry.field(
        default=UNSET, description="Own address, line 1."
    )
    cntct_addr_line2: str | None = strawberry.field(
        default=UNSET, description="Own address, line 2."
    )
    cntct_city: str | None = strawberry.field(default=UNSET, description="City.")
    cntct_state: str | None = strawberry.field(
        default=UNSET, description="State, province or county."
    )
    cntct_postal_code: str | None = strawberry.field(default=UNSET, description="Postal code.")
    cntct_country: str | None = strawberry.field(default=UNSET, description="Country.")
    cntct_comment: str | None = strawberry.field(
        default=UNSET, description="A free note: role, hours …"
    )

    def change(self) -> PersonChange:
        """Return the change."""
        return PersonChange(*(told(getattr(self, name)) for name in Person.__struct_fields__))
