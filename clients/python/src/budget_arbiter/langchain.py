"""LangChain's chat models with each call in a slot of its own: `client.wrap(ChatAnthropic(...))`.

Not by callbacks: LangChain tells them nothing of a call that is cancelled. What `wrap` returns is the same model, of a
class that takes a slot around the four methods in which every model makes its calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel

from budget_arbiter._base import SLOT_OPTIONS, BaseClient
from budget_arbiter._engine.acquire import Wanted
from budget_arbiter.aio import AsyncSlotContext
from budget_arbiter.client import SlotContext
from budget_arbiter.estimate import Estimator
from budget_arbiter.slot import Slot
from budget_arbiter.usage import Usage, usage_of

M = TypeVar("M", bound=BaseChatModel)
#: Some models make one of their methods of another: the slot is the outer one's.
_inside: ContextVar[bool] = ContextVar("budget_arbiter_inside", default=False)


def wrap(
    client: BaseClient,
    model: M,
    *,
    budget: str | None = None,
    ai: str | None = None,
    estimate: int | None = None,
    **options: Any,
) -> M:
    """The same model, each call of which takes a slot first, reports its cost and gives it back; a stream at its end.

    `estimate`: tokens a call; without it the prompt's length, and what answers were like so far. The other options are
    those of `Client.slot`. A denial is raised as `SlotDenied`.
    """
    unknown = set(options) - SLOT_OPTIONS
    if unknown:
        raise TypeError(f"wrap() has no {', '.join(sorted(unknown))}")
    guard = _Guard(client, _name(model), budget, ai, estimate, options)
    guarded: M = model.model_copy()
    guarded.__class__ = _guarded(type(model), guard)
    return guarded


class _Guard:
    def __init__(
        self,
        client: BaseClient,
        model: str,
        budget: str | None,
        ai: str | None,
        estimate: int | None,
        options: dict[str, Any],
    ):
        self.client = client
        self._model = model
        self._budget = budget
        self._ai = ai
        self._estimate = estimate
        self._options = options
        self._estimator = Estimator()
        # What lacks a name is told where it is wrapped, not with the first call.
        self.wanted([])

    def wanted(self, messages: Any) -> Wanted:
        prompt = [getattr(message, "content", "") for message in messages]
        estimate = self._estimate or self._estimator.of(prompt, self._model)
        return self.client._wanted(self._budget, self._ai, estimate=estimate, model=self._model, **self._options)

    def answered(self, slot: Slot, result: Any) -> None:
        """A result's usage stands on its message; text models say it beside."""
        messages = [getattr(generation, "message", None) for generation in result.generations]
        usages = [usage_of(getattr(message, "usage_metadata", None)) for message in messages]
        beside = usage_of((result.llm_output or {}).get("token_usage"))
        self.report(slot, next((usage for usage in [*usages, beside] if usage is not None), None))

    def report(self, slot: Slot, usage: Usage | None) -> None:
        if usage is None:
            return
        slot.report(usage, model=self._model or None)
        self._estimator.learn(self._model, usage.output + usage.reasoning)


class _Sum:
    """LangChain adds the usage of a stream's chunks up: each says a part."""

    def __init__(self) -> None:
        self._found: list[Usage] = []

    def take(self, chunk: Any) -> None:
        usage = usage_of(getattr(chunk.message, "usage_metadata", None))
        if usage is not None:
            self._found.append(usage)

    def usage(self) -> Usage | None:
        if not self._found:
            return None
        names = ("input", "cache_read", "cache_write", "output", "reasoning")
        return Usage(**{name: sum(getattr(one, name) for one in self._found) for name in names})


def _guarded(kind: type[Any], guard: _Guard) -> type[Any]:
    """A class of the same name. What the model's own does not define stays so, since LangChain looks for that."""
    body: dict[str, Any] = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    body["_generate"] = _generate(kind._generate, guard)
    body["_agenerate"] = _agenerate(kind._agenerate, guard)
    if kind._stream is not BaseChatModel._stream:
        body["_stream"] = _stream(kind._stream, guard)
    if kind._astream is not BaseChatModel._astream:
        body["_astream"] = _astream(kind._astream, guard)
    return type(kind.__name__, (kind,), body)


def _generate(own: Callable[..., Any], guard: _Guard) -> Callable[..., Any]:
    def generate(self: Any, messages: Any, *args: Any, **options: Any) -> Any:
        if _inside.get():
            return own(self, messages, *args, **options)
        with SlotContext(guard.client, guard.wanted(messages)) as slot:
            inside = _inside.set(True)
            try:
                result = own(self, messages, *args, **options)
            finally:
                _inside.reset(inside)
            guard.answered(slot, result)
            return result

    return generate


def _agenerate(own: Callable[..., Any], guard: _Guard) -> Callable[..., Any]:
    if own is BaseChatModel._agenerate:
        # LangChain's own, which runs the other in a thread: the slot is taken there.
        inherited: Callable[..., Any] = own
        return inherited

    async def agenerate(self: Any, messages: Any, *args: Any, **options: Any) -> Any:
        if _inside.get():
            return await own(self, messages, *args, **options)
        async with AsyncSlotContext(guard.client, guard.wanted(messages)) as slot:
            inside = _inside.set(True)
            try:
                result = await own(self, messages, *args, **options)
            finally:
                _inside.reset(inside)
            guard.answered(slot, result)
            return result

    return agenerate


def _stream(own: Callable[..., Any], guard: _Guard) -> Callable[..., Any]:
    def stream(self: Any, messages: Any, *args: Any, **options: Any) -> Iterator[Any]:
        if _inside.get():
            yield from own(self, messages, *args, **options)
            return
        usage = _Sum()
        with SlotContext(guard.client, guard.wanted(messages)) as slot:
            for chunk in own(self, messages, *args, **options):
                usage.take(chunk)
                yield chunk
            guard.report(slot, usage.usage())

    return stream


def _astream(own: Callable[..., Any], guard: _Guard) -> Callable[..., Any]:
    async def astream(self: Any, messages: Any, *args: Any, **options: Any) -> AsyncIterator[Any]:
        if _inside.get():
            async for chunk in own(self, messages, *args, **options):
                yield chunk
            return
        usage = _Sum()
        async with AsyncSlotContext(guard.client, guard.wanted(messages)) as slot:
            async for chunk in own(self, messages, *args, **options):
                usage.take(chunk)
                yield chunk
            guard.report(slot, usage.usage())

    return astream


def _name(model: Any) -> str:
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    return name if isinstance(name, str) else ""
