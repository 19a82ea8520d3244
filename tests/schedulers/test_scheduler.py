"""The scheduler: looks again and again, and ends what it began when it is closed."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from runtime.clock import now
from runtime.jobs import Fired
from runtime.tenants import Tenant
from schedulers.scheduler import JobScheduler

A, B = Tenant(1, "a"), Tenant(2, "b")


class Runner:
    """Notes what it is asked to fire; tenant a takes until it is let go."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.let_go = threading.Event()
        self.begun = threading.Event()
        self.told_to_end = False

    def tenants(self) -> list[Tenant]:
        return [A, B]

    def fire_due(self, tenant: Tenant, moment: datetime, ending: Callable[[], bool]) -> list[Fired]:
        assert moment.tzinfo is not None
        self.seen.append(tenant.name)
        if tenant is A:
            self.begun.set()
            assert self.let_go.wait(60)
            self.told_to_end = ending()
            self.seen.append("a ended")
        return []


def eventually(holds: Any) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_tenant_that_takes_long_does_not_keep_others_waiting() -> None:
    runner: Any = Runner()
    scheduler = JobScheduler(runner, poll_seconds=0.05, clock=now)
    scheduler.start()
    try:
        eventually(lambda: runner.seen.count("b") >= 3)
        assert runner.seen.count("a") == 1
    finally:
        runner.let_go.set()
        scheduler.close()


def test_closing_waits_for_what_is_being_fired() -> None:
    runner: Any = Runner()
    scheduler = JobScheduler(runner, poll_seconds=600, clock=now)
    scheduler.start()
    assert runner.begun.wait(60)
    threading.Timer(0.05, runner.let_go.set).start()
    scheduler.close()
    assert runner.seen[-1] == "a ended"
    assert runner.told_to_end


def test_what_fails_is_looked_at_again() -> None:
    class Failing(Runner):
        def fire_due(
            self, tenant: Tenant, moment: datetime, ending: Callable[[], bool]
        ) -> list[Fired]:
            self.seen.append(tenant.name)
            assert moment
            assert not ending()
            raise OSError("no database")

    runner: Any = Failing()
    scheduler = JobScheduler(runner, poll_seconds=0.05)
    scheduler.start()
    try:
        eventually(lambda: runner.seen.count("a") >= 2)
    finally:
        scheduler.close()
