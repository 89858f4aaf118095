"""A small AI: makes some simulated LLM calls, each in a slot of its own, and prints one JSON line for each."""

import json
import os

import grpc

from budgetarbiter.v1 import budget_pb2 as pb
from budgetarbiter.v1.budget_service_pb2_grpc import BudgetServiceStub
from slot import Slot, hold_slot

ADDRESS = os.environ.get("ARBITER_ADDRESS", "127.0.0.1:50051")
BUDGET = os.environ.get("BUDGET_ID", "anthropic")

def name(default: str) -> str:
    return os.environ.get("AI_ID", default)


AI = name("python-ai")
CALLS = int(os.environ.get("CALLS", "1"))
TOKENS = int(os.environ.get("TOKENS", "200"))
WAIT = float(os.environ.get("WAIT_SECONDS", "10"))
PATIENCE = float(os.environ.get("PATIENCE_SECONDS", "600"))


def call_model(slot: Slot, budgeted: int) -> pb.Usage:
    """Stands for a call of a model's API: takes its time, ends early when the lease is lost, tells what it spent."""
    slot.lost.wait(0.1)
    slot.check()
    spent = pb.TokenCounts(input_tokens=budgeted - budgeted // 2, output_tokens=budgeted // 2)
    return pb.Usage(model="simulated", tokens=spent)


def main() -> None:
    # Without the option, a client that found the service away may take two minutes to look again.
    options = [("grpc.max_reconnect_backoff_ms", 2_000)]
    with grpc.insecure_channel(ADDRESS, options) as channel:
        stub = BudgetServiceStub(channel)
        for _ in range(CALLS):
            with hold_slot(stub, BUDGET, AI, estimated_tokens=TOKENS, wait=WAIT, patience=PATIENCE) as slot:
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
