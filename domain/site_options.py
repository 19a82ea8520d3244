"""Options of a site: how the tenant ages, and where its business day is cut (ADM-02).

default --change--> changed
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from domain.aging import BOUNDARIES, AgeUnit, Basis, checked_boundaries
from domain.credit_score import CreditScoreRange, checked_bureaus, checked_ranges
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.time_zones import is_time_zone
from domain.size_ranges import SIZE_RANGES, checked_size_ranges

CREDIT_APR_MAX = 1_000


class Trend(StrEnum):
    """What the panel of the prior six months shows: one of the two, never both (KPI-03)."""

    DSO = "dso"
    AVERAGE_DAYS = "average_days"


MATCH_DAYS_MAX = 365
"""Days between a pending payment and the ERP's payment that it is matched with, at most."""


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


class SiteOptionsChanged(Event, frozen=True, omit_defaults=True):
    """Somebody changed the options; these hold from now on."""

    options: SiteOptions


class ChangeSiteOptions(Struct, frozen=True):
    """Change the options that are given."""

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


def evolve(options: SiteOptions, event: SiteOptionsChanged) -> SiteOptions:  # noqa: ARG001
    """Remember `event`."""
    return event.options


def decide(command: ChangeSiteOptions, options: SiteOptions) -> Sequence[SiteOptionsChanged]:
    """Change what differs, if it may be."""
    given = {name: value for name, value in asdict(command).items() if value is not UNSET}
    for name in ("aging_boundaries_due", "aging_boundaries_invoice"):
        if name in given:
            given[name] = checked_boundaries(given[name], name)
    zone = given.get("time_zone")
    if zone is not None and not is_time_zone(zone):
        raise Refused("time_zone_unknown", f"There is no time zone {zone!r}.", "time_zone")
    apr = given.get("credit_apr")
    if apr is not None and not 0 <= apr <= CREDIT_APR_MAX:
        raise Refused(
            "credit_apr_invalid",
            f"The rate is a whole number of percent a year, from 0 to {CREDIT_APR_MAX}.",
            "credit_apr",
        )
    if "size_ranges" in given:
        given["size_ranges"] = checked_size_ranges(given["size_ranges"], "size_ranges")
    days = given.get("pending_payment_match_days", 0)
    if not 0 <= days <= MATCH_DAYS_MAX:
        raise Refused(
            "match_days_invalid",
            f"Payments are matched within 0 to {MATCH_DAYS_MAX} days.",
            "pending_payment_match_days",
        )
    if "credit_bureaus" in given:
        given["credit_bureaus"] = checked_bureaus(given["credit_bureaus"])
    if "credit_score_ranges" in given:
        given["credit_score_ranges"] = checked_ranges(given["credit_score_ranges"])
    changed = replace(options, **given)
    return [] if changed == options else [SiteOptionsChanged(changed)]


SITE_OPTIONS: Decider[SiteOptions, ChangeSiteOptions, SiteOptionsChanged] = Decider(
    category="site_options",
    events=(SiteOptionsChanged,),
    initial=SiteOptions(),
    evolve=evolve,
    decide=decide,
)
