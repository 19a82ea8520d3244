"""GraphQL: options of the site, and changing them (ADM-02)."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import strawberry
from msgspec import UNSET as NOT_GIVEN
from msgspec import UnsetType
from msgspec.structs import asdict
from strawberry.types.unset import UNSET

from api.aging import Basis
from api.commands import IDEMPOTENCY_KEY, Payload, answer
from api.connections import AtLeast
from api.context import Info
from api.people import given, told
from api.record_types import RecordType
from api.roles import Role
from application.consulting import class_asked
from domain.aging import AgeUnit, labels
from domain.credit_score import CreditScoreRange
from domain.site_options import (
    SITE,
    SITE_OPTIONS,
    ChangeSiteOptions,
    ContactSync,
    CustomerSync,
    SiteOptions,
    Trend,
)
from domain.site_options import UdfCaptions as Captions

Given = TypeVar("Given")

strawberry.enum(
    AgeUnit, name="AgeUnit", description="In what age is counted: DAYS, or whole calendar MONTHS."
)

strawberry.enum(
    ContactSync,
    name="ContactSync",
    description="Which of the ERP's contacts a sync takes over: ALL; only PRIMARY ones, besides"
    " those known already; or NONE.",
)

strawberry.enum(
    CustomerSync,
    name="CustomerSync",
    description="Which of the ERP's customers a sync takes over: ALL; or those"
    " WITH_OPEN_DOCUMENTS, besides those known already and those above them.",
)

_CUSTOMERS = (
    "Which of the ERP's customers a sync takes over, with their contacts, documents and payments."
    " (SYN-05)"
)
_CONTACTS = "Which of the ERP's contacts a sync takes over. (SYN-04)"
_CAPTIONS = "What the site calls user-defined fields, of each type of record that has any. (UDF-05)"
_CAPTION = "What user-defined field {} is called."
_BOUNDARIES = "The four boundaries of the aging set by {} date, in the age unit. (AGE-02)"
_LABELS = (
    "What the buckets of the aging set by {} date are called by its boundaries, from future to the"
    " oldest. (AGE-15)"
)
_UNIT = "In what age is counted. (AGE-03)"
_BASIS = "Which aging set is shown where none is asked for. (AGE-16)"
_UNAPPLIED = "Whether unapplied credits and payments age, as negative amounts. (AGE-17)"
_ZONE = "IANA time zone in which the site's business day is cut."
_APR = "What open amounts cost, in whole percent a year. (KPI-17)"
_SIZES = (
    "The amounts in home currency, six at most, at which a further range of sizes of invoices"
    " begins. (KPI-13)"
)
_AUTOMATIC = (
    "Whether the ranges of sizes are worked out from the invoices that were paid, as seven of"
    " about as many each. (KPI-13)"
)
_EXCLUDE = "Invoices dated before do not count in average days to pay; null for none. (KPI-15)"
_TREND = "What the panel of the prior six months shows. (KPI-03)"

strawberry.enum(
    Trend,
    name="PriorSixMonths",
    description="What the panel of the prior six months shows: DSO, or AVERAGE_DAYS late, plain"
    " and weighted.",
)
_ONLINE = "Whether customers whose account allows it may pay online. (PND-15)"
_MATCH = (
    "How many days before or after it was made a pending payment may be dated in the ERP to be"
    " recognised by account and amount. (PND-03)"
)
_BUREAUS = "The names of up to three credit bureaus whose scores are kept of accounts. (ACC-11)"
_RANGES = (
    "Ranges of credit scores, from the lowest up, each with a colour and a name. Where a score and"
    " both bounds are numbers they are compared as numbers, else as text. (ACC-11)"
)
_SITE = "What the site is called. (CMP-01)"
_ABOUT = "What the site is. (CMP-01)"
_ADDRESS = "The site's postal address, on as many lines as it has. (CMP-01)"
_CLASS = "The credit class of accounts that come for the first time; null for none. (SYN-07)"
_RESPOND = (
    "How many days customers have to respond where neither a rule nor the account says; 0 means"
    " not set. (FUP-19)"
)
_AUTO_CLOSE = (
    "Whether the issues of all rules are closed, with their open activities, when the conditions"
    " that led to them hold no longer; rules may say so of their own."
)
_UNRECONCILED = (
    "After how many days an online payment that is not reconciled is told; 0 for never. (PND-14)"
)
_TWO = "Whether to erase a person takes two: one who asks, and another who approves."
_RETAIN = (
    "For how many days a contact that was removed is still told of; then it is due to be erased"
    " (`tallystick audit retention`). 0: until somebody erases it."
)
_INTERVAL = "By how many minutes a calendar of follow-ups tells a day; 0 means not set. (FUP-14)"
_READS = (
    "The roles whose readings of personal data are recorded: names, addresses and numbers of"
    " contacts, e-mail addresses of users. `personalDataReads` lists them."
)
_LOW, _HIGH = "The lowest score in the range.", "The highest score in the range."
_COLOR, _NAME = "The colour to show, as #rrggbb.", "What to call the range."


@strawberry.type(name="CreditScoreRange", description="A range of credit scores.")
class CreditScoreRangeResult:
    """A range of credit scores."""

    low: str = strawberry.field(description=_LOW)
    high: str = strawberry.field(description=_HIGH)
    color: str = strawberry.field(description=_COLOR)
    name: str = strawberry.field(description=_NAME)


@strawberry.input(description="A range of credit scores.")
class CreditScoreRangeInput:
    """A range of credit scores."""

    low: str = strawberry.field(description=_LOW)
    high: str = strawberry.field(description=_HIGH)
    color: str = strawberry.field(description=_COLOR)
    name: str = strawberry.field(description=_NAME)


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
    aging_labels_due: list[str] = strawberry.field(description=_LABELS.format("due"))
    aging_labels_invoice: list[str] = strawberry.field(description=_LABELS.format("invoice"))
    age_unit: AgeUnit = strawberry.field(description=_UNIT)
    aging_basis: Basis = strawberry.field(description=_BASIS)
    age_unapplied: bool = strawberry.field(description=_UNAPPLIED)
    time_zone: str = strawberry.field(description=_ZONE)
    credit_apr: int = strawberry.field(description=_APR)
    size_ranges: list[Decimal] = strawberry.field(description=_SIZES)
    size_ranges_automatic: bool = strawberry.field(description=_AUTOMATIC)
    exclude_invoices_before: date | None = strawberry.field(description=_EXCLUDE)
    prior_six_months: Trend = strawberry.field(description=_TREND)
    online_payments: bool = strawberry.field(description=_ONLINE)
    pending_payment_match_days: int = strawberry.field(description=_MATCH)
    credit_bureaus: list[str] = strawberry.field(description=_BUREAUS)
    credit_score_ranges: list[CreditScoreRangeResult] = strawberry.field(description=_RANGES)
    sync_contacts: ContactSync = strawberry.field(description=_CONTACTS)
    sync_customers: CustomerSync = strawberry.field(description=_CUSTOMERS)
    udf_captions: list[UdfCaptions] = strawberry.field(description=_CAPTIONS)
    name: str | None = strawberry.field(description=_SITE)
    description: str | None = strawberry.field(description=_ABOUT)
    address: str | None = strawberry.field(description=_ADDRESS)
    default_credit_class_id: str | None = strawberry.field(description=_CLASS)
    default_days_to_respond: int = strawberry.field(description=_RESPOND)
    unreconciled_alert_days: int = strawberry.field(description=_UNRECONCILED)
    auto_close: bool = strawberry.field(description=_AUTO_CLOSE)
    calendar_interval_minutes: int = strawberry.field(description=_INTERVAL)
    record_reads_of: list[Role] = strawberry.field(description=_READS)
    erasure_needs_two: bool = strawberry.field(description=_TWO)
    retain_personal_data_days: int = strawberry.field(description=_RETAIN)

    @classmethod
    def of(cls, options: SiteOptions) -> "SiteOptionsResult":
        """Return the options as they are told."""
        return cls(
            aging_boundaries_due=list(options.aging_boundaries_due),
            aging_boundaries_invoice=list(options.aging_boundaries_invoice),
            aging_labels_due=labels(Basis.DUE, options.aging_boundaries_due),
            aging_labels_invoice=labels(Basis.INVOICE, options.aging_boundaries_invoice),
            age_unit=options.age_unit,
            aging_basis=options.aging_basis,
            age_unapplied=options.age_unapplied,
            time_zone=options.time_zone,
            credit_apr=options.credit_apr,
            size_ranges=list(options.size_ranges),
            size_ranges_automatic=options.size_ranges_automatic,
            exclude_invoices_before=options.exclude_invoices_before,
            prior_six_months=options.prior_six_months,
            online_payments=options.online_payments,
            pending_payment_match_days=options.pending_payment_match_days,
            credit_bureaus=list(options.credit_bureaus),
            credit_score_ranges=[
                CreditScoreRangeResult(low=one.low, high=one.high, color=one.color, name=one.name)
                for one in options.credit_score_ranges
            ],
            sync_contacts=options.sync_contacts,
            sync_customers=options.sync_customers,
            udf_captions=[UdfCaptions(**asdict(one)) for one in options.udf_captions],
            name=options.name,
            description=options.description,
            address=options.address,
            default_credit_class_id=options.default_credit_class_id,
            default_days_to_respond=options.default_days_to_respond,
            unreconciled_alert_days=options.unreconciled_alert_days,
            auto_close=options.auto_close,
            calendar_interval_minutes=options.calendar_interval_minutes,
            record_reads_of=list(options.record_reads_of),
            erasure_needs_two=options.erasure_needs_two,
            retain_personal_data_days=options.retain_personal_data_days,
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
    credit_apr: int | None = strawberry.field(default=UNSET, description=_APR)
    size_ranges: list[Decimal] | None = strawberry.field(default=UNSET, description=_SIZES)
    size_ranges_automatic: bool | None = strawberry.field(default=UNSET, description=_AUTOMATIC)
    exclude_invoices_before: date | None = strawberry.field(
        default=UNSET, description=_EXCLUDE + " Here null means none."
    )
    prior_six_months: Trend | None = strawberry.field(default=UNSET, description=_TREND)
    online_payments: bool | None = strawberry.field(default=UNSET, description=_ONLINE)
    pending_payment_match_days: int | None = strawberry.field(default=UNSET, description=_MATCH)
    credit_bureaus: list[str] | None = strawberry.field(default=UNSET, description=_BUREAUS)
    credit_score_ranges: list[CreditScoreRangeInput] | None = strawberry.field(
        default=UNSET, description=_RANGES
    )
    sync_contacts: ContactSync | None = strawberry.field(default=UNSET, description=_CONTACTS)
    sync_customers: CustomerSync | None = strawberry.field(default=UNSET, description=_CUSTOMERS)
    udf_captions: list[UdfCaptionsInput] | None = strawberry.field(
        default=UNSET,
        description=f"{_CAPTIONS} Types that are not given keep theirs.",
    )
    name: str | None = strawberry.field(default=UNSET, description=_SITE)
    description: str | None = strawberry.field(default=UNSET, description=_ABOUT)
    address: str | None = strawberry.field(default=UNSET, description=_ADDRESS)
    default_credit_class_id: str | None = strawberry.field(default=UNSET, description=_CLASS)
    default_days_to_respond: int | None = strawberry.field(default=UNSET, description=_RESPOND)
    unreconciled_alert_days: int | None = strawberry.field(default=UNSET, description=_UNRECONCILED)
    auto_close: bool | None = strawberry.field(default=UNSET, description=_AUTO_CLOSE)
    calendar_interval_minutes: int | None = strawberry.field(default=UNSET, description=_INTERVAL)
    record_reads_of: list[Role] | None = strawberry.field(default=UNSET, description=_READS)
    erasure_needs_two: bool | None = strawberry.field(default=UNSET, description=_TWO)
    retain_personal_data_days: int | None = strawberry.field(default=UNSET, description=_RETAIN)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)

    def command(self) -> ChangeSiteOptions:
        """Return the command; null leaves an option as it is, too, where it is no value of it."""
        return ChangeSiteOptions(
            aging_boundaries_due=_all_given(self.aging_boundaries_due),
            aging_boundaries_invoice=_all_given(self.aging_boundaries_invoice),
            age_unit=given(self.age_unit),
            aging_basis=given(self.aging_basis),
            age_unapplied=given(self.age_unapplied),
            time_zone=given(self.time_zone),
            credit_apr=given(self.credit_apr),
            size_ranges=_all_given(self.size_ranges),
            size_ranges_automatic=given(self.size_ranges_automatic),
            exclude_invoices_before=told(self.exclude_invoices_before),
            prior_six_months=given(self.prior_six_months),
            online_payments=given(self.online_payments),
            pending_payment_match_days=given(self.pending_payment_match_days),
            credit_bureaus=_all_given(self.credit_bureaus),
            credit_score_ranges=_all_given(
                self.credit_score_ranges,
                lambda one: CreditScoreRange(one.low, one.high, one.color, one.name),
            ),
            sync_contacts=given(self.sync_contacts),
            sync_customers=given(self.sync_customers),
            udf_captions=_all_given(self.udf_captions, lambda one: Captions(**vars(one))),
            name=told(self.name),
            description=told(self.description),
            address=told(self.address),
            default_credit_class_id=told(self.default_credit_class_id),
            default_days_to_respond=given(self.default_days_to_respond),
            unreconciled_alert_days=given(self.unreconciled_alert_days),
            auto_close=given(self.auto_close),
            calendar_interval_minutes=given(self.calendar_interval_minutes),
            record_reads_of=_all_given(self.record_reads_of),
            erasure_needs_two=given(self.erasure_needs_two),
            retain_personal_data_days=given(self.retain_personal_data_days),
        )


def _all_given(
    values: Sequence[Given] | None, make: Callable[[Given], Any] = lambda one: one
) -> tuple[Any, ...] | UnsetType:
    """Return the values of a list, if one is given, as a command is told them."""
    return NOT_GIVEN if values is UNSET or values is None else tuple(map(make, values))


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
        class_id = input.default_credit_class_id
        return await answer(
            context,
            ChangeSiteOptionsPayload,
            SITE_OPTIONS,
            (SITE,),
            input.command(),
            mutation="changeSiteOptions",
            idempotency_key=input.idempotency_key,
            consults=class_asked(None if class_id is UNSET else class_id),
        )
