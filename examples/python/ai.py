"""A small AI: makes some simulated LLM calls, in slots of its own, and prints one JSON line for each slot."""

import json
import os
import time

from budget_arbiter import Client

CALLS = int(os.environ.get("CALLS", "1"))
TOKENS = int(os.environ.get("TOKENS", "200"))


def call_model(budgeted: int) -> dict[str, int]:
    """Stands for a call of a model's API: takes its time, and tells what it spent."""
    time.sleep(0.1)
    return {"input": budgeted - budgeted // 2, "output": budgeted // 2}


def main() -> None:
    client = Client(
        address=os.environ.get("ARBITER_ADDRESS", "127.0.0.1:50051"),
        budget=os.environ.get("BUDGET_ID", "anthropic"),
        ai=os.environ.get("AI_ID", "python-ai"),
        wait=float(os.environ.get("WAIT_SECONDS", "10")),
        patience=float(os.environ.get("PATIENCE_SECONDS", "600")),
    )
    for _ in range(CALLS):
        with client.slot(estimate=TOKENS) as slot:
            slot.report(**call_model(TOKENS - TOKENS // 2), model="simulated")
            slot.report(**call_model(TOKENS // 2), model="simulated")
        # The budget is told in the background. An AI need not wait for that; these lines say what was charged.
        client.flush(60)
        line = {"ai": slot.ai, "lease_id": slot.lease_id, "fence": slot.fence, "charged": slot.charged}
        if slot.denied_rules:
            line["denied_first"] = slot.denied_rules
        print(json.dumps(line), flush=True)
    client.close()


if __name__ == "__main__":
    main()
