"""Keeps leases alive that no session carries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from budget_arbiter._engine.failure import CallFailed
from budget_arbiter._engine.lease import Held
from budget_arbiter._gen import budget_service_pb2 as api

SOONEST = 0.1


class Heartbeats:
    def __init__(self, call: Callable[[str, Any, str], Awaitable[Any]]):
        self._call = call
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def keep(self, held: Held) -> None:
        assert held.lease is not None
        self._tasks[held.lease.lease_id] = asyncio.get_running_loop().create_task(self._renew(held))

    def stop(self, held: Held) -> None:
        task = self._tasks.pop(held.lease_id or "", None)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _renew(self, held: Held) -> None:
        """At a third of the time left: at a third of the TTL, and ever sooner while the service is away."""
        assert held.lease is not None
        now = asyncio.get_running_loop().time
        # Counted from the answer on the monotonic clock, since this machine's wall clock may differ from the service's.
        ends_at = now() + held.lease.expires_in.ToTimedelta().total_seconds()
        request = api.RenewSlotRequest(lease_id=held.lease.lease_id)
        while (left := ends_at - now()) > 0:
            await asyncio.sleep(min(left, max(left / 3, SOONEST)))
            sent_at = now()
            try:
                answer = await self._call("renew", request, held.budget)
            except CallFailed as failure:
                if failure.code in ("NOT_FOUND", "FAILED_PRECONDITION"):
                    break
            else:
                ends_at = sent_at + answer.lease.expires_in.ToTimedelta().total_seconds()
        held.lost = True
