"""One kept HTTP connection: a request is answered in full and in time, or it is said why not."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from onnxpipe.check.runtimes.protocol import Body
from onnxpipe.errors import BadInput, ServerFailed

_HEADER = "Inference-Header-Content-Length"
_LARGEST = 2**31


class Connection:
    """A connection to ``host`` (with its port); ``where`` names it in errors, ``timeout`` is in seconds."""

    def __init__(self, scheme: str, host: str, timeout: float, where: str) -> None:
        self._kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        self._host, self._timeout, self._where = host, timeout, where
        self._kept: http.client.HTTPConnection | None = None

    def sent(self, method: str, path: str, body: Body) -> tuple[int, Body]:
        """Status and body of the answer. Raises ServerFailed for none, one cut off, and one too late."""
        for fresh in (self._kept is None, True):
            self._kept = self._opened() if fresh or self._kept is None else self._kept
            end = time.monotonic() + self._timeout
            try:
                with _in_time(self._kept, self._timeout):
                    return _exchanged(self._kept, method, path, body)
            except (OSError, http.client.HTTPException) as error:
                self._kept.close()
                self._kept = None
                late = time.monotonic() >= end
                if late or fresh or not isinstance(error, ConnectionError):  # what was kept may be closed
                    raise self._failed(TimeoutError() if late else error) from None
        raise AssertionError("a fresh connection answers or fails")

    def _opened(self) -> http.client.HTTPConnection:
        try:
            return self._kind(self._host, timeout=self._timeout)
        except http.client.InvalidURL as error:
            raise BadInput(f"no server's address: {error}", where=self._where) from None

    def _failed(self, error: Exception) -> ServerFailed:
        remedy = ""
        if isinstance(error, TimeoutError):
            what, remedy = f"no answer within {self._timeout:g} s", "Give it more: --timeout SECONDS."
        elif isinstance(error, http.client.IncompleteRead):
            whole = len(error.partial) + (error.expected or 0)
            what = f"its answer is cut off after {len(error.partial)} of {whole} bytes"
        else:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            what = f"it can't be asked: {said}"
        return ServerFailed(what, where=self._where, remedy=remedy)


@contextmanager
def _in_time(kept: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """Cuts the connection when the time is over, whether or not a byte comes now and then."""
    if kept.sock is None:
        kept.connect()
    timer = threading.Timer(seconds, _cut, [kept.sock])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _exchanged(kept: http.client.HTTPConnection, method: str, path: str, body: Body) -> tuple[int, Body]:
    headers = {}
    if method == "POST":
        headers["Content-Type"] = "application/json" if body.header is None else "application/octet-stream"
    if body.header is not None:
        headers[_HEADER] = str(body.header)
    kept.request(method, path, body.data or None, headers)
    response = kept.getresponse()
    if (response.length or 0) > _LARGEST:
        raise http.client.HTTPException("its answer has more than 2 GiB")
    data = response.read()
    said = response.getheader(_HEADER, "")
    return response.status, Body(data, int(said) if said.isdecimal() else None)
