"""The shell of the servers: it parses, and what can be run here without harm does what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.parts import Certificate, DockerVolume, File, SshKey, Volume
from components import scripts
from tests.components.bucket_server import BUCKET, S3, ask
from tests.components.test_identity import SERVERS

SERVER = SERVERS[0]
VOLUME = Volume("pgdata", "drive", "nbg1", 10)
CERTIFICATE = Certificate(
    name="predrive.test",
    hostnames=("predrive.test", "www.predrive.test"),
    directory="/srv/predrive/nginx/certs",
    webroot="/srv/predrive/nginx/acme",
    container="predrive-nginx",
    reload=("nginx", "-s", "reload"),
    acme_directory="https://acme.test/directory",
    email="hostmaster@predrive.test",
    image="goacme/lego:v4.26.0",
)
CONF = File(
    name="conf",
    path="/srv/it's here/default.conf",
    content=("unused",),
    container="predrive-nginx",
    check=("nginx", "-t", "-q"),
    reload=("nginx", "-s", "reload"),
)
PLAIN = File(name="plain", path="/srv/plain", content=("unused",), mode="0640")
DEVICE = "/dev/disk/by-id/scsi-0HC_Volume_1"

SCRIPTS: dict[str, str] = {
    "first_contact": scripts.first_contact(SERVER),
    "settle": scripts.settle(SERVER),
    "mount": scripts.mount(VOLUME, DEVICE),
    "directory": scripts.directory(DockerVolume("pgdata", volume="pgdata", uid=999)),
    "write": scripts.write(CONF),
    "write plain": scripts.write(PLAIN),
    "bucket": scripts.bucket(BUCKET, "key", 'it\'s "quoted"\\\n$(false)'),
    "placeholder": scripts.placeholder(CERTIFICATE),
    "certificate": scripts.certificate(CERTIFICATE),
}


def parse(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_parses_and_stops_at_the_first_error(name: str) -> None:
    script = SCRIPTS[name]
    assert parse(script).stderr == ""
    if name.startswith("write"):
        script = shlex.split(script)[-1]
        assert parse(script).stderr == ""
    assert script.splitlines()[0] == "set -eu"


def test_a_look_at_syntax_finds_an_error() -> None:
    assert parse("if true; then\n").returncode == 2


@pytest.mark.parametrize(
    ("name", "files"),
    [("mount", 1), ("certificate", 1)],
)
def test_scripts_inside_of_scripts_parse_too(name: str, files: int) -> None:
    inner = re.findall(r"<<'SCRIPT'\n(.*?)^SCRIPT$", SCRIPTS[name], re.DOTALL | re.MULTILINE)
    assert len(inner) == files
    for script in inner:
        assert script.startswith("#!/bin/sh\nset -eu\n")
        assert parse(script).stderr == ""


def test_a_key_with_quotes_is_installed_as_it_is() -> None:
    key = SshKey("anna", 'ssh-ed25519 AAAA o\'brien "x" $HOME')
    script = scripts.settle(replace(SERVER, authorized_keys=(key,)))
    (printed,) = re.findall(r"^(printf %s .*?) \| install", script, re.DOTALL | re.MULTILINE)
    result = subprocess.run(["sh", "-c", printed], capture_output=True, text=True, check=True)
    assert result.stdout == key.public_key + "\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], subprocess.CompletedProcess[str]]:
    """Runs the write script here: `sudo` runs what it is given, `docker` is the test's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sudo").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    (programs / "sudo").chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def run(content: str, docker: str) -> subprocess.CompletedProcess[str]:
        (programs / "docker").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n{docker}\n')
        (programs / "docker").chmod(0o755)
        file = replace(CONF, path=str(tmp_path / "srv" / "it's here" / "default.conf"))
        return subprocess.run(
            ["sh", "-c", scripts.write(file)],
            input=content,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


RUNNING = 'case "$1" in ps) echo abc;; esac'
STOPPED = "true"
REFUSES = 'case "$*" in ps*) echo abc;; *-t*) echo "unknown directive" >&2; exit 1;; esac'

Write = Callable[[str, str], subprocess.CompletedProcess[str]]


def test_a_file_is_written_before_its_container_is_there(write: Write, tmp_path: Path) -> None:
    assert write("one", STOPPED).returncode == 0
    folder = tmp_path / "srv" / "it's here"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"default.conf": "one"}
    assert oct((folder / "default.conf").stat().st_mode & 0o777) == "0o644"


def test_a_changed_file_is_tested_then_loaded(write: Write, tmp_path: Path) -> None:
    write("one", STOPPED)
    (tmp_path / "asked").unlink()
    assert write("two", RUNNING).returncode == 0
    folder = tmp_path / "srv" / "it's here"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"default.conf": "two"}
    assert (tmp_path / "asked").read_text().splitlines() == [
        "ps -q -f name=^predrive-nginx$ -f status=running",
        "exec predrive-nginx nginx -t -q",
        "exec predrive-nginx nginx -s reload",
    ]


def test_a_file_that_the_container_refuses_is_taken_back(write: Write, tmp_path: Path) -> None:
    write("one", STOPPED)
    result = write("broken", REFUSES)
    assert (result.returncode, result.stderr) == (1, "unknown directive\n")
    folder = tmp_path / "srv" / "it's here"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"default.conf": "one"}


def test_nothing_of_a_file_is_on_the_command_line() -> None:
    assert "unused" not in scripts.write(CONF) + scripts.write(PLAIN)


KEYS = [
    ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AKID", 'it\'s "quoted" \\ back\\slash $HOME $(false) `false` #1 é'),
    ("AKID", "two\nlines"),
]


@pytest.mark.parametrize(("access_key", "secret_key"), KEYS)
def test_a_bucket_is_made_once_with_a_request_signed_by_the_whole_key(
    access_key: str, secret_key: str
) -> None:
    with S3(access_key, secret_key) as s3:
        first = ask(scripts.bucket(s3.bucket, access_key, secret_key))
        assert (first.returncode, first.stderr) == (0, "")
        assert s3.answered == [("HEAD", 404), ("PUT", 200), ("HEAD", 200)]
        second = ask(scripts.bucket(s3.bucket, access_key, secret_key))
        assert (second.returncode, second.stderr) == (0, "")
        assert s3.answered[3:] == [("HEAD", 200)]


def test_a_wrong_key_is_told_without_showing_it() -> None:
    with S3("AKID", "right") as s3:
        result = ask(scripts.bucket(s3.bucket, "AKID", "wrong-key"))
        assert result.returncode == 1
        assert result.stderr == (
            f"bucket predrive: {s3.bucket.endpoint} answered 403 to PUT, then 403 to HEAD\n"
        )
        assert "wrong-key" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("found", "formats"),
    [(2, True), (0, False), (8, False), (4, False)],
)
def test_only_a_volume_on_which_nothing_is_recognised_is_formatted(
    found: int, formats: bool, tmp_path: Path
) -> None:
    inner = re.findall(r"<<'SCRIPT'\n(.*?)^SCRIPT$", SCRIPTS["mount"], re.DOTALL | re.MULTILINE)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, status in {
        "mountpoint": 1,
        "blkid": found,
        "mkfs.ext4": 0,
        "mkdir": 0,
        "mount": 0,
    }.items():
        (programs / name).write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/asked\nexit {status}\n")
        (programs / name).chmod(0o755)
    # Any block device will do: every program that would touch it is ours.
    script = inner[0].replace('[ -b "$device" ]', "true")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-s"], input=script, env=environment, text=True, check=True)
    asked = (tmp_path / "asked").read_text().split()
    expected = ["mountpoint", "blkid", *(["mkfs.ext4"] if formats else []), "mkdir", "mount"]
    assert asked == expected


def test_data_lies_below_the_mount_point_and_not_at_it() -> None:
    assert scripts.data_path(DockerVolume("pgdata", volume="pgdata")) == "/mnt/pgdata/pgdata"
