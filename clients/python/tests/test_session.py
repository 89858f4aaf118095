"""A session over a stream of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from budget_arbiter._engine import session as module
from budget_arbiter._engine.carriers import Carriers
from budget_arbiter._engine.failure import CallFailed
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.routes import Address, Routes
from budget_arbiter._engine.session import Session, SessionOver
from budget_arbiter._gen import budget_pb2 as pb
from budget_arbiter._gen import budget_service_pb2 as api
from budget_arbiter._gen import status_pb2

AWAY = CallFailed("UNAVAILABLE", "away")
ACQUIRE = api.AcquireSlotRequest(budget_id="b", ai_id="a", request_id="r1")


class FakeStream:
    def __init__(self, received: Callable[[Any], None], ended: Callable[[Any], None]):
        self.sent: list[api.SessionRequest] = []
        self.received = received
        self.ended = ended
        self.cancelled = self.half_closed = False

    def send(self, message: api.SessionRequest) -> None:
        copy = api.SessionRequest()
        copy.CopyFrom(message)
        self.sent.append(copy)

    def cancel(self) -> None:
        self.cancelled = True
        self.ended(CallFailed("CANCELLED", ""))

    def half_close(self) -> None:
        self.half_closed = True
        self.ended(None)

    def open(self, *lease_ids: str) -> None:
        leases = [pb.Lease(lease_id=lease_id) for lease_id in lease_ids]
        self.received(api.SessionResponse(opened=api.SessionOpened(session_id="s1", leases=leases)))

    def grant(self, tag: int, lease_id: str) -> None:
        grant = api.Grant(lease=pb.Lease(lease_id=lease_id))
        self.received(api.SessionResponse(tag=tag, acquired=api.AcquireSlotResponse(granted=grant)))

    @property
    def calls(self) -> list[tuple[int, str]]:
        return [(message.tag, str(message.WhichOneof("call"))) for message in self.sent]


class World:
    """Streams by address, in the order in which they were dialled."""

    def __init__(self, *hosts: str):
        self.routes = Routes(hosts or ("one:1",))
        self.dialled: list[tuple[str, FakeStream]] = []
        self.unary: list[str] = []

    def wire_to(self, address: Address) -> Any:
        world = self

        class Wire:
            def stream(self, budget: str, received: Any, ended: Any) -> FakeStream:
                world.dialled.append((address.target, FakeStream(received, ended)))
                return world.dialled[-1][1]

            async def unary(self, method: str, request: Any, budget: str, timeout: float) -> Any:
                world.unary.append(f"{address.target} {method}")
                if address.target == "gone:1":
                    raise AWAY
                return api.AcquireSlotResponse()

            def close(self) -> None:
                pass

        return Wire()

    def session(self) -> Session:
        return Session("b", self.routes, self.wire_to, 5)

    async def stream(self, number: int) -> FakeStream:
        for _ in range(1_000):
            if len(self.dialled) > number:
                return self.dialled[number][1]
            await asyncio.sleep(0)
        raise AssertionError("it was not dialled")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = asyncio.sleep
    monkeypatch.setattr(module.asyncio, "sleep", lambda _: sleep(0))


def play(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scene(), 10))  # type: ignore[arg-type]


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_calls_wait_for_the_opening_and_are_answered_by_their_tags() -> None:
    async def scene() -> None:
        world = World()
        session = world.session()
        first = asyncio.create_task(session.call("acquire", ACQUIRE, "b"))
        second = asyncio.create_task(session.call("acquire", ACQUIRE, "b"))
        stream = await world.stream(0)
        await turn()
        assert stream.sent == [api.SessionRequest(open=api.OpenSession(budget_id="b"))]
        stream.open()
        assert stream.calls[1:] == [(1, "acquire"), (2, "acquire")]
        stream.grant(2, "two")
        status = status_pb2.Status(code=8, message="full")
        stream.received(api.SessionResponse(tag=1, failed=status))
        stream.grant(9, "nobody's")
        assert (await second).granted.lease.lease_id == "two"
        with pytest.raises(CallFailed, match="RESOURCE_EXHAUSTED: full"):
            await first
        await session.close()
        assert stream.half_closed

    play(scene)


def test_is_taken_up_with_what_was_not_answered() -> None:
    async def scene() -> None:
        world = World()
        session = world.session()
        (await world.stream(0)).open()
        kept, lost = Held("b", "a", "r", None), Held("other", "a", "r", None)
        session.held.update(kept=kept, lost=lost)
        session.budgets["other"] = None
        asking = asyncio.create_task(session.call("acquire", ACQUIRE, "b"))
        await turn()
        world.dialled[0][1].ended(AWAY)
        stream = await world.stream(1)
        opening = api.OpenSession(budget_id="b", session_id="s1", other_budget_ids=["other"])
        assert stream.sent[0].open == opening
        assert session.away is None
        stream.open("kept")
        assert stream.calls[1:] == [(1, "acquire")]
        assert (kept.lost, lost.lost) == (False, True)
        stream.grant(1, "one")
        assert (await asking).granted.lease.lease_id == "one"
        await session.close()

    play(scene)


def test_goes_to_the_next_address_and_says_that_it_is_away() -> None:
    async def scene() -> None:
        world = World("one:1", "two:1")
        home, other = (address.target for address in world.routes.order("b"))
        session = world.session()
        (await world.stream(0)).ended(AWAY)
        (await world.stream(1)).ended(AWAY)
        await world.stream(2)
        assert session.away is AWAY
        assert [target for target, _ in world.dialled[:2]] == [home, other]
        world.dialled[2][1].open()
        assert session.away is None
        await session.close()

    play(scene)


@pytest.mark.parametrize(
    ("failure", "unsupported"),
    [
        (CallFailed("INVALID_ARGUMENT", "ai_id", "INVALID_FIELD", fields=("open.ai_id",)), True),
        (CallFailed("UNIMPLEMENTED", ""), True),
        (CallFailed("NOT_FOUND", "", "BUDGET_NOT_FOUND"), False),
        (CallFailed("PERMISSION_DENIED", ""), False),
        (CallFailed("UNAUTHENTICATED", ""), False),
        (CallFailed("ABORTED", "", "SESSION_TAKEN_UP"), False),
    ],
)
def test_is_over_when_the_service_says_no(failure: CallFailed, unsupported: bool) -> None:
    async def scene() -> None:
        world = World()
        session = world.session()
        asking = asyncio.create_task(session.call("acquire", ACQUIRE, "b"))
        await turn()
        (await world.stream(0)).ended(failure)
        with pytest.raises(SessionOver) as over:
            await asking
        assert (over.value.failure, over.value.unsupported) == (failure, unsupported)
        with pytest.raises(SessionOver):
            await session.call("acquire", ACQUIRE, "b")
        assert not session.has_room("b", False)

    play(scene)


def test_new_credentials_take_it_up_again() -> None:
    async def scene() -> None:
        world = World()
        session = world.session()
        (await world.stream(0)).open()
        await turn()
        world.dialled[0][1].ended(CallFailed("UNAUTHENTICATED", "expired"))
        (await world.stream(1)).ended(CallFailed("UNAUTHENTICATED", "not yet"))
        (await world.stream(2)).open()
        assert session.over is None
        await session.close()

    play(scene)


def test_a_session_carries_so_many_and_then_there_is_another() -> None:
    async def scene() -> None:
        carriers = Carriers(World().routes, World().wire_to, 5, True)
        first = carriers.session_for("b", False)
        assert first is not None
        assert carriers.session_for("other", True) is first
        first.waiting = module.MOST_WAITING
        assert carriers.session_for("b", False) is first
        second = carriers.session_for("b", True)
        assert second is not first
        first.budgets = {f"budget-{number}": None for number in range(module.MOST_BUDGETS)}
        assert carriers.session_for("b", False) is second
        carriers.sessions_are_unsupported(SessionOver(AWAY, "b"))
        assert carriers.session_for("b", False) is None
        await carriers.close()

    play(scene)


def test_calls_of_their_own_move_on_too() -> None:
    async def scene() -> None:
        budget = next(
            name for name in map(str, range(99)) if Routes(["gone:1", "b:1"]).order(name)[0].target == "gone:1"
        )
        world = World("gone:1", "b:1")
        carriers = Carriers(world.routes, world.wire_to, 5, False)
        await carriers.unary("acquire", ACQUIRE, budget)
        await carriers.unary("acquire", ACQUIRE, budget)
        assert world.unary == ["gone:1 acquire", "b:1 acquire", "b:1 acquire"]

    play(scene)
