"""DNS records at Cloudflare, each in the zone that owns its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi

from blueprint.parts import Record, Zone
from components.sdk import cloudflare
from components.server import ServerHost


def zone_id(zone: Zone) -> pulumi.Input[str]:
    """The zone's id: as configured, or looked up by name."""
    if zone.zone_id is not None:
        return zone.zone_id
    found: pulumi.Output[dict[str, str]] = pulumi.runtime.invoke_output(
        "cloudflare:index/getZone:getZone", {"filter": {"name": zone.name}}
    )
    return found["zoneId"]


class Records(pulumi.ComponentResource):
    """All records of a system. `by_name` lets a certificate wait for its names."""

    def __init__(
        self,
        system: str,
        records: Iterable[Record],
        *,
        zones: Iterable[Zone],
        hosts: Mapping[str, ServerHost],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("estate:dns:Records", system, None, opts)
        ids = {zone.name: zone_id(zone) for zone in zones}
        self.by_name: dict[str, list[pulumi.Resource]] = {}
        for record in records:
            resource = cloudflare.DnsRecord(
                f"{record.name}-{record.type.lower()}",
                zone_id=ids[record.zone],
                name=record.name,
                type=record.type,
                content=_content(record, hosts),
                ttl=1 if record.proxied else record.ttl,
                proxied=record.proxied,
                # A and CNAME of one name cannot stand side by side, not even for a moment.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            self.by_name.setdefault(record.name, []).append(resource)
        self.register_outputs({})


def _content(record: Record, hosts: Mapping[str, ServerHost]) -> pulumi.Input[str]:
    if record.server is None:
        return record.content or ""
    host = hosts[record.server]
    return host.ipv6 if record.type == "AAAA" else host.ipv4
