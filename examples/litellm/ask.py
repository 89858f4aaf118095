"""Asks a LiteLLM proxy, at once and in many calls, and prints what was spent in all. It knows nothing of the budget."""

import asyncio
import os

from openai import AsyncOpenAI


async def main() -> None:
    proxy = AsyncOpenAI(base_url=os.environ.get("LITELLM_URL", "http://127.0.0.1:4000"), api_key="sk-local")

    async def ask(number: int) -> int:
        messages = [{"role": "user", "content": f"count to {number}"}]
        if number % 2:
            answer = await proxy.chat.completions.create(model="mock", messages=messages)
            return answer.usage.total_tokens
        options = {"include_usage": True}
        stream = await proxy.chat.completions.create(
            model="mock", messages=messages, stream=True, stream_options=options
        )
        return [chunk.usage.total_tokens async for chunk in stream if chunk.usage][-1]

    print(sum(await asyncio.gather(*(ask(number) for number in range(20)))))


asyncio.run(main())
