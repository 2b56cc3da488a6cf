"""An S3 service with one bucket that checks every signature (AWS Signature Version 4)."""

from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType

from blueprint.parts import Bucket, Secret

BUCKET = Bucket("predrive", "https://s3.test", "eu1", Secret("access"), Secret("secret"))


class S3:
    """Listens on loopback while it is entered; `answered` keeps method and status."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        self.answered: list[tuple[str, int]] = []
        self._access_key, self._secret_key = access_key, secret_key
        self._made = False
        s3 = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                s3._answer(self, "HEAD")

            def do_PUT(self) -> None:
                s3._answer(self, "PUT")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.bucket = Bucket("predrive", endpoint, "eu1", Secret("access"), Secret("secret"))

    def __enter__(self) -> S3:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler, method: str) -> None:
        if not self._signed(request, method):
            status = 403
        elif method == "PUT":
            self._made = True
            status = 200
        else:
            status = 200 if self._made else 404
        self.answered.append((method, status))
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _signed(self, request: BaseHTTPRequestHandler, method: str) -> bool:
        header = request.headers["Authorization"] or ""
        match = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+/eu1/s3/aws4_request), ?"
            r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
            header,
        )
        if match is None or match[1] != self._access_key:
            return False
        scope, names, signature = match[2], match[3], match[4]
        body = request.headers.get("X-Amz-Content-Sha256") or hashlib.sha256(b"").hexdigest()
        headers = "".join(f"{n}:{request.headers[n].strip()}\n" for n in names.split(";"))
        canonical = "\n".join([method, request.path, "", headers, names, body])
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", request.headers["X-Amz-Date"], scope, digest])
        key = f"AWS4{self._secret_key}".encode()
        for step in scope.split("/"):
            key = hmac.digest(key, step.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)


def ask(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script as a server would: it comes on standard input."""
    return subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, check=False, timeout=60
    )
