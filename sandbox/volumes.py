"""Volumes: sparse files with a real file system, shown to servers as block devices."""

from __future__ import annotations

from docker.models.containers import Container

from sandbox import containers
from sandbox.helper import STORE, Helper
from sandbox.underneath import MachineError

_MAKE_FILE_SYSTEM = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
}


class Volumes:
    def __init__(self, helper: Helper):
        self._helper = helper

    def create(self, volume_id: int, size_gb: int, filesystem: str | None) -> None:
        doing = f"create volume {volume_id}"
        if self._exists(volume_id):
            return
        path, fresh = _path(volume_id), _path(volume_id) + ".new"
        self._helper.run("truncate", "-s", f"{size_gb}G", fresh, doing=doing)
        if filesystem is not None:
            if filesystem not in _MAKE_FILE_SYSTEM:
                raise MachineError(f"{doing} > format: {filesystem!r}. Known: ext4, xfs.")
            self._helper.run(*_MAKE_FILE_SYSTEM[filesystem], fresh, doing=doing)
        # Renamed when whole: a volume that exists is a formatted one, whatever was killed.
        self._helper.run("mv", fresh, path, doing=doing)

    def delete(self, volume_id: int) -> None:
        self.release(volume_id)
        self._helper.run("rm", "-f", _path(volume_id), doing=f"delete volume {volume_id}")

    def resize(self, volume_id: int, size_gb: int) -> None:
        doing = f"resize volume {volume_id}"
        self._helper.run("truncate", "-s", f">{size_gb}G", _path(volume_id), doing=doing)
        loop = self._loop(volume_id)
        if loop is not None:
            self._helper.run("losetup", "--set-capacity", loop, doing=doing)

    def attach(self, server: Container, volume_id: int, letter: str) -> None:
        """Make the device node and Hetzner's name for it inside a running server."""
        doing = f"attach volume {volume_id}"
        if not self._exists(volume_id):
            raise MachineError(f"{doing} > there is no such volume")
        loop = self._loop(volume_id)
        if loop is None:
            loop = self._helper.run(
                "losetup", "--find", "--show", _path(volume_id), doing=doing
            ).strip()
        major, minor = self._helper.run("stat", "-c", "%Hr %Lr", loop, doing=doing).split()
        node = f"/dev/sd{letter}"
        script = (
            f"mkdir -p /dev/disk/by-id && rm -f {node}"
            f" && mknod -m 0660 {node} b {major} {minor}"
            f" && chgrp disk {node} && ln -sfn ../../sd{letter} {device(volume_id)}"
        )
        containers.run(server, ["sh", "-c", script], doing=doing)

    def mount(self, server: Container, volume_id: int) -> None:
        """What Hetzner's `automount` does: a line in fstab, and mounted now."""
        target = f"/mnt/HC_Volume_{volume_id}"
        line = f"{device(volume_id)} {target} auto discard,nofail,defaults 0 0"
        script = (
            f"mkdir -p {target}; grep -qF '{device(volume_id)} ' /etc/fstab"
            f" || echo '{line}' >> /etc/fstab; mountpoint -q {target} || mount {target}"
        )
        containers.run(server, ["sh", "-c", script], doing=f"mount volume {volume_id}")

    def detach(self, server: Container | None, volume_id: int) -> None:
        """Unplug: written out, unmounted where it was mounted, the device gone."""
        if server is not None and server.status == "running":
            script = (
                f'node=$(readlink -f {device(volume_id)}); [ -b "$node" ] || exit 0; sync;'
                'for at in $(findmnt -rno TARGET -S "$node"); do umount -l "$at"; done;'
                f'rm -f "$node" {device(volume_id)}'
            )
            containers.run(server, ["sh", "-c", script], doing=f"detach volume {volume_id}")
        self.release(volume_id)

    def release(self, volume_id: int) -> None:
        """Give the loop device back; the kernel keeps it until the last mount of it ends."""
        loop = self._loop(volume_id)
        if loop is not None:
            self._helper.run("losetup", "-d", loop, doing=f"release volume {volume_id}")

    def _exists(self, volume_id: int) -> bool:
        script = f"[ -e {_path(volume_id)} ] && echo yes || true"
        said = self._helper.run("sh", "-c", script, doing=f"volume {volume_id}")
        return said.strip() == "yes"

    def _loop(self, volume_id: int) -> str | None:
        if not self._exists(volume_id):
            return None
        said = self._helper.run(
            "losetup", "-nO", "NAME", "-j", _path(volume_id), doing=f"volume {volume_id}"
        )
        return said.split()[0] if said.split() else None


def device(volume_id: int) -> str:
    return f"/dev/disk/by-id/scsi-0HC_Volume_{volume_id}"


def _path(volume_id: int) -> str:
    return f"{STORE}/{volume_id}.img"
