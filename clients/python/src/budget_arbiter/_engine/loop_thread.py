"""An event loop on a thread of its own, which callers of any kind hand their work to: plain threads and other loops.

Here the client's timers, queues and retries live, so that nothing of the client needs a lock, nothing blocks a
caller's loop,
and what is to be settled outlives the loop that it was spent on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class LoopThread:
    """Starts with the first work."""

    def __init__(self, name: str):
        self._name = name
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self.loop = asyncio.new_event_loop()

    def post(self, task: Callable[..., object], *args: object) -> None:
        """Runs it on the loop soon. Never waits."""
        self._start()
        self.loop.call_soon_threadsafe(task, *args)

    def submit(self, work: Callable[[], Awaitable[T]], orphaned: Callable[[T], None] | None = None) -> Future[T]:
        """Runs it on the loop. To cancel the future cancels the work; what it brought all the same goes to `orphaned`.

        A future whose `cancel` says no has a result, or will: then the caller has it to give back.
        """
        handed: Future[T] = Future()

        async def run() -> None:
            try:
                result = await work()
            except asyncio.CancelledError:
                handed.cancel()
                handed.set_running_or_notify_cancel()
            except BaseException as error:
                if handed.set_running_or_notify_cancel():
                    handed.set_exception(error)
            else:
                if handed.set_running_or_notify_cancel():
                    handed.set_result(result)
                elif orphaned is not None:
                    orphaned(result)

        def begin() -> None:
            task = self.loop.create_task(run())
            handed.add_done_callback(lambda done: self.post(task.cancel) if done.cancelled() else None)

        self.post(begin)
        return handed

    def stop(self) -> None:
        """Ends the loop and its thread."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join(5)
        if not self.loop.is_running():
            self.loop.close()

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        if pending:
            self.loop.run_until_complete(asyncio.wait(pending, timeout=1))
