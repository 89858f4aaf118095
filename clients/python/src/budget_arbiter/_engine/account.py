"""What is to be settled of one slot, step by step."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from budget_arbiter._engine.lease import Held
from budget_arbiter._gen import budget_pb2 as pb

#: What becomes of what was reserved and not reported.
Unreported = Literal["FREE", "PRESUME", "UNUSED"]


@dataclass
class Step:
    """A report, the giving back, or both in one. Repeated with the same ids until its effect is known."""

    usage: pb.Usage | None = None
    unreported: Unreported | None = None
    #: When it was first tried, by the wall clock: the service remembers ids for seven days.
    first_tried: float | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def to_json(self) -> dict[str, Any]:
        usage = None if self.usage is None else base64.b64encode(self.usage.SerializeToString()).decode()
        return {
            "step": self.id,
            "usage": usage,
            "unreported": self.unreported,
            "first_tried": self.first_tried,
        }

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Step:
        usage = None if stored["usage"] is None else pb.Usage.FromString(base64.b64decode(stored["usage"]))
        return Step(usage, stored["unreported"], stored["first_tried"], stored["step"])


@dataclass
class Account:
    held: Held
    steps: deque[Step] = field(default_factory=deque)
    #: The service no longer knows the lease.
    forgotten: bool = False
    task: asyncio.Task[None] | None = None
    #: Set when there is something to do, or more to do with it.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def to_json(self) -> dict[str, Any]:
        held = self.held
        return {
            "budget": held.budget,
            "ai": held.ai,
            "request_id": held.request_id,
            "lease_id": held.lease_id,
        }

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Account:
        lease = pb.Lease(lease_id=stored["lease_id"]) if stored["lease_id"] else None
        return Account(Held(stored["budget"], stored["ai"], stored["request_id"], lease))
