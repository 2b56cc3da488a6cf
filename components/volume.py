"""A volume at Hetzner that outlives its server, attached and mounted."""

from __future__ import annotations

import pulumi

from blueprint.parts import Volume
from components import scripts
from components.sdk import hcloud
from components.server import ServerHost, full_name


class ServerVolume(pulumi.ComponentResource):
    """A mounted volume; `mounted` is what its users wait for."""

    def __init__(
        self,
        part: Volume,
        *,
        host: ServerHost,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("estate:volume:ServerVolume", part.name, None, opts)
        volume = hcloud.Volume(
            part.name,
            name=full_name(part.labels, part.name),
            size=part.size_gb,
            location=part.location,
            labels=dict(part.labels),
            delete_protection=part.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=part.protect),
        )
        attachment = hcloud.VolumeAttachment(
            part.name,
            volume_id=volume.id.apply(int),
            server_id=host.machine.id.apply(int),
            automount=False,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.mounted = host.command(
            f"{part.name}-mount",
            volume.linux_device.apply(lambda device: scripts.mount(part, device)),
            parent=self,
            depends_on=[attachment, host.settled],
            triggers=[volume.id],
        )
        self.register_outputs({})
