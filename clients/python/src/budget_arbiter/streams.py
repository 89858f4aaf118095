"""What the events of a vendor's stream say of its usage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from budget_arbiter.usage import Usage, anthropic, model_of, usage_of

#: Output tokens, or all of the usage, of the text that was streamed so far.
EstimateStream = Callable[[str], "int | Usage"]
#: The events in which an OpenAI response ends.
ENDS = {"response.completed", "response.incomplete", "response.failed"}
ANTHROPIC_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


class StreamedUsage:
    """Takes the events one by one. `final` is what the vendor counted, once it has said so."""

    def __init__(self, keep_text: bool = False):
        self.final: Usage | None = None
        self.model = ""
        self._keep_text = keep_text
        self._text: list[str] = []
        self._anthropic: dict[str, int] = {}

    def take(self, event: Any) -> None:
        """The next event."""
        kind = getattr(event, "type", None)
        if kind == "message_start":
            self.model = model_of(event.message)
            self._count(event.message.usage)
        elif kind == "message_delta":
            self._count(event.usage)
            self.final = anthropic(self._anthropic)
        elif kind in ENDS:
            self.model = model_of(event.response)
            self.final = usage_of(event.response)
        elif kind is None or kind in ("chat.completion.chunk",):
            self.model = model_of(event) or self.model
            # Some servers count on with each chunk: the last one has it all.
            self.final = usage_of(event) or self.final
        if self._keep_text:
            self._text.append(_text_of(event))

    def estimate(self, by: EstimateStream) -> Usage:
        """Of a stream that did not come to its end."""
        guessed = by("".join(self._text))
        if isinstance(guessed, Usage):
            return guessed
        begun = anthropic({**self._anthropic, "output_tokens": 0}) if self._anthropic else None
        known = begun or Usage()
        return Usage(input=known.input, cache_read=known.cache_read, cache_write=known.cache_write, output=guessed)

    def _count(self, usage: Any) -> None:
        """Anthropic's are sums since the beginning of the message; what a later event does not say stands."""
        for name in ANTHROPIC_COUNTS:
            value = getattr(usage, name, None)
            if value is not None:
                self._anthropic[name] = value


def _text_of(event: Any) -> str:
    delta = getattr(event, "delta", None)
    if isinstance(delta, str):
        return delta
    for name in ("text", "thinking", "partial_json"):
        if isinstance(getattr(delta, name, None), str):
            return str(getattr(delta, name))
    choices = getattr(event, "choices", None) or []
    texts = (getattr(getattr(choice, "delta", None), "content", None) for choice in choices)
    return "".join(text for text in texts if isinstance(text, str))
