"""What becomes of a request that got no answer: it may have been granted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from budget_arbiter import ArbiterRefused, ArbiterUnavailable
from budget_arbiter._engine.acquire import Acquirer, Wanted
from budget_arbiter._engine.failure import CallFailed
from budget_arbiter._engine.lease import Held

WANTED = Wanted("b", "a", wait=0, patience=0.01)


class Carriers:
    """Calls of their own that fail so, or a session that never opens."""

    def __init__(self, *failures: CallFailed, session: Any = None):
        self._failures = list(failures)
        self._session = session

    def session_for(self, budget: str, waits: bool) -> Any:
        return self._session

    async def unary(self, *_: Any) -> Any:
        raise self._failures.pop(0) if len(self._failures) > 1 else self._failures[0]


class SilentSession:
    """That is known to be away before it sent anything."""

    away = CallFailed("UNAVAILABLE", "nobody listens")
    over = None
    waiting = 0

    async def call(self, *_: Any) -> Any:
        await asyncio.Event().wait()

    async def away_or(self, *_: Any) -> None:
        pass


def left_behind(carriers: Any, expected: type[Exception], wanted: Wanted = WANTED) -> list[Held]:
    async def play() -> list[Held]:
        given_back: list[Held] = []
        acquirer = Acquirer(carriers, 5.0, given_back.append)
        with pytest.raises(expected):
            await acquirer.acquire(wanted)
        await acquirer.close(5)
        return given_back

    return asyncio.run(play())


def test_a_call_whose_answer_was_lost_is_looked_up() -> None:
    held = left_behind(Carriers(CallFailed("UNAVAILABLE", "reset")), ArbiterUnavailable)
    assert [one.request_id for one in held] == [WANTED.request_id]


def test_a_call_that_never_left_is_not() -> None:
    assert left_behind(Carriers(session=SilentSession()), ArbiterUnavailable) == []


def test_a_call_that_was_answered_is_not() -> None:
    assert left_behind(Carriers(CallFailed("RESOURCE_EXHAUSTED", "full")), ArbiterRefused) == []
    assert left_behind(Carriers(CallFailed("NOT_FOUND", "no budget")), ArbiterRefused) == []
