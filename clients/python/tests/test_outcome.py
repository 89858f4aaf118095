import asyncio
import socket

import pytest

from budget_arbiter.outcome import Ending, ending_of


def made(
    name: str, *, cause: BaseException | None = None, base: type[Exception] = Exception, **attributes: int
) -> Exception:
    error = type(name, (base,), attributes)("x")
    error.__cause__ = cause
    return error


APIConnectionError = type("APIConnectionError", (Exception,), {})


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (made("APIConnectionError", cause=made("ConnectError", cause=ConnectionRefusedError())), Ending.UNREACHED),
        (made("APITimeoutError", cause=made("ConnectTimeout"), base=APIConnectionError), Ending.UNREACHED),
        (made("APITimeoutError", cause=made("ReadTimeout"), base=APIConnectionError), Ending.UNKNOWN),
        (made("APITimeoutError", base=APIConnectionError), Ending.UNKNOWN),
        (made("APIConnectionError"), Ending.UNKNOWN),
        (made("RateLimitError", status_code=429), Ending.REFUSED),
        (made("InternalServerError", status_code=500), Ending.REFUSED),
        (made("RemoteProtocolError"), Ending.UNKNOWN),
        (ConnectionResetError(), Ending.UNKNOWN),
        (ConnectionRefusedError(), Ending.UNREACHED),
        (socket.gaierror(), Ending.UNREACHED),
        (TimeoutError(), Ending.UNKNOWN),
        (asyncio.CancelledError(), Ending.UNKNOWN),
        (KeyboardInterrupt(), Ending.UNKNOWN),
        (ValueError("the caller's own"), Ending.REFUSED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value.value,
)
def test_ending_of(error: BaseException, ending: Ending) -> None:
    assert ending_of(error) is ending
