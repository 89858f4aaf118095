"""A slot that this process holds, or a call that goes on without one."""

from __future__ import annotations

from dataclasses import dataclass, field

from budget_arbiter._gen import budget_pb2 as pb


@dataclass
class Held:
    budget: str
    ai: str
    request_id: str
    #: None while the service is away, and the call goes on without a slot.
    lease: pb.Lease | None
    #: The rules that had refused before it was granted.
    denied_rules: list[str] = field(default_factory=list)
    #: In mode OBSERVE: the rules that would have refused.
    would_deny: list[str] = field(default_factory=list)
    #: The lease ended while the work went on: the slot may be another's already. Its usage is still booked.
    lost: bool = False
    #: Tokens charged to it in all, once it is settled.
    charged: int | None = None

    @property
    def lease_id(self) -> str | None:
        return None if self.lease is None else self.lease.lease_id
