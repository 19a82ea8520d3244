"""Why there is an action and why there is none, from the log as it was known then."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.shared.decider import Refused
from runtime.database import Database
from runtime.explaining import Explainer, Reason, Subject
from runtime.tenants import Tenant
from tests.runtime.rules import Site, day, rule

LATE = "balance > 0 and due_date_days >= 1 and due_date_days <= 10 and account.total_past_due > 50"
I1 = Subject("1", "ACME", "I1")


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site with a rule about documents that are late, and one document."""
    site = Site(database, tenant, tmp_path)
    site.document("I1")
    site.sync(day(0))
    site.define(rule("late", LATE))
    return site


def explained(site: Site, ask: Any) -> Any:
    with site.database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        return ask(Explainer(connection, site.tenant.id))


def absent(site: Site, on: int, subject: Subject = I1, rule_id: str = "late") -> Any:
    site.rows("SELECT 1")  # the read models show the log
    return explained(site, lambda one: one.absence("A", rule_id, subject, day(on)))


def test_an_action_is_explained_by_what_its_run_had_read(site: Site) -> None:
    site.run(day(1))
    site.document("I1", balance="40.00")
    site.sync(day(2))
    issue_id = site.ids()[0]

    told = explained(site, lambda one: one.action(issue_id))

    assert [(one.field, one.value) for one in told.facts] == [
        ("balance", Decimal("100.00")),
        ("due_date_days", 1),
        ("account.total_past_due", Decimal("100.00")),
    ]
    assert {one.established_by.type for one in told.facts} == {"InvoiceRegistered"}
    assert all(one.established_by.position <= told.issue.read_position for one in told.facts)
    assert told.facts[1].conditions == [
        "days past the due date is at least 1",
        "days past the due date is at most 10",
    ]
    assert told.sentence == (
        "First call for ACME, as of 2026-03-03: I1, 100.00 USD open, 1 day past due, the account"
        " owes 100.00 USD past due in all. The rule “Late” (late of class A, version 1) asks for it"
        " of a document where something is open of it, it is 1 to 10 days past due and the"
        " account's total past due is greater than 50. Nobody in particular is assigned to it."
    )


def test_what_changed_a_value_last_is_its_evidence(site: Site) -> None:
    site.document("I1", balance="70.00")
    site.sync(day(1))
    site.run(day(2))
    issue_id = site.ids()[0]

    told = explained(site, lambda one: one.action(issue_id))

    evidence = {one.field: one.established_by for one in told.facts}
    assert evidence["balance"].effective_on == day(1)
    assert evidence["due_date_days"].type == "InvoiceRegistered"


def test_an_issue_that_no_rule_opened_is_not_explained(site: Site) -> None:
    with pytest.raises(Refused) as refused:
        explained(site, lambda one: one.action("no such issue"))
    assert refused.value.code == "issue_not_of_rule"


def test_the_first_thing_that_stands_in_the_way_is_told(site: Site) -> None:
    assert absent(site, 1, rule_id="other").reason is Reason.RULE_UNKNOWN
    assert absent(site, 1, Subject("1", "ACME", "I9")).reason is Reason.RECORD_UNKNOWN

    today = absent(site, 0)
    assert (today.reason, today.failing) == (
        Reason.CONDITION,
        "days past the due date is at least 1",
    )
    assert today.sentence == (
        "The rule asks that days past the due date is at least 1, and found days past the due"
        " date 0."
    )
    assert today.facts[0].established_by.type == "InvoiceRegistered"
    assert absent(site, 1).reason is Reason.NOT_RUN

    site.run(day(1))
    made = absent(site, 1)
    assert (made.reason, made.issue_id) == (Reason.NOT_ABSENT, site.ids()[0])
    assert absent(site, 2).reason is Reason.OPEN_ALREADY
    site.resolve(site.ids()[0], day(2))
    assert absent(site, 3).reason is Reason.HELD_EVER_SINCE

    site.document("I1", balance="0.00")
    site.sync(day(4))
    assert absent(site, 4).reason is Reason.NOT_OPEN
    site.retire("late")
    assert absent(site, 4).reason is Reason.RULE_RETIRED


def test_another_class_and_too_many_at_once_are_reasons(site: Site) -> None:
    site.document("I2", cust_id="BOLT")
    site.sync(day(0))
    site.run(day(1), actions_max=1)
    assert absent(site, 1).reason is Reason.TOO_MANY

    site.run(day(1))
    site.document("I3", cust_id="CORK", due=day(0))
    site.sync(day(1))
    assert absent(site, 1, Subject("1", "CORK", "I3")).reason is Reason.NOT_YET
