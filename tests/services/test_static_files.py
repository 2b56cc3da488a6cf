"""Static files: copied from an image into a volume; what is gone from the image goes there too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from blueprint.parts import Container, DockerVolume, Mount, Offer
from services import static_files
from tests.services import manual


def test_the_container_of_the_manual_runs_once_and_is_whole() -> None:
    share = manual.built("static_files")
    assert share.volumes == (DockerVolume("predrive-web"),)
    (container,) = share.containers
    assert container == Container(
        name="web",
        image="presuite/predrive-web:1.0.0",
        memory_mb=64,
        cpus=0.5,
        command=("sh", "-c", container.command[2]),
        mounts=(Mount("predrive-web", "/files"),),
        capabilities=("CHOWN", "DAC_OVERRIDE", "FOWNER"),
        user="0:0",
        once=True,
    )


def test_it_offers_a_volume_to_a_web_server() -> None:
    offer = static_files.offers(manual.place("web"), manual.settings("static_files"))
    assert offer == Offer(files="predrive-web", network="web")


def test_the_copy_is_the_folder_of_the_image_and_nothing_of_an_older_one(tmp_path: Path) -> None:
    (container,) = manual.built("static_files", path="/dist").containers
    image, files = tmp_path / "dist", tmp_path / "files"
    (image / "assets").mkdir(parents=True)
    files.mkdir()
    (image / "index.html").write_text("new")
    (image / "assets" / "a b.js").write_text("script")
    (files / "index.html").write_text("old")
    (files / "gone").mkdir()
    (files / "gone" / "page.html").write_text("old")
    (files / ".hidden").write_text("old")
    script = container.command[2].replace("/dist", str(image)).replace("/files", str(files))
    subprocess.run(["sh", "-eu", "-c", script], check=True)
    found = {str(p.relative_to(files)): p.read_text() for p in files.rglob("*") if p.is_file()}
    assert found == {"index.html": "new", "assets/a b.js": "script"}


@pytest.mark.parametrize("path", ["dist", "/dist; rm -rf /", "/a b", "/$HOME"])
def test_a_path_that_a_shell_could_misread_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        manual.settings("static_files", path=path)
