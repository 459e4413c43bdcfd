"""Lights: whether something works, and since when that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from amazon_eboekhouden.ledger.couplings import OpenProblem
from amazon_eboekhouden.ledger.seen import ServiceCheck
from amazon_eboekhouden.pipelines.activation import Standing
from amazon_eboekhouden.provider.dashboard.airflow_state import LastTask
from amazon_eboekhouden.provider.dashboard.dutch import title_of
from amazon_eboekhouden.provider.dashboard.shown import ago

SERVICES: Mapping[str, str] = {"amazon": "Amazon", "books": "e-Boekhouden.nl"}


@dataclass(frozen=True, slots=True)
class Light:
    """Whether something works: green, amber, red or grey, and why."""

    name: str
    colour: str
    text: str


def standing_light(found: Standing, *, has_booked: bool) -> Light:
    """Active, preview or not active, and who or what decided so."""
    colour, text = {
        "stopped": ("red", f"gestopt: {title_of(found.why)}"),
        "off_in_file": ("grey", "niet actief (in het bestand)"),
        "not_activated": ("grey", "nog niet geactiveerd"),
        "deactivated": ("grey", "gedeactiveerd"),
        "preview": ("amber", "proef: er wordt niets geboekt"),
        "active": ("green", "actief" if has_booked else "actief, nog niets geboekt"),
    }[found.state]
    return Light("Koppeling", colour, text)


def service_light(
    service: str,
    connection: str,
    task: LastTask | None,
    check: ServiceCheck | None,
    problems: Sequence[OpenProblem],
    now: datetime,
) -> Light:
    """The newest evidence decides: a check by hand, or the last run.

    Args:
        service: amazon or books.
        connection: its id.
        task: how the newest task that speaks to it went.
        check: how the newest check went.
        problems: what the newest check found.
        now: to say how long ago.
    """
    name = SERVICES[service]
    found = [p for p in problems if _concerns(p, service, connection)]
    seen = max((p.last_seen_utc for p in found), default=None)
    if seen and (task is None or seen > task.at_utc or not task.succeeded):
        return _fault_light(name, found, ago(seen, now))
    if check and check.good and not found and (task is None or check.at_utc > task.at_utc):
        return Light(name, "green", f"gecontroleerd, {ago(check.at_utc, now)}")
    if task is None:
        return Light(name, "grey", "nog niet gecontroleerd")
    when = ago(task.at_utc, now)
    if not task.succeeded:
        return Light(name, "red", f"laatste run mislukt, {when}")
    return Light(name, "green", f"werkt, {when}")


def _fault_light(name: str, found: Sequence[OpenProblem], when: str) -> Light:
    """Accounts that are wrong say that the service answers: that is not a broken connection."""
    accounts = [p for p in found if p.problem.row.startswith(_ACCOUNTS)]
    if len(accounts) < len(found):
        first = next(p for p in found if p not in accounts)
        return Light(name, "red", f"{title_of(first.problem.code)} ({when})")
    what = "1 rekening klopt" if len(accounts) == 1 else f"{len(accounts)} rekeningen kloppen"
    return Light(name, "amber", f"bereikbaar, maar {what} niet ({when})")


_ACCOUNTS = ("ledger account", "chart of accounts")


def _concerns(found: OpenProblem, service: str, connection: str) -> bool:
    if found.problem.row == f"connection {connection}":
        return True
    if found.problem.code == "seller-changed":
        return service == "amazon"
    return service == "books" and found.problem.row.startswith((*_ACCOUNTS, "coupling"))
