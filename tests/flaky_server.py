"""A web server on this machine whose connections break as a test asks."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FlakyServer(ThreadingHTTPServer):
    """Serves ``content`` under /archive, a redirect to it under /moved, and nothing else.

    ``cuts[n]`` is the number of bytes after which answer n breaks off, or, if ``stall``, falls
    silent. Later answers are whole. ``asked`` collects the Range headers of the requests.
    """

    def __init__(self, content, cuts=(), stall=False, ranges=True, length=True, tag='"1"'):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.cuts, self.stall = content, list(cuts), stall
        self.ranges, self.length, self.tag, self.shift = ranges, length, tag, 0
        self.asked = []
        self._over = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.shutdown()
        self.server_close()

    def url(self, path="archive"):
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def wait_until_over(self):
        self._over.wait(10)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/archive")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path != "/archive":
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        cut = server.cuts[len(server.asked)] if len(server.asked) < len(server.cuts) else None
        server.asked.append(asked)
        start = 0
        total = len(server.content)
        if asked and server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-")) + server.shift
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        if server.length:
            self.send_header("Content-Length", str(total - start))
        self.send_header("ETag", server.tag)
        self.end_headers()
        stop = total if cut is None else start + cut
        try:
            self.wfile.write(server.content[start:stop])
        except OSError:
            return  # the reader had enough
        if cut is not None and server.stall:
            server.wait_until_over()

    def log_message(self, *_):
        pass
