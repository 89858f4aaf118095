"""What is to be settled, on disk: a crash of the process loses nothing of it.

One line for each step that is to be taken, and one when it is; a step whose second line is missing is taken again,
with its ids,
by the next process that opens the file. Tokens and certificates are not in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import threading
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from budget_arbiter._engine.account import Account, Step
from budget_arbiter.errors import JournalInUse
from budget_arbiter.settings import log

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Beyond so many bytes the file begins anew with what is open.
LARGEST = 1 << 20


class Journal:
    """All but the writing happens on the loop; the writing on a thread, where one flush carries all that came
    meanwhile."""

    def __init__(self, path: str | os.PathLike[str]):
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self._path.with_name(self._path.name + ".lock"))
        self._lines: dict[str, dict[str, Any]] = {}
        for line in _read(self._path):
            if "done" in line:
                self._lines.pop(line["done"], None)
            else:
                self._lines[line["step"]] = line
        self._file = self._begin_anew(list(self._lines.values()))
        self._work: queue.SimpleQueue[tuple[bytes, asyncio.Future[None] | None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="budget-arbiter-journal", daemon=True)
        self._thread.start()

    def unsettled(self) -> list[tuple[Account, list[Step]]]:
        """What a process before this one left, by slot."""
        accounts: dict[str, tuple[Account, list[Step]]] = {}
        for line in self._lines.values():
            account = accounts.setdefault(line["request_id"], (Account.from_json(line), []))
            account[1].append(Step.from_json(line))
        return list(accounts.values())

    def add(self, account: Account, step: Step) -> Awaitable[None]:
        """Done once it is on the disk."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._append(account, step, written)
        return written

    def replace(self, account: Account, former: Step, step: Step) -> None:
        self._append(account, step, None)
        self.done(former)

    def done(self, step: Step) -> None:
        if self._lines.pop(step.id, None) is not None:
            self._work.put((_line({"done": step.id}), None))

    def close(self) -> None:
        self._work.put(None)
        self._thread.join(5)
        self._file.close()
        self._lock.close()

    def forget(self) -> None:
        """In a child, after a fork: the parent alone has the lock."""
        os.close(self._lock.fileno())

    def _append(self, account: Account, step: Step, written: asyncio.Future[None] | None) -> None:
        line = {**account.to_json(), **step.to_json()}
        self._lines[step.id] = line
        self._work.put((_line(line), written))

    def _write(self) -> None:
        while True:
            batch = [self._work.get()]
            while not self._work.empty():
                batch.append(self._work.get())
            ending = batch[-1] is None
            work = [one for one in batch if one is not None]
            error: OSError | None = None
            try:
                self._file.write(b"".join(line for line, _ in work))
                self._file.flush()
                if any(written for _, written in work):
                    os.fsync(self._file.fileno())
                if self._file.tell() > LARGEST:
                    self._file.close()
                    self._file = self._begin_anew(list(self._lines.values()))
            except OSError as problem:
                log.error("the journal %s cannot be written: %s", self._path, problem)
                error = problem
            for _, written in work:
                if written is not None:
                    _tell(written, error)
            if ending:
                return

    def _begin_anew(self, lines: list[dict[str, Any]]) -> Any:
        fresh = self._path.with_name(self._path.name + ".new")
        file = open(fresh, "wb")  # noqa: SIM115
        file.write(b"".join(_line(line) for line in lines))
        file.flush()
        os.fsync(file.fileno())
        os.replace(fresh, self._path)
        return file


def _tell(written: asyncio.Future[None], error: OSError | None) -> None:
    """A disk that fails is logged; the caller's result does not hang on it."""

    def tell() -> None:
        if not written.done():
            written.set_result(None)

    try:
        written.get_loop().call_soon_threadsafe(tell)
    except RuntimeError:
        log.debug("the loop ended before the journal did: %s", error)


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            # The last line of a process that died while it wrote: nobody had its result yet.
            log.warning("a line of the journal %s is not whole, and is passed over", path)
    return lines


def _lock(path: Path) -> Any:
    file = open(path, "ab")  # noqa: SIM115
    if fcntl is None:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise JournalInUse(f"{path}: another process has this journal") from error
    return file
