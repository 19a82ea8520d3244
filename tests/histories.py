"""Histories as commands could lead to, made at random, and a plain way to add a document up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from domain.account import (
    ACCOUNT,
    AccountDocument,
    AddAccountNote,
    ImplyAccount,
    ImportAccount,
)
from domain.account_care import (
    ACCOUNT_CARE,
    AddSalesRep,
    AllowOnlinePayments,
    AssignAccount,
    BeginCare,
    ClassifyAccount,
    RateCredit,
    ScoreSource,
    SetDaysToRespond,
    SetPrimarySalesPerson,
    SetSalesReps,
    UpdateAccount,
)
from domain.activity import (
    ACTIVITY,
    ActivityCommand,
    CompleteActivity,
    ReassignActivity,
    RecordActivity,
    ReopenActivity,
    TagInvoices,
    UntagInvoices,
    WithdrawActivity,
)
from domain.activity_type import ACTIVITY_TYPE, ActivityTypeDocument, DefineActivityType
from domain.api_key import API_KEY, IssueApiKey, RevokeApiKey, Role
from domain.catalogue import DECIDERS
from domain.company import COMPANY, CompanyDocument, ImportCompany
from domain.dispute import (
    DISPUTE,
    ChangeDispute,
    CloseDispute,
    DisputeCommand,
    OpenDispute,
    ReopenDispute,
)
from domain.follow_up import CompleteFollowUp, SetFollowUp
from domain.invoice import (
    INVOICE,
    Application,
    ApplyPayments,
    ImportInvoice,
    InvoiceAmended,
    InvoiceBalanceReconciled,
    InvoiceDocument,
    InvoiceEvent,
    InvoiceRegistered,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.invoice_reason import INVOICE_REASON, ClearInvoiceReason, SetInvoiceReason
from domain.issue import (
    ISSUE,
    ExtendIssue,
    IssueCommand,
    LapseIssue,
    OpenIssue,
    ReassignIssue,
    ReopenIssue,
    ResolveIssue,
    Resolver,
    RuleOrigin,
)
from domain.payment import PAYMENT, ImportPayment, PaymentDocument
from domain.payment_schedule import (
    PAYMENT_SCHEDULE,
    CancelPaymentSchedule,
    PlannedInstalment,
    SchedulePayments,
)
from domain.pending_payment import (
    PENDING_PAYMENT,
    PaidInvoice,
    Processor,
    ReconciledBy,
    ReconcilePendingPayment,
    RecordPendingPayment,
    UndoReconciliation,
)
from domain.pending_payment_export import PENDING_PAYMENT_EXPORT, ExportPendingPayments
from domain.promise import (
    PROMISE,
    ConfirmPromise,
    JudgePromise,
    PromiseCommand,
    RecordExpectedPayment,
    WithdrawPromise,
)
from domain.reason_code import REASON_CODE, DefineReasonCode, RetireReasonCode
from domain.receipts import Receipt
from domain.rule_view import RuleView
from domain.scheduling import FollowUp
from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.facts import (
    AccountFacts,
    DocumentFacts,
    PaymentFacts,
    PendingPaymentFacts,
    ReasonCodeFacts,
    UserFacts,
)
from domain.shared.standard_type import StandardType
from domain.shared.streams import stream_name
from domain.site_options import SITE_OPTIONS, ChangeSiteOptions
from domain.sync_run import SYNC_RUN, CompleteSync, SyncCompleted
from domain.user import USER, ChangeUser, RegisterUser, UserCommand, UserKind, UserProfile
from domain.work_calendar import (
    WORK_CALENDAR,
    ClearWorkCalendar,
    SetWorkCalendar,
    WorkCalendarCommand,
)
from domain.working_days import WorkCalendar
from tests.histories_of_others import ELSEWHERE

FIRST = date(2025, 1, 1)
DAYS = 400


def day(number: int) -> date:
    """A day of the histories."""
    return FIRST + timedelta(days=number)


@st.composite
def imports(draw: st.DrawFn, company_id: str = "1", tran_id: str = "I1") -> ImportInvoice:
    """What one export says of a document."""
    sign = draw(st.sampled_from([1, 1, 1, -1]))
    amount = sign * Decimal(draw(st.integers(0, 500)))
    foreign = company_id == "2"
    rate = draw(st.sampled_from([Decimal("0.9"), Decimal("0.8731")]))
    amount_hc = (amount * rate).quantize(Decimal("0.01")) if foreign else amount
    tran = draw(st.integers(0, 300))
    document = InvoiceDocument(
        company_id,
        tran_id,
        draw(st.sampled_from(["A", "B"])),
        day(tran),
        amount,
        "USD" if foreign else "EUR",
        amount_hc,
        "EUR",
        due_date=draw(st.sampled_from([None, day(tran + 30), day(tran + 5)])),
        post_date=draw(st.sampled_from([None, None, day(tran + 3)])),
    )
    applications = tuple(
        Application(
            payment, sign * Decimal(draw(st.integers(0, 200))), day(draw(st.integers(0, DAYS)))
        )
        for payment in draw(st.sets(st.sampled_from(["P1", "P2", "P3"]), max_size=3))
    )
    share = Decimal(draw(st.integers(0, 100))) / 100
    balance = draw(st.sampled_from([None, None, Decimal(0), amount * share, amount]))
    balance_hc = None
    if balance is not None and not foreign:
        balance_hc = draw(st.sampled_from([None, balance]))
    elif balance is not None:
        balance_hc = draw(st.sampled_from([None, None, amount_hc * share]))
    return ImportInvoice(
        document,
        day(draw(st.integers(200, DAYS))),
        balance,
        balance_hc,
        draw(st.sampled_from([None, "open", "closed"])),
        draw(st.sampled_from([None, None, None, day(350)])),
        applications,
    )


@dataclass(frozen=True)
class Plain:
    """A document as its events tell it, added up without any cleverness."""

    document: InvoiceDocument
    effective_from: date
    changes: list[tuple[date, Decimal, Decimal]]

    def open_on(self, on: date) -> tuple[Decimal, Decimal]:
        """What is open on a date, in its own and in home currency."""
        if on < self.effective_from:
            return Decimal(0), Decimal(0)
        own, home = self.document.amount, self.document.amount_hc
        for at, amount, amount_hc in self.changes:
            if at <= on:
                own, home = own - amount, home - amount_hc
        return own, home


def added_up(events: Sequence[InvoiceEvent]) -> Plain | None:
    """The document that some events tell of; None if it is not registered by them."""
    document: InvoiceDocument | None = None
    start = FIRST
    applied: dict[str, tuple[date, Decimal, Decimal]] = {}
    unexplained: list[tuple[date, Decimal, Decimal]] = []
    for event in events:
        match event:
            case InvoiceRegistered() | InvoiceAmended():
                document, start = event.document, event.effective_from
            case PaymentApplied():
                applied[event.payment_id] = (event.applied_on, event.amount, event.amount_hc)
            case PaymentUnapplied():
                del applied[event.payment_id]
            case InvoiceBalanceReconciled():
                unexplained = [(e.effective_on, e.amount, e.amount_hc) for e in event.unexplained]
            case _:
                pass
    return Plain(document, start, [*applied.values(), *unexplained]) if document else None


def invoice_facts(
    tran_id: str = "I1",
    cust_id: str = "A",
    curr_id: str = "EUR",
    closed_on: date | None = None,
) -> DocumentFacts:
    """What is known of an invoice of 100."""
    amount = Decimal(100)
    balance = Decimal(0) if closed_on else amount
    return DocumentFacts(
        "1",
        tran_id,
        cust_id,
        "IN",
        FIRST,
        FIRST,
        curr_id,
        "EUR",
        amount,
        amount,
        balance,
        balance,
        closed_on,
    )


@st.composite
def receipts(draw: st.DrawFn) -> tuple[Receipt, ...]:
    """What was received from the first day on, and some of it taken back."""
    found: dict[str, Receipt] = {}
    for _ in range(draw(st.integers(0, 5))):
        one = Receipt(
            day(draw(st.integers(-1, 9))),
            Decimal(draw(st.sampled_from([-30, 0, 10, 50, 60, 100]))),
            draw(st.sampled_from([None, "P1", "P2", "P3"])),
            draw(st.sampled_from([None, "I1", "I2"])),
        )
        found[one.receipt_id] = one
    return tuple(found.values())


@st.composite
def promise_commands(draw: st.DrawFn, promise_id: str = "p") -> PromiseCommand:
    """What somebody may ask of an expected payment of 100 by the fifth day."""
    on = day(draw(st.integers(0, 9)))
    recording = RecordExpectedPayment(
        promise_id,
        "1",
        "A",
        Decimal(100),
        day(5),
        FIRST,
        tran_ids=("I1", "I2"),
        promise=draw(st.booleans()),
        note=draw(words()),
        account=AccountFacts("1", "A", None),
        documents=(invoice_facts(), invoice_facts("I2")),
    )
    judging = JudgePromise(draw(receipts()), on)
    others = [ConfirmPromise(on), WithdrawPromise("A mistake.", on)]
    return draw(st.sampled_from([recording, recording, judging, judging, judging, *others]))


@dataclass(frozen=True)
class Told:
    """A command to a stream."""

    decider: Decider[Any, Any, Any]
    key: tuple[str, ...]
    command: Any


@st.composite
def scheduling(draw: st.DrawFn, tran_id: str) -> SchedulePayments | CancelPaymentSchedule:
    """What may be asked for of a document's payment schedule."""
    on = day(draw(st.integers(0, 3)))
    if draw(st.integers(0, 2)) == 0:
        return CancelPaymentSchedule(draw(words()), on)
    amounts = [Decimal(draw(st.integers(1, 3))) for _ in range(draw(st.integers(2, 3)))]
    total, hc = sum(amounts, Decimal(0)), Decimal(draw(st.integers(1, 9)))
    document = DocumentFacts(
        "1", tran_id, "A", "IN", day(0), day(30), "USD", "EUR", total, hc, total, hc, None
    )
    planned = tuple(
        PlannedInstalment(day(30 * number), amount) for number, amount in enumerate(amounts, 1)
    )
    return SchedulePayments(planned, draw(words()), on, document)


@st.composite
def pending(
    draw: st.DrawFn, pending_payment_id: str
) -> RecordPendingPayment | ReconcilePendingPayment | UndoReconciliation:
    """What may be asked for of a pending payment."""
    payment_id = draw(st.sampled_from(["P1", "P2"]))
    payment = PaymentFacts("1", payment_id, "A", FIRST, Decimal(9), "EUR")
    paid = tuple(PaidInvoice(one, Decimal(2)) for one in draw(st.sets(st.sampled_from("IJ"))))
    document = DocumentFacts(
        "1", "", "A", "IN", FIRST, FIRST, "EUR", "EUR", *[Decimal(5)] * 4, closed_on=None
    )
    recording = RecordPendingPayment(
        pending_payment_id,
        "1",
        "A",
        Decimal(9),
        "EUR",
        FIRST,
        paid,
        draw(st.sampled_from([False, False, False, True])),
        draw(words()),
        processor=Processor(proc_ref_no=draw(words())),
        account=AccountFacts("1", "A", None),
        documents=(document,) * len(paid),
    )
    reconciling = ReconcilePendingPayment(
        payment_id, draw(st.sampled_from(ReconciledBy)), FIRST, payment=payment
    )
    return draw(st.sampled_from([recording, recording, reconciling, UndoReconciliation()]))


def words(*others: str | None) -> st.SearchStrategy[Any]:
    """One of a few texts."""
    return st.sampled_from([None, "x", "y", *others])


def disputed(tran_id: str, balance: int) -> DocumentFacts:
    """What a dispute knows of a document of 100 USD, booked at 90 EUR."""
    amounts = (Decimal(100), Decimal(90), Decimal(balance), Decimal(balance) * 9 / 10)
    return DocumentFacts("1", tran_id, "A", "IN", FIRST, FIRST, "USD", "EUR", *amounts, None)


@st.composite
def disputing(draw: st.DrawFn, dispute_id: str) -> DisputeCommand:
    """A command to a dispute, with what it knows of others."""
    invoice = disputed("I1", draw(st.sampled_from([50, 100])))
    amount = Decimal(draw(st.integers(1, 120)))
    code = draw(words())
    reason = ReasonCodeFacts(code, active=True) if code else None
    today = day(draw(st.integers(0, DAYS)))
    exclude, note = draw(st.booleans()), draw(words())
    match draw(st.sampled_from(["open", "change", "close", "reopen"])):
        case "open":
            on = day(draw(st.integers(0, 100)))
            return OpenDispute(
                dispute_id, amount, on, "u", today, code, exclude, note, None, invoice, reason
            )
        case "change":
            return ChangeDispute(today, amount, code, exclude, note, invoice, reason)
        case "close":
            return CloseDispute(today, today, draw(words()), note)
        case _:
            return ReopenDispute(invoice)


_ACCOUNT = AccountFacts("1", "A", None)
_USER = UserFacts("z", "credit_user", None, active=True)


def _named(draw: st.DrawFn) -> tuple[tuple[str, ...], tuple[DocumentFacts, ...]]:
    """Some invoices of the account, and what is open of each."""
    tran_ids = tuple(draw(st.lists(st.sampled_from(["I1", "I2", "I3"]), max_size=3)))
    documents: list[DocumentFacts] = []
    for one in tran_ids:
        amounts = [Decimal(draw(st.integers(0, 9)))] * 4
        documents.append(
            DocumentFacts("1", one, "A", "IN", FIRST, FIRST, "EUR", "EUR", *amounts, None)
        )
    return tran_ids, tuple(documents)


@st.composite
def issue_commands(draw: st.DrawFn, issue_id: str) -> IssueCommand:
    """A command to an issue."""
    on = day(draw(st.integers(0, 9)))
    tran_ids, documents = _named(draw)
    view = RuleView.INVOICE if tran_ids else RuleView.ACCOUNT
    opening = OpenIssue(
        issue_id,
        "1",
        "A",
        "call",
        on,
        note=draw(words()),
        tran_ids=tran_ids,
        origin=draw(st.sampled_from([None, RuleOrigin("c", "r", 1, view, 0)])),
        account=_ACCOUNT,
        documents=documents,
    )
    lapsing = LapseIssue(on, tran_ids, auto_close=draw(st.booleans()))
    extending = ExtendIssue(tran_ids, on, documents)
    resolving = ResolveIssue(on, draw(st.sampled_from(Resolver)), resolution=draw(words()))
    reassigning = ReassignIssue(draw(words()) or "z", _USER, hand_back=True)
    others = [resolving, reassigning, lapsing, extending, ReopenIssue()]
    return draw(st.sampled_from([opening, opening, *others]))


@st.composite
def activity_commands(draw: st.DrawFn, activity_id: str) -> ActivityCommand:
    """A command to an activity; half of them record it, so that there is something to do."""
    on = day(draw(st.integers(0, 9)))
    tran_ids, documents = _named(draw)
    follow_up = FollowUp(
        draw(st.sampled_from([None, on, on + timedelta(3)])),
        days_to_respond=draw(st.sampled_from([None, 2])),
        duration_minutes=draw(st.sampled_from([None, 30])),
    )
    recording = RecordActivity(
        activity_id,
        "1",
        "A",
        draw(st.sampled_from(["Phone", "AcctNote"])),
        on,
        note=draw(words()),
        due_on=draw(st.sampled_from([None, on + timedelta(1)])),
        tran_ids=tran_ids,
        follow_up=follow_up,
        complete=draw(st.booleans()),
        account=_ACCOUNT,
        documents=documents,
    )
    later = [
        CompleteActivity(on, note=draw(words())),
        ReopenActivity(),
        ReassignActivity(draw(words()) or "z", _USER, hand_back=True),
        WithdrawActivity(on, "It was paid."),
        TagInvoices(tran_ids, on, documents),
        UntagInvoices(tran_ids),
        SetFollowUp(follow_up, on),
        CompleteFollowUp(on),
    ]
    return draw(st.one_of(st.just(recording), st.sampled_from(later)))


@st.composite
def user_commands(draw: st.DrawFn, user_id: str) -> UserCommand:
    """A command about a user."""
    register = RegisterUser(UserProfile(user_id, "Dana", UserKind.CREDIT_USER))
    change = ChangeUser(draw(words()) or "Dana", active=draw(st.booleans()))
    return draw(st.sampled_from([register, change, change]))


@st.composite
def calendar_commands(draw: st.DrawFn) -> WorkCalendarCommand:
    """A command to the site's work calendar."""
    setting = SetWorkCalendar(WorkCalendar(weekend=(draw(st.integers(1, 7)),)), FIRST)
    return draw(st.sampled_from([setting, setting, ClearWorkCalendar()]))


def care(draw: st.DrawFn, account: AccountFacts) -> Any:
    """A command of a collector about an account."""
    word = draw(words())
    user = None if word is None else UserFacts(word, "credit_user", None, draw(st.booleans()))
    source = draw(st.sampled_from(list(ScoreSource)))
    flag = draw(st.booleans())
    reps = draw(st.sampled_from([(), ("x",), ("y", "x")]))
    commands = [
        BeginCare(account, user, word),
        AssignAccount(word, account, user),
        ClassifyAccount(word, account, class_defined=True),
        AllowOnlinePayments(flag, account),
        SetDaysToRespond(draw(st.sampled_from([None, 0, 5])), account),
        SetSalesReps(reps, account),
        SetPrimarySalesPerson(word, account),
        AddSalesRep(word or "z", account, user),
        RateCredit(FIRST, word, source, account=account),
        RateCredit(FIRST, bureau_1=word, bureau_3="7", account=account),
        UpdateAccount(word, word, flag, account, user, class_defined=True),
    ]
    return draw(st.sampled_from(commands))


@st.composite
def letting_in(draw: st.DrawFn, category: str, one: str) -> Told:
    """A command to a user or a key."""
    if category == "user":
        return Told(USER, (one,), draw(user_commands(one)))
    issue = IssueApiKey(one, "Dana", Role.AUDITOR, f"digest of {one}")
    return Told(API_KEY, (one,), draw(st.sampled_from([issue, RevokeApiKey()])))


@st.composite
def told(draw: st.DrawFn) -> Told:
    """A command to a stream of any kind; there are few streams of each, so that they meet."""
    one = draw(st.sampled_from(["1", "2"]))
    match draw(st.sampled_from([decider.category for decider in DECIDERS])):
        case "company":
            name, zone = draw(words()), draw(st.sampled_from(["UTC", "Europe/Rome"]))
            document = CompanyDocument(one, "EUR", name, zone)
            return Told(COMPANY, (one,), ImportCompany(document, draw(st.booleans())))
        case "account":
            key = ("1", one)
            document = AccountDocument(*key, draw(words()), credit_hold=draw(st.booleans()))
            note = AddAccountNote(
                draw(st.sampled_from(["n1", "n2"])), draw(words("")) or "z", FIRST
            )
            commands = [ImportAccount(document), ImplyAccount(*key), note]
            return Told(ACCOUNT, key, draw(st.sampled_from(commands)))
        case category if category in ELSEWHERE:
            return Told(*draw(ELSEWHERE[category](category, one)))
        case "user" | "api_key" as category:
            return draw(letting_in(category, one))
        case "invoice":
            command = draw(imports(one))
            applying = ApplyPayments(command.applications, command.business_date)
            return Told(INVOICE, (one, "I1"), draw(st.sampled_from([command, command, applying])))
        case "payment":
            rest = draw(st.sampled_from([None, Decimal(0), Decimal("1.50")]))
            document = PaymentDocument("1", one, "A", FIRST, Decimal(9), "EUR", unapplied_amt=rest)
            return Told(PAYMENT, ("1", one), ImportPayment(document))
        case "reason_code":
            severity = draw(st.sampled_from([None, 1, 2]))
            define = DefineReasonCode(one, draw(words()) or "z", severity)
            return Told(REASON_CODE, (one,), draw(st.sampled_from([define, RetireReasonCode()])))
        case "dispute":
            return Told(DISPUTE, (one,), draw(disputing(one)))
        case "invoice_reason":
            code, today = draw(words()), day(draw(st.integers(0, DAYS)))
            invoice = disputed(one, 100)
            command = (
                ClearInvoiceReason(today, invoice)
                if code is None
                else SetInvoiceReason(code, today, invoice, ReasonCodeFacts(code, active=True))
            )
            return Told(INVOICE_REASON, ("1", one), command)
        case "promise":
            return Told(PROMISE, (one,), draw(promise_commands(one)))
        case "payment_schedule":
            return Told(PAYMENT_SCHEDULE, ("1", one), draw(scheduling(one)))
        case "pending_payment":
            return Told(PENDING_PAYMENT, (one,), draw(pending(one)))
        case "pending_payment_export":
            known = tuple(PendingPaymentFacts(two, "1", draw(st.booleans())) for two in "12")
            command = ExportPendingPayments("1", one, FIRST, True, known)
            return Told(PENDING_PAYMENT_EXPORT, ("1",), command)
        case "site_options":
            boundaries = draw(st.sampled_from([(30, 60, 90, 120), (1, 2, 3, 4)]))
            command = ChangeSiteOptions(boundaries, age_unapplied=draw(st.booleans()))
            return Told(SITE_OPTIONS, ("site",), command)
        case "activity_type":
            name, priority = draw(words()) or "z", draw(st.sampled_from([None, 1]))
            kind = draw(st.sampled_from([StandardType.PHONE, StandardType.DISPUTE]))
            document = ActivityTypeDocument(one, kind, name, priority, draw(words("")))
            return Told(ACTIVITY_TYPE, (one,), DefineActivityType(document))
        case "issue":
            return Told(ISSUE, (one,), draw(issue_commands(one)))
        case "activity":
            return Told(ACTIVITY, (one,), draw(activity_commands(one)))
        case "account_care":
            return Told(ACCOUNT_CARE, ("1", one), care(draw, AccountFacts("1", one, None)))
        case "work_calendar":
            return Told(WORK_CALENDAR, ("site",), draw(calendar_commands()))
        case category:
            assert category == "sync_run"
            outcome = SyncCompleted(one, FIRST, 3, 1, 1, 1, draw(st.integers(0, 9)))
            return Told(SYNC_RUN, (one,), CompleteSync(outcome))


def appended(batches: Sequence[Sequence[Told]]) -> list[list[tuple[str, Event]]]:
    """The events, by stream, that batches of commands lead to; each batch is one append."""
    histories: dict[str, list[Event]] = {}
    appends: list[list[tuple[str, Event]]] = []
    for batch in batches:
        append: list[tuple[str, Event]] = []
        for one in batch:
            name = stream_name(one.decider.category, *one.key)
            history = histories.setdefault(name, [])
            try:
                new = one.decider.decide(one.command, one.decider.replay(history))
            except Refused:
                continue
            history += new
            append += [(name, event) for event in new]
        if append:
            appends.append(append)
    return appends


BATCHES = st.lists(st.lists(told(), min_size=1, max_size=5), min_size=1, max_size=6)
