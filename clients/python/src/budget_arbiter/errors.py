"""What a caller of this package may meet. All of it is a `BudgetArbiterError`."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from budget_arbiter._gen import budget_pb2 as pb

#: Up to this a client may be told to sleep. The vendors' own libraries sleep as long as a `Retry-After` says, some
#: for days.
LONGEST_TOLD_SLEEP = 60.0


class Headers(dict[str, str]):
    """Names in lower case, found in any."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The header of this name, in whatever case."""
        return super().get(name.lower(), default)


class HttpAnswer(NamedTuple):
    """A denial as an HTTP server should answer it."""

    #: 400 for good, 503 while the budget is paused, else 429.
    status: int
    #: Names in lower case, found in any.
    headers: dict[str, str]
    body: bytes


class BudgetArbiterError(Exception):
    """Base of all errors of this package."""


class ClientClosed(BudgetArbiterError):
    """The client was closed."""


class JournalInUse(BudgetArbiterError, OSError):
    """Another process has this journal."""


class ArbiterUnavailable(BudgetArbiterError):
    """The service did not answer for as long as the caller had patience."""


class ArbiterRefused(BudgetArbiterError):
    """The service refuses this request for what it says, or for who asks: only another configuration mends it.

    `code` is the gRPC code's name such as `PERMISSION_DENIED`, `reason` the service's own word such as
    `BUDGET_NOT_FOUND`.
    """

    def __init__(self, message: str, code: str, reason: str):
        super().__init__(message)
        self.code = code
        self.reason = reason


class SlotDenied(BudgetArbiterError):
    """No slot: the budget's rules refuse, and waiting does not help or would take longer than the caller has patience.

    An ordinary answer of the service. It has spent nothing.
    """

    def __init__(self, denial: pb.Denial, budget: str = "", ai: str = ""):
        #: What the rules say, for a person.
        self.message = "; ".join(blocker.message for blocker in denial.blockers) or "denied"
        super().__init__(self.message)
        self.budget = budget
        self.ai = ai
        #: Every rule that refuses, such as `HOURLY_CAP`; a rule that this version does not know by its number.
        self.rules = [rule_name(blocker.rule) for blocker in denial.blockers]
        #: Seconds after which asking again may help; None if nobody knows or no waiting helps.
        self.retry_after = denial.retry_after.ToTimedelta().total_seconds() if denial.HasField("retry_after") else None
        #: No waiting helps: ask for less.
        self.permanent = denial.permanent
        #: Budgets to ask instead, best first.
        self.fallback_budget_ids = list(denial.fallback_budget_ids)
        #: All that the service said.
        self.denial = denial

    def __reduce__(self) -> tuple[type[SlotDenied], tuple[pb.Denial, str, str]]:
        return type(self), (self.denial, self.budget, self.ai)

    def to_http(self) -> HttpAnswer:
        """The answer that a server gives to its own caller: 400 for good, 503 while paused, else 429.

        With more than a minute to wait, `x-should-retry: false` keeps the vendors' libraries from sleeping as long.
        """
        headers = Headers({"content-type": "application/json"})
        if self.permanent:
            status = 400
        elif "PAUSED" in self.rules:
            status = 503
        else:
            status = 429
        if status != 400 and self.retry_after is not None:
            headers["retry-after"] = str(max(1, math.ceil(self.retry_after)))
        if status == 400 or self.retry_after is None or self.retry_after > LONGEST_TOLD_SLEEP:
            headers["x-should-retry"] = "false"
        body = {
            "error": {
                "type": "budget_denied",
                "code": "budget_denied",
                "message": self.message,
                "rules": self.rules,
                "retry_after": self.retry_after,
                "permanent": self.permanent,
                "fallback_budget_ids": self.fallback_budget_ids,
            }
        }
        return HttpAnswer(status, headers, json.dumps(body).encode())


def rule_name(rule: int) -> str:
    """The name without its prefix; of a rule that a later release of the service added, its number."""
    try:
        return pb.Rule.Name(rule).removeprefix("RULE_")
    except ValueError:
        return str(rule)
