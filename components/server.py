"""A server at Hetzner, its addresses and firewall, up to the point where Docker answers on it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from blueprint.parts import Rule, Secret, Server
from components import cloud_init, identity, scripts
from components.foundation import Foundation
from components.sdk import docker, hcloud, remote
from components.secrets import secret

_FIRST_CONTACT = "15m"


def rule_args(rule: Rule) -> hcloud.FirewallRuleArgs:
    """A rule as Hetzner takes it."""
    return hcloud.FirewallRuleArgs(
        direction="in",
        protocol=rule.protocol,
        port=None if rule.port is None else str(rule.port),
        source_ips=list(rule.source_ips),
        description=rule.description,
    )


def full_name(labels: Mapping[str, str], name: str) -> str:
    """The name at Hetzner, where all systems and environments of a project share one space."""
    return f"{labels['system']}-{labels['environment']}-{name}"


class ServerHost(pulumi.ComponentResource):
    """A server that can be worked on.

    `connection` is for commands, `provider` for containers, `machine` for what dies with it;
    `ipv4` and `ipv6` outlive the server.
    """

    def __init__(
        self,
        part: Server,
        *,
        foundation: Foundation,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("estate:server:ServerHost", part.name, None, opts)
        self._part = part
        self._child = pulumi.ResourceOptions(parent=self)
        self._full_name = full_name(part.labels, part.name)
        ipv4, ipv6 = self._primary_ip("ipv4"), self._primary_ip("ipv6")
        self.ipv4 = ipv4.ip_address
        # The address of the block's first host, as Hetzner's own images configure it.
        self.ipv6 = ipv6.ip_address.apply(lambda network: f"{network}1")
        self.machine = self._server(foundation, ipv4, ipv6)
        self.connection = self._connection(dial_error_limit=20, per_dial_timeout=15)
        first_contact = self._first_contact()
        # Unknown until Docker answers: nothing connects to a server that is still starting.
        host = pulumi.Output.all(self.ipv4, first_contact.stdout).apply(
            lambda known: f"ssh://{cloud_init.USER}@{known[0]}:22"
        )
        self.provider = docker.Provider(
            part.name,
            host=host,
            ssh_opts=identity.options(part.labels["environment"], part.name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.settled = self.command(
            f"{part.name}-settle", scripts.settle(part), parent=self, depends_on=[first_contact]
        )
        self.register_outputs({})

    def _connection(self, *, dial_error_limit: int, per_dial_timeout: int) -> remote.ConnectionArgs:
        return remote.ConnectionArgs(
            host=self.ipv4,
            user=cloud_init.USER,
            private_key=secret(Secret("deploy-key")),
            host_key=self._part.host_public_key,
            dial_error_limit=dial_error_limit,
            per_dial_timeout=per_dial_timeout,
        )

    def command(
        self,
        name: str,
        stdin: pulumi.Input[str],
        *,
        parent: pulumi.Resource,
        depends_on: list[pulumi.Resource],
        create: str = scripts.RUN,
        triggers: list[pulumi.Input[str]] | None = None,
    ) -> remote.Command:
        """Something done on this server: now, after each change, and on the next server again.

        `stdin` is the script, or what `create` reads. Nothing is undone when the server dies.
        """
        return remote.Command(
            name,
            connection=self.connection,
            create=create,
            stdin=stdin,
            # sshd takes no variables of ours, and no script asks for what it said before.
            add_previous_output_in_env=False,
            triggers=[self.machine.id, *(triggers or [])],
            opts=pulumi.ResourceOptions(
                parent=parent, depends_on=depends_on, deleted_with=self.machine
            ),
        )

    def _primary_ip(self, kind: str) -> hcloud.PrimaryIp:
        return hcloud.PrimaryIp(
            f"{self._part.name}-{kind}",
            name=f"{self._full_name}-{kind}",
            type=kind,
            assignee_type="server",
            auto_delete=False,
            location=self._part.location,
            labels=dict(self._part.labels),
            delete_protection=self._part.delete_protection,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Reported as "unassigned" between two servers since 2026-08-01.
                ignore_changes=["assigneeType"],
            ),
        )

    def _server(
        self, foundation: Foundation, ipv4: hcloud.PrimaryIp, ipv6: hcloud.PrimaryIp
    ) -> hcloud.Server:
        part = self._part
        firewall = hcloud.Firewall(
            part.name,
            name=self._full_name,
            rules=[rule_args(rule) for rule in part.rules],
            labels=dict(part.labels),
            opts=self._child,
        )
        server = hcloud.Server(
            part.name,
            name=self._full_name,
            server_type=part.server_type,
            location=part.location,
            image=part.image,
            user_data=secret(part.host_key).apply(lambda key: cloud_init.render(part, key)),
            ssh_keys=[foundation.key_name],
            placement_group_id=foundation.placement_group_id,
            firewall_ids=[firewall.id.apply(int)],
            public_nets=[
                hcloud.ServerPublicNetArgs(
                    ipv4_enabled=True,
                    ipv4=ipv4.id.apply(int),
                    ipv6_enabled=True,
                    ipv6=ipv6.id.apply(int),
                )
            ],
            labels=dict(part.labels),
            delete_protection=part.delete_protection,
            rebuild_protection=part.delete_protection,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Both are read at creation only, and a change of either would replace the server;
                # later keys come over SSH.
                ignore_changes=["userData", "sshKeys"],
                # Its name and its addresses can only be held once.
                delete_before_replace=True,
            ),
        )
        hcloud.ServerNetwork(
            part.name,
            server_id=server.id.apply(int),
            network_id=foundation.network_id,
            ip=part.private_ip,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[foundation.subnet]),
        )
        return server

    def _first_contact(self) -> remote.Command:
        # Without a limit: a server needs as long as it needs, the timeout is below.
        patient = self._connection(dial_error_limit=-1, per_dial_timeout=5)
        return remote.Command(
            f"{self._part.name}-first-contact",
            connection=patient,
            create=scripts.RUN,
            stdin=scripts.first_contact(self._part),
            add_previous_output_in_env=False,
            triggers=[self.machine.id],
            opts=pulumi.ResourceOptions(
                parent=self,
                deleted_with=self.machine,
                custom_timeouts=pulumi.CustomTimeouts(create=_FIRST_CONTACT),
                # It has met the server; only another server is worth another first contact.
                ignore_changes=["connection", "create", "stdin"],
            ),
        )
