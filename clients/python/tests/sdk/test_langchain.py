"""LangChain's own models against a server that answers as the vendors do."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import eventually
from vendor import COUNTS, WORDS, Vendor

from budget_arbiter import SlotDenied
from budget_arbiter.testing import FakeClient

pytest.importorskip("langchain_openai", reason="LangChain is not installed")
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI

TEXT = "".join(WORDS)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    running = Vendor()
    yield running
    running.stop()


_timeouts = itertools.count(30)


def models(vendor: Vendor, fake: FakeClient, model: str = "m") -> dict[str, Any]:
    given: dict[str, Any] = {"api_key": "k", "max_retries": 0, "model": model}
    # LangChain keeps one connection for equal settings, beyond the loop that it was made in.
    given["timeout"] = next(_timeouts)
    return {
        "chat": fake.wrap(ChatOpenAI(base_url=vendor.url, stream_usage=True, **given)),
        "messages": fake.wrap(ChatAnthropic(base_url=vendor.url, **given)),
    }


@pytest.mark.parametrize("of", ["chat", "messages"])
def test_invoke_and_stream(vendor: Vendor, of: str) -> None:
    fake = FakeClient()
    model = models(vendor, fake)[of]
    assert model.invoke("count").text == TEXT
    assert "".join(chunk.text for chunk in model.stream("count")) == TEXT
    assert [(slot.model, slot.usages, slot.given_back) for slot in fake.slots] == [("m", [COUNTS[of]], "FREE")] * 2


@pytest.mark.parametrize("of", ["chat", "messages"])
def test_ainvoke_and_astream(vendor: Vendor, of: str) -> None:
    fake = FakeClient()
    model = models(vendor, fake)[of]

    async def run() -> None:
        assert (await model.ainvoke("count")).text == TEXT
        assert "".join([chunk.text async for chunk in model.astream("count")]) == TEXT

    asyncio.run(run())
    assert [(slot.usages, slot.given_back) for slot in fake.slots] == [([COUNTS[of]], "FREE")] * 2


@pytest.mark.parametrize(
    ("name", "failed", "given_back"), [("status-500", 1, "FREE"), ("drop", 1, "PRESUME"), ("no-usage", 0, "PRESUME")]
)
def test_calls_that_fail(vendor: Vendor, name: str, failed: int, given_back: str) -> None:
    fake = FakeClient()
    model = models(vendor, fake, name)["chat"]
    if failed:
        with pytest.raises(Exception, match=r"(?i)as asked|connection"):
            model.invoke("count")
    else:
        model.invoke("count")
    assert [(slot.usages, slot.failed, slot.given_back) for slot in fake.slots] == [([], failed, given_back)]


def test_a_stream_that_breaks_or_is_left(vendor: Vendor) -> None:
    fake = FakeClient()
    with pytest.raises(Exception, match=r"(?i)connection|peer|incomplete"):
        list(models(vendor, fake, "break")["chat"].stream("count"))
    for _ in models(vendor, fake)["chat"].stream("count"):
        break
    gc.collect()
    assert [(slot.usages, slot.given_back) for slot in fake.slots] == [([], "PRESUME")] * 2


def test_cancelled(vendor: Vendor) -> None:
    fake = FakeClient()
    model = models(vendor, fake, "slow")["chat"]

    async def run() -> None:
        asked = len(vendor.requests)
        calling = asyncio.create_task(model.ainvoke("count"))
        await asyncio.to_thread(eventually, lambda: len(vendor.requests) > asked)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await asyncio.to_thread(eventually, lambda: fake.slots[0].given_back is not None)

    asyncio.run(run())
    gc.collect()
    assert [(slot.usages, slot.given_back) for slot in fake.slots] == [([], "PRESUME")]


def test_denied(vendor: Vendor) -> None:
    fake = FakeClient()
    fake.deny("HOURLY_CAP")
    asked = len(vendor.requests)
    with pytest.raises(SlotDenied):
        models(vendor, fake)["chat"].invoke("count")
    with pytest.raises(SlotDenied):
        asyncio.run(models(vendor, fake)["messages"].ainvoke("count"))
    assert len(vendor.requests) == asked


def test_is_the_same_model(vendor: Vendor) -> None:
    fake = FakeClient()
    plain = ChatOpenAI(base_url=vendor.url, api_key="k", model="m")
    model = fake.wrap(plain, budget="b", ai="a", estimate=3_000)
    assert isinstance(model, ChatOpenAI)
    assert type(plain) is ChatOpenAI
    assert (model.bind(temperature=0) | (lambda answer: answer.text)).invoke("count") == TEXT
    only = fake.slots[0]
    assert (only.budget, only.ai, only.estimate) == ("b", "a", 3_000)
    plain.invoke("count")
    assert len(fake.slots) == 1
    with pytest.raises(TypeError, match="has no spare"):
        fake.wrap(plain, spare=1)


def test_batches_and_other_models() -> None:
    fake = FakeClient()
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    messages = itertools.cycle([AIMessage(TEXT, usage_metadata=usage)])
    model = fake.wrap(GenericFakeChatModel(messages=messages))
    assert [answer.text for answer in model.batch(["one", "two"])] == [TEXT, TEXT]
    assert asyncio.run(model.ainvoke("three")).text == TEXT
    assert [slot.tokens for slot in fake.slots] == [3, 3, 3]
