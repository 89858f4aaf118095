"""A slot in the hands of its caller, and how it is given back."""

from __future__ import annotations

import os
import threading
import uuid
from concurrent.futures import Future
from typing import Any, Protocol

from budget_arbiter._engine.account import Account, Step, Unreported
from budget_arbiter._engine.acquire import Wanted
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.text import MOST_OF_A_MESSAGE, MOST_OF_A_MODEL, MOST_OF_A_TYPE, clean
from budget_arbiter._gen import budget_pb2 as pb
from budget_arbiter.outcome import Ending, ending_of
from budget_arbiter.usage import Usage, model_of, usage_of


class Backend(Protocol):
    """What gives slots and takes them back: `Engine`, or the one of `budget_arbiter.testing`."""

    pid: int

    def acquire(self, wanted: Wanted) -> Future[Held]:
        """A slot, once it is granted."""
        ...

    def settle(self, account: Account, step: Step) -> Future[None] | None:
        """Tells the service in the background. Done when a crash can no longer lose it; None without a journal."""
        ...

    def flush(self, timeout: float) -> Future[bool]:
        """Whether all was settled in time."""
        ...

    def close(self, timeout: float) -> Future[bool]:
        """Settles what is left, and ends. Whether all was settled in time."""
        ...

    def stop(self) -> None:
        """Ends at once."""
        ...


class Slot:
    """The right to make calls now. Tell what they spent by `report`; how the block ends says the rest.

    | the block ends | the slot goes back |
    |---|---|
    | in any way after a report | with it; what was reserved beyond it is free again |
    | without one | presumed spent, or as `estimate` said |
    | by an exception | with a failed call of 0 tokens; the rest as follows |
    | ... the vendor was never reached | unused: the cooldown is given back, too |
    | ... the vendor refused, or the exception is the caller's own | free again |
    | ... the call broke off on its way, was cancelled or interrupted | presumed spent, or as `estimate` said |
    """

    def __init__(self, backend: Backend, held: Held, model: str):
        self._backend = backend
        self._held = held
        self._model = model
        self._account = Account(held)
        self._ending = threading.Lock()
        self._ended = False
        self._reports = 0
        self._estimate: Usage | None = None
        self._as: Unreported | None = None

    @property
    def budget(self) -> str:
        """The budget that it is of: another than asked for, after a fallback."""
        return self._held.budget

    @property
    def ai(self) -> str:
        """Who holds it."""
        return self._held.ai

    @property
    def lease_id(self) -> str | None:
        """None if the call goes on without a slot, since the service is away (`fail_open`)."""
        return self._held.lease_id

    @property
    def fence(self) -> int:
        """Rises with every grant of a budget: for systems that should refuse a stale holder."""
        return 0 if self._held.lease is None else self._held.lease.fence

    @property
    def reserved(self) -> int:
        """Tokens that it holds: less than asked for, where `at_least` allowed that."""
        return 0 if self._held.lease is None else self._held.lease.reserved_tokens

    @property
    def denied_rules(self) -> list[str]:
        """The rules that had refused before it was granted."""
        return list(self._held.denied_rules)

    @property
    def would_deny(self) -> list[str]:
        """In mode OBSERVE: the rules that would have refused."""
        return list(self._held.would_deny)

    @property
    def lost(self) -> bool:
        """The lease ended under the work: the slot may be another's already. What is reported is booked all the
        same."""
        return self._held.lost

    @property
    def charged(self) -> int | None:
        """Tokens charged in all, once it is settled: after `client.flush()`."""
        return self._held.charged

    def report(
        self,
        response: Any = None,
        *,
        input: int = 0,
        output: int = 0,
        cache_read: int = 0,
        cache_write: int = 0,
        reasoning: int = 0,
        total: int = 0,
        model: str | None = None,
        request_type: str = "",
        usage_id: str | None = None,
    ) -> Usage | None:
        """Books what one call spent: of a vendor's answer, of a `Usage`, or as counted by the caller.

        Never waits, never fails for the service's sake. Returns what is booked; None if the answer says nothing of
        usage, and the slot is presumed spent.
        """
        counted = Usage(input, cache_read, cache_write, output, reasoning, total)
        if response is None:
            usage: Usage | None = counted
        elif counted.sum:
            raise ValueError("either an answer or counts")
        else:
            usage = response if isinstance(response, Usage) else usage_of(response)
        if usage is None:
            self._as = self._as or "PRESUME"
            return None
        named = model or (model_of(response) if response is not None else "") or self._model
        self._send(self._usage(usage, named, request_type=request_type, usage_id=usage_id))
        self._reports += 1
        return usage

    def estimate(self, usage: Usage | None = None, *, input: int = 0, output: int = 0) -> None:
        """What was spent as far as the caller can tell: booked if the block ends without a report, in place of a
        presumption."""
        self._estimate = usage or Usage(input=input, output=output)

    def unused(self) -> None:
        """Nothing was asked of the vendor, such as when a cache had the answer."""
        self._as = "UNUSED"

    def presume(self) -> None:
        """Something was spent beyond the reports, nobody knows how much."""
        self._as = "PRESUME"

    def finish(self, error: BaseException | None = None, *, broken: bool = False) -> Future[None] | None:
        """Gives it back, once. `with` does; by itself it is for those who cannot use one.

        Never waits: what it returns is done when a crash can no longer lose it, None without a journal. `broken`: the
        vendor had begun to answer.
        """
        with self._ending:
            if self._ended:
                return None
            self._ended = True
        usage, unreported = self._settlement(error, broken)
        if usage is not None and unreported == "UNUSED":
            self._send(usage)
            usage = None
        return self._hand_over(Step(usage, unreported))

    def _settlement(self, error: BaseException | None, broken: bool) -> tuple[pb.Usage | None, Unreported]:
        """A last report, and what becomes of what was reserved beyond all reports."""
        if self._as is not None or self._reports:
            return None, self._as or "FREE"
        ending = Ending.UNKNOWN if error is None or broken else ending_of(error)
        # A generator that is closed was left by its reader: no call failed.
        has_failed = error is not None and not isinstance(error, GeneratorExit)
        failed = self._usage(Usage(), self._model, error=error) if has_failed else None
        if ending is Ending.UNREACHED:
            return failed, "UNUSED"
        if ending is Ending.REFUSED:
            return failed, "FREE"
        return (None, "FREE") if self._send_estimate() else (failed, "PRESUME")

    def _send_estimate(self) -> bool:
        if self._estimate is not None:
            self._send(self._usage(self._estimate, self._model))
        return self._estimate is not None

    def _usage(
        self,
        usage: Usage,
        model: str,
        *,
        request_type: str = "",
        usage_id: str | None = None,
        error: BaseException | None = None,
    ) -> pb.Usage:
        return pb.Usage(
            # Made once for a report, not for each try: so a retry is booked once.
            usage_id=usage_id or str(uuid.uuid4()),
            tokens=usage.to_proto(),
            model=clean(model, MOST_OF_A_MODEL),
            request_type=clean(request_type, MOST_OF_A_TYPE),
            failed=error is not None,
            error_message="" if error is None else clean(f"{type(error).__name__}: {error}", MOST_OF_A_MESSAGE),
        )

    def _send(self, usage: pb.Usage) -> None:
        self._hand_over(Step(usage))

    def _hand_over(self, step: Step) -> Future[None] | None:
        if self._backend.pid != os.getpid():
            # A child that was forked within the block: the slot is its parent's.
            return None
        return self._backend.settle(self._account, step)
