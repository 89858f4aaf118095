"""Hold a slot of the budget arbiter while you work: `with hold_slot(...) as slot:`."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import grpc

from budgetarbiter.v1 import budget_pb2 as pb
from budgetarbiter.v1 import budget_service_pb2 as api
from budgetarbiter.v1.budget_service_pb2_grpc import BudgetServiceStub

AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
OVER = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND)
CALL_TIMEOUT = 5.0
# How long a report or a release is repeated while the service is away.
REPORT_PATIENCE = 60.0

Response = TypeVar("Response")


class SlotDenied(Exception):
    """No slot: waiting does not help, or would take longer than the caller has patience."""

    def __init__(self, denial: pb.Denial):
        super().__init__("; ".join(blocker.message for blocker in denial.blockers))
        self.denial = denial


class SlotLost(Exception):
    """The lease ended while the work was under way; the slot may be another's already."""


class Slot:
    """A slot that is held."""

    def __init__(self, stub: BudgetServiceStub, lease: pb.Lease, denied_rules: list[str]):
        self._stub = stub
        self._stopped = threading.Event()
        self.lease = lease
        #: The rules that had refused before the slot was granted.
        self.denied_rules = denied_rules
        #: Set when the lease is lost. `lost.wait(seconds)` is a sleep that ends then.
        self.lost = threading.Event()
        #: A last report: booked together with the release, which saves a call.
        self.final_usage: pb.Usage | None = None
        #: Tokens charged to the lease in all; complete once the slot is released.
        self.used_tokens = lease.used_tokens

    def check(self) -> None:
        """Raises when the lease is lost. Call it between the steps of the work."""
        if self.lost.is_set():
            raise SlotLost(self.lease.lease_id)

    def record(self, usage: pb.Usage) -> int:
        """Books what one call spent, at once. Returns the tokens charged."""
        request = api.RecordUsageRequest(lease_id=self.lease.lease_id, usage=with_id(usage))
        answer = _retry(self._stub.RecordUsage, request, patience=REPORT_PATIENCE)
        self.used_tokens += answer.charged_tokens
        return answer.charged_tokens

    def _release(self) -> None:
        usage = with_id(self.final_usage) if self.final_usage else None
        request = api.ReleaseRequest(lease_id=self.lease.lease_id, usage=usage)
        try:
            self.used_tokens = _retry(self._stub.Release, request, patience=REPORT_PATIENCE).used_tokens
        except grpc.RpcError as error:
            # Ended long ago, and nothing to report: there is nothing left to give back.
            if usage or error.code() not in OVER:
                raise

    def _keep_alive(self) -> None:
        """Renews at a third of the time left: at a third of the TTL, and ever sooner while the service is away."""
        request = api.RenewSlotRequest(lease_id=self.lease.lease_id)
        # Counted from the answer on the monotonic clock, since this machine's wall clock may differ from the service's.
        ends_at = time.monotonic() + _seconds(self.lease.expires_in)
        while (left := ends_at - time.monotonic()) > 0:
            if self._stopped.wait(min(left, max(left / 3, 0.1))):
                return
            sent_at = time.monotonic()
            try:
                answer = self._stub.RenewSlot(request, timeout=max(left / 3, 0.1))
                ends_at = sent_at + _seconds(answer.lease.expires_in)
            except grpc.RpcError as error:
                if error.code() in OVER:
                    break
        if not self._stopped.is_set():
            self.lost.set()


@contextmanager
def hold_slot(
    stub: BudgetServiceStub,
    budget_id: str,
    ai_id: str,
    *,
    estimated_tokens: int | None = None,
    wait: float = 10.0,
    patience: float = 600.0,
) -> Iterator[Slot]:
    """Acquires a slot, keeps it alive, and gives it back whatever happens.

    `wait`: seconds to stand in the service's queue, which serves first who used least; 0 asks and comes back later.
    `patience`: give up after so many seconds.
    """
    request = api.AcquireSlotRequest(
        budget_id=budget_id,
        ai_id=ai_id,
        # One id for all tries: if an answer is lost, the next try finds the lease in place of taking a second slot.
        request_id=str(uuid.uuid4()),
        estimated_tokens=estimated_tokens,
        wait=timedelta(seconds=wait),
    )
    def ask(left: float) -> api.AcquireSlotResponse:
        return _retry(stub.AcquireSlot, request, patience=left, timeout=CALL_TIMEOUT + wait)

    slot = Slot(stub, *acquire_by(ask, patience))
    heartbeat = threading.Thread(target=slot._keep_alive, daemon=True)
    heartbeat.start()
    try:
        yield slot
    finally:
        slot._stopped.set()
        heartbeat.join()
        slot._release()


def acquire_by(
    ask: Callable[[float], api.AcquireSlotResponse], patience: float
) -> tuple[pb.Lease, list[str]]:
    """Asks until the slot is granted, and comes back no earlier than a denial says. Returns the rules that had refused, too.

    `ask` is called with the seconds of patience that are left.
    """
    give_up_at = time.monotonic() + patience
    denied_rules: dict[str, None] = {}
    while True:
        left = give_up_at - time.monotonic()
        answer = ask(left)
        if answer.WhichOneof("outcome") == "granted":
            return answer.granted.lease, list(denied_rules)
        denial = answer.denied
        for blocker in denial.blockers:
            denied_rules[pb.Rule.Name(blocker.rule).removeprefix("RULE_")] = None
        # Nobody knows how long a pause lasts: then look again every few seconds.
        pause = _seconds(denial.retry_after) if denial.HasField("retry_after") else 5.0
        if denial.permanent or time.monotonic() + pause > give_up_at:
            raise SlotDenied(denial)
        # Somewhat later than told, so that many clients do not come back in step.
        time.sleep(pause + random.uniform(0, 0.1))


def _retry(
    method: Callable[..., Response], request: object, *, patience: float, timeout: float = CALL_TIMEOUT
) -> Response:
    """Repeats a call while the service is away or its answer was lost.

    Safe for every write of the API, because the request carries ids: the same request again has one effect.
    """
    give_up_at = time.monotonic() + patience
    pause = 0.1
    while True:
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            if error.code() not in AWAY or time.monotonic() + pause > give_up_at:
                raise
        # Jittered, so that many clients do not come back in step.
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(pause * 2, 3.0)


def with_id(usage: pb.Usage) -> pb.Usage:
    """The id is made once per report, not per try: so a retry is booked once."""
    if not usage.usage_id:
        usage.usage_id = str(uuid.uuid4())
    return usage


def _seconds(duration) -> float:
    return duration.ToTimedelta().total_seconds()
