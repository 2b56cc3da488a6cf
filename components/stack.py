"""A Docker stack on a server: network, volumes, files, containers, certificates, buckets."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from blueprint.parts import Bucket, Certificate, Container, DockerVolume, File, Stack
from components import scripts
from components.container import container_args
from components.dns import Records
from components.sdk import docker
from components.secrets import joined, secret
from components.server import ServerHost
from components.volume import ServerVolume


class DockerStack(pulumi.ComponentResource):
    """A stack in the order in which its parts need each other."""

    def __init__(
        self,
        part: Stack,
        *,
        host: ServerHost,
        volumes: Mapping[str, ServerVolume],
        records: Records,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("estate:stack:DockerStack", part.name, None, opts)
        self._part = part
        self._host = host
        # Whatever lives on the server carries its id: another server, another everything.
        self._labels: dict[str, pulumi.Input[str]] = {
            "estate.server": host.machine.id,
            "estate.stack": part.name,
        }
        network = docker.Network(
            part.name,
            name=part.name,
            driver="bridge",
            labels=[
                docker.NetworkLabelArgs(label=label, value=value)
                for label, value in self._labels.items()
            ],
            opts=self._in_docker([host.settled]),
        )
        buckets: list[pulumi.Resource] = [self._bucket(bucket) for bucket in part.buckets]
        mounts: dict[str, pulumi.Resource] = {
            volume.name: self._volume(volume, volumes) for volume in part.volumes
        }
        files: dict[str, list[pulumi.Resource]] = {}
        for file in part.files:
            files.setdefault(file.container or "", []).append(self._file(file))
        for certificate in part.certificates:
            files.setdefault(certificate.container, []).append(self._placeholder(certificate))
        self.containers: dict[str, docker.Container] = {}
        for container in in_order(part.containers):
            needs = [*buckets, *files.get(f"{part.name}-{container.name}", ())]
            needs += [mounts[m.source] for m in container.mounts if m.source in mounts]
            self.containers[container.name] = self._container(container, network, needs)
        for certificate in part.certificates:
            names = [r for name in certificate.hostnames for r in records.by_name.get(name, ())]
            self._certificate(certificate, names)
        self.register_outputs({})

    def _in_docker(self, depends_on: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            provider=self._host.provider,
            depends_on=depends_on,
            deleted_with=self._host.machine,
            delete_before_replace=True,
        )

    def _command(
        self, name: str, script: pulumi.Input[str], depends_on: list[pulumi.Resource]
    ) -> pulumi.Resource:
        needs = [self._host.settled, *depends_on]
        return self._host.command(name, script, parent=self, depends_on=needs)

    def _bucket(self, bucket: Bucket) -> pulumi.Resource:
        script = pulumi.Output.all(secret(bucket.access_key), secret(bucket.secret_key)).apply(
            lambda keys: scripts.bucket(bucket, keys[0], keys[1])
        )
        return self._command(f"{self._part.name}-bucket-{bucket.name}", script, [])

    def _volume(self, volume: DockerVolume, volumes: Mapping[str, ServerVolume]) -> docker.Volume:
        name = f"{self._part.name}-{volume.name.removeprefix(f'{self._part.name}-')}"
        made: list[pulumi.Resource] = [self._host.settled]
        driver_opts = None
        if volume.volume is not None:
            mounted = volumes[volume.volume].mounted
            made = [self._command(f"{name}-directory", scripts.directory(volume), [mounted])]
            driver_opts = {"device": scripts.data_path(volume), "o": "bind", "type": "none"}
        return docker.Volume(
            name,
            name=volume.name,
            driver="local",
            driver_opts=driver_opts,
            labels=[
                docker.VolumeLabelArgs(label=label, value=value)
                for label, value in self._labels.items()
            ],
            opts=self._in_docker(made),
        )

    def _file(self, file: File) -> pulumi.Resource:
        return self._host.command(
            file.name,
            joined(file.content),
            create=scripts.write(file),
            parent=self,
            depends_on=[self._host.settled],
        )

    def _placeholder(self, certificate: Certificate) -> pulumi.Resource:
        script = scripts.placeholder(certificate)
        return self._command(f"{certificate.name}-placeholder", script, [])

    def _container(
        self, container: Container, network: docker.Network, needs: list[pulumi.Resource]
    ) -> docker.Container:
        needs += [self.containers[name] for name in container.after if name in self.containers]
        return docker.Container(
            f"{self._part.name}-{container.name}",
            container_args(self._part.name, container, network=network.name, labels=self._labels),
            opts=self._in_docker(needs),
        )

    def _certificate(self, certificate: Certificate, names: list[pulumi.Resource]) -> None:
        server = self.containers[certificate.container.removeprefix(f"{self._part.name}-")]
        self._command(
            f"{certificate.name}-certificate",
            scripts.certificate(certificate),
            [server, *names],
        )


def in_order(containers: tuple[Container, ...]) -> list[Container]:
    """Containers with those that they wait for in front; the given order otherwise."""
    by_name = {container.name: container for container in containers}
    placed: dict[str, Container] = {}

    def place(container: Container) -> None:
        if container.name not in placed:
            for name in container.after:
                if name in by_name:
                    place(by_name[name])
            placed[container.name] = container

    for container in containers:
        place(container)
    return list(placed.values())
