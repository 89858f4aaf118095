"""How a client reaches the service, and how it behaves."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from budget_arbiter._gen import budget_pb2 as pb

log = logging.getLogger("budget_arbiter")

PREFIX = "BUDGET_ARBITER_"
DEFAULT_ADDRESS = "127.0.0.1:50051"


@dataclass(frozen=True)
class SettleFailure:
    """What could not be settled: nobody will try again."""

    budget: str
    ai: str
    lease_id: str | None
    #: What was spent and is not booked; None for a slot that could not be given back, which ends by itself.
    usage: pb.Usage | None
    error: Exception


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of a client. `Client` and `AsyncClient` take them as keywords."""

    #: `host:port`, several of them separated by commas, or a list. A host name may stand for several addresses.
    address: str | Sequence[str] = DEFAULT_ADDRESS
    #: The budget of calls that name none.
    budget: str | None = None
    #: The AI of calls that name none.
    ai: str | None = None
    #: The bearer token.
    token: str | None = field(default=None, repr=False)
    #: A file with it, read again when it changes.
    token_file: str | None = None
    #: TLS with the system's authorities. `tls_ca`, or a certificate of one's own, implies it.
    tls: bool = False
    #: PEM files: the authorities that sign the service; this client's certificate, and its key.
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    #: `session`: one stream under all slots, so that a crash frees them in seconds. `unary`: calls and a heartbeat,
    #: where a
    #: stream cannot live.
    transport: Literal["session", "unary"] = "session"
    #: Seconds to stand in the service's queue for a slot, where all have their turns. 0: ask and come back
    #: later.
    wait: float = 10.0
    #: Seconds for all of it: waiting, coming back, the service being away.
    patience: float = 60.0
    #: Seconds that one call to the service may take, beyond its wait.
    deadline: float = 5.0
    #: Whether the budgets are tried that a denial names.
    fallback: bool = False
    #: Whether a call goes on without a slot while the service is away; else `ArbiterUnavailable`.
    fail_open: bool = False
    #: Metadata of every call to the service.
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: Labels of every lease, for operators.
    labels: Mapping[str, str] = field(default_factory=dict)
    #: A file in which what is to be settled survives a crash. One process a file.
    journal: str | os.PathLike[str] | None = None
    #: Called, on a thread of the client, with what could not be settled.
    on_settle_failure: Callable[[SettleFailure], None] | None = None

    def __post_init__(self) -> None:
        if not self.addresses:
            raise ValueError("address must name a host and a port")
        if self.transport not in ("session", "unary"):
            raise ValueError(f"transport must be session or unary, not {self.transport!r}")
        for name in ("wait", "patience", "deadline"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more seconds")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together")
        if self.token is not None and self.token_file is not None:
            raise ValueError("either token or token_file")

    @property
    def addresses(self) -> list[str]:
        """Each that was given, by itself."""
        given = self.address.split(",") if isinstance(self.address, str) else self.address
        return [one.strip() for one in given if one.strip()]

    @property
    def secure(self) -> bool:
        """Whether calls go over TLS."""
        return self.tls or self.tls_ca is not None or self.tls_cert is not None


def settings_from_env(environ: Mapping[str, str], **given: Any) -> Settings:
    """The settings that the environment names; those given as keywords come first."""
    known = {one.name for one in fields(Settings)}
    named: dict[str, Any] = {}
    for name in (
        "address",
        "token",
        "token_file",
        "tls_ca",
        "tls_cert",
        "tls_key",
        "budget",
        "ai",
        "journal",
        "transport",
    ):
        value = environ.get(PREFIX + name.upper())
        if value:
            named[name] = value
    for name in ("fail_open", "fallback"):
        value = environ.get(PREFIX + name.upper())
        if value:
            named[name] = _truth(PREFIX + name.upper(), value)
    for name in ("wait", "patience", "deadline"):
        value = environ.get(PREFIX + name.upper())
        if value:
            named[name] = float(value)
    if "token" in given or "token_file" in given:
        named.pop("token", None)
        named.pop("token_file", None)
    unknown = set(given) - known
    if unknown:
        raise TypeError(f"unknown settings: {', '.join(sorted(unknown))}")
    return Settings(**{**named, **given})


def _truth(name: str, value: str) -> bool:
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"{name} must be true or false, not {value!r}")
