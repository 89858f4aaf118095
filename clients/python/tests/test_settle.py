"""Settling, with a service and a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budget_arbiter import JournalInUse, SettleFailure
from budget_arbiter._engine import settle
from budget_arbiter._engine.account import Account, Step
from budget_arbiter._engine.failure import CallFailed
from budget_arbiter._engine.journal import Journal
from budget_arbiter._engine.lease import Held
from budget_arbiter._engine.settle import Settler
from budget_arbiter._gen import budget_pb2 as pb
from budget_arbiter._gen import budget_service_pb2 as api

AWAY = CallFailed("UNAVAILABLE", "away")
GONE = CallFailed("NOT_FOUND", "gone", "LEASE_NOT_FOUND")


class FakeCarriers:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, *answers: CallFailed | None):
        self.answers = list(answers)
        self.asked: list[tuple[str, Any, bool]] = []
        self.let_gone: list[Held] = []

    async def settle(self, kind: str, request: Any, held: Held, by_itself: bool) -> Any:
        return self._answer(kind, request, by_itself)

    async def unary(self, kind: str, request: Any, budget: str, wait: float = 0.0) -> Any:
        return self._answer(kind, request, True)

    def let_go(self, held: Held) -> None:
        self.let_gone.append(held)

    def _answer(self, kind: str, request: Any, by_itself: bool) -> Any:
        copy = type(request)()
        copy.CopyFrom(request)
        self.asked.append((kind, copy, by_itself))
        failure = self.answers.pop(0) if self.answers else None
        if failure is not None:
            raise failure
        if kind == "get_lease":
            return api.GetLeaseResponse(lease=pb.Lease(lease_id="found"))
        return api.ReleaseResponse(used_tokens=7) if kind == "release" else api.RecordUsageResponse(charged_tokens=7)

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.asked]

    @property
    def reports(self) -> list[tuple[str, str]]:
        return [(kind, request.usage.usage_id) for kind, request, _ in self.asked]


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = asyncio.sleep
    monkeypatch.setattr(settle.asyncio, "sleep", lambda _: sleep(0))


def account(lease_id: str | None = "lease") -> Account:
    return Account(Held("b", "a", "r", None if lease_id is None else pb.Lease(lease_id=lease_id)))


def usage(usage_id: str = "u1") -> pb.Usage:
    return pb.Usage(usage_id=usage_id, tokens=pb.TokenCounts(input_tokens=7))


def run(
    carriers: FakeCarriers,
    steps: list[Step],
    of: Account | None = None,
    clock: Clock | None = None,
    failures: list[SettleFailure] | None = None,
    then: Callable[[], None] | None = None,
) -> Account:
    subject = of or account()

    async def settle_all() -> None:
        settler = Settler(carriers, None, None if failures is None else failures.append, clock or Clock())
        for step in steps:
            settler.add(subject, step)
        if then is not None:
            then()
        assert await settler.flush(5)
        assert settler.open == 0

    asyncio.run(settle_all())
    return subject


def test_a_report_goes_with_the_giving_back() -> None:
    carriers = FakeCarriers()
    held = run(carriers, [Step(usage()), Step(unreported="FREE")]).held
    assert carriers.kinds == ["release"]
    assert carriers.asked[0][1].usage == usage()
    assert held.charged == 7
    assert carriers.let_gone == [held]


def test_earlier_reports_go_by_themselves_and_in_order() -> None:
    carriers = FakeCarriers()
    run(carriers, [Step(usage("u1")), Step(usage("u2")), Step(unreported="FREE")])
    assert [(kind, request.usage.usage_id) for kind, request, _ in carriers.asked] == [
        ("record", "u1"),
        ("release", "u2"),
    ]


def test_what_is_unused_takes_no_report_with_it() -> None:
    carriers = FakeCarriers()
    run(carriers, [Step(usage()), Step(unreported="UNUSED")])
    assert carriers.kinds == ["record", "release"]


def test_repeats_the_same_until_it_is_known() -> None:
    carriers = FakeCarriers(AWAY, CallFailed("DEADLINE_EXCEEDED", ""), CallFailed("UNAUTHENTICATED", ""))
    run(carriers, [Step(usage(), "FREE")])
    assert len(carriers.asked) == 4
    assert all(request == carriers.asked[0][1] for _, request, _ in carriers.asked)
    assert [by_itself for _, _, by_itself in carriers.asked] == [False, True, True, True]


def test_gives_up_before_ids_are_forgotten() -> None:
    clock, failures = Clock(), list[SettleFailure]()
    carriers = FakeCarriers(*[AWAY] * 5)
    step = Step(usage(), "FREE")

    def late() -> None:
        clock.now += 7 * 86_400 - 3_600

    run(carriers, [step], clock=clock, failures=failures, then=late)
    assert len(carriers.asked) == 1
    assert [(one.budget, one.ai, one.lease_id, one.usage, one.error) for one in failures] == [
        ("b", "a", "lease", usage(), AWAY)
    ]


@pytest.mark.parametrize(
    ("failure", "step", "then"),
    [
        (CallFailed("FAILED_PRECONDITION", "", "USAGE_REPORTED"), Step(unreported="UNUSED"), ["release", "release"]),
        (CallFailed("FAILED_PRECONDITION", "", "LEASE_CLOSED"), Step(unreported="FREE"), ["release"]),
        (GONE, Step(unreported="FREE"), ["release"]),
        (GONE, Step(usage(), "FREE"), ["release", "record"]),
        (GONE, Step(usage()), ["record", "record"]),
    ],
)
def test_another_form_of_the_same(failure: CallFailed, step: Step, then: list[str]) -> None:
    carriers = FakeCarriers(failure)
    failures: list[SettleFailure] = []
    run(carriers, [step], failures=failures)
    assert carriers.kinds == then
    if then[-1] == "record":
        assert carriers.asked[-1][1].unleased == api.Unleased(budget_id="b", ai_id="a")
        assert carriers.asked[-1][1].usage == usage()
    assert failures == []


def test_what_no_repeating_mends() -> None:
    failures: list[SettleFailure] = []
    carriers = FakeCarriers(CallFailed("INVALID_ARGUMENT", "too large", "REPORT_TOO_LARGE"))
    run(carriers, [Step(usage()), Step(unreported="FREE")], failures=failures)
    assert [one.usage for one in failures] == [usage()]


def test_without_a_slot_the_lease_is_looked_for_first() -> None:
    carriers = FakeCarriers()
    run(carriers, [Step(usage()), Step(unreported="FREE")], of=account(None))
    assert carriers.kinds == ["get_lease", "record", "release"]
    assert carriers.asked[0][1].request == api.LeaseRequest(budget_id="b", ai_id="a", request_id="r")
    assert carriers.asked[1][1].lease_id == "found"


def test_without_a_slot_and_without_a_lease() -> None:
    carriers = FakeCarriers(AWAY, GONE, None, GONE)
    run(carriers, [Step(usage()), Step(unreported="FREE")], of=account(None))
    assert carriers.kinds == ["get_lease", "get_lease", "record", "get_lease"]
    assert carriers.asked[2][1].unleased.budget_id == "b"


def test_a_callback_that_fails_harms_nothing() -> None:
    async def settle_all() -> None:
        def fail(_: SettleFailure) -> None:
            raise RuntimeError

        settler = Settler(FakeCarriers(CallFailed("INVALID_ARGUMENT", "")), None, fail, Clock())
        settler.add(account(), Step(usage(), "FREE"))
        assert await settler.flush(5)

    asyncio.run(settle_all())


def test_a_journal_survives(tmp_path: Path) -> None:
    path = tmp_path / "settle.journal"

    async def dies() -> None:
        journal = Journal(path)
        carriers = FakeCarriers(None, *[AWAY] * 1_000)
        settler = Settler(carriers, journal, None, Clock())
        settler.add(account("settled"), Step(usage("u0"), "FREE"))
        assert await settler.flush(5)
        subject = account()
        for step in (Step(usage("u1")), Step(usage("u2")), Step(unreported="FREE")):
            written = settler.add(subject, step)
        assert written is not None
        await written
        settler.close()
        with pytest.raises(JournalInUse):
            Journal(path)
        journal.close()

    asyncio.run(dies())
    with path.open("ab") as file:
        file.write(b'{"step": "half')
    carriers = FakeCarriers()

    async def comes_back() -> None:
        journal = Journal(path)
        settler = Settler(carriers, journal, None, Clock())
        assert await settler.flush(5)
        journal.close()

    asyncio.run(comes_back())
    assert [(kind, request.usage.usage_id) for kind, request, _ in carriers.asked] == [
        ("record", "u1"),
        ("release", "u2"),
    ]

    async def nothing_left() -> None:
        journal = Journal(path)
        assert journal.unsettled() == []
        journal.close()

    asyncio.run(nothing_left())


def test_a_journal_begins_anew_when_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budget_arbiter._engine.journal.LARGEST", 2_000)
    path = tmp_path / "deep" / "settle.journal"

    async def many() -> None:
        journal = Journal(path)
        settler = Settler(FakeCarriers(), journal, None, Clock())
        for number in range(50):
            written = settler.add(account(f"lease-{number}"), Step(usage(f"u{number}"), "FREE"))
            assert written is not None
            await written
            await settler.flush(5)
        journal.close()

    asyncio.run(many())
    assert path.stat().st_size < 4_000
