"""The files that a new server finds on its disk: cloud-init's seed, its name, its resolver."""

from __future__ import annotations

import json

from sandbox.containers import File
from sandbox.underneath import MachineSpec

_SEED = "var/lib/cloud/seed/nocloud"


def files(spec: MachineSpec, *, resolver: str, mirror_url: str, ca: bytes) -> dict[str, File]:
    drop_in = "etc/systemd/system/docker.service.d/10-machine.conf"
    return {
        f"{_SEED}/meta-data": File(meta_data(spec).encode()),
        f"{_SEED}/user-data": File((spec.user_data or "#cloud-config\n{}\n").encode(), 0o600),
        "etc/machine/hostname": File(f"{spec.name}\n".encode()),
        "etc/machine/hosts": File(hosts(spec.name).encode()),
        "etc/machine/resolv.conf": File(f"nameserver {resolver}\n".encode()),
        "usr/local/share/ca-certificates/sandbox.crt": File(ca),
        drop_in: File(docker_service(mirror_url).encode()),
    }


def meta_data(spec: MachineSpec) -> str:
    """JSON is YAML, and needs no care about quoting."""
    return json.dumps(
        {
            "instance-id": str(spec.server_id),
            "local-hostname": spec.name,
            "availability-zone": spec.location,
            "public-keys": list(spec.ssh_keys),
        },
        indent=1,
    )


def hosts(name: str) -> str:
    short = name.partition(".")[0]
    own = f"127.0.1.1 {name} {short}" if short != name else f"127.0.1.1 {name}"
    return f"{own}\n127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


def docker_service(mirror_url: str) -> str:
    """The mirror stands on the command line: daemon.json is the server owner's own."""
    return (
        "[Service]\n"
        "EnvironmentFile=-/run/machine.env\n"
        "ExecStart=\n"
        "ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock"
        f" --registry-mirror={mirror_url} $DOCKERD_CGROUP $DOCKER_OPTS\n"
    )
