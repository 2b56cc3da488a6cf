"""Every container that the program asks for: whole, limited and looked after."""

from __future__ import annotations

from typing import Any

import pytest

from components.container import duration
from tests.components.program import Recorder, Secret, identity_of

SERVER_ID = identity_of("hcloud:index/server:Server", "drive")
ON_SERVER = [
    {"label": "estate.server", "value": SERVER_ID},
    {"label": "estate.stack", "value": "predrive"},
]
EVERY_CONTAINER = {
    "hostname": None,
    "labels": ON_SERVER,
    "logDriver": "json-file",
    "logOpts": {"max-file": "3", "max-size": "10m"},
    "networkMode": "bridge",
    "readOnly": True,
    "securityOpts": ["no-new-privileges:true"],
    "waitTimeout": 180,
}
LASTING = {
    "attach": False,
    "logs": False,
    "mustRun": True,
    "restart": "unless-stopped",
    "wait": True,
}


def test_the_database_container_is_whole(dev: Recorder) -> None:
    assert dev.inputs(":Container", "predrive-db") == {
        **EVERY_CONTAINER,
        **LASTING,
        "name": "predrive-db",
        "hostname": "db",
        "image": "postgres:16.10",
        "command": ["postgres"],
        "envs": [
            "POSTGRES_DB=predrive",
            Secret("POSTGRES_PASSWORD=p@ss/w:rd #1?%&=é"),
            "POSTGRES_USER=predrive",
        ],
        "user": "999:999",
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "cpus": "1.0",
        "memory": 512,
        "memorySwap": 512,
        "mounts": [mount("pgdata", "/var/lib/postgresql/data", kind="volume", read_only=False)],
        "networksAdvanced": [{"name": "predrive", "aliases": ["db"]}],
        "ports": [],
        "tmpfs": {"/tmp": "mode=1777", "/var/run/postgresql": "mode=1777"},  # noqa: S108
        "healthcheck": health("pg_isready", "-q", "-U", "predrive", "-d", "predrive"),
        "stopSignal": "SIGINT",
        "stopTimeout": 60,
        "destroyGraceSeconds": 60,
    }
    assert dev.inputs("docker:index/volume:Volume", "predrive-pgdata") == {
        "name": "pgdata",
        "driver": "local",
        "driverOpts": {"type": "none", "o": "bind", "device": "/mnt/pgdata/pgdata"},
        "labels": ON_SERVER,
    }


def test_the_api_container_is_whole_and_its_secrets_arrive_unchanged(dev: Recorder) -> None:
    assert dev.inputs(":Container", "predrive-api") == {
        **EVERY_CONTAINER,
        **LASTING,
        "name": "predrive-api",
        "hostname": "api",
        "image": "presuite/predrive-api:1.0.0",
        "envs": [
            Secret(
                "DATABASE_URL=postgresql://predrive:"
                "p%40ss%2Fw%3Ard%20%231%3F%25%26%3D%C3%A9@db:5432/predrive"
            ),
            Secret("JWT_SECRET=line one\nline $two 'and' \"three\" %40 @/#\\ ${db.url}"),
            "NODE_ENV=production",
            "PORT=3000",
            Secret("S3_ACCESS_KEY=AKIDEXAMPLE"),
            "S3_BUCKET=predrive",
            "S3_ENDPOINT=https://s3.cloud.test",
            "S3_REGION=us-east-1",
            Secret("S3_SECRET_KEY=sk\"\\'$quoted/+="),
        ],
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "cpus": "1.0",
        "memory": 256,
        "memorySwap": 256,
        "mounts": [],
        "networksAdvanced": [{"name": "predrive", "aliases": ["api"]}],
        "ports": [],
        "tmpfs": {"/tmp": "mode=1777"},  # noqa: S108
        "healthcheck": health("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/health"),
        "stopTimeout": 15,
        "destroyGraceSeconds": 15,
    }


def test_the_nginx_container_is_whole(dev: Recorder) -> None:
    home = "/srv/predrive/nginx"
    assert dev.inputs(":Container", "predrive-nginx") == {
        **EVERY_CONTAINER,
        **LASTING,
        "name": "predrive-nginx",
        "hostname": "nginx",
        "image": "nginx:1.28.0",
        "envs": [],
        "capabilities": {
            "adds": ["CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"],
            "drops": ["ALL"],
        },
        "cpus": "1.0",
        "memory": 128,
        "memorySwap": 128,
        "mounts": [
            mount(f"{home}/conf.d", "/etc/nginx/conf.d", kind="bind", read_only=True),
            mount(f"{home}/certs", "/certs", kind="bind", read_only=True),
            mount(f"{home}/acme", "/acme", kind="bind", read_only=True),
            mount("predrive-web", "/files/predrive-web", kind="volume", read_only=True),
        ],
        "networksAdvanced": [{"name": "predrive", "aliases": ["nginx"]}],
        "ports": [
            {"internal": 80, "external": 80, "protocol": "tcp"},
            {"internal": 443, "external": 443, "protocol": "tcp"},
        ],
        "tmpfs": {"/tmp": "mode=1777", "/run": "mode=0755", "/var/cache/nginx": ""},  # noqa: S108
        "healthcheck": health("curl", "-fsS", "http://127.0.0.1/nginx-health"),
        "stopSignal": "SIGQUIT",
        "stopTimeout": 30,
        "destroyGraceSeconds": 30,
    }


def test_the_files_container_runs_once_and_is_waited_for(dev: Recorder) -> None:
    inputs = dev.inputs(":Container", "predrive-web")
    once = {"attach": True, "logs": True, "mustRun": False, "restart": "no", "wait": False}
    assert {key: inputs[key] for key in once} == once
    assert "healthcheck" not in inputs


def test_nothing_but_nginx_publishes_ports(made: Recorder) -> None:
    ports = {name: inputs["ports"] for name, inputs in containers(made).items()}
    assert {name for name, published in ports.items() if published} == {"predrive-nginx"}


def test_every_container_is_limited_and_looked_after(made: Recorder) -> None:
    found = containers(made)
    assert len(found) == 4
    for name, inputs in found.items():
        once = not inputs["mustRun"]
        assert once or inputs["healthcheck"]["tests"], name
        assert inputs["restart"] == ("no" if once else "unless-stopped"), name
        assert 16 <= inputs["memory"] == inputs["memorySwap"], name
        assert float(inputs["cpus"]) > 0, name
        assert inputs["logOpts"] == {"max-file": "3", "max-size": "10m"}, name
        assert inputs["capabilities"]["drops"] == ["ALL"], name
        assert inputs["securityOpts"] == ["no-new-privileges:true"], name
        assert inputs["readOnly"] is True, name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5, "5s"), (59, "59s"), (60, "1m0s"), (125, "2m5s"), (3605, "1h0m5s")],
)
def test_a_time_is_written_as_docker_writes_it_back(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def containers(recorder: Recorder) -> dict[str, dict[str, Any]]:
    return {
        name: request.inputs
        for (kind, name), request in recorder.requests.items()
        if kind == "docker:index/container:Container"
    }


def mount(source: str, target: str, *, kind: str, read_only: bool) -> dict[str, Any]:
    return {"type": kind, "source": source, "target": target, "readOnly": read_only}


def health(*command: str) -> dict[str, Any]:
    return {
        "tests": ["CMD", *command],
        "interval": "5s",
        "timeout": "5s",
        "retries": 6,
        "startPeriod": "1m0s",
    }
