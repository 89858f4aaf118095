"""What a client is put together of: one of it in a process, on a thread of its own.

acquire.py   asks for slots, waits, comes back, falls back        turns.py   who of this process waits in the service
settle.py    books and gives back, for as long as it takes        journal.py what of that survives a crash
carriers.py  carries the calls of both: by a session, or by calls of their own and heartbeats
routes.py    to which address; wire.py how
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Iterator
from concurrent.futures import Future
from typing import Any

from budget_arbiter._engine.account import Account, Step
from budget_arbiter._engine.acquire import Acquirer, Wanted
from budget_arbiter._engine.carriers import Carriers
from budget_arbiter._engine.credentials import Credentials
from budget_arbiter._engine.journal import Journal
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.loop_thread import LoopThread
from budget_arbiter._engine.routes import RESOLVE_EVERY, Routes
from budget_arbiter._engine.settle import Settler
from budget_arbiter._engine.wire import GrpcWire
from budget_arbiter.errors import ClientClosed
from budget_arbiter.settings import Settings, log

#: How long the end of a client waits for the answers of requests whose callers went.
LEFT_BEHIND = 1.0


class Engine:
    def __init__(self, settings: Settings):
        self.pid = os.getpid()
        self._settings = settings
        self._credentials = Credentials(settings)
        # Opened by the caller: who may not have the journal must hear it at once.
        self._journal = None if settings.journal is None else Journal(settings.journal)
        self._closing = False
        self._asking: set[asyncio.Task[Any]] = set()
        #: Slots that their callers have.
        self._held = 0
        self._thread = LoopThread("budget-arbiter")
        self._ready: Future[None] = self._thread.submit(self._begin)

    def acquire(self, wanted: Wanted) -> Future[Held]:
        """A slot. One that comes when the future was cancelled is given back, unused."""

        async def work() -> Held:
            await asyncio.wrap_future(self._ready)
            with self._until_closed():
                held = await self._acquirer.acquire(wanted)
            self._held += 1
            return held

        return self._thread.submit(work, self._orphaned)

    def settle(self, account: Account, step: Step) -> Future[None] | None:
        """Hands over. The future, if there is one, is done when a crash can no longer lose it. Never fails: of a slot
        that was held when the client was closed it can only be told that it is lost.
        """

        async def work() -> None:
            written = self._settle(account, step)
            if written is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await written

        if self._journal is None:
            taken, written = self._thread.post(self._settle, account, step), None
        else:
            written = self._thread.submit(work)
            taken = not (written.done() and isinstance(written.exception(), ClientClosed))
        if taken:
            return written
        self._settler.give_up(account, step, ClientClosed("the client was closed while the slot was held"))
        return None

    def flush(self, timeout: float) -> Future[bool]:
        async def work() -> bool:
            await asyncio.wrap_future(self._ready)
            return await self._settler.flush(timeout)

        return self._thread.submit(work)

    def close(self, timeout: float) -> Future[bool]:
        """Settles what is open, within the time, and ends. False if something was left, which a journal keeps."""

        async def work() -> bool:
            await asyncio.wrap_future(self._ready)
            await self._turn_away()
            await self._acquirer.close(min(timeout / 4, LEFT_BEHIND))
            await self._settler.flush(timeout)
            left = self._settler.open + self._held
            if left > 0:
                log.error("%d slots are not settled at the end of the client", left)
            self._settler.close()
            self._refreshing.cancel()
            await self._carriers.close()
            return left == 0

        return self._thread.submit(work)

    def forget(self) -> None:
        """In a child, after a fork: all of it is the parent's. Only the journal's lock must not live on with the
        child."""
        if self._journal is not None:
            self._journal.forget()

    def stop(self) -> None:
        self._thread.stop()
        if self._journal is not None:
            self._journal.close()

    async def _begin(self) -> None:
        own = self._settings
        self._carriers = Carriers(
            Routes(own.addresses),
            lambda address: GrpcWire(address, self._credentials),
            own.deadline,
            own.transport == "session",
        )
        self._settler = Settler(self._carriers, self._journal, own.on_settle_failure)
        self._acquirer = Acquirer(self._carriers, own.deadline, self._give_back)
        await self._carriers.refresh()
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh())

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(RESOLVE_EVERY)
            await self._carriers.refresh()

    @contextlib.contextmanager
    def _until_closed(self) -> Iterator[None]:
        """The end of the client ends it, and its caller hears why."""
        asking = asyncio.current_task()
        assert asking is not None
        if self._closing:
            raise ClientClosed("the client is closed")
        self._asking.add(asking)
        try:
            yield
        except asyncio.CancelledError:
            if self._closing:
                raise ClientClosed("the client was closed") from None
            raise
        finally:
            self._asking.discard(asking)

    async def _turn_away(self) -> None:
        """Whoever waits for a slot gets none."""
        self._closing = True
        asking = set(self._asking)
        for task in asking:
            task.cancel()
        if asking:
            await asyncio.wait(asking)

    def _orphaned(self, held: Held) -> None:
        self._held -= 1
        self._give_back(held)

    def _give_back(self, held: Held) -> None:
        """Nobody has used it: granted as its caller went."""
        self._settler.add(Account(held), Step(unreported="UNUSED"))

    def _settle(self, account: Account, step: Step) -> Awaitable[None] | None:
        if step.unreported is not None:
            self._held -= 1
        return self._settler.add(account, step)
