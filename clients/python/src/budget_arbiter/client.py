"""The client for plain threads."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from budget_arbiter._base import BaseClient
from budget_arbiter._engine.account import Account, Step
from budget_arbiter._engine.acquire import Wanted
from budget_arbiter._engine.lease import Held
from budget_arbiter.slot import Backend, Slot
from budget_arbiter.telemetry import start_span
from budget_arbiter.usage import Usage

C = TypeVar("C")
#: Beyond the time that a client's end was given.
MARGIN = 5.0


class SlotContext:
    """`with client.slot(...) as slot:`"""

    def __init__(self, client: BaseClient, wanted: Wanted):
        self._client = client
        self._wanted = wanted
        self._slot: Slot | None = None

    def __enter__(self) -> Slot:
        wanted = self._wanted
        self._span = start_span("budget_arbiter.slot", budget=wanted.budget, ai=wanted.ai, model=wanted.model)
        try:
            self._slot = take_slot(self._client._engine(), wanted)
        except BaseException as error:
            self._span.end(error)
            raise
        self._span.set(budget=self._slot.budget, lease_id=self._slot.lease_id, reserved=self._slot.reserved)
        return self._slot

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._slot is not None
        try:
            safe = self._slot.finish(error)
            if safe is not None:
                safe.result()
        finally:
            self._span.end(error)


def take_slot(backend: Backend, wanted: Wanted) -> Slot:
    """Waits for a slot. Interrupted, it gives back what comes all the same."""
    granted = backend.acquire(wanted)
    try:
        held = granted.result()
    except BaseException:
        drop(backend, granted)
        raise
    return Slot(backend, held, wanted.model)


def drop(backend: Backend, granted: Future[Held]) -> None:
    """Nobody wants it any more."""
    if not granted.cancel() and granted.done() and granted.exception() is None:
        backend.settle(Account(granted.result()), Step(unreported="UNUSED"))


class Client(BaseClient):
    """A client of the budget arbiter.

        client = Client.from_env()
        with client.slot("anthropic", ai="guardian", estimate=3000) as slot:
            slot.report(anthropic.messages.create(...))

    Made once for a process: it has one connection and one thread, started by the first slot. It may be used by any
    thread.
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
    ) -> SlotContext:
        """A slot of a budget, held while the block runs. Raises `SlotDenied` or `ArbiterUnavailable` in place of
        running it.

        `estimate`: tokens that the call will cost, or `expected` by their kinds; none reserves what the budget's
        policy says.
        `at_least`: take as few, rather than none. `wait`, `patience`, `fallback`, `fail_open`, `labels`: as in
        `Settings`.
        `lease_ttl`: seconds that the slot outlives this process.
        """
        return SlotContext(
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
        """The same vendor's client, `OpenAI`, `Anthropic` or the asynchronous one of either, with each call in a slot
        of its own.
        Nothing else changes. The options are those of `slot`, and `estimate_stream`: see `budget_arbiter.wrapping`.
        """
        from budget_arbiter.wrapping import wrap_with

        return wrap_with(self, vendor, budget=budget, ai=ai, **options)

    def flush(self, timeout: float = 10.0) -> bool:
        """Waits until what was spent so far is booked. False if the service was not there in time."""
        return self._engine().flush(timeout).result()

    def close(self, timeout: float = 10.0) -> bool:
        """Books what is open within so many seconds, and ends. False if something was left, which a journal keeps."""
        backend = self._take_backend()
        if backend is None:
            return True
        settled = backend.close(timeout).result(timeout + MARGIN)
        backend.stop()
        return settled

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
