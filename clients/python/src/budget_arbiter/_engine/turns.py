"""A queue within the process: of one AI only so many wait in the service, the others here, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable

MOST_IN_SERVICE = 50


class Turns:
    def __init__(self, most: int = MOST_IN_SERVICE):
        self._most = most
        self._taken: dict[Hashable, int] = {}
        self._queues: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def take(self, key: Hashable, seconds: float) -> bool:
        """Waits for a place. False if none was free in time. Who has one must `give` it back."""
        queue = self._queues.setdefault(key, deque())
        if not queue and self._taken.get(key, 0) < self._most:
            self._taken[key] = self._taken.get(key, 0) + 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await asyncio.wait({turn}, timeout=max(0.0, seconds))
        except asyncio.CancelledError:
            if turn.done():
                self.give(key)
            raise
        finally:
            if not turn.done():
                turn.cancel()
                queue.remove(turn)
        return not turn.cancelled()

    def give(self, key: Hashable) -> None:
        """The place goes to the one who has waited longest."""
        queue = self._queues.get(key)
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        left = self._taken[key] - 1
        if left:
            self._taken[key] = left
        else:
            del self._taken[key]
            self._queues.pop(key, None)
