"""Against the real service, by both transports."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import eventually
from service import Service

from budget_arbiter import (
    ArbiterRefused,
    ArbiterUnavailable,
    AsyncClient,
    Client,
    ClientClosed,
    SettleFailure,
    SlotDenied,
    Usage,
)

SRC = Path(__file__).parents[1] / "src"


@pytest.fixture(params=["session", "unary"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def budget(service: Service, new_budget: Callable[..., str]) -> str:
    return new_budget(service)


@pytest.fixture
def client(service: Service, budget: str, transport: str) -> Iterator[Client]:
    with Client(service.address, budget=budget, ai="guardian", transport=transport) as client:
        yield client


def settled(client: Client, service: Service, budget: str) -> dict[str, int]:
    assert client.flush()
    return service.books(budget)


def test_a_report_is_booked_and_the_rest_is_free(client: Client, service: Service, budget: str) -> None:
    with client.slot(estimate=1_000, model="model-\x00a" * 50, labels={"job": "test"}) as slot:
        assert slot.reserved == 1_000
        assert slot.fence > 0
        assert slot.report(input=100, output=50) == Usage(input=100, output=50)
    assert settled(client, service, budget) == {"tokens": 150, "calls": 1, "failed": 0, "presumed": 0, "live": 0}
    assert slot.charged == 150


def test_several_reports(client: Client, service: Service, budget: str) -> None:
    with client.slot(estimate=1_000) as slot:
        for _ in range(3):
            slot.report(total=10)
    assert settled(client, service, budget) == {"tokens": 30, "calls": 3, "failed": 0, "presumed": 0, "live": 0}


class Refused(Exception):
    status_code = 429


@pytest.mark.parametrize(
    ("error", "books"),
    [
        (None, {"tokens": 1_000, "calls": 0, "failed": 0, "presumed": 1_000, "live": 0}),
        (Refused("too many"), {"tokens": 0, "calls": 1, "failed": 1, "presumed": 0, "live": 0}),
        (ConnectionRefusedError("nobody"), {"tokens": 0, "calls": 1, "failed": 1, "presumed": 0, "live": 0}),
        (ValueError("mine\x00"), {"tokens": 0, "calls": 1, "failed": 1, "presumed": 0, "live": 0}),
        (ConnectionResetError("broke"), {"tokens": 1_000, "calls": 1, "failed": 1, "presumed": 1_000, "live": 0}),
        (KeyboardInterrupt(), {"tokens": 1_000, "calls": 1, "failed": 1, "presumed": 1_000, "live": 0}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_way_out(
    client: Client, service: Service, budget: str, error: BaseException | None, books: dict[str, int]
) -> None:
    try:
        with client.slot(estimate=1_000):
            if error is not None:
                raise error
    except BaseException as raised:
        assert raised is error
    assert settled(client, service, budget) == books


def test_what_the_caller_knows_better(client: Client, service: Service, budget: str) -> None:
    with client.slot(estimate=1_000) as slot:
        slot.unused()
    assert settled(client, service, budget)["tokens"] == 0
    with pytest.raises(ConnectionResetError), client.slot(estimate=1_000) as slot:
        slot.estimate(input=30, output=12)
        raise ConnectionResetError
    assert settled(client, service, budget) == {"tokens": 42, "calls": 1, "failed": 0, "presumed": 0, "live": 0}
    with client.slot(estimate=1_000) as slot:
        slot.report(input=100)
        slot.presume()
    assert settled(client, service, budget)["presumed"] == 900


def test_an_answer_without_usage_is_presumed(client: Client, service: Service, budget: str) -> None:
    with client.slot(estimate=1_000) as slot:
        assert slot.report({"choices": []}) is None
    assert settled(client, service, budget)["presumed"] == 1_000


def test_denied_for_good_and_for_now(client: Client, service: Service, new_budget: Callable[..., str]) -> None:
    with pytest.raises(SlotDenied) as denied, client.slot(estimate=10**9):
        pass
    assert denied.value.permanent
    assert denied.value.to_http().status == 400
    tight = new_budget(service, cooldown="300s")
    with client.slot(tight, estimate=10) as slot:
        slot.report(total=1)
    begun = time.monotonic()
    with pytest.raises(SlotDenied) as denied, client.slot(tight, estimate=10):
        pass
    assert time.monotonic() - begun < 5
    assert denied.value.rules == ["COOLDOWN"]
    assert denied.value.retry_after is not None
    assert 290 < denied.value.retry_after <= 300
    assert denied.value.to_http().headers["x-should-retry"] == "false"


def test_fallback_and_at_least(client: Client, service: Service, new_budget: Callable[..., str]) -> None:
    spare = new_budget(service)
    small = new_budget(service, max_request_tokens="50", fallback_budget_ids=[spare])
    with client.slot(small, estimate=100, fallback=True) as slot:
        assert slot.budget == spare
        assert slot.denied_rules == ["REQUEST_TOO_LARGE"]
        slot.report(total=7)
    assert settled(client, service, spare)["tokens"] == 7
    tight = new_budget(service, monthly_limit="100000", max_daily_percent=2, pacing="PACING_NONE", max_concurrent=1)
    with client.slot(tight, estimate=2_000, at_least=100) as slot:
        assert slot.reserved == 1_400
        slot.report(total=1)


def test_a_slot_is_kept_while_it_is_held(client: Client, service: Service, new_budget: Callable[..., str]) -> None:
    # So long that a busy machine delays no heartbeat by as much.
    short = new_budget(service, lease_ttl="4s")
    with client.slot(short, estimate=1_000) as slot:
        time.sleep(5.5)
        assert service.books(short)["live"] == 1
        assert not slot.lost
        slot.report(total=5)
    assert settled(client, service, short) == {"tokens": 5, "calls": 1, "failed": 0, "presumed": 0, "live": 0}


def test_a_wait_ends_when_the_slot_is_free(client: Client, service: Service, new_budget: Callable[..., str]) -> None:
    one = new_budget(service, max_concurrent=1)
    order: list[str] = []

    def second() -> None:
        with client.slot(one, estimate=10) as slot:
            order.append("second")
            slot.report(total=1)

    with client.slot(one, estimate=10) as slot:
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.2)
        order.append("first")
        slot.report(total=1)
    waiting.join(10)
    assert order == ["first", "second"]


def test_refused_for_what_it_says(client: Client) -> None:
    with pytest.raises(ArbiterRefused, match="there is no budget") as refused, client.slot("no-such"):
        pass
    assert (refused.value.code, refused.value.reason) == ("NOT_FOUND", "BUDGET_NOT_FOUND")
    with client.slot(estimate=1) as slot:
        slot.report(total=1)


def test_one_budgets_refusal_is_not_anothers(service: Service, budget: str, transport: str) -> None:
    async def one(client: AsyncClient, name: str) -> str:
        try:
            async with client.slot(name, estimate=10) as slot:
                slot.report(total=1)
        except ArbiterRefused as refused:
            return refused.reason
        return "granted"

    async def run() -> list[str]:
        async with AsyncClient(service.address, ai="a", transport=transport) as client:
            return await asyncio.gather(*(one(client, name) for name in ("no-such", budget, "no-such", budget)))

    assert asyncio.run(run()) == ["BUDGET_NOT_FOUND", "granted"] * 2


def test_a_crowd_in_one_loop(service: Service, new_budget: Callable[..., str], transport: str) -> None:
    budget = new_budget(service, max_concurrent=3)
    held = most = 0
    longest = 0.0

    async def one(client: AsyncClient) -> None:
        nonlocal held, most
        async with client.slot(estimate=1_000) as slot:
            held += 1
            most = max(most, held)
            await asyncio.sleep(0.02)
            held -= 1
            slot.report(input=100, output=50)

    async def pulse() -> None:
        nonlocal longest
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun)

    async def run() -> None:
        async with AsyncClient(service.address, budget=budget, ai="crowd", transport=transport) as client:
            beating = asyncio.create_task(pulse())
            await asyncio.gather(*(one(client) for _ in range(200)))
            beating.cancel()
            assert await client.flush()

    asyncio.run(run())
    assert most <= 3
    assert service.books(budget) == {"tokens": 30_000, "calls": 200, "failed": 0, "presumed": 0, "live": 0}
    assert longest < 1


def test_cancelled_at_every_moment(service: Service, new_budget: Callable[..., str], transport: str) -> None:
    budget = new_budget(service, max_concurrent=1)

    async def hold(client: AsyncClient, seconds: float) -> None:
        async with client.slot(estimate=1_000) as slot:
            slot.report(total=150)
            await asyncio.sleep(seconds)

    async def run() -> None:
        client = AsyncClient(service.address, budget=budget, ai="guardian", transport=transport)
        async with client.slot(estimate=1_000) as held:
            waiting = [asyncio.create_task(hold(client, 60)) for _ in range(5)]
            await asyncio.sleep(0.05)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            held.report(total=150)
        assert all(task.cancelled() for task in waiting)
        await client.flush()
        eventually(lambda: service.books(budget)["live"] == 0)
        assert service.books(budget)["presumed"] == 0
        # At any moment of the way to the slot and through it: whatever was granted is given back.
        for pause in range(40):
            task = asyncio.create_task(hold(client, 0.002))
            await asyncio.sleep(pause / 2_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await client.close()

    asyncio.run(run())
    books = service.books(budget)
    assert books["live"] == 0
    assert books["presumed"] == 0
    assert books["tokens"] == 150 * books["calls"]


def test_the_service_is_killed_under_a_call(own_service: Service, transport: str) -> None:
    budget = own_service.budget("b")
    client = Client(own_service.address, budget=budget, ai="guardian", transport=transport)
    begun = time.monotonic()
    with client.slot(estimate=1_000) as slot:
        own_service.kill()
        slot.report(input=100, output=50)
    assert time.monotonic() - begun < 3
    own_service.start()
    assert client.flush(20)
    assert own_service.books(budget) == {"tokens": 150, "calls": 1, "failed": 0, "presumed": 0, "live": 0}
    with client.slot(estimate=10) as slot:
        slot.report(total=1)
    assert client.close()


def test_unavailable_after_patience_and_fail_open(own_service: Service, transport: str) -> None:
    budget = own_service.budget("b")
    own_service.kill()
    client = Client(own_service.address, budget=budget, ai="guardian", transport=transport)
    begun = time.monotonic()
    with pytest.raises(ArbiterUnavailable), client.slot(patience=0.5):
        pass
    assert time.monotonic() - begun < 3
    with client.slot(patience=0.5, fail_open=True) as slot:
        assert slot.lease_id is None
        slot.report(input=100, output=50)
    own_service.start()
    assert client.close(20)
    assert own_service.books(budget) == {"tokens": 150, "calls": 1, "failed": 0, "presumed": 0, "live": 0}


def test_the_answer_of_a_grant_is_lost(own_service: Service, transport: str) -> None:
    """The grant was made, the caller went on without it: its usage finds the lease by the request's id."""
    budget = own_service.budget("b", lease_ttl="600s")
    client = Client(own_service.address, budget=budget, ai="guardian", transport=transport, deadline=1.0)
    with client.slot(estimate=10) as slot:
        slot.report(total=1)
    client.flush()
    own_service.freeze(True)
    with client.slot(estimate=1_000, wait=0, fail_open=True) as slot:
        assert slot.lease_id is None
        slot.report(input=100, output=50)
    own_service.freeze(False)
    assert client.flush(30)
    assert client.close()
    books = own_service.books(budget)
    assert (books["tokens"], books["presumed"], books["live"]) == (151, 0, 0)


PROGRAM = """
import sys
from budget_arbiter import Client
client = Client(sys.argv[1], budget=sys.argv[2], ai="guardian")
with client.slot(estimate=1_000) as slot:
    print("holding", flush=True)
    sys.stdin.readline()
    slot.report(total=150)
{end}
"""


def program(service: Service, budget: str, end: str = "") -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(end=end), service.address, budget],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SRC), os.environ.get("PYTHONPATH", "")])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "holding\n"
    return child


def test_a_killed_client_frees_its_slot(service: Service, budget: str) -> None:
    child = program(service, budget)
    child.kill()
    child.wait()
    eventually(lambda: service.books(budget)["live"] == 0)
    assert service.books(budget)["presumed"] == 1_000


def test_an_interrupted_client_settles(service: Service, budget: str) -> None:
    child = program(service, budget)
    child.send_signal(signal.SIGINT)
    assert child.wait(10) != 0
    assert service.books(budget) == {"tokens": 1_000, "calls": 1, "failed": 1, "presumed": 1_000, "live": 0}


def test_a_client_that_nobody_closes_settles_as_the_process_ends(service: Service, budget: str) -> None:
    child = program(service, budget)
    child.communicate("\n", timeout=10)
    assert service.books(budget) == {"tokens": 150, "calls": 1, "failed": 0, "presumed": 0, "live": 0}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_opens_a_session_of_its_own(service: Service, budget: str) -> None:
    end = """
import os
with client.slot(estimate=1_000) as slot:
    child = os.fork()
    if child == 0:
        with client.slot(estimate=100) as own:
            assert own.lease_id and own.lease_id != slot.lease_id
            own.report(total=7)
        assert client.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    slot.report(total=50)
assert client.close()
"""
    child = program(service, budget, end)
    child.communicate("\n", timeout=20)
    assert child.returncode == 0
    assert service.books(budget) == {"tokens": 207, "calls": 3, "failed": 0, "presumed": 0, "live": 0}


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_a_child_of_multiprocessing_settles_as_it_ends(service: Service, budget: str, how: str) -> None:
    child = multiprocessing.get_context(how).Process(target=_spend, args=(service.address, budget))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert service.books(budget) == {"tokens": 7, "calls": 1, "failed": 0, "presumed": 0, "live": 0}


def _spend(address: str, budget: str) -> None:
    client = Client(address, budget=budget, ai="child")
    with client.slot(estimate=100) as slot:
        slot.report(total=7)


def test_closed(service: Service, budget: str) -> None:
    client = Client(service.address, budget=budget, ai="guardian")
    assert client.close()
    with pytest.raises(ClientClosed), client.slot():
        pass
    assert client.close()


def test_who_waits_hears_of_the_end(service: Service, new_budget: Callable[..., str], transport: str) -> None:
    budget = new_budget(service, max_concurrent=1)
    holder = Client(service.address, budget=budget, ai="holder")
    heard: list[BaseException | None] = []

    def wait(client: Client) -> None:
        with client.slot(estimate=10):
            pass

    async def wait_too(client: AsyncClient) -> None:
        async with client.slot(estimate=10):
            pass

    async def close_under(client: AsyncClient) -> None:
        waiting = [asyncio.create_task(wait_too(client)) for _ in range(3)]
        await asyncio.sleep(0.2)
        assert await client.close()
        heard.extend(await asyncio.gather(*waiting, return_exceptions=True))

    with holder, holder.slot(estimate=10) as held:
        client = Client(service.address, budget=budget, ai="guardian", transport=transport)
        with ThreadPoolExecutor() as threads:
            waiting = [threads.submit(wait, client) for _ in range(3)]
            time.sleep(0.2)
            assert client.close()
            heard.extend(one.exception() for one in waiting)
        asyncio.run(close_under(AsyncClient(service.address, budget=budget, ai="guardian", transport=transport)))
        held.report(total=1)
    assert [type(one) for one in heard] == [ClientClosed] * 6
    eventually(lambda: service.books(budget)["live"] == 0)
    assert service.books(budget) == {"tokens": 1, "calls": 1, "failed": 0, "presumed": 0, "live": 0}


@pytest.mark.parametrize("journal", [False, True])
def test_a_slot_that_outlives_its_client_harms_no_result(
    service: Service, budget: str, transport: str, journal: bool, tmp_path: Path
) -> None:
    told: list[SettleFailure] = []
    client = Client(
        service.address,
        budget=budget,
        ai="guardian",
        transport=transport,
        on_settle_failure=told.append,
        journal=tmp_path / "journal" if journal else None,
    )
    with client.slot(estimate=10) as slot:
        assert not client.close()
        slot.report(total=3)
    assert [failure.lease_id for failure in told] == [slot.lease_id] * 2
    assert [failure.usage.tokens.total_tokens for failure in told if failure.usage is not None] == [3]


def test_a_task_that_is_cancelled_after_the_end(service: Service, budget: str) -> None:
    holding: list[asyncio.Task[None]] = []

    async def hold(client: AsyncClient, held: asyncio.Event) -> None:
        async with client.slot(estimate=10):
            held.set()
            await asyncio.sleep(60)

    async def main() -> None:
        async with AsyncClient(service.address, budget=budget, ai="guardian") as client:
            held = [asyncio.Event() for _ in range(20)]
            holding.extend(asyncio.create_task(hold(client, event)) for event in held)
            # Who still waits hears that the client is closed, and is not cancelled.
            await asyncio.gather(*(event.wait() for event in held))
            holding[0].cancel()
            await holding[0]

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert all(task.cancelled() for task in holding)


def test_counts_that_disagree_harm_no_result(client: Client, service: Service, budget: str) -> None:
    with client.slot(estimate=10) as slot:
        assert slot.report(input=-3, output=1.2) == Usage(output=2)
    assert settled(client, service, budget)["tokens"] == 2


def test_names_are_needed(service: Service) -> None:
    with Client(service.address) as client:
        with pytest.raises(ValueError, match="budget is not named"):
            client.slot(ai="a")
        with pytest.raises(ValueError, match="ai is not named"):
            client.slot("b")
