"""A site with persons, and a look for what is told of them anywhere in its database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec import Struct
from psycopg import Connection, sql

from application.erasing import Wish, carry_out
from application.handling import Consulted, Handled, Request, handle_all
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.api_key import API_KEY, IssueApiKey, Role
from domain.contact import CONTACT, AddContact, ContactDocument, is_known
from domain.erasure import ApproveErasure, AskErasure, ErasureCommand, WithdrawErasure
from domain.pending_payment import PENDING_PAYMENT, Processor, RecordPendingPayment
from domain.personal_contact import PERSONAL_CONTACT, AddPersonalContact
from domain.sales_person import SALES_PERSON
from domain.sales_person import is_known as is_known_sales_person
from domain.shared.decider import Decider, Refused
from domain.shared.person import Person
from domain.shared.record_types import RecordType
from domain.user import USER, ChangeUser, RegisterUser, UserKind, UserProfile
from domain.user import facts as user_facts
from domain.user_fields import USER_FIELDS, SetUserFields
from eventstore.postgres import PostgresLog
from projections.runner import Runner
from runtime.database import Database
from runtime.tenants import Tenant
from tests.loading import load, write_csv

TODAY = date(2026, 3, 2)
ACME_1 = "contact/1/ACME/1"
"""The ERP's contact Zoe, of whom colleagues keep fields, too."""

LOU = "contact/1/ACME/L"
"""A local contact."""

PAL = "personal_contact/P"
"""A contact of a user's own."""

DANA = "user/dana"
"""A user who is retired."""

SUE = "sales_person/1/S1"
"""A sales person, whom accounts name as well as the ERP's list."""

TOM = "sales_person/1/S2"
"""A sales person whom accounts alone name."""

NAMELESS = "account/1/BETA"
"""A sales person whom an account names without an id."""

CONTACTS_HEADER = "company_id,cust_id,cntct_id,cntct_name,cntct_email_addr,cntct_comment,udf1"


IDA = "api_key/ida"
"""Who has an API key and is no user."""

PERSONS = (ACME_1, LOU, PAL, DANA, SUE, TOM, NAMELESS, IDA)


class Site:
    """A tenant with a small ledger, and persons of all kinds with texts that are nowhere else."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.folder = folder
        self.secrets = {person: f"pii-{uuid4().hex}" for person in PERSONS}
        self.sync(self.secrets[ACME_1])
        zoe, lou, pal, dana, sue = (self.secrets[one] for one in (ACME_1, LOU, PAL, DANA, SUE))
        document = ContactDocument("1", "ACME", "L", Person(f"Lou {lou}", cntct_comment=lou))
        known = (Consulted(ACCOUNT, ("1", "ACME"), account_facts),)
        there = (Consulted(CONTACT, ("1", "ACME", "1"), is_known),)
        key = ("1", "ACME", "1")
        fields = SetUserFields(RecordType.CONTACT, key, udf6=f"likes {zoe}")
        profile = UserProfile("dana", f"Dana {dana}", UserKind.CREDIT_USER, f"{dana}@here.test")
        self.handle(CONTACT, ("1", "ACME", "L"), AddContact(document, TODAY), known, "add-lou")
        self.handle(PERSONAL_CONTACT, ("P",), AddPersonalContact("P", "key/1", Person(pal), TODAY))
        self.handle(USER_FIELDS, ("contact", *key), fields, there)
        of_sue = SetUserFields(RecordType.SALES_PERSON, ("1", "S1"), udf6=f"likes {sue}")
        known_sue = (Consulted(SALES_PERSON, ("1", "S1"), is_known_sales_person),)
        self.handle(USER_FIELDS, ("sales_person", "1", "S1"), of_sue, known_sue)
        self.handle(USER, ("dana",), RegisterUser(profile))
        self.pay(IDA.removeprefix("api_key/"), f"Ida {self.secrets[IDA]}", None)
        self.pay("laptop", f"{dana}'s laptop", "dana")
        self.pay("maren", "Maren the neighbour", None)
        self.handle(USER, ("dana",), ChangeUser(name=f"Dana X {dana}", active=False))

    def pay(self, key_id: str, name: str, user_id: str | None) -> None:
        """Give out an API key, and record a payment with it."""
        issue = IssueApiKey(key_id, name, Role.CREDIT_USER, key_id, user_id)
        known = () if user_id is None else (Consulted(USER, (user_id,), user_facts),)
        self.handle(API_KEY, (key_id,), issue, known)
        record = RecordPendingPayment(
            key_id,
            "1",
            "ACME",
            Decimal(1),
            "EUR",
            TODAY,
            entry_user_id=key_id,
            entry_user_name=name,
            processor=Processor(proc_acct_name="Our shop"),
            entry_for=user_id,
        )
        account = (Consulted(ACCOUNT, ("1", "ACME"), account_facts),)
        self.handle(PENDING_PAYMENT, (key_id,), record, account)

    def sync(self, zoe: str, cust_name: str = "Acme") -> Any:
        """Load the ledger, in which the ERP's contact is told by a text."""
        sue, tom, nameless = (self.secrets[one] for one in (SUE, TOM, NAMELESS))
        write_csv(
            self.folder / "customers.csv",
            "company_id,cust_id,cust_name,sper_id,sper_name",
            [
                f"1,ACME,{cust_name},S1,Sue {sue}",
                f"1,BETA,Beta,,Bea {nameless}",
                f"1,GAMMA,Gamma,S2,Tom {tom}",
                "1,DELTA,Delta,S3,Max the neighbour",
            ],
        )
        write_csv(
            self.folder / "sales_persons.csv",
            "company_id,sper_id,sper_name,udf1",
            [f"1,S1,Sue {sue},u{sue}", "1,S3,Max the neighbour,"],
        )
        write_csv(
            self.folder / "contacts.csv",
            CONTACTS_HEADER,
            [
                f"1,ACME,1,Zoe {zoe},{zoe}@acme.test,ask for {zoe},u{zoe}",
                "1,ACME,2,Adam the neighbour,adam@acme.test,,",
            ],
        )
        write_csv(
            self.folder / "invoices.csv",
            "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id",
            ["1,I1,ACME,2026-01-01,2026-01-31,100.00,EUR"],
        )
        return load(self.database, self.tenant, self.folder, business_date=TODAY)

    def with_log(self, use: Callable[[PostgresLog], Any]) -> Any:
        """Do something with the log."""
        with self.database.pool("app", size=1) as pool:
            return use(PostgresLog(pool, self.tenant.id))

    def handle(
        self,
        decider: Decider[Any, Any, Any],
        key: tuple[str, ...],
        command: Struct,
        consults: tuple[Consulted, ...] = (),
        idempotency_key: str | None = None,
    ) -> None:
        """Carry out a command."""
        request = Request(decider, key, command, "t", TODAY, "t", "t", idempotency_key, consults)
        (outcome,) = self.with_log(lambda log: handle_all(log, [request]))
        if isinstance(outcome, Refused):
            raise outcome

    def wish(self, person: str, command: ErasureCommand, key: str | None = None) -> Handled:
        """Wish something of an erasure."""
        wish = Wish(person, command, f"key/{command.by}", TODAY, "t", "t", key)
        return self.with_log(lambda log: carry_out(log, wish))

    def erase(self, person: str, by: str = "max", key: str | None = None) -> Handled:
        """Ask that a person be erased."""
        return self.wish(person, AskErasure(person, "they asked us to", by, TODAY), key)

    def approve(self, person: str, by: str) -> Handled:
        """Approve an erasure."""
        return self.wish(person, ApproveErasure(by, TODAY))

    def withdraw(self, person: str, by: str) -> Handled:
        """Withdraw an erasure."""
        return self.wish(person, WithdrawErasure(by, TODAY))

    def fold(self) -> None:
        """Let the read models follow."""
        with self.database.connect("worker") as connection:
            Runner(connection, self.tenant.id).catch_up()


def tables_with(owner: Connection[Any], text: str) -> list[str]:
    """The tables in which a text is found, whatever the type of the column."""
    return tables_with_each(owner, {"": text})[""]


def tables_with_each(owner: Connection[Any], texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The tables in which each text is found, by the names of the texts.

    Schemas that others fill for a while, as rebuilds do, are left to those.
    """
    rows = owner.execute(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'read_models')"
        " ORDER BY table_name"
    ).fetchall()
    assert len(rows) > 60
    found: dict[str, list[str]] = {name: [] for name in texts}
    for schema, table in rows:
        told = dumped(owner, schema, table)
        for name, text in texts.items():
            if text.encode() in told:
                found[name].append(table)
    return found


def dumped(owner: Connection[Any], schema: str, name: str) -> bytes:
    """A table's bytes, as COPY writes them."""
    statement = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(schema, name))
    with owner.cursor().copy(statement) as copy:
        return b"".join(bytes(one) for one in copy)


def files_with(folder: Path, text: str) -> Sequence[str]:
    """The files of a folder in which a text is found."""
    return sorted(
        one.name for one in folder.iterdir() if one.is_file() and text.encode() in one.read_bytes()
    )
