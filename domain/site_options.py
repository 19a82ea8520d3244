"""Options of a site: how it ages, where its business day is cut, what it syncs (ADM-02).

default --change--> changed
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from domain.aging import BOUNDARIES, AgeUnit, Basis, checked_boundaries
from domain.credit_score import CreditScoreRange, checked_bureaus, checked_ranges
from domain.shared.credit_class import class_unknown
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.record_types import RecordType
from domain.shared.roles import Role
from domain.shared.text import camel, can_be_kept
from domain.shared.time_zones import is_time_zone
from domain.shared.wording import NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, optional_text
from domain.size_ranges import SIZE_RANGES, checked_size_ranges

CREDIT_APR_MAX = 1_000
"""Percent a year."""

DAYS_TO_RESPOND_MAX = 999
UNRECONCILED_DAYS_MAX = 365
CALENDAR_MINUTES_MAX = 1_440
ADDRESS_CHARACTERS_MAX = 1_000
RETAIN_DAYS_MAX = 36_500


class Trend(StrEnum):
    """What the panel of the prior six months shows: one of the two, never both (KPI-03)."""

    DSO = "dso"
    AVERAGE_DAYS = "average_days"


MATCH_DAYS_MAX = 365
"""Days between a pending payment and the ERP's payment that it is matched with, at most."""

_NUMBERS = {
    "credit_apr": (
        CREDIT_APR_MAX,
        "credit_apr_invalid",
        f"The rate is a whole number of percent a year, from 0 to {CREDIT_APR_MAX}.",
    ),
    "pending_payment_match_days": (
        MATCH_DAYS_MAX,
        "match_days_invalid",
        f"Payments are matched within 0 to {MATCH_DAYS_MAX} days.",
    ),
    "default_days_to_respond": (
        DAYS_TO_RESPOND_MAX,
        "days_to_respond_invalid",
        f"Customers have from 0 to {DAYS_TO_RESPOND_MAX} days to respond; 0 stands for none.",
    ),
    "unreconciled_alert_days": (
        UNRECONCILED_DAYS_MAX,
        "unreconciled_days_invalid",
        f"An online payment is told after 1 to {UNRECONCILED_DAYS_MAX} days, or with 0 never.",
    ),
    "retain_personal_data_days": (
        RETAIN_DAYS_MAX,
        "retain_days_invalid",
        f"Removed contacts are erased after 1 to {RETAIN_DAYS_MAX} days, or with 0 never.",
    ),
    "calendar_interval_minutes": (
        CALENDAR_MINUTES_MAX,
        "calendar_interval_invalid",
        f"A calendar tells a day by 1 to {CALENDAR_MINUTES_MAX} minutes; 0 stands for not set.",
    ),
}
"""Options that are numbers from 0: the largest, and how another is refused."""

_TEXTS = {
    "name": ("name", NAME_CHARACTERS_MAX),
    "description": ("description", TEXT_CHARACTERS_MAX),
    "address": ("address", ADDRESS_CHARACTERS_MAX),
    "default_credit_class_id": ("credit class", NAME_CHARACTERS_MAX),
}
"""Options that are texts: what they are called, and their characters at most."""

SITE = "site"
"""The key of the one stream of options."""

CAPTION_CHARACTERS_MAX = 40


class ContactSync(StrEnum):
    """Which of the ERP's contacts a sync takes over (SYN-04)."""

    ALL = "all"
    PRIMARY = "primary"
    NONE = "none"


class CustomerSync(StrEnum):
    """Which of the ERP's customers a sync takes over (SYN-05)."""

    ALL = "all"
    WITH_OPEN_DOCUMENTS = "with_open_documents"


class UdfCaptions(Struct, frozen=True, omit_defaults=True):
    """What the site calls the user-defined fields of a type of record (UDF-05); null: nothing."""

    record_type: RecordType
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None
    udf6: str | None = None
    udf7: str | None = None
    udf8: str | None = None
    udf9: str | None = None
    udf10: str | None = None


UDFS = UdfCaptions.__struct_fields__[1:]
"""The names of the ten user-defined fields."""


class SiteOptions(Struct, frozen=True, omit_defaults=True):
    """The options and their defaults.

    The two aging sets (AGE-02), the age unit (AGE-03), the set that dashboards show (AGE-16),
    whether unapplied items age (AGE-17), and the IANA time zone of the site. The rate at which
    open amounts cost, in percent a year (KPI-17). The sizes of invoices, in home currency, at
    which a further range of sizes begins, or that they are worked out from what was paid
    (KPI-13); from which invoice date on invoices count in average days to pay (KPI-15); and what
    the panel of the prior six months shows (KPI-03). Whether customers may pay online (PND-15),
    and how many days before or after it was made a pending payment may be dated in the ERP to be
    recognised by its amount (PND-03, G2).
    The credit bureaus whose scores are kept, and ranges of credit scores that are shown in a
    colour (ACC-11).
    Which contacts and which customers a sync takes over (SYN-04, SYN-05), and the captions of
    user-defined fields by type of record (UDF-05).
    The site's name, description and address (CMP-01); the credit class of accounts that come for
    the first time (SYN-07); the working days that customers have to respond (FUP-19); after how
    many days an online payment that is not reconciled is told (PND-14); and by how many minutes a
    calendar of follow-ups tells a day (FUP-14). Of these 0 means not set.
    Whether the issues of all rules are closed, with their open activities, when the conditions
    that led to them hold no longer (RULE-12).
    The roles whose readings of personal data are recorded, in the order of roles.
    Whether to erase a person takes two: who asks and who approves; and for how many days a contact
    that was removed is still told of, 0 for until somebody erases them.
    """

    aging_boundaries_due: tuple[int, ...] = BOUNDARIES
    aging_boundaries_invoice: tuple[int, ...] = BOUNDARIES
    age_unit: AgeUnit = AgeUnit.DAYS
    aging_basis: Basis = Basis.DUE
    age_unapplied: bool = False
    time_zone: str = "UTC"
    credit_apr: int = 10
    size_ranges: tuple[Decimal, ...] = SIZE_RANGES
    size_ranges_automatic: bool = False
    exclude_invoices_before: date | None = None
    prior_six_months: Trend = Trend.DSO
    online_payments: bool = False
    pending_payment_match_days: int = 7
    credit_bureaus: tuple[str, ...] = ()
    credit_score_ranges: tuple[CreditScoreRange, ...] = ()
    sync_contacts: ContactSync = ContactSync.ALL
    sync_customers: CustomerSync = CustomerSync.ALL
    udf_captions: tuple[UdfCaptions, ...] = ()
    name: str | None = None
    description: str | None = None
    address: str | None = None
    default_credit_class_id: str | None = None
    default_days_to_respond: int = 0
    unreconciled_alert_days: int = 0
    auto_close: bool = False
    calendar_interval_minutes: int = 0
    record_reads_of: tuple[Role, ...] = ()
    erasure_needs_two: bool = False
    retain_personal_data_days: int = 0


class SiteOptionsChanged(Event, frozen=True, omit_defaults=True):
    """Somebody changed the options; these hold from now on."""

    options: SiteOptions


class ChangeSiteOptions(Struct, frozen=True):
    """Change the options that are given; captions, of the types of records that they name."""

    aging_boundaries_due: tuple[int, ...] | UnsetType = UNSET
    aging_boundaries_invoice: tuple[int, ...] | UnsetType = UNSET
    age_unit: AgeUnit | UnsetType = UNSET
    aging_basis: Basis | UnsetType = UNSET
    age_unapplied: bool | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    credit_apr: int | UnsetType = UNSET
    size_ranges: tuple[Decimal, ...] | UnsetType = UNSET
    size_ranges_automatic: bool | UnsetType = UNSET
    exclude_invoices_before: date | UnsetType | None = UNSET
    prior_six_months: Trend | UnsetType = UNSET
    online_payments: bool | UnsetType = UNSET
    pending_payment_match_days: int | UnsetType = UNSET
    credit_bureaus: tuple[str, ...] | UnsetType = UNSET
    credit_score_ranges: tuple[CreditScoreRange, ...] | UnsetType = UNSET
    sync_contacts: ContactSync | UnsetType = UNSET
    sync_customers: CustomerSync | UnsetType = UNSET
    udf_captions: tuple[UdfCaptions, ...] | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    default_credit_class_id: str | UnsetType | None = UNSET
    default_days_to_respond: int | UnsetType = UNSET
    unreconciled_alert_days: int | UnsetType = UNSET
    auto_close: bool | UnsetType = UNSET
    calendar_interval_minutes: int | UnsetType = UNSET
    record_reads_of: tuple[Role, ...] | UnsetType = UNSET
    erasure_needs_two: bool | UnsetType = UNSET
    retain_personal_data_days: int | UnsetType = UNSET
    class_defined: bool = False

    def knowing(self, facts: Sequence[bool]) -> "ChangeSiteOptions":
        """Return the command that knows whether there is the class that it names."""
        return replace(self, class_defined=facts[0])


class AdoptDefaults(Struct, frozen=True):
    """Let a class be the default one and captions name fields, where nobody said so before."""

    default_credit_class_id: str
    udf_captions: tuple[UdfCaptions, ...] = ()
    class_defined: bool = False

    def knowing(self, facts: Sequence[bool]) -> "AdoptDefaults":
        """Return the command that knows whether there is the class."""
        return replace(self, class_defined=facts[0])


SiteOptionsCommand: TypeAlias = ChangeSiteOptions | AdoptDefaults


def evolve(options: SiteOptions, event: SiteOptionsChanged) -> SiteOptions:  # noqa: ARG001
    """Remember `event`."""
    return event.options


def decide(command: SiteOptionsCommand, options: SiteOptions) -> Sequence[SiteOptionsChanged]:
    """Return the facts that `command` adds."""
    match command:
        case ChangeSiteOptions():
            return change(command, options)
        case AdoptDefaults():
            return adopt(command, options)


def adopt(command: AdoptDefaults, options: SiteOptions) -> Sequence[SiteOptionsChanged]:
    """Fill in what nobody said."""
    class_id = options.default_credit_class_id
    if class_id is None:
        class_id = command.default_credit_class_id
        if not command.class_defined:
            raise class_unknown(class_id, "defaultCreditClassId")
    told = {one.record_type: one for one in options.udf_captions}
    given: list[UdfCaptions] = []
    for one in command.udf_captions:
        known = told.get(one.record_type, UdfCaptions(one.record_type))
        names = {name: getattr(known, name) or getattr(one, name) for name in UDFS}
        taken = [name.casefold() for name in names.values() if name is not None]
        if len(set(taken)) == len(taken):
            given.append(UdfCaptions(one.record_type, **names))
    changed = replace(
        options,
        default_credit_class_id=class_id,
        udf_captions=captions(given, options.udf_captions),
    )
    return [] if changed == options else [SiteOptionsChanged(changed)]


def change(command: ChangeSiteOptions, options: SiteOptions) -> Sequence[SiteOptionsChanged]:
    """Change what differs, if it may be."""
    given = {name: value for name, value in asdict(command).items() if value is not UNSET}
    class_defined = given.pop("class_defined")
    for name in ("aging_boundaries_due", "aging_boundaries_invoice"):
        if name in given:
            given[name] = checked_boundaries(given[name], camel(name))
    zone = given.get("time_zone")
    if zone is not None and not is_time_zone(zone):
        raise Refused("time_zone_unknown", f"There is no time zone {zone!r}.", "timeZone")
    for name, (largest, code, message) in _NUMBERS.items():
        if not 0 <= given.get(name, 0) <= largest:
            raise Refused(code, message, camel(name))
    for name, (called, characters_max) in _TEXTS.items():
        if name in given:
            given[name] = optional_text(given[name], called, camel(name), characters_max)
    class_id = given.get("default_credit_class_id")
    if class_id not in (None, options.default_credit_class_id) and not class_defined:
        raise class_unknown(class_id, "defaultCreditClassId")
    if "size_ranges" in given:
        given["size_ranges"] = checked_size_ranges(given["size_ranges"], "sizeRanges")
    if "credit_bureaus" in given:
        given["credit_bureaus"] = checked_bureaus(given["credit_bureaus"])
    if "credit_score_ranges" in given:
        given["credit_score_ranges"] = checked_ranges(given["credit_score_ranges"])
    if "udf_captions" in given:
        given["udf_captions"] = captions(given["udf_captions"], options.udf_captions)
    if "record_reads_of" in given:
        given["record_reads_of"] = tuple(one for one in Role if one in given["record_reads_of"])
    changed = replace(options, **given)
    return [] if changed == options else [SiteOptionsChanged(changed)]


def captions(given: Sequence[UdfCaptions], known: Sequence[UdfCaptions]) -> tuple[UdfCaptions, ...]:
    """Return the captions with those given in the place of the known ones of their types."""
    told = {one.record_type: one for one in known}
    if len({one.record_type for one in given}) < len(given):
        raise _no_captions("A type of record is named once.")
    for one in given:
        checked = checked_captions(one)
        told[one.record_type] = checked
    there = (told[kind] for kind in RecordType if kind in told)
    return tuple(one for one in there if one != UdfCaptions(one.record_type))


def checked_captions(given: UdfCaptions) -> UdfCaptions:
    """Return captions without the space around them."""
    names = {name: (getattr(given, name) or "").strip() or None for name in UDFS}
    seen: set[str] = set()
    for name in names.values():
        if name is None:
            continue
        if not can_be_kept(name) or not name.isprintable():
            raise _no_captions("A caption is plain text on one line.")
        if len(name) > CAPTION_CHARACTERS_MAX:
            raise _no_captions(f"A caption has at most {CAPTION_CHARACTERS_MAX} characters.")
        if name.casefold() in seen:
            raise _no_captions(f"The caption {name} stands for two fields of {given.record_type}.")
        seen.add(name.casefold())
    return UdfCaptions(given.record_type, **names)


def _no_captions(reason: str) -> Refused:
    return Refused("udf_captions_invalid", reason, "udfCaptions")


def days_to_respond(options: SiteOptions) -> int:
    """Return how many days customers have to respond, for decisions about others; 0 is not set."""
    return options.default_days_to_respond


def erasure_needs_two(options: SiteOptions) -> bool:
    """Whether to erase a person takes two people, for decisions about it."""
    return options.erasure_needs_two


SITE_OPTIONS: Decider[SiteOptions, SiteOptionsCommand, SiteOptionsChanged] = Decider(
    category="site_options",
    events=(SiteOptionsChanged,),
    initial=SiteOptions(),
    evolve=evolve,
    decide=decide,
)
