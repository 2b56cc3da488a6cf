"""The stand-in images at work, in the Docker Engine of a server, pulled through the mirror."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.ground import Ground

pytestmark = pytest.mark.containers

SECRET = "a-secret-that-nobody-may-see-0123456789"
API = "presuite/predrive-api:1.0.0"


@pytest.fixture(scope="module")
def server(ground: Ground) -> Iterator[int]:
    """A server with PostgreSQL, a bucket and the API, as PreDrive has them."""
    ground.machines.create_server(ground.spec(20))
    ground.booted(20)
    keys = ground.connection
    ground.run(
        20,
        f"""set -e
cat > /root/api.env <<END
DATABASE_URL=postgres://postgres:{SECRET}@db:5432/predrive
JWT_SECRET={SECRET}
S3_ENDPOINT={keys.s3_endpoint}
S3_REGION={keys.s3_region}
S3_BUCKET=predrive
S3_ACCESS_KEY={keys.s3_access_key}
S3_SECRET_KEY={keys.s3_secret_key}
END
empty=$(printf '' | sha256sum | cut -d' ' -f1)
curl -fsS --aws-sigv4 aws:amz:{keys.s3_region}:s3 -H "x-amz-content-sha256: $empty" \
  --user {keys.s3_access_key}:{keys.s3_secret_key} -X PUT {keys.s3_endpoint}/predrive
docker network create predrive
docker run -d --name db --network predrive --memory 256m -v pgdata:/var/lib/postgresql/data \
  -e POSTGRES_DB=predrive -e POSTGRES_PASSWORD={SECRET} postgres:16.10 \
  postgres -c max_connections=50
for i in $(seq 300); do docker exec db pg_isready -q -h 127.0.0.1 && break; sleep 0.1; done
docker run -d --name api --network predrive --memory 128m --read-only --cap-drop ALL \
  --security-opt no-new-privileges --env-file /root/api.env -p 127.0.0.1:3000:3000 {API}
for i in $(seq 100); do curl -s -o /dev/null localhost:3000/health && break; sleep 0.1; done
""",
    )
    yield 20
    ground.machines.delete_server(20)


def health(ground: Ground, server: int) -> Any:
    return json.loads(ground.run(server, "curl -s localhost:3000/health"))


def test_the_api_is_well_with_its_database_and_its_bucket(ground: Ground, server: int) -> None:
    found = health(ground, server)
    assert found["status"] == "ok"
    assert {name: check["ok"] for name, check in found["checks"].items()} == {
        "database": True,
        "s3": True,
    }


def test_the_api_says_503_and_why_when_the_database_is_gone(ground: Ground, server: int) -> None:
    ground.run(server, "docker stop db")
    code = ground.run(server, "curl -s -o /root/said -w '%{http_code}' localhost:3000/health")
    said = json.loads(ground.run(server, "cat /root/said"))
    ground.run(server, "docker start db && until docker exec db pg_isready -q; do sleep 0.1; done")
    assert (code, said["status"], said["checks"]["database"]["ok"], said["checks"]["s3"]["ok"]) == (
        "503",
        "failing",
        False,
        True,
    )


def test_notes_outlive_the_database_container(ground: Ground, server: int) -> None:
    post = """curl -sS -X POST localhost:3000/api/notes -d '{"text": "kept"}'"""
    assert json.loads(ground.run(server, post))["text"] == "kept"
    ground.run(
        server,
        "docker rm -f db && docker run -d --name db --network predrive "
        "-v pgdata:/var/lib/postgresql/data postgres:16.10 "
        "&& until docker exec db pg_isready -q; do sleep 0.1; done",
    )
    notes = json.loads(ground.run(server, "curl -sS localhost:3000/api/notes"))["notes"]
    assert [note["text"] for note in notes] == ["kept"]


def test_no_secret_is_in_the_apis_log_or_answers(ground: Ground, server: int) -> None:
    said = ground.run(
        server,
        "docker logs api 2>&1; curl -s localhost:3000/health; "
        "curl -s localhost:3000/health/environment",
    )
    assert "JWT_SECRET" in said
    assert SECRET not in said
    assert ground.connection.s3_secret_key not in said


def test_a_wrong_database_password_is_refused_over_the_network(ground: Ground, server: int) -> None:
    said = ground.run(
        server,
        "docker run --rm --network predrive -e PGPASSWORD=wrong postgres:16.10 "
        "psql -h db -U postgres -c 'select 1' 2>&1 || true",
    )
    assert 'password authentication failed for user "postgres"' in said


def test_postgres_without_a_password_refuses_to_start(ground: Ground, server: int) -> None:
    said = ground.run(server, "docker run --rm postgres:16.10 2>&1 && false || true")
    assert said.startswith(
        "Error: Database is uninitialized and superuser password is not specified."
    )


def test_postgres_runs_its_first_scripts_once(ground: Ground, server: int) -> None:
    ground.run(
        server, "mkdir -p /root/init && echo 'CREATE TABLE made (n int);' > /root/init/a.sql"
    )
    ground.run(
        server,
        "docker run -d --name scripted -e POSTGRES_PASSWORD=x -v /root/init:/docker-entrypoint-"
        "initdb.d:ro postgres:16.10 && for i in $(seq 300); do docker exec scripted pg_isready -q "
        "-h 127.0.0.1 && break; sleep 0.1; done",
    )
    ask = "docker exec scripted psql -U postgres -Atc 'select count(*) from made'"
    assert ground.run(server, ask) == "0\n"
    ground.run(
        server, "docker restart scripted && until docker exec scripted pg_isready -q; do :; done"
    )
    assert ground.run(server, ask) == "0\n"
    ground.run(server, "docker rm -fv scripted")


def test_the_api_names_every_variable_that_it_lacks(ground: Ground, server: int) -> None:
    said = ground.run(
        server,
        f"docker run --rm -e JWT_SECRET=x -e DATABASE_URL=mysql://x {API} 2>&1 && false || true",
    )
    assert said.splitlines() == [
        "predrive-api > S3_ENDPOINT: missing. The program needs it to start.",
        "predrive-api > S3_REGION: missing. The program needs it to start.",
        "predrive-api > S3_BUCKET: missing. The program needs it to start.",
        "predrive-api > S3_ACCESS_KEY: missing. The program needs it to start.",
        "predrive-api > S3_SECRET_KEY: missing. The program needs it to start.",
        "predrive-api > DATABASE_URL: must look like postgresql://host…",
    ]


def test_the_api_ends_on_sigterm_by_itself(ground: Ground, server: int) -> None:
    ground.run(server, "docker stop -t 20 api")
    state = ground.run(server, "docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' api")
    ground.run(server, "docker start api")
    assert state == "0 false\n"


def test_nginx_serves_the_web_build(ground: Ground, server: int) -> None:
    ground.run(
        server,
        "docker run --rm -v web:/out presuite/predrive-web:1.0.0 cp -r /dist/. /out/ && "
        "docker run -d --name web -p 8080:80 -v web:/usr/share/nginx/html:ro nginx:1.28.0 && "
        "until curl -s -o /dev/null localhost:8080; do sleep 0.1; done",
    )
    page = ground.run(server, "curl -sS localhost:8080/")
    logged = ground.run(server, "docker logs web 2>&1")
    ground.run(server, "docker rm -f web")
    assert "<title>PreDrive</title>" in page
    assert '"GET / HTTP/1.1" 200' in logged


def test_a_name_that_leads_nowhere_gets_no_certificate_and_no_wait(
    ground: Ground, server: int
) -> None:
    said = ground.run(
        server,
        "timeout 60 docker run --rm goacme/lego:v4.26.0 --server https://acme.cloud.test/directory "
        "--email a@nobody.test --accept-tos --domains nobody.test --http run 2>&1; echo code $?",
    )
    assert ":error:connection :: The server could not connect to validation target" in said
    assert said.endswith("code 1\n"), said


def test_a_stand_in_says_what_it_is(ground: Ground, server: int) -> None:
    label = '{{index .Config.Labels "estate.stand-in"}}'
    assert ground.run(server, f"docker image inspect -f '{label}' postgres:16.10") == (
        "PostgreSQL 16.2 of the wheel pgserver 0.1.4 (no TLS, no ICU, no contrib extensions); "
        "stands for the official image postgres 16\n"
    )
