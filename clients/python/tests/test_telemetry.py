from typing import Any

import pytest

from budget_arbiter import SlotDenied, telemetry
from budget_arbiter.testing import FakeClient

trace = pytest.importorskip("opentelemetry.trace", reason="OpenTelemetry's API is not installed")


class Recorded(trace.NonRecordingSpan):  # type: ignore[misc,name-defined]
    def __init__(self, name: str):
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self.name = name
        self.attributes: dict[str, Any] = {}
        self.errors: list[BaseException] = []
        self.ended = 0

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def record_exception(self, exception: BaseException, *_: Any, **__: Any) -> None:
        self.errors.append(exception)

    def end(self, end_time: Any = None) -> None:
        self.ended += 1


def test_a_slot_is_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[Recorded] = []

    class Tracer:
        def start_span(self, name: str) -> Recorded:
            spans.append(Recorded(name))
            return spans[-1]

    monkeypatch.setattr(telemetry._trace, "get_tracer", lambda _: Tracer())
    fake = FakeClient()
    with fake.slot("b", ai="a", model="m", estimate=9) as slot:
        slot.report(total=3)
    fake.deny()
    with pytest.raises(SlotDenied), fake.slot():
        pass
    granted, denied = spans
    assert (granted.name, granted.errors, granted.ended) == ("budget_arbiter.slot", [], 1)
    assert granted.attributes == {
        "budget_arbiter.budget": "b",
        "budget_arbiter.ai": "a",
        "budget_arbiter.model": "m",
        "budget_arbiter.lease_id": "fake-1",
        "budget_arbiter.reserved": 9,
    }
    assert ([type(error) for error in denied.errors], denied.ended) == ([SlotDenied], 1)


def test_without_the_api_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_trace", None)
    with FakeClient().slot() as slot:
        slot.unused()
