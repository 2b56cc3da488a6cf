"""The servers that every sandbox runs beside its API: DNS, ACME, S3, registry; a module each."""

from __future__ import annotations

from sandbox.certificates import Certificates
from sandbox.credentials import Credentials
from sandbox.home import Home
from sandbox.services import acme, dns, registry, s3
from sandbox.services.service import Service


def services(home: Home, credentials: Credentials, certificates: Certificates) -> list[Service]:
    return [
        dns.service(home, credentials),
        registry.service(home),
        s3.service(home, credentials, certificates),
        acme.service(home, certificates),
    ]
