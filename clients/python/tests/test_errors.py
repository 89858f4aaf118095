import json
import pickle
from datetime import timedelta

import pytest

from budget_arbiter import SlotDenied
from budget_arbiter._gen import budget_pb2 as pb


def denied(rules: list[int], retry_after: float | None = None, permanent: bool = False) -> SlotDenied:
    denial = pb.Denial(permanent=permanent, fallback_budget_ids=["spare"])
    for rule in rules:
        denial.blockers.add(rule=rule, message=f"rule {rule}")
    if retry_after is not None:
        denial.retry_after.FromTimedelta(timedelta(seconds=retry_after))
    return SlotDenied(denial, "b", "a")


def test_says_what_the_service_said() -> None:
    error = denied([pb.RULE_COOLDOWN, pb.RULE_HOURLY_CAP], 12.5)
    assert error.rules == ["COOLDOWN", "HOURLY_CAP"]
    assert (error.retry_after, error.permanent, error.fallback_budget_ids) == (12.5, False, ["spare"])
    assert error.message == str(error) == "rule 4; rule 7"


def test_a_rule_of_a_later_release_is_a_refusal_like_others() -> None:
    assert denied([999]).rules == ["999"]


@pytest.mark.parametrize(
    ("error", "status", "retry_after", "should_retry"),
    [
        (denied([pb.RULE_CONCURRENCY], 0.2), 429, "1", None),
        (denied([pb.RULE_CONCURRENCY], 60), 429, "60", None),
        (denied([pb.RULE_HOURLY_CAP], 60.5), 429, "61", "false"),
        (denied([pb.RULE_MONTHLY_CAP], 86_400), 429, "86400", "false"),
        (denied([pb.RULE_REQUEST_TOO_LARGE], permanent=True), 400, None, "false"),
        (denied([pb.RULE_PAUSED]), 503, None, "false"),
    ],
)
def test_to_http(error: SlotDenied, status: int, retry_after: str | None, should_retry: str | None) -> None:
    answer = error.to_http()
    assert (answer.status, answer.headers.get("retry-after")) == (status, retry_after)
    assert answer.headers.get("x-should-retry") == should_retry
    assert answer.headers.get("X-Should-Retry") == should_retry
    assert ("Retry-After" in answer.headers) == (retry_after is not None)
    assert json.loads(answer.body)["error"]["rules"] == error.rules


def test_crosses_processes() -> None:
    copy = pickle.loads(pickle.dumps(denied([pb.RULE_COOLDOWN], 3)))
    assert (copy.rules, copy.retry_after, copy.budget) == (["COOLDOWN"], 3.0, "b")
