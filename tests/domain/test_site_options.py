"""The site's options ..."""

from decimal import Decimal
from typing import Any

import pytest

from domain.aging import AgeUnit, Basis
from domain.shared.record_types import RecordType
from domain.shared.roles import Role
from domain.site_options import (
    SITE_OPTIONS,
    AdoptDefaults,
    ChangeSiteOptions,
    ContactSync,
    CustomerSync,
    SiteOptions,
    SiteOptionsChanged,
    Trend,
    UdfCaptions,
)
from tests.story import Story

options = Story(SITE_OPTIONS)

RAISED = SiteOptions(aging_boundaries_due=(7, 14, 21, 28))


def test_have_the_defaults_of_the_product() -> None:
    assert SiteOptions() == SiteOptions(
        aging_boundaries_due=(30, 60, 90, 120),
        aging_boundaries_invoice=(30, 60, 90, 120),
        age_unit=AgeUnit.DAYS,
        aging_basis=Basis.DUE,
        age_unapplied=False,
        time_zone="UTC",
        credit_apr=10,  # V20
        size_ranges=tuple(map(Decimal, ("500", "1000", "5000", "10000", "50000", "100000"))),
        size_ranges_automatic=False,
        exclude_invoices_before=None,
        prior_six_months=Trend.DSO,
        online_payments=False,
        pending_payment_match_days=7,
    )


def test_change_where_they_are_told_to_and_nowhere_else() -> None:
    command = ChangeSiteOptions(aging_boundaries_due=(7, 14, 21, 28))
    options.given().when(command).then(SiteOptionsChanged(RAISED))
    zone = ChangeSiteOptions(time_zone="Europe/Rome", age_unit=AgeUnit.MONTHS)
    options.given(SiteOptionsChanged(RAISED)).when(zone).then(
        SiteOptionsChanged(
            SiteOptions((7, 14, 21, 28), age_unit=AgeUnit.MONTHS, time_zone="Europe/Rome")
        )
    )
    options.given().when(ChangeSiteOptions()).then_nothing()


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"credit_apr": -1}, "credit_apr_invalid", "creditApr"),
        ({"credit_apr": 1_001}, "credit_apr_invalid", "creditApr"),
        ({"size_ranges": (Decimal(2), Decimal(1))}, "size_ranges_invalid", "sizeRanges"),
        ({"size_ranges": (Decimal(0),)}, "size_ranges_invalid", "sizeRanges"),
        ({"size_ranges": tuple(map(Decimal, range(1, 8)))}, "size_ranges_invalid", "sizeRanges"),
        ({"aging_boundaries_due": (1, 2, 3)}, "aging_boundaries_invalid", "agingBoundariesDue"),
        (
            {"aging_boundaries_due": (30, 60, 90, 36_501)},
            "aging_boundaries_invalid",
            "agingBoundariesDue",
        ),
        (
            {"aging_boundaries_due": (0, 1, 2, 3)},
            "aging_boundaries_invalid",
            "agingBoundariesDue",
        ),
        (
            {"aging_boundaries_invoice": (30, 60, 60, 90)},
            "aging_boundaries_invalid",
            "agingBoundariesInvoice",
        ),
        (
            {"default_days_to_respond": 1_000},
            "days_to_respond_invalid",
            "defaultDaysToRespond",
        ),
        (
            {"calendar_interval_minutes": 1_441},
            "calendar_interval_invalid",
            "calendarIntervalMinutes",
        ),
        (
            {"unreconciled_alert_days": -1},
            "unreconciled_days_invalid",
            "unreconciledAlertDays",
        ),
        ({"name": "x" * 201}, "name_too_long", "name"),
        ({"address": "x" * 1_001}, "address_too_long", "address"),
        ({"description": "a\x00b"}, "description_not_text", "description"),
        (
            {"default_credit_class_id": "x" * 201},
            "credit_class_too_long",
            "defaultCreditClassId",
        ),
        ({"time_zone": "Mars/Olympus"}, "time_zone_unknown", "timeZone"),
        ({"time_zone": "../etc/passwd"}, "time_zone_unknown", "timeZone"),
        (
            {"pending_payment_match_days": -1},
            "match_days_invalid",
            "pendingPaymentMatchDays",
        ),
        (
            {"pending_payment_match_days": 366},
            "match_days_invalid",
            "pendingPaymentMatchDays",
        ),
    ],
)
def test_refuse_what_cannot_be(given: dict[str, Any], code: str, field: str) -> None:
    options.given().when(ChangeSiteOptions(**given)).then_refused(code, field)


CUSTOMER = UdfCaptions(RecordType.CUSTOMER, udf1="Region", udf6="Loyalty")
PAYMENT = UdfCaptions(RecordType.PAYMENT, udf6="Loyalty")


def test_say_which_contacts_and_customers_are_synced() -> None:
    options.given().when(ChangeSiteOptions(sync_customers=CustomerSync.WITH_OPEN_DOCUMENTS)).then(
        SiteOptionsChanged(SiteOptions(sync_customers=CustomerSync.WITH_OPEN_DOCUMENTS))
    )
    options.given().when(ChangeSiteOptions(sync_contacts=ContactSync.PRIMARY)).then(
        SiteOptionsChanged(SiteOptions(sync_contacts=ContactSync.PRIMARY))
    )


def test_name_the_user_defined_fields_of_each_type_of_record() -> None:
    padded = UdfCaptions(RecordType.CUSTOMER, udf1=" Region", udf2=" ", udf6="Loyalty")
    options.given().when(ChangeSiteOptions(udf_captions=(PAYMENT, padded))).then(
        SiteOptionsChanged(SiteOptions(udf_captions=(CUSTOMER, PAYMENT)))
    )
    named = SiteOptionsChanged(SiteOptions(udf_captions=(CUSTOMER, PAYMENT)))
    only = UdfCaptions(RecordType.CUSTOMER, udf10="Note")
    options.given(named).when(ChangeSiteOptions(udf_captions=(only,))).then(
        SiteOptionsChanged(SiteOptions(udf_captions=(only, PAYMENT)))
    )
    bare = UdfCaptions(RecordType.CUSTOMER)
    options.given(named).when(ChangeSiteOptions(udf_captions=(bare,))).then(
        SiteOptionsChanged(SiteOptions(udf_captions=(PAYMENT,)))
    )


@pytest.mark.parametrize(
    "captions",
    [
        (UdfCaptions(RecordType.CONTACT, udf1="x" * 41),),
        (UdfCaptions(RecordType.CONTACT, udf1="Same", udf7="SAME "),),
        (UdfCaptions(RecordType.CONTACT, udf1="two\nlines"),),
        (UdfCaptions(RecordType.CONTACT, udf1="half \ud800"),),
        (UdfCaptions(RecordType.CONTACT, udf1="a"), UdfCaptions(RecordType.CONTACT, udf2="b")),
    ],
)
def test_refuse_captions_that_name_nothing(captions: tuple[UdfCaptions, ...]) -> None:
    options.given().when(ChangeSiteOptions(udf_captions=captions)).then_refused(
        "udf_captions_invalid", "udfCaptions"
    )


def test_name_a_class_that_there_is() -> None:
    """RULE-03: accounts that come for the first time are put into the default class."""
    named = ChangeSiteOptions(default_credit_class_id="GOLD")
    options.given().when(named).then_refused("credit_class_unknown", "defaultCreditClassId")
    gold = SiteOptionsChanged(SiteOptions(default_credit_class_id="GOLD"))
    options.given().when(named.knowing([True])).then(gold)
    options.given(gold).when(named).then_nothing()
    none = ChangeSiteOptions(default_credit_class_id=None)
    options.given(gold).when(none).then(SiteOptionsChanged(SiteOptions()))


def test_adopt_a_default_class_and_captions_where_nobody_said_so() -> None:
    required = UdfCaptions(RecordType.CUSTOMER, udf10="Require PO")
    adopting = AdoptDefaults("standard", (required,)).knowing([True])
    adopted = SiteOptions(default_credit_class_id="standard", udf_captions=(required,))
    options.given().when(adopting).then(SiteOptionsChanged(adopted))
    unknown = AdoptDefaults("standard", (required,))
    options.given().when(unknown).then_refused("credit_class_unknown", "defaultCreditClassId")

    own = UdfCaptions(RecordType.CUSTOMER, udf1="Region", udf10="Contract")
    said = SiteOptionsChanged(SiteOptions(default_credit_class_id="GOLD", udf_captions=(own,)))
    options.given(said).when(unknown).then_nothing()
    elsewhere = UdfCaptions(RecordType.CUSTOMER, udf1="require po")
    said = SiteOptionsChanged(
        SiteOptions(default_credit_class_id="GOLD", udf_captions=(elsewhere,))
    )
    options.given(said).when(adopting).then_nothing()
    region = UdfCaptions(RecordType.CUSTOMER, udf1="Region")
    said = SiteOptionsChanged(SiteOptions(udf_captions=(region,)))
    both = UdfCaptions(RecordType.CUSTOMER, udf1="Region", udf10="Require PO")
    options.given(said).when(adopting).then(
        SiteOptionsChanged(SiteOptions(default_credit_class_id="standard", udf_captions=(both,)))
    )


def test_close_issues_of_all_rules_or_not() -> None:
    """RULE-12: off unless somebody says otherwise."""
    options.given().when(ChangeSiteOptions(auto_close=False)).then_nothing()
    on = SiteOptionsChanged(SiteOptions(auto_close=True))
    options.given().when(ChangeSiteOptions(auto_close=True)).then(on)


def test_name_the_roles_whose_readings_are_recorded_once_and_in_the_order_of_roles() -> None:
    named = ChangeSiteOptions(record_reads_of=(Role.AUDITOR, Role.CREDIT_USER, Role.AUDITOR))
    told = SiteOptionsChanged(SiteOptions(record_reads_of=(Role.CREDIT_USER, Role.AUDITOR)))
    options.given().when(named).then(told)
    none = ChangeSiteOptions(record_reads_of=())
    options.given(told).when(none).then(SiteOptionsChanged(SiteOptions()))
