import asyncio

from budget_arbiter._engine.turns import Turns


def test_first_come_first_served_and_never_more_than_most() -> None:
    async def run() -> None:
        turns, order, inside = Turns(most=3), [], 0

        async def one(number: int) -> None:
            nonlocal inside
            assert await turns.take("ai", 60)
            inside += 1
            assert inside <= 3
            order.append(number)
            await asyncio.sleep(0)
            inside -= 1
            turns.give("ai")

        await asyncio.gather(*(one(number) for number in range(50)))
        assert order == list(range(50))
        assert not turns._taken
        assert not turns._queues

    asyncio.run(run())


def test_who_goes_takes_no_turn_with_him() -> None:
    async def run() -> None:
        turns = Turns(most=1)
        assert await turns.take("ai", 1)
        assert await turns.take("another", 1)
        assert not await turns.take("ai", 0)
        gone = asyncio.ensure_future(turns.take("ai", 60))
        next_one = asyncio.ensure_future(turns.take("ai", 60))
        await asyncio.sleep(0)
        gone.cancel()
        turns.give("ai")
        assert await next_one
        turns.give("ai")
        assert await turns.take("ai", 0)

    asyncio.run(run())


def test_a_turn_that_comes_with_the_cancellation_goes_on() -> None:
    async def run() -> None:
        turns = Turns(most=1)
        await turns.take("ai", 1)
        gone = asyncio.ensure_future(turns.take("ai", 60))
        await asyncio.sleep(0)
        turns.give("ai")
        gone.cancel()
        await asyncio.wait({gone})
        assert await turns.take("ai", 0)

    asyncio.run(run())
