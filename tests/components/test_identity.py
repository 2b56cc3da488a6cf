"""The files of the Docker provider's ssh: readable by their owner alone, written once."""

from __future__ import annotations

from pathlib import Path

from blueprint.parts import Secret, Server
from components import identity

SERVERS = tuple(
    Server(
        name=name,
        server_type="cx23",
        location="nbg1",
        image="ubuntu-24.04",
        private_ip="10.40.1.30",
        rules=(),
        host_key=Secret(f"host-key-{name}"),
        host_public_key=f"ssh-ed25519 AAAA{name} {name}",
        authorized_keys=(),
    )
    for name in ("drive", "hub")
)


def test_key_and_known_hosts_are_private(tmp_path: Path) -> None:
    identity.write("dev", SERVERS, "key", tmp_path)
    folder = tmp_path / ".estate" / "ssh" / "dev"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "id": "key\n",
        "known_hosts": "drive ssh-ed25519 AAAAdrive drive\nhub ssh-ed25519 AAAAhub hub\n",
    }
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    identity.write("dev", SERVERS, "key", tmp_path)
    key = tmp_path / ".estate" / "ssh" / "dev" / "id"
    before = key.stat().st_ino
    identity.write("dev", SERVERS, "key\n", tmp_path)
    assert key.stat().st_ino == before
    identity.write("dev", SERVERS, "another", tmp_path)
    assert key.read_text() == "another\n"
    assert oct(key.stat().st_mode & 0o777) == "0o600"
