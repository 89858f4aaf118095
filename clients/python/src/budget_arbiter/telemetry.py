"""Spans of OpenTelemetry, if its API is there. A slot's span reaches from the request to the giving back."""

from __future__ import annotations

from typing import Any, Protocol

try:
    from opentelemetry import trace as _trace
except ImportError:
    _trace = None  # type: ignore[assignment]


class Span(Protocol):
    """What a slot tells of itself."""

    def set(self, **attributes: Any) -> None:
        """Attributes, by their names below `budget_arbiter.`"""
        ...

    def end(self, error: BaseException | None) -> None:
        """Ends it, with what went wrong."""
        ...


class _NoSpan:
    def set(self, **attributes: Any) -> None:
        pass

    def end(self, error: BaseException | None) -> None:
        pass


class _OpenTelemetrySpan:
    def __init__(self, name: str):
        self._span = _trace.get_tracer("budget_arbiter").start_span(name)

    def set(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            if value is not None and value != "":
                self._span.set_attribute(f"budget_arbiter.{name}", value)

    def end(self, error: BaseException | None) -> None:
        if error is not None:
            self._span.record_exception(error)
            self._span.set_status(_trace.StatusCode.ERROR, type(error).__name__)
        self._span.end()


def start_span(name: str, **attributes: Any) -> Span:
    """A span below the current one; one that does nothing where OpenTelemetry is not installed."""
    if _trace is None:
        return _NoSpan()
    span = _OpenTelemetrySpan(name)
    span.set(**attributes)
    return span
