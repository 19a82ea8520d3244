"""View: action codes."""

from domain.rule_view import RuleView
from projections.action_codes import ACTION_CODES
from projections.query import Query, sql
from projections.rules import RULES
from projections.view import Asked, Field, Kind, View, plain

(_CODES,) = ACTION_CODES.tables
_RULES, _VERSIONS = RULES.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_CODES)} k"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "k.tenant = %(tenant)s"


ACTION_CODE_VIEW = View(
    name="action_codes",
    description="Action codes: what is to be done, by whom an action is made with the code.",
    key=("code",),
    source=_source,
    where=_where,
    fields=(
        Field("code", Kind.TEXT, "The action id, such as CALL2: its key.", "k.code"),
        Field(
            "priority",
            Kind.INTEGER,
            "How urgent its actions are; 1 is the most urgent.",
            "k.priority",
            source="CODE-02",
        ),
        *plain(
            "k",
            Kind.TEXT,
            {
                "issue_description": "What the issue is about: it becomes its subject.",
                "communication_note": "What to do and why.",
                "activity_type": "The type of the activity that it makes.",
            },
            source="CODE-01, ACT-03",
            nullable=False,
        ),
        *plain(
            "k",
            Kind.TEXT,
            {
                "email_template": "The e-mail template of its letters, if there is one.",
                "report_template": "The report template of its letters, if there is one.",
            },
            source="CODE-04",
        ),
        *plain(
            "k",
            Kind.BOOLEAN,
            {
                "attach_invoices": "Whether its letters have the documents attached.",
                "cust_contact": "Whether it counts as contact with the customer.",
                "system": "Whether it came with the product.",
            },
            source="CODE-05, CODE-06, RULE-31",
            nullable=False,
        ),
        Field(
            "active",
            Kind.BOOLEAN,
            "Whether it is in force; a retired one is used for nothing new.",
            "k.active",
            source="CODE-03",
        ),
        Field("known_from", Kind.MOMENT, "Since when it is defined like this.", "k.known_from"),
    ),
)


def account_rules_of(asked: Asked, code: str) -> Query[int]:
    """Return the question for how many rules in force about accounts use a code."""
    return rules_using(asked, code, RuleView.ACCOUNT)


def rules_using(asked: Asked, code: str, view: RuleView | None = None) -> Query[int]:
    """Return the question for how many rules in force use a code, of a view or of any."""
    of_view = "" if view is None else "AND v.view = %(view)s"
    statement = f"""
        SELECT count(*)
        FROM {asked.rows(_RULES)} r
        JOIN {_VERSIONS.name} v ON v.tenant = r.tenant AND v.class_id = r.class_id
          AND v.rule_id = r.rule_id AND v.version = r.version
        WHERE r.tenant = %(tenant)s AND r.active
          AND v.action_code = %(code)s {of_view}"""
    parameters = asked.parameters | {"code": code, "view": view and view.value}
    return Query(sql(statement), parameters, int)
