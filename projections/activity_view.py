"""View: activities with their follow-ups at any date on both axes, and the documents tagged.

As of a date, an activity is complete by its last completion and followed up by its last
follow-up: between a completion that was taken back and the reopening it is open.
"""

from domain.shared.standard_type import StandardType
from projections.accounts import ACCOUNTS
from projections.activities import ACTIVITIES
from projections.disputes import DISPUTES
from projections.promises import PROMISES
from projections.view import Asked, Field, Kind, View, numbered, plain

_ACTIVITIES, _TAGS = ACTIVITIES.tables
(_ACCOUNTS,) = ACCOUNTS.tables
(_DISPUTES,) = DISPUTES.tables
_PROMISES = PROMISES.tables[0]

_COMPLETE = "a.completed_on <= %(as_of)s"
_WITHDRAWN = "a.withdrawn_on <= %(as_of)s"
_OPEN = f"(({_COMPLETE}) IS NOT TRUE AND ({_WITHDRAWN}) IS NOT TRUE)"
_FOLLOWED = "a.follow_up_entered_on <= %(as_of)s"
_FOLLOWED_UP = f"({_FOLLOWED} AND a.follow_up_completed_on <= %(as_of)s)"
_TO_FOLLOW_UP = (
    f"(({_FOLLOWED}) IS TRUE AND {_FOLLOWED_UP} IS NOT TRUE AND ({_WITHDRAWN}) IS NOT TRUE)"
)
_ANSWERABLE = f"(a.follow_up_on IS NULL OR {_FOLLOWED})"


def past_due(due: str, days_counted: str) -> str:
    """Return the SQL of whether something open is past due, as `domain.scheduling.past_due`."""
    return f"CASE WHEN {days_counted} THEN %(as_of)s >= {due} ELSE %(as_of)s > {due} END"


_RESPONSE_PAST_DUE = past_due("a.respond_by", "a.days_counted")
_PAST_DUE = (
    f"({_OPEN} AND coalesce({past_due('a.due_on', 'false')}, false)"
    f" OR {_OPEN} AND a.follow_up_on IS NULL AND coalesce({_RESPONSE_PAST_DUE}, false))"
)


def _source(asked: Asked) -> str:
    return f"{asked.rows(_ACTIVITIES)} a"


def _where(asked: Asked) -> str:
    return f"a.tenant = %(tenant)s AND {asked.begun('a.entered_on')}"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = a.tenant
        AND c.company_id = a.company_id AND c.cust_id = a.cust_id"""


def _tagged(asked: Asked) -> str:
    """Join how many documents are tagged; amounts of several currencies have no sum."""
    return f"""CROSS JOIN LATERAL (
        SELECT count(*) AS documents,
               CASE WHEN min(x.home_curr_id) = max(x.home_curr_id)
                   THEN sum(x.balance_hc) END AS amount_hc,
               CASE WHEN min(x.home_curr_id) = max(x.home_curr_id)
                   THEN min(x.home_curr_id) END AS home_curr_id
        FROM {asked.rows(_TAGS)} x
        WHERE x.tenant = a.tenant AND x.activity_id = a.activity_id
          AND {asked.begun("x.tagged_on")}) g"""


def _disputed(asked: Asked) -> str:
    """Join whether a dispute was told in it, or one of a document tagged to it is open."""
    disputes = asked.rows(_DISPUTES)
    return f"""CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM {disputes} x WHERE x.tenant = a.tenant AND x.activity_id = a.activity_id
              AND x.dispute_date <= %(as_of)s
        ) OR EXISTS (
            SELECT FROM {asked.rows(_TAGS)} t JOIN {disputes} x ON x.tenant = t.tenant
              AND x.company_id = t.company_id AND x.tran_id = t.tran_id
            WHERE t.tenant = a.tenant AND t.activity_id = a.activity_id
              AND {asked.begun("t.tagged_on")} AND x.dispute_date <= %(as_of)s
              AND (x.closed_on IS NULL OR x.closed_on > %(as_of)s)
        ) AS disputed) q"""


def _expecting(asked: Asked) -> str:
    """Join whether a payment was expected in it."""
    return f"""CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM {asked.rows(_PROMISES)} x
            WHERE x.tenant = a.tenant AND x.activity_id = a.activity_id AND x.made_on <= %(as_of)s
        ) AS expecting) m"""


ACTIVITY_VIEW = View(
    name="activities",
    description="Activities: calls, letters and notes on accounts, done or to be done.",
    key=("activity_id",),
    source=_source,
    where=_where,
    joins={
        "account": _account,
        "tagged": _tagged,
        "disputed": _disputed,
        "expecting": _expecting,
    },
    fields=(
        *plain(
            "a", Kind.TEXT, {"activity_id": "The activity's key."}, source="ACT-04", nullable=False
        ),
        Field(
            "activity_no",
            Kind.INTEGER,
            "The activity's number: the position in the log at which it was recorded.",
            "a.activity_no",
            source="ACT-04",
        ),
        Field(
            "activity_number",
            Kind.TEXT,
            "The activity's number with ten digits.",
            numbered("a.activity_no"),
            source="ACT-04",
        ),
        *plain("a", Kind.TEXT, {"issue_id": "The issue that it belongs to."}, source="ISS-03"),
        *plain(
            "a",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the account.",
                "cust_id": "The account.",
            },
            source="ACT-01",
            nullable=False,
        ),
        Field(
            "cust_name",
            Kind.TEXT,
            "The name of the account.",
            "c.cust_name",
            nullable=True,
            needs=("account",),
            source="ACC-02",
        ),
        *plain(
            "a",
            Kind.TEXT,
            {
                "activity_type": "The code of its type.",
                "standard_type": "The standard type that its type derives from: AcctNote, Dispute,"
                " EmailRcd, EmailSend, ExpectPay or Phone.",
            },
            source="ACT-02",
            nullable=False,
        ),
        *plain(
            "a", Kind.TEXT, {"action_code": "The action code that it came of."}, source="ACT-03"
        ),
        *plain(
            "a",
            Kind.INTEGER,
            {"priority": "How urgent it is; 1 is the most urgent."},
            source="ACT-23",
        ),
        *plain(
            "a",
            Kind.TEXT,
            {"note": "Its result, or what was noted when it was entered."},
            source="ACT-08",
        ),
        *plain("a", Kind.TEXT, {"user_id": "The user that it relates to."}, source="ACT-10"),
        *plain(
            "a",
            Kind.TEXT,
            {"assigned_user_id": "The user who is to carry it out."},
            source="ACT-05",
        ),
        Field("entered_on", Kind.DATE, "When it was entered.", "a.entered_on", source="ACT-11"),
        Field(
            "date_entered_days",
            Kind.INTEGER,
            "Days since it was entered on the as-of date.",
            "(%(as_of)s::date - a.entered_on)",
            source="ACT-11",
        ),
        *plain("a", Kind.DATE, {"due_on": "The date it is scheduled for."}, source="ACT-29"),
        Field(
            "due_on_days",
            Kind.INTEGER,
            "Days since the date it is scheduled for on the as-of date, negative before it.",
            "(%(as_of)s::date - a.due_on)",
            nullable=True,
            source="ACT-29",
        ),
        Field(
            "activity_complete",
            Kind.BOOLEAN,
            "Whether it is complete on the as-of date.",
            f"coalesce({_COMPLETE}, false)",
            source="ACT-06",
        ),
        Field(
            "completed_on",
            Kind.DATE,
            "When it was completed.",
            f"CASE WHEN {_COMPLETE} THEN a.completed_on END",
            nullable=True,
            source="ACT-07",
        ),
        Field(
            "withdrawn",
            Kind.BOOLEAN,
            "Whether it is withdrawn on the as-of date: it lost its reason before it was carried"
            " out.",
            f"coalesce({_WITHDRAWN}, false)",
            source="RULE-12",
        ),
        Field(
            "withdrawn_on",
            Kind.DATE,
            "When it was withdrawn.",
            f"CASE WHEN {_WITHDRAWN} THEN a.withdrawn_on END",
            nullable=True,
            source="RULE-12",
        ),
        Field(
            "withdrawn_reason",
            Kind.TEXT,
            "Why it was withdrawn.",
            f"CASE WHEN {_WITHDRAWN} THEN a.withdrawn_reason END",
            nullable=True,
            source="RULE-12",
        ),
        Field(
            "open",
            Kind.BOOLEAN,
            "Whether it is still to be carried out on the as-of date: neither complete nor"
            " withdrawn.",
            _OPEN,
            source="ACT-06, RULE-12",
        ),
        Field(
            "past_due",
            Kind.BOOLEAN,
            "Whether it is open and past due on the as-of date: after the date it is scheduled for,"
            " or, where nothing is followed up, on the date to respond by if days were given to"
            " respond, else after it.",
            _PAST_DUE,
            source="FUP-08",
        ),
        Field(
            "successful",
            Kind.BOOLEAN,
            "Whether the customer was spoken to; null unless it is a complete phone call.",
            f"CASE WHEN {_COMPLETE} THEN a.successful END",
            nullable=True,
            source="ACT-16",
        ),
        Field(
            "phone_indicator",
            Kind.TEXT,
            "Of a phone call: BLUE scheduled and not past due, RED past due or without success,"
            " GREEN when the customer was spoken to; null of one that was withdrawn.",
            f"""CASE WHEN a.standard_type <> '{StandardType.PHONE}' THEN NULL
                WHEN {_COMPLETE} THEN CASE WHEN a.successful THEN 'GREEN' ELSE 'RED' END
                WHEN {_WITHDRAWN} THEN NULL
                WHEN {_PAST_DUE} THEN 'RED' ELSE 'BLUE' END""",
            nullable=True,
            source="ACT-15",
        ),
        Field(
            "is_tagged",
            Kind.BOOLEAN,
            "Whether documents are tagged to it on the as-of date.",
            "(g.documents > 0)",
            needs=("tagged",),
            source="ACT-14",
        ),
        Field(
            "tagged_amt_hc",
            Kind.MONEY,
            "What was open of the tagged documents when each was tagged, in home currency; null"
            " without documents, or if they are in several home currencies.",
            "g.amount_hc",
            nullable=True,
            currency="home_curr_id",
            needs=("tagged",),
            source="ACT-13",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The home currency of the tagged documents, as the ERP writes it.",
            "g.home_curr_id",
            nullable=True,
            needs=("tagged",),
            source="CMP-06",
        ),
        Field(
            "disputed",
            Kind.BOOLEAN,
            "Whether a dispute was told in it, or one of a document tagged to it is open on the"
            " as-of date.",
            "q.disputed",
            needs=("disputed",),
            source="ACT-19, DSP-12",
        ),
        Field(
            "payment_expected",
            Kind.BOOLEAN,
            "Whether the customer was told in it to be going to pay: an expected payment or a"
            " promise.",
            "m.expecting",
            needs=("expecting",),
            source="ACT-19",
        ),
        *(
            Field(
                name,
                kind,
                description,
                f"CASE WHEN {_FOLLOWED} THEN {expression} END",
                nullable=True,
                source=source,
            )
            for name, kind, description, expression, source in (
                ("follow_up_on", Kind.DATE, "When to follow up.", "a.follow_up_on", "FUP-01"),
                (
                    "follow_up_date_days",
                    Kind.INTEGER,
                    "Days since the follow-up date on the as-of date, negative before it.",
                    "%(as_of)s::date - a.follow_up_on",
                    "FUP-02",
                ),
                (
                    "follow_up_desc",
                    Kind.TEXT,
                    "What to do then.",
                    "a.follow_up_desc",
                    "FUP-01",
                ),
                (
                    "follow_up_user_id",
                    Kind.TEXT,
                    "The user who follows it up, by default the one it is assigned to.",
                    "coalesce(a.follow_up_user_id, a.assigned_user_id)",
                    "FUP-17",
                ),
                (
                    "follow_up_entered_on",
                    Kind.DATE,
                    "When the follow-up was set.",
                    "a.follow_up_entered_on",
                    "FUP-16",
                ),
            )
        ),
        Field(
            "follow_up_completed_on",
            Kind.DATE,
            "When it was followed up.",
            f"CASE WHEN {_FOLLOWED_UP} THEN a.follow_up_completed_on END",
            nullable=True,
            source="FUP-03",
        ),
        Field(
            "follow_up_open",
            Kind.BOOLEAN,
            "Whether it is still to be followed up on the as-of date.",
            _TO_FOLLOW_UP,
            source="FUP-03",
        ),
        Field(
            "follow_up_past_due",
            Kind.BOOLEAN,
            "Whether it is still to be followed up and that is past due on the as-of date: on the"
            " date to respond by if days were given to respond, else after it.",
            f"({_TO_FOLLOW_UP} AND {_RESPONSE_PAST_DUE})",
            source="FUP-08",
        ),
        Field(
            "follow_up_indicator",
            Kind.TEXT,
            "Of a follow-up: BLUE open and not past due, RED open and past due, GREEN completed."
            " It is past due on the date to respond by, or after it if no days were given. Null if"
            " its activity was withdrawn before.",
            f"""CASE WHEN {_FOLLOWED_UP} THEN 'GREEN'
                WHEN NOT {_TO_FOLLOW_UP} THEN NULL
                WHEN {_RESPONSE_PAST_DUE} THEN 'RED' ELSE 'BLUE' END""",
            nullable=True,
            source="FUP-03",
        ),
        Field(
            "follow_up_late",
            Kind.BOOLEAN,
            "Whether it was followed up after the date to respond by.",
            f"coalesce({_FOLLOWED_UP} AND a.follow_up_completed_on > a.respond_by, false)",
            source="FUP-03",
        ),
        Field(
            "respond_by",
            Kind.DATE,
            "By when to respond.",
            f"CASE WHEN {_ANSWERABLE} THEN a.respond_by END",
            nullable=True,
            source="FUP-04",
        ),
        Field(
            "respond_due_days",
            Kind.INTEGER,
            "Days left to respond on the as-of date, negative when it is late.",
            f"CASE WHEN {_ANSWERABLE} THEN a.respond_by - %(as_of)s::date END",
            nullable=True,
            source="FUP-06",
        ),
        Field(
            "duration_minutes",
            Kind.INTEGER,
            "How many minutes what is scheduled takes.",
            f"CASE WHEN {_ANSWERABLE} THEN a.duration_minutes END",
            nullable=True,
            source="FUP-15",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the activity has been known to be like this.",
            "a.known_from",
        ),
    ),
)


def _tag_source(asked: Asked) -> str:
    return f"{asked.rows(_TAGS)} x"


def _tag_where(asked: Asked) -> str:
    return f"x.tenant = %(tenant)s AND {asked.begun('x.tagged_on')}"


ACTIVITY_TAG_VIEW = View(
    name="activity_tags",
    description="Documents tagged to activities.",
    key=("activity_id", "company_id", "tran_id"),
    source=_tag_source,
    where=_tag_where,
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "activity_id": "The activity.",
                "company_id": "The ERP company of the document.",
                "tran_id": "The document.",
            },
            source="ACT-12",
            nullable=False,
        ),
        Field("tagged_on", Kind.DATE, "When it was tagged.", "x.tagged_on", source="ACT-12"),
        Field(
            "balance_hc",
            Kind.MONEY,
            "What was open of it when it was tagged, in home currency.",
            "x.balance_hc",
            currency="home_curr_id",
            source="ACT-13",
        ),
        Field(
            "home_curr_id",
            Kind.TEXT,
            "The company's home currency, as the ERP writes it.",
            "x.home_curr_id",
            source="CMP-06",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when it has been known to be tagged.",
            "x.known_from",
        ),
    ),
)
