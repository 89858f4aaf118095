"""One session: a stream under many calls, taken up again when it breaks.

    dialling ── opened ──▶ open ── the stream ends ──▶ dialling with the session's id, so that its leases go on,
       │                                               at the next address if this one is gone
       └── the service says no for good ──▶ over: every call fails with `SessionOver`, and goes another way

What was not answered is asked again on the next stream, with the same ids, so that it has one effect.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from budget_arbiter._engine.failure import CallFailed, failure_of_status
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.routes import Address, Routes
from budget_arbiter._engine.wire import Stream, Wire
from budget_arbiter._gen import budget_service_pb2 as api
from budget_arbiter.settings import log

#: What the service allows in one session; beyond these another one is opened.
MOST_BUDGETS = 17
MOST_WAITING = 60
MOST_UNDER_WAY = 200
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
#: How often a session that is not at its budget's own address looks whether it can go back.
HOME_EVERY = 30.0


class SessionOver(Exception):
    """The session cannot be opened, or not any more."""

    def __init__(self, failure: CallFailed, budget: str):
        super().__init__(str(failure))
        self.failure = failure
        #: The budget that it was opened with, of which a refusal to open speaks.
        self.budget = budget

    @property
    def unsupported(self) -> bool:
        """This service has no sessions for many AIs: an older release, or a proxy that lets no stream through."""
        return self.failure.code == "UNIMPLEMENTED" or (
            self.failure.code == "INVALID_ARGUMENT" and "open.ai_id" in self.failure.fields
        )


class _Asked:
    """A call that has no answer yet."""

    def __init__(self, message: api.SessionRequest, answer: asyncio.Future[Any], sent: Callable[[], None]):
        self.message = message
        self.answer = answer
        self._sent = sent

    def send(self, stream: Stream) -> None:
        self._sent()
        stream.send(self.message)


class Session:
    def __init__(self, budget: str, routes: Routes, wire_to: Callable[[Address], Wire], deadline: float):
        self.budgets = {budget: None}
        #: The leases that it carries, by id.
        self.held: dict[str, Held] = {}
        #: Why the service cannot be reached now; None while nothing is known against it.
        self.away: CallFailed | None = None
        self.over: CallFailed | None = None
        self.waiting = 0
        self._budget = budget
        self._routes = routes
        self._wire_to = wire_to
        self._deadline = deadline
        self._id = ""
        self._tag = 0
        self._unanswered: dict[int, _Asked] = {}
        self._stream: Stream | None = None
        self._open = False
        self._closing = False
        self._changed = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._live())

    def has_room(self, budget: str, waits: bool) -> bool:
        if self.over is not None or self._closing:
            return False
        if budget not in self.budgets and len(self.budgets) >= MOST_BUDGETS:
            return False
        return len(self._unanswered) < MOST_UNDER_WAY and (not waits or self.waiting < MOST_WAITING)

    async def call(self, kind: str, request: Any, budget: str, sent: Callable[[], None] = lambda: None) -> Any:
        """Raises `CallFailed` for what the service answered, `SessionOver` when no answer can come any more. `sent` is
        called when the service may have seen it."""
        if self.over is not None:
            raise SessionOver(self.over, self._budget)
        self.budgets[budget] = None
        self._tag += 1
        tag = self._tag
        message = api.SessionRequest(tag=tag, **{kind: request})
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asked = self._unanswered[tag] = _Asked(message, answer, sent)
        if self._open and self._stream is not None:
            asked.send(self._stream)
        try:
            return await answer
        finally:
            self._unanswered.pop(tag, None)

    async def away_or(self, task: asyncio.Future[Any], seconds: float) -> None:
        """Waits for the task, for so many seconds; not at all while the service is known to be away."""
        give_up_at = asyncio.get_running_loop().time() + seconds
        while not task.done() and self.away is None and self.over is None:
            left = give_up_at - asyncio.get_running_loop().time()
            if left <= 0:
                return
            changed = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({task, changed}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()

    async def close(self) -> None:
        """Half-closes: leases that are still held end `session_grace` later."""
        self._closing = True
        if self._stream is not None and self._open:
            self._stream.half_close()
            await asyncio.wait({self._task}, timeout=1.0)
        if self._stream is not None:
            self._stream.cancel()
        self._task.cancel()
        self._end(CallFailed("CANCELLED", "the client was closed"))

    async def _live(self) -> None:
        try:
            await self._run()
        except Exception as error:  # a mistake here must not leave callers without an answer
            log.exception("a session ended by a mistake of its own")
            self._end(CallFailed("INTERNAL", str(error)))

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closing:
            address = self._routes.order(self._budget)[0]
            opened, failure = await self._carry(address)
            if self._closing:
                return
            if self._is_hopeless(failure):
                self._end(failure)
                return
            if failure.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
                self._routes.lost(address)
            if opened:
                pause = FIRST_PAUSE
            else:
                self._say_away(failure)
            following = self._routes.order(self._budget)[0]
            if following == address or not self._routes.is_live(following):
                # Jittered, so that many clients do not come back in step.
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _carry(self, address: Address) -> tuple[bool, CallFailed]:
        """One stream from its dialling to its end. Says whether it was open, and why it ended."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[CallFailed] = loop.create_future()
        begun: asyncio.Future[None] = loop.create_future()

        def received(message: api.SessionResponse) -> None:
            if message.WhichOneof("answer") == "opened":
                self._routes.reached(address)
                self._take_up(message.opened)
                if not begun.done():
                    begun.set_result(None)
            else:
                self._take(message)

        def over(failure: CallFailed | None) -> None:
            if not ended.done():
                ended.set_result(failure or CallFailed("UNAVAILABLE", "the service ended the session's stream"))

        others = [budget for budget in self.budgets if budget != self._budget]
        stream = self._stream = self._wire_to(address).stream(self._budget, received, over)
        hello = api.OpenSession(budget_id=self._budget, other_budget_ids=others if self._id else [])
        if self._id:
            hello.session_id = self._id
        stream.send(api.SessionRequest(open=hello))
        try:
            both: set[asyncio.Future[Any]] = {ended, begun}
            await asyncio.wait(both, timeout=max(self._deadline, 1), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() and not begun.done():
                stream.cancel()
                return False, CallFailed("DEADLINE_EXCEEDED", f"no session at {address.target} within the deadline")
            while not ended.done():
                await asyncio.wait({ended}, timeout=HOME_EVERY)
                home = self._routes.order(self._budget)[0]
                if not ended.done() and home != address and await self._is_back(home):
                    stream.cancel()
            return begun.done(), ended.result()
        finally:
            self._open = False
            self._stream = None
            if not ended.done():
                stream.cancel()

    async def _is_back(self, home: Address) -> bool:
        """Whether the budget's own address answers again, whatever it answers. Then the session is taken up there."""
        try:
            await self._wire_to(home).unary("availability", api.GetAvailabilityRequest(), self._budget, self._deadline)
        except CallFailed as failure:
            if failure.away:
                self._routes.lost(home)
                return False
        return True

    def _take_up(self, opened: api.SessionOpened) -> None:
        self._id = opened.session_id
        self._open = True
        self.away = None
        there = {lease.lease_id for lease in opened.leases}
        for lease_id, held in self.held.items():
            if lease_id not in there:
                held.lost = True
        assert self._stream is not None
        for asked in self._unanswered.values():
            asked.send(self._stream)

    def _take(self, message: api.SessionResponse) -> None:
        asked = self._unanswered.get(message.tag)
        if asked is None or asked.answer.done():
            return
        answer = asked.answer
        kind = message.WhichOneof("answer")
        if kind == "failed":
            answer.set_exception(failure_of_status(message.failed))
        elif kind is not None:
            answer.set_result(getattr(message, kind))

    def _is_hopeless(self, failure: CallFailed) -> bool:
        # With the credentials that opened it a session ends: new ones may take it up.
        if failure.code == "UNAUTHENTICATED":
            return not self._id
        return failure.code in (
            "INVALID_ARGUMENT",
            "NOT_FOUND",
            "PERMISSION_DENIED",
            "UNIMPLEMENTED",
            "ABORTED",
        )

    def _say_away(self, failure: CallFailed) -> None:
        if self.away is None:
            log.warning("the budget arbiter cannot be reached: %s", failure)
        self.away = failure
        self._changed.set()
        self._changed = asyncio.Event()

    def _end(self, failure: CallFailed) -> None:
        self.over = failure
        for held in self.held.values():
            held.lost = True
        self._changed.set()
        for asked in list(self._unanswered.values()):
            if not asked.answer.done():
                asked.answer.set_exception(SessionOver(failure, self._budget))
