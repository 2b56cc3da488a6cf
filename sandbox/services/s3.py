"""The sandbox's S3 server."""

from __future__ import annotations

from sandbox.certificates import Certificates
from sandbox.containers import File
from sandbox.credentials import Credentials
from sandbox.home import DOMAIN, Home
from sandbox.services.service import Service, https_answers

REGION = "us-east-1"
NAME = f"s3.{DOMAIN}"


def service(home: Home, credentials: Credentials, certificates: Certificates) -> Service:
    certificate, key = certificates.server("s3", [NAME, f"*.{NAME}"], home.s3_address)
    environment = (
        f"ROOT_ACCESS_KEY={credentials.s3_access_key}\n"
        f"ROOT_SECRET_KEY={credentials.s3_secret_key}\n"
        f"VGW_REGION={REGION}\n"
    )
    return Service(
        name="s3",
        image="s3",
        address=home.s3_address,
        url=f"https://{NAME}",
        # Without a signature a running S3 server refuses.
        answers=https_answers(certificates.root, home.s3_address, NAME, "/", (403,)),
        files={
            "etc/s3/credentials.env": File(environment.encode(), 0o600),
            "etc/s3/server.pem": File(certificate),
            "etc/s3/server.key": File(key, 0o600),
        },
        volumes={"s3": "/data"},
    )
