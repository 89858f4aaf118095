"""The real service, in a process of its own, on free ports and a store of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
ENTRY = os.environ.get("BUDGET_ARBITER_ENTRY", str(ROOT / "dist/main.js"))
OWN = ("GRPC_ADDRESS", "HTTP_ADDRESS", "MONGODB_URI", "DATA_DIR", "CONFIG_FILE", "DEFAULT_BUDGET", "LOG_LEVEL")


class Service:
    def __init__(self, **env: str):
        self._data = tempfile.TemporaryDirectory(prefix="arbiter-")
        self._env = {name: value for name, value in os.environ.items() if name not in OWN}
        self._env |= {"HTTP_ADDRESS": "127.0.0.1:0", "GRPC_ADDRESS": "127.0.0.1:0", "DATA_DIR": self._data.name, **env}
        self.address = ""
        self.token = ""
        self.start()

    def start(self) -> None:
        """Also again, after `kill`, at the same address."""
        self._process = subprocess.Popen(
            ["node", ENTRY], env=self._env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("msg") == "listening":
                self.address, self._http = said["grpc"], said["http"]
                self._env["GRPC_ADDRESS"] = self.address
                break
        else:
            raise RuntimeError("the service does not start: npm run build?")
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self, frozen: bool) -> None:
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def stop(self) -> None:
        self.kill()
        self._data.cleanup()

    def call(self, service: str, method: str, **body: Any) -> Any:
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        url = f"http://{self._http}/budgetarbiter.v1.{service}/{method}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
            return json.load(answer)

    def budget(self, name: str, **policy: Any) -> str:
        policy = {"monthly_limit": "1000000000", "session_grace": "1s", **policy}
        self.call("BudgetAdminService", "CreateBudget", budget_id=name, preset="PRESET_CALLS", policy=policy)
        return name

    def books(self, budget: str) -> dict[str, int]:
        """tokens, calls, failed, presumed, live."""
        stats = self.call("BudgetService", "GetDistribution", budget_id=budget)["distributionStats"]
        return {
            "tokens": int(stats["monthlyDistribution"].get("totalTokens", 0)),
            "calls": int(stats.get("calls", 0)),
            "failed": int(stats.get("failedCalls", 0)),
            "presumed": int(stats.get("presumedTokens", 0)),
            "live": int(stats["rateLimitingStatus"].get("activeRequests", 0)),
        }

    def kinds(self, budget: str) -> dict[str, int]:
        """The month by AI."""
        stats = self.call("BudgetService", "GetDistribution", budget_id=budget)["distributionStats"]
        return {entry["aiId"]: int(entry.get("tokens", 0)) for entry in stats.get("byAi", [])}
