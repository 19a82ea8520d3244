"""Credit scores that a function of the site's own computes of accounts' figures (ACC-12)."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct
from psycopg import Connection

import domain.account
from application.handling import BATCH_COMMANDS_MAX, Consulted, Handled, Request, handle_all
from domain.account_care import ACCOUNT_CARE, RateCredit, ScoreSource
from domain.site_options import SiteOptions
from eventstore.postgres import PostgresLog
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Cut, Listing, page
from projections.query import fetch
from projections.view import Asked, Field, Kind
from runtime.database import Database
from runtime.settings import SettingsError
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until

PAGE_ACCOUNTS = 5_000
"""Accounts whose figures are held at once."""

REFUSED_LISTED_MAX = 100
"""Refused scores told one by one; more are only counted."""

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.NUMBER: Decimal,
    Kind.MONEY: Decimal,
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.MOMENT: datetime,
    Kind.JSON: str,
}


def _type(field: Field) -> Any:
    return _TYPES[field.kind] | None if field.nullable else _TYPES[field.kind]


AccountFigures: type[Struct] = msgspec.defstruct(
    "AccountFigures",
    [(field.name, _type(field)) for field in ACCOUNT_VIEW.fields],
    frozen=True,
    namespace={
        "__doc__": "The figures of an account on a date: the fields of `accounts` in the data"
        " dictionary, amounts in the currency that is told there."
    },
)

CreditScore = Callable[[Any], object]
"""A function from an account's figures to its score; None where it has none to give."""


class CreditScoreFailed(Exception):
    """The function failed; the message says with which account."""


class Scored(Struct):
    """What a run did: accounts looked at, scores changed, scores refused."""

    accounts: int = 0
    changed: int = 0
    refused_count: int = 0
    refused: list[tuple[str, str, str]] = []
    """Company, customer and why, of the first ones."""
    position: int = 0


def credit_score_function(setting: str | None) -> CreditScore:
    """Return the function that TALLYSTICK_CREDIT_SCORE names.

    Raises:
        SettingsError: if there is none.
    """
    name = "TALLYSTICK_CREDIT_SCORE"
    if setting is None:
        raise SettingsError(f"{name} names no function; set it to module:function.")
    module, _, function = setting.partition(":")
    try:
        found = getattr(importlib.import_module(module), function, None)
    except ImportError as failure:
        raise SettingsError(f"{name} cannot be used: {failure}.") from failure
    if not callable(found):
        raise SettingsError(f"{name} cannot be used: {module} has no function {function}.")
    return found


def score_accounts(
    database: Database,
    tenant: Tenant,
    compute: CreditScore,
    options: SiteOptions,
    business_date: date,
    *,
    actor: str,
) -> Scored:
    """Compute the score of every account and record those that changed.

    Raises:
        CreditScoreFailed: if the function fails; what was recorded before stays.
    """
    run = f"credit_scores/{uuid4()}"
    scored = Scored()
    asked = Asked(tenant.id, options, business_date)
    with (
        database.connect("worker") as connection,
        database.pool("app", size=1) as pool,
        ReadModelWorker(database.url("worker"), lambda _: [tenant.id]),
    ):
        log = PostgresLog(pool, tenant.id)
        for accounts in _pages(connection, asked):
            scored.accounts += len(accounts)
            known = _computed(connection, tenant.id, accounts)
            requests: list[Request] = []
            for account in accounts:
                key = (account["company_id"], account["cust_id"])
                score = _score(compute, account)
                kept, source = known.get(key, (None, None))
                if source != ScoreSource.MANUAL and score != kept:
                    requests.append(_request(key, score, business_date, actor, run))
            for start in range(0, len(requests), BATCH_COMMANDS_MAX):
                _carry_out(log, requests[start : start + BATCH_COMMANDS_MAX], scored)
        wait_until(connection, tenant.id, scored.position)
    return scored


def _carry_out(log: PostgresLog, requests: Sequence[Request], scored: Scored) -> None:
    for request, outcome in zip(requests, handle_all(log, requests), strict=True):
        if isinstance(outcome, Handled):
            scored.changed += bool(outcome.events)
            scored.position = max(scored.position, outcome.position)
            continue
        scored.refused_count += 1
        if len(scored.refused) < REFUSED_LISTED_MAX:
            company_id, cust_id = request.key
            scored.refused.append((company_id, cust_id, outcome.message))


def _score(compute: CreditScore, account: dict[str, Any]) -> str | None:
    """Return the account's score, without the space around it."""
    where = f"account {account['cust_id']} of company {account['company_id']}"
    try:
        score = compute(AccountFigures(**account))
    except Exception as failure:
        raise CreditScoreFailed(
            f"The credit score of {where} could not be computed:"
            f" {type(failure).__name__}: {failure}."
        ) from failure
    if score is None:
        return None
    if not isinstance(score, str):
        raise CreditScoreFailed(f"The credit score of {where} is no text but {score!r}.")
    return score.strip() or None


def _request(
    key: tuple[str, str], score: str | None, business_date: date, actor: str, run: str
) -> Request:
    return Request(
        ACCOUNT_CARE,
        key,
        RateCredit(business_date, score, ScoreSource.COMPUTED),
        actor=actor,
        business_date=business_date,
        cause=run,
        correlation=run,
        consults=(Consulted(domain.account.ACCOUNT, key, domain.account.facts),),
    )


def _pages(connection: Connection[Any], asked: Asked) -> Iterator[list[dict[str, Any]]]:
    """Yield the figures of all accounts by field, page by page."""
    listing = Listing(ACCOUNT_VIEW, asked, tuple(field.name for field in ACCOUNT_VIEW.fields))
    after: tuple[Any, ...] | None = None
    while True:
        records = fetch(connection, page(listing, Cut(PAGE_ACCOUNTS, after)))
        accounts = [dict(zip(listing.columns, one.values, strict=True)) for one in records]
        if accounts:
            yield accounts
        if len(accounts) < PAGE_ACCOUNTS:
            return
        after = tuple(accounts[-1][name] for name in ACCOUNT_VIEW.key)


def _computed(
    connection: Connection[Any], tenant: int, accounts: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Return the scores that are kept of accounts, and where they come from."""
    rows = connection.execute(
        "SELECT company_id, cust_id, credit_score, credit_score_source"
        " FROM read_models.account_care JOIN unnest(%s::text[], %s::text[]) AS asked (c, a)"
        " ON company_id = c AND cust_id = a WHERE tenant = %s",
        (
            [one["company_id"] for one in accounts],
            [one["cust_id"] for one in accounts],
            tenant,
        ),
    )
    return {(company_id, cust_id): (score, source) for company_id, cust_id, score, source in rows}
