"""Giving out API keys."""

from hashlib import sha256
from secrets import token_urlsafe
from uuid import uuid4

import domain.user
from application.handling import Consulted, Request, handle
from domain.api_key import API_KEY, IssueApiKey, Role
from eventstore.postgres import PostgresLog
from runtime.clock import business_date, now
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until

PREFIX = "tsk_"
SECRET_BYTES = 32


def digest(secret: str) -> str:
    """Return what is kept of a key."""
    return sha256(secret.encode()).hexdigest()


def create_key(
    database: Database, tenant: Tenant, role: Role, name: str, user_id: str | None = None
) -> str:
    """Issue a key and return it once it lets its holder in, who acts for a user if one is named.

    Raises:
        Refused: if there is no such user, or the name is none.
    """
    secret = PREFIX + token_urlsafe(SECRET_BYTES)
    key_id = str(uuid4())
    request = Request(
        API_KEY,
        (key_id,),
        IssueApiKey(key_id, name, role, digest(secret), user_id),
        actor="cli",
        business_date=business_date(now(), "UTC"),
        cause="cli/key-create",
        correlation=f"key/{key_id}",
        consults=()
        if user_id is None
        else (Consulted(domain.user.USER, (user_id,), domain.user.facts),),
    )
    url = database.url("worker")
    with (
        database.pool("app", size=1) as pool,
        database.connect("worker") as connection,
        ReadModelWorker(url, lambda _: [tenant.id]),
    ):
        handled = handle(PostgresLog(pool, tenant.id), request)
        wait_until(connection, tenant.id, handled.position)
    return secret


def key_id_of(database: Database, secret: str) -> str | None:
    """Return the id of a key that lets its holder in; None if it does not."""
    with database.connect("app") as connection:
        row = connection.execute(
            "SELECT key_id FROM authenticate(%s)", (digest(secret),)
        ).fetchone()
        return None if row is None else row[0]
