"""Options of a site: how the tenant ages, and where its business day is cut (ADM-02).

default --change--> changed
"""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from domain.aging import BOUNDARIES, AgeUnit, Basis, checked_boundaries
from domain.credit_score import CreditScoreRange, checked_bureaus, checked_ranges
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.time_zones import is_time_zone


class SiteOptions(Struct, frozen=True, omit_defaults=True):
    """The options and their defaults.

    The two aging sets (AGE-02), the age unit (AGE-03), the set that dashboards show (AGE-16),
    whether unapplied items age (AGE-17), and the IANA time zone of the site. The credit bureaus
    whose scores are kept, and ranges of credit scores that are shown in a colour (ACC-11).
    """

    aging_boundaries_due: tuple[int, ...] = BOUNDARIES
    aging_boundaries_invoice: tuple[int, ...] = BOUNDARIES
    age_unit: AgeUnit = AgeUnit.DAYS
    aging_basis: Basis = Basis.DUE
    age_unapplied: bool = False
    time_zone: str = "UTC"
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
