"""API keys: they let in at once, whom they say and where they say, and nobody can read them."""

import re
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection

from domain.api_key import Role
from domain.shared.decider import Refused
from runtime.database import Database
from runtime.keys import create_key, digest, key_id_of
from runtime.tenants import Tenant, create_tenant


def lets_in(database: Database, secret: str) -> list[tuple[Any, ...]]:
    with database.connect("app") as connection:
        found = connection.execute(
            "SELECT tenant, tenant_name, name, role FROM authenticate(%s)", (digest(secret),)
        )
        return found.fetchall()


def test_a_key_lets_in_at_once_as_what_it_was_made_for(database: Database, tenant: Tenant) -> None:
    neighbour = create_tenant(database, f"n-{uuid4().hex}")
    auditor = create_key(database, tenant, Role.AUDITOR, " Audit 2026 ")
    admin = create_key(database, neighbour, Role.ADMIN, "Audit 2026")

    assert lets_in(database, auditor) == [(tenant.id, tenant.name, "Audit 2026", "auditor")]
    assert lets_in(database, admin) == [(neighbour.id, neighbour.name, "Audit 2026", "admin")]
    assert re.fullmatch(r"tsk_[\w-]{43}", auditor)


@pytest.mark.parametrize("secret", ["", "tsk_", "tsk_" + "a" * 43, "' OR true --", "\N{SNOWMAN}"])
def test_what_is_no_key_lets_nobody_in(database: Database, tenant: Tenant, secret: str) -> None:
    create_key(database, tenant, Role.ADMIN, "Dana")
    assert key_id_of(database, secret) is None


def test_the_secret_is_kept_nowhere(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    secret = create_key(database, tenant, Role.ADMIN, "Dana")
    (events, rows) = owner.execute(
        "SELECT (SELECT string_agg(encode(data, 'escape'), ' ') FROM events WHERE tenant = %(t)s),"
        " (SELECT string_agg(k::text, ' ') FROM read_models.api_keys k WHERE tenant = %(t)s)",
        {"t": tenant.id},
    ).fetchone() or ("", "")
    for kept in (events, rows):
        assert digest(secret) in kept
        assert secret.removeprefix("tsk_") not in kept


@pytest.mark.parametrize("name", ["", "  ", "Da\0na"])
def test_a_key_has_a_name_that_can_be_read(database: Database, tenant: Tenant, name: str) -> None:
    with pytest.raises(Refused, match="name"):
        create_key(database, tenant, Role.ADMIN, name)
    with database.connect("worker") as connection:
        head = "SELECT position FROM heads WHERE tenant = %s"
        assert connection.execute(head, (tenant.id,)).fetchone() == (0,)
