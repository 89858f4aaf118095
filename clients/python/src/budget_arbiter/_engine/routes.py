"""Which address a budget's calls go to.

Copies of the service share a budget's commits best when all its calls meet in one of them, so every client sends a
budget to the
same address: the live one with the highest hash of the two (rendezvous hashing). An address that is lost moves only
its own
budgets, and they come back to it.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from budget_arbiter.settings import log

#: How long names are believed.
RESOLVE_EVERY = 30.0
FIRST_DOWN = 0.5
LONGEST_DOWN = 30.0


@dataclass(frozen=True)
class Address:
    #: What is dialled.
    target: str
    #: What the caller named: a certificate is checked for it.
    host: str


@dataclass
class _Down:
    until: float
    pause: float


class Routes:
    def __init__(
        self,
        hosts: Sequence[str],
        resolve: Callable[[str], list[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._hosts = list(hosts)
        self._resolve = resolve or resolve_host
        self._clock = clock
        self._down: dict[Address, _Down] = {}
        self._resolved_at: float | None = None
        self._resolving = threading.Lock()
        self._addresses = [Address(host, host) for host in self._hosts]

    def refresh(self) -> None:
        """Looks the names up again, if that is due. It may take seconds: not for the loop's thread."""
        now = self._clock()
        if self._resolved_at is not None and now - self._resolved_at < RESOLVE_EVERY:
            return
        if not self._resolving.acquire(blocking=False):
            return
        try:
            found: dict[Address, None] = {}
            for host in self._hosts:
                try:
                    targets = self._resolve(host)
                except OSError as error:
                    log.warning("%s cannot be resolved: %s", host, error)
                    targets = [host]
                # One address is left to gRPC, which looks the name up each time that it connects.
                several = len(targets) > 1
                found.update((Address(target if several else host, host), None) for target in targets)
            self._addresses = list(found)
            self._resolved_at = now
        finally:
            self._resolving.release()

    def ranked(self, budget: str) -> list[Address]:
        """All addresses, this budget's own first."""
        return sorted(self._addresses, key=lambda address: _weight(budget, address.target), reverse=True)

    def order(self, budget: str) -> list[Address]:
        """The same, but those that were not reached lately come last, in case that is over."""
        return sorted(self.ranked(budget), key=lambda address: not self.is_live(address))

    def is_live(self, address: Address) -> bool:
        down = self._down.get(address)
        return down is None or self._clock() >= down.until

    def lost(self, address: Address) -> None:
        before = self._down.get(address)
        pause = FIRST_DOWN if before is None else min(before.pause * 2, LONGEST_DOWN)
        self._down[address] = _Down(self._clock() + pause, pause)

    def reached(self, address: Address) -> None:
        self._down.pop(address, None)


def resolve_host(host: str) -> list[str]:
    """The addresses of `host:port`: those of one family, since two families are two ways to the same place."""
    if host.startswith(("unix:", "ipv4:", "ipv6:", "xds:")):
        return [host]
    name, _, port = host.removeprefix("dns:///").rpartition(":")
    if not name:
        return [host]
    found = socket.getaddrinfo(name.strip("[]"), int(port), type=socket.SOCK_STREAM)
    v4 = [f"{entry[4][0]!s}:{entry[4][1]!s}" for entry in found if entry[0] == socket.AF_INET]
    v6 = [f"[{entry[4][0]!s}]:{entry[4][1]!s}" for entry in found if entry[0] == socket.AF_INET6]
    return list(dict.fromkeys(v4 or v6)) or [host]


def _weight(budget: str, target: str) -> bytes:
    return hashlib.sha256(f"{budget}\n{target}".encode()).digest()
