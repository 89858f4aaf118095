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

from budget_arbiter.errors import ClientClosed

T = TypeVar("T")


class LoopThread:
    """Starts with the first work, and not again after its end."""

    def __init__(self, name: str):
        self._name = name
        # Not a plain lock: a collector of garbage may end a slot in the midst of another's work.
        self._handing = threading.RLock()
        self._thread: threading.Thread | None = None
        self._ended = False
        self.loop = asyncio.new_event_loop()

    def post(self, task: Callable[..., object], *args: object) -> bool:
        """Runs it on the loop soon. Never waits. False: the loop has ended, and it never runs."""
        with self._handing:
            if self._ended:
                return False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self.loop.call_soon_threadsafe(task, *args)
            return True

    def submit(self, work: Callable[[], Awaitable[T]], orphaned: Callable[[T], None] | None = None) -> Future[T]:
        """Runs it on the loop. To cancel the future cancels the work; what it brought all the same goes to `orphaned`.

        A future whose `cancel` says no has a result, or will: then the caller has it to give back. Where the loop
        has ended it has `ClientClosed` at once.
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

        if not self.post(begin):
            handed.set_exception(ClientClosed("the client is closed"))
        return handed

    def stop(self) -> None:
        """Ends the loop and its thread, after what was handed over before."""
        with self._handing:
            self._ended = True
            thread, self._thread = self._thread, None
            if thread is not None:
                self.loop.call_soon_threadsafe(self.loop.stop)
        if thread is not None:
            thread.join(5)
        if not self.loop.is_running():
            self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        if pending:
            self.loop.run_until_complete(asyncio.wait(pending, timeout=1))
