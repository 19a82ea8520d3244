"""Rotation of the master key: everybody is read on, the log stays, and the old one can go."""

import base64
import time
from typing import Any

import psycopg
import pytest
from psycopg import errors

from domain.shared.person import Person
from domain.shared.personal import ERASED
from eventstore.encryption import seal_batch
from eventstore.log import NewEvent, StreamMoved
from eventstore.postgres import PostgresLog
from eventstore.proofs.verifying import verify
from runtime.database import Database
from runtime.embedded import DatabaseUnavailable
from runtime.master_key import MasterKeyError, keys_of
from runtime.master_key_rotation import (
    REWRAPPED_MAX,
    Rotated,
    drop_old,
    in_use,
    prepare,
    rotate,
)
from runtime.settings import Settings
from runtime.worker import ReadModelProcess, wait_until
from tests.runtime.erasing import ACME_1
from tests.runtime.house import ON, House, added, site_of, stream


def log_of(house: House) -> list[Any]:
    with house.database.connect("owner") as owner:
        return owner.execute("SELECT * FROM events ORDER BY tenant, position").fetchall()


def test_all_keys_come_under_another_master_key_and_the_log_stays(house: House) -> None:
    house.add([1, 2, 3])
    before, (first,) = log_of(house), in_use(house.database)

    rotated = rotate(house.database, house.settings, "cli/max")

    assert (rotated.made_current, rotated.rewrapped) == (True, 3)
    assert rotated.fingerprint != first.fingerprint
    assert house.wrapped_by() == {rotated.fingerprint: 3, first.fingerprint: 0}
    assert log_of(house) == before
    assert house.names([1, 2, 3]) == ["Person 1", "Person 2", "Person 3"]
    with house.database.connect("worker") as worker:
        assert verify(worker, house.tenant.id, "tallystick").finding is None


def test_one_rotation_follows_another_at_once(house: House) -> None:
    house.add([1])
    first = rotate(house.database, house.settings, "cli/max")
    house.add([2])

    second = rotate(house.database, house.settings, "cli/zoe")

    assert (second.made_current, second.rewrapped) == (True, 2)
    assert house.wrapped_by()[second.fingerprint] == 2
    assert house.wrapped_by()[first.fingerprint] == 0
    assert len(house.wrapped_by()) == 3
    assert house.names([1, 2]) == ["Person 1", "Person 2"]
    Database.open(house.settings).close()


def test_a_process_that_runs_meanwhile_reads_and_writes_on(house: House) -> None:
    house.add([1])
    (first,) = in_use(house.database)
    told = house.told("master-key", "rotate")  # this process is not told of the new key

    house.add([2])

    assert house.names([1, 2]) == ["Person 1", "Person 2"]
    fingerprint, made, rewrapped = told.splitlines()[1].split(",")
    assert (made, rewrapped) == ("True", "1")
    assert house.wrapped_by() == {fingerprint: 2, first.fingerprint: 0}


def test_a_process_that_folds_meanwhile_goes_on(house: House) -> None:
    site = site_of(house)
    with ReadModelProcess(house.database.url("worker"), house.tenant.id) as process:
        process.keep_alive()
        house.told("master-key", "rotate")
        site.sync("changed")
        with house.database.connect("worker") as connection:
            head = connection.execute(
                "SELECT position FROM heads WHERE tenant = %s", (house.tenant.id,)
            ).fetchone()
            assert head is not None
            assert wait_until(connection, house.tenant.id, head[0], seconds_max=60)
            names = connection.execute(
                "SELECT cntct_name FROM read_models.contacts WHERE cntct_id = '1'"
            ).fetchall()
    assert names == [("Zoe changed",)]


def test_killed_in_the_middle_it_goes_on_where_it_was(house: House) -> None:
    many = list(range(1, REWRAPPED_MAX + 500))
    house.add(many)
    (first,) = in_use(house.database)
    last = max(map(str, many))
    with psycopg.connect(house.database.url("owner")) as blocking:
        blocking.execute(
            "SELECT FROM person_keys WHERE person = %s FOR UPDATE", (stream(int(last)),)
        )
        process = house.run("master-key", "rotate")
        deadline = time.monotonic() + 60
        while house.wrapped_by()[first.fingerprint] == len(many):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.kill()
        process.communicate()

    current, old = in_use(house.database)
    assert (current.keys, old.keys) == (REWRAPPED_MAX, 499)
    assert old.fingerprint == first.fingerprint
    assert house.names([1, int(last)]) == ["Person 1", f"Person {last}"]
    house.add([0])
    Database.open(house.settings).close()
    _wait_until_free(house)
    with pytest.raises(MasterKeyError, match="still wrapped"):
        drop_old(house.database, house.settings, "cli/max")
    assert len(keys_of(house.settings)) == 2

    finished = rotate(house.database, house.settings, "cli/max")

    assert finished == Rotated(current.fingerprint, made_current=False, rewrapped=499)
    assert house.wrapped_by() == {current.fingerprint: len(many) + 1, first.fingerprint: 0}
    assert house.names([0, *many]) == [f"Person {one}" for one in (0, *many)]


def _wait_until_free(house: House) -> None:
    """Until the server has seen that who was killed is gone."""
    deadline = time.monotonic() + 60
    with house.database.connect("owner") as owner:
        while owner.execute(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_killed_before_the_new_key_is_current_it_takes_that_one(house: House) -> None:
    house.add([1])
    prepared = prepare(house.database, house.settings)
    assert prepare(house.database, house.settings) == prepared
    assert len(house.wrapped_by()) == 1

    assert rotate(house.database, house.settings, "cli/max").fingerprint == prepared


def test_an_old_key_is_dropped_once_it_wraps_nothing(house: House) -> None:
    house.add([1])
    old_file = house.settings.home / "master.key"
    first = old_file.read_text()
    (old,) = in_use(house.database)
    rotated = rotate(house.database, house.settings, "cli/max")

    assert drop_old(house.database, house.settings, "cli/zoe") == [old.fingerprint]
    assert drop_old(house.database, house.settings, "cli/zoe") == []

    assert house.wrapped_by() == {rotated.fingerprint: 1}
    (kept,) = keys_of(house.settings)
    assert base64.b64encode(kept).decode() not in first
    assert old_file.stat().st_mode & 0o777 == 0o600
    assert house.names([1]) == ["Person 1"]
    Database.open(house.settings).close()
    old_file.write_text(first)
    with pytest.raises(DatabaseUnavailable, match=rotated.fingerprint):
        Database.open(house.settings)


def test_a_drop_killed_before_the_file_was_written_is_finished(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(house.database, house.settings, "cli/max")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("runtime.master_key_rotation.write_keys", killed)
        with pytest.raises(KeyboardInterrupt):
            drop_old(house.database, house.settings, "cli/max")
    assert len(keys_of(house.settings)) == 2

    assert drop_old(house.database, house.settings, "cli/max") == []
    assert len(keys_of(house.settings)) == 1


def test_a_dropped_key_does_not_come_back(house: House) -> None:
    first = (house.settings.home / "master.key").read_text().splitlines()[-1]
    rotate(house.database, house.settings, "cli/max")
    drop_old(house.database, house.settings, "cli/max")
    current = (house.settings.home / "master.key").read_text().splitlines()[-1]
    both = Settings(
        home=house.settings.home,
        database_url=house.settings.database_url,
        master_key=f"{first}, {current}",  # type: ignore[arg-type]
    )
    with pytest.raises(MasterKeyError, match="dropped from this database"):
        rotate(house.database, both, "cli/max")


def test_keys_of_a_variable_are_rotated_once_it_has_the_new_one(house: House) -> None:
    house.add([1])
    path = house.settings.home / "master.key"
    so_far = path.read_text().splitlines()[-1]
    path.unlink()
    new = base64.b64encode(bytes(range(32))).decode()

    def told(keys: str) -> Settings:
        return house.settings.model_copy(
            update={"master_key": Settings(master_key=keys).master_key}  # type: ignore[arg-type]
        )

    with pytest.raises(MasterKeyError, match="Set TALLYSTICK_MASTER_KEY to a new key"):
        rotate(house.database, told(so_far), "cli/max")
    both = told(f"{new},{so_far}")
    Database.open(both).close()

    assert rotate(house.database, both, "cli/max").rewrapped == 1
    with pytest.raises(DatabaseUnavailable, match="another master key"):
        Database.open(told(new))
    drop_old(house.database, both, "cli/max")
    Database.open(told(new)).close()
    assert house.names([1]) == ["Person 1"]
    assert not path.exists()


def test_who_was_erased_stays_erased(house: House) -> None:
    site = site_of(house)
    site.erase(ACME_1)
    rotate(house.database, house.settings, "cli/max")
    with house.database.pool("app", size=1) as pool:
        told = PostgresLog(pool, house.tenant.id).load([ACME_1])[ACME_1].events
        assert told[0].document.person == Person(ERASED)
        with pytest.raises(StreamMoved):
            PostgresLog(pool, house.tenant.id).append(
                [NewEvent(ACME_1, 9, added(1).event, ON, "a", "b", "c")]
            )


def test_a_key_wrapped_by_one_that_is_dropped_meanwhile_is_made_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*arguments: Any) -> Any:
        sealed = seal_batch(*arguments)
        rotate(house.database, house.settings, "cli/max")
        drop_old(house.database, house.settings, "cli/max")
        return sealed

    with monkeypatch.context() as patched:
        patched.setattr("eventstore.postgres.seal_batch", overtaken)
        with pytest.raises(StreamMoved, match="master key"):
            house.add([1])
    assert log_of(house) == []
    house.add([1])
    assert house.names([1]) == ["Person 1"]


def test_two_do_not_rotate_at_once(house: House) -> None:
    with house.database.connect("owner") as owner:
        owner.execute("SELECT pg_advisory_lock(7419)")
        with pytest.raises(MasterKeyError, match="Another rotation"):
            rotate(house.database, house.settings, "cli/max")


def test_it_is_recorded_who_did_what_and_no_key_is(house: House) -> None:
    house.add([1])
    rotate(house.database, house.settings, "cli/max")
    drop_old(house.database, house.settings, "cli/zoe")

    with house.database.connect("auditor") as auditor:
        told = auditor.execute(
            "SELECT changed_by, change, keys FROM master_key_changes ORDER BY number"
        ).fetchall()
    assert told == [
        ("start", "made current", None),
        ("cli/max", "made current", None),
        ("cli/max", "wraps all", 1),
        ("cli/zoe", "dropped", None),
    ]
    with house.database.connect("owner") as owner:
        with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
            owner.execute("DELETE FROM master_key_changes")
        rows = owner.execute("SELECT fingerprint FROM master_key_changes").fetchall()
    assert {len(fingerprint) for (fingerprint,) in rows} == {8}
