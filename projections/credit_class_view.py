"""View: credit classes, with how many accounts and rules each has."""

from msgspec import Struct

from domain.credit_class import ClassUse
from projections.account_care import ACCOUNT_CARE
from projections.accounts import ACCOUNTS
from projections.credit_classes import CREDIT_CLASSES
from projections.query import Query, sql
from projections.rule_runs import RULE_RUNS
from projections.rules import RULES
from projections.view import Asked, Field, Kind, View, plain

(_CLASSES,) = CREDIT_CLASSES.tables
(_ACCOUNTS,) = ACCOUNTS.tables
_CARE = ACCOUNT_CARE.tables[0]
_RULES = RULES.tables[0]
(_RUNS,) = RULE_RUNS.tables


def _source(asked: Asked) -> str:
    return f"{asked.rows(_CLASSES)} d"


def _where(asked: Asked) -> str:  # noqa: ARG001
    return "d.tenant = %(tenant)s"


def _accounts(asked: Asked) -> str:
    """Join how many accounts are in the class; those without one are in the default one."""
    return f"""LEFT JOIN (
        SELECT coalesce(g.credit_class_id, %(default_credit_class)s::text) AS class_id,
               count(*) AS accounts
        FROM {asked.rows(_ACCOUNTS)} c
        LEFT JOIN {asked.rows(_CARE)} g ON g.tenant = c.tenant
          AND g.company_id = c.company_id AND g.cust_id = c.cust_id
        WHERE c.tenant = %(tenant)s GROUP BY 1) a ON a.class_id = d.class_id"""


def _rules(asked: Asked) -> str:
    return f"""CROSS JOIN LATERAL (
        SELECT count(*) AS rules FROM {asked.rows(_RULES)} r
        WHERE r.tenant = d.tenant AND r.class_id = d.class_id AND r.active) r"""


def _runs(asked: Asked) -> str:
    return f"""CROSS JOIN LATERAL (
        SELECT max(x.business_date) AS last_on FROM {asked.rows(_RUNS)} x
        WHERE x.tenant = d.tenant AND x.class_id = d.class_id
          AND x.business_date <= %(as_of)s) x"""


CREDIT_CLASS_VIEW = View(
    name="credit_classes",
    description="Credit classes: accounts that are worked on by the same rules.",
    key=("class_id",),
    source=_source,
    where=_where,
    joins={"accounts": _accounts, "rules": _rules, "runs": _runs},
    fields=(
        *plain(
            "d",
            Kind.TEXT,
            {"class_id": "The class: its key.", "name": "What it is called."},
            source="RULE-01",
            nullable=False,
        ),
        *plain("d", Kind.TEXT, {"description": "What it is for."}, source="RULE-01"),
        Field(
            "frequency_days",
            Kind.INTEGER,
            "The least number of days between a contact with a customer and the next letter that"
            " the software sends; 0 sets no limit.",
            "d.frequency_days",
            source="RULE-18",
        ),
        Field(
            "schedule",
            Kind.JSON,
            "When its rules are run without anybody asking: days of the week from 1, Monday, to 7,"
            " a local time and its time zone, or null for the site's; null if somebody must ask.",
            "d.schedule",
            nullable=True,
            source="RULE-22",
        ),
        Field(
            "account_count",
            Kind.INTEGER,
            "How many accounts are in it; those without a class are in the site's default one.",
            "coalesce(a.accounts, 0)",
            needs=("accounts",),
            source="RULE-01",
        ),
        Field(
            "rule_count",
            Kind.INTEGER,
            "How many rules it has, without retired ones.",
            "r.rules",
            needs=("rules",),
            source="RULE-01",
        ),
        Field(
            "last_run_on",
            Kind.DATE,
            "The last business date, up to the as-of date, for which its rules were run.",
            "x.last_on",
            nullable=True,
            needs=("runs",),
            source="RULE-33",
        ),
        Field("known_from", Kind.MOMENT, "Since when it is defined like this.", "d.known_from"),
    ),
)


def use_of_class(asked: Asked, class_id: str) -> Query[ClassUse]:
    """Return the question for what a class is used by; accounts without one use none."""
    statement = f"""SELECT
        (SELECT count(*) FROM {asked.rows(_CARE)} g
         WHERE g.tenant = %(tenant)s AND g.credit_class_id = %(class_id)s),
        (SELECT count(*) FROM {asked.rows(_RULES)} r
         WHERE r.tenant = %(tenant)s AND r.class_id = %(class_id)s AND r.active)"""
    return Query(sql(statement), asked.parameters | {"class_id": class_id}, ClassUse)


class LostClass(Struct, frozen=True):
    """An account that is in a credit class that there is no more."""

    company_id: str
    cust_id: str
    credit_class_id: str


def in_lost_classes(asked: Asked) -> Query[LostClass]:
    """Return the question for accounts in classes that there are no more.

    A class that an account is in is not deleted; but one may be put into it while that is decided.
    """
    statement = f"""SELECT g.company_id, g.cust_id, g.credit_class_id
        FROM {asked.rows(_CARE)} g
        WHERE g.tenant = %(tenant)s AND g.credit_class_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM {asked.rows(_CLASSES)} d
            WHERE d.tenant = %(tenant)s AND d.class_id = g.credit_class_id)
        ORDER BY g.company_id, g.cust_id"""
    return Query(sql(statement), asked.parameters, LostClass)
