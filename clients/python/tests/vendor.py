"""Answers as the vendors do: chat completions, responses and embeddings of OpenAI, messages of Anthropic; whole and
as streams.

The model says how: `status-429` (any status), `break` (the stream ends half way), `drop` (the connection does, before
an answer),
`no-usage`, `slow` (nothing for a minute); any other is answered. Usage is the same for every call: see `COUNTS`.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from budget_arbiter import Usage

CHAT = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 30},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
RESPONSES = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 0},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 150,
}
MESSAGES = {
    "input_tokens": 70,
    "cache_read_input_tokens": 30,
    "cache_creation_input_tokens": 11,
    "output_tokens": 50,
}
#: What each of them is in kinds.
COUNTS = {
    "chat": Usage(input=70, cache_read=30, output=30, reasoning=20),
    "responses": Usage(input=70, cache_read=30, output=30, reasoning=20),
    "messages": Usage(input=70, cache_read=30, cache_write=11, output=50),
    "embeddings": Usage(input=9),
}
WORDS = ["one ", "two ", "three ", "four "]


class Vendor:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        vendor = self

        class Handler(_Handler):
            requests = vendor.requests

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    requests: list[dict[str, Any]]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.requests.append(body)
        model = body["model"]
        if model.startswith("status-"):
            self._json({"error": {"message": "as asked", "type": "error"}}, int(model.removeprefix("status-")))
        elif model == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif model == "slow":
            time.sleep(60)
        elif body.get("stream"):
            self._stream(list(_events(self.path, body)), model)
        else:
            self._json(_answer(self.path, body))

    def _json(self, content: Any, status: int = 200) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _stream(self, events: list[tuple[str, Any]], model: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        shown = events[: len(events) // 2] if model == "break" else events
        try:
            for name, event in shown:
                data = event if isinstance(event, str) else json.dumps(event)
                text = (f"event: {name}\n" if name else "") + f"data: {data}\n\n"
                self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
                self.wfile.flush()
                time.sleep(0.005)
            if model == "break":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True  # the reader went


def _answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
    model, with_usage = body["model"], body["model"] != "no-usage"
    text = "".join(WORDS)
    if path.endswith("/chat/completions"):
        message = {"role": "assistant", "content": text}
        answer = {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        }
        return {**answer, "usage": CHAT} if with_usage else answer
    if path.endswith("/responses"):
        return {**_response(model, "completed"), "usage": RESPONSES if with_usage else None}
    if path.endswith("/embeddings"):
        usage = {"prompt_tokens": 9, "total_tokens": 9}
        vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
        return {"object": "list", "model": model, "data": [vector], "usage": usage}
    return {**_message(model, MESSAGES), "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


def _events(path: str, body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    model = body["model"]
    if path.endswith("/chat/completions"):
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}
        for word in WORDS:
            yield "", {**chunk, "choices": [{"index": 0, "delta": {"content": word}}], "usage": None}
        yield "", {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None}
        if (body.get("stream_options") or {}).get("include_usage") and model != "no-usage":
            yield "", {**chunk, "choices": [], "usage": CHAT}
        yield "", "[DONE]"
    elif path.endswith("/responses"):
        begun = {"type": "response.created", "sequence_number": 0, "response": _response(model, "in_progress")}
        yield "response.created", begun
        for number, word in enumerate(WORDS):
            yield (
                "response.output_text.delta",
                {
                    "type": "response.output_text.delta",
                    "sequence_number": number + 1,
                    "item_id": "m1",
                    "output_index": 0,
                    "content_index": 0,
                    "delta": word,
                    "logprobs": [],
                },
            )
        done = {**_response(model, "completed"), "usage": RESPONSES}
        yield "response.completed", {"type": "response.completed", "sequence_number": 9, "response": done}
    else:
        begun = {**_message(model, {**MESSAGES, "output_tokens": 1}), "content": [], "stop_reason": None}
        yield "message_start", {"type": "message_start", "message": begun}
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        yield "content_block_start", block
        for word in WORDS:
            delta = {"type": "text_delta", "text": word}
            yield "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": 0}
        ending = {"stop_reason": "end_turn", "stop_sequence": None}
        yield "message_delta", {"type": "message_delta", "delta": ending, "usage": MESSAGES}
        yield "message_stop", {"type": "message_stop"}


def _response(model: str, status: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": "".join(WORDS), "annotations": []}]
    message = {"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": content}
    return {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "model": model,
        "status": status,
        "output": [message] if status == "completed" else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _message(model: str, usage: dict[str, int]) -> dict[str, Any]:
    return {"id": "m1", "type": "message", "role": "assistant", "model": model, "stop_sequence": None, "usage": usage}


if __name__ == "__main__":
    print(Vendor().url, flush=True)
    threading.Event().wait()
