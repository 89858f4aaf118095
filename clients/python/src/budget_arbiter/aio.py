"""The client for asyncio. The engine has a thread of its own, so the caller's loop only ever waits for futures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from budget_arbiter._base import BaseClient
from budget_arbiter._engine.acquire import Wanted
from budget_arbiter.client import MARGIN, drop
from budget_arbiter.slot import Backend, Slot
from budget_arbiter.telemetry import start_span
from budget_arbiter.usage import Usage

C = TypeVar("C")


class AsyncSlotContext:
    """`async with client.slot(...) as slot:`"""

    def __init__(self, client: BaseClient, wanted: Wanted):
        self._client = client
        self._wanted = wanted
        self._slot: Slot | None = None

    async def __aenter__(self) -> Slot:
        wanted = self._wanted
        self._span = start_span("budget_arbiter.slot", budget=wanted.budget, ai=wanted.ai, model=wanted.model)
        try:
            self._slot = await take_slot(self._client._engine(), wanted)
        except BaseException as error:
            self._span.end(error)
            raise
        self._span.set(budget=self._slot.budget, lease_id=self._slot.lease_id, reserved=self._slot.reserved)
        return self._slot

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._slot is not None
        try:
            safe = self._slot.finish(error)
            if safe is not None:
                await shielded(safe)
        finally:
            self._span.end(error)


async def take_slot(backend: Backend, wanted: Wanted) -> Slot:
    """Waits for a slot. Cancelled, it gives back what comes all the same."""
    granted = backend.acquire(wanted)
    try:
        held = await asyncio.wrap_future(granted)
    except BaseException:
        drop(backend, granted)
        raise
    return Slot(backend, held, wanted.model)


async def shielded(safe: Future[None]) -> None:
    """Waits until a crash can no longer lose what was handed over. To be cancelled meanwhile does not call it off."""
    await asyncio.shield(asyncio.wrap_future(safe))


class AsyncClient(BaseClient):
    """A client of the budget arbiter, for asyncio.

        client = AsyncClient.from_env()
        async with client.slot("anthropic", ai="guardian", estimate=3000) as slot:
            slot.report(await anthropic.messages.create(...))

    Made once for a process: it has one connection and one thread, started by the first slot. It may be used by any
    loop.
    """

    def slot(
        self,
        budget: str | None = None,
        *,
        ai: str | None = None,
        estimate: int | None = None,
        expected: Usage | None = None,
        at_least: int | None = None,
        model: str = "",
        wait: float | None = None,
        patience: float | None = None,
        fallback: bool | None = None,
        fail_open: bool | None = None,
        labels: Mapping[str, str] | None = None,
        lease_ttl: float | None = None,
    ) -> AsyncSlotContext:
        """A slot of a budget, held while the block runs. The arguments are those of `Client.slot`."""
        return AsyncSlotContext(
            self,
            self._wanted(
                budget,
                ai,
                estimate,
                expected,
                at_least,
                model,
                wait,
                patience,
                fallback,
                fail_open,
                labels,
                lease_ttl,
            ),
        )

    def wrap(self, vendor: C, *, budget: str | None = None, ai: str | None = None, **options: Any) -> C:
        """The same vendor's client with each call in a slot of its own: see `Client.wrap`."""
        from budget_arbiter.wrapping import wrap_with

        return wrap_with(self, vendor, budget=budget, ai=ai, **options)

    async def flush(self, timeout: float = 10.0) -> bool:
        """Waits until what was spent so far is booked. False if the service was not there in time."""
        return await asyncio.wrap_future(self._engine().flush(timeout))

    async def close(self, timeout: float = 10.0) -> bool:
        """Books what is open within so many seconds, and ends. False if something was left, which a journal keeps."""
        backend = self._take_backend()
        if backend is None:
            return True
        settled = await asyncio.wait_for(asyncio.wrap_future(backend.close(timeout)), timeout + MARGIN)
        backend.stop()
        return settled

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
