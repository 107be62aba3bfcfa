"""A web address as a file that is read once, forwards, whatever the connection does."""

import http.client
import io
import logging
import time
import urllib.request
from typing import NamedTuple
from urllib.error import URLError

TIMEOUT = 30.0  # seconds without a byte until a connection counts as lost
TRIES = 5  # connections in a row that may bring nothing
PAUSE = 0.5  # seconds before the second try; each further pause is twice as long

_log = logging.getLogger(__name__)


class DownloadError(OSError):
    """An address that cannot be read, or no longer; the message says where it stopped and why."""


class HttpStream(io.RawIOBase):
    """The bytes behind an HTTP or HTTPS address, in order.

    A connection that breaks off or falls silent is opened again at the byte where it stopped
    (a Range request, RFC 9110 section 14). A server that ignores the range sends everything once
    more, and what was read already is skipped.
    """

    def __init__(self, url: str) -> None:
        """Connect.

        Args:
            url: what to read; redirects are followed.

        Raises:
            DownloadError: no connection, or the server refuses.
        """
        self._url = url
        self._position = 0
        self._response: http.client.HTTPResponse | None = None
        try:
            self._response = self._request({})
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DownloadError(f"{url}: {_reason(error)}") from None
        self._version = _version(self._response)

    def readable(self) -> bool:
        """True, as for every file opened for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:
        """Read what has arrived, at most ``len(buffer)`` bytes.

        Returns:
            The number of bytes; 0 at the end.

        Raises:
            DownloadError: ``TRIES`` connections in a row brought nothing, or the content changed.
        """
        for attempt in range(TRIES):
            try:
                if self._response is None:
                    time.sleep(PAUSE * 2 ** (attempt - 1))
                    self._resume()
                data = self._response.read1(len(buffer))
                if data or self._version.length in (None, self._position):
                    buffer[: len(data)] = data
                    self._position += len(data)
                    return len(data)
                reason = "the connection was closed"
            except DownloadError:
                raise
            except (OSError, http.client.HTTPException) as error:
                reason = _reason(error)
            self._disconnect()
        raise DownloadError(
            f"{self._url}: stopped at byte {self._position:,} after {TRIES} tries ({reason})"
        )

    def close(self) -> None:
        """Close the connection."""
        self._disconnect()
        super().close()

    def _request(self, headers: dict[str, str]) -> http.client.HTTPResponse:
        return urllib.request.urlopen(
            urllib.request.Request(self._url, headers=headers), timeout=TIMEOUT
        )

    def _disconnect(self) -> None:
        if self._response is not None:
            self._response.close()
        self._response = None

    def _resume(self) -> None:
        self._response = self._request({"Range": f"bytes={self._position}-"})
        known = zip(self._version, _version(self._response), strict=True)
        if any(before != now for before, now in known if None not in (before, now)):
            raise DownloadError(f"{self._url}: its content changed while it was read, start again")
        if self._response.status == http.HTTPStatus.PARTIAL_CONTENT:
            if not _range(self._response).startswith(f"bytes {self._position}-"):
                raise OSError("the server sent another range than the one asked for")
            return
        _log.warning(
            "%s: the server cannot resume, reading its first %s bytes again",
            self._url,
            f"{self._position:,}",
        )
        left = self._position
        while left:
            skipped = len(self._response.read1(min(left, 1 << 16)))
            if not skipped:
                raise OSError("the connection was closed")
            left -= skipped


class _Version(NamedTuple):
    """What tells one content from another: the length in bytes and the tag, if they are given."""

    length: int | None
    tag: str | None


def _version(response: http.client.HTTPResponse) -> _Version:
    headers = response.headers
    length = headers.get("Content-Length", "")
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        length = _range(response).rpartition("/")[2]
    return _Version(int(length) if length.isdecimal() else None, headers.get("ETag"))


def _range(response: http.client.HTTPResponse) -> str:
    """What a partial answer holds, like "bytes 200-999/1000"."""
    return response.headers.get("Content-Range", "")


def _reason(error: Exception) -> str:
    if type(error) is URLError:
        error = error.reason
    return str(error) or type(error).__name__
