"""The pages of a window of orders: all of them or none, going on where a run was stopped.

The pages so far and the token of the next one are kept under the window's name. A token holds for
24 hours; one that Amazon no longer takes costs the pages, never the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_eboekhouden.domain.errors import BadAnswer, Refused
from amazon_eboekhouden.domain.windows import Window
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

# A window of more pages is a fault of the remote, or too long: 1,000 pages are 100,000 orders.
PAGES_MAX = 1_000
# How often a page may lead to one that was read already, before the window is given up for now.
REPEATS_MAX = 3


def read_pages(runtime: Runtime, amazon: AmazonSeller, batch: str, window: Window) -> list[str]:
    """Stage the orders that changed in a window.

    Returns:
        names of the staged pages; an order may stand in several.

    Raises:
        domain.errors.RemoteError: Amazon cannot be asked, refuses, has no tokens left, or its
            pages have no end.
    """
    kept = runtime.staging.read_checkpoint(batch) or {"pages": [], "token": None}
    try:
        return _pages(runtime, amazon, batch, window, list(kept["pages"]), kept["token"])
    except Refused:
        if kept["token"] is None:
            raise
        # Too old, most likely: what was read under it is read once more.
        runtime.staging.clear_checkpoint(batch)
        return _pages(runtime, amazon, batch, window, [], None)


def _pages(
    runtime: Runtime,
    amazon: AmazonSeller,
    batch: str,
    window: Window,
    pages: list[str],
    token: str | None,
) -> list[str]:
    seen, repeats = {token}, 0
    while len(pages) < PAGES_MAX and repeats <= REPEATS_MAX:
        # No marketplace is named: an order from one that the coupling does not know must be seen,
        # so that it can be listed.
        page = amazon.search_orders(
            last_updated_after=window.from_utc,
            last_updated_before=window.to_utc,
            pagination_token=token,
        )
        name = f"page-{len(pages):04d}"
        pages.append(runtime.staging.write_json_lines(batch, name, page.orders))
        if page.next_token is None:
            runtime.staging.clear_checkpoint(batch)
            return pages
        # A page that leads to itself is asked for again: to stop there would lose what follows.
        repeats += page.next_token in seen
        token = page.next_token
        seen.add(token)
        runtime.staging.write_checkpoint(batch, {"pages": pages, "token": token})
    runtime.staging.clear_checkpoint(batch)
    raise BadAnswer("Amazon", "searchOrders", "the pages of the answer have no end")
