"""Serves /health, /health/environment and /api/notes until it is told to end."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from . import health
from .database import Database
from .settings import Refusal, Settings


def main() -> int:
    try:
        settings = Settings.read(Path(sys.argv[1]), os.environ)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    server = ThreadingHTTPServer(("", settings.port), handler(settings))
    # shutdown() waits for the loop, which this thread runs: it must be asked from another.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"{settings.program}: listening on {settings.port}")
    server.serve_forever()
    print(f"{settings.program}: ended")
    return 0


def handler(settings: Settings) -> type[BaseHTTPRequestHandler]:
    asked = health.services(settings.environment)
    database = asked.get("database")
    secrets = _secrets(settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = settings.program

        def do_GET(self) -> None:
            if self.path in ("/health", "/api/health"):
                found = health.report(asked, secrets)
                self._answer(200 if found["status"] == "ok" else 503, found)
            elif self.path == "/health/environment":
                self._answer(200, health.fingerprints(settings.environment))
            elif self.path == "/api/notes" and isinstance(database, Database):
                self._try(200, lambda: {"notes": database.notes()})
            else:
                self._answer(404, {"error": "not found"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.path != "/api/notes" or not isinstance(database, Database):
                self._answer(404, {"error": "not found"})
                return
            try:
                text = json.loads(body)["text"]
            except (ValueError, KeyError, TypeError):
                self._answer(400, {"error": 'the body must be {"text": "…"}'})
                return
            self._try(201, lambda: database.add_note(str(text)))

        def _try(self, status: int, work: Callable[[], Any]) -> None:
            try:
                content = work()
            except Exception as error:
                said = health.without(secrets, f"{type(error).__name__}: {error}")
                self._answer(503, {"error": said})
            else:
                self._answer(status, content)

        def _answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _secrets(settings: Settings) -> list[str]:
    """Values that must never come out, longest first."""
    values = {
        settings.environment[name]
        for name in settings.environment
        if name.endswith(("_SECRET", "_KEY", "_PASSWORD", "_URL"))
    }
    for name in (name for name in settings.environment if name.endswith("_URL")):
        with suppress(ValueError):
            values.add(unquote(urlsplit(settings.environment[name]).password or ""))
    return sorted(filter(None, values), key=len, reverse=True)


if __name__ == "__main__":
    sys.exit(main())
