"""What `Client` and `AsyncClient` have in common: settings, the engine beneath, and its end with the process."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing.util
import os
import threading
from collections.abc import Mapping
from typing import Any, TypeVar

from budget_arbiter._engine.acquire import Wanted
from budget_arbiter._engine.engine import Engine
from budget_arbiter._engine.text import MOST_OF_A_MODEL, clean
from budget_arbiter.errors import ClientClosed
from budget_arbiter.settings import Settings, settings_from_env
from budget_arbiter.slot import Backend
from budget_arbiter.usage import Usage

Self = TypeVar("Self", bound="BaseClient")
#: What `slot` takes and whoever wraps passes on.
SLOT_OPTIONS = {"at_least", "wait", "patience", "fallback", "fail_open", "labels", "lease_ttl"}
#: How long the end of a process waits for what is to be settled, if nobody closed the client.
AT_EXIT = 5.0

_engines: set[Engine] = set()
_starting = threading.Lock()
#: Of the parent, in a child that was forked: never touched, since their connections are the parent's.
_of_the_parent: list[object] = []


class BaseClient:
    def __init__(self, address: str | list[str] | None = None, /, **settings: Any):
        if address is not None:
            settings["address"] = address
        self._set_up(Settings(**settings))

    @classmethod
    def from_env(cls: type[Self], **settings: Any) -> Self:
        """A client as `BUDGET_ARBITER_ADDRESS`, `_TOKEN`, `_TLS_CA`, `_TLS_CERT`, `_TLS_KEY`, `_BUDGET`, `_AI` and
        `_FAIL_OPEN`
        say; keywords come first.
        """
        client = cls.__new__(cls)
        client._set_up(settings_from_env(os.environ, **settings))
        return client

    def _set_up(self, settings: Settings) -> None:
        self.settings = settings
        self._backend: Backend | None = None
        self._closed = False
        if settings.journal is not None:
            # What a process before this one left is settled now, and who may not have the file hears it at once.
            self._engine()

    def _engine(self) -> Backend:
        """Started by the first slot, by a journal at once; and anew in a child after a fork."""
        backend = self._backend
        if backend is not None and backend.pid == os.getpid():
            return backend
        with _starting:
            if self._closed:
                raise ClientClosed("the client is closed")
            backend = self._backend
            if backend is None or backend.pid != os.getpid():
                _of_the_parent.append(backend)
                backend = self._backend = self._start()
        return backend

    def _start(self) -> Backend:
        engine = Engine(self.settings)
        _engines.add(engine)
        return engine

    def _wanted(
        self,
        budget: str | None,
        ai: str | None,
        estimate: int | None = None,
        expected: Usage | None = None,
        at_least: int | None = None,
        model: str = "",
        wait: float | None = None,
        patience: float | None = None,
        fallback: bool | None = None,
        fail_open: bool | None = None,
        labels: Mapping[str, str] | None = None,
        lease_ttl: float | None = None,
    ) -> Wanted:
        own = self.settings
        budget, ai = budget or own.budget, ai or own.ai
        if not budget or not ai:
            missing = "budget" if not budget else "ai"
            raise ValueError(f"{missing} is not named, neither here nor by the client")
        return Wanted(
            budget=budget,
            ai=ai,
            wait=own.wait if wait is None else wait,
            patience=own.patience if patience is None else patience,
            estimate=estimate,
            expected=expected,
            at_least=at_least,
            model=clean(model, MOST_OF_A_MODEL),
            labels={**own.labels, **(labels or {})},
            lease_ttl=lease_ttl,
            fallback=own.fallback if fallback is None else fallback,
            fail_open=own.fail_open if fail_open is None else fail_open,
        )

    def _take_backend(self) -> Backend | None:
        """For the end: none if there is nothing to end."""
        with _starting:
            self._closed = True
            backend, self._backend = self._backend, None
        if backend is None or backend.pid != os.getpid():
            return None
        if isinstance(backend, Engine):
            _engines.discard(backend)
        return backend


def _forked() -> None:
    global _starting
    _starting = threading.Lock()
    for engine in _engines:
        engine.forget()
    _of_the_parent.extend(_engines)
    _engines.clear()


def _end_all() -> None:
    while _engines:
        engine = _engines.pop()
        # The process ends: there is nobody to tell.
        with contextlib.suppress(Exception):
            engine.close(AT_EXIT).result(AT_EXIT + 5)


def _end_with_multiprocessing(_: object) -> None:
    """Whose children end without `atexit`, and forget with each fork what was to be done at their end."""
    multiprocessing.util.Finalize(None, _end_all, exitpriority=10)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
atexit.register(_end_all)
_end_with_multiprocessing(None)
multiprocessing.util.register_after_fork(_end_all, _end_with_multiprocessing)
