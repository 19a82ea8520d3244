"""Which rules a class has, as known: with their action codes and types of activities."""

from collections.abc import Sequence
from typing import Any

from domain.action_code import ActionCodeDocument
from domain.credit_class import CreditClassDocument
from domain.rule import RuleDocument
from domain.rule_plan import RuleInForce
from domain.shared.facts import ActivityTypeFacts, UserFacts
from domain.shared.standard_type import StandardType, standard_type_of
from projections.action_codes import ACTION_CODES, ActionCodeRow
from projections.activity_types import ACTIVITY_TYPES
from projections.credit_classes import CREDIT_CLASSES, CreditClassRow, document_of
from projections.query import Query, sql
from projections.rules import RULES, RuleVersionRow
from projections.rules import document_of as rule_of
from projections.users import USERS
from projections.view import Asked

(_CLASSES,) = CREDIT_CLASSES.tables
(_CODES,) = ACTION_CODES.tables
(_TYPES,) = ACTIVITY_TYPES.tables
_RULES, _VERSIONS = RULES.tables
(_USERS,) = USERS.tables

_VERSION = RuleVersionRow.__struct_fields__[1:-1]
_CODE = ActionCodeRow.__struct_fields__[1:-2]
_CLASS = CreditClassRow.__struct_fields__


def credit_classes(asked: Asked, class_id: str | None = None) -> Query[CreditClassDocument]:
    """Return the question for all classes, or for one, in order of their ids."""
    one = "" if class_id is None else " AND d.class_id = %(class_id)s"
    statement = f"""SELECT {", ".join(f"d.{name}" for name in _CLASS)}
        FROM {asked.rows(_CLASSES)} d WHERE d.tenant = %(tenant)s{one} ORDER BY d.class_id"""
    parameters = asked.parameters | {"class_id": class_id}
    return Query(sql(statement), parameters, lambda *values: document_of(CreditClassRow(*values)))


def action_codes(asked: Asked) -> Query[ActionCodeDocument]:
    """Return the question for the action codes in force, in order of their ids."""
    statement = f"""SELECT {", ".join(f"k.{name}" for name in _CODE)}
        FROM {asked.rows(_CODES)} k WHERE k.tenant = %(tenant)s AND k.active ORDER BY k.code"""
    return Query(sql(statement), asked.parameters, ActionCodeDocument)


def activity_types(asked: Asked) -> Query[tuple[str, ActivityTypeFacts]]:
    """Return the question for the types of activities that somebody defined, by their code."""
    statement = f"""SELECT t.code, t.standard_type, t.priority
        FROM {asked.rows(_TYPES)} t WHERE t.tenant = %(tenant)s ORDER BY t.code"""
    return Query(sql(statement), asked.parameters, _activity_type)


def _activity_type(
    code: str, standard_type: str, priority: int | None
) -> tuple[str, ActivityTypeFacts]:
    return code, ActivityTypeFacts(StandardType(standard_type), priority)


def rules_of(asked: Asked) -> Query[RuleDocument]:
    """Return the question for the active rules of all classes, in order."""
    statement = f"""
        SELECT {", ".join(f"v.{name}" for name in _VERSION)}
        FROM {asked.rows(_RULES)} r
        JOIN {_VERSIONS.name} v ON v.tenant = r.tenant AND v.class_id = r.class_id
          AND v.rule_id = r.rule_id AND v.version = r.version
        WHERE r.tenant = %(tenant)s AND r.active
        ORDER BY v.class_id, v.standalone, v.seq_no, v.rule_id"""
    return Query(sql(statement), asked.parameters, rule_of)


def rules_in_force(asked: Asked, class_id: str) -> Query[RuleInForce]:
    """Return the question for the active rules of a class, in the order of their evaluation."""
    statement = f"""
        SELECT {", ".join(f"v.{name}" for name in _VERSION)},
               {", ".join(f"k.{name}" for name in _CODE)}, t.standard_type, t.priority
        FROM {asked.rows(_RULES)} r
        JOIN {_VERSIONS.name} v ON v.tenant = r.tenant AND v.class_id = r.class_id
          AND v.rule_id = r.rule_id AND v.version = r.version
        JOIN {asked.rows(_CODES)} k ON k.tenant = r.tenant AND k.code = v.action_code
        LEFT JOIN {asked.rows(_TYPES)} t ON t.tenant = r.tenant AND t.code = k.activity_type
        WHERE r.tenant = %(tenant)s AND r.class_id = %(class_id)s AND r.active
        ORDER BY v.standalone, v.seq_no, v.rule_id"""
    return Query(sql(statement), asked.parameters | {"class_id": class_id}, _rule)


def _rule(*values: Any) -> RuleInForce:
    version, rest = values[: len(_VERSION)], values[len(_VERSION) :]
    code = ActionCodeDocument(*rest[: len(_CODE)])
    standard_type, priority = rest[len(_CODE) :]
    derived = standard_type_of(code.activity_type) if standard_type is None else None
    return RuleInForce(
        rule_of(*version),
        version[_VERSION.index("version")],
        code,
        ActivityTypeFacts(derived or StandardType(standard_type), priority),
    )


def users_named(asked: Asked, rules: Sequence[RuleInForce]) -> Query[UserFacts]:
    """Return the question for the users that rules name."""
    named = {one.document.override_user_id for one in rules}
    named |= {one.document.follow_up_user_id for one in rules}
    statement = f"""SELECT u.user_id, u.kind, u.manager_id, u.active
        FROM {asked.rows(_USERS)} u WHERE u.tenant = %(tenant)s AND u.user_id = ANY(%(users)s)"""
    parameters = asked.parameters | {"users": sorted(one for one in named if one is not None)}
    return Query(sql(statement), parameters, UserFacts)
