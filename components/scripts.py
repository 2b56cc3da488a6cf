"""The shell that runs on servers, as pure text: every script may run again at any time."""

from __future__ import annotations

import hashlib
import json
from shlex import join, quote

from blueprint.parts import Bucket, Certificate, DockerVolume, File, Server, Volume
from components.cloud_init import USER

RUN = "sudo -n sh -s"
"""How a script is run: it comes on standard input, so nothing of it is on a command line."""

_DAEMON = {
    "live-restore": True,
    "log-driver": "json-file",
    "log-opts": {"max-file": "3", "max-size": "10m"},
}
# S3 wants it on every request; curl before 8 does not add it to one without a body.
_SHA256_OF_NOTHING = hashlib.sha256(b"").hexdigest()
_METADATA = "169.254.169.254"


def first_contact(server: Server) -> str:
    """Waits for cloud-init, installs what is missing, and ends when Docker answers."""
    packages = " ".join(quote(name) for name in server.packages)
    return f"""set -eu
status=0
cloud-init status --wait >/dev/null 2>&1 || status=$?
# 2 is "done, with recoverable errors" (cloud-init 23.4 and later).
if [ "$status" -ne 0 ] && [ "$status" -ne 2 ]; then
    cloud-init status --long >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
if ! dpkg-query -W {packages} >/dev/null 2>&1; then
    apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null
    apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends {packages} </dev/null
fi
usermod -aG docker {USER}
systemctl -q enable --now docker
for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && exit 0
    sleep 1
done
docker info >&2
"""


def settle(server: Server) -> str:
    """Who may log in, how Docker keeps its logs, and that containers do not see the metadata."""
    keys = "".join(key.public_key + "\n" for key in server.authorized_keys)
    home = f"/home/{USER}/.ssh"
    return f"""set -eu
install -d -m 0700 -o {USER} -g {USER} {home}
printf %s {quote(keys)} | install -m 0600 -o {USER} -g {USER} /dev/stdin {home}/authorized_keys
install -d -m 0755 /etc/docker /usr/local/lib/estate
new=$(printf %s {quote(json.dumps(_DAEMON, indent=2, sort_keys=True))})
if [ "$new" != "$(cat /etc/docker/daemon.json 2>/dev/null)" ]; then
    printf '%s\\n' "$new" > /etc/docker/daemon.json
    systemctl restart docker
fi
# User data holds the host key; only the host itself may ask for it.
cat > /etc/systemd/system/estate-metadata.service <<'UNIT'
[Unit]
Description=Keep containers from the metadata service
After=docker.service
PartOf=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'iptables -C DOCKER-USER -d {_METADATA} -j REJECT 2>/dev/null || \
iptables -I DOCKER-USER -d {_METADATA} -j REJECT'

[Install]
WantedBy=multi-user.target docker.service
UNIT
systemctl daemon-reload
systemctl -q enable estate-metadata.service
systemctl restart estate-metadata.service
"""


def mount(volume: Volume, linux_device: str) -> str:
    """Formats a volume that is empty, and mounts it before Docker starts, now and at each boot.

    Never formats what holds anything. A unit of our own instead of fstab: it waits for the device
    without udev, and Docker is kept back when the mount fails.
    """
    name = f"estate-volume-{volume.name}"
    return f"""set -eu
install -d -m 0755 /usr/local/lib/estate
cat > /usr/local/lib/estate/{name} <<'SCRIPT'
#!/bin/sh
set -eu
device={quote(linux_device)}
for _ in $(seq 120); do
    [ -b "$device" ] && break
    sleep 0.5
done
[ -b "$device" ] || {{ echo "{name}: $device did not appear" >&2; exit 1; }}
mountpoint -q {volume.mount_path} && exit 0
# 2: nothing recognised on the device. Any other answer means: hands off.
found=0
blkid -p "$device" >/dev/null 2>&1 || found=$?
[ "$found" -ne 2 ] || mkfs.ext4 -q -m 0 "$device"
mkdir -p {volume.mount_path}
mount -o discard,noatime "$device" {volume.mount_path}
SCRIPT
chmod 0755 /usr/local/lib/estate/{name}
cat > /etc/systemd/system/{name}.service <<'UNIT'
[Unit]
Description=Mount the volume {volume.name}
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/estate/{name}

[Install]
WantedBy=multi-user.target
RequiredBy=docker.service
UNIT
systemctl daemon-reload
systemctl -q enable {name}.service
/usr/local/lib/estate/{name}
# A volume that grew: the file system follows.
resize2fs {quote(linux_device)} >/dev/null 2>&1 || true
df -h {volume.mount_path} | tail -n 1
"""


def directory(part: DockerVolume) -> str:
    """Makes the directory of a Docker volume that lies on a block device.

    It is below the mount point, so Docker refuses to start on an unmounted disk.
    """
    path = data_path(part)
    return f"""set -eu
mountpoint -q /mnt/{part.volume} || {{ echo "/mnt/{part.volume} is not mounted" >&2; exit 1; }}
[ -d {path} ] || install -d -m 0700 -o {part.uid} -g {part.uid} {path}
"""


def data_path(part: DockerVolume) -> str:
    """Where a Docker volume lies on its block device."""
    return f"/mnt/{part.volume}/{part.name}"


def write(part: File) -> str:
    """The command that writes a file from standard input and has its container reload.

    A content that the container refuses is taken back, so that a restart still works.
    """
    path = quote(part.path)
    lines = [
        "set -eu",
        f'install -d -m 0755 "$(dirname {path})"',
        f"new=$(mktemp {path}.XXXXXX)",
        "trap 'rm -f \"$new\"' EXIT",
        'cat > "$new"',
        f'chmod {part.mode} "$new"',
    ]
    if part.container:
        inside = f"docker exec {part.container} "
        lines += [
            f"[ ! -e {path} ] || cp -p {path} {path}.before",
            f'mv "$new" {path}',
            f'running=$(docker ps -q -f "name=^{part.container}$" -f status=running)',
            '[ -n "$running" ] || exit 0',
            f"if ! {inside}{join(part.check)}; then",
            f"    if [ -e {path}.before ]; then mv {path}.before {path}; else rm {path}; fi",
            "    exit 1",
            "fi",
            f"rm -f {path}.before",
            inside + join(part.reload),
        ]
    else:
        lines += [f'mv "$new" {path}']
    return "sudo -n sh -c " + quote("\n".join(lines))


def bucket(part: Bucket, access_key: str, secret_key: str) -> str:
    """Creates a bucket unless it is there; the keys are never on a command line."""
    user = f"{access_key}:{secret_key}".replace("\\", "\\\\").replace('"', '\\"')
    user = user.replace("\n", "\\n")
    url = f"{part.endpoint}/{part.name}"
    return f"""set -eu
ask() {{
    curl -sS -o /dev/null -w '%{{http_code}}' --max-time 30 --retry 5 --retry-connrefused \
--retry-max-time 120 "$@" --aws-sigv4 aws:amz:{quote(part.region)}:s3 -K - {quote(url)} <<'KEYS'
user = "{user}"
header = "x-amz-content-sha256: {_SHA256_OF_NOTHING}"
KEYS
}}
[ "$(ask -I)" = 200 ] && exit 0
made=$(ask -X PUT)
found=$(ask -I)
[ "$found" = 200 ] && exit 0
echo "bucket {part.name}: {part.endpoint} answered $made to PUT, then $found to HEAD" >&2
exit 1
"""


def placeholder(part: Certificate) -> str:
    """A self-signed certificate where there is none yet, and the folders that are mounted."""
    home = f"{part.directory}/{part.name}"
    return f"""set -eu
install -d -m 0755 {part.webroot} {part.directory}
install -d -m 0700 {part.directory}/.acme
install -d -m 0755 {home}
[ -s {home}/fullchain.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
-nodes -days 30 -subj /CN={part.name} -keyout {home}/privkey.pem -out {home}/fullchain.pem \
2>/dev/null
chmod 0600 {home}/privkey.pem
"""


def certificate(part: Certificate) -> str:
    """Gets the certificate now, and installs the timer that keeps it fresh."""
    name = f"estate-certificate-{part.name}"
    return f"""set -eu
install -d -m 0755 /usr/local/lib/estate
cat > /usr/local/lib/estate/{name} <<'SCRIPT'
{_obtain(part)}SCRIPT
chmod 0755 /usr/local/lib/estate/{name}
cat > /etc/systemd/system/{name}.service <<'UNIT'
[Unit]
Description=Certificate of {part.name}
After=docker.service network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/local/lib/estate/{name}
UNIT
cat > /etc/systemd/system/{name}.timer <<'UNIT'
[Unit]
Description=Renew the certificate of {part.name}

[Timer]
OnCalendar=daily
RandomizedDelaySec=6h
Persistent=true

[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl -q enable --now {name}.timer
/usr/local/lib/estate/{name}
"""


def _obtain(part: Certificate) -> str:
    domains = " ".join(f"--domains {quote(hostname)}" for hostname in part.hostnames)
    names = " ".join(quote(hostname) for hostname in part.hostnames)
    return f"""#!/bin/sh
set -eu
umask 022
exec 9>/run/lock/{part.name}.certificate
flock 9
# A certificate authority that meets NXDOMAIN may remember it: ask only once the names are there.
for name in {names}; do
    for _ in $(seq 60); do
        getent ahosts "$name" >/dev/null && break
        sleep 2
    done
done
home={quote(part.directory)}
lego() {{
    docker run --rm --read-only --cap-drop ALL --cap-add DAC_OVERRIDE \
--security-opt no-new-privileges -v "$home/.acme:/data" \
-v {quote(part.webroot)}:/webroot -v /etc/ssl/certs:/etc/ssl/certs:ro \
-v /usr/share/ca-certificates:/usr/share/ca-certificates:ro \
-v /usr/local/share/ca-certificates:/usr/local/share/ca-certificates:ro \
{quote(part.image)} --path /data --server {quote(part.acme_directory)} --email {quote(part.email)} \
--accept-tos {domains} --http --http.webroot /webroot "$@"
}}
docker image inspect {quote(part.image)} >/dev/null 2>&1 || \\
    docker pull -q {quote(part.image)} >/dev/null
issued="$home/.acme/certificates/{part.hostnames[0]}"
if [ -s "$issued.crt" ]; then
    lego renew --days 30 --no-random-sleep
else
    lego run
fi
live="$home/{part.name}"
cmp -s "$issued.crt" "$live/fullchain.pem" && exit 0
install -m 0600 "$issued.key" "$live/privkey.pem"
install -m 0644 "$issued.crt" "$live/fullchain.pem"
docker exec {part.container} {join(part.reload)}
"""
