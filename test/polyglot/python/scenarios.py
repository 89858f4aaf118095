"""The scenarios of `clients/scenarios.md`, over the client for Python."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from budget_arbiter import ArbiterRefused, ArbiterUnavailable, AsyncClient, Slot, SlotDenied

ESTIMATE: dict[str, Any] = {"estimate": 1_000, "wait": 10, "patience": 30}


def say(event: str, **more: object) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


async def told() -> None:
    await asyncio.to_thread(sys.stdin.readline)


def report(slot: Slot) -> None:
    slot.report(input=100, output=50, model="model-a")


async def call(client: AsyncClient, **request: Any) -> dict[str, object]:
    async with client.slot(**{**ESTIMATE, **request}) as slot:
        await asyncio.sleep(0.02)
        report(slot)
    return {} if slot.lease_id else {"leased": False}


async def held_call(client: AsyncClient) -> None:
    async with client.slot(**ESTIMATE) as slot:
        say("holding")
        await told()
        await asyncio.sleep(0.02)
        report(slot)
    say("answer")


async def one_call(client: AsyncClient) -> None:
    await call(client)
    say("answer")


async def killed_service(client: AsyncClient) -> None:
    await held_call(client)
    await told()


async def cancelled(client: AsyncClient) -> None:
    async def cancel(during: str) -> None:
        inside = asyncio.Event()

        async def hold() -> None:
            async with client.slot(**ESTIMATE) as slot:
                if during == "reported":
                    report(slot)
                inside.set()
                await asyncio.sleep(10)

        task = asyncio.create_task(hold())
        await (asyncio.sleep(0.05) if during == "wait" else inside.wait())
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            say("cancelled", during=during)

    async with client.slot(ai=f"{os.environ['BUDGET_ARBITER_AI']}-holder", **ESTIMATE) as holder:
        await cancel("wait")
        report(holder)
    await cancel("call")
    await cancel("reported")


async def interrupted(client: AsyncClient) -> None:
    try:
        async with client.slot(**ESTIMATE):
            say("holding")
            await asyncio.sleep(20)
    except asyncio.CancelledError:  # asyncio's Ctrl-C
        say("stopped")


async def turned_away(client: AsyncClient) -> None:
    try:
        await call(client, patience=1)
        say("granted")
    except ArbiterRefused as refused:
        say("refused", code=refused.code)
    except ArbiterUnavailable:
        say("unavailable")


async def crowd(client: AsyncClient) -> None:
    counts = {"answers": 0, "denials": 0, "most": 0}
    now = 0

    async def one() -> None:
        nonlocal now
        try:
            async with client.slot(**{**ESTIMATE, "patience": 60}) as slot:
                now += 1
                counts["most"] = max(counts["most"], now)
                await asyncio.sleep(0.02)
                now -= 1
                report(slot)
            counts["answers"] += 1
        except SlotDenied:
            counts["denials"] += 1

    await asyncio.gather(*(one() for _ in range(200)))
    say("crowd", **counts)


async def vendors_stream() -> AsyncIterator[int]:
    for part in range(10):
        await asyncio.sleep(0.002)
        yield part


async def left_stream(client: AsyncClient) -> None:
    async with client.slot(**ESTIMATE):
        async for part in vendors_stream():
            if part == 4:
                break
    say("left")


class VendorRefused(Exception):
    status_code = 500


async def error(client: AsyncClient) -> None:
    async def refused() -> None:
        raise VendorRefused

    async def unreached() -> None:
        await asyncio.open_connection("127.0.0.1", 11)

    for fail in (refused, unreached):
        try:
            async with client.slot(**ESTIMATE):
                await fail()
        except (VendorRefused, OSError):
            say("error")


async def denied(client: AsyncClient, **request: Any) -> None:
    try:
        async with client.slot(**{**ESTIMATE, **request}):
            say("granted")
    except SlotDenied as denial:
        status, headers, _ = denial.to_http()
        shown = {"retry_after": headers.get("retry-after"), "should_retry": headers.get("x-should-retry")}
        known = {name: value for name, value in shown.items() if value is not None}
        say("denied", permanent=denial.permanent, rules=denial.rules, status=status, **known)


async def token(client: AsyncClient) -> None:
    await one_call(client)
    await told()
    await one_call(client)


async def replicas(client: AsyncClient) -> None:
    for pause in (told, None):
        for _ in range(10):
            await one_call(client)
        if pause is not None:
            await pause()


async def fail_open(client: AsyncClient) -> None:
    say("answer", **await call(client))
    await told()


async def fail_open_lost(client: AsyncClient) -> None:
    say("answer", **await call(client))
    await told()
    say("answer", **await call(client, wait=0))
    await told()


async def journal(client: AsyncClient) -> None:
    if os.environ["JOURNAL_RUN"] == "2":
        return
    await held_call(client)
    await told()


SCENARIOS: dict[str, Callable[[AsyncClient], Awaitable[None]]] = {
    "call": one_call,
    "killed-service": killed_service,
    "killed-client": held_call,
    "cancelled": cancelled,
    "interrupted": interrupted,
    "crowd": crowd,
    "left-stream": left_stream,
    "error": error,
    "denied-for-good": lambda client: denied(client, estimate=1_000_000_000),
    "denied-for-now": lambda client: denied(client, patience=0),
    "paused": lambda client: denied(client, patience=0),
    "turned-away": turned_away,
    "token": token,
    "replicas": replicas,
    "fail-open": fail_open,
    "fail-open-lost": fail_open_lost,
    "journal": journal,
}


async def main() -> None:
    client = AsyncClient.from_env(journal=os.environ.get("JOURNAL"))
    await SCENARIOS[sys.argv[1]](client)
    say("closed", unsettled=0 if await client.close(10) else 1)


asyncio.run(main())
