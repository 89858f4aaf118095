"""What carries a call: a session where one can live, else a call of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from budget_arbiter._engine.failure import CallFailed
from budget_arbiter._engine.heartbeat import Heartbeats
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.routes import Address, Routes
from budget_arbiter._engine.session import Session, SessionOver
from budget_arbiter._engine.wire import Wire, in_thread
from budget_arbiter.settings import log


class Carriers:
    def __init__(self, routes: Routes, wire_to: Callable[[Address], Wire], deadline: float, use_sessions: bool):
        self._routes = routes
        self._make_wire = wire_to
        self._wires: dict[Address, Wire] = {}
        self._deadline = deadline
        self._use_sessions = use_sessions
        self._sessions: dict[tuple[Address, ...], list[Session]] = {}
        self._carried_by: dict[str, Session] = {}
        self._heartbeats = Heartbeats(self.unary)

    async def refresh(self) -> None:
        await in_thread(self._routes.refresh)

    def session_for(self, budget: str, waits: bool) -> Session | None:
        """The session for a budget's next acquire: budgets of the same route share one, as far as one may carry."""
        if not self._use_sessions:
            return None
        sessions = self._sessions.setdefault(tuple(self._routes.ranked(budget)), [])
        sessions[:] = [session for session in sessions if session.over is None]
        for session in sessions:
            if session.has_room(budget, waits):
                return session
        session = Session(budget, self._routes, self._wire, self._deadline)
        sessions.append(session)
        return session

    def sessions_are_unsupported(self, over: SessionOver) -> None:
        if self._use_sessions:
            log.info("no session for all AIs of this process (%s): calls of their own are used", over)
        self._use_sessions = False

    async def unary(self, method: str, request: Any, budget: str, wait: float = 0.0) -> Any:
        """A call of its own, tried at one address after the other until one can be reached."""
        failure = CallFailed("UNAVAILABLE", "no address")
        for address in self._routes.order(budget):
            try:
                answer = await self._wire(address).unary(method, request, budget, self._deadline + wait)
            except CallFailed as error:
                failure = error
                if error.code != "UNAVAILABLE":
                    raise
                # A service that speaks is there: its store may be away, which the next address shares.
                if error.reason not in ("", "SHUTTING_DOWN"):
                    raise
                self._routes.lost(address)
            else:
                self._routes.reached(address)
                return answer
        raise failure

    def hold(self, held: Held, session: Session | None) -> None:
        """From the grant on: its session keeps it, or a heartbeat."""
        if held.lease_id is None:
            return
        if session is None or session.over is not None:
            self._heartbeats.keep(held)
        else:
            session.held[held.lease_id] = held
            self._carried_by[held.lease_id] = session

    def let_go(self, held: Held) -> None:
        """Once it is given back."""
        if held.lease_id is None:
            return
        self._heartbeats.stop(held)
        session = self._carried_by.pop(held.lease_id, None)
        if session is not None:
            session.held.pop(held.lease_id, None)

    async def settle(self, kind: str, request: Any, held: Held, by_itself: bool) -> Any:
        """`record` or `release`, by the session that has the lease; `by_itself` where that did not do."""
        session = None if by_itself or held.lease_id is None else self._carried_by.get(held.lease_id)
        if session is None or session.over is not None:
            return await self.unary(kind, request, held.budget)
        try:
            return await session.call(kind, request, held.budget)
        except SessionOver as over:
            raise CallFailed("UNAVAILABLE", str(over)) from over

    async def close(self) -> None:
        self._heartbeats.close()
        sessions = [session for route in self._sessions.values() for session in route]
        await asyncio.gather(*(session.close() for session in sessions))
        for wire in self._wires.values():
            wire.close()

    def _wire(self, address: Address) -> Wire:
        wire = self._wires.get(address)
        if wire is None:
            wire = self._wires[address] = self._make_wire(address)
        return wire
