"""What each type of record may hold: Cloudflare's form of it, and the form a DNS server reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from sandbox.cloudflare.wire import Refusal

LABEL = r"[a-z0-9_][a-z0-9_-]{0,62}"
HOST = re.compile(rf"(?=.{{1,253}}$)(\*\.)?({LABEL}\.)*{LABEL}")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
PARAMETER = re.compile(r'="([^"\s]*)"')
LONGEST_STRING = 255
LONGEST_CONTENT = 4096
PROXIABLE = ("A", "AAAA", "CNAME")


def invalid_content(type: str, why: str = "") -> Refusal:
    return Refusal(9007, f"Content for {type} record is invalid.{' ' + why if why else ''}")


@dataclass(frozen=True)
class Content:
    """`text` is what the API says, `published` what the zone file says."""

    text: str
    published: str
    priority: int | None = None
    data: dict[str, Any] | None = None


def host(type: str, text: str) -> str:
    name = text.strip().removesuffix(".").lower()
    if not HOST.fullmatch(name):
        raise invalid_content(type, "Must be a hostname.")
    return name


def _address(type: str, body: Mapping[str, Any]) -> Content:
    text = str(body.get("content", "")).strip()
    try:
        address = IPv4Address(text) if type == "A" else IPv6Address(text)
    except ValueError:
        version = "IPv4" if type == "A" else "IPv6"
        raise invalid_content(type, f"Must be a valid {version} address.") from None
    return Content(str(address), str(address))


def _host(type: str, body: Mapping[str, Any]) -> Content:
    name = host(type, str(body.get("content", "")))
    return Content(name, f"{name}.")


def _mail(type: str, body: Mapping[str, Any]) -> Content:
    text = str(body.get("content", "")).strip()
    priority = number(type, body, "priority", 65535)
    if text == ".":  # RFC 7505: this name takes no mail
        return Content(".", f"{priority} .", priority)
    name = host(type, text)
    return Content(name, f"{priority} {name}.", priority)


def _text(type: str, body: Mapping[str, Any]) -> Content:
    """Quoted stays quoted, unquoted stays unquoted; DNS serves the same text either way."""
    text = str(body.get("content", ""))
    if not text:
        raise invalid_content(type)
    if len(text.encode()) > LONGEST_CONTENT:
        raise Refusal(
            9015,
            f"Record content exceeds the allowed length of {LONGEST_CONTENT} wire format bytes.",
        )
    if not text.startswith('"'):
        strings = _split(text.replace("\\", "\\\\").replace('"', '\\"'))
        published = " ".join(f'"{string}"' for string in strings)
        return Content(text if len(strings) == 1 else published, published)
    strings = QUOTED.findall(text)
    if re.sub(r"\s+", "", QUOTED.sub("", text)):
        raise invalid_content(type, "Quotes must be closed.")
    published = " ".join(f'"{part}"' for string in strings for part in _split(string))
    return Content(published, published)


def _split(escaped: str) -> list[str]:
    """Strings of 255 bytes at most; an escape is one byte of the string and is never cut."""
    parts, part, size = [], "", 0
    for unit in re.findall(r"\\\d{3}|\\.|.", escaped, re.DOTALL):
        weight = 1 if unit.startswith("\\") else len(unit.encode())
        if size + weight > LONGEST_STRING:
            parts.append(part)
            part, size = "", 0
        part, size = part + unit, size + weight
    return [*parts, part]


def number(type: str, data: Mapping[str, Any], key: str, most: int) -> int:
    value = data.get(key)
    # Numbers sent as text come back as numbers.
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= most:
        raise invalid_content(type, f"'{key}' must be a number from 0 to {most}.")
    return int(value)


def _word(type: str, data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise invalid_content(type, f"'{key}' is required.")
    return value


@dataclass(frozen=True)
class DataForm:
    """A type whose content is computed from `data`: its numbers, its words, and both texts."""

    numbers: Mapping[str, int]
    words: tuple[str, ...]
    text: str
    published: str
    with_priority: bool = False


BYTE, SHORT = 255, 65535
FORMS: dict[str, DataForm] = {
    "SRV": DataForm(
        {"priority": SHORT, "weight": SHORT, "port": SHORT},
        ("target",),
        "{weight} {port} {target}",
        "{priority} {weight} {port} {target_host}",
        with_priority=True,
    ),
    "CAA": DataForm(
        {"flags": BYTE}, ("tag", "value"), '{flags} {tag} "{value}"', '{flags} {tag} "{value}"'
    ),
    "HTTPS": DataForm(
        {"priority": SHORT},
        ("target", "value"),
        "{priority} {target} {value}",
        "{priority} {target_host} {value}",
    ),
    "TLSA": DataForm(
        {"usage": BYTE, "selector": BYTE, "matching_type": BYTE},
        ("certificate",),
        "{usage} {selector} {matching_type} {certificate}",
        "{usage} {selector} {matching_type} {certificate}",
    ),
    "SSHFP": DataForm(
        {"algorithm": BYTE, "type": BYTE},
        ("fingerprint",),
        "{algorithm} {type} {fingerprint}",
        "{algorithm} {type} {fingerprint}",
    ),
    "DS": DataForm(
        {"key_tag": SHORT, "algorithm": BYTE, "digest_type": BYTE},
        ("digest",),
        "{key_tag} {algorithm} {digest_type} {digest}",
        "{key_tag} {algorithm} {digest_type} {digest}",
    ),
}
FORMS["SVCB"] = FORMS["HTTPS"]


def _formed(type: str, body: Mapping[str, Any]) -> Content:
    form, given = FORMS[type], body.get("data")
    if not isinstance(given, dict):
        raise invalid_content(type, "'data' is required.")
    data: dict[str, Any] = {
        **{key: number(type, given, key, most) for key, most in form.numbers.items()},
        **{key: _word(type, given, key) for key in form.words},
    }
    if "target" in data:
        data["target"] = data["target"] if data["target"] == "." else host(type, data["target"])
    target = data.get("target", "")
    absolute = target if target == "." else f"{target}."
    published = form.published.format(**data, target_host=absolute)
    return Content(
        form.text.format(**data),
        # PowerDNS 4.7 takes `alpn=h3,h2` but not `alpn="h3,h2"`.
        PARAMETER.sub(r"=\1", published) if form is FORMS["HTTPS"] else published,
        data["priority"] if form.with_priority else None,
        data,
    )


READERS: dict[str, Callable[[str, Mapping[str, Any]], Content]] = {
    "A": _address,
    "AAAA": _address,
    "CNAME": _host,
    "NS": _host,
    "PTR": _host,
    "MX": _mail,
    "TXT": _text,
    **dict.fromkeys(FORMS, _formed),
}


def read(type: str, body: Mapping[str, Any]) -> Content:
    reader = READERS.get(type)
    if reader is None:
        raise Refusal(9000, f"a record of type {type!r} is not emulated", 501)
    return reader(type, body)


def is_proxiable(type: str, text: str) -> bool:
    if type not in PROXIABLE:
        return False
    if type == "CNAME":
        return True
    address = IPv4Address(text) if type == "A" else IPv6Address(text)
    # Reserved for tests, both of them, and this cloud's public addresses: 198.18.0.0/15 and
    # 2001:db8::/32 count as public here.
    ours = text.startswith(("198.18.", "198.19.")) or address.exploded.startswith("2001:0db8:")
    return ours or address.is_global
