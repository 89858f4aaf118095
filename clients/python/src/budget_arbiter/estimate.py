"""What a call will cost, before it is made: its prompt, and what answers of that model typically have.

Not `max_tokens`: who reserves the worst case starves all others for what is hardly ever spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CHARACTERS_PER_TOKEN = 4
FIRST_OUTPUT = 500
#: How much the newest answer counts in what is typical.
WEIGHT = 0.2
#: Pictures and files come as text, too, and are no text.
LONGEST_TEXT = 200_000
#: Nothing in them is read by the model.
NOT_READ = {
    "model",
    "stream",
    "stream_options",
    "metadata",
    "user",
    "type",
    "role",
    "id",
    "data",
    "image_url",
    "file_data",
}


class Estimator:
    """Learns from the answers of each model how long the next may be."""

    def __init__(self) -> None:
        self._typical: dict[str, float] = {}

    def of(self, request: Any, model: str) -> int:
        """Tokens of the prompt, and of the answer that is to be expected."""
        prompt = _characters(request) // CHARACTERS_PER_TOKEN
        return max(1, prompt + int(self._typical.get(model, FIRST_OUTPUT)))

    def learn(self, model: str, output: int) -> None:
        """What an answer of the model had."""
        before = self._typical.get(model)
        self._typical[model] = output if before is None else before + WEIGHT * (output - before)


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if len(value) <= LONGEST_TEXT else 0
    if isinstance(value, Mapping):
        return sum(_characters(entry) for name, entry in value.items() if name not in NOT_READ)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return sum(_characters(entry) for entry in value)
    return 0
