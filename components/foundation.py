"""What a system's servers share at Hetzner: the deploy key, the private network, the spread."""

from __future__ import annotations

import pulumi

from blueprint.parts import Blueprint
from components.sdk import hcloud


class Foundation(pulumi.ComponentResource):
    """Exists before the first server. `key_name` is the deploy key's name at Hetzner."""

    def __init__(self, part: Blueprint, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("estate:foundation:Foundation", part.system, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        name = f"{part.system}-{part.environment}"
        labels = {"system": part.system, "environment": part.environment}
        deploy = part.servers[0].authorized_keys[0]
        key = hcloud.SshKey(
            part.system, name=name, public_key=deploy.public_key, labels=labels, opts=child
        )
        network = hcloud.Network(
            part.system, name=name, ip_range=part.network.ip_range, labels=labels, opts=child
        )
        self.network_id = network.id.apply(int)
        self.subnet = hcloud.NetworkSubnet(
            part.system,
            network_id=self.network_id,
            type="cloud",
            network_zone=part.network.zone,
            ip_range=part.network.subnet,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Servers of one group never share a physical host.
        placement_group = hcloud.PlacementGroup(
            part.system, name=name, type="spread", labels=labels, opts=child
        )
        self.placement_group_id = placement_group.id.apply(int)
        self.key_name = key.name
        self.register_outputs({})
