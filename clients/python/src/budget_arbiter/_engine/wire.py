"""gRPC as the loop sees it. The blocking half of grpcio is used, whose threads bring the answers to the loop: it
forks and shares a
process with other users of gRPC where the asyncio half, which has one poller a process, does not.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from budget_arbiter._engine.credentials import Credentials
from budget_arbiter._engine.failure import CallFailed, failure_of_call
from budget_arbiter._engine.routes import Address
from budget_arbiter._gen import budget_service_pb2 as api

T = TypeVar("T")
SERVICE = "/budgetarbiter.v1.BudgetService/"
METHODS: dict[str, tuple[str, type[Message]]] = {
    "acquire": ("AcquireSlot", api.AcquireSlotResponse),
    "renew": ("RenewSlot", api.RenewSlotResponse),
    "record": ("RecordUsage", api.RecordUsageResponse),
    "release": ("Release", api.ReleaseResponse),
    "get_lease": ("GetLease", api.GetLeaseResponse),
    "availability": ("GetAvailability", api.GetAvailabilityResponse),
}


class Stream(Protocol):
    """A session's stream: messages go out, `ended` is told once."""

    def send(self, message: api.SessionRequest) -> None: ...

    def cancel(self) -> None:
        """Breaks it off."""

    def half_close(self) -> None:
        """Says that nothing more comes."""


class Wire(Protocol):
    """A connection to one address. Tests have their own."""

    async def unary(self, method: str, request: Message, budget: str, timeout: float) -> Any:
        """Raises `CallFailed`."""

    def stream(
        self,
        budget: str,
        received: Callable[[api.SessionResponse], None],
        ended: Callable[[CallFailed | None], None],
    ) -> Stream: ...

    def close(self) -> None: ...


class GrpcWire:
    def __init__(self, address: Address, credentials: Credentials):
        self._credentials = credentials
        self._channel = credentials.channel(address.target, address.host)
        self._methods = {
            name: self._channel.unary_unary(
                SERVICE + method,
                request_serializer=_bytes,
                response_deserializer=answer.FromString,
            )
            for name, (method, answer) in METHODS.items()
        }
        self._session = self._channel.stream_stream(
            SERVICE + "Session",
            request_serializer=_bytes,
            response_deserializer=api.SessionResponse.FromString,
        )

    async def unary(self, method: str, request: Message, budget: str, timeout: float) -> Any:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()
        call = self._methods[method].future(
            request, timeout=timeout, metadata=tuple(self._credentials.metadata(budget))
        )
        call.add_done_callback(lambda done: _post(loop, _settle, answered, done))
        try:
            return await answered
        finally:
            if not answered.done() or answered.cancelled():
                call.cancel()  # type: ignore[no-untyped-call]

    def stream(
        self,
        budget: str,
        received: Callable[[api.SessionResponse], None],
        ended: Callable[[CallFailed | None], None],
    ) -> Stream:
        return _GrpcStream(self._session, self._credentials.metadata(budget), received, ended)

    def close(self) -> None:
        self._channel.close()


class _GrpcStream:
    def __init__(
        self,
        method: Any,
        metadata: list[tuple[str, str]],
        received: Callable[[api.SessionResponse], None],
        ended: Callable[[CallFailed | None], None],
    ):
        self._outbox: queue.SimpleQueue[api.SessionRequest | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._call = method(iter(self._outbox.get, None), metadata=metadata)
        threading.Thread(target=self._read, args=(received, ended), name="budget-arbiter-session", daemon=True).start()

    def send(self, message: api.SessionRequest) -> None:
        self._outbox.put(message)

    def cancel(self) -> None:
        self._call.cancel()

    def half_close(self) -> None:
        self._outbox.put(None)

    def _read(
        self,
        received: Callable[[api.SessionResponse], None],
        ended: Callable[[CallFailed | None], None],
    ) -> None:
        failure: CallFailed | None = None
        try:
            for message in self._call:
                _post(self._loop, received, message)
        except grpc.RpcError as error:
            failure = failure_of_call(error)
        except Exception as error:  # gRPC's own trouble: the stream is over all the same
            failure = CallFailed("UNKNOWN", str(error))
        # grpcio's thread that reads the outbox must not wait for ever.
        self._outbox.put(None)
        _post(self._loop, ended, failure)


def in_thread(work: Callable[[], T]) -> Awaitable[T]:
    """Runs what may take long beside the loop. A thread of its own, since executors refuse while the interpreter
    ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            _post(loop, _set_unless_done, done.set_exception, done, error)
        else:
            _post(loop, _set_unless_done, done.set_result, done, result)

    threading.Thread(target=run, name="budget-arbiter-work", daemon=True).start()
    return done


def _set_unless_done(put: Callable[[Any], None], done: asyncio.Future[Any], value: Any) -> None:
    if not done.done():
        put(value)


def _bytes(message: Message) -> bytes:
    return message.SerializeToString()


def _post(loop: asyncio.AbstractEventLoop, task: Callable[..., object], *args: Any) -> None:
    """The loop is gone when the client is closed, and what comes then concerns nobody."""
    try:
        loop.call_soon_threadsafe(task, *args)
    except RuntimeError:
        if not loop.is_closed():
            raise


def _settle(answered: asyncio.Future[Any], call: Any) -> None:
    if answered.done():
        return
    if call.cancelled():
        answered.set_exception(CallFailed("CANCELLED", "cancelled"))
        return
    error = call.exception()
    if error is None:
        answered.set_result(call.result())
    elif isinstance(error, grpc.RpcError):
        answered.set_exception(failure_of_call(error))
    else:
        answered.set_exception(CallFailed("UNKNOWN", str(error)))
