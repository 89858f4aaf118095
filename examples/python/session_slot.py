"""Hold a slot of a session while you work: `with hold_session_slot(...) as slot:`. No heartbeat is needed."""

import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import grpc

from budgetarbiter.v1 import budget_pb2 as pb
from budgetarbiter.v1 import budget_service_pb2 as api
from session import CallFailed, Session
from slot import OVER, REPORT_PATIENCE, SlotLost, with_id, acquire_by

# The policy's `session_grace`: a session that has not come back by then has lost its slots.
GRACE = 10.0
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE.value[0]
OVER_CODES = [code.value[0] for code in OVER]


class SessionSlot:
    """A slot that is held in a session."""

    def __init__(self, session: Session, lease: pb.Lease, denied_rules: list[str]):
        self._session = session
        self._grace: threading.Timer | None = None
        self.lease = lease
        #: The rules that had refused before the slot was granted.
        self.denied_rules = denied_rules
        #: Set when the lease is lost. `lost.wait(seconds)` is a sleep that ends then.
        self.lost = threading.Event()
        #: A last report: booked together with the release, which saves a call.
        self.final_usage: pb.Usage | None = None
        #: Tokens charged to the lease in all; complete once the slot is released.
        self.used_tokens = lease.used_tokens
        session.on_break.add(self._broken)
        session.on_leases.add(self._taken_up)

    def check(self) -> None:
        """Raises when the lease is lost. Call it between the steps of the work."""
        if self.lost.is_set():
            raise SlotLost(self.lease.lease_id)

    def record(self, usage: pb.Usage) -> int:
        """Books what one call spent, at once. Returns the tokens charged."""
        request = api.RecordUsageRequest(lease_id=self.lease.lease_id, usage=with_id(usage))
        answer = _ask(self._session, record=request)
        self.used_tokens += answer.charged_tokens
        return answer.charged_tokens

    def _release(self) -> None:
        self._session.on_break.discard(self._broken)
        self._session.on_leases.discard(self._taken_up)
        if self._grace:
            self._grace.cancel()
        usage = with_id(self.final_usage) if self.final_usage else None
        request = api.ReleaseRequest(lease_id=self.lease.lease_id, usage=usage)
        try:
            self.used_tokens = _ask(self._session, release=request).used_tokens
        except CallFailed as error:
            # Ended long ago, and nothing to report: there is nothing left to give back.
            if usage or error.status.code not in OVER_CODES:
                raise

    def _broken(self) -> None:
        if self._grace is None:
            self._grace = threading.Timer(GRACE, self.lost.set)
            self._grace.daemon = True
            self._grace.start()

    def _taken_up(self, lease_ids: set[str]) -> None:
        if self._grace:
            self._grace.cancel()
            self._grace = None
        if self.lease.lease_id not in lease_ids:
            self.lost.set()


@contextmanager
def hold_session_slot(
    session: Session,
    budget_id: str,
    ai_id: str,
    *,
    estimated_tokens: int | None = None,
    wait: float = 10.0,
    patience: float = 600.0,
) -> Iterator[SessionSlot]:
    """Acquires a slot of the session, and gives it back whatever happens. The arguments are those of `hold_slot`."""
    request = api.AcquireSlotRequest(
        budget_id=budget_id,
        ai_id=ai_id,
        # One id for all tries: if an answer is lost, the next try finds the lease in place of taking a second slot.
        request_id=str(uuid.uuid4()),
        estimated_tokens=estimated_tokens,
        wait=timedelta(seconds=wait),
    )
    lease, denied_rules = acquire_by(lambda _: _ask(session, acquire=request), patience)
    slot = SessionSlot(session, lease, denied_rules)
    try:
        yield slot
    finally:
        slot._release()


def _ask(session: Session, **call: object):
    """Repeats a call, with the same ids, while the service says that it cannot answer it now."""
    give_up_at = time.monotonic() + REPORT_PATIENCE
    pause = 0.1
    while True:
        try:
            return session.call(**call).result()
        except CallFailed as error:
            if error.status.code != UNAVAILABLE or time.monotonic() + pause > give_up_at:
                raise
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(pause * 2, 3.0)
