"""Who this client is: its token, its certificates, its metadata."""

from __future__ import annotations

import os
from pathlib import Path

import grpc

from budget_arbiter.settings import Settings, log


class Token:
    """The bearer token. A file is read again when it has changed, so a token may be replaced under a running
    process."""

    def __init__(self, token: str | None, file: str | None):
        # BUDGET_ARBITER_TOKEN may say where the token is, as orchestrators mount secrets.
        if token is not None and os.path.isabs(token) and os.path.isfile(token):
            token, file = None, token
        self._token = token
        self._file = file
        self._seen: tuple[int, int, int] | None = None

    def current(self) -> str | None:
        if self._file is not None:
            try:
                status = os.stat(self._file)
                seen = (status.st_mtime_ns, status.st_size, status.st_ino)
                if seen != self._seen:
                    self._token = Path(self._file).read_text(encoding="utf-8").strip()
                    self._seen = seen
            except OSError as error:
                # In the middle of being replaced: the one before may do.
                log.warning("the token's file cannot be read: %s", error)
        return self._token


class Credentials:
    """What each call shows, and what each connection does."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._token = Token(settings.token, settings.token_file)
        # Read where the client is made, so that a missing file is told to whoever made it.
        self._tls = self._read_tls() if settings.secure else None

    def metadata(self, budget: str) -> list[tuple[str, str]]:
        """`budget-id` lets a router that knows nothing else keep a budget's calls on one replica."""
        shown = [
            ("budget-id", budget),
            *((name.lower(), value) for name, value in self._settings.metadata.items()),
        ]
        token = self._token.current()
        if token:
            shown.append(("authorization", f"Bearer {token}"))
        return shown

    def channel(self, target: str, host: str) -> grpc.Channel:
        """A connection of its own; the certificate is checked for the name that the caller gave, not for an address
        of it."""
        options: list[tuple[str, str | int]] = [
            # A connection shared with this process's parent, or with other channels to the same place, would outlive
            # a fork.
            ("grpc.use_local_subchannel_pool", 1),
            # Without it a client that found the service away may take two minutes to look again.
            ("grpc.max_reconnect_backoff_ms", 2_000),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 500),
            # That the service, or the way to it, is gone without a word is noticed within seconds.
            ("grpc.keepalive_time_ms", 4_000),
            ("grpc.keepalive_timeout_ms", 4_000),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.enable_retries", 0),
        ]
        if self._tls is None:
            return grpc.insecure_channel(target, options)
        if target != host:
            name = host.rpartition(":")[0].strip("[]")
            options += [("grpc.ssl_target_name_override", name), ("grpc.default_authority", name)]
        return grpc.secure_channel(target, self._tls, options)

    def _read_tls(self) -> grpc.ChannelCredentials:
        def pem(file: str | None) -> bytes | None:
            return None if file is None else Path(file).read_bytes()

        own = self._settings
        return grpc.ssl_channel_credentials(pem(own.tls_ca), pem(own.tls_key), pem(own.tls_cert))
