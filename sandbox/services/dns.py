"""The sandbox's DNS server, and the names of its own servers."""

from __future__ import annotations

from sandbox.containers import File
from sandbox.credentials import Credentials
from sandbox.dns import Dns
from sandbox.home import DOMAIN, Home
from sandbox.services.service import Service, http_answers

_TOP = "test"


def service(home: Home, credentials: Credentials) -> Service:
    key = credentials.pdns_api_key
    private = f"api-key={key}\nwebserver-allow-from=127.0.0.1,{home.address(1)}\n"
    return Service(
        name="dns",
        image="dns",
        address=home.dns_address,
        url=f"{home.dns_address}:53",
        answers=http_answers(
            f"http://{home.dns_address}:8081/api/v1/servers/localhost", {"X-API-Key": key}
        ),
        files={"etc/powerdns/pdns.d/sandbox.conf": File(private.encode(), 0o600)},
        volumes={"dns": "/var/lib/powerdns"},
    )


def write_own_names(home: Home) -> None:
    """`cloud.test` itself, and `test` above it, so that a name nobody has is NXDOMAIN."""
    dns = Dns(home.path)
    for zone in (_TOP, DOMAIN, f"{home.slot}.18.198.in-addr.arpa"):
        dns.create_zone(zone)
    for name, address in {
        "dns": home.dns_address,
        "acme": home.acme_address,
        "s3": home.s3_address,
        "*.s3": home.s3_address,
        "registry": home.registry_address,
    }.items():
        dns.replace(DOMAIN, f"{name}.{DOMAIN}", "A", 60, [address])
