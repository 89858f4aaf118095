"""Text as the service takes it."""

from __future__ import annotations

MOST_OF_A_MODEL = 128
MOST_OF_A_TYPE = 64
MOST_OF_A_MESSAGE = 512


def clean(text: str, most: int) -> str:
    """No control characters but line ends, and so many bytes: what is too long is cut, not refused."""
    printable = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    return printable.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
