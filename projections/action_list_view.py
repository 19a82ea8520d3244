"""View: what is to be done, and in which order a collector would do it (LIST-01).

An entry is an open activity; an open issue without one, which needs a next step; or a follow-up
of an activity that is complete. Letters that the software sends by itself are entries, too, but
`automatic` ones. So are user actions, with the priority of their kind, and for the user who is
responsible.
"""

from projections.account_view import ACCOUNT_VIEW
from projections.action_codes import ACTION_CODES
from projections.activities import ACTIVITIES
from projections.activity_types import ACTIVITY_TYPES
from projections.activity_view import past_due
from projections.issues import ISSUES
from projections.user_action_view import kinds_of_user_actions
from projections.user_actions import USER_ACTIONS
from projections.view import Asked, Field, Kind, View, plain

(_CODES,) = ACTION_CODES.tables
(_TYPES,) = ACTIVITY_TYPES.tables
_ACTIVITIES = ACTIVITIES.tables[0]
_ISSUES = ISSUES.tables[0]
(_USER_ACTIONS,) = USER_ACTIONS.tables

PRIORITY_UNKNOWN = 500
"""Where what has no priority stands among what has one (1 to 999)."""

_DONE = "x.completed_on <= %(as_of)s"
_WITHDRAWN = "(x.withdrawn_on <= %(as_of)s) IS TRUE"
_OPEN = f"({_DONE}) IS NOT TRUE AND NOT {_WITHDRAWN}"
_UNRESOLVED = "(i.resolved_on IS NULL OR i.resolved_on > %(as_of)s)"
_TO_FOLLOW_UP = (
    "x.follow_up_entered_on <= %(as_of)s AND (x.follow_up_completed_on <= %(as_of)s) IS NOT TRUE"
)


def _source(asked: Asked) -> str:
    """Return the entries.

    They are open activities, follow-ups of others, issues without a next step, and user actions.
    """
    activities, issues = asked.rows(_ACTIVITIES), asked.rows(_ISSUES)
    late = past_due("coalesce(x.due_on, x.respond_by)", "x.due_on IS NULL AND x.days_counted")
    late_response = past_due("x.respond_by", "x.days_counted")
    return f"""(
        SELECT x.tenant, 'activity/' || x.activity_id AS entry_id, 'activity' AS kind,
               x.company_id, x.cust_id, x.issue_id, x.activity_id,
               NULL::text AS user_action_id, x.activity_type, x.action_code,
               coalesce(x.priority, i.priority) AS priority,
               coalesce(i.subject, x.note) AS subject, x.note,
               i.reason, x.assigned_user_id, x.entered_on,
               coalesce(x.due_on, x.respond_by) AS due_on, x.respond_by,
               coalesce({late}, false) OR x.follow_up_on IS NULL
                   AND coalesce({late_response}, false) AS past_due,
               x.standard_type = 'EmailSend'
                   AND coalesce(k.email_template, k.report_template) IS NOT NULL AS automatic
        FROM {activities} x
        LEFT JOIN {issues} i ON i.tenant = x.tenant AND i.issue_id = x.issue_id
        LEFT JOIN {asked.rows(_CODES)} k ON k.tenant = x.tenant AND k.code = x.action_code
        WHERE x.tenant = %(tenant)s AND x.entered_on <= %(as_of)s AND {_OPEN}
        UNION ALL
        SELECT x.tenant, 'follow_up/' || x.activity_id, 'follow_up', x.company_id, x.cust_id,
               x.issue_id, x.activity_id, NULL, x.activity_type, x.action_code,
               coalesce(x.priority, i.priority),
               coalesce(x.follow_up_desc, i.subject, x.note), x.note, i.reason,
               coalesce(x.follow_up_user_id, x.assigned_user_id), x.follow_up_entered_on,
               x.follow_up_on, x.respond_by, coalesce({late_response}, false), false
        FROM {activities} x
        LEFT JOIN {issues} i ON i.tenant = x.tenant AND i.issue_id = x.issue_id
        WHERE x.tenant = %(tenant)s AND x.entered_on <= %(as_of)s AND {_DONE}
          AND NOT {_WITHDRAWN} AND {_TO_FOLLOW_UP}
        UNION ALL
        SELECT i.tenant, 'issue/' || i.issue_id, 'issue', i.company_id, i.cust_id, i.issue_id,
               NULL, NULL, NULL, i.action_code, i.priority, i.subject, i.note, i.reason,
               i.assigned_user_id, i.opened_on, NULL::date, NULL::date, false, false
        FROM {issues} i
        WHERE i.tenant = %(tenant)s AND i.opened_on <= %(as_of)s AND {_UNRESOLVED}
          AND NOT EXISTS (
            SELECT FROM {activities} x
            WHERE x.tenant = i.tenant AND x.issue_id = i.issue_id AND x.entered_on <= %(as_of)s
              AND ({_OPEN} OR {_DONE} AND NOT {_WITHDRAWN} AND {_TO_FOLLOW_UP}))
        UNION ALL
        SELECT u.tenant, 'user_action/' || u.action_id, 'user_action', u.company_id, u.cust_id,
               NULL, u.activity_id, u.action_id, NULL, NULL, k.priority,
               k.description || ': ' || u.text, NULL, u.text, u.user_id, u.raised_on,
               NULL, NULL, false, false
        FROM {asked.rows(_USER_ACTIONS)} u
        JOIN {kinds_of_user_actions(asked)} ON k.kind = u.kind
        WHERE u.tenant = %(tenant)s AND u.raised_on <= %(as_of)s
          AND (u.done_on <= %(as_of)s) IS NOT TRUE AND (u.withdrawn_on <= %(as_of)s) IS NOT TRUE
        ) e"""


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "e.tenant = %(tenant)s"


def _type(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_TYPES)} y ON y.tenant = e.tenant
        AND y.code = e.activity_type"""


_OF_ACCOUNT = ("cust_name", "home_curr_id", "total_past_due", "days_past_due")
_MORE_OF_ACCOUNT = ("broken_promise90_days",)


def _account(asked: Asked, *, few: bool) -> str:
    """Join what of the account says how urgent an entry is."""
    fields = [ACCOUNT_VIEW.field(name) for name in (*_OF_ACCOUNT, *_MORE_OF_ACCOUNT)]
    columns = ", ".join(
        ["c.company_id AS of_company", "c.cust_id AS of_cust"]
        + [f"{field.sql} AS {field.name}" for field in fields]
    )
    source = ACCOUNT_VIEW.from_clause(asked, fields, few=few)
    rows = f"SELECT {columns} {source} WHERE {ACCOUNT_VIEW.where(asked)}"
    if few:
        own = "c.company_id = e.company_id AND c.cust_id = e.cust_id"
        return f"LEFT JOIN LATERAL ({rows} AND {own}) acc ON true"
    same = "acc.of_company = e.company_id AND acc.of_cust = e.cust_id"
    return f"LEFT JOIN ({rows}) acc ON {same}"


_PRIORITY = f"coalesce(e.priority, y.priority, {PRIORITY_UNKNOWN})"

ACTION_LIST_VIEW = View(
    name="action_list",
    description="What is to be done: open activities, follow-ups, issues without a next step, and"
    " user actions.",
    key=("entry_id",),
    source=_source,
    where=_where,
    joins={"type": _type, "account": lambda asked: _account(asked, few=False)},
    each={"account": lambda asked: _account(asked, few=True)},
    fields=(
        *plain(
            "e",
            Kind.TEXT,
            {
                "entry_id": "What tells it from all others.",
                "kind": "What it is: activity, follow_up, issue, which has no next step, or"
                " user_action.",
                "company_id": "The ERP company of the account.",
                "cust_id": "The account.",
            },
            source="LIST-01",
            nullable=False,
        ),
        Field(
            "cust_name",
            Kind.TEXT,
            "The name of the account.",
            "acc.cust_name",
            nullable=True,
            needs=("account",),
            source="ACC-02",
        ),
        *plain(
            "e",
            Kind.TEXT,
            {
                "issue_id": "The issue that it resolves.",
                "activity_id": "The activity.",
                "user_action_id": "The user action.",
                "activity_type": "What kind of activity it is.",
                "action_code": "The action code.",
                "subject": "What it is about.",
                "note": "What to do and why.",
                "reason": "What was the case when a rule made it, or the software raised it; null"
                " if a person entered it.",
                "assigned_user_id": "Who is to do it; null for anybody who has the time.",
            },
            source="LIST-01, LIST-03, LIST-04",
        ),
        Field(
            "priority",
            Kind.INTEGER,
            "How urgent it is, 1 being the most urgent: its own priority, else that of its issue,"
            f" else that of its type, else {PRIORITY_UNKNOWN}.",
            _PRIORITY,
            needs=("type",),
            source="LIST-01, CODE-02, ACT-23",
        ),
        Field("entered_on", Kind.DATE, "Since when it is to be done.", "e.entered_on"),
        Field(
            "due_on",
            Kind.DATE,
            "When it is due.",
            "e.due_on",
            nullable=True,
            source="LIST-06",
        ),
        Field(
            "respond_by",
            Kind.DATE,
            "By when to respond.",
            "e.respond_by",
            nullable=True,
            source="FUP-05",
        ),
        Field(
            "respond_due_days",
            Kind.INTEGER,
            "Days that are left to respond; negative if they are over.",
            "(e.respond_by - %(as_of)s::date)",
            nullable=True,
            source="FUP-06, LIST-06",
        ),
        Field(
            "past_due",
            Kind.BOOLEAN,
            "Whether it is past due.",
            "e.past_due",
            source="FUP-08, LIST-06",
        ),
        Field(
            "automatic",
            Kind.BOOLEAN,
            "Whether the software does it by itself: a letter made of a template.",
            "e.automatic",
            source="RULE-02",
        ),
        Field(
            "total_past_due",
            Kind.MONEY,
            "What the account owes that is past due, in home currency.",
            "acc.total_past_due",
            nullable=True,
            currency="home_curr_id",
            needs=("account",),
            source="LIST-08",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The company's home currency, as the ERP writes it.",
            "acc.home_curr_id",
            nullable=True,
            needs=("account",),
            source="CMP-06",
        ),
        Field(
            "days_past_due",
            Kind.INTEGER,
            "For how many days the account has been past due.",
            "acc.days_past_due",
            nullable=True,
            needs=("account",),
            source="ACC-25",
        ),
        Field(
            "broken_promise90_days",
            Kind.INTEGER,
            "How many promises the account broke within the 90 days up to the date.",
            "acc.broken_promise90_days",
            nullable=True,
            needs=("account",),
            source="PRM-12",
        ),
    ),
)
