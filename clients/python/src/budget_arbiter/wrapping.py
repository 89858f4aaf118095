"""The vendors' own clients with each call in a slot of its own: `client.wrap(OpenAI())`,
`client.wrap(AsyncAnthropic())`.

Every call of these libraries goes through their client's `post`, so that is the one place where a slot is taken:
create, parse,
helpers for streams and raw responses are all of them covered, and what `wrap` returns is of the vendor's own class.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from budget_arbiter._base import SLOT_OPTIONS, BaseClient
from budget_arbiter._engine.acquire import Wanted
from budget_arbiter.aio import shielded
from budget_arbiter.aio import take_slot as take_slot_async
from budget_arbiter.client import Client, take_slot
from budget_arbiter.estimate import Estimator
from budget_arbiter.slot import Slot
from budget_arbiter.streams import EstimateStream, StreamedUsage

C = TypeVar("C")
#: What costs tokens. Counting them, files and batches (which are billed when they are done) do not pass here.
BILLED = ("/chat/completions", "/completions", "/responses", "/embeddings", "/messages")


def wrap_with(
    client: BaseClient,
    vendor: C,
    *,
    budget: str | None = None,
    ai: str | None = None,
    estimate: int | None = None,
    estimate_stream: EstimateStream | None = None,
    **options: Any,
) -> C:
    """A copy of the vendor's client whose calls take a slot first, report what they cost and give it back; a stream
    when it ends.

    `estimate`: tokens a call; without it the prompt's length, and what answers of the model were like so far.
    `estimate_stream`: output tokens (or a `Usage`) of the text streamed so far, booked if a stream does not come to
    its end; without
    it the slot is then presumed spent. The other options are those of `Client.slot`.
    """
    if hasattr(vendor, "_agenerate"):
        from budget_arbiter import langchain

        if estimate_stream is not None:
            raise TypeError("wrap() has no estimate_stream for LangChain's models")
        given: dict[str, Any] = {"budget": budget, "ai": ai, "estimate": estimate, **options}
        return langchain.wrap(client, vendor, **given)
    if not callable(getattr(vendor, "post", None)) or not callable(getattr(vendor, "copy", None)):
        known = "client of OpenAI or Anthropic, and no chat model of LangChain"
        raise TypeError(f"{type(vendor).__name__} is no {known}: use client.slot()")
    unknown = set(options) - SLOT_OPTIONS
    if unknown:
        raise TypeError(f"wrap() has no {', '.join(sorted(unknown))}")
    guard = _Guard(client, budget, ai, estimate, estimate_stream, options)
    guarded: C = guard.around(vendor.copy())  # type: ignore[attr-defined]
    return guarded


_shared: Client | None = None


def wrap(vendor: C, **options: Any) -> C:
    """As `Client.wrap`, with one client for the process, made from the environment: see `Client.from_env`."""
    global _shared
    if _shared is None:
        _shared = Client.from_env()
    return _shared.wrap(vendor, **options)


class _Guard:
    def __init__(
        self,
        client: BaseClient,
        budget: str | None,
        ai: str | None,
        estimate: int | None,
        estimate_stream: EstimateStream | None,
        options: dict[str, Any],
    ):
        self._client = client
        self._budget = budget
        self._ai = ai
        self._estimate = estimate
        self._estimate_stream = estimate_stream
        self._options = options
        self._estimator = Estimator()
        # What lacks a name is told where it is wrapped, not with the first call.
        self._wanted({}, "")

    def around(self, vendor: Any) -> Any:
        post, copy = vendor.post, vendor.copy
        is_async = inspect.iscoroutinefunction(post) or inspect.iscoroutinefunction(type(vendor).post)
        vendor.post = self._async_post(post) if is_async else self._post(post)
        vendor.copy = vendor.with_options = lambda *args, **options: self.around(copy(*args, **options))
        return vendor

    def _post(self, post: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(path: str, **request: Any) -> Any:
            if not _is_billed(path):
                return post(path, **request)
            body, hidden = _asking_for_usage(path, request)
            wanted = self._wanted(body, _model(body))
            slot = take_slot(self._client._engine(), wanted)
            call = _Call(slot, self, wanted.model, hidden)
            try:
                answer = post(path, **{**request, "body": body})
            except BaseException as error:
                call.end(error)
                raise
            return call.answered(answer)

        return guarded

    def _async_post(self, post: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(path: str, **request: Any) -> Any:
            if not _is_billed(path):
                return await post(path, **request)
            body, hidden = _asking_for_usage(path, request)
            wanted = self._wanted(body, _model(body))
            slot = await take_slot_async(self._client._engine(), wanted)
            call = _Call(slot, self, wanted.model, hidden)
            try:
                answer = await post(path, **{**request, "body": body})
            except BaseException as error:
                call.end(error)
                raise
            return await call.answered_async(answer)

        return guarded

    def _wanted(self, body: Any, model: str) -> Wanted:
        estimate = self._estimate or self._estimator.of(body, model)
        return self._client._wanted(self._budget, self._ai, estimate=estimate, model=model, **self._options)


class _Call:
    """One call, from its slot to its end."""

    def __init__(self, slot: Slot, guard: _Guard, model: str, hide_usage: bool):
        self._slot = slot
        self._guard = guard
        self._model = model
        self._hide_usage = hide_usage
        self._streamed = StreamedUsage(keep_text=guard._estimate_stream is not None)
        self._ending = threading.Lock()
        self._ended = False
        self._watching = False

    def answered(self, answer: Any) -> Any:
        safe = self._take(answer.parse() if _is_read(answer) else answer, is_async=False)
        if safe is not None:
            safe.result()
        return answer

    async def answered_async(self, answer: Any) -> Any:
        read = answer.parse() if _is_read(answer) else answer
        safe = self._take(await read if inspect.isawaitable(read) else read, is_async=True)
        if safe is not None:
            await shielded(safe)
        return answer

    def end(self, error: BaseException | None = None, *, broken: bool = False) -> Any:
        """Once, whoever is first: the end of the stream, its closing, or nobody holding it any more."""
        with self._ending:
            if self._ended:
                return None
            self._ended = True
        if self._streamed.final is not None:
            self._report(self._streamed.final, self._streamed.model)
        elif broken and self._guard._estimate_stream is not None:
            self._slot.estimate(self._streamed.estimate(self._guard._estimate_stream))
        return self._slot.finish(error, broken=broken)

    def _take(self, answer: Any, is_async: bool) -> Any:
        """Whatever the library made of it: an answer, a stream, or a raw response with one of them inside."""
        if hasattr(answer, "_iterator") or hasattr(type(answer), "_iterator"):
            self._watch(answer, is_async)
            return None
        if _is_raw(answer):
            self._watch_raw(answer)
            return None
        usage = self._slot.report(answer, model=self._model or None)
        if usage is not None:
            self._guard._estimator.learn(self._model, usage.output + usage.reasoning)
        with self._ending:
            self._ended = True
        return self._slot.finish()

    def _report(self, usage: Any, model: str) -> None:
        self._slot.report(usage, model=self._model or model or None)
        self._guard._estimator.learn(self._model, usage.output + usage.reasoning)

    def _watch(self, stream: Any, is_async: bool) -> None:
        self._watching = True
        inner = stream._iterator
        stream._iterator = self._events_async(inner) if is_async else self._events(inner)
        close, itself = type(stream).close, weakref.ref(stream)

        def close_sync() -> Any:
            self.end(broken=True)
            return close(itself())

        async def close_async() -> Any:
            self.end(broken=True)
            return await close(itself())

        stream.close = close_async if is_async else close_sync
        weakref.finalize(stream, self.end, broken=True).atexit = True

    def _events(self, inner: Iterator[Any]) -> Iterator[Any]:
        try:
            for event in inner:
                self._streamed.take(event)
                if not self._is_hidden(event):
                    yield event
        except BaseException as error:
            self.end(None if isinstance(error, GeneratorExit) else error, broken=True)
            raise
        safe = self.end()
        if safe is not None:
            safe.result()

    async def _events_async(self, inner: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for event in inner:
                self._streamed.take(event)
                if not self._is_hidden(event):
                    yield event
        except BaseException as error:
            self.end(None if isinstance(error, GeneratorExit) else error, broken=True)
            raise
        safe = self.end()
        if safe is not None:
            await shielded(safe)

    def _is_hidden(self, event: Any) -> bool:
        """The chunk with the usage, for which the caller had not asked: it has no choices, which callers rely on."""
        return self._hide_usage and not getattr(event, "choices", True) and getattr(event, "usage", None) is not None

    def _watch_raw(self, response: Any) -> None:
        """A response that the caller reads as it likes: what it cost is seen if it is parsed, and else presumed."""
        parse = response.parse

        def seen(answer: Any) -> Any:
            if not self._ended:
                self._take(answer, inspect.iscoroutinefunction(parse))
            return answer

        async def parse_async(*args: Any, **options: Any) -> Any:
            return seen(await parse(*args, **options))

        def parse_sync(*args: Any, **options: Any) -> Any:
            return seen(parse(*args, **options))

        response.parse = parse_async if inspect.iscoroutinefunction(parse) else parse_sync
        weakref.finalize(response, lambda: None if self._watching else self.end(broken=True))


def _is_raw(answer: Any) -> bool:
    return hasattr(answer, "parse") and hasattr(answer, "http_response")


def _is_read(answer: Any) -> bool:
    """A raw response that is there as a whole, or whose stream begins by parsing: parsed once, for the caller too."""
    if not _is_raw(answer):
        return False
    return type(answer).__name__ == "LegacyAPIResponse" or bool(getattr(answer.http_response, "is_closed", False))


def _is_billed(path: str) -> bool:
    return path.partition("?")[0].rstrip("/").endswith(BILLED)


def _model(body: Any) -> str:
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) else ""


def _asking_for_usage(path: str, request: dict[str, Any]) -> tuple[Any, bool]:
    """Chat completions tell the usage of a stream only if asked. Says whether the caller had not."""
    body = request.get("body")
    asks = isinstance(body, dict) and request.get("stream") and path.endswith("/completions")
    if not asks:
        return body, False
    options = body.get("stream_options") or {}  # type: ignore[union-attr]
    if options.get("include_usage"):
        return body, False
    return {**body, "stream_options": {**options, "include_usage": True}}, True  # type: ignore[dict-item]
