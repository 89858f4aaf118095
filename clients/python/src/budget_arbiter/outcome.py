"""How a call to a vendor ended, by its exception, and so what becomes of its slot."""

from __future__ import annotations

from enum import Enum

_UNREACHED = {
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "NewConnectionError",
    "ConnectTimeoutError",
    "ClientConnectorError",
    "ConnectionTimeoutError",
    "gaierror",
    "ConnectionRefusedError",
    "SSLCertVerificationError",
}
_BROKEN = {
    "ReadError",
    "ReadTimeout",
    "WriteError",
    "WriteTimeout",
    "RemoteProtocolError",
    "APITimeoutError",
    "TimeoutError",
    "Timeout",
    "ConnectionResetError",
    "ConnectionAbortedError",
    "BrokenPipeError",
    "IncompleteRead",
    "ProtocolError",
    "ServerDisconnectedError",
    "ClientPayloadError",
    "ClientOSError",
    "ServerTimeoutError",
    "ReadTimeoutError",
}
_MOST_CAUSES = 10


class Ending(Enum):
    """How far a call came that had no answer."""

    #: Nothing was asked of the vendor.
    UNREACHED = "unreached"
    #: The vendor answered that it will not, or the caller's own code failed: nothing was spent.
    REFUSED = "refused"
    #: The vendor was asked, and nobody knows what it did.
    UNKNOWN = "unknown"


def ending_of(error: BaseException) -> Ending:
    """By the exception and what caused it. The vendors' libraries wrap those of their HTTP client, which are told by
    name."""
    if not isinstance(error, Exception):
        # Cancelled or interrupted: under way at the vendor, who goes on for all that is known.
        return Ending.UNKNOWN
    causes = _causes(error)
    if any(_status(cause) is not None for cause in causes):
        return Ending.REFUSED
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    # Not the base classes of these: a connection that timed out is a timeout, too.
    own = {type(cause).__name__ for cause in causes}
    if own & _UNREACHED:
        return Ending.UNREACHED
    if names & _BROKEN:
        return Ending.UNKNOWN
    if "APIConnectionError" in names and len(causes) == 1:
        return Ending.UNKNOWN
    return Ending.REFUSED


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found and len(found) < _MOST_CAUSES:
        found.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return status
    return None
