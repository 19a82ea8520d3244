"""A small site with users and what they should look after, for tests of what they are told."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct

from application.handling import Request, handle
from domain.account_care import ACCOUNT_CARE, AddSalesRep, AssignAccount
from domain.activity import ACTIVITY, RecordActivity
from domain.follow_up import SetFollowUp
from domain.pending_payment import PENDING_PAYMENT, RecordPendingPayment
from domain.promise import PROMISE, RecordExpectedPayment
from domain.scheduling import FollowUp
from domain.shared.facts import AccountFacts, CareFacts, UserFacts
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from domain.user import USER, RegisterUser, UserKind, UserProfile
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.day_roll import roll_day
from runtime.tenants import Tenant
from tests.loading import load, write_csv

MONDAY = date(2026, 3, 2)
KINDS = {"dana": UserKind.CREDIT_USER, "kim": UserKind.CREDIT_USER, "sal": UserKind.INQUIRY_USER}
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id"
PAYMENTS = "company_id,payment_id,cust_id,pmt_date,amount,curr_id"


def day(number: int) -> date:
    """The day so many days after the first Monday."""
    return MONDAY + timedelta(number)


def user_facts(user_id: str) -> UserFacts:
    return UserFacts(user_id, KINDS[user_id].value, None, active=True)


class Office:
    """A tenant whose account A is dana's and B is kim's; sal sells to A."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database, self.tenant, self.folder = database, tenant, folder
        self.payments: list[str] = []
        rows = ["1,A,Acme", "1,B,Beta"]
        write_csv(folder / "customers.csv", "company_id,cust_id,cust_name", rows)
        rows = ["1,I1,A,2026-02-01,2026-02-28,100.00,EUR", "1,I2,B,2026-02-01,2026-02-28,50.00,EUR"]
        write_csv(folder / "invoices.csv", INVOICES, rows)
        self.sync(0)
        for user_id, kind in KINDS.items():
            self.tell(USER, user_id, RegisterUser(UserProfile(user_id, user_id.title(), kind)))
        self.assign("A", "dana")
        self.assign("B", "kim")
        self.care("A", AddSalesRep("sal", AccountFacts("1", "A", None), user_facts("sal")))

    def tell(self, decider: Any, key: str | tuple[str, ...], command: Struct) -> None:
        """Carry out a command, which must not be refused."""
        keys = (key,) if isinstance(key, str) else key
        request = Request(decider, keys, command, "t", MONDAY, "t", "t")
        with self.database.pool("app", size=1) as pool:
            handle(PostgresLog(pool, self.tenant.id), request)

    def care(self, cust_id: str, command: Struct) -> None:
        self.tell(ACCOUNT_CARE, ("1", cust_id), command)

    def assign(self, cust_id: str, user_id: str | None) -> None:
        """Assign an account."""
        user = None if user_id is None else user_facts(user_id)
        self.care(cust_id, AssignAccount(user_id, AccountFacts("1", cust_id, None), user))

    def options(self, **options: Any) -> None:
        self.tell(SITE_OPTIONS, SITE, ChangeSiteOptions(**options))

    def promise(self, promise_id: str, cust_id: str = "A", by: int = 2, amount: int = 60) -> None:
        """Record a promise on Monday."""
        command = RecordExpectedPayment(
            promise_id,
            "1",
            cust_id,
            Decimal(amount),
            day(by),
            MONDAY,
            curr_id="EUR",
            promise=True,
            account=AccountFacts("1", cust_id, None),
        )
        self.tell(PROMISE, promise_id, command)

    def follow_up(self, activity_id: str, by: int = 2, cust_id: str = "A", **others: Any) -> None:
        """Record a call on Monday that is to be followed up."""
        told = FollowUp(day(by), "Call again.", user_id=others.pop("follower", None))
        command = RecordActivity(
            activity_id,
            "1",
            cust_id,
            "Phone",
            MONDAY,
            follow_up=told,
            complete=True,
            account=AccountFacts("1", cust_id, None),
            care=CareFacts(others.pop("assignee", None)),
            follow_up_user=told.user_id and user_facts(told.user_id),
        )
        assert not others
        self.tell(ACTIVITY, activity_id, command)

    def postpone(self, activity_id: str, by: int, on: int) -> None:
        """Set the follow-up anew."""
        self.tell(ACTIVITY, activity_id, SetFollowUp(FollowUp(day(by), "Again."), day(on)))

    def paid_online(self, pending: str, on: int = 0, cust_id: str = "A") -> None:
        """A customer pays online."""
        command = RecordPendingPayment(
            pending,
            "1",
            cust_id,
            Decimal(60),
            "EUR",
            day(on),
            account=AccountFacts("1", cust_id, None),
        )
        self.tell(PENDING_PAYMENT, pending, command)

    def pays(self, payment_id: str, on: int, amount: int = 60, cust_id: str = "A") -> None:
        """Put a payment into the next export."""
        self.payments.append(f"1,{payment_id},{cust_id},{day(on)},{amount}.00,EUR")

    def sync(self, on: int) -> int:
        """Sync on a day; return how many events that led to."""
        write_csv(self.folder / "payments.csv", PAYMENTS, self.payments)
        told = load(self.database, self.tenant, self.folder, business_date=day(on))
        assert told.outcome.rejected == []
        return told.outcome.events

    def check(self, on: int) -> int:
        """Begin a business day; return how many events that led to."""
        companies = frozenset({"1"})
        told = roll_day(
            self.database, self.tenant, day(on), companies, actor="job/t", cause="job/t"
        )
        return told.events

    def actions(self) -> list[tuple[Any, ...]]:
        """The user actions: kind, subject, user, when raised and how ended, as known now."""
        return self.rows("""
            SELECT kind, subject, user_id, raised_on,
                   coalesce('done by ' || done_by, withdrawn_reason)
            FROM user_actions WHERE tenant = %(tenant)s ORDER BY action_no""")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.connect("worker") as connection:
            connection.execute("SET search_path = read_models, public")
            return connection.execute(statement.encode(), {"tenant": self.tenant.id}).fetchall()

    def head(self) -> int:
        """The end of the log."""
        ((position,),) = self.rows("SELECT position FROM heads WHERE tenant = %(tenant)s")
        return position
