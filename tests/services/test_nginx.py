"""nginx: its configuration as a whole, host names, what it mounts and whom it waits for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.parts import Certificate, Container, Health, Mount, Port, Route
from blueprint.wiring import WiringError
from tests.services import manual

GOLDEN = Path(__file__).parent / "golden" / "predrive-nginx.conf"
RELOAD = ("nginx", "-s", "reload")


def test_the_configuration_of_predrive_is_the_golden_one() -> None:
    (file,) = manual.built("nginx").files
    assert file.content == (GOLDEN.read_text(),)


def test_a_configuration_is_tested_before_it_is_loaded() -> None:
    (file,) = manual.built("nginx").files
    assert (file.name, file.path, file.mode, file.container, file.check, file.reload) == (
        "predrive-nginx-conf",
        "/srv/predrive/nginx/conf.d/default.conf",
        "0644",
        "predrive-nginx",
        ("nginx", "-t", "-q"),
        RELOAD,
    )


def test_the_container_publishes_http_and_https_and_sees_files_read_only() -> None:
    assert manual.built("nginx").containers == (
        Container(
            name="nginx",
            image="nginx:1.28.0",
            memory_mb=128,
            cpus=1.0,
            ports=(Port(80, 80, public=True), Port(443, 443, public=True)),
            mounts=(
                Mount("/srv/predrive/nginx/conf.d", "/etc/nginx/conf.d", read_only=True),
                Mount("/srv/predrive/nginx/certs", "/certs", read_only=True),
                Mount("/srv/predrive/nginx/acme", "/acme", read_only=True),
                Mount("predrive-web", "/files/predrive-web", read_only=True),
            ),
            tmpfs={"/tmp": "mode=1777", "/run": "mode=0755", "/var/cache/nginx": ""},  # noqa: S108
            health=Health(("CMD", "curl", "-fsS", "http://127.0.0.1/nginx-health")),
            capabilities=("CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"),
            stop_signal="SIGQUIT",
            stop_timeout_seconds=30,
            after=("web", "api"),
        ),
    )


def test_each_host_name_gets_a_certificate_of_its_own() -> None:
    hosts = {"predrive.eu": {"/": "web"}, "www.predrive.eu": {"/": "web"}}
    assert manual.built("nginx", hosts=hosts).certificates == tuple(
        Certificate(
            name=hostname,
            hostnames=(hostname,),
            directory="/srv/predrive/nginx/certs",
            webroot="/srv/predrive/nginx/acme",
            container="predrive-nginx",
            reload=RELOAD,
            acme_directory="https://acme.test/directory",
            email="hostmaster@predrive.test",
            image="goacme/lego:v4.26.0",
        )
        for hostname in ("predrive.test", "www.predrive.test")
    )


def test_routes_name_host_path_and_service() -> None:
    assert manual.built("nginx").routes == (
        Route("predrive.test", "/", "web"),
        Route("predrive.test", "/api", "api"),
        Route("predrive.test", "/health", "api"),
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("predrive.eu", "predrive.eu"),
        ("PreDrive.EU", "predrive.eu"),
        ("predrive.eu.", "predrive.eu"),
        (" predrive.eu ", "predrive.eu"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_host_name_is_written_in_any_case_and_with_any_letters(written: str, meant: str) -> None:
    assert list(manual.settings("nginx", hosts={written: {"/": "web"}}).hosts) == [meant]


@pytest.mark.parametrize(
    ("hosts", "error"),
    [
        (
            {"predrive.eu; include /etc/passwd": {"/": "web"}},
            "has 'predrive.eu; include /etc/passwd', which is not a host name such as "
            "www.example.org",
        ),
        (
            {"*.predrive.eu": {"/": "web"}},
            "has '*.predrive.eu', which is not a host name such as www.example.org",
        ),
        ({"": {"/": "web"}}, "has '', which is not a host name such as www.example.org"),
        (
            {"a..eu": {"/": "web"}},
            "has 'a..eu', which is not a host name (encoding with 'idna' codec failed "
            "(UnicodeError: label empty or too long))",
        ),
        (
            {"predrive.eu": {"/": "web"}, "PREDRIVE.eu": {"/": "web"}},
            "has 'predrive.eu' twice (as 'PREDRIVE.eu' too)",
        ),
        (
            {"predrive.eu": {"/a b": "web"}},
            "has the path '/a b' at 'predrive.eu'; a path is like /api",
        ),
        (
            {"predrive.eu": {"api": "web"}},
            "has the path 'api' at 'predrive.eu'; a path is like /api",
        ),
        (
            {"predrive.eu": {"/ { return 200; }": "web"}},
            "has the path '/ { return 200; }' at 'predrive.eu'; a path is like /api",
        ),
    ],
)
def test_what_is_no_host_name_or_path_is_refused(hosts: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        manual.settings("nginx", hosts=hosts)
    assert [str(e["ctx"]["error"]) for e in refused.value.errors()] == [error]


@pytest.mark.parametrize("hosts", [{}, {"predrive.eu": {}}])
def test_a_host_name_without_paths_is_refused(hosts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        manual.settings("nginx", hosts=hosts)


def test_a_route_to_what_answers_no_http_is_refused() -> None:
    with pytest.raises(ValueError) as refused:
        manual.built("nginx", hosts={"predrive.eu": {"/": "db"}})
    assert str(refused.value) == "routes '/' to 'db', which answers no HTTP and has no files"


def test_a_route_to_no_service_is_refused() -> None:
    with pytest.raises(WiringError) as refused:
        manual.built("nginx", hosts={"predrive.eu": {"/": "apx"}})
    assert str(refused.value) == ("'apx' is no service of this stack. Known: api, db, files, web")


def test_images_of_nginx_and_of_the_acme_client_come_from_where_the_environment_says() -> None:
    images = {"nginx": "registry.test/nginx", "goacme/lego": "registry.test/lego"}
    share = manual.built("nginx", at=manual.place("nginx", images=images))
    assert share.containers[0].image == "registry.test/nginx:1.28.0"
    assert share.certificates[0].image == "registry.test/lego:v4.26.0"


def test_body_size_and_hsts_stand_in_the_configuration() -> None:
    (content,) = manual.built("nginx", max_body_mb=7, hsts_seconds=0).files[0].content
    lines = [line.strip() for line in content.splitlines()]
    assert "client_max_body_size 7m;" in lines
    assert 'add_header Strict-Transport-Security "max-age=0" always;' in lines
