"""Putting a strategy into force, and reading the one that is."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection

from application.handling import handle
from application.strategies import default_class, wishes
from domain.rule import Reach, RuleDocument
from domain.rule_language import printed
from domain.shared.decider import Refused
from domain.strategy import STANDARD_CLASS, Strategy, Unreadable, starter_strategy
from eventstore.postgres import PostgresLog
from projections.query import fetch
from projections.rule_reach import reach_of
from projections.rule_views import checked_filter
from projections.rules_in_force import action_codes, credit_classes, rules_of
from projections.view import Asked
from runtime.database import Database
from runtime.site import site_options, today
from runtime.tenants import Tenant


class PutInForce(Struct, frozen=True):
    """What putting a strategy into force did: how many events, and what was refused."""

    events: int
    refused: Sequence[Unreadable]


def put_in_force(
    database: Database,
    tenant: Tenant,
    strategy: Strategy,
    *,
    actor: str,
    confirmed: bool = False,
    make_default: str | None = None,
) -> PutInForce:
    """Define what a strategy holds; what is refused is told, and the rest is in force.

    With `make_default` that class becomes the site's default one, if it has none.
    """
    cause = "strategy"
    with database.connect("worker") as connection, database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        options = site_options(connection, tenant.id)
        asked = Asked(tenant.id, options, today(options))
        refused: list[Unreadable] = []
        rules: list[RuleDocument] = []
        reaches: dict[tuple[str, str], Reach] = {}
        for rule in strategy.rules:
            try:
                condition = checked_filter(rule.view, rule.filter)
            except Refused as refusal:
                refused.append(Unreadable("rules", rule.rule_id, f"{refusal.field}: {refusal}"))
                continue
            rules.append(replace(rule, filter=printed(condition)))
            if not confirmed:
                key = rule.class_id, rule.rule_id
                reaches[key] = fetch(connection, reach_of(asked, rule.view, condition))[0]
        events = 0
        for wish in wishes(
            replace(strategy, rules=tuple(rules)),
            reach=lambda one: reaches.get((one.class_id, one.rule_id), Reach(0, 0)),
            confirmed=confirmed,
            actor=actor,
            business_date=asked.as_of,
            cause=cause,
        ):
            try:
                events += len(handle(log, wish.request).events)
            except Refused as refusal:
                reason = f"{refusal.field}: {refusal}" if refusal.field else str(refusal)
                refused.append(Unreadable(wish.kind, wish.name, reason))
        if make_default is not None and options.default_credit_class_id is None:
            command = default_class(
                make_default, actor=actor, business_date=asked.as_of, cause=cause
            )
            events += len(handle(log, command).events)
    return PutInForce(events, refused)


def put_starter_in_force(database: Database, tenant: Tenant, *, actor: str) -> PutInForce:
    """Define the strategy that comes with the product, and use it for accounts without a class."""
    return put_in_force(
        database,
        tenant,
        starter_strategy(),
        actor=actor,
        confirmed=True,
        make_default=STANDARD_CLASS,
    )


def strategy_in_force(connection: Connection[Any], asked: Asked) -> Strategy:
    """Return the classes, codes and active rules of a tenant."""
    return Strategy(
        tuple(fetch(connection, credit_classes(asked))),
        tuple(fetch(connection, action_codes(asked))),
        tuple(fetch(connection, rules_of(asked))),
    )
