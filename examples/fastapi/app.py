"""A web server that asks OpenAI under a budget. Its callers get 429, 400 or 503 when the budget refuses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from budget_arbiter import AsyncClient, SlotDenied
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

budget = AsyncClient.from_env()
openai = budget.wrap(AsyncOpenAI())


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await budget.close()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(SlotDenied)
async def denied(_: Request, denial: SlotDenied) -> Response:
    status, headers, body = denial.to_http()
    return Response(body, status, headers)


@app.get("/ask")
async def ask(question: str) -> dict[str, str]:
    messages = [{"role": "user", "content": question}]
    answer = await openai.chat.completions.create(model="gpt-5.1", messages=messages)
    return {"answer": answer.choices[0].message.content or ""}


@app.get("/stream")
async def stream(question: str) -> StreamingResponse:
    messages = [{"role": "user", "content": question}]
    # Asked for before the answer begins, so that a denial is an answer of its own.
    chunks = await openai.chat.completions.create(model="gpt-5.1", messages=messages, stream=True)

    async def text() -> AsyncIterator[str]:
        async with chunks:
            async for chunk in chunks:
                yield chunk.choices[0].delta.content or ""

    return StreamingResponse(text(), media_type="text/plain")
