"""What explanations of actions ask: issues of rules, versions of rules, runs, subjects."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from domain.rule import RuleDocument
from domain.rule_run import RuleOutcome
from projections.accounts import ACCOUNTS
from projections.issues import ISSUES
from projections.query import Query, sql
from projections.rule_issues import RULE_ISSUES
from projections.rule_runs import RULE_RUNS, outcomes_of, run_id
from projections.rules import RULES, RuleVersionRow, document_of
from projections.view import Asked

_RULE_ISSUES, _SUBJECTS = RULE_ISSUES.tables
_ISSUES = ISSUES.tables[0]
(_RUNS,) = RULE_RUNS.tables
(_ACCOUNTS,) = ACCOUNTS.tables
_RULES, _VERSIONS = RULES.tables
_VERSION = ", ".join(f"v.{name}" for name in RuleVersionRow.__struct_fields__[1:-1])


class MadeIssue(Struct, frozen=True):
    """An issue that a rule opened; `tran_ids` are the documents that it was opened for."""

    issue_id: str
    issue_number: int
    class_id: str
    rule_id: str
    rule_version: int
    read_position: int
    company_id: str
    cust_id: str
    cust_name: str | None
    subject: str
    assigned_user_id: str | None
    opened_on: date
    resolved_on: date | None
    resolution: str | None
    tran_ids: Sequence[str]
    known_from: datetime


def made_issue(asked: Asked, issue_id: str) -> Query[MadeIssue]:
    """Return the question for an issue that a rule opened."""
    statement = f"""
        SELECT r.issue_id, i.issue_no, r.class_id, r.rule_id, r.rule_version, r.read_position,
               r.company_id, r.cust_id, c.cust_name, i.subject, i.assigned_user_id, r.opened_on,
               i.resolved_on, i.resolution,
               ARRAY(SELECT s.tran_id FROM {_SUBJECTS.name} s
                WHERE s.tenant = r.tenant AND s.issue_id = r.issue_id AND s.tran_id <> ''
                  AND s.since = r.opened_on ORDER BY s.tran_id),
               r.known_from
        FROM {_RULE_ISSUES.name} r
        JOIN {_ISSUES.name} i ON i.tenant = r.tenant AND i.issue_id = r.issue_id
        LEFT JOIN {_ACCOUNTS.name} c ON c.tenant = r.tenant AND c.company_id = r.company_id
          AND c.cust_id = r.cust_id
        WHERE r.tenant = %(tenant)s AND r.issue_id = %(issue_id)s"""
    parameters = {"tenant": asked.tenant, "issue_id": issue_id}
    return Query(sql(statement), parameters, MadeIssue)


def rule_version(tenant: int, class_id: str, rule_id: str, version: int) -> Query[RuleDocument]:
    """Return the question for a version of a rule."""
    statement = f"""SELECT {_VERSION} FROM {_VERSIONS.name} v
        WHERE v.tenant = %(tenant)s AND v.class_id = %(class_id)s AND v.rule_id = %(rule_id)s
          AND v.version = %(version)s"""
    parameters = {
        "tenant": tenant,
        "class_id": class_id,
        "rule_id": rule_id,
        "version": version,
    }
    return Query(sql(statement), parameters, document_of)


class RuleKnown(Struct, frozen=True):
    """A rule as it is known."""

    version: int
    active: bool
    document: RuleDocument


def rule_known(asked: Asked, class_id: str, rule_id: str) -> Query[RuleKnown]:
    """Return the question for a rule as known."""
    statement = f"""SELECT r.version, r.active, {_VERSION}
        FROM {asked.rows(_RULES)} r
        JOIN {_VERSIONS.name} v ON v.tenant = r.tenant AND v.class_id = r.class_id
          AND v.rule_id = r.rule_id AND v.version = r.version
        WHERE r.tenant = %(tenant)s AND r.class_id = %(class_id)s AND r.rule_id = %(rule_id)s"""
    parameters = asked.parameters | {"class_id": class_id, "rule_id": rule_id}
    return Query(sql(statement), parameters, _known)


def _known(version: int, active: bool, *columns: Any) -> RuleKnown:
    return RuleKnown(version, active, document_of(*columns))


class OpenSubject(Struct, frozen=True):
    """A subject that an issue of a rule is about, since a date."""

    issue_id: str
    issue_number: int
    since: date
    is_open: bool


def open_subject(
    asked: Asked, class_id: str, rule_id: str, company_id: str, cust_id: str, tran_id: str
) -> Query[OpenSubject]:
    """Return the question for the newest issue that keeps a rule from a subject on a date."""
    statement = f"""
        SELECT s.issue_id, i.issue_no, s.since,
               s.resolved_on IS NULL OR s.resolved_on > %(as_of)s
        FROM {asked.rows(_SUBJECTS)} s
        JOIN {asked.rows(_ISSUES)} i ON i.tenant = s.tenant AND i.issue_id = s.issue_id
        WHERE s.tenant = %(tenant)s AND s.class_id = %(class_id)s AND s.rule_id = %(rule_id)s
          AND s.company_id = %(company_id)s AND s.cust_id = %(cust_id)s
          AND s.tran_id = %(tran_id)s AND s.since <= %(as_of)s
          AND (s.lapsed_on IS NULL OR s.lapsed_on > %(as_of)s
               OR s.resolved_on IS NULL OR s.resolved_on > %(as_of)s)
        ORDER BY s.since DESC, s.issue_id LIMIT 1"""
    parameters = asked.parameters | {
        "class_id": class_id,
        "rule_id": rule_id,
        "company_id": company_id,
        "cust_id": cust_id,
        "tran_id": tran_id,
    }
    return Query(sql(statement), parameters, OpenSubject)


def run_known(asked: Asked, class_id: str) -> Query[tuple[RuleOutcome, ...]]:
    """Return the question for what each rule of a class did for the as-of date, if they ran."""
    statement = f"""SELECT x.rules FROM {asked.rows(_RUNS)} x
        WHERE x.tenant = %(tenant)s AND x.run_id = %(run_id)s"""
    parameters = asked.parameters | {"run_id": run_id(class_id, asked.as_of)}
    return Query(sql(statement), parameters, outcomes_of)
