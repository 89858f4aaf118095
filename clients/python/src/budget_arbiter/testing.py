"""A client without a service, for tests of what uses one.

fake = FakeClient()
summarize(fake)                      # code that says `with client.slot("anthropic", ai="guardian") as slot:`
assert fake.slots[0].tokens == 1_234

fake.deny("HOURLY_CAP", retry_after=120)
with pytest.raises(SlotDenied):
    summarize(fake)
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, cast

from budget_arbiter import aio, client
from budget_arbiter._base import BaseClient
from budget_arbiter._engine.account import Account, Step
from budget_arbiter._engine.acquire import Wanted
from budget_arbiter._engine.lease import Held
from budget_arbiter._gen import budget_pb2 as pb
from budget_arbiter.errors import ArbiterUnavailable, SlotDenied
from budget_arbiter.usage import Usage


@dataclass
class FakeSlot:
    """One slot that the fake gave."""

    budget: str
    ai: str
    model: str
    estimate: int | None
    #: What was reported, in order; of a call that failed nothing, see `failed`.
    usages: list[Usage] = field(default_factory=list)
    failed: int = 0
    #: What became of what was not reported: `FREE`, `PRESUME` or `UNUSED`; None while it is held.
    given_back: str | None = None

    @property
    def tokens(self) -> int:
        """All that was reported."""
        return sum(usage.sum for usage in self.usages)


class FakeSlotContext(client.SlotContext, aio.AsyncSlotContext):
    """`with` and `async with`."""

    def __init__(self, fake: BaseClient, wanted: Wanted):
        client.SlotContext.__init__(self, fake, wanted)


class FakeClient(BaseClient):
    """Stands for `Client` and for `AsyncClient`. Grants everything until told otherwise, and remembers what was
    spent."""

    def __init__(self, **settings: Any):
        super().__init__(**{"budget": "fake-budget", "ai": "fake-ai", **settings})
        #: Every slot that was given, in order.
        self.slots: list[FakeSlot] = []
        self._refusal: Exception | None = None
        self._backend = _FakeBackend(self)

    @property
    def tokens(self) -> int:
        """All that was reported, in all slots."""
        return sum(slot.tokens for slot in self.slots)

    def deny(
        self,
        *rules: str,
        retry_after: float | None = None,
        permanent: bool = False,
        fallback_budget_ids: tuple[str, ...] = (),
        message: str = "denied by the test",
    ) -> None:
        """From now on no slot: `SlotDenied` with these rules, such as `HOURLY_CAP`."""
        denial = pb.Denial(permanent=permanent, fallback_budget_ids=fallback_budget_ids)
        for rule in rules or ("CONCURRENCY",):
            denial.blockers.add(rule=cast(Any, pb.Rule.Value(f"RULE_{rule}")), message=message)
        if retry_after is not None:
            denial.retry_after.FromTimedelta(timedelta(seconds=retry_after))
        self._refusal = SlotDenied(denial)

    def be_unavailable(self) -> None:
        """From now on nobody answers: `ArbiterUnavailable`, or no slot for who may go on without one."""
        self._refusal = ArbiterUnavailable("unavailable by the test")

    def grant(self) -> None:
        """From now on everything again."""
        self._refusal = None

    def slot(self, budget: str | None = None, *, ai: str | None = None, **options: Any) -> FakeSlotContext:
        """For `with` and `async with`; takes what the real ones take."""
        names = ("estimate", "expected", "at_least", "wait", "patience", "fallback", "fail_open", "labels", "lease_ttl")
        unknown = set(options) - {*names, "model"}
        if unknown:
            raise TypeError(f"slot() has no {', '.join(sorted(unknown))}")
        given = {name: options.get(name) for name in names}
        return FakeSlotContext(self, self._wanted(budget, ai, model=options.get("model", ""), **given))

    wrap = client.Client.wrap

    def flush(self, timeout: float = 10.0) -> _Done:
        """Nothing is left to settle."""
        return _Done(True)

    def close(self, timeout: float = 10.0) -> _Done:
        """Nothing is left to settle. Grants all the same."""
        return _Done(True)

    def __enter__(self) -> FakeClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def __aenter__(self) -> FakeClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Done:
    """True, and awaited True: `flush` and `close` of either client."""

    def __init__(self, value: bool):
        self._value = value

    def __bool__(self) -> bool:
        return self._value

    def __await__(self) -> Any:
        return self._value
        yield  # makes it a generator


class _FakeBackend:
    def __init__(self, fake: FakeClient):
        self.pid = os.getpid()
        self._fake = fake
        self._lock = threading.Lock()
        self._slots: dict[str, FakeSlot] = {}

    def acquire(self, wanted: Wanted) -> Future[Held]:
        granted: Future[Held] = Future()
        refusal = self._fake._refusal
        lease: pb.Lease | None = None
        if refusal is not None and not (isinstance(refusal, ArbiterUnavailable) and wanted.fail_open):
            granted.set_exception(refusal)
            return granted
        with self._lock:
            if refusal is None:
                number = len(self._fake.slots) + 1
                reserved = wanted.estimate or (wanted.expected.sum if wanted.expected else 0) or 1_000
                lease = pb.Lease(lease_id=f"fake-{number}", fence=number, reserved_tokens=reserved)
            slot = FakeSlot(wanted.budget, wanted.ai, wanted.model, wanted.estimate)
            self._slots[wanted.request_id] = slot
            self._fake.slots.append(slot)
        granted.set_result(Held(wanted.budget, wanted.ai, wanted.request_id, lease))
        return granted

    def settle(self, account: Account, step: Step) -> Future[None] | None:
        with self._lock:
            slot = self._slots[account.held.request_id]
            if step.usage is not None and step.usage.failed:
                slot.failed += 1
            elif step.usage is not None:
                slot.usages.append(_usage(step.usage.tokens))
            slot.given_back = step.unreported or slot.given_back
            account.held.charged = slot.tokens
        return None

    def flush(self, timeout: float) -> Future[bool]:
        return _true()

    def close(self, timeout: float) -> Future[bool]:
        return _true()

    def stop(self) -> None:
        pass


def _true() -> Future[bool]:
    done: Future[bool] = Future()
    done.set_result(True)
    return done


def _usage(tokens: pb.TokenCounts) -> Usage:
    return Usage(
        input=tokens.input_tokens,
        cache_read=tokens.cache_read_tokens,
        cache_write=tokens.cache_write_tokens,
        output=tokens.output_tokens,
        reasoning=tokens.reasoning_tokens,
        total=tokens.total_tokens,
    )
