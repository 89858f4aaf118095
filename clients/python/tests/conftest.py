from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from service import Service

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """Shared by tests that do not harm it."""
    running = Service()
    yield running
    running.stop()


@pytest.fixture
def own_service() -> Iterator[Service]:
    """For tests that kill it."""
    running = Service()
    yield running
    running.stop()


@pytest.fixture
def new_budget() -> Callable[..., str]:
    def make(service: Service, **policy: Any) -> str:
        return service.budget(f"budget-{next(_numbers)}", **policy)

    return make


def eventually(check: Callable[[], bool], seconds: float = 10.0) -> None:
    """For what happens in other processes, which no clock of ours moves."""
    give_up_at = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.02)
