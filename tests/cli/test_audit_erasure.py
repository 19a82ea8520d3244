"""`tallystick audit erase`, `hold` and `retention`: who is erased, who is not, and who is told."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from domain.account import ACCOUNT, AddAccountNote
from domain.contact import CONTACT, RemoveContact
from domain.personal_contact import PERSONAL_CONTACT, RemovePersonalContact
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from runtime.database import Database
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.loading import load, rejects, write_csv
from tests.runtime.erasing import LOU, PAL, TODAY, Site, tables_with

DUE = (TODAY + timedelta(days=30)).isoformat()
BEFORE = (TODAY + timedelta(days=29)).isoformat()


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    site = Site(database, tenant, tmp_path)
    site.fold()
    return site


@pytest.fixture
def tallystick(database: Database, tenant: Tenant) -> Command:
    return Command(database, tenant)


def test_a_person_is_erased_and_the_log_still_verifies(
    site: Site, tallystick: Command, owner: Connection[Any]
) -> None:
    assert tallystick.told("audit", "verify")["ok"]
    (told,) = tallystick.told("audit", "erase", LOU, "--reason", "asked us to")
    assert (told["person"], told["erased"]) == (LOU, True)
    assert tables_with(owner, site.secrets[LOU]) == []

    assert tallystick.told("audit", "verify")["ok"]
    (again,) = tallystick.told("audit", "erase", LOU, "--reason", "asked us to")
    assert again["position"] == told["position"]
    assert tallystick.told("projections", "check") == []


def test_a_hold_forbids_it_until_it_is_lifted(site: Site, tallystick: Command) -> None:
    hold = ("audit", "hold", "account/1/ACME", "--reason")
    (held,) = tallystick.told(*hold, "lawsuit")
    assert (held["subject"], held["held"]) == ("account/1/ACME", True)
    done = tallystick("audit", "erase", LOU, "--reason", "asked us to")
    assert done.returncode == 1
    assert "A legal hold forbids to erase this person" in done.stderr

    (lifted,) = tallystick.told(*hold, "settled", "--lift")
    assert lifted["held"] is False
    assert tallystick.told("audit", "erase", LOU, "--reason", "asked us to")[0]["erased"]


def test_where_two_are_needed_the_operator_only_asks(site: Site, tallystick: Command) -> None:
    site.handle(SITE_OPTIONS, (SITE,), ChangeSiteOptions(erasure_needs_two=True))
    assert not tallystick.told("audit", "erase", LOU, "--reason", "asked us to")[0]["erased"]
    done = tallystick("audit", "erase", LOU, "--approve")
    assert done.returncode == 1
    assert "Somebody else than who asked" in done.stderr
    tallystick.told("audit", "erase", LOU, "--withdraw")
    done = tallystick("audit", "erase", LOU, "--approve")
    assert "Nobody asked for this erasure." in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("erase", LOU),
        ("erase", LOU, "--approve", "--withdraw"),
        ("hold", "invoice/1/I1", "--reason", "x"),
        ("hold", "account/1", "--reason", "x"),
        ("retention",),
    ],
)
def test_wrong_usage_is_told(site: Site, tallystick: Command, wrong: tuple[str, ...]) -> None:
    assert tallystick("audit", *wrong).returncode == 2


def remove_both(site: Site) -> None:
    """A local contact and a personal one are removed today."""
    site.handle(CONTACT, ("1", "ACME", "L"), RemoveContact(TODAY))
    site.handle(PERSONAL_CONTACT, ("P",), RemovePersonalContact("key/1", TODAY))
    site.fold()


def retention(tallystick: Command, on: str, *options: str) -> dict[str, str]:
    found = tallystick.told("audit", "retention", "--business-date", on, *options)
    assert all(one["since"] == TODAY.isoformat() for one in found)
    return {one["person"]: one["state"] for one in found}


def test_who_was_removed_is_erased_once_the_site_keeps_them_no_longer(
    site: Site, tallystick: Command, owner: Connection[Any]
) -> None:
    remove_both(site)
    assert retention(tallystick, "2099-01-01") == {}
    site.handle(SITE_OPTIONS, (SITE,), ChangeSiteOptions(retain_personal_data_days=30))
    site.fold()

    assert retention(tallystick, BEFORE, "--erase") == {}
    assert retention(tallystick, DUE) == {PAL: "due", LOU: "due"}
    assert tables_with(owner, site.secrets[LOU]) == ["contacts", "contacts_history"]
    assert retention(tallystick, DUE, "--erase") == {PAL: "erased", LOU: "erased"}
    assert tables_with(owner, site.secrets[LOU]) == []
    assert tables_with(owner, site.secrets[PAL]) == []

    head = site.with_log(lambda log: log.head())
    assert retention(tallystick, DUE, "--erase") == {}
    assert site.with_log(lambda log: log.head()) == head


def test_who_is_held_or_waits_for_approval_is_told_and_left(
    site: Site, tallystick: Command
) -> None:
    remove_both(site)
    changes = ChangeSiteOptions(retain_personal_data_days=30, erasure_needs_two=True)
    site.handle(SITE_OPTIONS, (SITE,), changes)
    site.fold()
    tallystick.told("audit", "hold", LOU, "--reason", "lawsuit")

    for _ in range(2):
        assert retention(tallystick, DUE, "--erase") == {PAL: "asked", LOU: "held"}
    assert len(site.approve(PAL, "max").events) == 2
    site.fold()
    assert retention(tallystick, DUE) == {LOU: "held"}


INACTIVE = ("--inactive-days", "365")
FAR = "2099-01-01"


def inactive(tallystick: Command, on: str, *options: str) -> dict[str, str]:
    found = tallystick.told("audit", "retention", "--business-date", on, *INACTIVE, *options)
    assert {one["why"] for one in found} <= {"inactive"}
    return {one["person"]: one["state"] for one in found}


def add_note(site: Site) -> None:
    """Somebody writes about the account, long after."""
    noted_on = date(2098, 6, 1)
    command = AddAccountNote("n", "They called.", noted_on)
    site.handle(ACCOUNT, ("1", "ACME"), command)
    site.fold()


def close(site: Site, folder: Path) -> None:
    """The only document is paid today, in the ERP."""
    folder.mkdir()
    header = (
        "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id,balance,closing_tran_date"
    )
    row = f"1,I1,ACME,2026-01-01,2026-01-31,100.00,EUR,0.00,{TODAY}"
    write_csv(folder / "invoices.csv", header, [row])
    assert rejects(load(site.database, site.tenant, folder, business_date=TODAY)) == []


def test_contacts_of_accounts_with_which_nothing_happens_any_more_are_erased(
    site: Site, tallystick: Command, owner: Connection[Any], tmp_path: Path
) -> None:
    assert inactive(tallystick, FAR) == {}  # a document is open
    close(site, tmp_path / "closed")
    assert inactive(tallystick, TODAY.isoformat()) == {}  # they were told of today
    zoe, adam = "contact/1/ACME/1", "contact/1/ACME/2"
    assert inactive(tallystick, FAR) == {zoe: "due", adam: "due", LOU: "due"}
    site.handle(CONTACT, ("1", "ACME", "L"), RemoveContact(TODAY))
    site.fold()
    assert inactive(tallystick, FAR) == {zoe: "due", adam: "due"}  # that is another rule's
    tallystick.told("audit", "hold", adam, "--reason", "lawsuit")

    assert inactive(tallystick, FAR, "--erase") == {zoe: "erased", adam: "held"}

    assert tables_with(owner, site.secrets[zoe]) == []
    assert tables_with(owner, "Adam the neighbour") != []
    assert inactive(tallystick, FAR, "--erase") == {adam: "held"}
    tallystick.told("audit", "hold", adam, "--reason", "settled", "--lift")
    add_note(site)
    assert inactive(tallystick, FAR) == {}
    assert inactive(tallystick, "2199-01-01") == {adam: "due"}
