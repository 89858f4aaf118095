"""Settling in the background: the caller has its result, and what it cost is booked, however long that takes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from budget_arbiter._engine.account import Account, Step
from budget_arbiter._engine.carriers import Carriers
from budget_arbiter._engine.failure import FORBIDDEN, CallFailed
from budget_arbiter._engine.journal import Journal
from budget_arbiter._engine.lease import Held
from budget_arbiter._gen import budget_service_pb2 as api
from budget_arbiter.settings import SettleFailure, log

#: Ids are remembered for seven days. A repeat beyond them might be booked twice.
REPEATED_FOR = 7 * 86_400 - 3_600
#: A report waits so long for the giving back that mostly follows, and goes with it.
GATHERED_FOR = 0.02
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 30.0


class Settler:
    def __init__(
        self,
        carriers: Carriers,
        journal: Journal | None,
        on_failure: Callable[[SettleFailure], None] | None,
        clock: Callable[[], float] = time.time,
    ):
        self._carriers = carriers
        self._journal = journal
        self._on_failure = on_failure
        self._clock = clock
        self._open: dict[int, Account] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        if journal is not None:
            for account, steps in journal.unsettled():
                for step in steps:
                    self._enter(account, step)

    def add(self, account: Account, step: Step) -> Awaitable[None] | None:
        """Takes over. What it returns is done once a crash cannot lose it; None if there is no journal."""
        step.first_tried = self._clock()
        written = None if self._journal is None else self._journal.add(account, step)
        self._enter(account, step)
        return written

    async def flush(self, timeout: float) -> bool:
        """Waits until nothing is open. False if something still is."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    @property
    def open(self) -> int:
        return len(self._open)

    def close(self) -> None:
        for account in self._open.values():
            if account.task is not None:
                account.task.cancel()

    def _enter(self, account: Account, step: Step) -> None:
        account.steps.append(step)
        account.news.set()
        if account.task is None:
            self._open[id(account)] = account
            self._idle.clear()
            account.task = asyncio.get_running_loop().create_task(self._settle(account))

    async def _settle(self, account: Account) -> None:
        try:
            while account.steps:
                await self._gather(account)
                step = account.steps[0]
                await self._take(account, step)
                account.steps.popleft()
                if self._journal is not None:
                    self._journal.done(step)
        finally:
            account.task = None
            self._open.pop(id(account), None)
            if not self._open:
                self._idle.set()

    async def _gather(self, account: Account) -> None:
        """A last report and the giving back become one step."""
        if len(account.steps) == 1 and account.steps[0].unreported is None:
            account.news.clear()
            try:
                await asyncio.wait_for(account.news.wait(), GATHERED_FOR)
            except asyncio.TimeoutError:
                return
        if len(account.steps) != 2 or account.held.lease_id is None:
            return
        report, last = account.steps
        # What goes back as unused takes no report with it, not that of a call which failed.
        if report.unreported is None and last.usage is None and last.unreported != "UNUSED":
            last.usage = report.usage
            account.steps.popleft()
            if self._journal is not None:
                self._journal.replace(account, report, last)

    async def _take(self, account: Account, step: Step) -> None:
        """Repeats a step until its effect is known, or nobody can know it any more."""
        pause = FIRST_PAUSE
        by_itself = False
        while True:
            try:
                await self._once(account, step, by_itself)
                return
            except CallFailed as failure:
                verdict = self._verdict(account, step, failure)
                first_tried = step.first_tried or self._clock()
                if verdict == "done":
                    return
                if verdict == "again":
                    continue
                if verdict == "never" or self._clock() - first_tried + pause > REPEATED_FOR:
                    self.give_up(account, step, failure)
                    return
                # A session that no longer has the lease is no way to settle it.
                by_itself = True
                told = failure.retry_after or 0.0
            except Exception as error:  # a mistake here must not keep an account open for ever
                self.give_up(account, step, error)
                return
            await asyncio.sleep(max(told, pause * random.uniform(0.5, 1)))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _once(self, account: Account, step: Step, by_itself: bool) -> None:
        held = account.held
        if held.lease_id is None and not account.forgotten:
            await self._look_up(held)
        if held.lease_id is None:
            if step.usage is not None:
                await self._record_unleased(held, step)
            return
        if step.unreported is None:
            request = api.RecordUsageRequest(lease_id=held.lease_id, usage=step.usage)
            answer = await self._carriers.settle("record", request, held, by_itself)
            if answer.HasField("lease"):
                held.charged = answer.lease.used_tokens
            return
        release = api.ReleaseRequest(
            lease_id=held.lease_id, usage=step.usage, unreported=f"UNREPORTED_{step.unreported}"
        )
        answer = await self._carriers.settle("release", release, held, by_itself)
        held.charged = answer.used_tokens
        self._carriers.let_go(held)

    async def _look_up(self, held: Held) -> None:
        """The grant may have been made, and its answer lost."""
        request = api.LeaseRequest(budget_id=held.budget, ai_id=held.ai, request_id=held.request_id)
        try:
            found = await self._carriers.unary("get_lease", api.GetLeaseRequest(request=request), held.budget)
        except CallFailed as failure:
            if failure.code != "NOT_FOUND":
                raise
        else:
            held.lease = found.lease

    async def _record_unleased(self, held: Held, step: Step) -> None:
        unleased = api.Unleased(budget_id=held.budget, ai_id=held.ai)
        request = api.RecordUsageRequest(unleased=unleased, usage=step.usage)
        answer = await self._carriers.unary("record", request, held.budget)
        held.charged = (held.charged or 0) + answer.charged_tokens

    def _verdict(self, account: Account, step: Step, failure: CallFailed) -> Literal["done", "again", "later", "never"]:
        if failure.reason == "USAGE_REPORTED" and step.unreported == "UNUSED":
            step.unreported = "FREE"
            return "again"
        if failure.reason == "LEASE_NOT_FOUND":
            # Forgotten, or granted after the backup that was restored since: usage is booked without it.
            self._carriers.let_go(account.held)
            account.held.lease = None
            account.forgotten = True
            return "again"
        if failure.reason == "LEASE_CLOSED" and step.usage is None:
            # Over long ago, and nothing to report: there is nothing left to give back.
            self._carriers.let_go(account.held)
            return "done"
        if failure.away or failure.code in FORBIDDEN or failure.code in ("RESOURCE_EXHAUSTED", "ABORTED"):
            return "later"
        return "never"

    def give_up(self, account: Account, step: Step, error: Exception) -> None:
        """Nobody will try again: it is told to who asked for that."""
        held = account.held
        self._carriers.let_go(held)
        log.error("a slot of %s in %s cannot be settled: %s", held.ai, held.budget, error)
        if self._on_failure is None:
            return
        try:
            self._on_failure(SettleFailure(held.budget, held.ai, held.lease_id, step.usage, error))
        except Exception:
            log.exception("on_settle_failure failed")
