"""Which reasons for user actions there are on a date, compared with the actions that there are.

A reason holds for an account's user: of a promise that is broken and not paid since, of payments
that speak against how a promise was judged, of a follow-up that is past due, and of an online
payment that has waited longer than the site allows. An action is raised once for each occasion;
one whose reason is gone, or whose user has changed, is told, too. Promises that were broken long
ago, such as before there were user actions, are not news.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from domain.conditions import Compared, Operator
from domain.pending_payment import Status
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action_reason import GONE, Gone, Reason
from projections.activity_view import ACTIVITY_VIEW
from projections.listing import Listing, keys_of
from projections.query import Query, sql
from projections.view import Asked

REASONS_MAX = 10_000
"""Actions raised, or withdrawn, at once at most; what is left is told the next time."""

NEWS_DAYS = 31
"""For how many days after it was broken a promise is told that no action has told of."""

_COLUMNS = (
    "kind",
    "subject",
    "occasion",
    "company_id",
    "cust_id",
    "user_id",
    "dated",
    "amount",
    "curr_id",
    "note",
)
_FOLLOW_UP = ("company_id", "cust_id", "follow_up_on", "follow_up_user_id", "follow_up_desc")


def _reasons(asked: Asked) -> tuple[str, dict[str, Any]]:
    """Return the SQL of all reasons that hold on the date, and its parameters."""
    past_due = Compared("follow_up_past_due", Operator.EQ, True)
    follow_ups, parameters = keys_of(Listing(ACTIVITY_VIEW, asked, (), past_due), *_FOLLOW_UP)
    statement = f"""
        SELECT r.kind, r.subject, r.occasion, r.company_id, r.cust_id,
               coalesce(r.user_id, g.assigned_user_id) AS user_id, r.dated, r.amount, r.curr_id,
               r.note, r.news
        FROM (
            SELECT '{UserActionKind.BROKEN_PROMISE}' AS kind, p.promise_id AS subject,
                   p.expect_date::text COLLATE "C" AS occasion, p.company_id, p.cust_id,
                   NULL::text AS user_id, p.expect_date AS dated, p.amount, p.curr_id, p.note,
                   p.broken_on >= %(as_of)s::date - {NEWS_DAYS} AS news
            FROM promises p
            WHERE p.tenant = %(tenant)s AND p.status = 'broken' AND p.broken_on <= %(as_of)s
              AND NOT p.contradicted AND p.actual_amt < p.amount
              AND (NOT EXISTS (
                    SELECT FROM promise_invoices i
                    WHERE i.tenant = p.tenant AND i.promise_id = p.promise_id)
                OR EXISTS (
                    SELECT FROM promise_invoices i JOIN invoices d ON d.tenant = i.tenant
                      AND d.company_id = i.company_id AND d.tran_id = i.tran_id
                    WHERE i.tenant = p.tenant AND i.promise_id = p.promise_id
                      AND d.balance <> 0))
            UNION ALL
            SELECT '{UserActionKind.PROMISE_CONTRADICTED}', p.promise_id, p.settled_on::text,
                   p.company_id, p.cust_id, NULL, p.expect_date, p.amount, p.curr_id, p.note, true
            FROM promises p
            WHERE p.tenant = %(tenant)s AND p.contradicted AND p.settled_on <= %(as_of)s
            UNION ALL
            SELECT '{UserActionKind.PAYMENT_UNRECONCILED}', w.pending_payment_id,
                   w.create_date::text, w.company_id, w.cust_id, NULL, w.create_date, w.amount,
                   w.curr_id, NULL, true
            FROM pending_payments w
            WHERE w.tenant = %(tenant)s AND w.status = '{Status.NO_RESPONSE}'
              AND %(unreconciled_days)s > 0
              AND w.create_date + %(unreconciled_days)s::integer <= %(as_of)s
            UNION ALL
            SELECT '{UserActionKind.FOLLOW_UP_PAST_DUE}', f.activity_id, f.follow_up_on::text,
                   f.company_id, f.cust_id, f.follow_up_user_id, f.follow_up_on, NULL, NULL,
                   f.follow_up_desc, true
            FROM ({follow_ups}) f (activity_id, {", ".join(_FOLLOW_UP)})
        ) r
        LEFT JOIN account_care g ON g.tenant = %(tenant)s
            AND g.company_id = r.company_id AND g.cust_id = r.cust_id"""
    return statement, {
        **parameters,
        "unreconciled_days": asked.options.unreconciled_alert_days,
        "kinds": [kind.value for kind in GONE],
    }


def reasons_to_tell(asked: Asked, companies: Collection[str] | None = None) -> Query[Reason]:
    """Return the question for reasons that no action tells of, or that another user should know.

    They are of all companies, or of some.

    What a user has done is told no more, and what was told on a later date already is not told
    for an earlier one. What is no news is not told for the first time; it is told again if its
    reason returns.
    """
    reasons, parameters = _reasons(asked)
    columns = ", ".join(f"r.{column}" for column in _COLUMNS)
    statement = f"""
        SELECT {columns} FROM ({reasons}) r
        LEFT JOIN user_actions a ON a.tenant = %(tenant)s AND a.kind = r.kind
            AND a.subject = r.subject AND a.occasion = r.occasion
        WHERE (a.action_id IS NULL AND r.news
               OR a.withdrawn_on <= %(as_of)s
               OR a.done_on IS NULL AND a.withdrawn_on IS NULL AND a.raised_on <= %(as_of)s
                  AND a.user_id IS DISTINCT FROM r.user_id)
          AND {_of_companies("r")}
        ORDER BY r.kind, r.company_id, r.cust_id, r.subject, r.occasion
        LIMIT {REASONS_MAX}"""
    return Query(sql(statement), parameters | _companies(companies), _reason)


def actions_without_reason(asked: Asked, companies: Collection[str] | None = None) -> Query[Gone]:
    """Return the question for open actions, raised by the date, whose reasons are gone on it.

    They are of all companies, or of some.
    """
    reasons, parameters = _reasons(asked)
    statement = f"""
        SELECT a.action_id, a.kind FROM user_actions a
        WHERE a.tenant = %(tenant)s AND a.done_on IS NULL AND a.withdrawn_on IS NULL
          AND a.raised_on <= %(as_of)s AND a.kind = ANY(%(kinds)s) AND {_of_companies("a")}
          AND NOT EXISTS (
            SELECT FROM ({reasons}) r WHERE r.kind = a.kind AND r.subject = a.subject
              AND r.occasion = a.occasion)
        ORDER BY a.action_no LIMIT {REASONS_MAX}"""
    return Query(sql(statement), parameters | _companies(companies), _gone)


def _of_companies(row: str) -> str:
    """Return the condition that a row is of the companies that are asked for."""
    return f"(%(companies)s::text[] IS NULL OR {row}.company_id = ANY(%(companies)s::text[]))"


def _companies(companies: Collection[str] | None) -> dict[str, Any]:
    return {"companies": None if companies is None else sorted(companies)}


def _reason(
    kind: str,
    subject: str,
    occasion: str,
    company_id: str,
    cust_id: str,
    user_id: str | None,
    dated: date,
    amount: Decimal | None,
    curr_id: str | None,
    note: str | None,
) -> Reason:
    told = UserActionKind(kind)
    key = subject, occasion, company_id, cust_id
    return Reason(told, *key, user_id, dated, amount, curr_id, note)


def _gone(action_id: str, kind: str) -> Gone:
    return Gone(action_id, UserActionKind(kind))
