"""What a program or a person needs to use the sandbox: addresses and keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sandbox.credentials import Credentials
from sandbox.home import Home
from sandbox.services import acme, s3


@dataclass(frozen=True)
class Connection:
    hetzner_endpoint: str
    hetzner_token: str = field(repr=False)
    cloudflare_base_url: str
    cloudflare_token: str = field(repr=False)
    s3_endpoint: str
    s3_region: str
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    acme_directory: str
    acme_root_path: Path
    dns_address: str

    @classmethod
    def of(cls, home: Home) -> Connection:
        keys = Credentials.of(home.path)
        return cls(
            hetzner_endpoint=f"{home.api_url}/v1",
            hetzner_token=keys.hetzner_token,
            cloudflare_base_url=f"{home.api_url}/client/v4",
            cloudflare_token=keys.cloudflare_token,
            s3_endpoint=f"https://{s3.NAME}",
            s3_region=s3.REGION,
            s3_access_key=keys.s3_access_key,
            s3_secret_key=keys.s3_secret_key,
            acme_directory=acme.DIRECTORY,
            acme_root_path=home.ca_path,
            dns_address=home.dns_address,
        )
