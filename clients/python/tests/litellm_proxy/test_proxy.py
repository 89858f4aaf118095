"""The real LiteLLM proxy, with its mock model and with a server that answers as the vendors do."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import eventually
from service import Service
from vendor import COUNTS, Vendor

pytest.importorskip("litellm", reason="the LiteLLM proxy is not installed")
LITELLM = Path(sys.executable).with_name("litellm")


class Proxy:
    def __init__(self, service: Service, vendor: Vendor, budget: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        env = {
            **os.environ,
            "BUDGET_ARBITER_ADDRESS": service.address,
            "BUDGET_ARBITER_BUDGET": budget,
            "BUDGET_ARBITER_PATIENCE": "2",
            "VENDOR_URL": vendor.url,
            # It would look for prices on the network.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        config = Path(__file__).with_name("config.yaml")
        self.process = subprocess.Popen(
            [str(LITELLM), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # It must not outlive a test run that is killed.
            preexec_fn=lambda: ctypes.CDLL(None).prctl(1, 9),
        )
        eventually(self._is_up, 120)

    def _is_up(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/health/liveliness", timeout=1)
        except OSError:
            return False
        return True

    def post(self, model: str, path: str = "/chat/completions", **extra: Any) -> Any:
        body = {"model": model, "messages": [{"role": "user", "content": "count"}], **extra}
        headers = {"content-type": "application/json", "authorization": "Bearer sk-master"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        return urllib.request.urlopen(request, timeout=extra.get("timeout", 30))

    def ask(self, model: str, path: str = "/chat/completions", **extra: Any) -> Any:
        with self.post(model, path, **extra) as answer:
            return json.load(answer)

    def stream(self, model: str, path: str = "/chat/completions", **extra: Any) -> list[Any]:
        with self.post(model, path, stream=True, **extra) as answer:
            lines = [line[6:] for line in answer.read().decode().splitlines() if line.startswith("data: {")]
        return [json.loads(line) for line in lines]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    running = Vendor()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def budget(service: Service) -> str:
    return service.budget("llm", max_request_tokens="20000")


@pytest.fixture(scope="module")
def proxy(service: Service, vendor: Vendor, budget: str) -> Iterator[Proxy]:
    running = Proxy(service, vendor, budget)
    yield running
    running.stop()


class Since:
    """What was booked since then."""

    def __init__(self, service: Service, budget: str):
        self._service, self._budget = service, budget
        self._before = service.books(budget)

    def now(self) -> dict[str, int]:
        books = self._service.books(self._budget)
        return {name: value - self._before[name] for name, value in books.items()}

    def becomes(self, **expected: int) -> None:
        wanted = {"tokens": 0, "calls": 0, "failed": 0, "presumed": 0, "live": 0, **expected}
        try:
            eventually(lambda: self.now() == wanted, 15)
        except AssertionError:
            assert self.now() == wanted


@pytest.fixture
def since(service: Service, budget: str, proxy: Proxy) -> Since:
    return Since(service, budget)


def test_twenty_calls_and_streams_at_once(proxy: Proxy, since: Since) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda _: proxy.ask("mock"), range(10))
        streams = pool.map(lambda _: proxy.stream("mock", stream_options={"include_usage": True}), range(10))
        said = [answer["usage"]["total_tokens"] for answer in answers]
        said += [chunks[-1]["usage"]["total_tokens"] for chunks in streams]
    since.becomes(tokens=sum(said), calls=20)


@pytest.mark.parametrize(
    ("model", "path", "extra", "counted"),
    [
        ("m", "/chat/completions", {}, "chat"),
        ("claude", "/chat/completions", {}, "messages"),
        ("claude", "/v1/messages", {"max_tokens": 9}, "messages"),
        ("m", "/responses", {"input": "count"}, "responses"),
        ("m", "/embeddings", {"input": "count"}, "embeddings"),
    ],
)
def test_what_the_vendor_counted(
    proxy: Proxy, since: Since, model: str, path: str, extra: dict[str, Any], counted: str
) -> None:
    proxy.ask(model, path, **extra)
    since.becomes(tokens=COUNTS[counted].sum, calls=1)


@pytest.mark.parametrize(
    ("model", "path", "extra", "counted"),
    [
        ("m", "/chat/completions", {}, "chat"),
        ("claude", "/chat/completions", {}, "messages"),
        ("claude", "/v1/messages", {"max_tokens": 9}, "messages"),
        ("m", "/responses", {"input": "count"}, "responses"),
    ],
)
def test_what_the_vendor_counted_of_a_stream(
    proxy: Proxy, since: Since, model: str, path: str, extra: dict[str, Any], counted: str
) -> None:
    assert proxy.stream(model, path, **extra)
    since.becomes(tokens=COUNTS[counted].sum, calls=1)


def test_the_vendor_refuses(proxy: Proxy, since: Since) -> None:
    with pytest.raises(urllib.error.HTTPError):
        proxy.ask("status-500")
    since.becomes(calls=1, failed=1)


def test_a_stream_that_breaks(proxy: Proxy, since: Since) -> None:
    proxy.stream("break")
    eventually(lambda: since.now()["presumed"] > 0)
    books = since.now()
    assert (books["failed"], books["live"], books["tokens"]) == (1, 0, books["presumed"])


def test_a_caller_that_goes(proxy: Proxy, since: Since) -> None:
    answer = proxy.post("m", stream=True)
    answer.read(10)
    answer.close()
    eventually(lambda: since.now()["live"] == 0 and since.now()["tokens"] > 0)


def test_denied(proxy: Proxy, service: Service, budget: str, since: Since) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        proxy.ask("mock", messages=[{"role": "user", "content": "x" * 100_000}])
    assert refused.value.code == 400
    assert refused.value.headers["x-should-retry"] == "false"
    service.call("BudgetAdminService", "PauseBudget", budget_id=budget, reason="a test")
    try:
        with pytest.raises(urllib.error.HTTPError) as refused:
            proxy.ask("mock")
        assert refused.value.code == 503
    finally:
        service.call("BudgetAdminService", "ResumeBudget", budget_id=budget)
    since.becomes()


def test_the_proxy_is_killed(service: Service, vendor: Vendor) -> None:
    budget = service.budget("killed")
    proxy = Proxy(service, vendor, budget)
    proxy.ask("m")
    # It gives its slot back after the answer: the one that is live next is the slow call's.
    eventually(lambda: service.books(budget)["live"] == 0)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(proxy.ask, "slow")  # whose end is the proxy's
        eventually(lambda: service.books(budget)["live"] == 1)
        proxy.process.kill()
        proxy.process.wait()
    eventually(lambda: service.books(budget)["live"] == 0)
    books = service.books(budget)
    assert books["calls"] == 1
    assert books["tokens"] - books["presumed"] == COUNTS["chat"].sum
    assert books["presumed"] > 0


def test_a_caller_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from budget_arbiter.litellm import BudgetCallback

    caller = SimpleNamespace(key_alias="my key", team_alias=None, team_id="t1", user_id="u@x", user_email=None)
    assert BudgetCallback()._name(caller) == "my-key"
    assert BudgetCallback(ai="team,user")._name(caller) == "t1"
    assert BudgetCallback(ai="user")._name(caller) == "u@x"
    monkeypatch.setenv("BUDGET_ARBITER_AI", "gateway")
    assert BudgetCallback(ai="team")._name(SimpleNamespace()) == "gateway"
    with pytest.raises(ValueError, match="is none of"):
        BudgetCallback(ai="who")
