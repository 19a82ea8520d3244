"""Putting a strategy into force, and reading the one that is."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from application.handling import handle
from application.strategies import Wish, starter_defaults, wishes
from domain.conditions import Condition
from domain.rule import Reach, RuleDocument
from domain.rule_language import printed
from domain.rule_view import RuleView
from domain.shared.decider import Refused
from domain.strategy import STANDARD_CLASS, Strategy, Unreadable, starter_strategy
from eventstore.postgres import PostgresLog
from projections.action_code_view import account_rules_of
from projections.query import fetch
from projections.rule_reach import reach_of
from projections.rule_views import checked_filter
from projections.rules_in_force import action_codes, credit_classes, rules_of
from projections.view import Asked
from runtime.after_sync import ALIVE_POLL_SECONDS
from runtime.database import Database
from runtime.site import site_options, today
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until

CAUSE = "strategy"


class PutInForce(Struct, frozen=True):
    """What putting a strategy into force did: events, up to which position, what was refused."""

    events: int
    position: int
    refused: Sequence[Unreadable]


def put_in_force(
    database: Database, tenant: Tenant, strategy: Strategy, *, actor: str, confirmed: bool = False
) -> PutInForce:
    """Define what a strategy holds; what is refused is told, and the rest is in force.

    Rules that meet most of what there is are refused unless that is `confirmed`.
    """
    with database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        asked = Asked(tenant.id, options, today(options))
        kept, conditions, refused = checked_rules(strategy)
        reaches = {
            key: fetch(connection, reach_of(asked, view, condition))[0]
            for key, (view, condition) in conditions.items()
            if not confirmed
        }
        account_rules = {
            one.code: fetch(connection, account_rules_of(asked, one.code))[0]
            for one in kept.action_codes
            if one.attach_invoices
        }
    told = wishes(
        kept,
        reach=lambda one: reaches.get((one.class_id, one.rule_id), Reach(0, 0)),
        account_rules=lambda one: account_rules.get(one.code, 0),
        confirmed=confirmed,
        only_new=False,
        actor=actor,
        business_date=asked.as_of,
        cause=CAUSE,
    )
    return _carry_out(database, tenant, told, refused)


def put_starter_in_force(database: Database, tenant: Tenant, *, actor: str) -> PutInForce:
    """Define what a site lacks of the strategy that comes with the product (RULE-31).

    What is there already, changed or retired, is left as it is.
    """
    with database.connect("worker") as connection:
        business_date = today(site_options(connection, tenant.id))
    told = starter_wishes(actor=actor, business_date=business_date, cause=CAUSE)
    return _carry_out(database, tenant, told, [])


def starter_wishes(*, actor: str, business_date: date, cause: str) -> list[Wish]:
    """Return the commands that define what a site lacks of the product's strategy."""
    kept, _, refused = checked_rules(starter_strategy())
    assert not refused, refused
    asked: dict[str, Any] = {"actor": actor, "business_date": business_date, "cause": cause}
    told = wishes(
        kept,
        reach=lambda _: Reach(0, 0),
        account_rules=lambda _: 0,  # codes that there are stay as they are
        confirmed=True,
        only_new=True,
        **asked,
    )
    return [*told, Wish("site_options", STANDARD_CLASS, starter_defaults(**asked))]


Meant: TypeAlias = dict[tuple[str, str], tuple[RuleView, Condition]]


def checked_rules(strategy: Strategy) -> tuple[Strategy, Meant, list[Unreadable]]:
    """Return a strategy without rules whose filters say nothing, and why they do not.

    The filters of the others are as they are kept; what each means is told by class and id.
    """
    rules: list[RuleDocument] = []
    meant: Meant = {}
    refused: list[Unreadable] = []
    for rule in strategy.rules:
        try:
            condition = checked_filter(rule.view, rule.filter)
        except Refused as refusal:
            refused.append(Unreadable("rules", rule.rule_id, reason_of(refusal)))
            continue
        rules.append(replace(rule, filter=printed(condition)))
        meant[rule.class_id, rule.rule_id] = rule.view, condition
    return replace(strategy, rules=tuple(rules)), meant, refused


def reason_of(refusal: Refused) -> str:
    """Return why something was refused, with the field at fault."""
    return f"{refusal.field}: {refusal}" if refusal.field else str(refusal)


def _carry_out(
    database: Database, tenant: Tenant, told: Sequence[Wish], refused: Sequence[Unreadable]
) -> PutInForce:
    """Carry commands out; return when the read models show what they did."""
    events = position = 0
    no = list(refused)
    url = database.url("worker")
    with (
        database.connect("worker") as connection,
        database.pool("app", size=1) as pool,
        ReadModelWorker(url, lambda _: [tenant.id]) as worker,
    ):
        log = PostgresLog(pool, tenant.id)
        for wish in told:
            try:
                handled = handle(log, wish.request)
            except Refused as refusal:
                no.append(Unreadable(wish.kind, wish.name, reason_of(refusal)))
            else:
                events += len(handled.events)
                position = max(position, handled.position)
        while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
    return PutInForce(events, position, no)


def strategy_in_force(connection: Connection[Any], asked: Asked) -> Strategy:
    """Return the classes, codes and active rules of a tenant."""
    return Strategy(
        tuple(fetch(connection, credit_classes(asked))),
        tuple(fetch(connection, action_codes(asked))),
        tuple(fetch(connection, rules_of(asked))),
    )
