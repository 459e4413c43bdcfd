"""The plain loop that most programs have: getOrders pages, getOrderItems per order."""

import sys

from measure import measured
from orders_digest import digest
from sp_api.api import Orders
from sp_api.auth import AccessTokenClient
from sp_api.base import Marketplaces

CREDENTIALS = {
    "lwa_app_id": "sandbox-client",
    "lwa_client_secret": "sandbox-secret",
    "refresh_token": "Atzr|sandbox",
}


def point_at(url):
    """The library calls the address it is given; nothing else of it changes."""
    Marketplaces.NL.endpoint = url
    AccessTokenClient.scheme = "http://"
    AccessTokenClient.host = url.removeprefix("http://")


def main(url, after, before):
    point_at(url)
    orders = Orders(marketplace=Marketplaces.NL, credentials=CREDENTIALS)

    # A token is there, as in any hour's run.
    orders.get_orders(CreatedAfter=before, MarketplaceIds=[Marketplaces.NL.marketplace_id])

    def job():
        kept, token = [], None
        while True:
            asked = {"NextToken": token} if token else {}
            page = orders.get_orders(
                LastUpdatedAfter=after,
                LastUpdatedBefore=before,
                MarketplaceIds=[Marketplaces.NL.marketplace_id],
                **asked,
            ).payload
            for order in page["Orders"]:
                order["OrderItems"] = orders.get_order_items(order["AmazonOrderId"]).payload[
                    "OrderItems"
                ]
                kept.append(order)
            token = page.get("NextToken")
            if not token:
                break
        return lambda: digest(
            (one["AmazonOrderId"], item["OrderItemId"])
            for one in kept
            for item in one["OrderItems"]
        )

    measured(job)


if __name__ == "__main__":
    main(*sys.argv[1:4])
