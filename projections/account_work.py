"""What is being done about accounts: care, issues, activities, promises, disputes, payments online.

Joins and fields of the accounts view. Each join that works figures out comes in two forms, for
all accounts in one pass and for one at a time (`c`). `g` is what collectors say of the account
themselves, `j` the options of its company, `f` the range of its credit score, `w` its issues, `v`
its open activities, `k` its completed ones, `l` the last of those, `m` its open promises, `b` its
broken ones, `q` its disputes, `z` its payments online.
"""

from collections.abc import Callable, Mapping

from domain.shared.record_types import RecordType
from projections.account_care import ACCOUNT_CARE
from projections.activities import ACTIVITIES
from projections.company_options import COMPANY_OPTIONS
from projections.credit_score_sql import credit_score_join
from projections.disputes import DISPUTES
from projections.figure_records import RecordKind, Records
from projections.issues import ISSUES
from projections.pending_payments import PENDING_PAYMENTS
from projections.promises import PROMISES
from projections.user_defined import USER_FIELDS_JOIN, own_fields, user_fields_join
from projections.view import Asked, Field, Kind

(_CARE,) = ACCOUNT_CARE.tables
(_COMPANY_OPTIONS,) = COMPANY_OPTIONS.tables
_ISSUES = ISSUES.tables[0]
_ACTIVITIES = ACTIVITIES.tables[0]
_PROMISES = PROMISES.tables[0]
(_DISPUTES,) = DISPUTES.tables
_PENDING = PENDING_PAYMENTS.tables[0]

CREDIT_SCORE = "coalesce(g.credit_score, c.credit_score)"
"""The SQL of the score that counts: the one given or computed here, else the ERP's (ACC-10)."""

WINDOWS = {
    "broken_promise90_days": ("90 days", "90 days"),
    "broken_promise6_mnths": ("6 months", "6 months"),
    "broken_promises1_yr": ("1 year", "year"),
    "broken_promise2_yrs": ("2 years", "2 years"),
}
"""Field -> the interval of SQL, and how it is called; each window holds the ones before [C12]."""

IS_PROMISE = "x.promised_on <= %(as_of)s"
"""The SQL condition that an expected payment was a promise by the date (PRM-02)."""

UNSETTLED = "(x.settled_on IS NULL OR x.settled_on > %(as_of)s)"
"""The SQL condition that an expected payment is open on the date."""


def within(column: str, interval: str) -> str:
    """Return the SQL condition that a date lies in an interval up to the date."""
    return f"{column} <= %(as_of)s AND {column} > %(as_of)s::date - interval '{interval}'"


def _care(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_CARE)} g ON g.tenant = c.tenant
        AND g.company_id = c.company_id AND g.cust_id = c.cust_id"""


def _company_options(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_COMPANY_OPTIONS)} j ON j.tenant = c.tenant
        AND j.company_id = c.company_id"""


def _score(asked: Asked) -> str:
    return credit_score_join(CREDIT_SCORE, asked.options.credit_score_ranges, "f")


def _issues(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of the issues of accounts that are open on the date."""
    return f"""
        SELECT x.company_id, x.cust_id{by}, count(*) AS issues, min(x.opened_on) AS oldest_on,
               (array_agg(x.subject ORDER BY x.opened_on, x.issue_no))[1] AS oldest_subject
        FROM {asked.rows(_ISSUES)} x
        WHERE x.tenant = %(tenant)s AND x.opened_on <= %(as_of)s
          AND (x.resolved_on IS NULL OR x.resolved_on > %(as_of)s) AND {condition}
        GROUP BY x.company_id, x.cust_id{by}"""


_DONE = "x.completed_on <= %(as_of)s"
_OPEN = f"({_DONE}) IS NOT TRUE AND (x.withdrawn_on <= %(as_of)s) IS NOT TRUE"


def _open_activities(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of the activities of accounts that are open on the date."""
    return f"""
        SELECT x.company_id, x.cust_id{by}, count(*) AS activities,
               min(CASE WHEN x.due_on IS NULL AND x.follow_up_entered_on > %(as_of)s THEN NULL
                   ELSE coalesce(x.due_on, x.respond_by) END) AS oldest_due_on,
               max(x.entered_on) AS newest_on
        FROM {asked.rows(_ACTIVITIES)} x
        WHERE x.tenant = %(tenant)s AND x.entered_on <= %(as_of)s AND {_OPEN} AND {condition}
        GROUP BY x.company_id, x.cust_id{by}"""


def _closed_activities(asked: Asked, condition: str) -> str:
    """Return the SQL of when activities of accounts were completed last."""
    return f"""
        SELECT x.company_id, x.cust_id, max(x.completed_on) AS last_on
        FROM {asked.rows(_ACTIVITIES)} x
        WHERE x.tenant = %(tenant)s AND x.entered_on <= %(as_of)s AND {_DONE} AND {condition}
        GROUP BY x.company_id, x.cust_id"""


def _last_activity(asked: Asked, condition: str) -> str:
    """Return the SQL of the last completed activity of accounts [C24]."""
    return f"""
        SELECT DISTINCT ON (x.company_id, x.cust_id) x.*
        FROM {asked.rows(_ACTIVITIES)} x
        WHERE x.tenant = %(tenant)s AND x.entered_on <= %(as_of)s AND {_DONE} AND {condition}
        ORDER BY x.company_id, x.cust_id, x.completed_on DESC, x.activity_no DESC"""


def _open_promises(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of the promises and expected payments of accounts that are open."""
    return f"""
        SELECT x.company_id, x.cust_id{by}, count(*) FILTER (WHERE {IS_PROMISE}) AS promises,
               min(x.expect_date) AS next_expected_on
        FROM {asked.rows(_PROMISES)} x
        WHERE x.tenant = %(tenant)s AND x.made_on <= %(as_of)s AND {UNSETTLED} AND {condition}
        GROUP BY x.company_id, x.cust_id{by}"""


def _broken_promises(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of the broken promises of accounts, by window."""
    windows = ", ".join(
        f"count(*) FILTER (WHERE {within('x.broken_on', interval)}) AS {name}"
        for name, (interval, _) in WINDOWS.items()
    )
    return f"""
        SELECT x.company_id, x.cust_id{by}, count(*) AS promises, {windows}
        FROM {asked.rows(_PROMISES)} x
        WHERE x.tenant = %(tenant)s AND x.made_on <= %(as_of)s AND x.broken_on <= %(as_of)s
          AND {condition}
        GROUP BY x.company_id, x.cust_id{by}"""


def _disputes(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of the disputes of accounts: open ones, and all there have been."""
    is_open = "(x.closed_on IS NULL OR x.closed_on > %(as_of)s)"
    return f"""
        SELECT x.company_id, x.cust_id{by}, count(*) AS disputes,
               count(*) FILTER (WHERE {is_open}) AS open_disputes,
               sum(x.amount_hc) FILTER (WHERE {is_open}) AS disputed_hc
        FROM {asked.rows(_DISPUTES)} x
        WHERE x.tenant = %(tenant)s AND x.dispute_date <= %(as_of)s AND {condition}
        GROUP BY x.company_id, x.cust_id{by}"""


def _pending(asked: Asked, condition: str, by: str = "") -> str:
    """Return the SQL of payments online that the ERP does not have yet."""
    return f"""
        SELECT x.company_id, x.cust_id{by}, count(*) AS payments
        FROM {asked.rows(_PENDING)} x
        WHERE x.tenant = %(tenant)s AND x.status <> 'declined' AND x.create_date <= %(as_of)s
          AND (x.reconcile_date IS NULL OR x.reconcile_date > %(as_of)s) AND {condition}
        GROUP BY x.company_id, x.cust_id{by}"""


_FIGURES: Mapping[str, tuple[str, Callable[[Asked, str], str]]] = {
    "issues": ("w", _issues),
    "open_activities": ("v", _open_activities),
    "closed_activities": ("k", _closed_activities),
    "last_activity": ("l", _last_activity),
    "open_promises": ("m", _open_promises),
    "broken_promises": ("b", _broken_promises),
    "disputes": ("q", _disputes),
    "pending": ("z", _pending),
}


def _all(name: str, figures: Callable[[Asked, str], str]) -> Callable[[Asked], str]:
    return lambda asked: (
        f"LEFT JOIN ({figures(asked, 'true')}) {name}"
        f" ON {name}.company_id = c.company_id AND {name}.cust_id = c.cust_id"
    )


def _one(name: str, figures: Callable[[Asked, str], str]) -> Callable[[Asked], str]:
    own = "x.company_id = c.company_id AND x.cust_id = c.cust_id"
    return lambda asked: f"LEFT JOIN LATERAL ({figures(asked, own)}) {name} ON true"


WORK_JOINS: Mapping[str, Callable[[Asked], str]] = {
    "care": _care,
    "company_options": _company_options,
    "score": _score,
    **{join: _all(name, figures) for join, (name, figures) in _FIGURES.items()},
    USER_FIELDS_JOIN: user_fields_join("c", RecordType.CUSTOMER),
}
"""The joins for all accounts."""

WORK_EACH: Mapping[str, Callable[[Asked], str]] = {
    join: _one(name, figures) for join, (name, figures) in _FIGURES.items()
}
"""Those that differ for one account at a time."""


def _records(
    kind: RecordKind, alias: str, column: str, figures: Callable[[Asked, str, str], str]
) -> Records:
    own, by = "x.company_id = c.company_id AND x.cust_id = c.cust_id", f", x.{column}"
    return Records(
        alias,
        {kind: column},
        lambda asked: figures(asked, "true", by),
        lambda asked: figures(asked, own, by),
    )


WORK_RECORDS: Mapping[str, Records] = {
    "issues": _records(RecordKind.ISSUE, "w", "issue_id", _issues),
    "open_activities": _records(RecordKind.ACTIVITY, "v", "activity_id", _open_activities),
    "open_promises": _records(RecordKind.PROMISE, "m", "promise_id", _open_promises),
    "broken_promises": _records(RecordKind.PROMISE, "b", "promise_id", _broken_promises),
    "disputes": _records(RecordKind.DISPUTE, "q", "dispute_id", _disputes),
    "pending": _records(RecordKind.PENDING_PAYMENT, "z", "pending_payment_id", _pending),
}
"""The records that the figures of joins are added up of."""


def work_fields() -> tuple[Field, ...]:
    """Return the fields."""
    return (
        *_care_fields(),
        *own_fields(),
        *_issue_fields(),
        *_activity_fields(),
        *_promise_fields(),
        *_dispute_fields(),
    )


def _text(name: str, description: str, sql: str, needs: str, source: str) -> Field:
    return Field(name, Kind.TEXT, description, sql, nullable=True, needs=(needs,), source=source)


def _date(name: str, description: str, sql: str, needs: str, source: str) -> Field:
    return Field(name, Kind.DATE, description, sql, nullable=True, needs=(needs,), source=source)


def _days(name: str, description: str, since: str, needs: str, source: str) -> Field:
    sql = f"(%(as_of)s::date - {since})"
    return Field(name, Kind.INTEGER, description, sql, nullable=True, needs=(needs,), source=source)


def _count(name: str, description: str, sql: str, needs: str, source: str) -> Field:
    return Field(
        name, Kind.INTEGER, description, f"coalesce({sql}, 0)", needs=(needs,), source=source
    )


def _care_fields() -> tuple[Field, ...]:
    ranged = ("care", "score")
    return (
        _text(
            "assigned_user_id",
            "The user who works on the account; null if nobody does.",
            "g.assigned_user_id",
            "care",
            "USR-10, LIST-04",
        ),
        _text(
            "credit_class_id",
            "The credit class, which says by which rules the account is worked on.",
            "g.credit_class_id",
            "care",
            "RULE-01, ACC-23",
        ),
        Field(
            "online_pmt_option",
            Kind.BOOLEAN,
            "Whether the account's own option allows to pay online.",
            "coalesce(g.online_pmt_option, false)",
            needs=("care",),
            source="ACC-24",
        ),
        Field(
            "online_pmt_allowed",
            Kind.BOOLEAN,
            "Whether the customer may pay online: its own option and its company's both allow it;"
            " a company without an option is as the site.",
            "(coalesce(g.online_pmt_option, false)"
            " AND coalesce(j.online_payments, %(online_payments)s))",
            needs=("care", "company_options"),
            source="PND-15",
        ),
        Field(
            "days_to_respond",
            Kind.INTEGER,
            "The account's own days to respond; null if the rule's or the site's count.",
            "g.days_to_respond",
            nullable=True,
            needs=("care",),
            source="ACC-26, FUP-04",
        ),
        Field(
            "sales_reps",
            Kind.JSON,
            "Sales people beside the primary one: a list of their ids.",
            "coalesce(g.sales_reps, '[]')",
            needs=("care",),
            source="ACC-20",
        ),
        _text(
            "credit_score",
            "The credit score, numbers and letters: given or computed here, else the ERP's.",
            CREDIT_SCORE,
            "care",
            "ACC-10",
        ),
        _text(
            "credit_score_source",
            "Where the score given here is from: manual or computed; null if it is the ERP's.",
            "g.credit_score_source",
            "care",
            "ACC-10, ACC-12",
        ),
        Field(
            "credit_score_range",
            Kind.TEXT,
            "What the range is called that the score falls in.",
            "f.name",
            nullable=True,
            needs=ranged,
            source="ACC-11",
        ),
        Field(
            "credit_score_color",
            Kind.TEXT,
            "The colour of the range that the score falls in, as #rrggbb.",
            "f.color",
            nullable=True,
            needs=ranged,
            source="ACC-11",
        ),
        *(
            _text(
                f"bureau{number}",
                f"The score of the site's credit bureau {number}.",
                f"g.bureau_{number}",
                "care",
                "ACC-11",
            )
            for number in (1, 2, 3)
        ),
    )


def _issue_fields() -> tuple[Field, ...]:
    return (
        _count("open_issue_cnt", "How many issues are open.", "w.issues", "issues", "ISS-11"),
        _date(
            "oldest_issue_date",
            "When the oldest open issue was opened.",
            "w.oldest_on",
            "issues",
            "ISS-12",
        ),
        _text(
            "oldest_issue_description",
            "What the oldest open issue is about.",
            "w.oldest_subject",
            "issues",
            "ISS-12",
        ),
    )


def _activity_fields() -> tuple[Field, ...]:
    return (
        _count(
            "open_activity_count",
            "How many activities are open.",
            "v.activities",
            "open_activities",
            "ISS-10",
        ),
        _days(
            "oldest_due_date_days",
            "Days since the earliest day on which an open activity is due.",
            "v.oldest_due_on",
            "open_activities",
            "ACT-29",
        ),
        _days(
            "days_since_open_activity",
            "Days since the newest open activity was entered.",
            "v.newest_on",
            "open_activities",
            "ACT-28",
        ),
        _days(
            "days_since_closed_activity",
            "Days since an activity was completed last.",
            "k.last_on",
            "closed_activities",
            "ACT-27",
        ),
        _text(
            "last_activity",
            "The action code of the last completed activity.",
            "l.action_code",
            "last_activity",
            "ACT-24, CODE-07",
        ),
        _text(
            "last_activity_type",
            "The type of the last completed activity.",
            "l.activity_type",
            "last_activity",
            "ACT-24",
        ),
        _date(
            "last_activity_date",
            "When the last activity was completed.",
            "k.last_on",
            "closed_activities",
            "ACT-25",
        ),
        _days(
            "last_activity_days",
            "Days since the last activity was completed.",
            "k.last_on",
            "closed_activities",
            "ACT-25",
        ),
        _text(
            "last_activity_note",
            "The note of the last completed activity.",
            "l.note",
            "last_activity",
            "ACT-26",
        ),
        _text(
            "last_activity_user_id",
            "The user of the last completed activity.",
            "l.user_id",
            "last_activity",
            "ACT-26",
        ),
    )


def _promise_fields() -> tuple[Field, ...]:
    return (
        _count(
            "open_promise_count",
            "How many promises are open.",
            "m.promises",
            "open_promises",
            "PRM-13",
        ),
        _date(
            "next_expected_date",
            "The earliest day on which an open promise or expected payment is due.",
            "m.next_expected_on",
            "open_promises",
            "PRM-07",
        ),
        _count(
            "broken_promise_count",
            "How many promises were broken.",
            "b.promises",
            "broken_promises",
            "PRM-13",
        ),
        *(
            _count(
                name,
                f"How many promises were broken within the {words} up to the date.",
                f"b.{name}",
                "broken_promises",
                "PRM-12",
            )
            for name, (_, words) in WINDOWS.items()
        ),
    )


def _dispute_fields() -> tuple[Field, ...]:
    return (
        _count(
            "open_dispute_count",
            "How many disputes are open.",
            "q.open_disputes",
            "disputes",
            "DSP-11",
        ),
        _count(
            "dispute_count",
            "How many disputes there have been.",
            "q.disputes",
            "disputes",
            "DSP-13",
        ),
        Field(
            "disputed_amount_hc",
            Kind.MONEY,
            "What is disputed in open disputes, in home currency.",
            "coalesce(q.disputed_hc, 0)",
            currency="home_curr_id",
            needs=("company", "disputes"),
            source="DSP-02",
        ),
        _count(
            "pending_payment_count",
            "How many payments made online the ERP does not have yet.",
            "z.payments",
            "pending",
            "PND-01",
        ),
    )
