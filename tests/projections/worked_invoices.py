"""Every field of documents, worked out from the events in plain Python."""

from datetime import date, timedelta

from domain.invoice_reason import InvoiceReasonSet
from domain.reason_code import ReasonCodeRetired
from domain.shared.standard_type import StandardType
from tests.projections.worked import (
    ZERO,
    Document,
    Figures,
    Key,
    Ledger,
    aged,
    days_between,
    last,
    rounded,
)


def invoices(ledger: Ledger) -> dict[Key, Figures]:
    """The documents that there are on the date, with every field."""
    return {
        key: invoice(ledger, key, one)
        for key, one in ledger.documents.items()
        if one.plain.effective_from <= ledger.as_of
    }


def invoice(ledger: Ledger, key: Key, one: Document) -> Figures:
    own, due, as_of = one.own, ledger.due_of(key, one), ledger.as_of
    balance, balance_hc = ledger.open_of(one)
    schedule = ledger.schedule_of(key)
    closed_on = one.closed_on if one.closed_on and one.closed_on <= as_of else None
    paid_on = [on for on in one.applied_on if on <= as_of]
    percent = rounded((own.amount - balance) / own.amount * 100) if own.amount else None
    cost = balance_hc * ledger.options.credit_apr / 100 / 365
    expected_on = None
    if balance_hc > 0:
        habit = ledger.habit(one.account, own.amount_hc, own.home_curr_id)
        expected_on = max(as_of, due + timedelta(habit))
    account = ledger.account_document(one.account)
    return {
        **{name: getattr(own, name) for name in own.__struct_fields__},
        "cust_name": account and account.cust_name,
        "effective_from": one.plain.effective_from,
        "status": one.status,
        "balance": balance,
        "balance_hc": balance_hc,
        "due_date": own.due_date if schedule is None else due,
        "closing_tran_date": closed_on,
        "last_pmt_date": max(paid_on, default=None),
        "pmt_count": len(paid_on),
        "percent_paid": percent,
        "due_date_days": (as_of - due).days,
        "tran_date_days": (as_of - own.tran_date).days,
        "days_due_to_pay": days_between(due, closed_on),
        "pay_sched": schedule is not None,
        "orig_due_date": schedule and schedule.orig_due_date,
        "orig_tran_amt": schedule and schedule.orig_tran_amt,
        "orig_tran_amt_hc": schedule and schedule.orig_tran_amt_hc,
        "days_paid_late": schedule and days_between(schedule.instalments[-1].due_date, closed_on),
        "counted_balance_hc": ledger.counted(key, one),
        "proj_pmt_date": expected_on,
        "proj_pmt_days": days_between(due, expected_on),
        "payment_due_days": days_between(as_of, expected_on),
        "coc_balance": rounded(cost * (as_of - own.tran_date).days),
        "daily_carry": rounded(cost),
        "known_from": one.known_from,
        **dispute_figures(ledger, key),
        **communications(ledger, key, due, closed_on),
        **aged(ledger.parts(key, one), as_of, ledger.options),
        **ledger.own_fields("invoice", key),
    }


def dispute_figures(ledger: Ledger, key: Key) -> Figures:
    found = ledger.disputed(key)
    coded = sorted(
        (one for one in found if one["code"] is not None),
        key=lambda one: (-one["code_date"].toordinal(), one["id"]),
    )
    tags = ledger.of("invoice_reason", *key)
    tag, tagged = last(tags, InvoiceReasonSet), None
    if tag is not None and tag.code_date <= ledger.as_of:
        cleared = tags[-1] is not tag and tags[-1].cleared_on <= ledger.as_of
        tagged = None if cleared else tag.reason_code
    severities = [severity(ledger, one["code"]) for one in coded]
    return {
        "in_dispute": bool(found),
        "dispute_amount": sum((one["amount"] for one in found), ZERO),
        "excluded_amount_hc": ledger.excluded(key),
        "dispute_date": min((one["date"] for one in found), default=None),
        "reason_code": coded[0]["code"] if coded else tagged,
        "severity": min((one for one in severities if one is not None), default=None),
    }


def severity(ledger: Ledger, code: str) -> int | None:
    told = [one for one in ledger.of("reason_code", code) if not isinstance(one, ReasonCodeRetired)]
    return told[-1].severity if told else None


def communications(ledger: Ledger, key: Key, due: date, closed_on: date | None) -> Figures:
    tagged = [
        one
        for one in ledger.activities
        if one.recorded.company_id == key[0]
        and one.recorded.standard_type is not StandardType.ACCOUNT_NOTE
        and one.recorded.entered_on <= ledger.as_of
        and one.tagged.get(key[1], date.max) <= ledger.as_of
    ]
    done = [
        one.completed.completed_on
        for one in tagged
        if one.completed is not None and one.completed.completed_on <= ledger.as_of
    ]
    first_on, last_on = min(done, default=None), max(done, default=None)
    return {
        "tag_count": len(tagged),
        "first_com_date": first_on,
        "last_com_date": last_on,
        "days_due_to1st_com": days_between(due, first_on),
        "days_due_to_last_com": days_between(due, last_on),
        "days1st_com_to_pay": days_between(first_on, closed_on),
        "days_last_com_to_pay": days_between(last_on, closed_on),
    }
