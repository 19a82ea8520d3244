"""Accounts that an export brings for the first time: who works on them, and by which rules."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from application.consulting import class_asked
from application.handling import Consulted, Request, handle_all
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.account_care import ACCOUNT_CARE, UpdateAccount
from domain.company import COMPANY, is_known
from domain.company_options import COMPANY_OPTIONS, UpdateCompanyOptions
from domain.credit_class import (
    CREDIT_CLASS,
    ClassUse,
    CreditClassDocument,
    DefineCreditClass,
    DeleteCreditClass,
)
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from domain.user import USER, ChangeUser, RegisterUser, UserKind, UserProfile
from domain.user import facts as user_facts
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.day_roll import roll_day
from runtime.read_models import check
from runtime.tenants import Tenant
from tests.loading import load, write_csv

ON = date(2026, 3, 2)
COMPANIES = "company_id,name,home_currency"
CUSTOMERS = "company_id,cust_id,cust_name"
INVOICES = "company_id,tran_id,cust_id,tran_date,amount"


class Site:
    """A tenant with two companies, whose options can be set, and exports for it."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.folder = folder
        write_csv(folder / "companies.csv", COMPANIES, ["1,One,EUR", "2,Two,EUR"])
        write_csv(folder / "customers.csv", CUSTOMERS, ["1,OLD,Old"])
        self.sync()
        self.tell(USER, ("dana",), RegisterUser(UserProfile("dana", "D", UserKind.CREDIT_USER)))

    def tell(self, decider: Any, key: tuple[str, ...], command: Any, *consults: Consulted) -> None:
        request = Request(decider, key, command, "t", ON, "t", "t", consults=consults)
        with self.database.pool("app", size=1) as pool:
            (outcome,) = handle_all(PostgresLog(pool, self.tenant.id), [request])
        assert not isinstance(outcome, Exception), outcome

    def default_user(self, company_id: str, user_id: str) -> None:
        key = (company_id,)
        asked = Consulted(COMPANY, key, is_known), Consulted(USER, (user_id,), user_facts)
        self.tell(COMPANY_OPTIONS, key, UpdateCompanyOptions(company_id, user_id), *asked)

    def define_class(self, class_id: str) -> None:
        command = DefineCreditClass(CreditClassDocument(class_id, class_id))
        self.tell(CREDIT_CLASS, (class_id,), command)

    def default_class(self, class_id: str) -> None:
        self.define_class(class_id)
        command = ChangeSiteOptions(default_credit_class_id=class_id)
        self.tell(SITE_OPTIONS, (SITE,), command, *class_asked(class_id))

    def sync(self) -> int:
        """Load the folder; return how many events it added."""
        return load(self.database, self.tenant, self.folder, business_date=ON).outcome.events

    def care(self) -> dict[str, tuple[str | None, str | None]]:
        """The user and the class of each account of which something was said."""
        with self.database.connect("worker") as connection:
            found = connection.execute(
                "SELECT company_id || '/' || cust_id, assigned_user_id, credit_class_id"
                " FROM read_models.account_care WHERE tenant = %s",
                (self.tenant.id,),
            ).fetchall()
        return {key: (user_id, class_id) for key, user_id, class_id in found}


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    return Site(database, tenant, tmp_path)


def test_new_accounts_come_to_the_default_user_of_their_company_or_to_nobody(site: Site) -> None:
    site.default_user("1", "dana")
    site.default_class("STD")
    write_csv(site.folder / "customers.csv", CUSTOMERS, ["1,OLD,Older", "1,NEW,New", "2,NEW,New"])
    write_csv(
        site.folder / "invoices.csv",
        INVOICES,
        ["1,I1,IMPLIED,2026-03-01,5", "1,I2,OLD,2026-03-01,5", "1,I3,NEW,2026-03-01,5"],
    )
    site.sync()
    expected = {
        "1/NEW": ("dana", "STD"),
        "2/NEW": (None, "STD"),
        "1/IMPLIED": ("dana", "STD"),
    }
    assert site.care() == expected
    assert site.sync() == 0
    assert check(site.database, site.tenant.id) == []


def test_what_people_say_of_an_account_is_not_overwritten(site: Site) -> None:
    site.default_user("1", "dana")
    site.default_class("STD")
    write_csv(site.folder / "customers.csv", CUSTOMERS, ["1,OLD,Old", "1,NEW,New"])
    site.sync()
    key = ("1", "NEW")
    site.define_class("GOLD")
    asked = Consulted(ACCOUNT, key, account_facts), *class_asked("GOLD")
    site.tell(ACCOUNT_CARE, key, UpdateAccount("GOLD", None), *asked)
    write_csv(site.folder / "customers.csv", CUSTOMERS, ["1,OLD,Old", "1,NEW,Newer"])
    site.sync()
    assert site.care() == {"1/NEW": (None, "GOLD")}


def test_a_retired_default_user_is_nobody(site: Site) -> None:
    site.default_user("1", "dana")
    site.tell(USER, ("dana",), ChangeUser(active=False))
    write_csv(site.folder / "customers.csv", CUSTOMERS, ["1,NEW,New"])
    site.sync()
    assert site.care() == {}


def test_a_default_class_that_is_there_no_more_is_none(site: Site) -> None:
    site.default_class("STD")
    site.tell(CREDIT_CLASS, ("STD",), DeleteCreditClass(ClassUse()))
    write_csv(site.folder / "customers.csv", CUSTOMERS, ["1,NEW,New"])
    site.sync()
    assert site.care() == {}


def test_a_site_that_says_nothing_leaves_new_accounts_alone(site: Site) -> None:
    write_csv(site.folder / "customers.csv", CUSTOMERS, ["1,NEW,New"])
    site.sync()
    assert site.care() == {}


@pytest.mark.parametrize("by", ["sync", "day"])
def test_an_account_that_came_into_a_class_as_it_was_deleted_leaves_it(site: Site, by: str) -> None:
    site.default_class("STD")
    site.define_class("GOLD")
    key = ("1", "OLD")
    asked = Consulted(ACCOUNT, key, account_facts), *class_asked("GOLD")
    site.tell(ACCOUNT_CARE, key, UpdateAccount("GOLD"), *asked)
    not_default = Consulted(SITE_OPTIONS, (SITE,), lambda _: False)
    site.tell(CREDIT_CLASS, ("GOLD",), DeleteCreditClass(ClassUse()), not_default)

    def follow() -> int:
        if by == "sync":
            return site.sync()
        rolled = roll_day(
            site.database, site.tenant, ON, frozenset({"2"}), actor="job", cause="job/day"
        )
        return rolled.events

    assert follow() == 1
    assert site.care() == {"1/OLD": (None, None)}
    assert follow() == 0
