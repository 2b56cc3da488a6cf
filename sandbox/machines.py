"""The local cloud's servers: containers that boot like a machine, with disks and networks."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from sandbox import containers, engine, seed
from sandbox.helper import Helper
from sandbox.home import Home
from sandbox.images.catalogue import recipes, tag
from sandbox.private_networks import PrivateNetworks
from sandbox.reboots import Reboots
from sandbox.records import Card, Plugged, Records
from sandbox.underneath import MachineError, MachineSpec
from sandbox.volumes import Volumes

_SHUTDOWN_SECONDS = 30
_POWER = "until [ -p /run/machine-power ] || [ -d /run/systemd ]; do sleep 0.02; done;"
_POWER_ON = f"{_POWER} [ ! -p /run/machine-power ] || echo on > /run/machine-power"


class Machines:
    """Servers, volumes and private networks of one sandbox. Safe to call from many threads."""

    def __init__(self, home: Path, client: docker.DockerClient | None = None):
        self._home = Home.open(home)
        self._client = client or engine.connect()
        self._helper = Helper(self._client, self._home)
        self._volumes = Volumes(self._helper)
        self._networks = PrivateNetworks(self._helper)
        self._records = Records(self._home.path / "machines.json")
        # One thing at a time happens to a server, and to the helper's loop devices and bridges.
        self._locks: dict[int, AbstractContextManager[bool]] = {}
        self._plugging = threading.RLock()
        self._reboots = Reboots(self._client, self._home, self.power_on)

    def create_server(self, spec: MachineSpec) -> None:
        doing = f"create server {spec.name}"
        with self._lock(spec.server_id), containers.explained(doing):
            if self._find(spec.server_id) is None:
                server = self._create(spec)
                ca = self._home.ca_path.read_bytes()
                mirror = self._home.mirror_url
                files = seed.files(spec, resolver=self._home.dns_address, mirror_url=mirror, ca=ca)
                containers.put_files(server, files)
                # Renamed when whole: a server that has its name also has its seed.
                server.rename(self._name(spec.server_id))
            self.power_on(spec.server_id)

    def power_on(self, server_id: int) -> None:
        """Start it if need be, and plug in whatever of its disks and cards is missing."""
        with self._lock(server_id), containers.explained(f"power on server {server_id}"):
            self._reboots.watch()
            server = self._server(server_id)
            if server.status == "paused":
                server.unpause()
            if server.status != "running":
                server.start()
                server.reload()
            self._plug_in(server_id, server)
            containers.run(server, ["sh", "-c", _POWER_ON], doing=f"power on server {server_id}")
            for volume_id in self._records.read(server_id).automount:
                self._volumes.mount(server, volume_id)

    def power_off(self, server_id: int) -> None:
        with self._lock(server_id), containers.explained(f"power off server {server_id}"):
            server = self._server(server_id)
            if server.status == "running":
                with suppress(APIError):  # it may have ended by itself meanwhile
                    server.kill()
                server.wait()
            self._unplug_disks(server_id)

    def shutdown(self, server_id: int) -> None:
        with self._lock(server_id), containers.explained(f"shut down server {server_id}"):
            server = self._server(server_id)
            if server.status == "running":
                server.stop(timeout=_SHUTDOWN_SECONDS)
            self._unplug_disks(server_id)

    def reset(self, server_id: int) -> None:
        with self._lock(server_id):
            self.power_off(server_id)
            self.power_on(server_id)

    def delete_server(self, server_id: int) -> None:
        with self._lock(server_id), containers.explained(f"delete server {server_id}"):
            for name in (self._name(server_id), self._name(server_id) + "-new"):
                containers.remove(containers.find(self._client, name))
            self._unplug_disks(server_id)
            for network_id in self._records.read(server_id).networks:
                self._networks.detach(server_id, network_id)
            with suppress(NotFound):
                self._client.volumes.get(self._disk(server_id)).remove(force=True)
            self._records.forget(server_id)

    def is_running(self, server_id: int) -> bool:
        with containers.explained(f"look at server {server_id}"):
            server = self._find(server_id)
            return server is not None and server.status == "running"

    def create_volume(self, volume_id: int, size_gb: int, filesystem: str | None) -> None:
        self._volumes.create(volume_id, size_gb, filesystem)

    def delete_volume(self, volume_id: int) -> None:
        with self._plugging:
            self._volumes.delete(volume_id)

    def resize_volume(self, volume_id: int, size_gb: int) -> None:
        with self._plugging:
            self._volumes.resize(volume_id, size_gb)

    def attach_volume(self, server_id: int, volume_id: int, automount: bool) -> None:
        with self._lock(server_id):
            server = self._server(server_id)
            with self._records.changing(server_id) as plugged:
                letter = plugged.letter(volume_id)
                if automount and volume_id not in plugged.automount:
                    plugged.automount.append(volume_id)
            if server.status == "running":
                with self._plugging:
                    self._volumes.attach(server, volume_id, letter)
                if automount:
                    self._volumes.mount(server, volume_id)

    def detach_volume(self, server_id: int, volume_id: int) -> None:
        with self._lock(server_id), self._plugging:
            self._volumes.detach(self._find(server_id), volume_id)
            with self._records.changing(server_id) as plugged:
                plugged.volumes.pop(volume_id, None)
                plugged.automount = [kept for kept in plugged.automount if kept != volume_id]

    def attach_network(
        self, server_id: int, network_id: int, ip: str, ip_range: str, mac: str
    ) -> None:
        with self._lock(server_id):
            server = self._server(server_id)
            with self._records.changing(server_id) as plugged:
                card = Card(plugged.card_name(network_id), ip, ip_range, mac)
                plugged.networks[network_id] = card
            if server.status == "running":
                self._plug_card(server, server_id, network_id, card)

    def detach_network(self, server_id: int, network_id: int) -> None:
        with self._lock(server_id):
            with self._plugging:
                self._networks.detach(server_id, network_id)
            with self._records.changing(server_id) as plugged:
                plugged.networks.pop(network_id, None)

    def delete_network(self, network_id: int) -> None:
        with self._plugging:
            self._networks.delete(network_id)

    def console(self, server_id: int) -> str:
        """The last lines that the server logged, or that it said at its end."""
        with containers.explained(f"read the console of server {server_id}"):
            server = self._server(server_id)
            if server.status != "running":
                return server.logs(tail=200).decode(errors="replace")
            return containers.run(
                server, ["journalctl", "--no-pager", "-n", "200"], doing=f"server {server_id}"
            )

    def change_addresses(self, server_id: int, ipv4: str | None, ipv6: str | None) -> None:
        """Of a stopped server; it has them from its next power-on."""
        with self._lock(server_id), containers.explained(f"readdress server {server_id}"):
            server = self._server(server_id)
            for name in server.attrs["NetworkSettings"]["Networks"]:
                self._client.networks.get(name).disconnect(server, force=True)
            if ipv4 or ipv6:
                public = self._client.networks.get(self._home.public_network)
                public.connect(server, ipv4_address=ipv4)
            with self._records.changing(server_id) as plugged:
                plugged.public_ipv4, plugged.public_ipv6 = ipv4, ipv6

    def change_size(self, server_id: int, cores: int, memory_gb: float) -> None:
        with self._lock(server_id), containers.explained(f"change size of server {server_id}"):
            limits = self._limits(cores, memory_gb)
            self._client.api.update_container(
                str(self._server(server_id).id),
                cpu_period=100_000,
                cpu_quota=int(limits["nano_cpus"] / 10_000),
                mem_limit=limits["mem_limit"],
                memswap_limit=-1,
            )

    def _lock(self, server_id: int) -> AbstractContextManager[bool]:
        """Of one server; `setdefault` is one step, whichever threads come at once."""
        return self._locks.setdefault(server_id, threading.RLock())

    def _create(self, spec: MachineSpec) -> Container:
        image = self._image(spec.image)
        staging = self._name(spec.server_id) + "-new"
        containers.remove(containers.find(self._client, staging))
        with self._records.changing(spec.server_id) as plugged:
            plugged.public_ipv4, plugged.public_ipv6 = spec.ipv4, spec.ipv6
        api = self._client.api
        host_config = api.create_host_config(
            cap_add=["ALL"],
            cap_drop=["SYS_RESOURCE"],  # an outer machine may lack it, then --privileged fails
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            device_cgroup_rules=["a *:* rwm"],
            binds=[
                "/sys/fs/cgroup:/sys/fs/cgroup:rw",
                f"{self._disk(spec.server_id)}:/var/lib/docker",  # overlay2 does not nest
            ],
            tmpfs={"/run": "", "/run/lock": "", "/tmp": "exec"},  # noqa: S108
            **self._limits(spec.cores, spec.memory_gb),
        )
        # `--security-opt systempaths=unconfined` of the command line is these two:
        host_config.update({"MaskedPaths": [], "ReadonlyPaths": [], "CgroupnsMode": "host"})
        host_config["NetworkMode"] = "none"
        network = None
        if spec.ipv4 or spec.ipv6:
            host_config["NetworkMode"] = self._home.public_network
            network = containers.on_network(api, self._home.public_network, spec.ipv4)
        self._client.volumes.create(self._disk(spec.server_id), labels=self._home.labels)
        made = api.create_container(
            image,
            name=staging,
            hostname=spec.name,
            labels={
                **self._home.labels,
                "estate.part": "server",
                "estate.server": str(spec.server_id),
                "estate.server-name": spec.name,
            },
            host_config=host_config,
            networking_config=network,
        )
        return self._client.containers.get(made["Id"])

    def _plug_in(self, server_id: int, server: Container) -> None:
        plugged = self._records.read(server_id)
        with self._plugging:
            for volume_id, letter in plugged.volumes.items():
                self._volumes.attach(server, volume_id, letter)
        for network_id, card in plugged.networks.items():
            self._plug_card(server, server_id, network_id, card)
        self._address(server, plugged)

    def _plug_card(self, server: Container, server_id: int, network_id: int, card: Card) -> None:
        with self._plugging:
            self._networks.attach(
                int(server.attrs["State"]["Pid"]),
                server_id,
                network_id,
                card=card.name,
                ip=card.ip,
                ip_range=card.ip_range,
                mac=card.mac,
            )

    def _address(self, server: Container, plugged: Plugged) -> None:
        """Docker gives both kinds of address; a server has those of its primary IPs.

        Docker 20.10 keeps account of the last 64 bits of an IPv6 address only, and takes the ::1
        of each server's own net for one and the same: so it is set here.
        """
        if self._home.public_network not in server.attrs["NetworkSettings"]["Networks"]:
            return
        script = "ip -6 addr flush dev eth0 scope global; "
        if plugged.public_ipv6:
            gateway = self._home.address_ipv6(1)
            script += f"ip -6 addr add {plugged.public_ipv6}/48 dev eth0 nodad; "
            script += f"ip -6 route replace default via {gateway} dev eth0; "
        if not plugged.public_ipv4:
            script += "ip -4 addr flush dev eth0; "
        containers.run(server, ["sh", "-c", script + "true"], doing="give the server its addresses")

    def _unplug_disks(self, server_id: int) -> None:
        with self._plugging:
            for volume_id in self._records.read(server_id).volumes:
                self._volumes.release(volume_id)

    def _limits(self, cores: int, memory_gb: float) -> dict[str, Any]:
        """No more than this machine has: Docker refuses that."""
        machine = self._client.info()
        memory = min(int(memory_gb * 1024**3), int(machine["MemTotal"]))
        return {"nano_cpus": min(cores, int(machine["NCPU"])) * 10**9, "mem_limit": memory}

    def _image(self, image: str) -> str:
        by_name = recipes()
        for recipe in by_name.values():
            if recipe.labels.get("estate.image") == image:
                return tag(recipe, by_name)
        known = sorted(filter(None, (r.labels.get("estate.image") for r in by_name.values())))
        raise MachineError(f"image: {image!r} is not here. Known: {', '.join(known)}.")

    def _name(self, server_id: int) -> str:
        return self._home.name("server", server_id)

    def _disk(self, server_id: int) -> str:
        return self._home.name("server", server_id, "docker")

    def _find(self, server_id: int) -> Container | None:
        return containers.find(self._client, self._name(server_id))

    def _server(self, server_id: int) -> Container:
        server = self._find(server_id)
        if server is None:
            raise MachineError(f"server {server_id}: it does not exist")
        return server
