"""Orders that are asked for one by one, page by page into staging, so that none is asked twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from amazon_eboekhouden.domain.errors import NotNow
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

# How many are staged together.
_PAGE = 50
# getOrder's published rate; a wait is as long as the next handful of tokens takes.
_ORDER_S, _HANDFUL = 2.0, 15


class AskedOrders:
    """The orders of one batch that getOrder told.

    Args:
        runtime: the coupling's runtime.
        amazon: open.
        batch: where they are staged, and how far it came.

    Attributes:
        pages: staged so far.
    """

    def __init__(self, runtime: Runtime, amazon: AmazonSeller, batch: str) -> None:
        self._staging, self._amazon, self._batch = runtime.staging, amazon, batch
        known = self._staging.read_checkpoint(batch) or {"pages": [], "asked": []}
        self.pages: list[str] = known["pages"]
        self._asked: set[str] = set(known["asked"])
        self._page: list[dict[str, Any]] = []

    @property
    def order_ids(self) -> frozenset[str]:
        """Those that were asked for."""
        return frozenset(self._asked)

    def ask(self, order_ids: Iterable[str]) -> None:
        """Ask for those that were not asked for yet.

        Raises:
            RemoteError: NotNow when the tokens run out; what came until then is kept.
        """
        waiting = [one for one in order_ids if one not in self._asked]
        for position, order_id in enumerate(waiting):
            try:
                order = self._amazon.get_order(order_id)
            except NotNow as error:
                self._keep()
                left = len(waiting) - position
                wait = timedelta(seconds=_ORDER_S * min(left - 1, _HANDFUL))
                cause = f"{left} orders are still to be asked for, about {left * _ORDER_S:.0f} s"
                raise NotNow(
                    error.service, error.operation, cause, error.retry_at_utc + wait
                ) from error
            self._asked.add(order_id)
            if order is not None:
                self._page.append(order)
            if len(self._page) == _PAGE:
                self._keep()
        self._keep()

    def left_from(self) -> Iterator[str]:
        """The countries from which the seller's packages left, as far as they are told."""
        for page in self.pages:
            for order in self._staging.read_json_lines(page):
                for package in order.get("packages") or ():
                    address = package.get("shipFromAddress") or {}
                    if country := str(address.get("countryCode") or "").upper():
                        yield country

    def _keep(self) -> None:
        if self._page:
            name = f"asked-{len(self.pages):04d}"
            self.pages.append(self._staging.write_json_lines(self._batch, name, self._page))
            self._page = []
        checkpoint = {"pages": self.pages, "asked": sorted(self._asked)}
        self._staging.write_checkpoint(self._batch, checkpoint)
