"""One emulated cloud: everything that a request handler may reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sandbox.faults import Faults
from sandbox.jobs import Jobs
from sandbox.state import Store
from sandbox.underneath import Dns, Machines


@dataclass(frozen=True)
class Credentials:
    hetzner_token: str = field(repr=False)
    cloudflare_token: str = field(repr=False)


@dataclass(frozen=True)
class ApiDate:
    """Hetzner announces changes by date; which of them have happened here.

    The default precedes them all: Terraform's hcloud 1.60.1, which requires `assignee_type`
    and stores what the API says, would show a difference for ever on "unassigned".
    """

    today: date = date(2026, 4, 30)

    @property
    def has_datacenter_property(self) -> bool:
        return self.today <= date(2026, 7, 1)

    @property
    def must_be_unassigned(self) -> bool:
        return self.today >= date(2026, 5, 1)

    @property
    def reports_unassigned(self) -> bool:
        return self.today >= date(2026, 8, 1)

    @property
    def has_datacenters(self) -> bool:
        return self.today <= date(2026, 10, 1)


@dataclass(frozen=True)
class Cloud:
    store: Store
    machines: Machines
    dns: Dns
    credentials: Credentials
    slot: int = 0  # 198.18.<slot>.0/24 and 2001:db8:<slot>::/48 are this cloud's
    api_date: ApiDate = ApiDate()
    jobs: Jobs = field(default_factory=Jobs)
    faults: Faults = field(default_factory=Faults)
    restoring: set[int] = field(default_factory=set)  # actions that the start itself began


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
