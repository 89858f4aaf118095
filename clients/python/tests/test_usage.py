"""The table of the vendors' counts. `test_sdk_types.py` has the same with the vendors' own types."""

from types import SimpleNamespace as Obj
from typing import Any

import pytest

from budget_arbiter import Usage, usage_of

CASES: dict[str, tuple[Any, Usage | None]] = {
    "OpenAI chat completions: cached within prompt, reasoning within completion": (
        {
            "object": "chat.completion",
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 30},
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
        },
        Usage(input=70, cache_read=30, output=30, reasoning=20),
    ),
    "OpenAI chat completions without details": (
        Obj(
            usage=Obj(prompt_tokens=7, completion_tokens=5, prompt_tokens_details=None, completion_tokens_details=None)
        ),
        Usage(input=7, output=5),
    ),
    "OpenAI embeddings": ({"usage": {"prompt_tokens": 9, "total_tokens": 9}}, Usage(input=9)),
    "OpenAI responses": (
        {
            "usage": {
                "input_tokens": 100,
                "input_tokens_details": {"cached_tokens": 40},
                "output_tokens": 60,
                "output_tokens_details": {"reasoning_tokens": 10},
                "total_tokens": 160,
            }
        },
        Usage(input=60, cache_read=40, output=50, reasoning=10),
    ),
    "OpenAI responses, the last event of a stream": (
        Obj(
            type="response.completed",
            response=Obj(usage=Obj(input_tokens=3, input_tokens_details=Obj(cached_tokens=1), output_tokens=4)),
        ),
        Usage(input=2, cache_read=1, output=4),
    ),
    "Anthropic messages: kinds apart already, thinking within output": (
        {
            "type": "message",
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 200,
                "cache_creation_input_tokens": 300,
                "output_tokens": 40,
                "output_tokens_details": {"thinking_tokens": 15},
            },
        },
        Usage(input=10, cache_read=200, cache_write=300, output=40),
    ),
    "LiteLLM for Claude: all kinds within prompt": (
        {
            "usage": {
                "prompt_tokens": 510,
                "completion_tokens": 40,
                "prompt_tokens_details": {"cached_tokens": 200, "cache_creation_tokens": 300},
                "completion_tokens_details": {"reasoning_tokens": 15},
            }
        },
        Usage(input=10, cache_read=200, cache_write=300, output=25, reasoning=15),
    ),
    "LiteLLM for Claude, without details": (
        {
            "usage": {
                "prompt_tokens": 510,
                "completion_tokens": 40,
                "cache_read_input_tokens": 200,
                "cache_creation_input_tokens": 300,
            }
        },
        Usage(input=10, cache_read=200, cache_write=300, output=40),
    ),
    "LangChain": (
        Obj(
            usage_metadata={
                "input_tokens": 350,
                "output_tokens": 240,
                "total_tokens": 590,
                "input_token_details": {"audio": 10, "cache_creation": 200, "cache_read": 100},
                "output_token_details": {"audio": 10, "reasoning": 200},
            }
        ),
        Usage(input=50, cache_read=100, cache_write=200, output=40, reasoning=200),
    ),
    "LangChain, writes by how long they are kept": (
        {
            "usage_metadata": {
                "input_tokens": 30,
                "output_tokens": 2,
                "total_tokens": 32,
                "input_token_details": {
                    "cache_creation": 0,
                    "ephemeral_5m_input_tokens": 10,
                    "ephemeral_1h_input_tokens": 5,
                },
            }
        },
        Usage(input=15, cache_write=15, output=2),
    ),
    "Gemini in JSON: prompts of tools apart, thoughts beside candidates": (
        {
            "usageMetadata": {
                "promptTokenCount": 100,
                "toolUsePromptTokenCount": 20,
                "cachedContentTokenCount": 30,
                "candidatesTokenCount": 40,
                "thoughtsTokenCount": 50,
                "totalTokenCount": 210,
            }
        },
        Usage(input=90, cache_read=30, output=40, reasoning=50),
    ),
    "Gemini's library": (
        Obj(usage_metadata=Obj(prompt_token_count=5, candidates_token_count=None, thoughts_token_count=2)),
        Usage(input=5, reasoning=2),
    ),
    "a usage by itself": ({"prompt_tokens": 1, "completion_tokens": 2}, Usage(input=1, output=2)),
    "an answer without usage": ({"choices": []}, None),
    "no answer": (None, None),
    "text": ("hello", None),
}


@pytest.mark.parametrize("name", CASES)
def test_usage_of(name: str) -> None:
    answer, expected = CASES[name]
    assert usage_of(answer) == expected


def test_kinds_or_total() -> None:
    assert Usage(total=5).sum == 5
    with pytest.raises(ValueError, match="either the kinds, or total"):
        Usage(input=1, total=5)
    with pytest.raises(ValueError, match="output must be 0 or more"):
        Usage(output=-1)
