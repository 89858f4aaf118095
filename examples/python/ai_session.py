"""The small AI of `ai.py` in a session: one stream for all its calls, no heartbeat; a crash frees its slot in seconds."""

import json

import grpc

from ai import ADDRESS, BUDGET, CALLS, PATIENCE, TOKENS, WAIT, call_model, name
from budgetarbiter.v1.budget_service_pb2_grpc import BudgetServiceStub
from session import Session
from session_slot import hold_session_slot

AI = name("python-session-ai")


def main() -> None:
    options = [
        # Without it, a client that found the service away may take two minutes to look again, far beyond the grace.
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # So that it notices within seconds that the service, or the way to it, is gone without a word.
        ("grpc.keepalive_time_ms", 4_000),
        ("grpc.keepalive_timeout_ms", 2_000),
    ]
    with grpc.insecure_channel(ADDRESS, options) as channel:
        with Session(BudgetServiceStub(channel), BUDGET, AI) as session:
            for _ in range(CALLS):
                with hold_session_slot(
                    session, BUDGET, AI, estimated_tokens=TOKENS, wait=WAIT, patience=PATIENCE
                ) as slot:
                    slot.record(call_model(slot, TOKENS - TOKENS // 2))
                    slot.final_usage = call_model(slot, TOKENS // 2)
                line = {
                    "ai": AI,
                    "lease_id": slot.lease.lease_id,
                    "fence": slot.lease.fence,
                    "charged": slot.used_tokens,
                }
                if slot.denied_rules:
                    line["denied_first"] = slot.denied_rules
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
