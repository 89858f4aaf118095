import asyncio

import pytest

from budget_arbiter import ArbiterUnavailable, SlotDenied, Usage
from budget_arbiter.testing import FakeClient


def test_remembers_what_was_spent() -> None:
    fake = FakeClient()
    with fake.slot("b", ai="a", estimate=10, model="m") as slot:
        slot.report(input=3, output=4)
    assert (slot.charged, slot.reserved, fake.tokens) == (7, 10, 7)
    only = fake.slots[0]
    assert (only.budget, only.ai, only.model, only.estimate) == ("b", "a", "m", 10)
    assert (only.usages, only.failed, only.given_back) == ([Usage(input=3, output=4)], 0, "FREE")


def test_stands_for_the_asynchronous_client() -> None:
    async def run() -> None:
        async with FakeClient() as fake:
            with pytest.raises(ZeroDivisionError):
                async with fake.slot():
                    raise ZeroDivisionError
            assert await fake.flush()
            assert (fake.slots[0].failed, fake.slots[0].given_back) == (1, "FREE")
            assert await fake.close()

    asyncio.run(run())


def test_denies_and_goes_away_and_comes_back() -> None:
    fake = FakeClient()
    fake.deny("HOURLY_CAP", "COOLDOWN", retry_after=120)
    with pytest.raises(SlotDenied) as denied, fake.slot():
        pass
    assert (denied.value.rules, denied.value.retry_after) == (["HOURLY_CAP", "COOLDOWN"], 120)
    fake.be_unavailable()
    with pytest.raises(ArbiterUnavailable), fake.slot():
        pass
    with fake.slot(fail_open=True) as slot:
        assert slot.lease_id is None
    fake.grant()
    with fake.slot() as slot:
        slot.unused()
    assert [one.given_back for one in fake.slots] == ["PRESUME", "UNUSED"]


def test_says_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="slot\\(\\) has no tokens"):
        FakeClient().slot(tokens=3)
