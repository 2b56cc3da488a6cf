"""SSH keys: public keys that new servers are given for root."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from dataclasses import asdict, dataclass

from sandbox.cloud import Cloud, now
from sandbox.hetzner.errors import invalid, not_unique
from sandbox.hetzner.rows import find, refuse_taken_name, rename_and_label
from sandbox.hetzner.wire import Answer, Call, Route, created, gone, listing


@dataclass
class SshKey:
    id: int
    name: str
    fingerprint: str
    public_key: str
    labels: dict[str, str]
    created: str


def fingerprint_of(public_key: str) -> str:
    """MD5 in pairs with colons, as Hetzner still shows it."""
    words = public_key.split()
    try:
        blob = b64decode(words[1], validate=True)
    except (IndexError, binascii.Error):
        raise invalid(public_key="SSH key format is invalid") from None
    kind = words[0].encode()
    # The blob begins with its own kind: a length in 4 bytes, then the name.
    if blob[4 : 4 + len(kind)] != kind:
        raise invalid(public_key="SSH key format is invalid")
    # What SSH itself prints; nothing is kept secret by it.
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def by_id_or_name(cloud: Cloud, id_or_name: str) -> SshKey:
    for key in cloud.store.table(SshKey).values():
        if id_or_name in (str(key.id), key.name):
            return key
    raise invalid(ssh_keys=f"SSH key {id_or_name!r} not found")


def index(call: Call) -> Answer:
    rows = [asdict(key) for key in call.cloud.store.table(SshKey).values()]
    return listing(call, "ssh_keys", rows, filters=("name", "fingerprint"))


def create(call: Call) -> Answer:
    fields = call.fields
    name, labels = fields.text("name"), fields.labels()
    public_key = fields.text("public_key").strip()
    fields.check()
    fingerprint = fingerprint_of(public_key)
    refuse_taken_name(call.cloud, SshKey, name, "SSH key")
    table = call.cloud.store.table(SshKey)
    if any(key.fingerprint == fingerprint for key in table.values()):
        raise not_unique("SSH key", "public_key")
    id = call.cloud.store.next_id(SshKey)
    table[id] = SshKey(id, name, fingerprint, public_key, labels, now())
    return created(ssh_key=asdict(table[id]))


def show(call: Call) -> Answer:
    return Answer({"ssh_key": asdict(find(call.cloud, SshKey, call.id, "SSH key"))})


def update(call: Call) -> Answer:
    key = find(call.cloud, SshKey, call.id, "SSH key")
    rename_and_label(call, key, "SSH key", call.fields)
    return Answer({"ssh_key": asdict(key)})


def delete(call: Call) -> Answer:
    find(call.cloud, SshKey, call.id, "SSH key")
    del call.cloud.store.table(SshKey)[call.id]
    return gone()


routes = [
    Route("GET", "/ssh_keys", index),
    Route("POST", "/ssh_keys", create),
    Route("GET", "/ssh_keys/{id}", show),
    Route("PUT", "/ssh_keys/{id}", update),
    Route("DELETE", "/ssh_keys/{id}", delete),
]
