"""Settlements one after the other: no gap between them, and what one keeps the next gives back.

Amazon keeps a chain of settlements per marketplace (and a second one for orders on invoice), each
beginning on the moment the one before it ended. Source: accounting rule 9.3, C10.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from amazon_eboekhouden.config.settlement_rows import Destination
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.rows import classified


@dataclass(frozen=True, slots=True)
class Link:
    """One settlement as its neighbours see it; amounts in its own currency.

    Attributes:
        settlement_id: Amazon's number.
        marketplace: code such as NL, "" when no row names one.
        currency: three letters.
        start, end: period, local dates.
        total_cents: Amazon's total.
        kept_cents: reserve kept back, above zero.
        returned_cents: reserve of the settlement before it, given back.
        carried_cents: negative total of the settlement before it, below zero.
        debt_cents: set off against another Amazon account of the seller.
    """

    settlement_id: str
    marketplace: str
    currency: str
    start: date
    end: date
    total_cents: int
    kept_cents: int
    returned_cents: int
    carried_cents: int
    debt_cents: int


def link_of(read: SettlementFile) -> Link:
    """What a settlement's neighbours need to know of it."""
    header, rows = read.header, read.rows
    meaning = classified(rows)["destination"]
    cents = rows["amount_cents"]
    is_reserve = meaning == Destination.RESERVE
    is_kept = is_reserve & rows["amount_description"].str.casefold().str.startswith("current")
    named = Counter(name for name in rows["marketplace"] if name)
    return Link(
        settlement_id=header.settlement_id,
        marketplace=named.most_common(1)[0][0] if named else "",
        currency=header.currency,
        start=header.start,
        end=header.end,
        total_cents=header.total_cents,
        kept_cents=-int(cents[is_kept].sum()),
        returned_cents=int(cents[is_reserve & ~is_kept].sum()),
        carried_cents=int(cents[meaning == Destination.CARRIED].sum()),
        debt_cents=int(cents[meaning == Destination.DEBT].sum()),
    )


def chain_problems(links: Sequence[Link]) -> list[Problem]:
    """Gaps between settlements, and reserves and negative totals that were not handed on.

    The first settlement of a chain has nothing before it and is believed.
    """
    by_end: dict[tuple[str, date], list[Link]] = defaultdict(list)
    by_start: dict[tuple[str, date], list[Link]] = defaultdict(list)
    for link in links:
        by_end[link.currency, link.end].append(link)
        by_start[link.currency, link.start].append(link)
    # Whose chain stops: nothing begins where it ended.
    last = [link for link in links if not _touching(link, by_start[link.currency, link.end])]
    problems = []
    for link in sorted(links, key=lambda one: (one.start, one.settlement_id)):
        before = _touching(link, by_end[link.currency, link.start])
        if before:
            problems += _handed_on(before, link)
        else:
            problems += _gap(link, last)
    return problems


def reserve_held_cents(links: Sequence[Link]) -> int | None:
    """What must stand on the reserve account, EUR; None when the files alone do not tell.

    The reserve that each chain's last settlement kept, less the negative total it carries on.
    """
    if any(link.debt_cents or link.currency != "EUR" for link in links):
        return None
    begun = {(link.marketplace, link.start) for link in links}
    last = [link for link in links if (link.marketplace, link.end) not in begun]
    return sum(link.kept_cents + min(link.total_cents, 0) for link in last)


def _touching(link: Link, others: Sequence[Link]) -> list[Link]:
    """The neighbours that may be of the same chain; those of the same marketplace if any are."""
    others = [other for other in others if other is not link]
    same = [other for other in others if other.marketplace == link.marketplace]
    if same:
        return same
    return [other for other in others if not (other.marketplace and link.marketplace)]


def _gap(link: Link, last: Sequence[Link]) -> list[Problem]:
    ended = [
        other.end
        for other in last
        if other.end < link.start
        and other.currency == link.currency
        and other.marketplace == link.marketplace
    ]
    if not ended:
        return []
    return [
        problem(
            "settlement-gap",
            f"settlement {link.settlement_id}",
            where=link.marketplace or link.currency,
            ended=max(ended),
            starts=link.start,
        )
    ]


def _handed_on(before: Sequence[Link], link: Link) -> list[Problem]:
    """What a settlement gives back must be what one of those before it kept."""
    row = f"settlement {link.settlement_id}"
    problems = []
    if link.returned_cents not in {one.kept_cents for one in before}:
        problems.append(
            problem(
                "settlement-reserve-broken",
                row,
                returned=euros(link.returned_cents),
                kept=euros(before[0].kept_cents),
                currency=link.currency,
                before=before[0].settlement_id,
            )
        )
    if link.carried_cents not in {min(one.total_cents, 0) for one in before}:
        problems.append(
            problem(
                "settlement-carried-broken",
                row,
                carried=euros(link.carried_cents),
                total=euros(before[0].total_cents),
                currency=link.currency,
                before=before[0].settlement_id,
            )
        )
    return problems
