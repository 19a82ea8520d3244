"""What a run of rules must know beside the subjects: what is open, and who was contacted when."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from domain.rule_plan import Account, OpenAction
from domain.rule_situation import LapsingIssue, Made, Subject
from domain.shared.standard_type import StandardType
from domain.simulated_actions import SimulatedIssue
from projections.action_codes import ACTION_CODES
from projections.activities import ACTIVITIES
from projections.query import Query, sql
from projections.rule_issues import RULE_ISSUES
from projections.view import Asked

_ISSUES, _SUBJECTS = RULE_ISSUES.tables
_ACTIVITIES = ACTIVITIES.tables[0]
_ACTION_CODES = ACTION_CODES.tables[0]

_OPEN_ACTIVITY = """(x.completed_on IS NULL OR x.completed_on > %(as_of)s)
    AND (x.withdrawn_on IS NULL OR x.withdrawn_on > %(as_of)s)"""

_OF_ACCOUNTS = "unnest(%(companies)s::text[], %(customers)s::text[]) AS a (company_id, cust_id)"


def _accounts(accounts: Sequence[Account]) -> dict[str, Any]:
    return {
        "companies": [company_id for company_id, _ in accounts],
        "customers": [cust_id for _, cust_id in accounts],
    }


def last_contacts(
    asked: Asked,
    accounts: Sequence[Account],
    *,
    of_rules: bool = True,
    without: Sequence[str] = (),
) -> Query[tuple[Account, date]]:
    """Return the question when customers were contacted last, or will be by planned letters.

    A contact is a completed activity of an action code that counts as one (RULE-21, CODE-06), be
    it carried out by a person or by the software; of those that are planned only letters count,
    since they are sent by themselves. Accounts without any do not answer. What was made of rules
    is left out unless `of_rules`, and so are activities `without` which it is asked.
    """
    by_people = f"""AND NOT EXISTS (SELECT FROM {_ISSUES.name} r
        WHERE r.tenant = x.tenant AND r.issue_id = x.issue_id)"""
    statement = f"""
        SELECT x.company_id, x.cust_id, max(coalesce(x.completed_on, x.due_on))
        FROM {_OF_ACCOUNTS}
        JOIN {asked.rows(_ACTIVITIES)} x ON x.tenant = %(tenant)s
          AND x.company_id = a.company_id AND x.cust_id = a.cust_id
        JOIN {asked.rows(_ACTION_CODES)} k ON k.tenant = x.tenant AND k.code = x.action_code
        WHERE k.cust_contact AND x.entered_on <= %(as_of)s
          AND x.activity_id <> ALL(%(without)s::text[]) {"" if of_rules else by_people}
          AND (x.completed_on <= %(as_of)s
               OR x.completed_on IS NULL AND x.standard_type = '{StandardType.EMAIL_SENT.value}'
                  AND coalesce(k.email_template, k.report_template) IS NOT NULL
                  AND (x.withdrawn_on IS NULL OR x.withdrawn_on > %(as_of)s))
        GROUP BY x.company_id, x.cust_id"""
    parameters = asked.parameters | _accounts(accounts) | {"without": list(without)}
    return Query(sql(statement), parameters, _contact)


def _contact(company_id: str, cust_id: str, on: date) -> tuple[Account, date]:
    return (company_id, cust_id), on


def open_actions(
    asked: Asked, class_id: str, rule_ids: Sequence[str], accounts: Sequence[Account]
) -> Query[tuple[tuple[str, Account], OpenAction]]:
    """Return the question for the open actions of rules, the newest by rule and account."""
    statement = f"""
        SELECT DISTINCT ON (i.rule_id, i.company_id, i.cust_id)
               i.rule_id, i.company_id, i.cust_id, i.issue_id, x.activity_id
        FROM {_OF_ACCOUNTS}
        JOIN {asked.rows(_ISSUES)} i ON i.tenant = %(tenant)s
          AND i.company_id = a.company_id AND i.cust_id = a.cust_id
        JOIN {asked.rows(_ACTIVITIES)} x ON x.tenant = i.tenant AND x.issue_id = i.issue_id
        WHERE i.class_id = %(class_id)s AND i.rule_id = ANY(%(rule_ids)s)
          AND i.opened_on <= %(as_of)s
          AND (i.resolved_on IS NULL OR i.resolved_on > %(as_of)s) AND {_OPEN_ACTIVITY}
        ORDER BY i.rule_id, i.company_id, i.cust_id, i.opened_on DESC, i.issue_id, x.activity_no"""
    parameters = asked.parameters | _accounts(accounts)
    parameters |= {"class_id": class_id, "rule_ids": list(rule_ids)}
    return Query(sql(statement), parameters, _open_action)


def _open_action(
    rule_id: str, company_id: str, cust_id: str, issue_id: str, activity_id: str
) -> tuple[tuple[str, Account], OpenAction]:
    return (rule_id, (company_id, cust_id)), OpenAction(issue_id, activity_id)


def lapsing_issues(asked: Asked, class_id: str, subjects: Sequence[Subject]) -> Query[LapsingIssue]:
    """Return the question for the issues of which subjects lapse, in order of their ids."""
    statement = f"""
        SELECT l.issue_id, l.rule_id, l.company_id, l.cust_id, l.tran_ids,
               l.is_open,
               (SELECT count(*) FROM {asked.rows(_SUBJECTS)} s
                WHERE s.tenant = %(tenant)s AND s.issue_id = l.issue_id
                  AND s.since <= %(as_of)s AND (s.lapsed_on IS NULL OR s.lapsed_on > %(as_of)s))
               - cardinality(l.tran_ids),
               ARRAY(SELECT x.activity_id FROM {asked.rows(_ACTIVITIES)} x
                WHERE x.tenant = %(tenant)s AND x.issue_id = l.issue_id AND {_OPEN_ACTIVITY}
                ORDER BY x.activity_no)
        FROM (
            SELECT s.issue_id, s.rule_id, s.company_id, s.cust_id,
                   array_agg(s.tran_id ORDER BY s.tran_id) AS tran_ids,
                   bool_and(s.resolved_on IS NULL OR s.resolved_on > %(as_of)s) AS is_open
            FROM unnest(%(rules)s::text[], %(companies)s::text[], %(customers)s::text[],
                        %(documents)s::text[]) AS a (rule_id, company_id, cust_id, tran_id)
            JOIN {asked.rows(_SUBJECTS)} s ON s.tenant = %(tenant)s
              AND s.company_id = a.company_id AND s.cust_id = a.cust_id
              AND s.tran_id = a.tran_id AND s.rule_id = a.rule_id
            WHERE s.class_id = %(class_id)s AND s.since <= %(as_of)s
              AND (s.lapsed_on IS NULL OR s.lapsed_on > %(as_of)s)
            GROUP BY s.issue_id, s.rule_id, s.company_id, s.cust_id
        ) l
        ORDER BY l.issue_id"""
    parameters = asked.parameters | {
        "class_id": class_id,
        "rules": [one.rule_id for one in subjects],
        "companies": [one.company_id for one in subjects],
        "customers": [one.cust_id for one in subjects],
        "documents": [one.tran_id for one in subjects],
    }
    return Query(sql(statement), parameters, LapsingIssue)


def made_on(asked: Asked, class_id: str) -> Query[Made]:
    """Return the question for what the rules of a class did for the as-of date already."""
    statement = f"""
        SELECT i.issue_id, i.rule_id, i.opened_on = %(as_of)s,
               coalesce(i.closed_on = %(as_of)s, false)
        FROM {asked.rows(_ISSUES)} i
        WHERE i.tenant = %(tenant)s AND i.class_id = %(class_id)s
          AND (i.opened_on = %(as_of)s OR i.closed_on = %(as_of)s)"""
    return Query(sql(statement), asked.parameters | {"class_id": class_id}, Made)


def standing_issues(asked: Asked, class_id: str) -> Query[SimulatedIssue]:
    """Return the question for issues of a class as a simulation that begins on the date goes on.

    They are those that are open or about something that did not lapse, and those of the date or
    later, by when they were opened.
    """
    statement = f"""
        SELECT i.rule_id, i.issue_id, i.company_id, i.cust_id, i.opened_on, i.resolved_on,
               ARRAY(SELECT s.tran_id FROM {_SUBJECTS.name} s
                WHERE s.tenant = i.tenant AND s.issue_id = i.issue_id ORDER BY s.tran_id),
               ARRAY(SELECT s.since FROM {_SUBJECTS.name} s
                WHERE s.tenant = i.tenant AND s.issue_id = i.issue_id ORDER BY s.tran_id),
               ARRAY(SELECT s.lapsed_on FROM {_SUBJECTS.name} s
                WHERE s.tenant = i.tenant AND s.issue_id = i.issue_id ORDER BY s.tran_id),
               ARRAY(SELECT x.activity_id FROM {_ACTIVITIES.name} x
                WHERE x.tenant = i.tenant AND x.issue_id = i.issue_id ORDER BY x.activity_no),
               ARRAY(SELECT least(x.completed_on, x.withdrawn_on) FROM {_ACTIVITIES.name} x
                WHERE x.tenant = i.tenant AND x.issue_id = i.issue_id ORDER BY x.activity_no)
        FROM {_ISSUES.name} i
        WHERE i.tenant = %(tenant)s AND i.class_id = %(class_id)s
          AND (i.resolved_on IS NULL OR i.resolved_on > %(as_of)s OR i.opened_on >= %(as_of)s
               OR EXISTS (SELECT FROM {_SUBJECTS.name} s
                   WHERE s.tenant = i.tenant AND s.issue_id = i.issue_id
                     AND (s.lapsed_on IS NULL OR s.lapsed_on > %(as_of)s)))
        ORDER BY i.opened_on, i.issue_id"""

    def issue(
        rule_id: str,
        issue_id: str,
        company_id: str,
        cust_id: str,
        opened_on: date,
        resolved_on: date | None,
        tran_ids: Sequence[str],
        since: Sequence[date],
        lapsed_on: Sequence[date | None],
        activity_ids: Sequence[str],
        ended_on: Sequence[date | None],
    ) -> SimulatedIssue:
        dates = zip(since, lapsed_on, strict=True)
        return SimulatedIssue(
            class_id,
            rule_id,
            issue_id,
            company_id,
            cust_id,
            opened_on,
            dict(zip(tran_ids, dates, strict=True)),
            dict(zip(activity_ids, ended_on, strict=True)),
            resolved_on=resolved_on,
            real=True,
        )

    return Query(sql(statement), asked.parameters | {"class_id": class_id}, issue)
