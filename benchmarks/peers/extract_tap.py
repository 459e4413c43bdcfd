"""tap-amazon-sp as it is, its records caught on their way to standard output."""

import io
import json
import os
import sys
import tempfile
from functools import partial

import singer
from extract_v0 import CREDENTIALS, point_at
from measure import measured
from orders_digest import digest
from sp_api.base import Marketplaces

WHAT = ("address", "buyerInfo")


def main(url, after, _before):
    point_at(url)
    import tap_amazon_sp
    from sp_api import api

    # Amazon refuses it buyers and addresses without a restricted token, which it never asks for.
    tokens = api.Tokens(marketplace=Marketplaces.NL, credentials=CREDENTIALS)
    asked = [{"method": "GET", "path": "/orders/v0/orders/{orderId}/" + what} for what in WHAT]
    token = tokens.create_restricted_data_token(restrictedResources=asked).payload
    api.Orders = partial(api.Orders, restricted_data_token=token["restrictedDataToken"])

    folder = tempfile.mkdtemp()
    config, catalog = (os.path.join(folder, name) for name in ("config.json", "catalog.json"))
    account = {"refresh_token": "Atzr|sandbox", "selling_partner_id": "A3", "marketplaces": ["NL"]}
    with open(config, "w") as file:
        json.dump(
            {
                "start_date": after,
                "access_key_id": "x",
                "secret_access_key": "x",
                "lwa_client_id": "sandbox-client",
                "lwa_client_secret": "sandbox-secret",
                "accounts": [account],
            },
            file,
        )
    found = tap_amazon_sp.discover().to_dict()
    for stream in found["streams"]:
        stream["metadata"][0]["metadata"]["selected"] = True
    with open(catalog, "w") as file:
        json.dump(found, file)
    sys.argv = ["tap", "-c", config, "--catalog", catalog]
    singer.get_logger().setLevel("ERROR")

    def job():
        real, sys.stdout = sys.stdout, io.StringIO()
        try:
            tap_amazon_sp.main()
            text = sys.stdout.getvalue()
        finally:
            sys.stdout = real
        lines = [json.loads(line) for line in text.splitlines() if '"RECORD"' in line]
        return lambda: digest(
            (one["record"]["AmazonOrderId"], item["OrderItemId"])
            for one in lines
            for item in one["record"]["OrderItems"]
        )

    measured(job)


main(*sys.argv[1:4])
