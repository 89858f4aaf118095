"""Puts LLM calls under a shared token budget.

    from budget_arbiter import wrap

    anthropic = wrap(Anthropic(), budget="anthropic", ai="guardian")

`Client` and `AsyncClient` are where to begin; `budget_arbiter.testing.FakeClient` stands for either in tests.
"""

from budget_arbiter.aio import AsyncClient
from budget_arbiter.client import Client
from budget_arbiter.errors import (
    ArbiterRefused,
    ArbiterUnavailable,
    BudgetArbiterError,
    ClientClosed,
    HttpAnswer,
    JournalInUse,
    SlotDenied,
)
from budget_arbiter.settings import Settings, SettleFailure
from budget_arbiter.slot import Slot
from budget_arbiter.usage import Usage, usage_of
from budget_arbiter.wrapping import wrap

__version__ = "0.1.0"

__all__ = [
    "ArbiterRefused",
    "ArbiterUnavailable",
    "AsyncClient",
    "BudgetArbiterError",
    "Client",
    "ClientClosed",
    "HttpAnswer",
    "JournalInUse",
    "Settings",
    "SettleFailure",
    "Slot",
    "SlotDenied",
    "Usage",
    "usage_of",
    "wrap",
]
