"""Every field of accounts, worked out from the events in plain Python."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.account import AccountAmended, AccountDocument, AccountOpened
from domain.account_care import (
    AccountAssigned,
    AccountClassified,
    CreditRated,
    DaysToRespondSet,
    OnlinePaymentsAllowed,
    PrimarySalesPersonSet,
    SalesRepsSet,
)
from domain.credit_score import range_of
from domain.issue import IssueReopened, IssueResolved
from domain.pending_payment import PendingPaymentReconciled
from domain.promise import (
    ExpectedPaymentMissed,
    PromiseBroken,
    PromiseConfirmed,
    PromiseKept,
    PromiseWithdrawn,
)
from domain.size_ranges import RANGES, size_range
from domain.user import UserChanged, UserRegistered
from tests.projections.worked import (
    ZERO,
    Amount,
    Figures,
    Key,
    Ledger,
    Work,
    aged,
    days_between,
    last,
    mean,
    rounded,
    rounded_mean,
)

WITHIN = (7, 14, 21, 28, 35)
"""Within how many days expected payments are summed up (KPI-23)."""


def accounts(ledger: Ledger) -> dict[Key, Figures]:
    """All accounts, with every field."""
    return {key: account(ledger, key) for key in ledger.told["account"]}


def account(ledger: Ledger, key: Key) -> Figures:
    document = ledger.account_document(key)
    assert document is not None
    told = [
        one
        for one in ledger.told["account"][key]
        if isinstance(one.event, AccountOpened | AccountAmended)
    ]
    as_of, apr = ledger.as_of, ledger.options.credit_apr
    own = [one for one in ledger.amounts if one.account == key]
    unapplied = [one for one in ledger.unapplied if one.account == key]
    items = [*own, *unapplied]
    balances = [
        (one.own.tran_date, ledger.open_of(one))
        for one in ledger.documents.values()
        if one.account == key and (ledger.options.age_unapplied or ledger.open_of(one)[1] > 0)
    ]
    carried = [
        *((on, home) for on, (_, home) in balances),
        *((one.tran_date, one.amount) for one in unapplied),
    ]
    owed_since = min((on for on, home in carried if home > 0), default=None)
    late = [one.due for one in items if one.amount > 0 and one.due < as_of]
    standing = [
        one
        for one in items
        if one.stands and one.amount > 0 and one.tran_date <= as_of and one.due < as_of
    ]
    total = sum((one.amount for one in items), ZERO)
    sales = sales_of(ledger, key)
    home, limit = ledger.home(key[0]), document.credit_limit
    return {
        **{name: getattr(document, name) for name in document.__struct_fields__},
        "date_estab_days": days_between(document.date_estab, as_of),
        "home_curr_id": home,
        "implied": isinstance(told[-1].event, AccountOpened) and told[-1].event.implied,
        "known_from": told[-1].recorded_at,
        **aged(items, as_of, ledger.options),
        "no_over_due_inv": len(standing),
        "days_past_due": (as_of - min(late)).days if late else 0,
        "open_documents": sum(one.stands for one in items),
        "oldest_tran_date_days": days_between(owed_since, as_of),
        "sales": sales,
        "dso": rounded(total / sales * 365) if sales else None,
        "available_credit": None if limit is None else limit - total,
        "coc_balance": rounded(
            sum((home * (as_of - on).days for on, home in carried), ZERO) * apr / 100 / 365
        ),
        "daily_carry": rounded(sum((home for _, home in carried), ZERO) * apr / 100 / 365),
        **expected(ledger, own, home),
        **paying(ledger, key, home),
        **care(ledger, key, document),
        **ledger.own_fields("customer", key),
        **issues(ledger, key),
        **activity_figures(ledger, key),
        **promises(ledger, key),
        **contested(ledger, key),
    }


def sales_of(ledger: Ledger, key: Key) -> Decimal:
    since = ledger.as_of - timedelta(365)
    return sum(
        (
            one.own.amount_hc
            for one in ledger.documents.values()
            if one.account == key
            and since < one.own.tran_date <= ledger.as_of
            and one.plain.effective_from <= ledger.as_of
        ),
        ZERO,
    )


def expected(ledger: Ledger, own: Iterable[Amount], home: str) -> Figures:
    within = dict.fromkeys(WITHIN, ZERO)
    for one in own:
        if one.amount <= 0:
            continue
        habit = ledger.habit(one.account, one.size, home)
        on = max(ledger.as_of, one.due + timedelta(habit))
        for days in WITHIN:
            within[days] += one.amount if on <= ledger.as_of + timedelta(days) else 0
    return {f"proj_pmts{days}_days": amount for days, amount in within.items()}


def paying(ledger: Ledger, key: Key, home: str) -> Figures:
    own, bounds = [one for one in ledger.paid if one.account == key], ledger.bounds(home)
    late = [one.days_late for one in own]
    amount = sum((one.amount for one in own), ZERO)
    weighted = sum((one.days_late * one.amount for one in own), ZERO)
    counted = [
        (size_range(one.amount, bounds), one.days_to_pay)
        for one in own
        if one.days_to_pay is not None
    ]
    average = mean(late)
    return {
        "avg_days_late": rounded_mean(late),
        "avg_days_late_weighted": rounded(weighted / amount) if amount else None,
        "avg_days_late_diff": None if average is None else rounded(average - weighted / amount),
        "avg_days_count_total": len(own),
        "avg_days_sum_total": sum(late),
        "avg_days_amt_total": amount,
        "avg_days_weighted_total": weighted,
        "avg_days_to_pay_total": rounded_mean([days for _, days in counted]),
        "days_to_pay_count": len(counted),
        "days_to_pay_sum": sum(days for _, days in counted),
        **{
            f"avg_days_to_pay{number + 1}": rounded_mean(
                [days for size, days in counted if size == number]
            )
            for number in range(RANGES)
        },
    }


def care(ledger: Ledger, key: Key, document: AccountDocument) -> Figures:
    told = ledger.of("account_care", *key)

    def said(kind: type, name: str, otherwise: Any = None) -> Any:
        found = last(told, kind)
        return otherwise if found is None else getattr(found, name)

    allowed = said(OnlinePaymentsAllowed, "allowed", False)
    options = ledger.of("company_options", key[0])
    of_company = options[-1].options.online_payments if options else None
    if of_company is None:
        of_company = ledger.options.online_payments
    score = said(CreditRated, "credit_score") or document.credit_score
    source = said(CreditRated, "source")
    ranged = range_of(score, ledger.options.credit_score_ranges)
    here = said(PrimarySalesPersonSet, "sper_id")
    sper_id = document.sper_id or here
    name = document.sper_name if document.sper_id or not here else None
    if name is None and sper_id is not None:
        person = ledger.of("sales_person", key[0], sper_id)
        user = last(ledger.of("user", sper_id), UserRegistered, UserChanged)
        name = person[-1].document.sper_name if person else None
        name = name or (user.profile.name if user else None)
    return {
        "assigned_user_id": said(AccountAssigned, "user_id"),
        "credit_class_id": said(AccountClassified, "credit_class_id"),
        "online_pmt_option": allowed,
        "online_pmt_allowed": allowed and of_company,
        "days_to_respond": said(DaysToRespondSet, "days"),
        "sales_reps": list(said(SalesRepsSet, "sales_reps", ())),
        "credit_score": score,
        "credit_score_source": source and source.value,
        "credit_score_range": ranged and ranged.name,
        "credit_score_color": ranged and ranged.color,
        **{f"bureau{n}": said(CreditRated, f"bureau_{n}") for n in (1, 2, 3)},
        "sper_id": sper_id,
        "sper_name": name,
    }


def issues(ledger: Ledger, key: Key) -> Figures:
    found: list[tuple[date, int, str]] = []
    for told in ledger.told["issue"].values():
        opened: Any = told[0].event
        ended = last([one.event for one in told], IssueResolved, IssueReopened)
        resolved = isinstance(ended, IssueResolved) and ended.resolved_on <= ledger.as_of
        begun = opened.opened_on <= ledger.as_of
        if (opened.company_id, opened.cust_id) == key and begun and not resolved:
            found.append((opened.opened_on, told[0].position, opened.subject))
    oldest = min(found, default=(None, 0, None))
    return {
        "open_issue_cnt": len(found),
        "oldest_issue_date": oldest[0],
        "oldest_issue_description": oldest[2],
    }


def activity_figures(ledger: Ledger, key: Key) -> Figures:
    as_of = ledger.as_of
    own = [
        one
        for one in ledger.activities
        if (one.recorded.company_id, one.recorded.cust_id) == key
        and one.recorded.entered_on <= as_of
    ]
    done = sorted(
        (
            (one.completed.completed_on, one.number, one)
            for one in own
            if one.completed is not None and one.completed.completed_on <= as_of
        ),
        key=lambda one: one[:2],
    )
    finished = {number for _, number, _ in done}
    to_do = [
        one
        for one in own
        if one.number not in finished and (one.withdrawn_on is None or one.withdrawn_on > as_of)
    ]
    due = [on for one in to_do if (on := due_of(ledger, one)) is not None]
    newest = max((one.recorded.entered_on for one in to_do), default=None)
    on, _, one = done[-1] if done else (None, 0, None)
    return {
        "open_activity_count": len(to_do),
        "oldest_due_date_days": days_between(min(due, default=None), as_of),
        "days_since_open_activity": days_between(newest, as_of),
        "days_since_closed_activity": days_between(on, as_of),
        "last_activity": one and one.recorded.action_code,
        "last_activity_type": one and one.recorded.activity_type,
        "last_activity_date": on,
        "last_activity_days": days_between(on, as_of),
        "last_activity_note": one and one.note,
        "last_activity_user_id": one and one.recorded.user_id,
    }


def due_of(ledger: Ledger, one: Work) -> date | None:
    """When an activity is due: on its day, else when to respond by, else to follow up."""
    if one.recorded.due_on is not None:
        return one.recorded.due_on
    if one.follow_up is None:
        return one.recorded.respond_by
    return one.follow_up.respond_by if one.follow_up.entered_on <= ledger.as_of else None


def end_of(ended: Any) -> date | None:
    """Since when an expected payment is not open any more; None while it is."""
    match ended:
        case (
            PromiseKept(kept_on=on)
            | PromiseBroken(broken_on=on)
            | PromiseWithdrawn(withdrawn_on=on)
        ):
            return on
        case ExpectedPaymentMissed(missed_on=on):
            return on
        case _:
            return None


def months_before(on: date, months: int) -> date:
    """The same day so many months before, or the last of a shorter month."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def promises(ledger: Ledger, key: Key) -> Figures:
    as_of = ledger.as_of
    broken_on: list[date] = []
    expected: list[date] = []
    promised = 0
    for told in ledger.all_of("promise"):
        recorded = told[0]
        if (recorded.company_id, recorded.cust_id) != key or recorded.made_on > as_of:
            continue
        ended = last(told, PromiseKept, PromiseBroken, PromiseWithdrawn, ExpectedPaymentMissed)
        ended_on = end_of(ended)
        confirmed = last(told, PromiseConfirmed)
        if isinstance(ended, PromiseBroken) and ended.broken_on <= as_of:
            broken_on.append(ended.broken_on)
        if ended_on is None or ended_on > as_of:
            expected.append(recorded.expect_date)
            since = recorded.made_on if recorded.promise else None
            since = since or (confirmed and confirmed.confirmed_on)
            promised += since is not None and since <= as_of
    return {
        "open_promise_count": promised,
        "next_expected_date": min(expected, default=None),
        "broken_promise_count": len(broken_on),
        "broken_promise90_days": sum(on > as_of - timedelta(90) for on in broken_on),
        "broken_promise6_mnths": sum(on > months_before(as_of, 6) for on in broken_on),
        "broken_promises1_yr": sum(on > months_before(as_of, 12) for on in broken_on),
        "broken_promise2_yrs": sum(on > months_before(as_of, 24) for on in broken_on),
    }


def contested(ledger: Ledger, key: Key) -> Figures:
    own = [one for one in ledger.disputes() if one["account"] == key]
    still = [one for one in own if one["open"]]
    waiting = 0
    for told in ledger.all_of("pending_payment"):
        recorded = told[0]
        found = told[-1] if isinstance(told[-1], PendingPaymentReconciled) else None
        begun = not recorded.declined and recorded.create_date <= ledger.as_of
        if (recorded.company_id, recorded.cust_id) == key and begun:
            waiting += found is None or found.reconcile_date > ledger.as_of
    return {
        "open_dispute_count": len(still),
        "dispute_count": len(own),
        "disputed_amount_hc": sum((one["amount_hc"] for one in still), ZERO),
        "pending_payment_count": waiting,
    }
