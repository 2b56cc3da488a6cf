"""A container as the Docker provider takes it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from blueprint.parts import Container, Health, Mount
from components.sdk import docker
from components.secrets import joined

_HEALTHY_WITHIN_SECONDS = 180


def container_args(
    stack: str,
    part: Container,
    *,
    network: pulumi.Input[str],
    labels: Mapping[str, pulumi.Input[str]],
) -> docker.ContainerArgs:
    """Everything is said, so that nothing that Docker fills in reads as a change."""
    return docker.ContainerArgs(
        name=f"{stack}-{part.name}",
        image=part.image,
        hostname=part.name,
        command=list(part.command) or None,
        envs=[environment(name, part) for name in sorted(part.environment)],
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network, aliases=[part.name])],
        network_mode="bridge",
        ports=[
            docker.ContainerPortArgs(
                internal=port.container, external=port.host, protocol=port.protocol
            )
            for port in part.ports
        ],
        mounts=[_mount(mount) for mount in part.mounts],
        tmpfs=dict(part.tmpfs) or None,
        healthcheck=_health(part.health) if part.health else None,
        user=part.user,
        read_only=part.read_only,
        capabilities=docker.ContainerCapabilitiesArgs(
            adds=[f"CAP_{name}" for name in part.capabilities], drops=["ALL"]
        ),
        security_opts=["no-new-privileges:true"],
        memory=part.memory_mb,
        memory_swap=part.memory_mb,
        cpus=str(part.cpus),
        restart="no" if part.once else "unless-stopped",
        must_run=not part.once,
        attach=part.once,
        logs=part.once,
        wait=part.health is not None,
        wait_timeout=_HEALTHY_WITHIN_SECONDS,
        stop_signal=part.stop_signal,
        stop_timeout=part.stop_timeout_seconds,
        destroy_grace_seconds=part.stop_timeout_seconds,
        log_driver="json-file",
        log_opts={"max-file": "3", "max-size": "10m"},
        labels=[
            docker.ContainerLabelArgs(label=label, value=value) for label, value in labels.items()
        ],
    )


def environment(name: str, part: Container) -> pulumi.Input[str]:
    """One variable as `NAME=value`; secret where a secret is part of it."""
    return joined((f"{name}=", *part.environment[name]))


def duration(seconds: int) -> str:
    """Seconds as Docker writes them back: anything else reads as a change at the next refresh."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h"] if hours else []
    parts += [f"{minutes}m"] if hours or minutes else []
    return "".join([*parts, f"{rest}s"])


def _mount(mount: Mount) -> docker.ContainerMountArgs:
    return docker.ContainerMountArgs(
        type="bind" if mount.source.startswith("/") else "volume",
        source=mount.source,
        target=mount.target,
        read_only=mount.read_only,
    )


def _health(health: Health) -> docker.ContainerHealthcheckArgs:
    return docker.ContainerHealthcheckArgs(
        tests=list(health.command),
        interval=duration(health.interval_seconds),
        timeout=duration(health.timeout_seconds),
        retries=health.retries,
        start_period=duration(health.start_period_seconds),
    )
