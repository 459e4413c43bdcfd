"""The chart of accounts: the accounts an administration holds after a reset, and their look-up.

Source of the default chart: accounting reference, section 10.2 (default accounts of the sandbox and
the whole mapping table, the FIN accounts that a person makes by hand included).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from coupling_sandbox.eboekhouden.errors import BooksError

CATEGORIES = (
    "BAL",
    "VW",
    "FIN",
    "DEB",
    "CRED",
    "AF6",
    "AF19",
    "AFOVERIG",
    "AF",
    "VOOR",
    "BTWRC",
)


@dataclass(slots=True)
class LedgerAccount:
    """One ledger account (grootboekrekening)."""

    id: int
    code: str
    description: str
    category: str
    group: str = ""


_OSS_COUNTRIES = "BE DE FR IT ES AT PL SE IE DK BG CY CZ EE GR HR HU LT LU LV FI MT NL PT RO SI SK"
_OSS_CODES = (*range(1640, 1650), *range(1660, 1677))

_DEFAULT_ROWS = """
1000 FIN Kas
1010 FIN Bank
1020 FIN Creditcard
1090 FIN Amazon tegoed EUR
1091 FIN Amazon tegoed GBP
1092 FIN Amazon tegoed PLN
1093 FIN Amazon tegoed SEK
1094 FIN Amazon tegoed overige valuta
1095 BAL Amazon reserve
1300 DEB Debiteuren
1630 AF19 Btw hoog
1631 AF6 Btw laag
1632 AFOVERIG Btw overig
1635 VOOR Voorbelasting
1650 BTWRC Btw rekening-courant
1691 BAL Buitenlandse btw DE
1700 CRED Crediteuren
2010 BAL Kruispost Amazon uitbetaling
2090 BAL Amazon tussenrekening
2095 BAL Amazon voor ingangsdatum
2310 BAL Nog te ontvangen facturen Amazon
4600 VW Verkoopkosten Amazon
4610 VW Verwijzingskosten Amazon
4611 VW FBA-kosten
4612 VW Opslagkosten Amazon
4613 VW Advertentiekosten Amazon
4614 VW Abonnement Amazon
4615 VW Verzendlabels Amazon
4616 VW Administratiekosten retouren
4617 VW Overige kosten Amazon
4900 VW Betalingsverschillen
4910 VW Koersverschillen
8000 VW Omzet hoog
8005 VW Omzet onder de drempel
8010 VW Omzet laag
8015 VW Omzet nul
8020 VW Omzet OSS
8025 VW Omzet buitenlandse registratie
8030 VW Omzet intracommunautair
8035 VW Omzet Amazon Business EU
8040 VW Omzet export
8050 VW Omzet via platform
8060 VW Omzet buitenlandse voorraad
8100 VW Verzendkosten
8110 VW Cadeauverpakking
8120 VW Verzendkosten zonder Nederlandse btw
8130 VW Betaalkosten
8190 VW Kortingen
8200 VW Vergoedingen Amazon
"""


def default_rows() -> list[dict[str, str]]:
    """The default chart as `{code, category, description}` rows, ordered by code."""
    rows = [line.split(" ", 2) for line in _DEFAULT_ROWS.strip().splitlines()]
    countries = zip(_OSS_CODES, _OSS_COUNTRIES.split(), strict=True)
    rows += [[str(code), "BAL", f"OSS-btw {country}"] for code, country in countries]
    taken = {code for code, _, _ in rows}
    foreign = [code for code in range(1690, 1700) if str(code) not in taken]
    rows += [[str(code), "BAL", f"Buitenlandse btw {code - 1689}"] for code in foreign]
    return [
        {"code": code, "category": category, "description": text}
        for code, category, text in sorted(rows)
    ]


class Chart:
    """The ledger accounts of one administration, found by code, by id or by category."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._by_code: dict[str, LedgerAccount] = {}
        self._next_id = 1
        for row in rows:
            self.add(
                str(row["code"]),
                str(row.get("description", "")),
                str(row["category"]),
                str(row.get("group", "")),
            )

    def replace(self, rows: Iterable[dict[str, Any]]) -> None:
        """Start again with `rows` (`code`, `category`, `description`); all of them or none."""
        other = Chart(rows)
        self._by_code, self._next_id = other._by_code, other._next_id

    def __iter__(self) -> Iterator[LedgerAccount]:
        return iter(sorted(self._by_code.values(), key=lambda account: account.code))

    def get(self, code: str) -> LedgerAccount | None:
        """The account with a code, or None."""
        return self._by_code.get(code)

    def by_id(self, account_id: int) -> LedgerAccount | None:
        """The account with an id, or None."""
        return next((a for a in self._by_code.values() if a.id == account_id), None)

    def of_category(self, category: str) -> LedgerAccount:
        """The account with the lowest code of a category; raises LEDG_016 when there is none."""
        for account in self:
            if account.category == category:
                return account
        raise BooksError("LEDG_016", f"({category})")

    def add(self, code: str, description: str, category: str, group: str = "") -> LedgerAccount:
        """Add an account; raises LEDG_013 when the code exists."""
        if code in self._by_code:
            raise BooksError("LEDG_013", f"({code})")
        if category not in CATEGORIES:
            raise BooksError("LEDG_018", f"({category})")
        account = LedgerAccount(self._next_id, code, description, category, group)
        self._next_id += 1
        self._by_code[code] = account
        return account

    def remove(self, code: str) -> None:
        """Remove an account; raises LEDG_011 when it does not exist."""
        if self._by_code.pop(code, None) is None:
            raise BooksError("LEDG_011", f"({code})")

    def rename(self, account: LedgerAccount, code: str) -> None:
        """Give an account another code; raises LEDG_013 when that code is taken."""
        if code != account.code and code in self._by_code:
            raise BooksError("LEDG_013", f"({code})")
        del self._by_code[account.code]
        account.code = code
        self._by_code[code] = account
