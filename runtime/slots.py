"""Long work of requests: on threads of its own, and no more of it at once than a process bears."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

Answer = TypeVar("Answer")

Proceed: TypeAlias = Callable[[], None]
"""Called between parts of the work; raises `GivenUp` once nobody waits for it."""


class SlotsTaken(Exception):
    """As much is being worked at as may be, and none of it ended in time."""


class GivenUp(Exception):
    """Nobody waits for the work any more, so that it ends here."""


class Slots:
    """Threads for long work: as many as slots.

    Work that nobody waits for any more, as its request timed out, keeps its slot until it really
    ends: at the next part of it, by `Proceed`, or at its own end.
    """

    def __init__(self, count: int, seconds_max: float, *, name: str) -> None:
        """Make `count` slots for one of which work waits `seconds_max` seconds at most."""
        self._free = asyncio.Semaphore(count)
        self._seconds_max = seconds_max
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._closing = threading.Event()

    async def carry_out(self, work: Callable[[Proceed], Answer]) -> Answer:
        """Carry work out on a thread.

        Raises:
            SlotsTaken: if no slot came free in time.
        """
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._free.acquire()
        except TimeoutError as failure:
            raise SlotsTaken from failure
        given_up = threading.Event()

        def proceed() -> None:
            if given_up.is_set() or self._closing.is_set():
                raise GivenUp

        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, work, proceed)
        except BaseException:
            self._free.release()
            raise
        running.add_done_callback(self._ended)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            given_up.set()
            raise

    def close(self) -> None:
        """Give up what is being worked at, and wait until it has ended."""
        self._closing.set()
        self._threads.shutdown()

    def _ended(self, running: asyncio.Future[Answer]) -> None:
        self._free.release()
        if not running.cancelled():
            running.exception()  # it is told to who waits; nobody else needs to hear of it
