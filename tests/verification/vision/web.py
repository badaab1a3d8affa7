"""A web server on this machine that answers well, wrongly, late or in part."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SmallWeb(ThreadingHTTPServer):
    """Serves `files` by path; `/late` never answers, `/half` breaks off. Counts the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.closing = threading.Event()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: SmallWeb

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.path == "/late":
            self.server.closing.wait()
            return
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) * (2 if self.path == "/half" else 1)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server's signature)
        """Say nothing."""


@contextmanager
def serve_web() -> Iterator[SmallWeb]:
    with SmallWeb() as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield web
        finally:
            web.closing.set()
            web.shutdown()
            thread.join()
