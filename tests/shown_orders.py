"""The default seller's orders as a sandbox shows them, read past every client library."""

from __future__ import annotations

from typing import Any

import httpx

EVERYTHING = (
    "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
)


def shown_orders(amazon: str, **window: str) -> list[dict[str, Any]]:
    """Every order of a window (`lastUpdatedAfter` and the like), page after page."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": "Atzr|sandbox",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }
    query = {**window, "includedData": EVERYTHING, "maxResultsPerPage": "100"}
    found: list[dict[str, Any]] = []
    with httpx.Client(base_url=amazon, timeout=60) as http:
        token = http.post("/auth/o2/token", data=form).json()["access_token"]
        headers = {"x-amz-access-token": token}
        while True:
            answer = http.get("/orders/2026-01-01/orders", params=query, headers=headers)
            answer.raise_for_status()
            page = answer.json()
            found += page["orders"]
            if not (following := page.get("pagination", {}).get("nextToken")):
                return found
            query["paginationToken"] = following
