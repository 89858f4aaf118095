"""Puts every call of a LiteLLM proxy on a budget. In the proxy's configuration:

    litellm_settings:
      callbacks: budget_arbiter.litellm.callback

Where the service is and which budget it is say `BUDGET_ARBITER_ADDRESS`, `BUDGET_ARBITER_BUDGET` and the other
variables of `Client.from_env`. The AI is the first of `BUDGET_ARBITER_LITELLM_AI` (default `key_alias,team,user`) that
the caller has, else `BUDGET_ARBITER_AI`, else `litellm`.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import HTTPException
from litellm.integrations.custom_logger import CustomLogger

from budget_arbiter.aio import AsyncClient, shielded, take_slot
from budget_arbiter.errors import ArbiterRefused, ArbiterUnavailable, SlotDenied
from budget_arbiter.estimate import Estimator
from budget_arbiter.settings import log
from budget_arbiter.slot import Slot
from budget_arbiter.usage import usage_of

#: The calls that cost tokens, as the proxy names them.
BILLED = {
    name + kind
    for name in ("", "a")
    for kind in ("completion", "text_completion", "embedding", "responses", "generate_content", "image_generation")
} | {"embeddings", "anthropic_messages", "agenerate_content_stream", "generate_content_stream", "pass_through_endpoint"}
WHO = {
    "key_alias": ("key_alias",),
    "team": ("team_alias", "team_id"),
    "user": ("user_id", "user_email"),
    "end_user": ("end_user_id",),
}
#: After the end of a stream its usage is told by the proxy's log, from a queue of its own.
USAGE_WITHIN = 30.0


class BudgetCallback(CustomLogger):  # type: ignore[misc]
    """A slot before the call, its usage after it. `callback` is the one that a configuration names."""

    def __init__(self, client: AsyncClient | None = None, ai: str | None = None):
        super().__init__()
        self._client = client
        self._ai = [
            one.strip() for one in (ai or os.environ.get("BUDGET_ARBITER_LITELLM_AI", "key_alias,team,user")).split(",")
        ]
        unknown = set(self._ai) - set(WHO)
        if unknown:
            raise ValueError(f"BUDGET_ARBITER_LITELLM_AI: {', '.join(sorted(unknown))} is none of {', '.join(WHO)}")
        self._estimator = Estimator()
        # By the proxy's id of the call, which a caller may choose: then several calls may have one.
        self._slots: dict[str, deque[Slot]] = {}
        self._lock = threading.Lock()

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> None:
        """Takes the slot; refuses the call as an HTTP server should where there is none."""
        if call_type not in BILLED:
            return
        model = str(data.get("model") or "")
        client = self._own_client()
        estimate = self._estimator.of(_read_by_the_model(data), model)
        wanted = client._wanted(None, self._name(user_api_key_dict), estimate=estimate, model=model)
        try:
            slot = await take_slot(client._engine(), wanted)
        except SlotDenied as denied:
            answer = denied.to_http()
            raise HTTPException(answer.status, detail=denied.message, headers=answer.headers) from denied
        except ArbiterRefused as refused:
            log.error("the budget cannot be asked: %s", refused)
            raise HTTPException(500, detail=f"the budget cannot be asked: {refused}") from refused
        except ArbiterUnavailable as away:
            raise HTTPException(503, detail=str(away), headers={"retry-after": "5"}) from away
        self._keep(data, slot)

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> None:
        """Books an answer that came whole."""
        if usage_of(response) is not None:
            await self._settle(data, response)

    async def async_log_success_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """The end of a stream, put together by the proxy; and whatever came to its end another way."""
        streamed = kwargs.get("async_complete_streaming_response") or kwargs.get("complete_streaming_response")
        if kwargs.get("stream") and streamed is None and usage_of(response_obj) is None:
            return
        await self._settle(kwargs, streamed or response_obj)

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,
        user_api_key_dict: Any,
        traceback_str: Any = None,
    ) -> None:
        """Gives the slot of a call back that failed."""
        slot = self._take(request_data)
        if slot is not None:
            slot.finish(original_exception)

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        """Passes a stream on, and gives its slot back where the caller or the vendor leaves it."""
        try:
            async for chunk in response:
                yield chunk
        except BaseException as error:
            # The caller went, or the vendor did: nobody will count the rest.
            slot = self._take(request_data)
            if slot is not None:
                slot.finish(error if isinstance(error, Exception) else None, broken=True)
            raise
        asyncio.get_running_loop().call_later(USAGE_WITHIN, self._give_up, request_data.get("litellm_call_id"))

    def _own_client(self) -> AsyncClient:
        if self._client is None:
            self._client = AsyncClient.from_env()
        return self._client

    def _name(self, caller: Any) -> str:
        for who in self._ai:
            for field in WHO[who]:
                value = getattr(caller, field, None)
                if value:
                    return _ai_id(str(value))
        return self._own_client().settings.ai or "litellm"

    def _keep(self, data: dict[str, Any], slot: Slot) -> None:
        call_id = str(data.get("litellm_call_id"))
        with self._lock:
            self._slots.setdefault(call_id, deque()).append(slot)
        # A call that is dropped without a word, such as one whose caller went before the answer, ends with what it
        # was made of.
        logging = data.get("litellm_logging_obj")
        if logging is not None:
            weakref.finalize(logging, self._dropped, call_id, weakref.ref(slot))

    def _take(self, data: dict[str, Any]) -> Slot | None:
        call_id = str(data.get("litellm_call_id"))
        with self._lock:
            slots = self._slots.get(call_id)
            if not slots:
                return None
            slot = slots.popleft()
            if not slots:
                del self._slots[call_id]
            return slot

    async def _settle(self, data: dict[str, Any], response: Any) -> None:
        slot = self._take(data)
        if slot is None:
            return
        if data.get("cache_hit") or (getattr(response, "_hidden_params", None) or {}).get("cache_hit"):
            slot.unused()
        else:
            usage = slot.report(response)
            if usage is not None:
                self._estimator.learn(str(data.get("model") or ""), usage.output + usage.reasoning)
        safe = slot.finish()
        if safe is not None:
            await shielded(safe)

    def _give_up(self, call_id: Any) -> None:
        slot = self._take({"litellm_call_id": call_id})
        if slot is not None:
            log.warning("the usage of a stream did not come: its slot is presumed spent")
            slot.finish()

    def _dropped(self, call_id: str, kept: weakref.ref[Slot]) -> None:
        slot = kept()
        if slot is None:
            return
        with self._lock:
            slots = self._slots.get(call_id)
            if not slots or slot not in slots:
                return
            slots.remove(slot)
            if not slots:
                del self._slots[call_id]
        slot.finish()


def _read_by_the_model(data: dict[str, Any]) -> dict[str, Any]:
    """The parts of a request that the model reads."""
    return {
        name: data[name]
        for name in ("messages", "input", "prompt", "system", "tools", "contents", "instructions")
        if name in data
    }


def _ai_id(name: str) -> str:
    """As the service takes it: 1 to 128 printable ASCII characters without spaces."""
    return "".join(char if "!" <= char <= "~" else "-" for char in name)[:128]


callback = BudgetCallback()
