"""What tests of read models do with a tenant: append, fold, wait."""

import random
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec.structs import replace

from application.handling import Request, handle_all
from domain.account import ACCOUNT, AccountDocument, ImportAccount
from domain.invoice import INVOICE
from eventstore.appending import StoredForm
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.accounts import ACCOUNTS
from projections.catalogue import READ_MODELS
from projections.projection import ReadModel
from projections.runner import Runner
from runtime.database import Database
from runtime.tenants import Tenant
from tests.projections.ledger import random_import

TODAY = date(2026, 3, 2)
UNKNOWN_EVENT = StoredForm("s/1", 1, "Eaten", b"x", date(2026, 1, 1), "a", "b", "c")


def eventually(holds: Callable[[], bool], seconds_max: float = 120) -> None:
    """Wait until something holds, and fail if it never does."""
    deadline = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)


def opening(cust_id: str, name: str | None = None) -> Request:
    command = ImportAccount(AccountDocument("1", cust_id, name))
    return Request(ACCOUNT, ("1", cust_id), command, "t", TODAY, "t", "t")


def append(database: Database, tenant: Tenant, *requests: Request) -> int:
    """Carry out commands; the position after them."""
    with database.pool("app", size=1) as pool:
        handle_all(PostgresLog(pool, tenant.id), requests)
        return PostgresLog(pool, tenant.id).head().position


def fold(database: Database, tenant: Tenant) -> None:
    """Fold what there is."""
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()


def names(database: Database, tenant: Tenant) -> dict[str, str | None]:
    with database.connect("worker") as connection:
        return dict(
            connection.execute(
                "SELECT cust_id, cust_name FROM read_models.accounts WHERE tenant = %s",
                (tenant.id,),
            ).fetchall()
        )


def failing(at: str) -> list[ReadModel[Any, Any]]:
    """The read models, of which the one of accounts cannot fold the account `at`."""

    def evolve(state: Any, recorded: Recorded) -> Any:
        if recorded.stream == f"account/1/{at}":
            raise ValueError("no room for it")
        return ACCOUNTS.evolve(state, recorded)

    broken = replace(ACCOUNTS, evolve=evolve)
    return [broken if one is ACCOUNTS else one for one in READ_MODELS]


def invoicing(rng: random.Random) -> Request:
    command = random_import(rng)
    key = (command.document.company_id, command.document.tran_id)
    return Request(INVOICE, key, command, "t", TODAY, "t", "t")
