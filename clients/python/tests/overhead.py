"""What a slot costs the caller, beside a bare gRPC call of Python in the same run: `python overhead.py`, with the
service's address in `BUDGET_ARBITER_ADDRESS` and a budget of preset CALLS in `BUDGET_ARBITER_BUDGET`. Prints one JSON
line, in microseconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import grpc

from budget_arbiter import Client

WARM = 100
ROUNDS = 1_000
METHOD = "/echo.Echo/Call"


def serve() -> None:
    handler = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("echo.Echo", {"Call": handler})])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


def measure(work: Callable[[], object]) -> int:
    taken = []
    for _ in range(WARM + ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return round(median(taken[WARM:]) * 1e6)


def main() -> None:
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{server.stdout.readline().strip()}") as channel:
            call = channel.unary_unary(METHOD)
            echo = measure(lambda: call(b"x" * 50))
    finally:
        server.kill()
    with Client.from_env(ai="overhead") as client:

        def slot() -> None:
            with client.slot(estimate=100) as held:
                held.report(input=1)

        print(json.dumps({"echo_p50_us": echo, "slot_p50_us": measure(slot)}))


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
