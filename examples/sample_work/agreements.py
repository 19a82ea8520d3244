"""What customers contest, promise and pay: disputes, plans, promises and pending payments."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import domain.reason_code
from application.consulting import account_asked, activity_asked, documents_asked
from application.handling import Consulted
from domain.activity import RecordActivity
from domain.dispute import DISPUTE, CloseDispute, OpenDispute
from domain.invoice_reason import INVOICE_REASON, SetInvoiceReason
from domain.payment_schedule import PAYMENT_SCHEDULE, PlannedInstalment, SchedulePayments
from domain.pending_payment import (
    PENDING_PAYMENT,
    PaidInvoice,
    Processor,
    RecordPendingPayment,
)
from domain.promise import PROMISE, ConfirmPromise, RecordExpectedPayment, WithdrawPromise
from domain.reason_code import REASON_CODE
from domain.shared.currency import rounded, smallest_unit
from domain.shared.standard_type import StandardType
from examples.sample_work.choosing import Document, Paid, Worked
from examples.sample_work.conversations import record
from examples.sample_work.diary import Diary, work_id
from examples.sample_work.people import DISPUTE_REASONS
from examples.sample_work.texts import DISPUTE_NOTES, OUTCOMES, PLAN_REASONS, PROMISES, pick

PROMISED_MAX = 3
"""Documents under one promise at most."""

DAYS_TO_PAY = 7
"""Days from a promise to the date by which payment is promised."""

BROKEN_MIN_DAYS = 40
"""So old is a document at least of which a promise was broken."""

INSTALMENTS = 3
INSTALMENT_DAYS = 30
MERCHANT = ("demo-1", "Demo card account", "Card")


def dispute(diary: Diary, today: date, number: int, invoice: Document, user_id: str) -> None:
    """Note a dispute: of all or of half, counted or not, open or closed, with a reason or not."""
    company_id, tran_id = invoice.company_id, invoice.tran_id
    dispute_id = work_id("dispute", company_id, tran_id)
    day = max(invoice.tran_date, today - timedelta(8 + number % 20))
    whole = number % 2 == 0
    reason = None if (number + 1) % 5 == 0 else pick(DISPUTE_REASONS, number)
    told = RecordActivity(
        f"{dispute_id}-told",
        company_id,
        invoice.cust_id,
        StandardType.DISPUTE.value,
        day,
        note=pick(DISPUTE_NOTES, number),
        user_id=user_id,
        tran_ids=(tran_id,),
        complete=True,
    )
    record(diary, user_id, told)
    command = OpenDispute(
        dispute_id,
        invoice.balance if whole else half(invoice),
        day,
        user_id,
        day,
        reason,
        exclude_aging=whole,
        note=told.note,
        activity_id=told.activity_id,
    )
    asked = [
        *documents_asked(company_id, [tran_id]),
        *reason_asked(reason),
        *activity_asked(told.activity_id),
    ]
    key = (dispute_id,)
    diary.note(day, user_id, "openDispute", DISPUTE, key, command, dispute_id, asked)
    if number % 4 == 1:
        closing = CloseDispute(today, today, pick(OUTCOMES, number // 4))
        done = f"{dispute_id}-closed"
        diary.note(today, user_id, "closeDispute", DISPUTE, key, closing, done)


def tag(diary: Diary, today: date, invoice: Document, user_id: str) -> None:
    """Note a reason code on a document that is not disputed."""
    key = (invoice.company_id, invoice.tran_id)
    day = max(invoice.tran_date, today - timedelta(5))
    asked = [*documents_asked(invoice.company_id, [invoice.tran_id]), *reason_asked("PO")]
    command = SetInvoiceReason("PO", day)
    name = work_id("reason-of", *key)
    diary.note(day, user_id, "setInvoiceReason", INVOICE_REASON, key, command, name, asked)


def reason_asked(code: str | None) -> tuple[Consulted, ...]:
    """Return that a decision asks a reason code, if there is one."""
    return () if code is None else (Consulted(REASON_CODE, (code,), domain.reason_code.facts),)


def half(invoice: Document) -> Decimal:
    """Return half of what is open of a document, at least the smallest amount that there is."""
    return max(rounded(invoice.balance / 2, invoice.curr_id), smallest_unit(invoice.curr_id))


def plan(diary: Diary, today: date, number: int, invoice: Document, user_id: str) -> None:
    """Note instalments of a document, the first one due days ago, if it can be parted."""
    day = max(invoice.tran_date, today - timedelta(35))
    part = rounded(invoice.balance / INSTALMENTS, invoice.curr_id)
    last = invoice.balance - part * (INSTALMENTS - 1)
    if part <= 0 or last <= 0:
        return
    amounts = [part] * (INSTALMENTS - 1) + [last]
    instalments = tuple(
        PlannedInstalment(day + timedelta(INSTALMENT_DAYS * place), amount)
        for place, amount in enumerate(amounts, 1)
    )
    key = (invoice.company_id, invoice.tran_id)
    command = SchedulePayments(instalments, pick(PLAN_REASONS, number), day)
    asked = documents_asked(invoice.company_id, [invoice.tran_id])
    name = work_id("plan", *key)
    diary.note(day, user_id, "schedulePayments", PAYMENT_SCHEDULE, key, command, name, asked)


def expect(
    diary: Diary, command: RecordExpectedPayment, number: int, user_id: str, *, called: bool = False
) -> None:
    """Note an expected payment and, if the customer was `called`, the conversation."""
    if called:
        talked = RecordActivity(
            f"{command.promise_id}-call",
            command.company_id,
            command.cust_id,
            StandardType.EXPECTED_PAYMENT.value,
            command.business_date,
            note=pick(PROMISES, number),
            user_id=user_id,
            tran_ids=command.tran_ids,
            complete=True,
        )
        record(diary, user_id, talked)
    diary.note(
        command.business_date,
        user_id,
        "recordExpectedPayment",
        PROMISE,
        (command.promise_id,),
        command,
        command.promise_id,
        [
            account_asked(command.company_id, command.cust_id),
            *activity_asked(command.activity_id),
            *documents_asked(command.company_id, command.tran_ids),
        ],
    )


def break_promise(diary: Diary, today: date, number: int, invoice: Document, user_id: str) -> None:
    """Note a promise that was not kept, if the document is old enough and nothing came since.

    One in five is but an expected payment, which is missed and not broken.
    """
    age = (today - invoice.tran_date).days
    made_on = today - timedelta(DAYS_TO_PAY + 1 + age * (1 + number % 3) // 4)
    paid_on = invoice.last_pmt_date
    if age < BROKEN_MIN_DAYS or (paid_on is not None and paid_on >= made_on):
        return
    promise_id = work_id("promise-broken", invoice.company_id, invoice.tran_id)
    command = RecordExpectedPayment(
        promise_id,
        invoice.company_id,
        invoice.cust_id,
        invoice.balance,
        made_on + timedelta(DAYS_TO_PAY),
        made_on,
        tran_ids=(invoice.tran_id,),
        promise=(number + 2) % 5 != 0,
        note=pick(PROMISES, number),
        user_id=user_id,
    )
    expect(diary, command, number, user_id)


def promise(diary: Diary, today: date, number: int, worked: Worked, user_id: str) -> None:
    """Note what is promised by days to come: several documents under one promise.

    One in four was expected first and promised the next day, one in four was withdrawn.
    """
    first = worked.documents[0]
    together = [
        one
        for one in worked.documents
        if one.curr_id == first.curr_id and one.tran_date <= today - timedelta(2)
    ][:PROMISED_MAX]
    if not together:
        return
    company_id, cust_id = worked.key
    made_on = today - timedelta(2)
    promise_id = work_id("promise", company_id, together[0].tran_id)
    call_id = f"{promise_id}-call"
    command = RecordExpectedPayment(
        promise_id,
        company_id,
        cust_id,
        sum((one.balance for one in together), Decimal(0)),
        today + timedelta(3 + number % 12),
        made_on,
        tran_ids=tuple(one.tran_id for one in together),
        promise=number % 4 != 1,
        user_id=user_id,
        activity_id=call_id,
    )
    expect(diary, command, number, user_id, called=True)
    day, key = today - timedelta(1), (promise_id,)
    if number % 4 == 1:
        name = f"{promise_id}-confirmed"
        diary.note(day, user_id, "confirmPromise", PROMISE, key, ConfirmPromise(day), name)
    if (number + 1) % 4 == 0:
        withdrawing = WithdrawPromise("Entered for the wrong account.", day)
        name = f"{promise_id}-withdrawn"
        diary.note(day, user_id, "withdrawPromise", PROMISE, key, withdrawing, name)


def keep_promise(diary: Diary, number: int, payment: Paid, user_id: str) -> None:
    """Note a promise that a payment kept, in whole or in part."""
    made_on = payment.pmt_date - timedelta(3)
    command = RecordExpectedPayment(
        work_id("promise-kept", payment.company_id, payment.payment_id),
        payment.company_id,
        payment.cust_id,
        payment.amount,
        made_on + timedelta(DAYS_TO_PAY),
        made_on,
        payment.curr_id,
        promise=True,
        user_id=user_id,
    )
    expect(diary, command, number, user_id, called=number % 2 == 0)


def keep_promise_of(diary: Diary, number: int, worked: Worked, user_id: str) -> None:
    """Note a promise to pay a part of a document, which its one payment kept, if there is such."""
    for invoice in worked.documents:
        paid_on = invoice.last_pmt_date
        if invoice.pmt_count == 1 and paid_on is not None and paid_on >= invoice.tran_date:
            command = RecordExpectedPayment(
                work_id("promise-kept", invoice.company_id, invoice.tran_id),
                invoice.company_id,
                invoice.cust_id,
                invoice.amount - invoice.balance,
                paid_on + timedelta(1),
                max(paid_on - timedelta(3), invoice.tran_date),
                tran_ids=(invoice.tran_id,),
                promise=True,
                user_id=user_id,
            )
            expect(diary, command, number, user_id)
            return


def pay_online(diary: Diary, today: date, number: int, worked: Worked, user_id: str) -> None:
    """Note a payment online that the ERP has not seen, after a first try that was declined."""
    first = worked.documents[0]
    together = [one for one in worked.documents if one.curr_id == first.curr_id][:2]
    amount = sum((one.balance for one in together), Decimal(0))
    invoices = tuple(PaidInvoice(one.tran_id, one.balance) for one in together)
    declined = Processor(*MERCHANT, "51", "Insufficient funds")
    succeeded = Processor(*MERCHANT, "00", "Approved", f"W{number:06d}")
    for name, processor in (("declined", declined), ("approved", succeeded)):
        record_payment(
            diary,
            today - timedelta(2 if processor is declined else 1),
            (work_id(f"online-{name}", *worked.key), *worked.key, amount, first.curr_id),
            user_id,
            processor,
            invoices=invoices,
            declined=processor is declined,
        )


def pay_online_before(diary: Diary, number: int, payment: Paid, user_id: str) -> None:
    """Note a payment online that the ERP saw: known by its reference or by amount and date."""
    known_as = payment.reference if number % 2 else None
    record_payment(
        diary,
        payment.pmt_date - timedelta(1),
        (
            work_id("online", payment.company_id, payment.payment_id),
            payment.company_id,
            payment.cust_id,
            payment.amount,
            payment.curr_id,
        ),
        user_id,
        Processor(*MERCHANT, "00", "Approved", known_as),
    )


def record_payment(
    diary: Diary,
    day: date,
    told: tuple[str, str, str, Decimal, str],
    user_id: str,
    processor: Processor,
    *,
    invoices: Sequence[PaidInvoice] = (),
    declined: bool = False,
) -> None:
    """Note a payment online: its id, company, customer, amount and currency, and what it pays."""
    pending_payment_id, company_id, cust_id, _, _ = told
    command = RecordPendingPayment(
        *told,
        day,
        tuple(invoices),
        declined,
        entry_user_id=user_id,
        processor=processor,
    )
    diary.note(
        day,
        user_id,
        "recordPendingPayment",
        PENDING_PAYMENT,
        (pending_payment_id,),
        command,
        pending_payment_id,
        [
            account_asked(company_id, cust_id),
            *documents_asked(company_id, [one.tran_id for one in invoices]),
        ],
    )
