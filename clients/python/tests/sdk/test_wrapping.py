"""The vendors' own libraries, wrapped, against a server that answers as the vendors do."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import eventually
from vendor import COUNTS, MESSAGES, WORDS, Vendor

from budget_arbiter import SlotDenied, Usage
from budget_arbiter.testing import FakeClient

anthropic = pytest.importorskip("anthropic", reason="the vendors' libraries are not installed")
openai = pytest.importorskip("openai", reason="the vendors' libraries are not installed")

ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "count"}]}
TEXT = "".join(WORDS)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    running = Vendor()
    yield running
    running.stop()


@pytest.fixture
def fake() -> FakeClient:
    return FakeClient(budget="anthropic", ai="guardian")


@pytest.fixture
def chat(fake: FakeClient, vendor: Vendor) -> Any:
    return fake.wrap(openai.OpenAI(base_url=vendor.url, api_key="k", max_retries=0, timeout=2))


@pytest.fixture
def claude(fake: FakeClient, vendor: Vendor) -> Any:
    return fake.wrap(anthropic.Anthropic(base_url=vendor.url, api_key="k", max_retries=0, timeout=2))


def aclient(fake: FakeClient, vendor: Vendor, of: str) -> Any:
    kind = openai.AsyncOpenAI if of == "openai" else anthropic.AsyncAnthropic
    return fake.wrap(kind(base_url=vendor.url, api_key="k", max_retries=0, timeout=2))


def ended(fake: FakeClient) -> list[tuple[list[Usage], int, str | None]]:
    return [(slot.usages, slot.failed, slot.given_back) for slot in fake.slots]


def chat_stream(client: Any) -> str:
    chunks = list(client.chat.completions.create(model="m", stream=True, **ASKED))
    assert all(chunk.choices for chunk in chunks), "the usage that nobody asked for is not shown"
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def chat_stream_with_usage(client: Any) -> str:
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="m", stream=True, stream_options=options, **ASKED))
    assert chunks[-1].usage.total_tokens == 150
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def chat_helper(client: Any) -> str:
    with client.chat.completions.stream(model="m", **ASKED) as stream:
        return str(stream.until_done().get_final_completion().choices[0].message.content)


def responses_stream(client: Any) -> str:
    events = client.responses.create(model="m", input="count", stream=True)
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def raw(client: Any) -> str:
    answer = client.chat.completions.with_raw_response.create(model="m", **ASKED)
    assert answer.headers["content-type"] == "application/json"
    return str(answer.parse().choices[0].message.content)


def raw_stream(client: Any) -> str:
    stream = client.chat.completions.with_raw_response.create(model="m", stream=True, **ASKED).parse()
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def parsed_late(client: Any) -> str:
    with client.chat.completions.with_streaming_response.create(model="m", **ASKED) as response:
        return str(response.parse().choices[0].message.content)


OPENAI = {
    "chat": lambda client: client.chat.completions.create(model="m", **ASKED).choices[0].message.content,
    "chat, stream": chat_stream,
    "chat, stream with usage": chat_stream_with_usage,
    "chat, helper": chat_helper,
    "chat, raw": raw,
    "chat, raw stream": raw_stream,
    "chat, parsed late": parsed_late,
    "chat, with options": lambda client: (
        client.with_options(timeout=1).chat.completions.create(model="m", **ASKED).choices[0].message.content
    ),
    "responses": lambda client: client.responses.create(model="m", input="count").output_text,
    "responses, stream": responses_stream,
}


@pytest.mark.parametrize("way", OPENAI)
def test_openai(chat: Any, fake: FakeClient, way: str) -> None:
    assert isinstance(chat, openai.OpenAI)
    assert OPENAI[way](chat) == TEXT
    assert ended(fake) == [([COUNTS["responses" if "responses" in way else "chat"]], 0, "FREE")]
    assert fake.slots[0].model == "m"


def test_openai_embeddings(chat: Any, fake: FakeClient) -> None:
    chat.embeddings.create(model="m", input="count")
    assert ended(fake) == [([COUNTS["embeddings"]], 0, "FREE")]


def claude_stream(client: Any) -> str:
    with client.messages.stream(model="m", max_tokens=9, **ASKED) as stream:
        return str(stream.get_final_text())


def claude_events(client: Any) -> str:
    events = client.messages.create(model="m", max_tokens=9, stream=True, **ASKED)
    return "".join(event.delta.text for event in events if event.type == "content_block_delta")


ANTHROPIC = {
    "messages": lambda client: client.messages.create(model="m", max_tokens=9, **ASKED).content[0].text,
    "beta": lambda client: client.beta.messages.create(model="m", max_tokens=9, **ASKED).content[0].text,
    "events": claude_events,
    "stream": claude_stream,
    "raw": lambda client: (
        client.messages.with_raw_response.create(model="m", max_tokens=9, **ASKED).parse().content[0].text
    ),
}


@pytest.mark.parametrize("way", ANTHROPIC)
def test_anthropic(claude: Any, fake: FakeClient, way: str) -> None:
    assert isinstance(claude, anthropic.Anthropic)
    assert ANTHROPIC[way](claude) == TEXT
    assert ended(fake) == [([COUNTS["messages"]], 0, "FREE")]


def test_asynchronous(fake: FakeClient, vendor: Vendor) -> None:
    async def run() -> None:
        chat, claude = aclient(fake, vendor, "openai"), aclient(fake, vendor, "anthropic")
        answer = await chat.chat.completions.create(model="m", **ASKED)
        assert answer.choices[0].message.content == TEXT
        stream = await chat.chat.completions.create(model="m", stream=True, **ASKED)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == TEXT
        stream = await chat.responses.create(model="m", input="count", stream=True)
        assert [event.type async for event in stream][-1] == "response.completed"
        async with claude.messages.stream(model="m", max_tokens=9, **ASKED) as messages:
            assert await messages.get_final_text() == TEXT
        async with chat.chat.completions.with_streaming_response.create(model="m", **ASKED) as response:
            assert (await response.parse()).choices[0].message.content == TEXT

    asyncio.run(run())
    counts = [COUNTS[name] for name in ("chat", "chat", "responses", "messages", "chat")]
    assert ended(fake) == [([count], 0, "FREE") for count in counts]


@pytest.mark.parametrize(
    ("model", "failed", "given_back"),
    [("status-429", 1, "FREE"), ("status-500", 1, "FREE"), ("drop", 1, "PRESUME"), ("no-usage", 0, "PRESUME")],
)
def test_calls_that_fail(chat: Any, fake: FakeClient, model: str, failed: int, given_back: str) -> None:
    try:
        chat.chat.completions.create(model=model, **ASKED)
    except openai.APIError:
        assert failed
    assert ended(fake) == [([], failed, given_back)]


def test_nobody_there(fake: FakeClient) -> None:
    for client in (
        openai.OpenAI(base_url="http://127.0.0.1:1", api_key="k", max_retries=0),
        anthropic.Anthropic(base_url="http://127.0.0.1:1", api_key="k", max_retries=0),
    ):
        with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError)):
            wrapped = fake.wrap(client)
            if isinstance(client, openai.OpenAI):
                wrapped.chat.completions.create(model="m", **ASKED)
            else:
                wrapped.messages.create(model="m", max_tokens=9, **ASKED)
    assert ended(fake) == [([], 1, "UNUSED")] * 2


def test_a_time_out(fake: FakeClient, vendor: Vendor) -> None:
    client = fake.wrap(openai.OpenAI(base_url=vendor.url, api_key="k", max_retries=0, timeout=0.1))
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="slow", **ASKED)
    assert ended(fake) == [([], 1, "PRESUME")]


def test_a_stream_that_breaks(chat: Any, claude: Any, fake: FakeClient) -> None:
    for stream in (
        lambda: chat.chat.completions.create(model="break", stream=True, **ASKED),
        lambda: claude.messages.create(model="break", max_tokens=9, stream=True, **ASKED),
    ):
        with pytest.raises(Exception, match=r"(?i)connection|peer|incomplete|server"):
            list(stream())
    assert ended(fake) == [([], 1, "PRESUME")] * 2


def left_by_break(client: Any) -> None:
    for _ in client.chat.completions.create(model="m", stream=True, **ASKED):
        break


def left_by_close(client: Any) -> None:
    stream = client.chat.completions.create(model="m", stream=True, **ASKED)
    next(iter(stream))
    stream.close()


def left_by_context(client: Any) -> None:
    with client.chat.completions.create(model="m", stream=True, **ASKED) as stream:
        next(iter(stream))


def never_read(client: Any) -> None:
    client.chat.completions.create(model="m", stream=True, **ASKED)


@pytest.mark.parametrize("leave", [left_by_break, left_by_close, left_by_context, never_read])
def test_a_stream_left_half_way(chat: Any, fake: FakeClient, leave: Any) -> None:
    leave(chat)
    gc.collect()
    assert ended(fake) == [([], 0, "PRESUME")]


def test_a_stream_left_half_way_with_an_estimate(fake: FakeClient, vendor: Vendor) -> None:
    plain = anthropic.Anthropic(base_url=vendor.url, api_key="k", max_retries=0)
    claude = fake.wrap(plain, estimate_stream=lambda text: len(text.split()))
    with claude.messages.create(model="m", max_tokens=9, stream=True, **ASKED) as stream:
        for event in stream:
            if event.type == "content_block_delta" and event.delta.text == "two ":
                break
    assert ended(fake) == [([Usage(input=70, cache_read=30, cache_write=11, output=2)], 0, "FREE")]


def test_cancelled(fake: FakeClient, vendor: Vendor) -> None:
    async def run() -> None:
        chat = aclient(fake, vendor, "openai")
        asked = len(vendor.requests)
        calling = asyncio.create_task(chat.chat.completions.create(model="slow", **ASKED))
        await asyncio.to_thread(eventually, lambda: len(vendor.requests) > asked)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

        begun = asyncio.Event()

        async def half() -> None:
            async for _ in await chat.chat.completions.create(model="m", stream=True, **ASKED):
                begun.set()
                await asyncio.sleep(60)

        reading = asyncio.create_task(half())
        await begun.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        gc.collect()

    asyncio.run(run())
    gc.collect()
    # The second was left in its reader's own code.
    assert ended(fake) == [([], 1, "PRESUME"), ([], 0, "PRESUME")]


def test_denied_and_free_calls(chat: Any, claude: Any, fake: FakeClient, vendor: Vendor) -> None:
    fake.deny("HOURLY_CAP", retry_after=3)
    asked = len(vendor.requests)
    with pytest.raises(SlotDenied):
        chat.chat.completions.create(model="m", **ASKED)
    claude.messages.count_tokens(model="m", **ASKED)
    assert len(vendor.requests) == asked + 1
    assert fake.slots == []


def test_what_is_asked_for(fake: FakeClient, vendor: Vendor) -> None:
    chat = fake.wrap(openai.OpenAI(base_url=vendor.url, api_key="k"), budget="b", ai="a")
    chat.chat.completions.create(model="m", messages=[{"role": "user", "content": "x" * 400}], max_tokens=100_000)
    first = fake.slots[0]
    assert (first.budget, first.ai, first.estimate) == ("b", "a", 600)
    chat.chat.completions.create(model="m", messages=[{"role": "user", "content": "x" * 400}])
    assert fake.slots[1].estimate == 150, "what answers were like so far"
    assert json.dumps(vendor.requests[-1]).count("x") >= 400
    fixed = fake.wrap(openai.OpenAI(base_url=vendor.url, api_key="k"), estimate=3_000)
    fixed.chat.completions.create(model="m", **ASKED)
    assert fake.slots[2].estimate == 3_000
    with pytest.raises(TypeError, match="no client of OpenAI"):
        fake.wrap(object())
    with pytest.raises(TypeError, match="has no spare"):
        fake.wrap(openai.OpenAI(api_key="k"), spare=1)


def test_one_client_for_the_process(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    from budget_arbiter import wrap, wrapping

    fake = FakeClient()
    monkeypatch.setattr(wrapping.Client, "from_env", lambda: fake)
    for _ in range(2):
        chat = wrap(openai.OpenAI(base_url=vendor.url, api_key="k"), ai="a")
        chat.chat.completions.create(model="m", **ASKED)
    assert [(slot.ai, slot.given_back) for slot in fake.slots] == [("a", "FREE")] * 2
    monkeypatch.setattr(wrapping, "_shared", None)


def test_the_same_by_the_vendors_own_types() -> None:
    """The table of `test_usage.py`, with the types of the libraries: a field that they rename is noticed here."""
    from anthropic.types import Usage as MessageUsage
    from openai.types import CompletionUsage
    from openai.types.responses import ResponseUsage
    from vendor import CHAT, RESPONSES

    from budget_arbiter import usage_of

    assert usage_of(CompletionUsage.model_validate(CHAT)) == COUNTS["chat"]
    assert usage_of(ResponseUsage.model_validate(RESPONSES)) == COUNTS["responses"]
    assert usage_of(MessageUsage.model_validate(MESSAGES)) == COUNTS["messages"]
    genai = pytest.importorskip("google.genai.types", reason="google-genai is not installed")
    gemini = genai.GenerateContentResponseUsageMetadata(
        prompt_token_count=100,
        tool_use_prompt_token_count=20,
        cached_content_token_count=30,
        candidates_token_count=40,
        thoughts_token_count=50,
    )
    assert usage_of(gemini) == Usage(input=90, cache_read=30, output=40, reasoning=50)
