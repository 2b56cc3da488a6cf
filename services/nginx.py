"""nginx at the edge of a stack: TLS, redirects, static files and proxying by host and path."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from blueprint.parts import Certificate, Container, File, Health, Mount, Offer, Port, Route, Stack
from services.kind import Place, ServiceSettings, Wiring

_RELOAD = ("nginx", "-s", "reload")
_CIPHERS = tuple(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
_HOSTNAME = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*"
_HEADER = "# Written by estate: the next `pulumi up` overwrites what is edited here.\n"


class Settings(ServiceSettings):
    """`hosts` maps host name to path to service; a path without end slash is a prefix."""

    version: str
    hosts: dict[str, Annotated[dict[str, str], Field(min_length=1)]] = Field(min_length=1)
    max_body_mb: int = Field(default=100, ge=1)
    hsts_seconds: int = Field(default=63_072_000, ge=0)
    acme_image: str = "goacme/lego:v4.26.0"
    memory_mb: int = Field(default=128, ge=16)
    cpus: float = Field(default=1.0, gt=0)

    @field_validator("hosts")
    @classmethod
    def _normalise(cls, hosts: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        normalised: dict[str, dict[str, str]] = {}
        for name, paths in hosts.items():
            try:
                ascii_name = name.strip().rstrip(".").encode("idna").decode().lower()
            except UnicodeError as error:
                raise ValueError(f"has '{name}', which is not a host name ({error})") from None
            # What is let through here stands in nginx's configuration and in a certificate.
            if not re.fullmatch(_HOSTNAME, ascii_name):
                raise ValueError(f"has '{name}', which is not a host name such as www.example.org")
            if ascii_name in normalised:
                raise ValueError(f"has '{ascii_name}' twice (as '{name}' too)")
            for path in paths:
                if not re.fullmatch(r"/[\w./~-]*", path):
                    raise ValueError(f"has the path '{path}' at '{name}'; a path is like /api")
            normalised[ascii_name] = paths
        return normalised


def offers(place: Place, settings: Settings) -> Offer:
    return Offer(network=place.service)


def stack(place: Place, settings: Settings, wiring: Wiring) -> Stack:
    home = f"/srv/{place.stack}/{place.service}"
    hosts = {place.hostname(name): paths for name, paths in settings.hosts.items()}
    container = f"{place.stack}-{place.service}"
    mounts = [
        Mount(f"{home}/conf.d", "/etc/nginx/conf.d", read_only=True),
        Mount(f"{home}/certs", "/certs", read_only=True),
        Mount(f"{home}/acme", "/acme", read_only=True),
    ]
    volumes = {
        volume
        for paths in hosts.values()
        for service in paths.values()
        if (volume := wiring.offer(service).files)
    }
    mounts += [Mount(volume, f"/files/{volume}", read_only=True) for volume in sorted(volumes)]
    return Stack(
        name=place.stack,
        server=place.server,
        files=(
            File(
                name=f"{container}-conf",
                path=f"{home}/conf.d/default.conf",
                content=(_HEADER + render(hosts, settings, wiring),),
                container=container,
                check=("nginx", "-t", "-q"),
                reload=_RELOAD,
            ),
        ),
        certificates=tuple(
            Certificate(
                name=hostname,
                hostnames=(hostname,),
                directory=f"{home}/certs",
                webroot=f"{home}/acme",
                container=container,
                reload=_RELOAD,
                acme_directory=place.acme.directory,
                email=place.acme.email,
                image=place.image(settings.acme_image),
            )
            for hostname in hosts
        ),
        containers=(
            Container(
                name=place.service,
                image=place.image(f"nginx:{settings.version}"),
                memory_mb=settings.memory_mb,
                cpus=settings.cpus,
                ports=(Port(80, 80, public=True), Port(443, 443, public=True)),
                mounts=tuple(mounts),
                tmpfs={"/tmp": "mode=1777", "/run": "mode=0755", "/var/cache/nginx": ""},  # noqa: S108
                health=Health(("CMD", "curl", "-fsS", "http://127.0.0.1/nginx-health")),
                capabilities=("CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"),
                stop_signal="SIGQUIT",
                stop_timeout_seconds=30,
                after=wiring.after(),
            ),
        ),
        routes=tuple(
            Route(hostname, path, service)
            for hostname, paths in hosts.items()
            for path, service in paths.items()
        ),
    )


def render(hosts: dict[str, dict[str, str]], settings: Settings, wiring: Wiring) -> str:
    """The whole configuration; TLS after Mozilla's intermediate guideline 6.0 (2026-04)."""
    head = f"""
server_tokens off;
client_max_body_size {settings.max_body_mb}m;
client_body_temp_path /tmp/client_body;
proxy_temp_path /tmp/proxy;
fastcgi_temp_path /tmp/fastcgi;
uwsgi_temp_path /tmp/uwsgi;
scgi_temp_path /tmp/scgi;
# /tmp is memory here: large bodies flow through instead of being kept.
proxy_request_buffering off;
proxy_max_temp_file_size 0;

# Docker's resolver, asked again: a replaced container has another address.
resolver 127.0.0.11 valid=5s ipv6=off;

map $http_upgrade $connection_upgrade {{
    default upgrade;
    '' close;
}}

ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers {":".join(_CIPHERS)};
ssl_prefer_server_ciphers off;
ssl_session_timeout 1d;
ssl_session_cache shared:edge:10m;
ssl_session_tickets off;

server {{
    listen 80 default_server;
    server_name _;
    location = /nginx-health {{
        access_log off;
        allow 127.0.0.1;
        deny all;
        return 204;
    }}
    # A name that nobody configured is not answered.
    location / {{
        return 444;
    }}
}}

server {{
    listen 443 ssl default_server;
    server_name _;
    ssl_reject_handshake on;
}}
"""
    return head + "".join(
        _host(hostname, paths, settings, wiring) for hostname, paths in hosts.items()
    )


def _host(hostname: str, paths: dict[str, str], settings: Settings, wiring: Wiring) -> str:
    locations = "".join(_location(path, service, wiring) for path, service in paths.items())
    return f"""
server {{
    listen 80;
    server_name {hostname};
    location ^~ /.well-known/acme-challenge/ {{
        default_type text/plain;
        root /acme;
    }}
    location / {{
        return 301 https://$host$request_uri;
    }}
}}

server {{
    listen 443 ssl http2;
    server_name {hostname};
    ssl_certificate /certs/{hostname}/fullchain.pem;
    ssl_certificate_key /certs/{hostname}/privkey.pem;
    add_header Strict-Transport-Security "max-age={settings.hsts_seconds}" always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
{locations}}}
"""


def _location(path: str, service: str, wiring: Wiring) -> str:
    offer = wiring.offer(service)
    if offer.files:
        return f"""
    location {path} {{
        root /files/{offer.files};
        try_files $uri $uri/ /index.html;
    }}
"""
    if not offer.http:
        raise ValueError(f"routes '{path}' to '{service}', which answers no HTTP and has no files")
    variable = "$upstream_" + "".join(c if c.isalnum() else "_" for c in service)
    return f"""
    location {path} {{
        set {variable} http://{offer.http};
        proxy_pass {variable};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
    }}
"""
