"""RemoteMonitor: the metrics of every epoch, sent to a web server."""

from __future__ import annotations

import json
from typing import Any

from tinygrad_lr.callbacks.callback import Callback
from tinygrad_lr.notices import warn

TIMEOUT = 10  # seconds that a training waits for a server at most


class RemoteMonitor(Callback):
    """Sends ``{"epoch": ..., "loss": ...}`` by POST after every epoch.

    Args:
        root: address of the server.
        path: of the page, below ``root``.
        field: name of the form field that holds the JSON text.
        headers: dict of HTTP headers.
        send_as_json: send the JSON text itself instead of a form.

    A server that does not answer gives a warning, and the training goes on.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        # These modules load slowly, and few programs get here.
        from urllib.error import HTTPError
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        content = json.dumps({"epoch": epoch, **(logs or {})})
        kind = "application/json"
        if not self.send_as_json:
            content = urlencode({self.field: content})
            kind = "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = Request(self.root + self.path, content.encode(), headers)
        try:
            urlopen(request, timeout=TIMEOUT).close()
        except HTTPError as answer:  # the server is there, whatever it says
            answer.close()
        except OSError as error:
            warn(f"RemoteMonitor: could not reach the server at {self.root}: {error}")
