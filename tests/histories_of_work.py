"""Ledgers at random, and collectors who work on them: promises, disputes, schedules, calls, scores.

A desk knows what its commands led to, so that most of them are not refused.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from application.consulting import SITE_CALENDAR_ASKED, SITE_DAYS_ASKED, calendar_asked, care_asked
from application.handling import Consulted, Handled, Request, handle_all
from domain import account, invoice, issue, payment, reason_code, user
from domain.account import ACCOUNT, AccountDocument, ImplyAccount, ImportAccount
from domain.account_care import (
    ACCOUNT_CARE,
    AddSalesRep,
    AllowOnlinePayments,
    AssignAccount,
    ClassifyAccount,
    RateCredit,
    ScoreSource,
    SetDaysToRespond,
    SetPrimarySalesPerson,
)
from domain.action_code import ACTION_CODE
from domain.activity import (
    ACTIVITY,
    CompleteActivity,
    RecordActivity,
    ReopenActivity,
    TagInvoices,
    UntagInvoices,
    WithdrawActivity,
)
from domain.activity_type import ACTIVITY_TYPE
from domain.activity_type import facts as type_facts
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.company_options import COMPANY_OPTIONS, UpdateCompanyOptions
from domain.credit_class import (
    CREDIT_CLASS,
    CreditClassDocument,
    DefineCreditClass,
    is_defined,
)
from domain.dispute import DISPUTE, ChangeDispute, CloseDispute, OpenDispute, ReopenDispute
from domain.follow_up import CompleteFollowUp, SetFollowUp
from domain.invoice import INVOICE, Application, ImportInvoice, InvoiceDocument
from domain.invoice_reason import INVOICE_REASON, ClearInvoiceReason, SetInvoiceReason
from domain.issue import ISSUE, OpenIssue, ReopenIssue, ResolveIssue, Resolver
from domain.payment import PAYMENT, ImportPayment, PaymentDocument
from domain.payment_schedule import (
    PAYMENT_SCHEDULE,
    CancelPaymentSchedule,
    PlannedInstalment,
    SchedulePayments,
)
from domain.pending_payment import (
    PENDING_PAYMENT,
    ReconciledBy,
    ReconcilePendingPayment,
    RecordPendingPayment,
    UndoReconciliation,
)
from domain.promise import (
    PROMISE,
    ConfirmPromise,
    JudgePromise,
    RecordExpectedPayment,
    WithdrawPromise,
)
from domain.reason_code import REASON_CODE, DefineReasonCode, RetireReasonCode
from domain.receipts import Receipt
from domain.sales_person import SALES_PERSON, SalesPersonDocument
from domain.scheduling import FollowUp
from domain.shared.decider import Decider
from domain.shared.facts import ActionCodeFacts, DocumentFacts
from domain.shared.imported import ImportDocument
from domain.shared.record_types import RecordType
from domain.user import USER, ChangeUser, RegisterUser, UserKind, UserProfile
from domain.user_fields import USER_FIELDS, SetUserFields
from eventstore.log import Log
from tests.histories import day

HOMES = {"1": "EUR", "2": "USD"}
"""The companies and their home currencies."""

ACCOUNTS = ("A", "B", "C")
DOCUMENTS = ("I1", "I2", "I3", "I4", "I5")
IDS = ("1", "2", "3", "4")
CODES = ("PO", "PRICE")
SCORES = (None, "55", "60", "72.5", "AA", "b")
LAST = 700

_UDFS = tuple(f"udf{number}" for number in range(1, 6))
INVOICE_TEXTS = (
    "cust_po_no",
    "sold_to_id",
    "invoice_cmnt",
    "comment",
    "pmt_terms_id",
    "project_code",
    "job_code",
    "sper_id",
    *_UDFS,
)
ACCOUNT_TEXTS = (
    "cust_name",
    "cust_class_id",
    "cust_status",
    "parent_id",
    "pmt_terms_id",
    *(f"addr_line{number}" for number in range(1, 6)),
    "city",
    "state",
    "postal_code",
    "country",
    "reference",
    "sales_territory",
    *_UDFS,
)
CENT = Decimal("0.01")

CALL_KNOWN = Consulted(
    ACTION_CODE, ("CALL",), lambda _: ActionCodeFacts("CALL", attach_invoices=False)
)
"""The code that calls are made by, whoever defined it."""


def worded(rng: random.Random, *names: str) -> dict[str, Any]:
    """A text of its own for each field, or nothing for all."""
    word = rng.choice((None, "x", "y"))
    return {name: word and f"{word} {name}" for name in names}


class Desk:
    """Where work is done at random, and what is known of the streams it was done on."""

    def __init__(self, log: Log, rng: random.Random) -> None:
        self.log = log
        self.rng = rng
        self.states: dict[str, Any] = {}
        self.today = day(60)

    def carry_out(self, *requests: Request) -> None:
        """Carry out commands in one append, and remember what they led to."""
        for one, outcome in zip(requests, handle_all(self.log, requests), strict=True):
            if isinstance(outcome, Handled):
                for event in outcome.events:
                    before = self.states.get(one.stream, one.decider.initial)
                    self.states[one.stream] = one.decider.evolve(before, event)

    def open_up(self) -> None:
        """Let there be companies, accounts, reason codes and people."""
        self.carry_out(
            *(
                self.request(COMPANY, (one,), ImportCompany(CompanyDocument(one, home)))
                for one, home in HOMES.items()
            ),
            *(
                self.request(ACCOUNT, (one, cust_id), ImplyAccount(one, cust_id))
                for one in HOMES
                for cust_id in ACCOUNTS
            ),
            self.request(REASON_CODE, ("PO",), DefineReasonCode("PO", "No order number", 3)),
            self.request(REASON_CODE, ("PRICE",), DefineReasonCode("PRICE", "Wrong price", 1)),
            self.request(USER, ("u",), RegisterUser(UserProfile("u", "Uma", UserKind.CREDIT_USER))),
            self.request(
                CREDIT_CLASS, ("gold",), DefineCreditClass(CreditClassDocument("gold", "Gold"))
            ),
        )

    def work(self, appends: int) -> None:
        """Work for some days; each append stands for a part of a day or for a whole one."""
        for _ in range(appends):
            self.today = min(self.today + timedelta(self.rng.choice((0, 3, 9, 30))), day(LAST))
            makes = [self.imported, self.imported, *self.rng.choices(self.kinds, k=7)]
            self.carry_out(*(make() for make in makes))

    @property
    def kinds(self) -> list[Callable[[], Request]]:
        """What may be done."""
        return [
            self.imported,
            self.paid,
            self.allowed,
            *[self.described] * 2,
            *[self.cared] * 4,
            *[self.noted] * 2,
            self.person,
            *[self.promised] * 6,
            *[self.disputed] * 4,
            self.reason,
            *[self.scheduled] * 3,
            *[self.pending] * 2,
            *[self.issue] * 2,
            *[self.activity] * 6,
        ]

    def request(
        self,
        decider: Decider[Any, Any, Any],
        key: tuple[str, ...],
        command: Any,
        *consults: Consulted,
    ) -> Request:
        """A command of today."""
        return Request(decider, key, command, "t", self.today, "t", "t", consults=consults)

    def company(self) -> str:
        """One of the companies."""
        return self.rng.choice(list(HOMES))

    def before(self, days: int = 40) -> date:
        """Today, or a day before."""
        return self.today - timedelta(self.rng.choice((0, 0, self.rng.randrange(days))))

    def after(self, days: int = 90) -> date:
        """Today, or a day to come."""
        return self.today + timedelta(self.rng.randrange(days))

    def documents_of(self, company_id: str, cust_id: str) -> list[DocumentFacts]:
        """What is known of the documents on an account."""
        found = [
            invoice.facts(self.states.get(f"invoice/{company_id}/{one}", INVOICE.initial))
            for one in DOCUMENTS
        ]
        return [one for one in found if one is not None and one.cust_id == cust_id]

    def some(self, company_id: str, cust_id: str) -> tuple[str, ...]:
        """Some documents on an account."""
        known = [one.tran_id for one in self.documents_of(company_id, cust_id)]
        return tuple(self.rng.sample(known, min(len(known), self.rng.randrange(3))))

    def asking(self, key: tuple[str, str], *tran_ids: str) -> tuple[Consulted, ...]:
        """What is asked of an account and of documents of its company."""
        return (
            Consulted(ACCOUNT, key, account.facts),
            *(Consulted(INVOICE, (key[0], one), invoice.facts) for one in tran_ids),
        )

    def imported(self) -> Request:
        """The ERP tells a document; some are credits, some in another currency than home."""
        rng, company_id, tran_id = self.rng, self.company(), self.rng.choice(DOCUMENTS)
        home = HOMES[company_id]
        foreign = tran_id in {"I2", "I5"}
        other = "USD" if home == "EUR" else "EUR"
        amount = Decimal(rng.choice((100, 250, 900, 2_000)) + rng.randrange(50))
        if tran_id == "I5" and rng.randrange(2):
            amount = -amount
        amount_hc = (amount * Decimal("0.9")).quantize(CENT) if foreign else amount
        known = invoice.facts(self.states.get(f"invoice/{company_id}/{tran_id}", INVOICE.initial))
        cust_id, tran_date = rng.choice("AB"), self.before(90) + timedelta(rng.choice((0, 0, 9)))
        if known is not None and rng.randrange(5):  # most of what is told again is not amended
            cust_id, tran_date = known.cust_id, known.tran_date
            amount, amount_hc = known.amount, known.amount_hc
        sign = -1 if amount < 0 else 1
        applications = tuple(
            Application(one, sign * Decimal(rng.choice((0, 30, 75))), self.before())
            for one in rng.sample(("P1", "P2", "P3"), rng.choice((0, 0, 1, 2)))
        )
        document = InvoiceDocument(
            company_id,
            tran_id,
            cust_id,
            tran_date,
            amount,
            other if foreign else home,
            amount_hc,
            home,
            type="CM" if amount < 0 else "IN",
            due_date=rng.choice((None, tran_date + timedelta(10), tran_date + timedelta(30))),
            post_date=rng.choice((None, None, tran_date + timedelta(2))),
            disc_amt=rng.choice((None, Decimal(5))),
            statistical_pmt_date=rng.choice((None, self.today)),
            **worded(rng, *INVOICE_TEXTS),
        )
        command = ImportInvoice(
            document,
            self.today,
            rng.choice((None, None, Decimal(0), amount / 2, amount)),
            status=rng.choice((None, "open")),
            applications=applications,
        )
        return self.request(INVOICE, (company_id, tran_id), command)

    def paid(self) -> Request:
        """The ERP tells a payment."""
        rng, company_id, payment_id = self.rng, self.company(), self.rng.choice(("P1", "P2", "P3"))
        foreign = payment_id == "P3"
        document = PaymentDocument(
            company_id,
            payment_id,
            rng.choice("AB"),
            self.before(),
            Decimal(200),
            "GBP" if foreign else HOMES[company_id],
            unapplied_amt=rng.choice((None, Decimal(0), Decimal(30))),
            unapplied_amt_hc=rng.choice((None, Decimal(27))) if foreign else None,
        )
        return self.request(PAYMENT, (company_id, payment_id), ImportPayment(document))

    def described(self) -> Request:
        """The ERP tells an account."""
        rng, key = self.rng, (self.company(), self.rng.choice(ACCOUNTS))
        document = AccountDocument(
            *key,
            credit_limit=rng.choice((None, Decimal(500))),
            credit_hold=rng.choice((False, True)),
            sper_id=rng.choice((None, "s")),
            sper_name=rng.choice((None, "Sam")),
            date_estab=rng.choice((None, self.today)),
            credit_score=rng.choice(SCORES),
            **worded(rng, *ACCOUNT_TEXTS),
        )
        return self.request(ACCOUNT, key, ImportAccount(document))

    def cared(self) -> Request:
        """A collector says something of an account."""
        rng, key = self.rng, (self.company(), self.rng.choice(ACCOUNTS))
        commands = [
            AssignAccount(None),
            ClassifyAccount(rng.choice((None, "gold"))),
            AllowOnlinePayments(rng.choice((False, True))),
            SetDaysToRespond(rng.choice((None, 5))),
            SetPrimarySalesPerson(rng.choice((None, "s", "u"))),
            RateCredit(self.today, rng.choice(SCORES), rng.choice(list(ScoreSource))),
            RateCredit(self.today, rng.choice(SCORES), ScoreSource.COMPUTED),
            RateCredit(self.today, **worded(rng, "bureau_1", "bureau_2", "bureau_3")),
        ]
        command: Any = rng.choice([*commands, AssignAccount("u"), AddSalesRep("u")])
        consults = self.asking(key)
        if getattr(command, "user_id", None) is not None:
            consults = (*consults, Consulted(USER, ("u",), user.facts))
        if getattr(command, "credit_class_id", None) is not None:
            consults = (*consults, Consulted(CREDIT_CLASS, ("gold",), is_defined))
        return self.request(ACCOUNT_CARE, key, command, *consults)

    def allowed(self) -> Request:
        """Somebody says whether customers of a company may pay online."""
        key = (self.company(),)
        command = UpdateCompanyOptions(
            *key, online_payments=self.rng.choice((None, False, True)), company_known=True
        )
        return self.request(COMPANY_OPTIONS, key, command)

    def noted(self) -> Request:
        """Somebody enters a field of the site's own."""
        kind, one = self.rng.choice(
            ((RecordType.CUSTOMER, ACCOUNTS), (RecordType.INVOICE, DOCUMENTS))
        )
        key = (self.company(), self.rng.choice(one))
        texts = worded(self.rng, *(f"udf{number}" for number in range(6, 11)))
        told = SetUserFields(kind, key, **texts, known=True)
        return self.request(USER_FIELDS, (kind.value, *key), told)

    def person(self) -> Request:
        """Somebody who sells is told of."""
        name = self.rng.choice(("Sue", "Sven"))
        if self.rng.randrange(2):
            return self.request(USER, ("u",), ChangeUser(name))
        company_id = self.company()
        document = SalesPersonDocument(company_id, "s", name)
        return self.request(SALES_PERSON, (company_id, "s"), ImportDocument(document))

    def promised(self) -> Request:
        """A payment is expected, promised, judged or withdrawn."""
        rng, one = self.rng, self.rng.choice(IDS) + self.company()
        company_id, cust_id = one[-1], rng.choice("AB")
        tran_ids = self.some(company_id, cust_id)
        command: Any = RecordExpectedPayment(
            one,
            company_id,
            cust_id,
            Decimal(rng.choice((50, 100))),
            self.after(20),
            self.today,
            None if tran_ids else "EUR",
            tran_ids,
            rng.choice((False, True)),
        )
        if f"promise/{one}" not in self.states:
            return self.request(
                PROMISE, (one,), command, *self.asking((company_id, cust_id), *tran_ids)
            )
        receipts = tuple(
            Receipt(self.before(30), Decimal(rng.choice((20, 50, 100))), payment_id, "I1")
            for payment_id in rng.sample(("P1", "P2", "P3"), rng.choice((0, 0, 1, 2)))
        )
        judging = JudgePromise(receipts, self.today)
        others = [ConfirmPromise(self.today), WithdrawPromise("A mistake.", self.today)]
        return self.request(PROMISE, (one,), rng.choice([judging, judging, judging, *others]))

    def disputed(self) -> Request:
        """A document is contested, in part or in whole, or that is settled or changed."""
        rng, one = self.rng, self.rng.choice(IDS) + self.company()
        company_id = one[-1]
        code: str | None = rng.choice((None, *CODES))
        tran_id = rng.choice(DOCUMENTS)
        known = self.states.get(f"dispute/{one}")
        if known is not None:
            opened = getattr(known, "dispute", known).opened
            tran_id = opened.tran_id
        facts = invoice.facts(self.states.get(f"invoice/{company_id}/{tran_id}", INVOICE.initial))
        balance = facts.balance if facts is not None else Decimal(100)
        amount = rng.choice((balance, (balance / 3).quantize(CENT), Decimal(30)))
        command: Any = OpenDispute(
            one, amount, self.before(), "u", self.today, code, rng.choice((False, True, True))
        )
        if known is not None:
            command = rng.choice(
                (
                    ChangeDispute(self.today, amount, code, rng.choice((False, True))),
                    CloseDispute(self.before(), self.today),
                    ReopenDispute(),
                )
            )
        if isinstance(command, CloseDispute):
            return self.request(DISPUTE, (one,), command)
        consults = (Consulted(INVOICE, (company_id, tran_id), invoice.facts),)
        if code is not None and not isinstance(command, ReopenDispute):
            consults = (*consults, Consulted(REASON_CODE, (code,), reason_code.facts))
        return self.request(DISPUTE, (one,), command, *consults)

    def reason(self) -> Request:
        """A document is tagged with a reason code, or a code changes."""
        rng, code = self.rng, self.rng.choice(CODES)
        if rng.randrange(3) == 0:
            define = DefineReasonCode(code, "Told in another way", rng.choice((None, 1, 2)))
            return self.request(REASON_CODE, (code,), rng.choice((define, RetireReasonCode())))
        key = (self.company(), rng.choice(DOCUMENTS))
        asking = Consulted(INVOICE, key, invoice.facts)
        if rng.randrange(3) == 0:
            return self.request(INVOICE_REASON, key, ClearInvoiceReason(self.today), asking)
        consults = (asking, Consulted(REASON_CODE, (code,), reason_code.facts))
        return self.request(INVOICE_REASON, key, SetInvoiceReason(code, self.today), *consults)

    def scheduled(self) -> Request:
        """A document is to be paid in instalments, or is not any more."""
        rng, key = self.rng, (self.company(), self.rng.choice(DOCUMENTS))
        facts = invoice.facts(self.states.get(f"invoice/{key[0]}/{key[1]}", INVOICE.initial))
        if facts is None or facts.balance <= 0 or rng.randrange(5) == 0:
            return self.request(PAYMENT_SCHEDULE, key, CancelPaymentSchedule(None, self.today))
        part = (facts.balance / rng.choice((2, 3, 10))).quantize(CENT)
        first = max(facts.tran_date, self.before() + timedelta(rng.randrange(40)))
        planned = (
            PlannedInstalment(first, part),
            PlannedInstalment(first + timedelta(20), part),
            PlannedInstalment(first + timedelta(50), facts.balance - part * 2),
        )
        if planned[-1].amount <= 0:
            planned = (planned[0], PlannedInstalment(planned[1].due_date, facts.balance - part))
        command = SchedulePayments(planned, None, self.today)
        return self.request(PAYMENT_SCHEDULE, key, command, Consulted(INVOICE, key, invoice.facts))

    def pending(self) -> Request:
        """A customer pays online, or the ERP's payment is found."""
        rng, one = self.rng, self.rng.choice(IDS) + self.company()
        company_id, cust_id = one[-1], rng.choice("AB")
        if f"pending_payment/{one}" not in self.states:
            recording = RecordPendingPayment(
                one,
                company_id,
                cust_id,
                Decimal(9),
                "EUR",
                self.today,
                declined=rng.randrange(4) == 0,
            )
            return self.request(
                PENDING_PAYMENT, (one,), recording, *self.asking((company_id, cust_id))
            )
        if rng.randrange(3) == 0:
            return self.request(PENDING_PAYMENT, (one,), UndoReconciliation())
        finding = ReconcilePendingPayment("P1", ReconciledBy.BY_HAND, self.today)
        asking = Consulted(PAYMENT, (company_id, "P1"), payment.facts)
        return self.request(PENDING_PAYMENT, (one,), finding, asking)

    def issue(self) -> Request:
        """An issue is opened, resolved or opened again."""
        rng, one = self.rng, self.rng.choice(IDS) + self.company()
        company_id, cust_id = one[-1], rng.choice("AB")
        if f"issue/{one}" not in self.states:
            opening = OpenIssue(one, company_id, cust_id, f"Subject {one}", self.today)
            asking = self.asking((company_id, cust_id))
            return self.request(ISSUE, (one,), opening, *asking, care_asked(company_id, cust_id))
        resolving = ResolveIssue(self.today, Resolver.USER, self.before(9))
        return self.request(ISSUE, (one,), rng.choice((resolving, resolving, ReopenIssue())))

    def activity(self) -> Request:
        """An activity is recorded, tagged, followed up, completed or opened again."""
        rng, one = self.rng, self.rng.choice(("1", "2", "3", "4", "5")) + self.company()
        company_id, cust_id = one[-1], rng.choice("AB")
        follow_up = FollowUp(
            rng.choice((None, self.after(9))), days_to_respond=rng.choice((None, 4))
        )
        known = self.states.get(f"activity/{one}")
        if known is None:
            return self._recorded(one, cust_id, follow_up)
        cust_id = known.recorded.cust_id
        tran_ids = self.some(company_id, cust_id)
        command: Any = rng.choice(
            (
                CompleteActivity(self.today, self.before(9), rng.choice((None, "Will pay."))),
                CompleteActivity(self.today),
                ReopenActivity(),
                TagInvoices(tran_ids, self.today),
                TagInvoices(tran_ids, self.today),
                UntagInvoices(tran_ids[:1]),
                WithdrawActivity(self.today, "It was paid."),
                SetFollowUp(follow_up, self.today),
                CompleteFollowUp(self.today),
            )
        )
        consults = self.asking((company_id, cust_id), *tran_ids)[1:]
        asks = isinstance(command, TagInvoices)
        return self.request(ACTIVITY, (one,), command, *(consults if asks else ()))

    def _recorded(self, one: str, cust_id: str, follow_up: FollowUp) -> Request:
        rng, company_id = self.rng, one[-1]
        tran_ids = self.some(company_id, cust_id)
        issue_id = rng.choice((None, f"{one[0]}{company_id}"))
        activity_type = rng.choice(("Phone", "EmailSend", "AcctNote"))
        command = RecordActivity(
            one,
            company_id,
            cust_id,
            activity_type,
            self.today,
            issue_id if f"issue/{issue_id}" in self.states else None,
            "About an invoice.",
            due_on=rng.choice((None, self.after(9))),
            user_id="u",
            action_code=rng.choice((None, "CALL")),
            tran_ids=tran_ids,
            follow_up=follow_up,
            complete=rng.choice((False, False, True)),
        )
        on_account, *documents = self.asking((company_id, cust_id), *tran_ids)
        named = [Consulted(ISSUE, (command.issue_id,), issue.facts)] if command.issue_id else []
        asking = (
            on_account,
            care_asked(company_id, cust_id),
            SITE_DAYS_ASKED,
            Consulted(ACTIVITY_TYPE, (activity_type,), type_facts),
            calendar_asked(company_id),
            SITE_CALENDAR_ASKED,
            *named,
            *((CALL_KNOWN,) if command.action_code else ()),
            *documents,
        )
        return self.request(ACTIVITY, (one,), command, *asking)
