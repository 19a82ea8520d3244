"""Logs folded into empty tables by several processes: the same rows, or nothing at all."""

import random
import subprocess
from typing import Any

import pytest

from domain.account import AccountDocument, AccountOpened
from eventstore.appending import APPEND, StoredForm, append_parameters
from eventstore.codec import encode
from projections import refold
from projections.catalogue import READ_MODELS
from projections.projection import ReadModel
from projections.runner import Runner
from runtime import read_models, refolding
from runtime.database import Database
from runtime.read_models import check, status
from runtime.refolding import RefoldLost
from runtime.tenants import Tenant
from tests.histories import day
from tests.projections.ledger import fill
from tests.projections.running import UNKNOWN_EVENT, append, opening


@pytest.fixture(autouse=True)
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of tests are short: cut them into many stretches, for two processes."""
    monkeypatch.setattr(refold, "STRETCH_EVENTS", 5)
    monkeypatch.setattr(refolding, "STRETCH_EVENTS", 1)
    monkeypatch.setattr(refolding.os, "sched_getaffinity", lambda _: {0, 1})


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started."""
    started: list[subprocess.Popen[bytes]] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(refolding.subprocess, "Popen", Popen)
    return started


def test_processes_share_the_work_and_find_what_the_runner_kept(
    database: Database, tenant: Tenant, children: list[subprocess.Popen[bytes]]
) -> None:
    fill(database, tenant, random.Random(5))
    told: list[tuple[int, int]] = []

    assert check(database, tenant.id, lambda done, whole: told.append((done, whole))) == []

    assert [one.returncode for one in children] == [0]
    done, whole = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert set(whole) == {done[-1]}
    assert len(told) > 5


def test_a_process_that_is_killed_ends_the_work_and_leaves_nothing(
    database: Database, tenant: Tenant, owner: Any, children: list[subprocess.Popen[bytes]]
) -> None:
    fill(database, tenant, random.Random(6))

    def kill(_done: int, _whole: int) -> None:
        while not children:
            pass
        children[0].kill()
        children[0].wait()

    with pytest.raises(RefoldLost, match="The read models are as they were; try again"):
        check(database, tenant.id, kill)

    schema = f"read_models_check_{tenant.id}"
    assert owner.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone() == (None,)
    assert check(database, tenant.id) == []


TORN = {
    "an event that nobody knows": UNKNOWN_EVENT,
    "one account in two streams": StoredForm(
        "account/1/Twin",
        1,
        "AccountOpened",
        encode(AccountOpened(AccountDocument("1", "A"))),
        day(0),
        "a",
        "b",
        "c",
    ),
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_a_log_that_cannot_be_folded_whole_is_folded_up_to_where_it_stops(
    database: Database, tenant: Tenant, owner: Any, torn: StoredForm
) -> None:
    fill(database, tenant, random.Random(7))
    owner.execute("SELECT set_config('tallystick.tenant', %s, false)", (str(tenant.id),))
    owner.execute(APPEND, append_parameters(tenant.id, [torn]))
    append(database, tenant, opening("Late"))
    with database.connect("worker") as connection:
        Runner(connection, tenant.id).catch_up()
    kept = status(owner, tenant.id)
    assert any(one.stopped_at for one in kept)

    schema = f"read_models_test_{tenant.id}"
    read_models.make_schema(owner, schema, READ_MODELS)
    job = refolding.Job(tenant.id, tuple(one.name for one in READ_MODELS), kept[0].head)
    read_models.fill(database, schema, READ_MODELS, [job])

    for table in ["cursors", *(name for one in READ_MODELS for name in names(one))]:
        columns = "tenant, read_model, position, stopped_at" if table == "cursors" else "*"
        one, other = (
            owner.execute(
                f"SELECT {columns} FROM {where}.{table} WHERE tenant = {tenant.id}".encode()
            ).fetchall()
            for where in ("read_models", schema)
        )
        assert sorted(map(repr, one)) == sorted(map(repr, other)), table
    owner.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def names(read_model: ReadModel[Any, Any]) -> list[str]:
    return [name for table in read_model.tables for name in table.names]
