"""Every kind of resource that the local cloud has, as the real provider plugins ask for it."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_hcloud as hcloud
from pulumi import ResourceOptions

config = pulumi.Config()
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpvcmRhbiBpcyBub3QgYSByZWFsIGtleSBhdCBhbGwh ops"
labels = {"step": config.require("step")}
protect = config.require_bool("protect")

key = hcloud.SshKey("ops", name="ops", public_key=KEY, labels=labels)
network = hcloud.Network("private", name="private", ip_range="10.0.0.0/16", labels=labels)
network_id = network.id.apply(int)
subnet = hcloud.NetworkSubnet(
    "private",
    network_id=network_id,
    type="cloud",
    network_zone="eu-central",
    ip_range="10.0.1.0/24",
)
hcloud.NetworkRoute(
    "private",
    network_id=network_id,
    destination="10.100.1.0/24",
    gateway="10.0.1.9",
    opts=ResourceOptions(depends_on=[subnet]),
)
firewall = hcloud.Firewall(
    "door",
    name="door",
    labels=labels,
    rules=[
        hcloud.FirewallRuleArgs(
            direction="in",
            protocol="tcp",
            port=config.require("port"),
            source_ips=["0.0.0.0/0", "::/0"],
            description="the way in",
        ),
        hcloud.FirewallRuleArgs(direction="in", protocol="icmp", source_ips=["0.0.0.0/0"]),
        hcloud.FirewallRuleArgs(
            direction="out", protocol="tcp", port="any", destination_ips=["0.0.0.0/0"]
        ),
    ],
)
group = hcloud.PlacementGroup("apart", name="apart", type="spread", labels=labels)

for name, host in {"hub": 5, "web": 6}.items():
    ip = hcloud.PrimaryIp(
        name,
        name=name,
        type="ipv4",
        assignee_type="server",
        location="nbg1",
        auto_delete=False,
        delete_protection=protect,
        labels=labels,
    )
    server = hcloud.Server(
        name,
        name=name,
        server_type=config.require("serverType"),
        image="ubuntu-24.04",
        location="nbg1",
        ssh_keys=[key.id],
        firewall_ids=[firewall.id.apply(int)],
        placement_group_id=group.id.apply(int),
        public_nets=[
            hcloud.ServerPublicNetArgs(ipv4_enabled=True, ipv4=ip.id.apply(int), ipv6_enabled=True)
        ],
        user_data="#cloud-config\n",
        labels=labels,
        delete_protection=protect,
        rebuild_protection=protect,
        shutdown_before_deletion=True,
    )
    server_id = server.id.apply(int)
    hcloud.ServerNetwork(name, server_id=server_id, subnet_id=subnet.id, ip=f"10.0.1.{host}")
    volume = hcloud.Volume(
        name,
        name=name,
        size=config.require_int("size"),
        location="nbg1",
        format="ext4",
        delete_protection=protect,
        labels=labels,
    )
    hcloud.VolumeAttachment(
        name, volume_id=volume.id.apply(int), server_id=server_id, automount=False
    )
    hcloud.Rdns(
        name,
        server_id=server_id,
        ip_address=server.ipv4_address,
        dns_ptr=f"{name}.predrive.test",
    )
    hcloud.Rdns(
        f"{name}-6",
        server_id=server_id,
        ip_address=server.ipv6_address,
        dns_ptr=f"{name}.predrive.test",
    )

hcloud.Volume("extra", name="extra", size=10, server_id=server_id, format="xfs", automount=True)
hcloud.Server(
    "inner",
    name="inner",
    server_type="cx23",
    image="debian-12",
    location="nbg1",
    ssh_keys=[key.id],
    public_nets=[hcloud.ServerPublicNetArgs(ipv4_enabled=False, ipv6_enabled=False)],
    networks=[hcloud.ServerNetworkArgs(network_id=network_id, ip="10.0.1.50")],
    # The provider adds `aliasIps: []` by itself and would show it as a change for ever.
    opts=ResourceOptions(depends_on=[subnet], ignore_changes=["networks"]),
)
pulumi.export("serverTypes", len(hcloud.get_server_types().server_types))
pulumi.export("image", hcloud.get_image(name="ubuntu-24.04", with_architecture="x86").id)
pulumi.export("locations", len(hcloud.get_locations().locations))

zone = cloudflare.get_zone(filter=cloudflare.GetZoneFilterArgs(match="all", name="predrive.test"))
web_ip = server.ipv4_address
RECORDS: dict[str, dict[str, Any]] = {
    "apex": {"type": "A", "name": "@", "content": web_ip},
    "web": {
        "type": "A",
        "name": "web.predrive.test",
        "content": web_ip,
        "comment": config.require("step"),
    },
    "www": {"type": "CNAME", "name": "www", "content": "web.predrive.test"},
    "mail": {"type": "MX", "name": "predrive.test", "content": "mx.predrive.test", "priority": 0},
    "spf": {"type": "TXT", "name": "predrive.test", "content": '"v=spf1 -all"'},
    "caa": {
        "type": "CAA",
        "name": "predrive.test",
        "data": cloudflare.DnsRecordDataArgs(flags=0, tag="issue", value="letsencrypt.org"),
    },
    "xmpp": {
        "type": "SRV",
        "name": "_xmpp-client._tcp.predrive.test",
        "data": cloudflare.DnsRecordDataArgs(
            priority=10, weight=0, port=5222, target="web.predrive.test"
        ),
        "priority": 10,
    },
}
for name, record in RECORDS.items():
    cloudflare.DnsRecord(name, zone_id=zone.zone_id, ttl=config.require_int("ttl"), **record)
cloudflare.DnsRecord(
    "proxied",
    zone_id=zone.zone_id,
    type="A",
    name="edge.predrive.test",
    content=web_ip,
    ttl=1,
    proxied=True,
)
