"""S3, by S3_ENDPOINT and its neighbours: an object put, read back and deleted."""

from __future__ import annotations

import hashlib
import hmac
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

_SECONDS = 5


class Objects:
    variable = "S3_ENDPOINT"

    def __init__(self, environment: Mapping[str, str]):
        self._endpoint = urlsplit(environment[self.variable].rstrip("/"))
        self._bucket = environment["S3_BUCKET"]
        self._region = environment["S3_REGION"]
        self._access_key = environment["S3_ACCESS_KEY"]
        self._secret_key = environment["S3_SECRET_KEY"]

    def check(self) -> dict[str, Any]:
        key = f"probe/{os.urandom(8).hex()}"
        content = os.urandom(32)
        self._request("PUT", key, content)
        returned = self._request("GET", key)
        self._request("DELETE", key)
        if returned != content:
            raise ValueError("the object that came back is not the one that was put")
        return {"bucket": self._bucket}

    def _request(self, method: str, key: str, body: bytes = b"") -> bytes:
        """Signed with AWS Signature Version 4, in path style."""
        now = datetime.now(UTC)
        path = f"{self._endpoint.path}/{self._bucket}/{quote(key)}"
        headers = {
            "host": self._endpoint.netloc,
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        }
        signed = ";".join(sorted(headers))
        canonical = "\n".join(
            [method, path, ""]
            + [f"{name}:{headers[name]}" for name in sorted(headers)]
            + ["", signed, headers["x-amz-content-sha256"]]
        )
        scope = f"{now:%Y%m%d}/{self._region}/s3/aws4_request"
        to_sign = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                headers["x-amz-date"],
                scope,
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        signature = hmac.new(self._signing_key(now), to_sign.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}"
        )
        url = f"{self._endpoint.scheme}://{self._endpoint.netloc}{path}"
        request = urllib.request.Request(  # noqa: S310  # http or https: settings.py saw to it
            url, data=body if method == "PUT" else None, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            code = error.read(600).decode(errors="replace").partition("<Code>")[2].partition("<")[0]
            raise RuntimeError(f"{method} answered {error.code} {code}".strip()) from None

    def _signing_key(self, now: datetime) -> bytes:
        key = f"AWS4{self._secret_key}".encode()
        for part in (f"{now:%Y%m%d}", self._region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key
