"""For all tests: one BLAS thread, tables that forget, and a web server on this machine
that hands out files.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

# Before NumPy is imported: threads of BLAS that wait for each other make small tests
# slow, and products are divided by ourselves only if BLAS does not (compiler/threads).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell lets its background jobs ignore Ctrl-C, and so would the programs under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Server:
    """``files`` holds what is served: bytes, or a list of bytes to serve in turn."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes | list[bytes]] = {}
        self.requests: list[str] = []
        self.bodies: list[bytes] = []
        self.cut_short = 0  # bytes that are announced but not sent


@pytest.fixture
def server() -> Iterator[Server]:
    """Serves on 127.0.0.1 while a test runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            served.requests.append(name)
            name = name.partition("?")[0]
            found = served.files.get(name)
            if isinstance(found, list):
                found = found.pop(0) if len(found) > 1 else found[0]
            if found is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(found) + served.cut_short))
            self.end_headers()
            self.wfile.write(found)

        def do_POST(self) -> None:
            served.requests.append(self.path.lstrip("/"))
            served.bodies.append(
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
            )
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Server(f"http://127.0.0.1:{http.server_address[1]}/")
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def unchanged_tables() -> Iterator[None]:
    """Forget the rules, classes and functions that a test declares."""
    from tinygrad_lr.autodiff.rules import COMPOSITIONS, CONSTANTS, RULES  # see above
    from tinygrad_lr.serialization import get_custom_objects

    tables: tuple[Any, ...] = (RULES, COMPOSITIONS, CONSTANTS, get_custom_objects())
    before = [table.copy() for table in tables]
    yield
    for table, kept in zip(tables, before, strict=True):
        table.clear()
        table.update(kept)


@pytest.fixture
def aliased() -> Iterator[None]:
    """Within a test, this package answers to ``keras`` and ``tensorflow``."""
    from tinygrad_lr import alias  # see above

    alias.install()
    yield
    alias.uninstall()
