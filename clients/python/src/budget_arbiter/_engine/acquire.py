"""From a request for a slot to a grant, a denial, or nobody there."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from budget_arbiter._engine.carriers import Carriers
from budget_arbiter._engine.failure import CallFailed
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.session import Session, SessionOver
from budget_arbiter._engine.turns import Turns
from budget_arbiter._gen import budget_pb2 as pb
from budget_arbiter._gen import budget_service_pb2 as api
from budget_arbiter.errors import ArbiterUnavailable, SlotDenied, rule_name
from budget_arbiter.settings import log
from budget_arbiter.usage import Usage

#: Nobody knows how long a pause lasts: then look again every few seconds.
UNKNOWN_PAUSE = 5.0
#: Who lets calls go on without the service does not keep them waiting for it as long as for a slot.
FAIL_OPEN_AFTER = 2.0
#: A longer wait is asked for in parts, lest a proxy cuts it: the same request keeps its place.
LONGEST_PART = 20.0
#: A connection carries 250 calls at a time. Those that wait must leave room for those that give slots back.
MOST_WAITING_CALLS = 150
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


@dataclass(frozen=True)
class Wanted:
    """A request for a slot."""

    budget: str
    ai: str
    wait: float
    patience: float
    estimate: int | None = None
    expected: Usage | None = None
    at_least: int | None = None
    model: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    lease_ttl: float | None = None
    fallback: bool = False
    fail_open: bool = False
    #: One id for all tries: if an answer is lost, the next try finds the lease in place of taking a second slot.
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def message(self, budget: str, request_id: str, wait: float) -> api.AcquireSlotRequest:
        message = api.AcquireSlotRequest(
            budget_id=budget,
            ai_id=self.ai,
            request_id=request_id,
            estimated_tokens=self.estimate,
            at_least_tokens=self.at_least,
            model=self.model or None,
            labels=self.labels,
        )
        if self.expected is not None:
            message.expected.CopyFrom(self.expected.to_proto())
        if self.lease_ttl is not None:
            message.lease_ttl.FromTimedelta(timedelta(seconds=self.lease_ttl))
        if wait > 0:
            message.wait.FromTimedelta(timedelta(milliseconds=int(wait * 1000)))
        return message


class _Away(Exception):
    """The service did not answer in time. The grant may have been made."""


@dataclass
class _Request:
    """One request, over all of its tries."""

    wanted: Wanted
    budget: str
    id: str
    #: The service may have seen it, and what it answered is not known.
    maybe_granted: bool = False

    def sent(self) -> None:
        self.maybe_granted = True

    def held(self) -> Held:
        return Held(self.budget, self.wanted.ai, self.id, None)


class Acquirer:
    def __init__(self, carriers: Carriers, deadline: float, give_back: Callable[[Held], None]):
        self._carriers = carriers
        self._deadline = deadline
        #: What becomes of a slot that nobody wants any more, and of a request whose answer is not known.
        self._give_back = give_back
        self._turns = Turns()
        self._lines = asyncio.Semaphore(MOST_WAITING_CALLS)
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def acquire(self, wanted: Wanted) -> Held:
        """Raises `SlotDenied`, `ArbiterUnavailable`, or `ArbiterRefused`."""
        try:
            return await _Attempt(self, wanted).run()
        except CallFailed as failure:
            raise failure.refused() from None

    async def ask(
        self, request: _Request, wait: float, give_up_at: float
    ) -> tuple[api.AcquireSlotResponse, Session | None]:
        """One answer of the service. Whoever goes before it is there leaves it behind: a grant is then given back."""
        wanted = request.wanted
        session = self._carriers.session_for(request.budget, wait > 0)
        asking = asyncio.get_running_loop().create_task(self._call(session, request, wait))
        left = max(0.0, give_up_at - asyncio.get_running_loop().time())
        # Without a slot it may go on once nothing came for a while, beyond the wait that it asked for.
        left = min(left, wait + FAIL_OPEN_AFTER) if wanted.fail_open else left
        endured = min(left, FAIL_OPEN_AFTER) if wanted.fail_open else left
        late = left - endured + (0.0 if wanted.fail_open else self._deadline)
        try:
            await asyncio.wait({asking}, timeout=endured)
            # Now it is given up if the service is known to be away; else it may answer late.
            if session is not None:
                await session.away_or(asking, late)
            else:
                await asyncio.wait({asking}, timeout=late)
        except asyncio.CancelledError:
            self._abandon(asking, session, request)
            raise
        if asking.done():
            return asking.result(), session
        if wanted.fail_open:
            # Its usage will ask for it by its request's id.
            asking.cancel()
        else:
            self._abandon(asking, session, request)
        raise _Away(str(session.away or session.over or "no answer") if session else "no answer")

    async def close(self, timeout: float) -> None:
        """Sees to what was left behind: answers under way come soon, and those who wait in vain are called off."""
        if self._abandoned:
            await asyncio.wait(self._abandoned, timeout=timeout)
        left = list(self._abandoned)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=timeout)

    def leave_behind(self, request: _Request) -> None:
        """Nobody wants it any more. What it may have been granted is given back."""
        if request.maybe_granted:
            self._give_back(request.held())

    async def _call(self, session: Session | None, request: _Request, wait: float) -> Any:
        budget = request.budget
        message = request.wanted.message(budget, request.id, wait)
        if session is None and wait > 0:
            async with self._lines:
                request.sent()
                return await self._carriers.unary("acquire", message, budget, wait)
        if session is None:
            request.sent()
            return await self._carriers.unary("acquire", message, budget)
        if wait > 0:
            session.waiting += 1
        try:
            return await session.call("acquire", message, budget, request.sent)
        finally:
            if wait > 0:
                session.waiting -= 1

    def _abandon(self, asking: asyncio.Task[Any], session: Session | None, request: _Request) -> None:
        if session is not None and (session.away or session.over):
            # It must not be asked again on the next stream; whether it had been granted is looked up.
            asking.cancel()

        async def see() -> None:
            try:
                answer = await asking
            except SessionOver:
                pass
            except CallFailed as failure:
                if not failure.away:
                    return
            except asyncio.CancelledError:
                if not asking.cancelled():
                    asking.cancel()
            else:
                if answer.WhichOneof("outcome") != "granted":
                    return
                held = request.held()
                held.lease = answer.granted.lease
                self._carriers.hold(held, session)
                self._give_back(held)
                return
            self.leave_behind(request)

        task = asyncio.get_running_loop().create_task(see())
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)

    async def take_turn(self, budget: str, ai: str, seconds: float) -> bool:
        return await self._turns.take((budget, ai), seconds)

    def give_turn(self, budget: str, ai: str) -> None:
        self._turns.give((budget, ai))

    def granted(self, wanted: Wanted, budget: str, grant: api.Grant, session: Session | None, rules: list[str]) -> Held:
        would_deny = [rule_name(blocker.rule) for blocker in grant.would_deny.blockers]
        held = Held(budget, wanted.ai, grant.lease.request_id, grant.lease, rules, would_deny)
        self._carriers.hold(held, session)
        return held

    def sessions_are_unsupported(self, over: SessionOver) -> None:
        self._carriers.sessions_are_unsupported(over)


class _Attempt:
    """One caller's way to a slot."""

    def __init__(self, acquirer: Acquirer, wanted: Wanted):
        self._acquirer = acquirer
        self._wanted = wanted
        self._now = asyncio.get_running_loop().time
        self._give_up_at = self._now() + wanted.patience
        self._request_id = wanted.request_id
        self._denied_rules: dict[str, None] = {}
        self._fail_open_at: float | None = None

    async def run(self) -> Held:
        try:
            return await self._until_granted()
        except _Away as away:
            wanted = self._wanted
            if not wanted.fail_open:
                raise ArbiterUnavailable(f"the budget arbiter cannot be reached: {away}") from None
            log.warning(
                "the budget arbiter cannot be reached (%s): a call of %s goes on without a slot",
                away,
                wanted.ai,
            )
            return Held(wanted.budget, wanted.ai, self._request_id, None)

    async def _until_granted(self) -> Held:
        wanted = self._wanted
        while True:
            asked_at = self._now()
            wait = min(wanted.wait, LONGEST_PART, max(0.0, self._give_up_at - asked_at))
            held, denial = await self._ask_in_turn(wait)
            if held is None and wanted.fallback:
                held = await self._fall_back(denial)
            if held is not None:
                return held
            pause = _pause(denial)
            if wait > 0 and self._now() - asked_at >= wait * 0.9:
                # It waited in vain: asked again at once, it stands where it stood.
                pause = 0.0 if denial.HasField("retry_after") else pause
                if self._give_up_at - self._now() < 0.05:
                    raise SlotDenied(denial, wanted.budget, wanted.ai)
            if denial.permanent or self._now() + pause > self._give_up_at:
                raise SlotDenied(denial, wanted.budget, wanted.ai)
            # Somewhat later than told, so that many clients do not come back in step.
            await asyncio.sleep(pause and pause + random.uniform(0, 0.1))

    async def _ask_in_turn(self, wait: float) -> tuple[Held | None, pb.Denial]:
        wanted = self._wanted
        if wait <= 0:
            return await self._ask(wanted.budget, 0.0)
        if not await self._acquirer.take_turn(wanted.budget, wanted.ai, self._give_up_at - self._now()):
            # No turn came in time. What the service says now is why.
            return await self._ask(wanted.budget, 0.0)
        try:
            return await self._ask(wanted.budget, min(wait, max(0.0, self._give_up_at - self._now())))
        finally:
            self._acquirer.give_turn(wanted.budget, wanted.ai)

    async def _fall_back(self, denial: pb.Denial) -> Held | None:
        for budget in denial.fallback_budget_ids:
            try:
                held, _ = await self._ask(budget, 0.0)
            except CallFailed as failure:
                log.warning("budget %s, to fall back to, cannot be asked: %s", budget, failure)
            else:
                if held is not None:
                    return held
        return None

    async def _ask(self, budget: str, wait: float) -> tuple[Held | None, pb.Denial]:
        """Asks until there is an answer of the rules."""
        pause = FIRST_PAUSE
        request = _Request(self._wanted, budget, self._request_id)
        while True:
            maybe_granted = request.maybe_granted
            try:
                answer, session = await self._acquirer.ask(request, wait, self._give_up_at)
            except SessionOver as over:
                if over.unsupported:
                    self._acquirer.sessions_are_unsupported(over)
                    continue
                # What was said of another budget is no answer for this one, which now gets a session of its own.
                failure = over.failure if over.budget == budget else CallFailed("UNAVAILABLE", str(over))
            except CallFailed as error:
                failure = error
                if not failure.away:
                    # It was answered: this try was no grant.
                    request.maybe_granted = maybe_granted
            else:
                if answer.WhichOneof("outcome") == "granted":
                    rules = list(self._denied_rules)
                    held = self._acquirer.granted(self._wanted, budget, answer.granted, session, rules)
                    return held, pb.Denial()
                self._denied_rules.update((rule_name(one.rule), None) for one in answer.denied.blockers)
                return None, answer.denied
            if failure.reason == "LEASE_CLOSED":
                # Granted to an answer that was lost, and over since: this is another request now.
                self._request_id = str(uuid.uuid4())
                request = _Request(self._wanted, budget, self._request_id)
            else:
                pause = await self._come_back(request, failure, pause)

    async def _come_back(self, request: _Request, failure: CallFailed, pause: float) -> float:
        """Sleeps before the next try, or raises what there is no use in repeating."""
        if not failure.away and failure.code not in ("RESOURCE_EXHAUSTED", "ABORTED"):
            raise failure
        told = failure.retry_after or 0.0
        until = self._now() + max(told, pause * random.uniform(0.5, 1))
        if failure.away and self._wanted.fail_open and self._fail_open_at is None:
            self._fail_open_at = self._now() + FAIL_OPEN_AFTER
        if until > min(self._give_up_at, self._fail_open_at or self._give_up_at):
            if not self._wanted.fail_open:
                self._acquirer.leave_behind(request)
            if failure.away:
                raise _Away(str(failure))
            raise failure
        try:
            await asyncio.sleep(until - self._now())
        except asyncio.CancelledError:
            self._acquirer.leave_behind(request)
            raise
        return min(pause * 2, LONGEST_PAUSE)


def _pause(denial: pb.Denial) -> float:
    return denial.retry_after.ToTimedelta().total_seconds() if denial.HasField("retry_after") else UNKNOWN_PAUSE
