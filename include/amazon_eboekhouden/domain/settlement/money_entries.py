"""Money of a settlement without a document: a mutation per step, direction and month.

Source: accounting rules 2.2 steps 7 to 11, 2.4 and 7.8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from amazon_eboekhouden.config.fees import NO_VAT
from amazon_eboekhouden.config.settings import AccountSettings
from amazon_eboekhouden.domain.settlement.entries import Entries, plain_line
from amazon_eboekhouden.domain.settlement.places import Place

# Step of the natural key, role of the account, description in the books.
STEPS: Mapping[str, tuple[str, str, str]] = {
    Place.REIMBURSEMENT: ("reimbursement", "reimbursements", "vergoedingen"),
    Place.RESERVE: ("reserve", "reserve", "reserve"),
    Place.CARRIED: ("carried", "reserve", "negatief saldo verrekend"),
    Place.DEBT: ("debt", "reserve", "schuld andere rekening verrekend"),
    Place.PAYOUT: ("payout", "transit", "overboeking terug of kaart belast"),
    Place.MICRO: ("micro", "transit", "proefoverboeking"),
    Place.SUSPENSE: ("suspense", "suspense", "nog uit te zoeken"),
    Place.PARKED: ("suspense", "suspense", "nog uit te zoeken"),
    Place.HELD: ("suspense", "suspense", "nog uit te zoeken"),
    Place.BEFORE_GO_LIVE: ("before-go-live", "before_go_live", "van voor ingang"),
}
TOLERANCE = ("tolerance", "differences", "centenverschillen")


@dataclass
class MoneyEntries:
    """Collects amounts per step, direction and month, and books them in the end.

    Attributes:
        accounts: the coupling's.
        currency: of the settlement; another than EUR is remembered beside the euros.
    """

    accounts: AccountSettings
    currency: str = "EUR"
    amounts: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    currency_cents: dict[tuple[str, str, str], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    days: dict[tuple[str, str, str], date] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    facts: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )

    def add(
        self,
        step: tuple[str, str, str],
        cents: int,
        on: date,
        currency_cents: int = 0,
        **facts: Mapping[str, Any],
    ) -> tuple[str, str, str]:
        """Add an amount (above zero: received on clearing); returns what `natural` wants."""
        name, role, text = step
        key = (name, "+" if cents > 0 else "-", f"{on:%Y-%m}")
        self.amounts[key] += cents
        self.currency_cents[key] += currency_cents
        self.days[key] = max(on, self.days.get(key, on))
        self.texts[name] = (role, text)
        for what, entries in facts.items():
            self.facts[key][what].update(entries)
        return key

    def book(self, entries: Entries) -> None:
        """One mutation per key."""
        for key in sorted(self.amounts):
            name, sign, month = key
            role, text = self.texts[name]
            cents = abs(self.amounts[key])
            if cents:
                entries.add_money(
                    natural(entries.settlement_id, key),
                    [plain_line(getattr(self.accounts, role), cents)],
                    self.days[key],
                    f"{text} {month}",
                    is_received=sign == "+",
                    facts={
                        **self.facts.get(key, {}),
                        **currency_facts(self.currency, self.currency_cents[key]),
                    },
                )


def currency_facts(currency: str, cents: int) -> dict[str, Any]:
    """What is remembered of an amount in another currency; nothing of euros."""
    if currency == "EUR" or not cents:
        return {}
    return {"currency": currency, "currency_cents": abs(cents)}


def natural(settlement_id: str, key: tuple[str, str, str]) -> str:
    """Natural key of a step in a direction and month."""
    step, sign, month = key
    return f"mny:{settlement_id}:{step}{sign}:{NO_VAT}:{month}"


def unpark_key(settlement_id: str, order_id: str) -> str:
    """Natural key of the move of a parked order to its invoice."""
    return f"mny:{settlement_id}:unpark:{order_id}"
