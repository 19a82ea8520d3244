"""GraphQL: options of the site, and changing them (ADM-02)."""

from typing import Annotated

import strawberry
from msgspec import UNSET as NOT_GIVEN
from msgspec.structs import asdict
from strawberry.types.unset import UNSET

from api.aging import Basis
from api.commands import IDEMPOTENCY_KEY, Payload, answer
from api.connections import AtLeast
from api.context import Info
from api.people import given
from api.record_types import RecordType
from domain.aging import AgeUnit
from domain.api_key import Role
from domain.site_options import (
    SITE,
    SITE_OPTIONS,
    ChangeSiteOptions,
    ContactSync,
    SiteOptions,
)
from domain.site_options import UdfCaptions as Captions

strawberry.enum(
    AgeUnit, name="AgeUnit", description="In what age is counted: DAYS, or whole calendar MONTHS."
)

strawberry.enum(
    ContactSync,
    name="ContactSync",
    description="Which of the ERP's contacts a sync takes over: ALL; only PRIMARY ones, besides"
    " those known already; or NONE.",
)

_CONTACTS = "Which of the ERP's contacts a sync takes over. (SYN-04)"
_CAPTIONS = "What the site calls user-defined fields, of each type of record that has any. (UDF-05)"
_CAPTION = "What user-defined field {} is called."
_BOUNDARIES = "The four boundaries of the aging set by {} date, in the age unit. (AGE-02)"
_UNIT = "In what age is counted. (AGE-03)"
_BASIS = "Which aging set is shown where none is asked for. (AGE-16)"
_UNAPPLIED = "Whether unapplied credits and payments age, as negative amounts. (AGE-17)"
_ZONE = "IANA time zone in which the site's business day is cut."


@strawberry.type(
    description="What user-defined fields of a type of record are called; null: nothing."
)
class UdfCaptions:
    """Captions of a type of record."""

    record_type: RecordType = strawberry.field(description="The type of record.")
    udf1: str | None = strawberry.field(default=None, description=_CAPTION.format(1))
    udf2: str | None = strawberry.field(default=None, description=_CAPTION.format(2))
    udf3: str | None = strawberry.field(default=None, description=_CAPTION.format(3))
    udf4: str | None = strawberry.field(default=None, description=_CAPTION.format(4))
    udf5: str | None = strawberry.field(default=None, description=_CAPTION.format(5))
    udf6: str | None = strawberry.field(default=None, description=_CAPTION.format(6))
    udf7: str | None = strawberry.field(default=None, description=_CAPTION.format(7))
    udf8: str | None = strawberry.field(default=None, description=_CAPTION.format(8))
    udf9: str | None = strawberry.field(default=None, description=_CAPTION.format(9))
    udf10: str | None = strawberry.field(default=None, description=_CAPTION.format(10))


@strawberry.input(
    description="What user-defined fields of a type of record are to be called, in the place of"
    " all captions that the type had."
)
class UdfCaptionsInput:
    """Captions of a type of record."""

    record_type: RecordType = strawberry.field(description="The type of record.")
    udf1: str | None = strawberry.field(default=None, description=_CAPTION.format(1))
    udf2: str | None = strawberry.field(default=None, description=_CAPTION.format(2))
    udf3: str | None = strawberry.field(default=None, description=_CAPTION.format(3))
    udf4: str | None = strawberry.field(default=None, description=_CAPTION.format(4))
    udf5: str | None = strawberry.field(default=None, description=_CAPTION.format(5))
    udf6: str | None = strawberry.field(default=None, description=_CAPTION.format(6))
    udf7: str | None = strawberry.field(default=None, description=_CAPTION.format(7))
    udf8: str | None = strawberry.field(default=None, description=_CAPTION.format(8))
    udf9: str | None = strawberry.field(default=None, description=_CAPTION.format(9))
    udf10: str | None = strawberry.field(default=None, description=_CAPTION.format(10))


@strawberry.type(name="SiteOptions", description="Options of the site.")
class SiteOptionsResult:
    """Options of the site."""

    aging_boundaries_due: list[int] = strawberry.field(description=_BOUNDARIES.format("due"))
    aging_boundaries_invoice: list[int] = strawberry.field(
        description=_BOUNDARIES.format("invoice")
    )
    age_unit: AgeUnit = strawberry.field(description=_UNIT)
    aging_basis: Basis = strawberry.field(description=_BASIS)
    age_unapplied: bool = strawberry.field(description=_UNAPPLIED)
    time_zone: str = strawberry.field(description=_ZONE)
    sync_contacts: ContactSync = strawberry.field(description=_CONTACTS)
    udf_captions: list[UdfCaptions] = strawberry.field(description=_CAPTIONS)

    @classmethod
    def of(cls, options: SiteOptions) -> "SiteOptionsResult":
        """Return the options as they are told."""
        return cls(
            aging_boundaries_due=list(options.aging_boundaries_due),
            aging_boundaries_invoice=list(options.aging_boundaries_invoice),
            age_unit=options.age_unit,
            aging_basis=options.aging_basis,
            age_unapplied=options.age_unapplied,
            time_zone=options.time_zone,
            sync_contacts=options.sync_contacts,
            udf_captions=[UdfCaptions(**asdict(one)) for one in options.udf_captions],
        )


@strawberry.input(description="The options to change; those left out stay as they are.")
class ChangeSiteOptionsInput:
    """The options to change."""

    aging_boundaries_due: list[int] | None = strawberry.field(
        default=UNSET, description=_BOUNDARIES.format("due")
    )
    aging_boundaries_invoice: list[int] | None = strawberry.field(
        default=UNSET, description=_BOUNDARIES.format("invoice")
    )
    age_unit: AgeUnit | None = strawberry.field(default=UNSET, description=_UNIT)
    aging_basis: Basis | None = strawberry.field(default=UNSET, description=_BASIS)
    age_unapplied: bool | None = strawberry.field(default=UNSET, description=_UNAPPLIED)
    time_zone: str | None = strawberry.field(default=UNSET, description=_ZONE)
    sync_contacts: ContactSync | None = strawberry.field(default=UNSET, description=_CONTACTS)
    udf_captions: list[UdfCaptionsInput] | None = strawberry.field(
        default=UNSET,
        description=f"{_CAPTIONS} Types that are not given keep theirs.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def command(self) -> ChangeSiteOptions:
        """Return the command; null leaves an option as it is, too."""
        due, invoice = given(self.aging_boundaries_due), given(self.aging_boundaries_invoice)
        captions = given(self.udf_captions)
        return ChangeSiteOptions(
            aging_boundaries_due=NOT_GIVEN if due is NOT_GIVEN else tuple(due),
            aging_boundaries_invoice=NOT_GIVEN if invoice is NOT_GIVEN else tuple(invoice),
            age_unit=given(self.age_unit),
            aging_basis=given(self.aging_basis),
            age_unapplied=given(self.age_unapplied),
            time_zone=given(self.time_zone),
            sync_contacts=given(self.sync_contacts),
            udf_captions=NOT_GIVEN
            if captions is NOT_GIVEN
            else tuple(Captions(**vars(one)) for one in captions),
        )


@strawberry.type(description="What changing the options led to.")
class ChangeSiteOptionsPayload(Payload):
    """What changing the options led to."""

    @strawberry.field(
        description="The options as they are now; null if the change was refused, or if the read"
        " models did not follow in time."
    )
    def site_options(self) -> SiteOptionsResult | None:
        """Return the options."""
        if self.reading is None:
            return None
        return SiteOptionsResult.of(self.reading.asked.options)


@strawberry.type
class SiteOptionsQuery:
    """Options of the site."""

    @strawberry.field(description="Options of the site.")
    async def site_options(
        self,
        info: Info,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> SiteOptionsResult:
        """Return the options."""
        reading = await info.context.reading()
        return SiteOptionsResult.of(reading.asked.options)


@strawberry.type
class SiteOptionsMutation:
    """Changing the options of the site."""

    @strawberry.mutation(description="Change options of the site. Needs the role admin.")
    async def change_site_options(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ChangeSiteOptionsInput, strawberry.argument(description="The options to change.")
        ],
    ) -> ChangeSiteOptionsPayload:
        """Change options."""
        context = info.context
        context.require(Role.ADMIN)
        return await answer(
            context,
            ChangeSiteOptionsPayload,
            SITE_OPTIONS,
            (SITE,),
            input.command(),
            mutation="changeSiteOptions",
            idempotency_key=input.idempotency_key,
        )
