"""A web server on this machine, for as long as a cell needs one."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOOPBACK = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the notebook's stderr clean."""


@contextmanager
def serving(folder: str | Path) -> Iterator[str]:
    """Serves a folder's files over HTTP, to this machine alone, while the block runs.

    Proxies that the environment names are passed by.

    Yields:
        The folder's address, without a slash at the end.
    """
    proxies = os.environ.get("no_proxy")
    os.environ["no_proxy"] = LOOPBACK
    with ThreadingHTTPServer((LOOPBACK, 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}"
        finally:
            server.shutdown()
            if proxies is None:
                del os.environ["no_proxy"]
            else:
                os.environ["no_proxy"] = proxies
