"""Reading the books from one mutation number to another, and knowing what was not shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from amazon_eboekhouden.domain.books import BookedMutation, Remote
from amazon_eboekhouden.ledger.probe import METERED
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.store import Store


@dataclass
class Window:
    """One answer: all mutations from `first` to `last` that the service shows."""

    first: int
    last: int
    rows: list[BookedMutation]
    visible: bool = True  # false: the service does not look back this far


@dataclass
class Reader:
    """Pages through mutation numbers, counting every call.

    Raises:
        domain.errors.RemoteError: from `windows`, when a question fails.
    """

    store: Store
    remote: Remote
    settings: LedgerSettings
    admin: str
    max_calls: int
    calls: int = 0
    newest: list[BookedMutation] = field(default_factory=list)

    def windows(self, first: int) -> Iterator[Window]:
        """Windows from a number to the newest, until the calls are used up."""
        self.newest = self._ask()
        capped = len(self.newest) >= self.settings.page_cap
        shown_from = min((row.number for row in self.newest), default=0)
        highest = max((row.number for row in self.newest), default=0)
        start, width = max(first, 1), self.settings.window
        while start <= highest and self.calls < self.max_calls:
            rows = self._ask(start, start + width - 1)
            if len(rows) >= self.settings.page_cap and width > 1:
                width //= 2
                continue
            last = min(start + width - 1, highest)
            if capped and start < shown_from and not _reaches(rows, shown_from):
                # Nothing older than the newest page came back: its cap hides these numbers.
                hidden = min(last, shown_from - 1)
                yield Window(start, hidden, [], visible=False)
                start = hidden + 1
                continue
            yield Window(start, last, rows)
            start = last + 1

    def newest_first(self) -> Iterator[BookedMutation]:
        """Mutations from the newest back, until the calls are used up or nothing older is shown."""
        rows, silent = self._ask(), 0
        lowest = min((row.number for row in rows), default=1)
        yield from rows
        # Numbers may be missing where a person deleted; twice in a row is the service's own limit.
        while lowest > 1 and silent < 2 and self.calls < self.max_calls:
            start = max(lowest - self.settings.window, 1)
            rows = self._ask(start, lowest - 1)
            silent = 0 if rows else silent + 1
            yield from rows
            lowest = start

    def _ask(self, number_from: int = 0, number_to: int = 0) -> list[BookedMutation]:
        self.calls += 1
        self.store.count_call(self.admin, METERED)
        return self.remote.mutations(number_from=number_from, number_to=number_to)


def _reaches(rows: list[BookedMutation], shown_from: int) -> bool:
    return any(row.number < shown_from for row in rows)
