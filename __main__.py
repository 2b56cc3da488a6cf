"""load -> draw -> check -> components -> outputs."""

import os
from pathlib import Path

import pulumi

from blueprint.checks import check, check_credentials
from blueprint.draw import draw
from components import identity
from components.dns import Records
from components.foundation import Foundation
from components.outputs import export
from components.server import ServerHost
from components.stack import DockerStack
from components.volume import ServerVolume
from config import ConfigError, load
from config.engine import values_and_secret_keys

stack = pulumi.get_stack()
values, secret_keys = values_and_secret_keys()
try:
    settings = load(stack, values, secret_keys)
    blueprint = draw(settings)
    findings = check(settings, blueprint) + check_credentials(settings, values, os.environ)
    if findings:
        raise ConfigError(findings)
except ConfigError as error:
    raise pulumi.RunError(f"the configuration is refused:\n{error}") from None

identity.write(stack, blueprint.servers, identity.deploy_key(), Path.cwd())
foundation = Foundation(blueprint)
hosts = {s.name: ServerHost(s, foundation=foundation) for s in blueprint.servers}
volumes = {v.name: ServerVolume(v, host=hosts[v.server]) for v in blueprint.volumes}
records = Records(blueprint.system, blueprint.records, zones=blueprint.zones, hosts=hosts)
for part in blueprint.stacks:
    DockerStack(part, host=hosts[part.server], volumes=volumes, records=records)
export(blueprint, hosts)
