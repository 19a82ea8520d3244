"""A small site with rules, for tests of their runs: documents of a few accounts, day by day."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from application.consulting import class_asked, user_asked
from application.handling import Consulted, Request, handle_all
from application.strategies import asked_by_code, asked_by_rule
from domain.account import ACCOUNT
from domain.account import facts as account_facts
from domain.account_care import ACCOUNT_CARE, UpdateAccount
from domain.action_code import ACTION_CODE, ActionCodeDocument, DefineActionCode
from domain.activity import ACTIVITY, CompleteActivity
from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.dispute import DISPUTE, OpenDispute
from domain.invoice import INVOICE
from domain.invoice import facts as invoice_facts
from domain.issue import ISSUE, ResolveIssue, Resolver
from domain.reason_code import REASON_CODE, DefineReasonCode
from domain.reason_code import facts as reason_facts
from domain.rule import RULE, DefineRule, RetireRule, RuleDocument
from domain.rule_view import RuleView
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from domain.user import USER, RegisterUser, UserKind, UserProfile
from domain.user import facts as user_facts
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.rule_runs import RuleRunner, RunResult
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until
from tests.loading import load, write_csv

MONDAY = date(2026, 3, 2)
INVOICES = "company_id,tran_id,cust_id,tran_date,due_date,amount,balance,cust_po_no"


def day(number: int) -> date:
    """The day so many days after the first Monday."""
    return MONDAY + timedelta(number)


CALL = ActionCodeDocument("CALL", 20, "First call", "Call them.", "Phone", cust_contact=True)
LETTER = ActionCodeDocument(
    "LETTER", 50, "Reminder", "Sent by itself.", "EmailSend", "reminder", cust_contact=True
)
NOTICE = ActionCodeDocument(
    "NOTICE", 40, "Notice", "Sent by itself.", "EmailSend", "notice", cust_contact=True
)
REVIEW = ActionCodeDocument("REVIEW", 60, "Review", "Look at the limit.", "AcctNote")


def rule(rule_id: str, told: str, code: str = "CALL", **more: Any) -> RuleDocument:
    """A rule of the class A about documents, unless told otherwise."""
    view = more.pop("view", RuleView.INVOICE)
    seq_no = more.pop("seq_no", 10)
    return RuleDocument("A", rule_id, seq_no, rule_id.title(), view, told, code, **more)


class Site:
    """A tenant with a credit class A for all accounts."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database = database
        self.tenant = tenant
        self.folder = folder
        self.documents: dict[str, list[Any]] = {}
        self.define_class()
        for code in (CALL, LETTER, NOTICE, REVIEW):
            self.tell(ACTION_CODE, (code.code,), DefineActionCode(code), *asked_by_code(code))
        self.options(default_credit_class_id="A")
        self.register("dana")

    def register(self, user_id: str, manager_id: str | None = None) -> None:
        """Register a user, in the team of a manager if one is named."""
        kind = UserKind.CREDIT_USER
        profile = UserProfile(user_id, user_id.title(), kind, manager_id=manager_id)
        self.tell(USER, (user_id,), RegisterUser(profile), *user_asked(manager_id))

    def define_class(self, frequency_days: int = 0) -> None:
        """Define the class A."""
        document = CreditClassDocument("A", "Class A", frequency_days=frequency_days)
        self.tell(CREDIT_CLASS, ("A",), DefineCreditClass(document))

    def options(self, **options: Any) -> None:
        """Change options of the site."""
        asked = class_asked(options.get("default_credit_class_id"))
        self.tell(SITE_OPTIONS, (SITE,), ChangeSiteOptions(**options), *asked)

    def tell(self, decider: Any, key: tuple[str, ...], command: Any, *consults: Consulted) -> None:
        """Carry out a command, which must not be refused."""
        request = Request(decider, key, command, "t", MONDAY, "t", "t", consults=consults)
        with self.database.pool("app", size=1) as pool:
            (outcome,) = handle_all(PostgresLog(pool, self.tenant.id), [request])
        assert not isinstance(outcome, Exception), outcome

    def define(self, *rules: RuleDocument) -> None:
        """Define rules."""
        for one in rules:
            key = one.class_id, one.rule_id
            self.tell(RULE, key, DefineRule(one, confirmed=True), *asked_by_rule(one))

    def retire(self, rule_id: str) -> None:
        """Retire a rule of the class."""
        self.tell(RULE, ("A", rule_id), RetireRule())

    def assign(self, cust_id: str, user_id: str) -> None:
        """Assign an account to a user."""
        key = "1", cust_id
        command = UpdateAccount(assigned_user_id=user_id)
        asked = Consulted(ACCOUNT, key, account_facts), Consulted(USER, (user_id,), user_facts)
        self.tell(ACCOUNT_CARE, key, command, *asked)

    def dispute(self, tran_id: str, amount: str, severity: int) -> None:
        """Let a customer contest a part of a document, for a reason of such a severity."""
        reason = f"REASON-{severity}"
        self.tell(REASON_CODE, (reason,), DefineReasonCode(reason, "Contested", severity))
        command = OpenDispute(f"D-{tran_id}", Decimal(amount), MONDAY, "dana", MONDAY, reason)
        asked = (
            Consulted(INVOICE, ("1", tran_id), invoice_facts),
            Consulted(REASON_CODE, (reason,), reason_facts),
        )
        self.tell(DISPUTE, (command.dispute_id,), command, *asked)

    def document(
        self,
        tran_id: str,
        cust_id: str = "ACME",
        due: date = MONDAY,
        balance: str = "100.00",
        po: str = "PO",
        amount: str = "100.00",
    ) -> None:
        """Put a document into the next export, or change it there."""
        told = ["1", tran_id, cust_id, due - timedelta(30), due, amount, balance, po]
        self.documents[tran_id] = told

    def sync(self, on: date) -> None:
        """Load all documents as of a date."""
        rows = [",".join(map(str, one)) for one in self.documents.values()]
        write_csv(self.folder / "invoices.csv", INVOICES, rows)
        load(self.database, self.tenant, self.folder, business_date=on)

    def run(self, on: date, **options: Any) -> RunResult:
        """Run the rules for a date."""
        with RuleRunner(self.database, self.tenant, actor="t") as runner:
            return runner.run(on, **options)

    def preview(self, on: date, **options: Any) -> RunResult:
        """Say what the rules would do for a date."""
        with RuleRunner(self.database, self.tenant, actor="t") as runner:
            return runner.preview(on, **options)

    def resolve(self, issue_id: str, on: date) -> None:
        """Let a user resolve an issue."""
        self.tell(ISSUE, (issue_id,), ResolveIssue(on, Resolver.USER))

    def complete(self, activity_id: str, on: date) -> None:
        """Let a user carry an activity out."""
        self.tell(ACTIVITY, (activity_id,), CompleteActivity(on))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows of the read models, which show the log; the tenant is `%(tenant)s`."""
        url = self.database.url("worker")
        with (
            ReadModelWorker(url, lambda _: [self.tenant.id]),
            self.database.connect("worker") as connection,
        ):
            head = connection.execute(
                "SELECT position FROM heads WHERE tenant = %s", (self.tenant.id,)
            ).fetchone()
            assert head is not None
            wait_until(connection, self.tenant.id, head[0])
            connection.execute("SET search_path = read_models, public")
            return connection.execute(statement.encode(), {"tenant": self.tenant.id}).fetchall()

    def issues(self) -> list[tuple[Any, ...]]:
        """Return the issues of rules: rule, account, when opened, documents, when resolved."""
        return self.rows("""
            SELECT r.rule_id, r.cust_id, r.opened_on,
                   ARRAY(SELECT s.tran_id FROM rule_subjects s WHERE s.tenant = r.tenant
                     AND s.issue_id = r.issue_id AND s.tran_id <> '' ORDER BY 1),
                   r.resolved_on
            FROM rule_issues r WHERE r.tenant = %(tenant)s
            ORDER BY r.opened_on, r.rule_id, r.cust_id""")

    def ids(self, column: str = "issue_id") -> list[str]:
        """Return the ids of the issues of rules, or of their activities, the newest last."""
        rows = self.rows(f"""
            SELECT a.{column} FROM activities a JOIN rule_issues r
              ON r.tenant = a.tenant AND r.issue_id = a.issue_id
            WHERE a.tenant = %(tenant)s ORDER BY a.activity_no""")
        return [row[0] for row in rows]

    def activities(self) -> list[tuple[Any, ...]]:
        """Return the activities of rules: code, account, due, by whom, withdrawn or completed."""
        return self.rows("""
            SELECT a.action_code, a.cust_id, a.due_on, a.assigned_user_id,
                   coalesce(a.withdrawn_on, a.completed_on)
            FROM activities a WHERE a.tenant = %(tenant)s AND a.issue_id IS NOT NULL
            ORDER BY a.activity_no""")


def did(result: RunResult, counts: Iterable[str] = ("created", "extended", "closed")) -> list[int]:
    """Return what runs did together."""
    return [result.total(one) for one in counts]
