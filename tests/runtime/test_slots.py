"""Long work in slots: never more at once than there are, and a slot is free when work has ended."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from runtime.slots import GivenUp, Proceed, Slots, SlotsTaken

LONG = 20.0


def waiting(began: threading.Event, may_end: threading.Event) -> Callable[[Proceed], str]:
    """Work that tells that it began, and ends when it may."""

    def work(_: Proceed) -> str:
        began.set()
        assert may_end.wait(LONG)
        return "done"

    return work


def test_work_beyond_the_slots_waits_and_is_refused_in_time() -> None:
    async def story() -> None:
        slots = Slots(1, 0.05, name="test")
        began, may_end = threading.Event(), threading.Event()
        first = asyncio.create_task(slots.carry_out(waiting(began, may_end)))
        assert await asyncio.to_thread(began.wait, LONG)

        with pytest.raises(SlotsTaken):
            await slots.carry_out(lambda _: "never")
        may_end.set()

        assert await first == "done"
        assert await slots.carry_out(lambda _: "next") == "next"
        slots.close()

    asyncio.run(story())


def test_work_waits_for_a_slot_that_comes_free() -> None:
    async def story() -> list[str]:
        slots = Slots(2, LONG, name="test")
        at_once, most, guard = 0, 0, threading.Lock()

        def work(_: Proceed) -> str:
            nonlocal at_once, most
            with guard:
                at_once += 1
                most = max(most, at_once)
            threading.Event().wait(0.01)
            with guard:
                at_once -= 1
            return "done"

        done = await asyncio.gather(*(slots.carry_out(work) for _ in range(8)))
        slots.close()
        assert most == 2
        return done

    assert asyncio.run(story()) == ["done"] * 8


def test_work_that_nobody_waits_for_keeps_its_slot_until_it_ends() -> None:
    async def story() -> None:
        slots = Slots(1, 0.05, name="test")
        began, may_go_on, ended = threading.Event(), threading.Event(), threading.Event()

        def work(proceed: Proceed) -> None:
            began.set()
            try:
                assert may_go_on.wait(LONG)
                proceed()
            except GivenUp:
                ended.set()
                raise

        first = asyncio.create_task(slots.carry_out(work))
        assert await asyncio.to_thread(began.wait, LONG)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

        with pytest.raises(SlotsTaken):
            await slots.carry_out(lambda _: "never")
        may_go_on.set()
        assert await asyncio.to_thread(ended.wait, LONG)
        assert await slots.carry_out(lambda _: "next") == "next"
        slots.close()

    asyncio.run(story())


def test_work_that_fails_frees_its_slot_and_tells_who_waits() -> None:
    async def story() -> None:
        slots = Slots(1, 0.05, name="test")

        def fail(_: Proceed) -> None:
            raise ConnectionError("the disk is full")

        for _ in range(3):
            with pytest.raises(ConnectionError, match="the disk is full"):
                await slots.carry_out(fail)
        slots.close()

    asyncio.run(story())


def test_closing_gives_up_what_is_being_worked_at() -> None:
    async def story() -> None:
        slots = Slots(1, LONG, name="test")
        began = threading.Event()

        def work(proceed: Proceed) -> None:
            began.set()
            while True:
                proceed()
                threading.Event().wait(0.001)

        working = asyncio.create_task(slots.carry_out(work))
        assert await asyncio.to_thread(began.wait, LONG)
        await asyncio.to_thread(slots.close)
        with pytest.raises(GivenUp):
            await working

    asyncio.run(story())
