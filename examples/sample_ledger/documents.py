"""Documents, payments and applications, drawn account by account."""

import msgspec
import numpy as np

from examples.sample_ledger.accounts import Accounts
from examples.sample_ledger.calendar_days import Calendar
from examples.sample_ledger.habits import (
    AMOUNT_FLOOR,
    AMOUNT_SPREAD,
    APPLIED_LATER_DAYS_MAX,
    APPLIED_LATER_SHARE,
    BOOKED_AHEAD_DAYS_MAX,
    CREDIT_MEMO_SHARE,
    CURRENCIES,
    DISPUTE_DELAY_DAYS,
    FIRST_PART_MEAN,
    FIRST_PART_SPREAD,
    FOREIGN_INVOICE_SHARE,
    FRIDAY,
    FUTURE_DAYS_MAX,
    FUTURE_SHARE,
    LONG_WAIT_LOG_MEAN,
    LONG_WAIT_LOG_SPREAD,
    MEASURED_TERMS_DAYS,
    MINOR,
    NEVER_PAID_SHARE,
    PART_GAP_DAYS_MIN,
    PART_GAP_LOG_MEAN,
    PART_GAP_LOG_SPREAD,
    PARTS_SHARES,
    POST_DATE_MISSING_SHARE,
    POSTED_LATER_SHARE,
    SATURDAY,
    SHORT_PART_MEAN,
    SHORT_PART_SPREAD,
    SHORT_SHARE,
    SPECIAL_TERMS_SHARE,
    SUNDAY,
    TERMS,
    TERMS_DAYS,
    UNAPPLIED_SHARE,
    USD_VALUES,
    WEEK,
    YEN,
)
from examples.sample_ledger.texts import Flags, Ints, document_numbers, group_sums
from examples.sample_ledger.vocabulary import CREDIT, FUTURE, INVOICE, Site


class Documents(msgspec.Struct, frozen=True):
    """A block of invoices and credit memos in order of their dates, a column an array."""

    sold_to: Ints
    account: Ints
    kind: Ints
    day: Ints
    posted: Ints  # Below zero: not delivered.
    due: Ints
    terms: Ints
    currency: Ints
    amount: Ints  # In the currency's smallest unit.
    disputed: Flags
    ids: list[str]

    @property
    def floor(self) -> Ints:
        """The first day on which a document may be paid."""
        return np.where(self.posted < 0, self.day, self.posted)


class Applications(msgspec.Struct, frozen=True):
    """What payments of a block were applied to, in order of the payments."""

    document: Ints
    payment: Ints
    amount: Ints


class Payments(msgspec.Struct, frozen=True):
    """The payments of a block in order of their dates."""

    account: Ints
    currency: Ints
    day: Ints
    applied_day: Ints
    applied: Ints
    unapplied: Ints
    ids: list[str]


def draw_documents(
    rng: np.random.Generator, site: Site, accounts: Accounts, calendar: Calendar, sold_to: Ints
) -> Documents:
    """Return documents, drawn."""
    count = len(sold_to)
    first = accounts.first_day[sold_to]
    day = first + (rng.random(count) * (accounts.last_day[sold_to] - first + 1)).astype(np.int64)
    day -= np.maximum(calendar.weekday(day) - FRIDAY, 0)
    luck = rng.random(count)
    kind = np.where(luck < CREDIT_MEMO_SHARE, CREDIT, INVOICE)
    kind = np.where(luck >= 1.0 - FUTURE_SHARE, FUTURE, kind)
    ahead = calendar.last + rng.integers(1, FUTURE_DAYS_MAX + 1, count)
    day = np.where(kind == FUTURE, ahead, day)
    order = np.argsort(day, kind="stable")
    day, kind, sold_to = day[order], kind[order], sold_to[order]
    account = accounts.billed_to[sold_to]

    special = rng.random(count) < SPECIAL_TERMS_SHARE
    terms = np.where(special, rng.integers(0, len(TERMS), count), accounts.terms[account])
    due = day + np.where(kind == CREDIT, 0, np.array(TERMS_DAYS)[terms])
    home = CURRENCIES.index(site.home_currency)
    in_theirs = rng.random(count) < FOREIGN_INVOICE_SHARE
    currency = np.where(in_theirs, accounts.currency[account], home)
    shape = np.maximum(1.0 + AMOUNT_SPREAD * rng.standard_normal(count), AMOUNT_FLOOR)
    minor = np.where(currency == YEN, 1, MINOR)
    value = accounts.typical_amount[sold_to] * shape / np.array(USD_VALUES)[currency] * minor
    value *= np.where(kind == CREDIT, -rng.uniform(0.05, 0.6, count), 1.0)
    return Documents(
        sold_to=sold_to,
        account=account,
        kind=kind,
        day=day,
        posted=draw_posting(rng, calendar, day, kind),
        due=due,
        terms=terms,
        currency=currency,
        amount=np.rint(value).astype(np.int64),
        disputed=(rng.random(count) < accounts.disputed[account]) & (kind == INVOICE),
        ids=document_numbers(calendar.document_ids, kind, day, calendar.document_numbers),
    )


def draw_posting(rng: np.random.Generator, calendar: Calendar, day: Ints, kind: Ints) -> Ints:
    """Return posting days: mostly the day itself."""
    luck = rng.random(len(day))
    next_workday = day + np.where(calendar.weekday(day) == FRIDAY, 3, 1)
    later = (luck < POSTED_LATER_SHARE) & (next_workday <= calendar.last)
    posted = np.where(later, next_workday, day)
    posted = np.where(luck >= 1.0 - POST_DATE_MISSING_SHARE, -1, posted)
    booked = calendar.last - rng.integers(0, BOOKED_AHEAD_DAYS_MAX + 1, len(day))
    return np.where(kind == FUTURE, np.maximum(booked, 0), posted)


def draw_payments(
    rng: np.random.Generator, accounts: Accounts, calendar: Calendar, documents: Documents
) -> tuple[Payments, Applications]:
    """Return the payments of the documents and what they were applied to."""
    document, day, amount = draw_instalments(rng, accounts, calendar, documents)
    kept = (day <= calendar.last) & (documents.kind[document] != FUTURE)
    document, day, amount = document[kept], day[kept], amount[kept]

    # What one account pays in one currency on one day is one payment.
    debtor = documents.account[document] * len(CURRENCIES) + documents.currency[document]
    document, debtor, day, amount = use_up_credits(document, debtor, day, amount)
    key = debtor * len(calendar.iso) + day
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    payment = np.cumsum(np.diff(key, prepend=-1) != 0) - 1
    applied = group_sums(amount, starts)
    kept = (amount > 0) | (applied[payment] > 0)
    document, payment, amount = document[kept], payment[kept], amount[kept]
    applied = np.zeros(len(starts), dtype=np.int64)
    np.add.at(applied, payment, amount)

    day, debtor = day[starts], debtor[starts]
    order = np.argsort(day, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    day, debtor, applied = day[order], debtor[order], applied[order]
    count = len(day)
    lag = rng.integers(1, APPLIED_LATER_DAYS_MAX + 1, count)
    lag *= rng.random(count) < APPLIED_LATER_SHARE
    rest = np.maximum(applied * rng.uniform(0.02, 0.3, count), 1.0).astype(np.int64)
    payments = Payments(
        account=debtor // len(CURRENCIES),
        currency=debtor % len(CURRENCIES),
        day=day,
        applied_day=np.minimum(day + lag, calendar.last),
        applied=applied,
        unapplied=rest * (rng.random(count) < UNAPPLIED_SHARE),
        ids=document_numbers(
            (calendar.payment_ids,), np.zeros_like(day), day, calendar.payment_numbers
        ),
    )
    payment = place[payment]
    order = np.argsort(payment, kind="stable")
    return payments, Applications(document[order], payment[order], amount[order])


def draw_instalments(
    rng: np.random.Generator, accounts: Accounts, calendar: Calendar, documents: Documents
) -> tuple[Ints, Ints, Ints]:
    """What is paid of which document when, were there no end to the history."""
    settled = draw_settlement(rng, accounts, documents)
    count = len(settled)
    parts = rng.choice(len(PARTS_SHARES), count, p=PARTS_SHARES) + 1
    short = documents.disputed & (rng.random(count) < SHORT_SHARE)
    parts[short | (documents.kind != INVOICE)] = 1
    document = np.repeat(np.arange(count), parts)
    starts = np.cumsum(parts) - parts
    part = np.arange(len(document)) - starts[document]

    gap = rng.lognormal(PART_GAP_LOG_MEAN, PART_GAP_LOG_SPREAD, len(document))
    gap = np.clip(gap, PART_GAP_DAYS_MIN, len(calendar.iso)).astype(np.int64) * (part > 0)
    elapsed = np.cumsum(gap)
    day = settled[document] + elapsed - elapsed[starts][document]
    day = to_payment_day(
        calendar, accounts.run_weekday[documents.account], documents, document, day
    )

    share = rng.normal(FIRST_PART_MEAN, FIRST_PART_SPREAD, count).clip(0.3, 0.9)
    share = np.where(parts > 1, share, 1.0)
    part_paid = rng.normal(SHORT_PART_MEAN, SHORT_PART_SPREAD, count).clip(0.2, 0.95)
    share = np.where(short, part_paid, share)
    first = np.where(share < 1.0, (documents.amount * share).astype(np.int64), documents.amount)
    rest = documents.amount - first
    middle = rest // np.maximum(parts - 1, 1)
    final = rest - middle * (parts - 2)
    amount = np.where(
        part == 0,
        first[document],
        np.where(part == parts[document] - 1, final[document], middle[document]),
    )
    paid = amount != 0
    return document[paid], day[paid], amount[paid]


def draw_settlement(rng: np.random.Generator, accounts: Accounts, documents: Documents) -> Ints:
    """The day of the first payment by the customer's habit; far beyond the history for never."""
    account = documents.account
    count = len(account)
    after_due = accounts.mean[account] + accounts.spread[account] * rng.standard_normal(count)
    after_due += DISPUTE_DELAY_DAYS * (documents.disputed - accounts.disputed[account])
    # Who pays half the term early pays half of any term early.
    scale = np.array(TERMS_DAYS)[documents.terms] / MEASURED_TERMS_DAYS
    after_due = np.rint(np.where(after_due < 0.0, after_due * scale, after_due)).astype(np.int64)
    by_habit = np.maximum(documents.due + after_due, documents.floor)
    waited = rng.lognormal(LONG_WAIT_LOG_MEAN, LONG_WAIT_LOG_SPREAD, count).astype(np.int64)
    at_last = np.where(
        rng.random(count) < NEVER_PAID_SHARE, np.iinfo(np.int32).max, documents.floor + waited
    )
    return np.where(accounts.seldom_pays[account], at_last, by_habit)


def to_payment_day(
    calendar: Calendar, run_weekday: Ints, documents: Documents, document: Ints, day: Ints
) -> Ints:
    """The nearest payment run of customers that have one, the nearest workday of the others."""
    run = run_weekday[document]
    weekday = calendar.weekday(day)
    to_run = (run - weekday + 3) % WEEK - 3
    on_run = day + to_run
    on_run += WEEK * (on_run < documents.floor[document])
    on_workday = day + np.where(weekday == SATURDAY, -1, np.where(weekday == SUNDAY, 1, 0))
    return np.where(run < 0, on_workday, on_run)


def use_up_credits(
    document: Ints, debtor: Ints, day: Ints, amount: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Give each credit to its debtor's next payment, or drop it; sort by payment."""
    order = np.lexsort((document, day, debtor))
    document, debtor, day, amount = document[order], debtor[order], day[order], amount[order]
    count = len(order)
    here = np.where(amount > 0, np.arange(count), count)
    following = np.minimum.accumulate(here[::-1])[::-1]
    found = following < count
    following = np.where(found, following, 0)
    if count:
        found &= debtor[following] == debtor
        day = np.where(found, day[following], day)
    document, debtor, day, amount = document[found], debtor[found], day[found], amount[found]
    order = np.lexsort((document, day, debtor))
    return document[order], debtor[order], day[order], amount[order]
