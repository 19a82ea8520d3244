"""A strategy becomes commands: its class, codes and rules, each to a stream of its own."""

from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec import Struct

import domain.action_code
import domain.activity_type
import domain.credit_class
from application.consulting import class_asked, user_asked
from application.handling import Consulted, Request
from domain.action_code import ACTION_CODE, ActionCodeDocument, DefineActionCode
from domain.activity_type import ACTIVITY_TYPE
from domain.credit_class import CREDIT_CLASS, CreditClassDocument, DefineCreditClass
from domain.rule import RULE, DefineRule, Reach, RuleDocument
from domain.shared.decider import Decider
from domain.shared.record_types import RecordType
from domain.site_options import SITE, SITE_OPTIONS, AdoptDefaults, UdfCaptions
from domain.strategy import STANDARD_CLASS, Strategy


class Wish(Struct, frozen=True):
    """A command about an entry of a strategy: of which kind it is, and called what."""

    kind: str
    name: str
    request: Request


def asked_by_code(document: ActionCodeDocument) -> tuple[Consulted, ...]:
    """Return what defining an action code consults."""
    key = (document.activity_type,)
    return (Consulted(ACTIVITY_TYPE, key, domain.activity_type.facts),)


def asked_by_rule(document: RuleDocument) -> tuple[Consulted, ...]:
    """Return what defining a rule consults."""
    return (
        Consulted(CREDIT_CLASS, (document.class_id,), domain.credit_class.is_defined),
        Consulted(ACTION_CODE, (document.action_code,), domain.action_code.facts),
        *user_asked(document.override_user_id),
        *user_asked(document.follow_up_user_id),
    )


def wishes(
    strategy: Strategy,
    *,
    reach: Callable[[RuleDocument], Reach],
    account_rules: Callable[[ActionCodeDocument], int],
    confirmed: bool,
    only_new: bool,
    actor: str,
    business_date: date,
    cause: str,
) -> list[Wish]:
    """Return the commands that put a strategy into force, in the order in which they can be.

    `reach` measures how many records the filter of a rule meets, `account_rules` how many rules
    about accounts use a code. With `only_new` what is defined
    already is left as it is.
    """

    def request(
        decider: Decider[Any, Any, Any],
        key: tuple[str, ...],
        command: Struct,
        consults: tuple[Consulted, ...] = (),
    ) -> Request:
        return Request(
            decider,
            key,
            command,
            actor=actor,
            business_date=business_date,
            cause=cause,
            correlation=cause,
            consults=consults,
        )

    def of_class(one: CreditClassDocument) -> Request:
        return request(CREDIT_CLASS, (one.class_id,), DefineCreditClass(one, only_new))

    def of_code(one: ActionCodeDocument) -> Request:
        command = DefineActionCode(one, only_new, account_rules(one))
        return request(ACTION_CODE, (one.code,), command, asked_by_code(one))

    def of_rule(one: RuleDocument) -> Request:
        command = DefineRule(one, reach(one), confirmed, only_new)
        return request(RULE, (one.class_id, one.rule_id), command, asked_by_rule(one))

    return [
        *(Wish("credit_classes", one.class_id, of_class(one)) for one in strategy.credit_classes),
        *(Wish("action_codes", one.code, of_code(one)) for one in strategy.action_codes),
        *(Wish("rules", one.rule_id, of_rule(one)) for one in strategy.rules),
    ]


REQUIRE_PO = UdfCaptions(RecordType.CUSTOMER, udf10="Require PO")
"""The field of accounts by which the starter strategy asks for purchase orders (RULE-28)."""


def starter_defaults(*, actor: str, business_date: date, cause: str) -> Request:
    """Return the command that lets a site without a default class use the starter's (RULE-03)."""
    return Request(
        SITE_OPTIONS,
        (SITE,),
        AdoptDefaults(STANDARD_CLASS, (REQUIRE_PO,)),
        actor=actor,
        business_date=business_date,
        cause=cause,
        correlation=cause,
        consults=class_asked(STANDARD_CLASS),
    )
