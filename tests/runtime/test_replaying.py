"""Replays: the read models that were there when the log was so long, and nobody writes them."""

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection, errors

from application.handling import Request
from domain.shared.streams import stream_name
from eventstore.appending import APPEND, StoredForm, append_parameters
from eventstore.codec import encode
from eventstore.log import Recorded
from eventstore.postgres import PostgresLog
from projections.catalogue import READ_MODELS
from projections.runner import Runner
from runtime.database import Database
from runtime.read_models import RebuildBusy
from runtime.replaying import (
    ReplayError,
    drop_replay,
    make_replay,
    replayed,
    replays,
)
from runtime.tenants import Tenant, create_tenant
from tests.loading import recorded_at
from tests.projections.ledger import fill
from tests.projections.running import (
    TODAY,
    UNKNOWN_EVENT,
    append,
    eventually,
    fold,
    invoicing,
    opening,
)
from tests.projections.test_folds import Tables
from tests.runtime.replays import TABLES, rows_of, schemas, session

ROOT = Path(__file__).parents[2]


def replay(database: Database, tenant: Tenant, at: int | datetime, name: str | None = None) -> Any:
    return make_replay(database, tenant, at, name)[0]


def head(database: Database, tenant: Tenant) -> int:
    with database.connect("worker") as connection:
        return connection.execute(
            "SELECT position FROM heads WHERE tenant = %s", (tenant.id,)
        ).fetchone()[0]  # type: ignore[index]


def test_a_replay_has_the_rows_that_were_there_when_the_log_was_so_long(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    fill(database, tenant, random.Random(11))
    position, moment = head(database, tenant), recorded_at(database, tenant)
    before = rows_of(owner, tenant)
    rng = random.Random(12)
    append(database, tenant, opening("Late"), *(invoicing(rng) for _ in range(30)))
    fold(database, tenant)
    assert rows_of(owner, tenant) != before

    found, new = make_replay(database, tenant, position)

    assert new
    assert (found.name, found.position, found.moment) == (f"p{position}", position, moment)
    assert found.state == "finished"
    assert sum(map(len, before.values())) > 100
    assert rows_of(owner, tenant, found.schema) == before

    at_moment = replay(database, tenant, moment, "then")
    assert (at_moment.position, at_moment.moment) == (position, moment)
    assert rows_of(owner, tenant, at_moment.schema) == before
    just_before = replay(database, tenant, moment - timedelta(microseconds=1), "sooner")
    assert just_before.position < position


@pytest.fixture(scope="module")
def small(database: Database) -> tuple[Tenant, list[Recorded]]:
    """A small log, and its events."""
    tenant = create_tenant(database, f"small-{random.getrandbits(60):x}")
    append(database, tenant, opening("A"), opening("B"))
    rng = random.Random(4)
    for number in range(6):
        append(database, tenant, opening("A", f"A{number}"), *(invoicing(rng) for _ in range(4)))
    with database.pool("app", size=1) as pool:
        return tenant, PostgresLog(pool, tenant.id).page(0, 1_000)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_at_any_position_it_is_what_the_events_up_to_it_fold_to(
    database: Database, small: tuple[Tenant, list[Recorded]], data: st.DataObject
) -> None:
    tenant, events = small
    position = data.draw(st.integers(1, len(events)))
    made = replay(database, tenant, position, "drawn")
    try:
        with database.connect("owner") as owner:
            found = rows_of(owner, tenant, made.schema)
    finally:
        drop_replay(database, tenant, "drawn")

    for read_model in READ_MODELS:
        tables = Tables(read_model)
        tables.take(events[:position])
        for table, live, history in zip(
            read_model.tables, tables.live, tables.history, strict=True
        ):
            assert found[table.name] == sorted(repr((tenant.id, *row[1:])) for row in live)
            if table.history:
                assert found[table.names[1]] == sorted(
                    repr((tenant.id, *row[1:])) for row in history
                )


def test_the_same_again_changes_nothing_and_another_takes_another_name(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"), opening("B"))
    first = replay(database, tenant, 1, "mine")
    files = "SELECT relname, relfilenode FROM pg_class WHERE relnamespace = %s::regnamespace"
    before = sorted(owner.execute(files.encode(), (first.schema,)))
    assert make_replay(database, tenant, 1, "mine") == (first, False)
    assert sorted(owner.execute(files.encode(), (first.schema,))) == before
    with pytest.raises(ReplayError, match=r"'mine' is of position 1 at .*; take another name"):
        make_replay(database, tenant, 2, "mine")
    drop_replay(database, tenant, "mine")
    assert replay(database, tenant, 2, "mine").position == 2


def test_what_the_log_does_not_reach_is_refused(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"), opening("B"))
    for at, why in (
        (3, "The log has the positions 1 to 2; there is no position 3"),
        (0, "there is no position 0"),
        (datetime.now(UTC) + timedelta(minutes=1), "lies in the future: nobody knows it yet"),
    ):
        with pytest.raises(ReplayError, match=why):
            make_replay(database, tenant, at)
    for name in ("", "A", "1a", "a-b", "a" * 41, 'a"; DROP', "a\n"):
        with pytest.raises(ReplayError, match="name begins with a letter"):
            make_replay(database, tenant, 1, name)
    assert (replays(owner, tenant.id), schemas(owner, tenant)) == ([], [])


def test_before_the_log_began_nothing_was_there(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    before = datetime.now(UTC)
    append(database, tenant, opening("A"))
    empty = replay(database, tenant, before)
    assert (empty.position, empty.name) == (0, f"t{before:%Y%m%d_%H%M%S_%f}")
    assert not any(rows_of(owner, tenant, empty.schema).values())


def test_a_moment_is_settled_once_appends_under_way_are(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"))
    (late,) = stored(opening("B"))
    with ThreadPoolExecutor(1) as pool, database.connect("worker") as writer:
        with writer.transaction():
            writer.execute("SELECT set_config('tallystick.tenant', %s, true)", (str(tenant.id),))
            writer.execute(APPEND, append_parameters(tenant.id, [late]))
            asked = pool.submit(make_replay, database, tenant, datetime.now(UTC))
            waiting = "SELECT FROM pg_locks WHERE classid = 7411 AND objid = %s AND NOT granted"
            eventually(lambda: owner.execute(waiting.encode(), (tenant.id,)).fetchone() is not None)
            assert not asked.done()
        made, _ = asked.result()
    assert made.position == 2
    assert len(rows_of(owner, tenant, made.schema)["accounts"]) == 2


def stored(request: Request) -> list[StoredForm]:
    """The events of a command about something new, as they are stored."""
    name = stream_name(request.decider.category, *request.key)
    decided = request.decider.decide(request.command, request.decider.replay([]))
    return [
        StoredForm(name, version, type(one).__name__, encode(one), TODAY, "t", "t", "t")
        for version, one in enumerate(decided, 1)
    ]


_REPLAYING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from runtime.database import Database
from runtime.replaying import make_replay
from runtime.settings import Settings
from runtime.tenants import find_tenant
database = Database.open(Settings(home=Path(sys.argv[1])))
with database.connect("owner") as owner:
    tenant = find_tenant(owner, sys.argv[2])
def told(done, whole):
    print(done, flush=True)
    sys.stdin.read()
make_replay(database, tenant, 1, "cut", told)
"""


def test_one_that_is_killed_is_seen_to_be_unfinished_and_is_made_anew_or_dropped(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"), opening("B"))

    def kill_one() -> None:
        command = [sys.executable, "-c", _REPLAYING, str(database.server.home), tenant.name]  # type: ignore[union-attr]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"1\n"
            assert [one.state for one in replays(owner, tenant.id)] == ["under way"]
            with pytest.raises(ReplayError, match="'cut' is under way"):
                replayed(database, tenant, "cut")
            for busy in (
                lambda: make_replay(database, tenant, 1),
                lambda: drop_replay(database, tenant, "cut"),
            ):
                with pytest.raises(RebuildBusy, match="Another replay of the tenant"):
                    busy()
            process.kill()
        eventually(lambda: [one.state for one in replays(owner, tenant.id)] == ["interrupted"])

    kill_one()
    with pytest.raises(ReplayError, match=r"'cut' is interrupted.*replays --drop"):
        replayed(database, tenant, "cut")
    assert replay(database, tenant, 2, "cut").state == "finished"
    assert len(rows_of(owner, tenant, f"replay_{tenant.id}_cut")["accounts"]) == 2
    drop_replay(database, tenant, "cut")

    kill_one()
    drop_replay(database, tenant, "cut")
    assert (replays(owner, tenant.id), schemas(owner, tenant)) == ([], [])
    with pytest.raises(ReplayError, match="There is no replay 'cut'"):
        drop_replay(database, tenant, "cut")


def test_one_that_fails_gives_its_room_back(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"))

    def fail(_done: int, _whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_replay(database, tenant, 1, "cut", fail)
    assert [one.state for one in replays(owner, tenant.id)] == ["interrupted"]
    assert schemas(owner, tenant) == []


def test_one_of_older_tables_is_not_read_and_is_made_anew(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"))
    replay(database, tenant, 1, "old")
    owner.execute("UPDATE replays SET shape = 'older' WHERE tenant = %s", (tenant.id,))
    with pytest.raises(ReplayError, match="'old' is outdated"):
        replayed(database, tenant, "old")
    made, new = make_replay(database, tenant, 1, "old")
    assert (made.state, new) == ("finished", True)


def test_an_event_that_cannot_be_folded_stops_it_there_as_it_did_then(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"))
    owner.execute("SELECT set_config('tallystick.tenant', %s, false)", (str(tenant.id),))
    owner.execute(APPEND, append_parameters(tenant.id, [UNKNOWN_EVENT]))
    append(database, tenant, opening("B"))
    made = replay(database, tenant, 3)
    stopped = owner.execute(
        f"SELECT DISTINCT position, stopped_at FROM {made.schema}.cursors".encode()
    ).fetchall()
    assert stopped == [(1, 2)]
    assert len(rows_of(owner, tenant, made.schema)["accounts"]) == 1


@pytest.fixture
def other(database: Database) -> Tenant:
    return create_tenant(database, f"o-{random.getrandbits(60):x}")


@pytest.mark.parametrize("role", ["app", "auditor"])
def test_a_tenant_sees_its_own_replays_alone(
    database: Database, tenant: Tenant, other: Tenant, role: str
) -> None:
    for one in (tenant, other):
        append(database, one, opening(f"Of{one.id}"))
        fold(database, one)
        replay(database, one, 1, "same")
    schema = f"replay_{tenant.id}_same"
    with session(database, role, tenant) as connection:
        assert [one.tenant for one in replays(connection, tenant.id)] == [tenant.id]
        assert replays(connection, other.id) == []
        assert len(rows_of(connection, tenant, schema)["accounts"]) == 1
    with session(database, role, other) as connection:
        for table in [*TABLES, "cursors", "heads"]:
            seen = connection.execute(f"SELECT count(*) FROM {schema}.{table}".encode())
            assert seen.fetchone() == (0,), table
    replay(database, other, 1, "theirs")
    with pytest.raises(ReplayError, match="There is no replay 'theirs'"):
        replayed(database, tenant, "theirs")


@pytest.mark.parametrize("role", ["app", "worker", "auditor"])
def test_no_role_writes_a_replay(database: Database, tenant: Tenant, role: str) -> None:
    append(database, tenant, opening("A"))
    schema = replay(database, tenant, 1).schema
    with session(database, role, tenant) as connection:
        for table in [*TABLES, "cursors", "heads"]:
            for statement in (
                f"DELETE FROM {schema}.{table}",
                f"INSERT INTO {schema}.{table} SELECT * FROM {schema}.{table}",
                f"DROP {'VIEW' if table == 'heads' else 'TABLE'} {schema}.{table}",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


@pytest.mark.parametrize("role", ["owner", "app", "worker", "auditor"])
def test_whoever_looks_into_a_replay_sees_the_log_as_far_as_it_reaches_and_changes_nothing(
    database: Database, tenant: Tenant, role: str
) -> None:
    append(database, tenant, opening("A"))
    append(database, tenant, opening("B"))
    fold(database, tenant)
    append(database, tenant, opening("C"))
    past = replayed(database, tenant, replay(database, tenant, 2).name)
    assert past.now() == past.replay.moment
    with past.connect(role) as connection:
        assert connection.execute("SELECT count(*) FROM public.events").fetchone() == (2,)
        assert connection.execute("SELECT position FROM heads").fetchone() == (2,)
        later = datetime.now(UTC)
        found = connection.execute("SELECT public.position_at(%s, %s)", (tenant.id, later))
        assert found.fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (2,)
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM accounts")
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("DELETE FROM read_models.accounts")


def test_commands_are_refused_there(
    database: Database, tenant: Tenant, owner: Connection[Any]
) -> None:
    append(database, tenant, opening("A"))
    past = replayed(database, tenant, replay(database, tenant, 1).name)
    with pytest.raises(errors.InsufficientPrivilege, match="append_events"):
        append(past, tenant, opening("B"))
    with past.connect("worker") as connection, pytest.raises(errors.ReadOnlySqlTransaction):
        Runner(connection, tenant.id).catch_up()
    assert head(database, tenant) == 1


def test_the_live_read_models_go_on(database: Database, tenant: Tenant) -> None:
    append(database, tenant, opening("A"))
    fold(database, tenant)
    replay(database, tenant, 1, "mine")
    append(database, tenant, opening("B"))
    fold(database, tenant)
    with database.connect("worker") as connection:
        assert len(rows_of(connection, tenant)["accounts"]) == 2
        assert len(rows_of(connection, tenant, f"replay_{tenant.id}_mine")["accounts"]) == 1
