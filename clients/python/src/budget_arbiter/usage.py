"""What a vendor's answer cost, in the kinds of token that the budget counts.

The kinds are disjoint here: a token counts in one of them. Vendors nest them, each in its own way, so this is the one
table
that takes them apart. Answers are told by the fields that they have, as objects or as dicts, so no vendor's package
is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from budget_arbiter._gen import budget_pb2 as pb


@dataclass(frozen=True)
class Usage:
    """Tokens by kind; or `total` alone, where only that is known."""

    #: Prompt tokens, without those read from or written to a cache.
    input: int = 0
    #: Prompt tokens read from a cache.
    cache_read: int = 0
    #: Prompt tokens written to a cache.
    cache_write: int = 0
    #: Completion tokens, without reasoning.
    output: int = 0
    #: Completion tokens that the model thought.
    reasoning: int = 0
    #: All of them, where the kinds are not known.
    total: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} must be 0 or more")
        if self.total and self.sum != self.total:
            raise ValueError("total stands alone: either the kinds, or total")

    @property
    def sum(self) -> int:
        """All tokens."""
        return self.input + self.cache_read + self.cache_write + self.output + self.reasoning + self.total

    def to_proto(self) -> pb.TokenCounts:
        """As the API has it."""
        return pb.TokenCounts(
            input_tokens=self.input,
            output_tokens=self.output,
            cache_read_tokens=self.cache_read,
            cache_write_tokens=self.cache_write,
            reasoning_tokens=self.reasoning,
            total_tokens=self.total,
        )


def usage_of(response: Any) -> Usage | None:
    """The usage in a vendor's answer, or the answer's own usage object. None if there is none in it."""
    for candidate in _candidates(response):
        for shape in SHAPES:
            found = shape(candidate)
            if found is not None:
                return found
    return None


def model_of(response: Any) -> str:
    """The model that answered, if the answer says so."""
    model = _get(response, "model") or _get(response, "model_version") or _get(response, "modelVersion")
    if not isinstance(model, str):
        metadata = _get(response, "response_metadata")
        model = _get(metadata, "model_name") or _get(metadata, "model")
    return model if isinstance(model, str) else ""


def openai_chat(usage: Any) -> Usage | None:
    """OpenAI chat completions; and LiteLLM, whose counts have the same names and, for Claude too, include all kinds."""
    if _get(usage, "prompt_tokens") is None:
        return None
    details = _get(usage, "prompt_tokens_details")
    # Only LiteLLM, and a proxy of it, says these: OpenAI's own `cache_write_tokens` are prompt tokens like others.
    written = _count(details, "cache_creation_tokens") or _count(usage, "cache_creation_input_tokens")
    read = _count(details, "cached_tokens") or _count(usage, "cache_read_input_tokens")
    reasoning = _count(_get(usage, "completion_tokens_details"), "reasoning_tokens")
    return _disjoint(_count(usage, "prompt_tokens"), read, written, _count(usage, "completion_tokens"), reasoning)


def openai_responses(usage: Any) -> Usage | None:
    """OpenAI responses. Anthropic's usage has the same names for the sums, but not these details of the input."""
    inputs = _get(usage, "input_tokens_details")
    if inputs is None or _get(usage, "input_tokens") is None:
        return None
    reasoning = _count(_get(usage, "output_tokens_details"), "reasoning_tokens")
    return _disjoint(
        _count(usage, "input_tokens"),
        _count(inputs, "cached_tokens"),
        0,
        _count(usage, "output_tokens"),
        reasoning,
    )


def langchain(usage: Any) -> Usage | None:
    """LangChain's `usage_metadata`: sums over all kinds, whoever the vendor is."""
    if not isinstance(usage, Mapping) or "total_tokens" not in usage or "input_tokens" not in usage:
        return None
    inputs = usage.get("input_token_details") or {}
    # Claude's writes may stand by how long they are kept, and then not as their sum.
    written = _count(inputs, "cache_creation") or sum(
        _count(inputs, f"ephemeral_{kept}_input_tokens") for kept in ("5m", "1h")
    )
    reasoning = _count(usage.get("output_token_details"), "reasoning")
    return _disjoint(
        _count(usage, "input_tokens"),
        _count(inputs, "cache_read"),
        written,
        _count(usage, "output_tokens"),
        reasoning,
    )


def anthropic(usage: Any) -> Usage | None:
    """Anthropic messages: its input counts are apart already, and thinking is output."""
    if _get(usage, "input_tokens") is None or _get(usage, "output_tokens") is None:
        return None
    return Usage(
        input=_count(usage, "input_tokens"),
        cache_read=_count(usage, "cache_read_input_tokens"),
        cache_write=_count(usage, "cache_creation_input_tokens"),
        output=_count(usage, "output_tokens"),
    )


def gemini(usage: Any) -> Usage | None:
    """Gemini's `usageMetadata`: cached tokens are part of the prompt; prompts of tools and thoughts stand apart."""

    def count(snake: str, camel: str) -> int:
        return _count(usage, snake) or _count(usage, camel)

    if _get(usage, "prompt_token_count") is None and _get(usage, "promptTokenCount") is None:
        return None
    prompt = count("prompt_token_count", "promptTokenCount")
    tools = count("tool_use_prompt_token_count", "toolUsePromptTokenCount")
    cached = count("cached_content_token_count", "cachedContentTokenCount")
    return Usage(
        input=max(0, prompt + tools - cached),
        cache_read=cached,
        output=count("candidates_token_count", "candidatesTokenCount"),
        reasoning=count("thoughts_token_count", "thoughtsTokenCount"),
    )


#: Tried in this order, since later ones ask for less.
SHAPES = (openai_chat, openai_responses, gemini, langchain, anthropic)


def _candidates(response: Any) -> list[Any]:
    """Where an answer may have its usage: the final event of a stream has the whole answer, or the message, inside."""
    named = [
        _get(holder, name)
        for holder in (response, _get(response, "response"), _get(response, "message"))
        for name in ("usage", "usage_metadata", "usageMetadata")
    ]
    return [candidate for candidate in [*named, response] if candidate is not None]


def _disjoint(all_input: int, read: int, written: int, all_output: int, reasoning: int) -> Usage:
    return Usage(
        input=max(0, all_input - read - written),
        cache_read=read,
        cache_write=written,
        output=max(0, all_output - reasoning),
        reasoning=reasoning,
    )


def _get(holder: Any, name: str) -> Any:
    if holder is None or isinstance(holder, (str, bytes, int, float)):
        return None
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def _count(holder: Any, name: str) -> int:
    value = _get(holder, name)
    return int(value) if isinstance(value, (int, float)) and value > 0 else 0
