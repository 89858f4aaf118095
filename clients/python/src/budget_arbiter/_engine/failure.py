"""A call to the service that failed, however it was carried."""

from __future__ import annotations

from typing import Any

import grpc

from budget_arbiter._gen import error_details_pb2, status_pb2
from budget_arbiter.errors import ArbiterRefused

#: Nobody knows whether the call had its effect, or it had none: the same again, with the same ids, is right.
AWAY = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN"}
#: Credentials may be replaced while a process runs.
FORBIDDEN = {"UNAUTHENTICATED", "PERMISSION_DENIED"}
_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


class CallFailed(Exception):
    """What the service, or the way to it, answered in place of an answer."""

    def __init__(
        self,
        code: str,
        message: str,
        reason: str = "",
        retry_after: float | None = None,
        fields: tuple[str, ...] = (),
    ):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        #: The service's own word, such as `LEASE_CLOSED`; empty where the service did not speak.
        self.reason = reason
        self.retry_after = retry_after
        #: The fields of the request that are wrong.
        self.fields = fields

    @property
    def away(self) -> bool:
        return self.code in AWAY

    def refused(self) -> ArbiterRefused:
        """The same for the caller of the package."""
        return ArbiterRefused(self.message, self.code, self.reason)


def failure_of_call(error: grpc.RpcError) -> CallFailed:
    """Of a call of its own, or of a stream that ended."""
    call: Any = error
    for key, value in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status()
            try:
                status.ParseFromString(value)
            except Exception:  # another proxy's idea of details
                break
            return failure_of_status(status)
    code = call.code()
    return CallFailed(code.name if code is not None else "UNKNOWN", call.details() or "")


def failure_of_status(status: status_pb2.Status) -> CallFailed:
    """Of a call within a session."""
    reason, retry_after, fields = "", None, []
    for detail in status.details:
        name = detail.type_url.rpartition(".")[2]
        if name == "ErrorInfo":
            info = error_details_pb2.ErrorInfo()
            info.ParseFromString(detail.value)
            reason = info.reason
        elif name == "RetryInfo":
            retry = error_details_pb2.RetryInfo()
            retry.ParseFromString(detail.value)
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        elif name == "BadRequest":
            bad = error_details_pb2.BadRequest()
            bad.ParseFromString(detail.value)
            fields = [violation.field for violation in bad.field_violations]
    return CallFailed(_CODES.get(status.code, "UNKNOWN"), status.message, reason, retry_after, tuple(fields))
