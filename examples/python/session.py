"""One stream for all calls of a process: `with Session(...) as session:`, then `with session.hold_slot(...) as slot:`.

The service keeps a session's leases alive while its stream lives: no heartbeat. When the stream breaks, the session is taken
up again on a new one, and what was not answered is asked again, with the same ids, so that it has one effect.
"""

import queue
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future

import grpc
from google.rpc import status_pb2

from budgetarbiter.v1 import budget_service_pb2 as api
from budgetarbiter.v1.budget_service_pb2_grpc import BudgetServiceStub

# Only another program or another configuration mends these. ABORTED: another process has taken the session up.
HOPELESS = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.ABORTED,
)


class CallFailed(Exception):
    """A call was answered by an error."""

    def __init__(self, status: status_pb2.Status):
        super().__init__(status.message)
        self.status = status


class Session:
    """The calls of one AI's process."""

    def __init__(self, stub: BudgetServiceStub, budget_id: str, ai_id: str):
        self._stub = stub
        self._open = api.OpenSession(budget_id=budget_id, ai_id=ai_id)
        self._lock = threading.Lock()
        self._unanswered: dict[int, tuple[api.SessionRequest, Future]] = {}
        self._outbox: queue.Queue[api.SessionRequest | None] | None = None
        self._tag = 0
        self._closed = threading.Event()
        #: Called with the ids of the leases that the session has, each time that it is taken up.
        self.on_leases: set[Callable[[set[str]], None]] = set()
        #: Called when the stream breaks.
        self.on_break: set[Callable[[], None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Session":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Release every slot first: a session that ends with leases leaves them to the grace."""
        self._closed.set()
        with self._lock:
            if self._outbox:
                self._outbox.put(None)
        self._thread.join(timeout=5)

    def call(self, **call: object) -> Future:
        """Sends a call, e.g. `acquire=AcquireSlotRequest(...)`. Its answer may come over another stream."""
        answer: Future = Future()
        with self._lock:
            if self._closed.is_set():
                answer.set_exception(RuntimeError("the session is closed"))
                return answer
            self._tag += 1
            request = api.SessionRequest(tag=self._tag, **call)
            self._unanswered[request.tag] = (request, answer)
            if self._outbox:
                self._outbox.put(request)
        return answer

    def _run(self) -> None:
        pause = 0.1
        while not self._closed.is_set():
            outbox: queue.Queue[api.SessionRequest | None] = queue.Queue()
            outbox.put(api.SessionRequest(open=self._open))
            try:
                for response in self._stub.Session(iter(outbox.get, None)):
                    if response.WhichOneof("answer") == "opened":
                        pause = 0.1
                        self._take_up(response.opened, outbox)
                    else:
                        self._take(response)
            except grpc.RpcError as error:
                if error.code() in HOPELESS:
                    self._closed.set()
                    self._fail_all(error)
            with self._lock:
                self._outbox = None
            # The request iterator of the broken stream must not wait for ever.
            outbox.put(None)
            if self._closed.is_set():
                break
            for listener in list(self.on_break):
                listener()
            # Jittered, so that many clients do not come back in step.
            self._closed.wait(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, 2.0)
        self._fail_all(RuntimeError("the session is closed"))

    def _take_up(self, opened: api.SessionOpened, outbox: queue.Queue) -> None:
        self._open.session_id = opened.session_id
        leases = {lease.lease_id for lease in opened.leases}
        for listener in list(self.on_leases):
            listener(leases)
        with self._lock:
            for request, _ in self._unanswered.values():
                outbox.put(request)
            self._outbox = outbox

    def _take(self, response: api.SessionResponse) -> None:
        with self._lock:
            _, answer = self._unanswered.pop(response.tag, (None, None))
        if answer is None:
            return
        kind = response.WhichOneof("answer")
        if kind == "failed":
            answer.set_exception(CallFailed(response.failed))
        else:
            answer.set_result(getattr(response, kind))

    def _fail_all(self, error: Exception) -> None:
        with self._lock:
            unanswered = list(self._unanswered.values())
            self._unanswered.clear()
        for _, answer in unanswered:
            answer.set_exception(error)
