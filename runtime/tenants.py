"""Tenants: whose log it is (CMP-01, CMP-10)."""

from typing import Any

from msgspec import Struct
from psycopg import Connection, errors

from runtime.database import Database


class Tenant(Struct, frozen=True):
    """A tenant: its number in every table, and its name."""

    id: int
    name: str


class TenantError(Exception):
    """There is no such tenant, or it cannot be made; the message says why."""


def find_tenant(connection: Connection[Any], name: str) -> Tenant:
    """Return the tenant of a name.

    Raises:
        TenantError: if there is none.
    """
    row = connection.execute("SELECT tenant FROM tenants WHERE name = %s", (name,)).fetchone()
    if row is None:
        raise TenantError(
            f"There is no tenant {name!r}; `tallystick tenant create {name}` makes one."
        )
    return Tenant(row[0], name)


def create_tenant(database: Database, name: str) -> Tenant:
    """Make a tenant.

    Raises:
        TenantError: if the name is taken or is no name.
    """
    with database.connect("owner") as connection:
        try:
            row = connection.execute("SELECT create_tenant(%s)", (name,)).fetchone()
        except errors.UniqueViolation as taken:
            raise TenantError(f"There is a tenant {name!r} already.") from taken
        except errors.CheckViolation as bad:
            raise TenantError(
                "A tenant's name has lower-case letters, digits, - and _, at most 63 of them."
            ) from bad
    assert row is not None
    return Tenant(row[0], name)


def every_tenant(connection: Connection[Any]) -> list[int]:
    """Return the numbers of all tenants."""
    return [row[0] for row in connection.execute("SELECT tenant FROM tenants ORDER BY tenant")]


def all_tenants(connection: Connection[Any]) -> list[Tenant]:
    """Return all tenants."""
    rows = connection.execute("SELECT tenant, name FROM public.tenants ORDER BY tenant")
    return [Tenant(*row) for row in rows]
