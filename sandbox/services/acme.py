"""The sandbox's ACME server."""

from __future__ import annotations

import json

from sandbox.certificates import Certificates
from sandbox.containers import File
from sandbox.home import DOMAIN, Home
from sandbox.services.service import Service, https_answers

NAME = f"acme.{DOMAIN}"
DIRECTORY = f"https://{NAME}/directory"

# 90 days, as Let's Encrypt's; an issuer's own end is not reached by them.
_LIFETIME = "2160h"


def service(home: Home, certificates: Certificates) -> Service:
    certificate, key = certificates.server("acme", [NAME], home.acme_address)
    issuer, issuer_key = certificates.pair("issuer")
    folder = "etc/step-ca"
    return Service(
        name="acme",
        image="acme",
        address=home.acme_address,
        url=DIRECTORY,
        answers=https_answers(certificates.root, home.acme_address, NAME, "/directory", (200,)),
        files={
            f"{folder}/ca.json": File(json.dumps(configuration(), indent=1).encode()),
            f"{folder}/root.pem": File(certificates.root),
            f"{folder}/issuer.pem": File(issuer),
            f"{folder}/issuer.key": File(issuer_key, 0o600),
            f"{folder}/front.pem": File(certificate),
            f"{folder}/front.key": File(key, 0o600),
        },
        volumes={"acme": "/var/lib/step-ca"},
        resolver=home.dns_address,
    )


def configuration() -> dict[str, object]:
    return {
        "root": "/etc/step-ca/root.pem",
        "crt": "/etc/step-ca/issuer.pem",
        "key": "/etc/step-ca/issuer.key",
        "address": "127.0.0.1:9000",
        "dnsNames": [NAME],
        "logger": {"format": "text"},
        "db": {"type": "badgerv2", "dataSource": "/var/lib/step-ca/db"},
        "authority": {
            "claims": {"maxTLSCertDuration": _LIFETIME, "defaultTLSCertDuration": _LIFETIME},
            "provisioners": [{"type": "ACME", "name": "acme", "forceCN": True}],
        },
        "tls": {"minVersion": 1.2, "maxVersion": 1.3},
    }
