"""View: issues at any date on both axes, and the documents that they are about.

As of a date, an issue is resolved by its last resolution: between a resolution that was taken
back and the reopening it is open.
"""

from projections.accounts import ACCOUNTS
from projections.activities import ACTIVITIES
from projections.issues import ISSUES
from projections.view import Asked, Field, Kind, View, numbered, plain

_ISSUES, _INVOICES = ISSUES.tables
_ACTIVITIES, _ = ACTIVITIES.tables
(_ACCOUNTS,) = ACCOUNTS.tables

_RESOLVED = "i.resolved_on <= %(as_of)s"


def _source(asked: Asked) -> str:
    return f"{asked.rows(_ISSUES)} i"


def _where(asked: Asked) -> str:
    return f"i.tenant = %(tenant)s AND {asked.begun('i.opened_on')}"


def _account(asked: Asked) -> str:
    return f"""LEFT JOIN {asked.rows(_ACCOUNTS)} c ON c.tenant = i.tenant
        AND c.company_id = i.company_id AND c.cust_id = i.cust_id"""


def _open(asked: Asked) -> str:
    return f"""CROSS JOIN LATERAL (
        SELECT count(*) AS activities FROM {asked.rows(_ACTIVITIES)} a
        WHERE a.tenant = i.tenant AND a.issue_id = i.issue_id AND {asked.begun("a.entered_on")}
          AND (a.completed_on IS NULL OR a.completed_on > %(as_of)s)
          AND (a.withdrawn_on IS NULL OR a.withdrawn_on > %(as_of)s)) o"""


ISSUE_VIEW = View(
    name="issues",
    description="Issues: what must be resolved with accounts.",
    key=("issue_id",),
    source=_source,
    where=_where,
    joins={"account": _account, "open": _open},
    fields=(
        *plain("i", Kind.TEXT, {"issue_id": "The issue's key."}, source="ISS-02", nullable=False),
        Field(
            "issue_no",
            Kind.INTEGER,
            "The issue's number: the position in the log at which it was opened.",
            "i.issue_no",
            source="ISS-02",
        ),
        Field(
            "issue_number",
            Kind.TEXT,
            "The issue's number as e-mails name it, with ten digits.",
            numbered("i.issue_no"),
            source="ISS-02",
        ),
        *plain(
            "i",
            Kind.TEXT,
            {
                "company_id": "The ERP company of the account.",
                "cust_id": "The account.",
            },
            source="ISS-01",
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
        Field("subject", Kind.TEXT, "What must be resolved.", "i.subject", source="ISS-08"),
        *plain(
            "i",
            Kind.INTEGER,
            {"priority": "How urgent it is; 1 is the most urgent."},
            source="CODE-02",
        ),
        *plain(
            "i", Kind.TEXT, {"action_code": "The action code that it came of."}, source="ISS-08"
        ),
        *plain(
            "i", Kind.TEXT, {"assigned_user_id": "The user who is to resolve it."}, source="ISS-09"
        ),
        *plain("i", Kind.TEXT, {"note": "What was noted when it was opened."}, source="ISS-01"),
        Field("opened_on", Kind.DATE, "When it was opened.", "i.opened_on", source="ISS-12"),
        *plain(
            "i",
            Kind.TEXT,
            {
                "reason": "What was the case when a rule opened it; null if no rule did.",
                "rule_id": "The rule that opened it, of the account's credit class then.",
            },
            source="RULE-02",
        ),
        Field(
            "resolved",
            Kind.BOOLEAN,
            "Whether it is resolved on the as-of date; else it is open.",
            f"coalesce({_RESOLVED}, false)",
            source="ISS-07",
        ),
        *(
            Field(
                name,
                kind,
                description,
                f"CASE WHEN {_RESOLVED} THEN i.{name} END",
                nullable=True,
                source=source,
            )
            for name, kind, description, source in (
                ("resolved_on", Kind.DATE, "When it was resolved.", "ISS-06"),
                ("resolved_by", Kind.TEXT, "Who found it resolved: user or software.", "ISS-07"),
                ("resolution", Kind.TEXT, "Why it is resolved.", "ISS-05"),
            )
        ),
        Field(
            "open_activity_count",
            Kind.INTEGER,
            "How many of its activities are not complete on the as-of date.",
            "o.activities",
            needs=("open",),
            source="ISS-10",
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the issue has been known to be like this.",
            "i.known_from",
        ),
    ),
)


def _invoice_source(asked: Asked) -> str:
    return f"{asked.rows(_INVOICES)} x"


def _invoice_where(asked: Asked) -> str:
    return f"x.tenant = %(tenant)s AND {asked.begun('x.opened_on')}"


ISSUE_INVOICE_VIEW = View(
    name="issue_invoices",
    description="Documents that issues are about.",
    key=("issue_id", "company_id", "tran_id"),
    source=_invoice_source,
    where=_invoice_where,
    fields=(
        *plain(
            "x",
            Kind.TEXT,
            {
                "issue_id": "The issue.",
                "company_id": "The ERP company of the document.",
                "tran_id": "The document.",
            },
            source="ISS-01",
            nullable=False,
        ),
        Field(
            "known_from",
            Kind.MOMENT,
            "Since when the issue has been known to be about the document.",
            "x.known_from",
        ),
    ),
)
