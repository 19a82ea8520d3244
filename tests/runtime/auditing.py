"""A log to be audited, and somebody who rewrites it as the database's superuser."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from psycopg import Connection

from domain.company import CompanyDocument, CompanyRegistered
from eventstore.log import NewEvent
from eventstore.postgres import PostgresLog
from eventstore.proofs.notes import Checkpoint
from eventstore.proofs.verifying import Verified, verify
from runtime.audit_keys import AuditKeys, audit_keys
from runtime.auditing import SignedCheckpoint, make_checkpoint
from runtime.settings import Settings
from runtime.tenants import Tenant


class Ledger:
    """A log of companies."""

    def __init__(
        self, log: PostgresLog, connection: Connection[Any], tenant: Tenant, settings: Settings
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self.settings = settings
        self._log = log
        self._size = 0

    @property
    def keys(self) -> AuditKeys:
        """The keys in force."""
        return audit_keys(self.settings)

    def append(self, count: int) -> None:
        """Register so many companies, each in an append of its own for the first few."""
        ids = [f"c{self._size + number + 1}" for number in range(count)]
        self._size += count
        for batch in (ids[:3], ids[3:]):
            self._log.append([_registered(company_id) for company_id in batch])

    def checkpoint(self) -> SignedCheckpoint:
        """Sign how far it is."""
        return make_checkpoint(self.connection, self.settings, self.tenant, self.keys)

    def verified(self, checkpoints: Sequence[Checkpoint] = ()) -> Verified:
        """Work it out anew."""
        return verify(self.connection, self.tenant.id, self.tenant.name, checkpoints)


def _registered(company_id: str) -> NewEvent:
    event = CompanyRegistered(CompanyDocument(company_id, "EUR", f"Name of {company_id}"))
    return NewEvent(f"company/{company_id}", 1, event, date(2026, 3, 2), "a", "b", "c")


@contextmanager
def rewriting(owner: Connection[Any], tenant: int) -> Generator[None]:
    """Let the superuser change what cannot be changed, of one tenant, in one transaction."""
    with owner.transaction():
        for table, trigger in (
            ("events", "events_are_append_only"),
            ("checkpoints", "checkpoints_are_append_only"),
        ):
            owner.execute(f"ALTER TABLE public.{table} DISABLE TRIGGER {trigger}".encode())
        owner.execute(b"CREATE TEMPORARY TABLE mine (tenant integer) ON COMMIT DROP")
        for table in ("events", "heads", "trees", "tree_tiles", "checkpoints"):
            # The statements of tests name no tenant: a view of theirs stands before the table.
            owner.execute(
                f"CREATE TEMPORARY VIEW {table} AS SELECT * FROM public.{table}"
                f" WHERE tenant = {tenant:d}".encode()
            )
        yield
        for table in ("events", "heads", "trees", "tree_tiles", "checkpoints"):
            owner.execute(f"DROP VIEW pg_temp.{table}".encode())
        for table, trigger in (
            ("events", "events_are_append_only"),
            ("checkpoints", "checkpoints_are_append_only"),
        ):
            owner.execute(f"ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER {trigger}".encode())
