"""PostgreSQL, by DATABASE_URL: a question answered, a row written; and the notes kept in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pg8000.native  # type: ignore[import-not-found]

_SECONDS = 5
_TABLES = (
    "CREATE TABLE IF NOT EXISTS probe_checks (id bigserial PRIMARY KEY, at timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS notes (id bigserial PRIMARY KEY, text text NOT NULL,"
    " created_at timestamptz NOT NULL DEFAULT now())",
)


class Database:
    variable = "DATABASE_URL"

    def __init__(self, environment: Mapping[str, str]):
        self._url = urlsplit(environment[self.variable])

    def check(self) -> dict[str, Any]:
        with self._connected() as connection:
            version = connection.run("SHOW server_version")[0][0]
            self._make_tables(connection)
            connection.run("INSERT INTO probe_checks (at) VALUES (now())")
            connection.run("DELETE FROM probe_checks WHERE at < now() - interval '1 hour'")
            return {"server_version": version}

    def notes(self) -> list[dict[str, Any]]:
        with self._connected() as connection:
            self._make_tables(connection)
            rows = connection.run("SELECT id, text, created_at FROM notes ORDER BY id")
            return [{"id": row[0], "text": row[1], "created_at": str(row[2])} for row in rows]

    def add_note(self, text: str) -> dict[str, Any]:
        with self._connected() as connection:
            self._make_tables(connection)
            rows = connection.run(
                "INSERT INTO notes (text) VALUES (:text) RETURNING id, text", text=text
            )
            return {"id": rows[0][0], "text": rows[0][1]}

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        connection = pg8000.native.Connection(
            user=unquote(self._url.username or "postgres"),
            password=unquote(self._url.password or "") or None,
            host=self._url.hostname,
            port=self._url.port or 5432,
            database=unquote(self._url.path[1:]),
            timeout=_SECONDS,
        )
        try:
            yield connection
        finally:
            connection.close()

    def _make_tables(self, connection: Any) -> None:
        # Two checks at once must not both find the table absent.
        connection.run("BEGIN")
        connection.run("SELECT pg_advisory_xact_lock(7213)")
        for statement in _TABLES:
            connection.run(statement)
        connection.run("COMMIT")
